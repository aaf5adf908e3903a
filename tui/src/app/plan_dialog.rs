//! The dialog of a plan: what would be done, what follows from it, why it is done, and the yes.

use authdb_shared::Timestamp;
use authdb_shared::session_plan::{Confirmation, PlannedWork, SessionPlan};
use tui_input::Input;

use super::{Approve, Mode};
use crate::connecting::ConnectionNumber;
use crate::veil::Veil;

/// The field that keys go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanField {
    /// Why, for the journal.
    Reason,
    /// The yes.
    Answer,
}

/// Whether a change needs a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reasons {
    /// It may have one.
    Optional,
    /// Nothing is changed without (`dashboard.require_reason`).
    Required,
}

/// A plan in front of the admin. Its targets are frozen: what comes and goes in the lists touches none of them.
#[derive(Debug)]
pub struct PlanDialog {
    /// What was asked for, in a few words.
    pub title: String,
    /// The plan, once it is made, and how a yes to it must be given.
    pub plan: Option<(SessionPlan, Confirmation)>,
    /// Why, for the journal.
    pub reason: Input,
    /// The yes as it is typed.
    pub answer: Input,
    /// The field that keys go to.
    pub field: PlanField,
    /// What is wrong with it.
    pub error: Option<String>,
    /// Which request the plan answers, so that one of an older request is dropped.
    pub(super) generation: u64,
    /// The connection that its targets were seen on.
    pub(super) connection: ConnectionNumber,
    /// The approval whose last step this is; Esc leads back to it.
    pub(super) came_from: Option<Box<Approve>>,
}

impl PlanDialog {
    /// The dialog while its plan is being made.
    pub(super) fn awaited(title: String, generation: u64, connection: ConnectionNumber) -> Self {
        Self {
            title,
            plan: None,
            reason: Input::default(),
            answer: Input::default(),
            field: PlanField::Answer,
            error: None,
            generation,
            connection,
            came_from: None,
        }
    }

    /// Takes the plan in. A reason that must be given is asked for first.
    pub(super) fn ready(&mut self, plan: SessionPlan, confirmation: Confirmation, reasons: Reasons) {
        self.title = question(&plan.work);
        self.plan = Some((plan, confirmation));
        self.field = if reasons == Reasons::Required { PlanField::Reason } else { PlanField::Answer };
    }

    /// The plan that a yes would carry out: there is none while it is made, and none where nothing can be done.
    #[must_use]
    pub fn proposal(&self) -> Option<&(SessionPlan, Confirmation)> {
        self.plan.as_ref().filter(|(plan, _)| !plan.is_empty())
    }

    /// When the registry was read that the approval was held against. It may have been read again since.
    #[must_use]
    pub fn held_against(&self) -> Option<Timestamp> {
        self.came_from.as_ref()?.held_against
    }

    /// What keys mean.
    #[must_use]
    pub fn mode(&self) -> Mode {
        match (self.proposal(), self.field) {
            (None, _) | (Some((_, Confirmation::Key)), PlanField::Answer) => Mode::Confirming,
            (Some(_), PlanField::Reason | PlanField::Answer) => Mode::Typing,
        }
    }

    /// Goes to the other field.
    pub(super) fn switch_field(&mut self) {
        self.field = match self.field {
            PlanField::Reason => PlanField::Answer,
            PlanField::Answer => PlanField::Reason,
        };
    }

    /// Enter in a field, or `y`: whether that is the yes. What is missing is said, and nothing that was typed is lost.
    pub(super) fn is_yes(&mut self, reasons: Reasons, veil: &Veil) -> bool {
        let Some((_, confirmation)) = self.proposal() else { return false };
        let wanted = match confirmation {
            Confirmation::Key => None,
            other if other.is_given_by(self.answer.value()) => None,
            Confirmation::Words(words) if words.iter().any(|word| veil.is_meant(self.answer.value(), word)) => None,
            Confirmation::Number(number) => Some(number.to_string()),
            Confirmation::Words(words) => Some(words.join(" or ")),
        };
        if reasons == Reasons::Required && self.reason.value().trim().is_empty() {
            self.field = PlanField::Reason;
            self.error = Some("Say why first: this installation asks for a reason (require_reason).".to_owned());
            return false;
        }
        match self.field {
            PlanField::Reason => {
                self.field = PlanField::Answer;
                false
            }
            PlanField::Answer => {
                self.error = wanted.map(|wanted| format!("That is not {wanted}, so nothing was done."));
                self.error.is_none()
            }
        }
    }
}

/// The question that a plan asks, harmless.
fn question(work: &PlannedWork) -> String {
    let words = match work {
        PlannedWork::Approve(flow, claims) => {
            let vo = flow.scope.vo().unwrap_or("?");
            authdb_shared::text::harmless(&format!("Approve {} for {vo}:{}", flow.user_code, claims.sub.trim()))
        }
        PlannedWork::Deny(flows) => match flows.as_slice() {
            [flow] => format!("Deny {}", flow.user_code),
            _ => format!("Deny {} device flows", flows.len()),
        },
        PlannedWork::Cancel(flows) if flows.len() == 1 => "Cancel this authorization flow".to_owned(),
        PlannedWork::Cancel(flows) => format!("Cancel {} authorization flows", flows.len()),
        PlannedWork::Revoke(tokens) => match tokens.as_slice() {
            [token] => {
                let subject = token.subject.as_ref().map_or_else(|| "nobody".to_owned(), ToString::to_string);
                format!("Revoke one token of {subject}")
            }
            _ => format!("Revoke {} tokens", tokens.len()),
        },
        PlannedWork::RevokeSubjects(held) => match held.as_slice() {
            [held] => format!("Revoke ALL tokens of {}", held.subject),
            _ => format!("Revoke ALL tokens of {} subjects", held.len()),
        },
    };
    if work.count() == 0 { "Nothing can be done".to_owned() } else { format!("{words}?") }
}
