//! Subjects: whose token it is.

use std::fmt;

use crate::text;

/// The owner of a refresh token (`RefreshTokens.Sub`): `vo:subject`, matched exactly, case and accents included.
///
/// It is never empty, so that no statement built from one can mean "everybody".
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject(String);

/// A subject that cannot be used.
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
    pub fn new(text: impl Into<String>) -> Result<Self, SubjectError> {
        let text = text.into();
        if text.is_empty() { Err(SubjectError::Empty) } else { Ok(Self(text)) }
    }

    /// The VO: what stands before the first colon.
    #[must_use]
    pub fn vo(&self) -> Option<&str> {
        self.0.split_once(':').map(|(vo, _)| vo)
    }

    /// The subject within its VO: what stands after the first colon, or everything where there is none.
    #[must_use]
    pub fn within_vo(&self) -> &str {
        self.0.split_once(':').map_or(self.0.as_str(), |(_, subject)| subject)
    }

    /// The exact text, for binding and comparing; not for showing.
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

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subject({:?})", self.0)
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
    fn an_empty_subject_never_exists() {
        assert_eq!(Subject::new(""), Err(SubjectError::Empty));
    }
}
