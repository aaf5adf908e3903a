//! The status words of DiracX, as stored in VARCHAR(16) columns.
//!
//! A word that a newer DiracX may have brought is kept and shown rather than failing the list it stands in. Approving,
//! denying, cancelling and revoking by hand leave a row that holds one as it is.

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
            ///
            /// # Examples
            /// ```
            /// use authdb_shared::model::{FlowStatus, TokenStatus};
            ///
            /// assert_eq!(FlowStatus::from_stored(Some("READY".to_owned())), FlowStatus::Ready);
            /// assert_eq!(TokenStatus::from_stored(Some("HELD".to_owned())), TokenStatus::Other("HELD".to_owned()));
            /// ```
            #[must_use]
            pub fn from_stored(word: Option<String>) -> Self {
                match word.as_deref() {
                    $(Some($word) => Self::$variant,)+
                    _ => Self::Other(word.unwrap_or_default()),
                }
            }

            /// The word as stored.
            ///
            /// # Examples
            /// ```
            /// use authdb_shared::model::{FlowStatus, TokenStatus};
            ///
            /// assert_eq!(FlowStatus::Pending.as_str(), "PENDING");
            /// assert_eq!(TokenStatus::from_stored(None).as_str(), "");
            /// ```
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
    /// PENDING → READY → DONE, or ERROR (DiracX's `FlowStatus`). What a word means at a time: [`FlowState`].
    ///
    /// [`FlowState`]: crate::liveness::FlowState
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::model::FlowStatus;
    ///
    /// let can_be_cancelled = |status: &FlowStatus| matches!(status, FlowStatus::Pending | FlowStatus::Ready);
    /// assert!(can_be_cancelled(&FlowStatus::from_stored(Some("READY".to_owned()))));
    /// assert!(!can_be_cancelled(&FlowStatus::from_stored(Some("HELD".to_owned()))), "nobody knows what it means");
    /// ```
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
    /// CREATED → REVOKED (DiracX's `RefreshTokenStatus`). Expiry is not a status: see [`Liveness`].
    ///
    /// [`Liveness`]: crate::liveness::Liveness
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::model::TokenStatus;
    ///
    /// let status = TokenStatus::from_stored(Some("REVOKED".to_owned()));
    /// assert_eq!(status, TokenStatus::Revoked);
    /// assert_eq!(status.to_string(), "REVOKED");
    /// ```
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
