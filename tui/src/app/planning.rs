//! Plans: asking for them, showing them, and the yes.

use std::sync::Arc;

use authdb_shared::db::{ApproveRefusal, DbError, REASON_WIDTH};
use authdb_shared::session_plan::{PlannedWork, SessionPlan};
use crossterm::event::{Event, KeyCode, KeyEvent};
use tui_input::backend::crossterm::EventHandler;

use super::plan_dialog::{PlanDialog, PlanField};
use super::{App, Approve, Dialog, Screen, Tone};
use crate::command::Command;
use crate::draw::format::number;
use crate::effect::Effect;
use crate::request::Request;

impl App {
    pub(super) fn ask_deny(&mut self) -> Vec<Effect> {
        self.ask(Request::Deny(self.device_flows.targets()))
    }

    pub(super) fn ask_cancel(&mut self) -> Vec<Effect> {
        self.ask(Request::Cancel(self.authorization_flows.targets()))
    }

    pub(super) fn ask_revoke(&mut self) -> Vec<Effect> {
        self.ask(Request::Revoke(self.tokens.targets()))
    }

    pub(super) fn ask_revoke_subject(&mut self) -> Vec<Effect> {
        let subjects = match self.screen {
            Screen::Subjects => self.subjects.targets(),
            _ => self.subject_at_cursor().cloned().into_iter().collect(),
        };
        self.ask(Request::RevokeSubjects(subjects))
    }

    /// Freezes what is asked for, and has its plan made from the rows as they are now.
    fn ask(&mut self, request: Request) -> Vec<Effect> {
        if request.is_empty() {
            return Vec::new();
        }
        self.plans_asked += 1;
        let generation = self.plans_asked;
        self.learn_request(&request);
        self.dialog = Some(Dialog::Plan(Box::new(PlanDialog::awaited(request.words(), generation, self.connection))));
        vec![Effect::Plan { generation, request }]
    }

    /// Takes a plan in, if its dialog is still open.
    pub(super) fn planned(&mut self, generation: u64, plan: Result<SessionPlan, DbError>) -> Vec<Effect> {
        let (context, is_production, reasons) = (self.context_name.clone(), self.is_production, self.reasons);
        let Some(Dialog::Plan(dialog)) = &mut self.dialog else { return Vec::new() };
        if dialog.generation != generation || dialog.plan.is_some() {
            return Vec::new();
        }
        match plan {
            Ok(plan) => {
                let confirmation = plan.confirmation(&context, is_production);
                dialog.ready(plan, confirmation, reasons);
                Vec::new()
            }
            Err(error) => {
                self.dialog = None;
                self.say(Tone::Bad, format!("Nothing was changed: {error}"))
            }
        }
    }

    /// Puts the plan of an approval before the admin, as its last step.
    pub(super) fn propose_approval(&mut self, approve: Box<Approve>, plan: SessionPlan) -> Vec<Effect> {
        let confirmation = plan.confirmation(&self.context_name, self.is_production);
        self.plans_asked += 1;
        let mut dialog = PlanDialog::awaited(String::new(), self.plans_asked, self.connection);
        dialog.ready(plan, confirmation, self.reasons);
        dialog.came_from = Some(approve);
        self.dialog = Some(Dialog::Plan(Box::new(dialog)));
        self.dialog_scroll = 0;
        Vec::new()
    }

    pub(super) fn typed_into_plan(&mut self, key: KeyEvent) -> Vec<Effect> {
        let Some(Dialog::Plan(dialog)) = &mut self.dialog else { return Vec::new() };
        if dialog.proposal().is_none() {
            return Vec::new();
        }
        match (key.code, dialog.field) {
            (KeyCode::Down, _) => return self.scroll_dialog(Command::Down),
            (KeyCode::PageDown, _) => return self.scroll_dialog(Command::PageDown),
            (KeyCode::Up, _) => return self.scroll_dialog(Command::Up),
            (KeyCode::PageUp, _) => return self.scroll_dialog(Command::PageUp),
            (KeyCode::Tab | KeyCode::BackTab, _) => dialog.switch_field(),
            (_, PlanField::Reason) => {
                let before = dialog.reason.clone();
                dialog.reason.handle_event(&Event::Key(key));
                if dialog.reason.value().chars().count() > REASON_WIDTH {
                    dialog.reason = before;
                    dialog.error =
                        Some(format!("The journal keeps {} characters, and no more.", number(REASON_WIDTH as u64)));
                    return Vec::new();
                }
            }
            (_, PlanField::Answer) => {
                dialog.answer.handle_event(&Event::Key(key));
            }
        }
        dialog.error = None;
        Vec::new()
    }

    /// Enter in a field of the plan, or `y`.
    pub(super) fn confirm_plan(&mut self) -> Vec<Effect> {
        let (now, reasons, veil) = (self.now(), self.reasons, Arc::clone(&self.veil));
        let Some(Dialog::Plan(dialog)) = &mut self.dialog else { return Vec::new() };
        if !dialog.is_yes(reasons, &veil) {
            return Vec::new();
        }
        let Some((plan, _)) = dialog.plan.clone() else { return Vec::new() };
        // A code may expire while its plan is read.
        if let PlannedWork::Approve(flow, _) = &plan.work
            && let Some(refusal) = ApproveRefusal::of_flow(flow, now, &self.policy)
        {
            dialog.error = Some(refusal.to_string());
            return Vec::new();
        }
        let (connection, reason) = (dialog.connection, dialog.reason.value().trim().to_owned());
        self.begin(plan, connection, reason)
    }

    /// Esc on a plan: back to the approval that it belongs to, or to the list.
    pub(super) fn withdraw_plan(&mut self) -> bool {
        let Some(Dialog::Plan(dialog)) = &mut self.dialog else { return false };
        let came_from = dialog.came_from.take();
        self.dialog = came_from.map(Dialog::Approve);
        true
    }
}
