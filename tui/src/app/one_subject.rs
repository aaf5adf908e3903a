//! What was seen of the subject whose tokens are in view: its sessions, its logins, and what was done to it by hand. Each is
//! read on its own, and forgotten when another subject comes into view.

use authdb_shared::Timestamp;
use authdb_shared::db::{AdminAction, Page};
use authdb_shared::ids::Subject;

use super::{App, Reading, Screen, Slot};
use crate::draw;
use crate::effect::{Effect, TokenView};
use crate::look::{SeenOfSubject, Sessions, SubjectFlows, SubjectLook};

/// What was seen last; each part stays when reading it anew fails.
#[derive(Debug, Default)]
pub struct SubjectLooks {
    /// What its tokens add up to; none where it has no token.
    pub sessions: Slot<Option<Sessions>>,
    /// Its logins.
    pub flows: Slot<SubjectFlows>,
    /// What was done to it by hand, the newest first; none without a ledger.
    pub journal: Slot<Option<Page<AdminAction>>>,
}

impl SubjectLooks {
    /// The state of reading one of them.
    #[must_use]
    pub fn reading(&self, look: SubjectLook) -> &Reading {
        match look {
            SubjectLook::Sessions => &self.sessions.reading,
            SubjectLook::Flows => &self.flows.reading,
            SubjectLook::Journal => &self.journal.reading,
        }
    }

    pub(super) fn reading_mut(&mut self, look: SubjectLook) -> &mut Reading {
        match look {
            SubjectLook::Sessions => &mut self.sessions.reading,
            SubjectLook::Flows => &mut self.flows.reading,
            SubjectLook::Journal => &mut self.journal.reading,
        }
    }

    /// Whether an answer to any of them is awaited.
    pub(super) fn is_waiting(&self) -> bool {
        SubjectLook::ALL.into_iter().any(|look| self.reading(look).is_waiting())
    }

    fn take(&mut self, generation: u64, seen: SeenOfSubject, now: Timestamp) {
        match seen {
            SeenOfSubject::Sessions(seen) => self.sessions.answer(generation, seen, now),
            SeenOfSubject::Flows(seen) => self.flows.answer(generation, seen, now),
            SeenOfSubject::Journal(seen) => self.journal.answer(generation, seen, now),
        };
    }

    /// Forgets all, for what is about another subject from now on.
    pub(super) fn forget(&mut self) {
        self.sessions.forget();
        self.flows.forget();
        self.journal.forget();
    }
}

impl App {
    /// The one subject that the screen in view is about, if it is about one.
    #[must_use]
    pub fn subject_in_view(&self) -> Option<&Subject> {
        match &self.selection {
            TokenView::Of(subject) if self.screen == Screen::Tokens => Some(subject),
            _ => None,
        }
    }

    /// What is due to be seen of the subject in view, where the terminal has room to show it.
    pub(super) fn subject_looks_due(&mut self) -> Vec<Effect> {
        let now = self.host_now;
        let is_due = |look: &SubjectLook| {
            let reading = self.subject.reading(*look);
            let is_wanted = self.paused_at.is_none() || reading.read_at.is_none();
            is_wanted && reading.is_due(now, look.interval().max(self.refresh_interval))
        };
        let due = SubjectLook::ALL.into_iter().filter(is_due).collect();
        self.look_at_subject(due)
    }

    /// Looks at the subject in view again, whatever is due.
    pub(super) fn look_at_subject_anew(&mut self) -> Vec<Effect> {
        self.look_at_subject(SubjectLook::ALL.to_vec())
    }

    fn look_at_subject(&mut self, looks: Vec<SubjectLook>) -> Vec<Effect> {
        let Some(subject) = self.subject_in_view().filter(|_| draw::shows_subject(self)).cloned() else {
            return Vec::new();
        };
        let now = self.host_now;
        let look = |look| {
            let generation = self.subject.reading_mut(look).ask(now);
            Effect::LookAtSubject { generation, look, subject: subject.clone() }
        };
        looks.into_iter().map(look).collect()
    }

    /// Takes in what was seen of it.
    pub(super) fn seen_of_subject(&mut self, generation: u64, seen: SeenOfSubject) {
        self.subject.take(generation, seen, self.host_now);
    }
}
