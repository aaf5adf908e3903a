//! Dialogs: what an action will do, asked before it is done.

use authdb_shared::db::ApproveRefusal;
use authdb_shared::ids::UserCode;
use authdb_shared::model::{DeviceFlow, IdTokenClaims};
use authdb_shared::{Policy, Timestamp};
use tui_input::Input;

use super::{Contexts, Ended, Exporting, Palette, PlanDialog};

/// What lies over the screen.
#[derive(Debug)]
pub enum Dialog {
    /// All keys.
    Help,
    /// Every command, to be found by a few letters.
    Palette(Palette),
    /// The configured databases.
    Contexts(Contexts),
    /// The name of the file that rows are exported to.
    Export(Box<Exporting>),
    /// Every field of the row under the cursor.
    Details,
    /// The steps of approving a device code.
    Approve(Box<Approve>),
    /// A plan that waits for a yes.
    Plan(Box<PlanDialog>),
    /// The work under way.
    Work,
    /// Work that has ended.
    Ended(Box<Ended>),
    /// Who is watched after a revocation.
    Watches,
}

/// The step of an approval, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The code that the user reads out.
    Code,
    /// The subject that is approved.
    Subject,
    /// A name for people, which may stay empty.
    Name,
    /// The subject once more, where DiracX will refuse it.
    Insist,
}

/// The steps of approving a device code.
///
/// The code is always typed, never taken from the list: a row proves only that *somebody* started a login, and an
/// attacker can make a row look like a colleague's (RFC 8628 section 5.4).
#[derive(Debug)]
pub struct Approve {
    /// Where it stands.
    pub step: Step,
    /// The code as typed.
    pub code: Input,
    /// The subject as typed.
    pub sub: Input,
    /// The subject of the candidate under the cursor; none while what was typed counts.
    pub choice: Option<String>,
    /// The name as typed.
    pub name: Input,
    /// The subject with its VO that the name was given to.
    pub named: Option<String>,
    /// The subject with its VO, typed against the registry.
    pub insistence: Input,
    /// The flow that the code belongs to, once it was looked up.
    pub flow: Option<DeviceFlow>,
    /// What is wrong with the field of this step.
    pub error: Option<String>,
    /// When the registry was read that the plan was held against, by the host's clock.
    pub held_against: Option<Timestamp>,
    /// The code that is being looked up.
    pub looking_up: Option<UserCode>,
}

impl Default for Approve {
    fn default() -> Self {
        Self {
            step: Step::Code,
            code: Input::default(),
            sub: Input::default(),
            choice: None,
            name: Input::default(),
            named: None,
            insistence: Input::default(),
            flow: None,
            error: None,
            held_against: None,
            looking_up: None,
        }
    }
}

impl Approve {
    /// The field that is typed into.
    pub fn field(&mut self) -> Option<&mut Input> {
        match self.step {
            Step::Code => Some(&mut self.code),
            Step::Subject => Some(&mut self.sub),
            Step::Name => Some(&mut self.name),
            Step::Insist => Some(&mut self.insistence),
        }
    }

    /// The claims that would be stored.
    #[must_use]
    pub fn claims(&self) -> IdTokenClaims {
        let name = self.name.value().trim();
        IdTokenClaims {
            sub: self.sub.value().trim().to_owned(),
            preferred_username: (!name.is_empty()).then(|| name.to_owned()),
        }
    }

    /// The subject that the token will be minted for, with its VO; not made harmless.
    #[must_use]
    pub fn exact_subject(&self) -> String {
        let vo = self.flow.as_ref().and_then(|flow| flow.scope.vo()).unwrap_or("?");
        format!("{vo}:{}", self.sub.value().trim())
    }

    /// The same, to be shown.
    #[must_use]
    pub fn full_subject(&self) -> String {
        authdb_shared::text::harmless(&self.exact_subject())
    }

    /// Takes in the flow that was looked up, and goes on if it can be approved.
    pub(super) fn found(&mut self, code: &UserCode, flow: Option<DeviceFlow>, now: Timestamp, policy: &Policy) {
        match flow {
            None => self.error = Some(ApproveRefusal::Unknown(code.clone()).to_string()),
            Some(flow) => {
                if let Some(refusal) = ApproveRefusal::of_flow(&flow, now, policy) {
                    self.error = Some(refusal.to_string());
                } else {
                    self.flow = Some(flow);
                    self.step = Step::Subject;
                }
            }
        }
    }

    /// Goes back a step. False if there is none, so that the dialog closes.
    pub fn back(&mut self) -> bool {
        self.error = None;
        self.step = match self.step {
            Step::Code => return false,
            Step::Subject => Step::Code,
            Step::Name => Step::Subject,
            Step::Insist => Step::Name,
        };
        true
    }
}
