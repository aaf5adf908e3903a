//! What an action is about: the marked rows of the screen in view, or else the row under its cursor.

use authdb_shared::ids::{FlowId, Jti, Subject, UserCode};

use super::{App, Screen};

/// The keys of the rows that an action is about, in the order in which they were marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Targets {
    /// The screen shows nothing that can be changed.
    Nothing,
    /// Logins by user code.
    DeviceFlows(Vec<UserCode>),
    /// Logins by browser.
    AuthorizationFlows(Vec<FlowId>),
    /// Subjects.
    Subjects(Vec<Subject>),
    /// Refresh tokens.
    Tokens(Vec<Jti>),
}

impl Targets {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::DeviceFlows(keys) => keys.len(),
            Self::AuthorizationFlows(keys) => keys.len(),
            Self::Subjects(keys) => keys.len(),
            Self::Tokens(keys) => keys.len(),
        }
    }

    /// Whether there is nothing to act on.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl App {
    /// What an action on the screen in view is about.
    #[must_use]
    pub fn targets(&self) -> Targets {
        match self.screen {
            Screen::DeviceFlows => Targets::DeviceFlows(self.device_flows.targets()),
            Screen::AuthorizationFlows => Targets::AuthorizationFlows(self.authorization_flows.targets()),
            Screen::Subjects => Targets::Subjects(self.subjects.targets()),
            Screen::Tokens => Targets::Tokens(self.tokens.targets()),
            Screen::Overview | Screen::Partitions | Screen::Janitor | Screen::Journal => Targets::Nothing,
        }
    }
}
