//! The screens.

/// What fills the middle of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// What matters most, at a glance.
    Overview,
    /// Logins by user code.
    DeviceFlows,
    /// Logins by browser.
    AuthorizationFlows,
    /// Live tokens per subject.
    Subjects,
    /// Refresh tokens, of everybody or of one subject.
    Tokens,
    /// Months of `RefreshTokens`.
    Partitions,
    /// What the janitor did and will do.
    Janitor,
    /// What was changed by hand.
    Journal,
}

impl Screen {
    /// All of them, in the order of their digits.
    pub const ALL: &'static [Self] = &[
        Self::Overview,
        Self::DeviceFlows,
        Self::AuthorizationFlows,
        Self::Subjects,
        Self::Tokens,
        Self::Partitions,
        Self::Janitor,
        Self::Journal,
    ];

    /// The screen that the dashboard opens with.
    pub const FIRST: Self = Self::Overview;

    /// The digit that shows it: 1 Overview, 2 Device flows, 3 Authorization flows, 4 Subjects, 5 Tokens, 6 Partitions,
    /// 7 Janitor, 8 Journal. A digit never changes hands.
    #[must_use]
    pub const fn digit(self) -> char {
        match self {
            Self::Overview => '1',
            Self::DeviceFlows => '2',
            Self::AuthorizationFlows => '3',
            Self::Subjects => '4',
            Self::Tokens => '5',
            Self::Partitions => '6',
            Self::Janitor => '7',
            Self::Journal => '8',
        }
    }

    /// Its name.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::DeviceFlows => "Device flows",
            Self::AuthorizationFlows => "Authorization flows",
            Self::Subjects => "Subjects",
            Self::Tokens => "Tokens",
            Self::Partitions => "Partitions",
            Self::Janitor => "Janitor",
            Self::Journal => "Journal",
        }
    }

    /// Its name where all of them whole are too much.
    #[must_use]
    pub const fn brief_title(self) -> &'static str {
        match self {
            Self::DeviceFlows | Self::AuthorizationFlows => self.short_title(),
            _ => self.title(),
        }
    }

    /// Its name where there is little room.
    #[must_use]
    pub const fn short_title(self) -> &'static str {
        match self {
            Self::Overview => "Over",
            Self::DeviceFlows => "Device",
            Self::AuthorizationFlows => "Auth",
            Self::Subjects => "Subj",
            Self::Tokens => "Tok",
            Self::Partitions => "Part",
            Self::Janitor => "Jan",
            Self::Journal => "Jour",
        }
    }

    /// The screen `count` tabs further, around the end.
    #[must_use]
    pub fn step(self, count: usize) -> Self {
        let index = Self::ALL.iter().position(|screen| *screen == self).unwrap_or(0);
        Self::ALL[(index + count) % Self::ALL.len()]
    }
}
