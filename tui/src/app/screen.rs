//! The screens.

/// What fills the middle of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// Logins by user code.
    DeviceFlows,
    /// Logins by browser.
    AuthorizationFlows,
    /// Live tokens per subject.
    Subjects,
    /// Refresh tokens, of everybody or of one subject.
    Tokens,
}

impl Screen {
    /// All of them, in the order of their digits.
    pub const ALL: [Self; 4] = [Self::DeviceFlows, Self::AuthorizationFlows, Self::Subjects, Self::Tokens];

    /// Its name.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::DeviceFlows => "Device flows",
            Self::AuthorizationFlows => "Authorization flows",
            Self::Subjects => "Subjects",
            Self::Tokens => "Tokens",
        }
    }

    /// The screen `count` tabs further, around the end.
    #[must_use]
    pub fn step(self, count: usize) -> Self {
        let index = Self::ALL.iter().position(|screen| *screen == self).unwrap_or(0);
        Self::ALL[(index + count) % Self::ALL.len()]
    }
}
