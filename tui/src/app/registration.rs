//! Who can be approved: the users of DiracX's registry, or else the subjects of the VO that have live tokens.
//!
//! The registry is read anew whenever an approval begins. What was read before stays, with its age, when that fails; where
//! nothing was ever read, the dialog says so, and offers what the database knows.

use std::sync::Arc;

use authdb_shared::Timestamp;
use authdb_shared::db::DbError;
use authdb_shared::ids::Subject;
use authdb_shared::registry::{Mismatch, RegisteredUser, Registry, RegistryError};
use authdb_shared::session_plan::SessionPlan;
use tui_input::Input;

use super::{App, Approve, Dialog, Step};
use crate::effect::Effect;

/// Candidates that are shown at a time.
pub const CANDIDATES: usize = 8;

/// What is known of users.
#[derive(Debug, Default)]
pub struct Registration {
    /// Where the registry is, if one is configured.
    pub source: Option<String>,
    /// The registry as it was read last, and when, by the host's clock.
    pub registry: Option<(Arc<Registry>, Timestamp)>,
    /// Why the last reading failed.
    pub error: Option<String>,
    /// Whether it is being read.
    pub is_reading: bool,
    /// Subjects with live tokens of a VO, or why they are not known.
    pub subjects: Option<(String, Result<Vec<Subject>, String>)>,
}

impl Registration {
    /// The registry is at `source`, if anywhere.
    pub(super) fn at(source: Option<String>) -> Self {
        Self { source, ..Self::default() }
    }

    /// Whether a registry is configured and has not been read yet, but may be in a moment.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        self.registry.is_none() && self.is_reading
    }

    /// The users that the approval may mean, best first.
    #[must_use]
    pub fn candidates(&self, approve: &Approve) -> Vec<RegisteredUser> {
        let Some(vo) = approve.flow.as_ref().and_then(|flow| flow.scope.vo()) else { return Vec::new() };
        let typed = approve.sub.value();
        if let Some((registry, _)) = &self.registry {
            return registry.vo(vo).map(|vo| vo.search(typed, CANDIDATES)).unwrap_or_default();
        }
        let Some((of_vo, Ok(subjects))) = &self.subjects else { return Vec::new() };
        let typed = typed.trim().to_lowercase();
        let subs = subjects.iter().filter(|_| of_vo == vo).map(Subject::within_vo);
        subs.filter(|sub| sub.to_lowercase().contains(&typed))
            .take(CANDIDATES)
            .map(|sub| RegisteredUser { sub: sub.to_owned(), preferred_username: String::new() })
            .collect()
    }

    /// Why DiracX would mint nothing, as far as the registry tells.
    #[must_use]
    pub fn mismatch(&self, approve: &Approve) -> Option<Mismatch> {
        let (registry, _) = self.registry.as_ref()?;
        registry.mismatch(&approve.flow.as_ref()?.scope, approve.sub.value())
    }

    /// The name that the registry has for the subject of an approval.
    fn name_of(&self, approve: &Approve) -> Option<String> {
        let (registry, _) = self.registry.as_ref()?;
        let user = registry.vo(approve.flow.as_ref()?.scope.vo()?)?.user(approve.sub.value().trim())?;
        Some(user.preferred_username.clone())
    }
}

impl App {
    /// Reads the registry, if there is one and it is not being read.
    pub(super) fn read_registry(&mut self) -> Vec<Effect> {
        let registration = &mut self.registration;
        if registration.source.is_none() || registration.is_reading {
            return Vec::new();
        }
        registration.is_reading = true;
        vec![Effect::ReadRegistry]
    }

    /// Takes the registry in.
    pub(super) fn registry_read(&mut self, read: Result<Registry, RegistryError>) -> Vec<Effect> {
        self.registration.is_reading = false;
        match read {
            Ok(registry) => {
                self.registration.registry = Some((Arc::new(registry), self.host_now));
                self.registration.error = None;
                Vec::new()
            }
            Err(error) => {
                self.registration.error = Some(error.to_string());
                self.look_for_subjects()
            }
        }
    }

    /// Asks the database for subjects of the VO, where no registry names them.
    pub(super) fn look_for_subjects(&mut self) -> Vec<Effect> {
        let registration = &self.registration;
        if registration.registry.is_some() || registration.is_reading {
            return Vec::new();
        }
        let Some(Dialog::Approve(approve)) = &self.dialog else { return Vec::new() };
        let vo = approve.flow.as_ref().and_then(|flow| flow.scope.vo());
        vo.map(|vo| Effect::LookForSubjects(vo.to_owned())).into_iter().collect()
    }

    /// Takes subjects of a VO in, unless the approval that is open by now is of another.
    pub(super) fn subjects_found(&mut self, vo: String, found: Result<Vec<Subject>, DbError>) {
        let approve = match &self.dialog {
            Some(Dialog::Approve(approve)) => Some(approve),
            Some(Dialog::Plan(plan)) => plan.came_from.as_ref(),
            _ => None,
        };
        let wanted = approve.and_then(|approve| approve.flow.as_ref()?.scope.vo());
        if wanted.is_none_or(|wanted| wanted == vo) {
            self.registration.subjects = Some((vo, found.map_err(|error| error.to_string())));
        }
    }

    /// Moves the choice among the candidates; above the first one is what was typed.
    pub(super) fn choose(&mut self, is_down: bool) {
        let Some(Dialog::Approve(approve)) = &mut self.dialog else { return };
        let candidates = self.registration.candidates(approve);
        let chosen = candidates.iter().position(|user| approve.choice.as_ref() == Some(&user.sub));
        let next = match (chosen, is_down) {
            (None, true) => Some(0),
            (Some(index), true) => Some((index + 1).min(candidates.len() - 1)),
            (Some(index), false) => index.checked_sub(1),
            (None, false) => None,
        };
        approve.choice = next.and_then(|index| candidates.into_iter().nth(index)).map(|user| user.sub);
    }

    /// Takes the chosen candidate for the subject. Whoever was chosen and is no longer known is said, and nobody is taken
    /// in his place.
    pub(super) fn take_choice(&mut self) -> Result<(), String> {
        let Some(Dialog::Approve(approve)) = &mut self.dialog else { return Ok(()) };
        let Some(sub) = approve.choice.take() else { return Ok(()) };
        if self.registration.candidates(approve).iter().all(|user| user.sub != sub) {
            return Err(format!("{sub} is no longer among those who match, and nobody was taken. Choose again."));
        }
        approve.sub = Input::new(sub);
        Ok(())
    }

    /// Fills the name from the registry in, which an admin may still change. What stands there of another subject goes,
    /// whoever wrote it: it would be stored with this one.
    pub(super) fn fill_name(&mut self) {
        let Some(Dialog::Approve(approve)) = &mut self.dialog else { return };
        let subject = Some(approve.exact_subject());
        if approve.named != subject || approve.name.value().is_empty() {
            approve.name = Input::new(self.registration.name_of(approve).unwrap_or_default());
            approve.named = subject;
        }
    }

    /// The step after the name: DiracX's own refusal, if one is to be expected, must be insisted on.
    pub(super) fn after_name(&mut self) -> Vec<Effect> {
        let now = self.now();
        let Some(Dialog::Approve(approve)) = &mut self.dialog else { return Vec::new() };
        if self.registration.is_awaited() {
            approve.error = Some("The registry is still being read. Press Enter again in a moment.".to_owned());
        } else if self.registration.mismatch(approve).is_some() {
            approve.step = Step::Insist;
        } else {
            return self.propose(now);
        }
        Vec::new()
    }

    /// Puts the plan before the admin, with what speaks against it.
    pub(super) fn propose(&mut self, now: Timestamp) -> Vec<Effect> {
        let Some(Dialog::Approve(mut approve)) = self.dialog.take() else { return Vec::new() };
        approve.held_against = self.registration.registry.as_ref().map(|(_, read)| *read);
        let Some(flow) = approve.flow.clone() else { return Vec::new() };
        let plan = SessionPlan::approve(flow, approve.claims(), now);
        let plan = match self.registration.mismatch(&approve) {
            Some(mismatch) => plan.warning(mismatch.to_string()),
            None => plan,
        };
        self.propose_approval(approve, plan)
    }
}
