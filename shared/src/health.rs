//! Findings: what was looked at, how bad it is, and what to do about it.
//!
//! The janitor's `status` and `check`, the dashboard's alarms and `authdb doctor` look at the same things, so they share
//! the words and the levels. The worst of several is the answer.

use std::fmt;

use serde::Serialize;

use crate::clock::Timestamp;
use crate::text;

/// How bad a finding is, in the order and with the numbers of monitoring plugins.
///
/// # Examples
/// ```
/// use authdb_shared::health::Level;
///
/// assert!(Level::Critical > Level::Warning);
/// assert_eq!((Level::Critical.exit_code(), Level::Warning.to_string()), (2, "warning".to_owned()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Somebody should look in the morning.
    Warning,
    /// Somebody should look now.
    Critical,
}

impl Level {
    /// The exit code that monitoring expects.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::health::Level;
    ///
    /// assert_eq!(Level::Ok.exit_code(), 0);
    /// ```
    #[must_use]
    pub fn exit_code(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Critical => "critical",
        })
    }
}

/// One thing that was looked at.
///
/// # Examples
/// ```
/// use authdb_shared::health::Finding;
///
/// let finding = Finding::warning("ledger", "none yet; `authdb init` makes it");
/// assert_eq!(finding.to_string(), "warning   ledger        none yet; `authdb init` makes it");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What was looked at, in a word.
    pub subject: String,
    /// What was found, and what to do about it.
    pub text: String,
    /// The instants of the past that the text names in UTC, as [`Timestamp`] writes itself.
    #[serde(skip)]
    past: Vec<Timestamp>,
}

impl Finding {
    /// A finding of any level.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::health::{Finding, Level};
    ///
    /// let is_late = true;
    /// let level = if is_late { Level::Critical } else { Level::Ok };
    /// assert_eq!(Finding::new(level, "flows", "overdue").level, Level::Critical);
    /// ```
    pub fn new(level: Level, subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self { level, subject: subject.into(), text: text.into(), past: Vec::new() }
    }

    /// Something that is as it should be.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::health::{Finding, Level};
    ///
    /// assert_eq!(Finding::ok("schema", "as DiracX 0.7 makes it").level, Level::Ok);
    /// ```
    pub fn ok(subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Level::Ok, subject, text)
    }

    /// Something that somebody should see to in the morning.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::health::{Finding, Level};
    ///
    /// assert_eq!(Finding::warning("tls", "the connection is not encrypted").level, Level::Warning);
    /// ```
    pub fn warning(subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Level::Warning, subject, text)
    }

    /// Something that somebody should see to now.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::health::{Finding, Level};
    ///
    /// assert_eq!(Finding::critical("clocks", "the host's is an hour ahead").level, Level::Critical);
    /// ```
    pub fn critical(subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Level::Critical, subject, text)
    }

    /// The same, of whose text these instants of the past are a part.
    ///
    /// # Examples
    /// See [`Finding::told`].
    #[must_use]
    pub fn naming(mut self, past: impl IntoIterator<Item = Timestamp>) -> Self {
        self.past.extend(past);
        self
    }

    /// The text with the instants of the past told in another way, for people who count in ages or by another clock.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::Timestamp;
    /// use authdb_shared::health::Finding;
    ///
    /// let done = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let finding = Finding::warning("flows", format!("overdue: last good run {done}")).naming([done]);
    /// assert_eq!(finding.text, "overdue: last good run 2026-11-18 11:06:40 UTC");
    /// assert_eq!(finding.told(|_| "3h ago".to_owned()), "overdue: last good run 3h ago");
    /// ```
    #[must_use]
    pub fn told(&self, past: impl Fn(Timestamp) -> String) -> String {
        self.past.iter().fold(self.text.clone(), |text, time| text.replace(&time.to_string(), &past(*time)))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<9} {:<13} {}", self.level, self.subject, text::harmless(&self.text))
    }
}

/// The worst of several; `Ok` where nothing was found.
///
/// # Examples
/// ```
/// use authdb_shared::health::{Finding, Level, worst};
///
/// let findings = [Finding::ok("schema", "as it should be"), Finding::warning("ledger", "none yet")];
/// assert_eq!(worst(&findings), Level::Warning);
/// assert_eq!(worst(&[]), Level::Ok);
/// ```
#[must_use]
pub fn worst(findings: &[Finding]) -> Level {
    findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Ok)
}
