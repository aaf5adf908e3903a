//! How a yes must be given: the more follows from it, the less it can be a slip of a finger.

use super::{PlannedWork, SessionPlan};

/// From so many rows on, a number is not enough: it could be typed without having looked at what it counts.
///
/// # Examples
/// ```
/// use authdb_shared::session_plan::TYPED_FROM;
///
/// assert_eq!(TYPED_FROM, 21, "more than twenty");
/// ```
pub const TYPED_FROM: u64 = 21;

/// What has to be pressed or typed.
///
/// # Examples
/// ```
/// use authdb_shared::session_plan::Confirmation;
///
/// assert!(Confirmation::Number(7).is_given_by(" 7 "));
/// assert!(!Confirmation::Number(7).is_given_by("y"));
/// assert!(Confirmation::Words(vec!["prod".to_owned()]).is_given_by("prod"));
/// assert!(!Confirmation::Words(vec!["prod".to_owned()]).is_given_by("PROD"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// One key, and another than the one that asked.
    Key,
    /// The number of rows.
    Number(u64),
    /// One of these texts, exactly: the subject, or the name of the context.
    Words(Vec<String>),
}

impl Confirmation {
    /// Whether this text, as it was typed, is the yes.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::session_plan::Confirmation;
    ///
    /// assert!(!Confirmation::Words(Vec::new()).is_given_by(""), "nothing says no");
    /// ```
    #[must_use]
    pub fn is_given_by(&self, typed: &str) -> bool {
        let typed = typed.trim();
        match self {
            Self::Key => typed == "y",
            Self::Number(number) => typed == number.to_string(),
            Self::Words(words) => words.iter().any(|word| !word.is_empty() && word == typed),
        }
    }
}

impl SessionPlan {
    /// How a yes to this plan must be given in a context of this name.
    ///
    /// One row takes one key and several take their number. All of a subject takes the subject; all of several subjects,
    /// more than twenty rows, and everything in a production context, take the name of the context: the name of a subject
    /// is the same word in test and in production, and would not show that whoever types it knows where he is.
    /// A subject that cannot be typed as it stands is never the only answer.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::session_plan::{Confirmation, SessionPlan};
    /// use authdb_shared::{Policy, Timestamp};
    ///
    /// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let plan = SessionPlan::cancel(Vec::new(), now, &Policy::default());
    /// assert_eq!(plan.confirmation("test", false), Confirmation::Key);
    /// assert_eq!(plan.confirmation("lhcb", true), Confirmation::Words(vec!["lhcb".to_owned()]));
    /// ```
    #[must_use]
    pub fn confirmation(&self, context: &str, is_production: bool) -> Confirmation {
        let context = context.trim().to_owned();
        match &self.work {
            _ if is_production => Confirmation::Words(vec![context]),
            PlannedWork::RevokeSubjects(held) => match held.as_slice() {
                [only] if is_typable(only.subject.as_str()) => {
                    Confirmation::Words(vec![only.subject.as_str().to_owned()])
                }
                _ => Confirmation::Words(vec![context]),
            },
            work if work.count() >= TYPED_FROM => Confirmation::Words(vec![context]),
            work if work.count() > 1 => Confirmation::Number(work.count()),
            _ => Confirmation::Key,
        }
    }
}

/// Whether what is typed can be equal to it: no blanks at the ends, and nothing that a terminal shows otherwise.
fn is_typable(text: &str) -> bool {
    text.trim() == text && crate::text::harmless(text) == text
}
