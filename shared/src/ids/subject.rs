//! Subjects: whose token it is.

use std::fmt;

use crate::text;

/// The owner of a refresh token (`RefreshTokens.Sub`): `vo:subject`, matched exactly, case and accents included.
///
/// It is never empty, so that no statement built from one can mean "everybody".
///
/// # Examples
/// ```
/// use authdb_shared::ids::Subject;
///
/// let alice = Subject::new("lhcb:alice")?;
/// assert_ne!(alice, Subject::new("lhcb:ALICE")?, "whatever the collation of the column says");
/// # Ok::<(), authdb_shared::ids::SubjectError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject(String);

/// A subject that cannot be used.
///
/// # Examples
/// ```
/// use authdb_shared::ids::{Subject, SubjectError};
///
/// assert_eq!(Subject::new(""), Err(SubjectError::Empty));
/// ```
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SubjectError {
    /// Nothing was given.
    #[error("the subject is empty: name one, such as `vo:subject`")]
    Empty,
}

impl Subject {
    /// A subject as stored or as typed, taken literally.
    ///
    /// # Errors
    /// If it is empty.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::ids::Subject;
    ///
    /// let subject = Subject::new("lhcb:%")?;
    /// assert_eq!(subject.as_str(), "lhcb:%", "one person of that name, and nobody else");
    /// # Ok::<(), authdb_shared::ids::SubjectError>(())
    /// ```
    pub fn new(text: impl Into<String>) -> Result<Self, SubjectError> {
        let text = text.into();
        if text.is_empty() { Err(SubjectError::Empty) } else { Ok(Self(text)) }
    }

    /// The VO: what stands before the first colon. `DiracX` puts it there when it issues a token (`exchange_token`).
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::ids::Subject;
    ///
    /// assert_eq!(Subject::new("lhcb:urn:42")?.vo(), Some("lhcb"));
    /// assert_eq!(Subject::new("robot")?.vo(), None);
    /// # Ok::<(), authdb_shared::ids::SubjectError>(())
    /// ```
    #[must_use]
    pub fn vo(&self) -> Option<&str> {
        self.0.split_once(':').map(|(vo, _)| vo)
    }

    /// The subject within its VO: what stands after the first colon, or everything where there is none.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::ids::Subject;
    ///
    /// assert_eq!(Subject::new("lhcb:urn:42")?.within_vo(), "urn:42");
    /// # Ok::<(), authdb_shared::ids::SubjectError>(())
    /// ```
    #[must_use]
    pub fn within_vo(&self) -> &str {
        self.0.split_once(':').map_or(self.0.as_str(), |(_, subject)| subject)
    }

    /// The exact text, for binding and comparing; not for showing.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::ids::Subject;
    ///
    /// let hostile = Subject::new("lhcb:\u{1b}[2Jalice")?;
    /// assert_eq!(hostile.as_str(), "lhcb:\u{1b}[2Jalice");
    /// assert_eq!(hostile.to_string(), "lhcb:␛[2Jalice", "to be shown");
    /// # Ok::<(), authdb_shared::ids::SubjectError>(())
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Made harmless for a terminal.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&text::harmless(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vo_ends_at_the_first_colon() {
        let subject = Subject::new("lhcb:urn:42").expect("not empty");
        assert_eq!((subject.vo(), subject.within_vo()), (Some("lhcb"), "urn:42"));
    }

    #[test]
    fn without_a_colon_there_is_no_vo() {
        let subject = Subject::new("robot").expect("not empty");
        assert_eq!((subject.vo(), subject.within_vo()), (None, "robot"));
    }

    #[test]
    fn a_subject_is_matched_as_it_is_but_shown_made_harmless() {
        let hostile = Subject::new("lhcb:Zoë\u{1b}[2J ").expect("not empty");
        assert_eq!(hostile.as_str(), "lhcb:Zoë\u{1b}[2J ");
        assert_eq!(hostile.to_string(), "lhcb:Zoë␛[2J ");
    }

    #[test]
    fn an_empty_subject_never_exists() {
        assert_eq!(Subject::new(""), Err(SubjectError::Empty));
    }
}
