//! What follows from an action, one fact at a time, so that a program can show, print or act on each.

use std::fmt;

use super::{HeldTokens, grouped};
use crate::clock::{Timestamp, Zone};
use crate::ids::Subject;
use crate::text::harmless;

/// One thing that will follow; its `Display` form is a sentence or two, made harmless.
///
/// # Examples
/// ```
/// use authdb_shared::session_plan::Consequence;
///
/// let sentence = Consequence::LegacyTokensWorkOn.to_string();
/// assert!(sentence.contains("legacy exchange"), "{sentence}");
/// assert_eq!(Consequence::LegacyTokensWorkOn.word(), "legacy-tokens-work-on");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// Something that must be read before everything else.
    Warning(String),
    /// Whoever holds the code becomes this subject.
    LoggedIn {
        /// The VO of the scope.
        vo: Option<String>,
        /// The subject within it.
        sub: String,
    },
    /// DiracX mints tokens for registered members only.
    MintedForMembers {
        /// The group of the scope; the VO's default group if none.
        group: Option<String>,
    },
    /// Device flows become ERROR.
    CodesDenied,
    /// A denied flow had been approved.
    ApprovalUndone {
        /// Its code.
        code: String,
        /// Who was approved.
        sub: String,
    },
    /// Authorization flows become ERROR.
    BrowserLoginsFail,
    /// A client that still runs makes DiracX revoke everything of its subject.
    AllOfSubjectFollow {
        /// Whose token it is.
        subject: Subject,
        /// What the subject holds, if it was counted.
        held: Option<HeldTokens>,
    },
    /// Some of the tokens have expired, so that nothing changes for their clients.
    ExpiredAnyway {
        /// How many.
        count: u64,
        /// Of how many.
        of: u64,
    },
    /// Everything of a subject is revoked.
    AllRevoked(HeldTokens),
    /// Access tokens that were issued work on until this time at the latest.
    AccessTokensWorkUntil(Timestamp),
    /// Tokens of the legacy exchange do not mind.
    LegacyTokensWorkOn,
}

impl Consequence {
    /// A stable word for it, for programs that read plans.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::session_plan::Consequence;
    ///
    /// assert_eq!(Consequence::CodesDenied.word(), "codes-denied");
    /// ```
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Warning(_) => "warning",
            Self::LoggedIn { .. } => "logged-in",
            Self::MintedForMembers { .. } => "minted-for-members",
            Self::CodesDenied => "codes-denied",
            Self::ApprovalUndone { .. } => "approval-undone",
            Self::BrowserLoginsFail => "browser-logins-fail",
            Self::AllOfSubjectFollow { .. } => "all-of-subject-follow",
            Self::ExpiredAnyway { .. } => "expired-anyway",
            Self::AllRevoked(_) => "all-revoked",
            Self::AccessTokensWorkUntil(_) => "access-tokens-work-until",
            Self::LegacyTokensWorkOn => "legacy-tokens-work-on",
        }
    }

    /// Its `Display` form, with times as the clocks of a zone tell them.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::Timestamp;
    /// use authdb_shared::clock::Zone;
    /// use authdb_shared::session_plan::Consequence;
    ///
    /// let time = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let sentence = Consequence::AccessTokensWorkUntil(time).told(Zone::ahead(|_| 3600));
    /// assert_eq!(sentence, "Access tokens already issued go on working until 12:06:40 +01:00 at the latest.");
    /// ```
    #[must_use]
    pub fn told(&self, zone: Zone) -> String {
        match self {
            Self::AccessTokensWorkUntil(time) => {
                format!("Access tokens already issued go on working until {} at the latest.", zone.time_of_day(*time))
            }
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Consequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Warning(text) => f.write_str(&harmless(text)),
            Self::LoggedIn { vo, sub } => {
                let vo = vo.as_deref().unwrap_or("?");
                write!(f, "Whoever holds this code is logged in as {}.", harmless(&format!("{vo}:{sub}")))
            }
            Self::MintedForMembers { group } => {
                let group = group.as_deref().map(harmless);
                let group =
                    group.map_or_else(|| "the VO's default group".to_owned(), |name| format!("the group {name}"));
                write!(
                    f,
                    "DiracX mints the tokens at the client's next poll, if that is a registered user and a member of \
                     {group}; otherwise the login fails there."
                )
            }
            Self::CodesDenied => f.write_str(
                "The flow becomes ERROR. The client is told so at its next poll, and its user has to log in again.",
            ),
            Self::ApprovalUndone { code, sub } => {
                write!(f, "{code} has been approved for {}, but its tokens have not been fetched yet.", harmless(sub))
            }
            Self::BrowserLoginsFail => f.write_str(
                "The flow becomes ERROR: the login that is under way in the browser fails, and its user has to start \
                 again.",
            ),
            Self::AllOfSubjectFollow { subject, held } => {
                write!(
                    f,
                    "If a client still uses it, its next refresh presents a revoked token, and DiracX then revokes ALL \
                     tokens of {subject}"
                )?;
                match held {
                    Some(held) => write!(f, ": {held}."),
                    None => f.write_str("."),
                }
            }
            Self::ExpiredAnyway { count, of } if count == of => {
                f.write_str("It has expired already, so that nothing changes for its client.")
            }
            Self::ExpiredAnyway { count, of } => {
                write!(
                    f,
                    "{} of the {} have expired already: nothing changes for those.",
                    grouped(*count),
                    grouped(*of)
                )
            }
            Self::AllRevoked(held) => {
                write!(
                    f,
                    "{held}. All of them become REVOKED, and every client of {} has to log in again.",
                    held.subject
                )
            }
            Self::AccessTokensWorkUntil(_) => f.write_str(&self.told(Zone::UTC)),
            Self::LegacyTokensWorkOn => {
                f.write_str("Tokens of the legacy exchange are not affected: DiracX does not look at their status.")
            }
        }
    }
}
