//! The status words of DiracX, as stored in VARCHAR(16) columns.
//!
//! A word that a newer DiracX may have brought is kept and shown rather than failing the list it stands in.

use std::fmt;

use crate::text;

macro_rules! status_words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$word_doc])* $variant,)+
            /// A word that DiracX 0.7 does not write.
            Other(String),
        }

        impl $name {
            /// Reads the word of a row. A missing one is kept as an empty word.
            #[must_use]
            pub fn from_stored(word: Option<String>) -> Self {
                match word.as_deref() {
                    $(Some($word) => Self::$variant,)+
                    _ => Self::Other(word.unwrap_or_default()),
                }
            }

            /// The word as stored.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&text::harmless(self.as_str()))
            }
        }
    };
}

status_words! {
    /// PENDING → READY → DONE, or ERROR.
    FlowStatus {
        /// Waiting for the user.
        Pending = "PENDING",
        /// The user has authenticated; the tokens may be issued.
        Ready = "READY",
        /// The tokens have been issued.
        Done = "DONE",
        /// Something went wrong, or somebody said no.
        Error = "ERROR",
    }
}

status_words! {
    /// CREATED → REVOKED. Expiry is not a status: see [`crate::liveness::Liveness`].
    TokenStatus {
        /// Issued.
        Created = "CREATED",
        /// Rotated away by a refresh, or revoked.
        Revoked = "REVOKED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_words_are_typed_and_others_kept() {
        assert_eq!(FlowStatus::from_stored(Some("READY".to_owned())), FlowStatus::Ready);
        assert_eq!(FlowStatus::from_stored(Some("HELD".to_owned())), FlowStatus::Other("HELD".to_owned()));
        assert_eq!(TokenStatus::from_stored(None).as_str(), "");
    }
}
