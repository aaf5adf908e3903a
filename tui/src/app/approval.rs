//! Approving a device code, step by step.

use std::sync::Arc;

use authdb_shared::Timestamp;
use authdb_shared::db::{ApproveRefusal, DbError};
use authdb_shared::ids::UserCode;
use authdb_shared::model::DeviceFlow;

use super::{App, Dialog, Step};
use crate::effect::Effect;

impl App {
    pub(super) fn open_approval(&mut self) -> Vec<Effect> {
        self.dialog = Some(Dialog::Approve(Box::default()));
        self.read_registry()
    }

    /// Enter in a field. The last step is the plan, with its own yes.
    pub(super) fn approval_step(&mut self) -> Vec<Effect> {
        let now = self.now();
        let taken = self.take_choice();
        self.learn_what_was_typed();
        let veil = Arc::clone(&self.veil);
        let Some(Dialog::Approve(approve)) = &mut self.dialog else { return Vec::new() };
        approve.error = taken.err();
        if approve.error.is_some() {
            return Vec::new();
        }
        match approve.step {
            Step::Code => match UserCode::read(approve.code.value()) {
                Ok(code) => {
                    approve.looking_up = Some(code.clone());
                    return vec![Effect::LookUp(code)];
                }
                Err(error) => approve.error = Some(error.to_string()),
            },
            Step::Subject => {
                let Some(flow) = &approve.flow else { return Vec::new() };
                if let Some(refusal) = ApproveRefusal::of_subject(flow, approve.sub.value()) {
                    approve.error = Some(refusal.to_string());
                } else {
                    approve.step = Step::Name;
                    self.fill_name();
                }
            }
            Step::Name => return self.after_name(),
            // It was read anew, and there is nothing left to insist on.
            Step::Insist if self.registration.mismatch(approve).is_none() => return self.propose(now),
            Step::Insist if veil.is_meant(approve.insistence.value(), &approve.exact_subject()) => {
                return self.propose(now);
            }
            Step::Insist => {
                approve.error = Some(format!("That is not {}, so nothing was done.", approve.full_subject()));
            }
        }
        Vec::new()
    }

    /// Takes in what a code belongs to, and then what was typed while it was looked up.
    pub(super) fn looked_up(
        &mut self,
        code: &UserCode,
        found: Result<(Option<DeviceFlow>, Timestamp), DbError>,
    ) -> Vec<Effect> {
        if let Ok((Some(flow), _)) = &found {
            self.learn_found(flow);
        }
        let Some(Dialog::Approve(approve)) = &mut self.dialog else { return Vec::new() };
        // What has been typed ahead is for the code that is looked up now.
        if approve.looking_up.as_ref() != Some(code) {
            return Vec::new();
        }
        approve.looking_up = None;
        self.dialog_scroll = 0;
        match found {
            Ok((flow, now)) => approve.found(code, flow, now, &self.policy),
            Err(error) => approve.error = Some(error.to_string()),
        }
        let is_found = approve.error.is_none();
        let typed = std::mem::take(&mut self.type_ahead);
        if !is_found {
            return Vec::new();
        }
        let mut effects = self.look_for_subjects();
        for action in typed {
            if !self.takes_what_was_typed_ahead() {
                break;
            }
            effects.extend(self.update(action, self.host_now));
        }
        effects
    }

    /// Only fields do. Nothing that was typed before the question could be read says yes to it, nor insists against a
    /// warning.
    fn takes_what_was_typed_ahead(&self) -> bool {
        matches!(&self.dialog, Some(Dialog::Approve(approve)) if matches!(approve.step, Step::Subject | Step::Name))
    }
}
