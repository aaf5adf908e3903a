//! `JTI` and `UUID`: the keys of `RefreshTokens` and `AuthorizationFlows`.
//!
//! The same column is `char(32)` on `MySQL` and `SQLite`, a native `uuid` on newer `MariaDB`, and it may hold version-4 keys
//! from before `DiracX` used `UUIDv7`, or text that is no UUID at all. A key keeps the stored form for the WHERE clause and
//! compares by what it means.

use std::fmt;
use std::hash::{Hash, Hasher};

use uuid::{Uuid, Variant, Version};

use crate::clock::Timestamp;
use crate::ids::KeyBound;
use crate::text;

/// A key typed by a person could not be read.
#[derive(Debug, thiserror::Error)]
#[error("`{given}` is not a key: give a UUID, 32 hex digits with or without dashes")]
pub struct KeyError {
    given: String,
}

#[derive(Clone)]
struct Key {
    stored: String,
    uuid: Option<Uuid>,
}

impl Key {
    fn from_stored(stored: String) -> Self {
        let uuid = Uuid::try_parse(&stored).ok();
        Self { stored, uuid }
    }

    fn from_uuid(uuid: Uuid) -> Self {
        Self { stored: uuid.simple().to_string(), uuid: Some(uuid) }
    }

    fn issued_at(&self) -> Option<Timestamp> {
        let uuid = self.uuid?;
        let dated = uuid.get_version() == Some(Version::SortRand) && uuid.get_variant() == Variant::RFC4122;
        dated.then(|| KeyBound::parse(&self.stored).map(KeyBound::time)).flatten()
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        match (self.uuid, other.uuid) {
            (Some(one), Some(two)) => one == two,
            (None, None) => self.stored == other.stored,
            _ => false,
        }
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.uuid {
            Some(uuid) => uuid.hash(state),
            None => self.stored.hash(state),
        }
    }
}

macro_rules! key_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub struct $name(Key);

        impl $name {
            /// The key as it stands in a row, whatever it is.
            #[must_use]
            pub fn from_stored(stored: String) -> Self {
                Self(Key::from_stored(stored))
            }

            /// The key of a UUID, in the form that compares with every kind of key column.
            #[must_use]
            pub fn from_uuid(uuid: Uuid) -> Self {
                Self(Key::from_uuid(uuid))
            }

            /// A new `UUIDv7` key (RFC 9562 section 5.7) issued at `now`.
            #[must_use]
            pub fn issue(now: Timestamp, random: &mut impl rand::Rng) -> Self {
                let millis = u64::try_from(now.unix_millis()).unwrap_or(0);
                let mut entropy = [0; 10];
                random.fill_bytes(&mut entropy);
                Self::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &entropy).into_uuid())
            }

            /// Reads what a person typed: a UUID with or without dashes, in either case.
            ///
            /// # Errors
            /// If it is no UUID.
            pub fn read(typed: &str) -> Result<Self, KeyError> {
                Uuid::try_parse(typed.trim())
                    .map(Self::from_uuid)
                    .map_err(|_| KeyError { given: text::harmless(typed) })
            }

            /// When the key was issued; `None` when it is not a `UUIDv7`, and so carries no time.
            #[must_use]
            pub fn issued_at(&self) -> Option<Timestamp> {
                self.0.issued_at()
            }

            /// The form to bind in a WHERE clause: exactly what the row holds.
            #[must_use]
            pub(crate) fn stored(&self) -> &str {
                &self.0.stored
            }
        }

        /// With dashes, as `DiracX` writes it into a token; as stored (made harmless) where it is no UUID.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.0.uuid {
                    Some(uuid) => f.pad(&uuid.hyphenated().to_string()),
                    None => f.pad(&text::harmless(&self.0.stored)),
                }
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    };
}

impl Eq for Key {}

key_type! {
    /// The key of a refresh token (`RefreshTokens.JTI`), the `jti` claim of RFC 7519.
    ///
    /// It identifies a token but is not the token: nobody can log in with it.
    Jti
}

key_type! {
    /// The key of an authorization flow (`AuthorizationFlows.UUID`).
    FlowId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_in_two_spellings_is_one_key() {
        let dashed = Jti::from_stored("01a22ee6-b000-7abc-8000-00000000000f".to_owned());
        let plain = Jti::read("01A22EE6B0007ABC800000000000000F").expect("32 hex digits");
        assert_eq!(dashed, plain);
        assert_eq!(plain.to_string(), "01a22ee6-b000-7abc-8000-00000000000f");
        assert_eq!(plain.stored(), "01a22ee6b0007abc800000000000000f");
        assert_eq!(dashed.stored(), "01a22ee6-b000-7abc-8000-00000000000f", "a row is found by what it holds");
    }

    #[test]
    fn only_version_7_keys_carry_a_time() {
        let now = Timestamp::from_unix_millis(1_795_000_000_123).expect("within the calendar");
        assert_eq!(Jti::issue(now, &mut crate::clock::randomness()).issued_at(), Some(now));
        let version_4 = Jti::from_stored("01a22ee6b0004abc800000000000000f".to_owned());
        assert_eq!(version_4.issued_at(), None);
        assert_eq!(Jti::from_stored("not a key".to_owned()).issued_at(), None);
    }

    #[test]
    fn a_malformed_key_is_shown_without_its_escape_sequences() {
        let key = Jti::from_stored("\u{1b}[2Jgone".to_owned());
        assert!(!key.to_string().contains('\u{1b}'));
        assert!(Jti::read("gone").is_err());
    }
}
