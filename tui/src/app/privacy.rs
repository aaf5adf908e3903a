//! Privacy: drawing the veil, and telling it whom it has to hide.
//!
//! What is on the screen is what is in the state, so the veil learns from the state, after each action that changed it. A
//! dialog that is added has to be named here, which is the moment to think about what it shows.

use std::sync::Arc;

use authdb_shared::ids::UserCode;
use authdb_shared::model::DeviceFlow;
use authdb_shared::session_plan::{Consequence, PlannedWork, SessionPlan};

use super::{App, Approve, Dialog, Tone};
use crate::command::Command;
use crate::effect::{Effect, TokenView};
use crate::request::Request;
use crate::table::Viewpoint;
use crate::veil::Veil;

const SUBJECT: &str = "subject";
const CODE: &str = "code";
const NAME: &str = "name";
const PERSON: &str = "person";

impl App {
    /// Draws the veil, or draws it back, and says so.
    pub(super) fn switch_privacy(&mut self) -> Vec<Effect> {
        let is_drawn = !self.veil.is_drawn();
        Arc::make_mut(&mut self.veil).draw(is_drawn);
        if is_drawn {
            let key = self.keys.way_to(Command::SwitchPrivacy);
            self.say(Tone::Good, format!("Who people are is hidden, until {key} is pressed again."))
        } else {
            self.say(Tone::Plain, "Everything is shown as it is again.".to_owned())
        }
    }

    /// Why nothing leaves the screen: a file or a paste would show what the screen hides.
    pub(crate) fn hides_values(&self) -> Option<String> {
        let key = self.keys.way_to(Command::SwitchPrivacy);
        let text = format!("Privacy is on, and what is copied or exported would hide nothing. {key} ends it.");
        self.veil.is_drawn().then_some(text)
    }

    /// Lets the veil learn whatever the state holds of people; of a key that was typed, no list has changed.
    pub(super) fn learn(&mut self, is_typed: bool) {
        if !self.veil.is_drawn() {
            return;
        }
        let mut shared = std::mem::take(&mut self.veil);
        let (veil, at) = (Arc::make_mut(&mut shared), self.viewpoint());
        if !is_typed {
            self.learn_rows(veil, &at);
        }
        self.learn_dialog(veil);
        self.veil = shared;
    }

    fn learn_dialog(&self, veil: &mut Veil) {
        if let Some(work) = &self.work {
            learn_plan(veil, &work.plan);
        }
        match &self.dialog {
            Some(Dialog::Plan(dialog)) => {
                if let Some((plan, _)) = &dialog.plan {
                    learn_plan(veil, plan);
                }
            }
            Some(Dialog::Approve(approve)) => self.learn_approval(veil, approve),
            // These show what is in the state besides them, and was learnt from there; or nothing of people.
            Some(
                Dialog::Details
                | Dialog::Work
                | Dialog::Ended(_)
                | Dialog::Watches
                | Dialog::Help
                | Dialog::Palette(_)
                | Dialog::Export(_)
                | Dialog::Contexts(_),
            )
            | None => {}
        }
    }

    fn learn_rows(&self, veil: &mut Veil, at: &Viewpoint) {
        veil.learn_rows(&self.device_flows.rows, at);
        veil.learn_rows(&self.authorization_flows.rows, at);
        veil.learn_rows(&self.subjects.rows, at);
        veil.learn_rows(&self.tokens.rows, at);
        veil.learn_rows(&self.journal.rows, at);
        for watch in self.watches.list() {
            veil.learn_behind_vo(SUBJECT, watch.subject.as_str());
        }
        if let TokenView::Of(subject) = &self.selection {
            veil.learn_behind_vo(SUBJECT, subject.as_str());
        }
        if let Some(flows) = &self.subject.flows.value {
            veil.learn_rows(&flows.device.rows, at);
            veil.learn_rows(&flows.browser.rows, at);
        }
        for deeds in [&self.subject.journal.value, &self.looks.deeds.value].into_iter().flatten().flatten() {
            veil.learn_rows(&deeds.rows, at);
        }
        if let Some(top) = &self.looks.top.value {
            veil.learn_rows(&top.rows, at);
        }
        for ended in self.looks.ended.value.iter().flat_map(|ended| &ended.rows) {
            veil.learn_behind_vo(SUBJECT, ended.subject.as_str());
            ended.revoked_by.iter().for_each(|actor| veil.learn(PERSON, actor));
        }
    }

    /// What an approval shows. The fields are hidden while they are typed; what they hold is told in sentences later on.
    fn learn_approval(&self, veil: &mut Veil, approve: &Approve) {
        for user in self.registration.candidates(approve) {
            veil.learn(SUBJECT, &user.sub);
            veil.learn(NAME, &user.preferred_username);
        }
        if let Some(flow) = &approve.flow {
            veil.learn(CODE, &flow.user_code.to_string());
            flow.sub.iter().for_each(|sub| veil.learn(SUBJECT, sub));
        }
    }

    /// Whom a flow names that was looked up: it may be refused for that, and is in no list then.
    pub(super) fn learn_found(&mut self, flow: &DeviceFlow) {
        if self.veil.is_drawn() {
            let veil = Arc::make_mut(&mut self.veil);
            flow.sub.iter().for_each(|sub| veil.learn(SUBJECT, sub));
        }
    }

    /// What was typed into an approval, once it is taken for whole: half a name would be found in many a sentence.
    pub(super) fn learn_what_was_typed(&mut self) {
        let Some(Dialog::Approve(approve)) = &self.dialog else { return };
        if self.veil.is_drawn() {
            let veil = Arc::make_mut(&mut self.veil);
            veil.learn(CODE, approve.code.value());
            if let Ok(code) = UserCode::read(approve.code.value()) {
                veil.learn(CODE, &code.to_string());
            }
            veil.learn(SUBJECT, approve.sub.value());
            veil.learn(NAME, approve.name.value());
        }
    }

    /// What was asked for, before its plan is made.
    pub(super) fn learn_request(&mut self, request: &Request) {
        if self.veil.is_drawn() {
            let veil = Arc::make_mut(&mut self.veil);
            match request {
                Request::Deny(codes) => {
                    for code in codes {
                        veil.learn(CODE, &code.to_string());
                    }
                }
                Request::RevokeSubjects(subjects) => {
                    for subject in subjects {
                        veil.learn_behind_vo(SUBJECT, subject.as_str());
                    }
                }
                Request::Cancel(_) | Request::Revoke(_) => {}
            }
        }
    }
}

fn learn_plan(veil: &mut Veil, plan: &SessionPlan) {
    match &plan.work {
        PlannedWork::Approve(flow, claims) => {
            veil.learn(CODE, &flow.user_code.to_string());
            veil.learn(SUBJECT, &claims.sub);
            claims.preferred_username.iter().for_each(|name| veil.learn(NAME, name));
        }
        PlannedWork::Deny(flows) => {
            for flow in flows {
                veil.learn(CODE, &flow.user_code.to_string());
                flow.sub.iter().for_each(|sub| veil.learn(SUBJECT, sub));
            }
        }
        PlannedWork::Cancel(flows) => {
            flows.iter().filter_map(|flow| flow.sub.as_ref()).for_each(|sub| veil.learn(SUBJECT, sub));
        }
        PlannedWork::Revoke(tokens) => {
            let subjects = tokens.iter().filter_map(|token| token.subject.as_ref());
            subjects.for_each(|subject| veil.learn_behind_vo(SUBJECT, subject.as_str()));
        }
        PlannedWork::RevokeSubjects(held) => {
            for held in held {
                veil.learn_behind_vo(SUBJECT, held.subject.as_str());
            }
        }
    }
    for consequence in &plan.consequences {
        match consequence {
            Consequence::LoggedIn { sub, .. } | Consequence::ApprovalUndone { sub, .. } => veil.learn(SUBJECT, sub),
            Consequence::AllOfSubjectFollow { subject, .. } => veil.learn_behind_vo(SUBJECT, subject.as_str()),
            Consequence::AllRevoked(held) => veil.learn_behind_vo(SUBJECT, held.subject.as_str()),
            Consequence::Warning(_)
            | Consequence::MintedForMembers { .. }
            | Consequence::CodesDenied
            | Consequence::BrowserLoginsFail
            | Consequence::ExpiredAnyway { .. }
            | Consequence::AccessTokensWorkUntil(_)
            | Consequence::LegacyTokensWorkOn => {}
        }
    }
}
