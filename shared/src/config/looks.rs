//! How the dashboard looks.

/// The colours of the dashboard.
///
/// # Examples
/// ```
/// use authdb_shared::config::{Config, Sources, Theme};
///
/// let sources = Sources::default().with_variable("AUTHDB_DASHBOARD_THEME", "high-contrast");
/// assert_eq!(Config::load(&sources)?.dashboard.theme, Theme::HighContrast);
/// # Ok::<(), authdb_shared::config::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// For terminals with a dark background.
    #[default]
    Dark,
    /// For terminals with a light background.
    Light,
    /// White and bright colours on black, whatever the terminal's own background is.
    HighContrast,
    /// The terminal's own sixteen colours.
    Sixteen,
}

impl Theme {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Dark, Self::Light, Self::HighContrast, Self::Sixteen];

    /// Its name in the configuration.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::config::Theme;
    ///
    /// assert_eq!(Theme::ALL.map(Theme::name), ["dark", "light", "high-contrast", "16"]);
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::HighContrast => "high-contrast",
            Self::Sixteen => "16",
        }
    }
}

/// Whether the dashboard draws with ASCII only.
///
/// # Examples
/// ```
/// use authdb_shared::config::{Ascii, Config, Sources};
///
/// let sources = Sources::default().with_variable("AUTHDB_DASHBOARD_ASCII", "true");
/// assert_eq!(Config::load(&sources)?.dashboard.ascii, Ascii::Always);
/// # Ok::<(), authdb_shared::config::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ascii {
    /// Where the locale or the terminal asks for it.
    #[default]
    Auto,
    /// On every terminal.
    Always,
    /// On none.
    Never,
}

/// Whether the dashboard rings the terminal's bell when a new device code waits.
///
/// # Examples
/// ```
/// use authdb_shared::config::{Bell, Config, Sources};
///
/// assert_eq!(Config::load(&Sources::default())?.dashboard.bell, Bell::Silent);
/// # Ok::<(), authdb_shared::config::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bell {
    /// Never.
    #[default]
    Silent,
    /// Once per refresh that brings one.
    Rings,
}

/// Whether the dashboard hides who people are, for a screen that is shared.
///
/// # Examples
/// ```
/// use authdb_shared::config::{Config, Privacy, Sources};
///
/// let sources = Sources::default().with_variable("AUTHDB_DASHBOARD_PRIVACY", "true");
/// assert_eq!(Config::load(&sources)?.dashboard.privacy, Privacy::On);
/// # Ok::<(), authdb_shared::config::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Privacy {
    /// Everything is shown.
    #[default]
    Off,
    /// People are hidden.
    On,
}

/// How the dashboard tells times.
///
/// # Examples
/// ```
/// use authdb_shared::config::{Config, Sources, Times};
///
/// let sources = Sources::default().with_variable("AUTHDB_DASHBOARD_TIMES", "local");
/// assert_eq!(Config::load(&sources)?.dashboard.times, Times::Local);
/// # Ok::<(), authdb_shared::config::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Times {
    /// As ages; what is still to come as a time of day in UTC.
    #[default]
    Relative,
    /// In UTC.
    Utc,
    /// In the time zone of the host.
    Local,
}

impl Times {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Relative, Self::Utc, Self::Local];

    /// Its name in the configuration.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::config::Times;
    ///
    /// assert_eq!(Times::ALL.map(Times::name), ["relative", "utc", "local"]);
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Relative => "relative",
            Self::Utc => "utc",
            Self::Local => "local",
        }
    }
}

/// A colour that tells a context from the others.
///
/// # Examples
/// ```
/// use authdb_shared::config::Colour;
///
/// assert_eq!(Colour::ALL.map(Colour::name), ["red", "green", "yellow", "blue", "magenta", "cyan"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Red, which production has unless told otherwise.
    Red,
    /// Green.
    Green,
    /// Yellow.
    Yellow,
    /// Blue.
    Blue,
    /// Magenta.
    Magenta,
    /// Cyan.
    Cyan,
}

impl Colour {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Red, Self::Green, Self::Yellow, Self::Blue, Self::Magenta, Self::Cyan];

    /// Its name in the configuration.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::config::Colour;
    ///
    /// assert_eq!(Colour::Cyan.name(), "cyan");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Blue => "blue",
            Self::Magenta => "magenta",
            Self::Cyan => "cyan",
        }
    }
}
