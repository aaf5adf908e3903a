//! `JTI` and `UUID`: the keys of `RefreshTokens` and `AuthorizationFlows`.
//!
//! The same column is `char(32)` on `MySQL` and `SQLite`, a native `uuid` on newer `MariaDB`, and it may hold version-4 keys
//! from before `DiracX` used `UUIDv7`, or text that is no UUID at all. A key keeps the stored form for the WHERE clause and
//! compares by what it means.

use std::fmt;
use std::hash::{Hash, Hasher};

use uuid::{Builder, Uuid, Variant, Version};

use crate::clock::Timestamp;
use crate::ids::KeyBound;
use crate::text;

/// A key typed by a person could not be read.
///
/// # Examples
/// ```
/// use authdb_shared::ids::Jti;
///
/// let error = Jti::read("01a22ee6-b000").expect_err("half of a key");
/// assert!(error.to_string().contains("give a UUID"), "it says what to write instead: {error}");
/// ```
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

    fn issue(now: Timestamp, random: &mut impl rand::Rng) -> Self {
        let millis = u64::try_from(now.unix_millis()).unwrap_or(0);
        let mut entropy = [0; 10];
        random.fill_bytes(&mut entropy);
        Self::from_uuid(Builder::from_unix_timestamp_millis(millis, &entropy).into_uuid())
    }

    fn read(typed: &str) -> Result<Self, KeyError> {
        Uuid::try_parse(typed.trim()).map(Self::from_uuid).map_err(|_| KeyError { given: text::harmless(typed) })
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

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.uuid {
            Some(uuid) => uuid.hash(state),
            None => self.stored.hash(state),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.uuid {
            Some(uuid) => f.pad(&uuid.hyphenated().to_string()),
            None => f.pad(&text::harmless(&self.stored)),
        }
    }
}

/// Two types with the same members. What they do stands above: `cargo mutants` changes nothing inside of a macro.
macro_rules! key_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub struct $name(Key);

        impl $name {
            /// The key as it stands in a row, whatever it is.
            ///
            /// # Examples
            /// ```
            /// use authdb_shared::ids::{FlowId, Jti};
            ///
            /// let of_mysql = Jti::from_stored("01a22ee6b0007abc800000000000000f".to_owned());
            /// let of_mariadb = Jti::from_stored("01a22ee6-b000-7abc-8000-00000000000f".to_owned());
            /// assert_eq!(of_mysql, of_mariadb);
            ///
            /// let malformed = FlowId::from_stored("by hand".to_owned());
            /// assert_eq!(malformed.to_string(), "by hand", "its row can be shown, and cancelled");
            /// ```
            #[must_use]
            pub fn from_stored(stored: String) -> Self {
                Self(Key::from_stored(stored))
            }

            /// The key of a UUID, in the form that compares with every kind of key column.
            ///
            /// # Examples
            /// ```
            /// use authdb_shared::ids::{FlowId, Jti};
            /// use uuid::Uuid;
            ///
            /// let uuid = Uuid::from_u128(0x01a2_2ee6_b000_7abc_8000_0000_0000_000f);
            /// assert_eq!(Jti::from_uuid(uuid).to_string(), "01a22ee6-b000-7abc-8000-00000000000f");
            /// let begun = FlowId::from_uuid(uuid).issued_at().expect("a version 7");
            /// assert_eq!(begun.sql_text(), "2026-12-01 00:00:00");
            /// ```
            #[must_use]
            pub fn from_uuid(uuid: Uuid) -> Self {
                Self(Key::from_uuid(uuid))
            }

            /// A new `UUIDv7` key (RFC 9562 section 5.7) issued at `now`.
            ///
            /// # Examples
            /// ```
            /// use authdb_shared::ids::{FlowId, Jti};
            /// use authdb_shared::{Timestamp, clock};
            ///
            /// let now = Timestamp::from_unix_millis(1_795_000_000_123).expect("within the calendar");
            /// let random = &mut clock::randomness();
            /// let jti = Jti::issue(now, random);
            /// assert_eq!(jti.issued_at(), Some(now));
            /// assert_ne!(jti, Jti::issue(now, random), "74 of its bits are random");
            /// assert_eq!(FlowId::issue(now, random).issued_at(), Some(now));
            /// ```
            #[must_use]
            pub fn issue(now: Timestamp, random: &mut impl rand::Rng) -> Self {
                Self(Key::issue(now, random))
            }

            /// Reads what a person typed: a UUID with or without dashes, in either case.
            ///
            /// # Errors
            /// If it is no UUID.
            ///
            /// # Examples
            /// ```
            /// use authdb_shared::ids::{FlowId, Jti};
            ///
            /// let jti = Jti::read(" 01A22EE6B0007ABC800000000000000F")?;
            /// assert_eq!(jti.to_string(), "01a22ee6-b000-7abc-8000-00000000000f");
            /// assert!(FlowId::read("01a22ee6").is_err(), "the beginning of a key is no key");
            /// # Ok::<(), authdb_shared::ids::KeyError>(())
            /// ```
            pub fn read(typed: &str) -> Result<Self, KeyError> {
                Key::read(typed).map(Self)
            }

            /// When the key was issued; `None` when it is not a `UUIDv7`, and so carries no time.
            ///
            /// # Examples
            /// ```
            /// use authdb_shared::ids::{FlowId, Jti};
            ///
            /// let dated = Jti::read("01a22ee6-b000-7abc-8000-00000000000f")?;
            /// assert_eq!(dated.issued_at().map(|time| time.sql_text()).as_deref(), Some("2026-12-01 00:00:00"));
            /// let version_4 = FlowId::read("01a22ee6-b000-4abc-8000-00000000000f")?;
            /// assert_eq!(version_4.issued_at(), None);
            /// # Ok::<(), authdb_shared::ids::KeyError>(())
            /// ```
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
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    };
}

key_type! {
    /// The key of a refresh token (`RefreshTokens.JTI`), the `jti` claim of RFC 7519.
    ///
    /// It identifies a token but is not the token: nobody can log in with it.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::ids::Jti;
    ///
    /// let shown = Jti::from_stored("01a22ee6b0007abc800000000000000f".to_owned()).to_string();
    /// assert_eq!(shown, "01a22ee6-b000-7abc-8000-00000000000f", "as in the token itself");
    /// ```
    Jti
}

key_type! {
    /// The key of an authorization flow (`AuthorizationFlows.UUID`).
    ///
    /// It travels through the identity provider in `DiracX`'s encrypted `state`; the client never sees it.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::ids::FlowId;
    ///
    /// let in_dashes = FlowId::read("01a22ee6-b000-7abc-8000-00000000000f")?;
    /// assert_eq!(in_dashes, FlowId::read("01A22EE6B0007ABC800000000000000F")?);
    /// # Ok::<(), authdb_shared::ids::KeyError>(())
    /// ```
    FlowId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_in_two_spellings_is_one_key() {
        let dashed = Jti::from_stored("01a22ee6-b000-7abc-8000-00000000000f".to_owned());
        let plain = Jti::read(" 01A22EE6B0007ABC800000000000000F\n").expect("32 hex digits");
        assert_eq!(dashed, plain);
        assert_eq!(plain.to_string(), "01a22ee6-b000-7abc-8000-00000000000f");
        assert_eq!(plain.stored(), "01a22ee6b0007abc800000000000000f");
        assert_eq!(dashed.stored(), "01a22ee6-b000-7abc-8000-00000000000f", "a row is found by what it holds");
    }

    #[test]
    fn a_set_of_keys_finds_each_in_either_spelling_and_keeps_them_apart() {
        use std::hash::{BuildHasher as _, RandomState};

        let hasher = RandomState::new();
        let hash = |stored: &str| hasher.hash_one(Jti::from_stored(stored.to_owned()));
        let plain = "01a22ee6b0007abc800000000000000f";
        assert_eq!(hash(plain), hash("01a22ee6-b000-7abc-8000-00000000000f"), "equal keys have one hash");
        // Were it the same for all, marking ten thousand rows would compare each with every other.
        assert_ne!(hash(plain), hash("01a22ee6b0007abc8000000000000010"));
        assert_ne!(hash("not a key"), hash("nor is this"));
    }

    #[test]
    fn keys_issued_in_one_millisecond_differ() {
        let now = Timestamp::from_unix_millis(1_795_000_000_123).expect("within the calendar");
        let mut random = crate::clock::randomness();
        assert_ne!(FlowId::issue(now, &mut random), FlowId::issue(now, &mut random));
    }

    #[test]
    fn only_version_7_keys_carry_a_time() {
        let now = Timestamp::from_unix_millis(1_795_000_000_123).expect("within the calendar");
        assert_eq!(Jti::issue(now, &mut crate::clock::randomness()).issued_at(), Some(now));
        let version_4 = Jti::from_stored("01a22ee6b0004abc800000000000000f".to_owned());
        assert_eq!(version_4.issued_at(), None);
        let foreign_variant = Jti::from_stored("01a22ee6b0007abc000000000000000f".to_owned());
        assert_eq!(foreign_variant.issued_at(), None);
        assert_eq!(Jti::from_stored("not a key".to_owned()).issued_at(), None);
    }

    #[test]
    fn a_key_is_never_taken_for_another() {
        let key = |stored: &str| Jti::from_stored(stored.to_owned());
        let one = key("01a22ee6b0007abc800000000000000f");
        assert_ne!(one, key("01a22ee6b0007abc800000000000000e"));
        assert_ne!(one, key("gone"));
        assert_ne!(key("gone"), one);
        assert_eq!(key("gone"), key("gone"), "a malformed key is found again by what its row holds");
        assert_ne!(key("gone"), key("gone too"));
    }

    #[test]
    fn a_malformed_key_is_shown_without_its_escape_sequences() {
        let key = Jti::from_stored("\u{1b}[2Jgone".to_owned());
        assert!(!key.to_string().contains('\u{1b}'));
        let refused = Jti::read("\u{1b}[2Jgone").expect_err("no UUID");
        assert!(refused.to_string().contains("`␛[2Jgone` is not a key"), "{refused}");
    }
}
