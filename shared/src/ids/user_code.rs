//! User codes: what a person reads off one screen and an administrator types into another (RFC 8628 section 6.1).

use std::fmt;

use rand::RngExt;

use crate::text;

/// The letters of a user code: no vowels, so that no code spells a word (RFC 8628 section 6.1, as `DiracX` uses it).
///
/// # Examples
/// ```
/// use authdb_shared::clock;
/// use authdb_shared::ids::{USER_CODE_ALPHABET, UserCode};
///
/// let code = UserCode::draw(&mut clock::randomness()).to_string();
/// assert!(code.chars().all(|letter| letter == '-' || USER_CODE_ALPHABET.contains(letter)));
/// ```
pub const USER_CODE_ALPHABET: &str = "BCDFGHJKLMNPQRSTVWXZ";

/// The length of a user code in letters, and the width of its column (DiracX's `USER_CODE_LENGTH`).
///
/// # Examples
/// ```
/// use authdb_shared::clock;
/// use authdb_shared::ids::{USER_CODE_LENGTH, UserCode};
///
/// let shown = UserCode::draw(&mut clock::randomness()).to_string();
/// assert_eq!(shown.len(), USER_CODE_LENGTH + "-".len());
/// ```
pub const USER_CODE_LENGTH: usize = 8;

/// The key of a device flow (`DeviceFlows.UserCode`).
///
/// # Examples
/// ```
/// use authdb_shared::ids::UserCode;
///
/// let on_the_phone = UserCode::read("b c d f - g h j k")?;
/// assert_eq!(on_the_phone, UserCode::from_stored("BCDFGHJK".to_owned()));
/// assert_eq!(on_the_phone.to_string(), "BCDF-GHJK");
/// # Ok::<(), authdb_shared::ids::UserCodeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserCode(String);

/// A user code typed by a person could not be read.
///
/// # Examples
/// ```
/// use authdb_shared::ids::{UserCode, UserCodeError};
///
/// assert_eq!(UserCode::read(" - "), Err(UserCodeError::Empty));
/// assert!(matches!(UserCode::read("BCDF-GHJK-LMNP"), Err(UserCodeError::TooLong(_))));
/// ```
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum UserCodeError {
    /// Nothing was typed.
    #[error("type the code that the user reads out, such as BCDF-GHJK")]
    Empty,
    /// More was typed than the column can hold.
    #[error("`{0}` is too long for a user code: codes have eight letters, such as BCDF-GHJK")]
    TooLong(String),
}

impl UserCode {
    /// The code as it stands in a row.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::ids::UserCode;
    ///
    /// assert_eq!(UserCode::from_stored("BCDFGHJK".to_owned()).to_string(), "BCDF-GHJK");
    /// assert_eq!(UserCode::from_stored("a1-e9".to_owned()).to_string(), "a1-e9", "a code of an older version");
    /// ```
    #[must_use]
    pub fn from_stored(stored: String) -> Self {
        Self(stored)
    }

    /// Reads what a person typed: with or without dash and blanks, in either case.
    ///
    /// What is not a code of today's alphabet is kept as typed, because databases hold codes of older versions.
    ///
    /// # Errors
    /// If nothing is left, or more than the column can hold.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::ids::UserCode;
    ///
    /// for typed in ["BCDFGHJK", "bcdf-ghjk", " BCDF GHJK "] {
    ///     assert_eq!(UserCode::read(typed)?.to_string(), "BCDF-GHJK");
    /// }
    /// # Ok::<(), authdb_shared::ids::UserCodeError>(())
    /// ```
    pub fn read(typed: &str) -> Result<Self, UserCodeError> {
        let letters: String =
            typed.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase()).collect();
        if is_current(&letters) {
            return Ok(Self(letters));
        }
        let trimmed = typed.trim();
        if letters.is_empty() {
            Err(UserCodeError::Empty)
        } else if trimmed.chars().count() > USER_CODE_LENGTH {
            Err(UserCodeError::TooLong(text::harmless(trimmed)))
        } else {
            Ok(Self(trimmed.to_owned()))
        }
    }

    /// Draws a new code, as `DiracX`'s `insert_device_flow` does: every letter by itself, so that one of 20⁸ codes is
    /// as likely as another.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::clock;
    /// use authdb_shared::ids::UserCode;
    ///
    /// let code = UserCode::draw(&mut clock::randomness());
    /// assert_eq!(UserCode::read(&code.to_string())?, code, "it survives being read out");
    /// # Ok::<(), authdb_shared::ids::UserCodeError>(())
    /// ```
    #[must_use]
    pub fn draw(random: &mut impl rand::Rng) -> Self {
        let alphabet = USER_CODE_ALPHABET.as_bytes();
        Self((0..USER_CODE_LENGTH).map(|_| char::from(alphabet[random.random_range(0..alphabet.len())])).collect())
    }

    /// Whether today's `DiracX` could have drawn it: eight letters of [`USER_CODE_ALPHABET`].
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::ids::UserCode;
    ///
    /// assert!(UserCode::from_stored("BCDFGHJK".to_owned()).is_current());
    /// assert!(!UserCode::from_stored("A1E9B2C3".to_owned()).is_current(), "a code of an older version");
    /// ```
    #[must_use]
    pub fn is_current(&self) -> bool {
        is_current(&self.0)
    }

    /// The form to bind in a WHERE clause.
    #[must_use]
    pub(crate) fn stored(&self) -> &str {
        &self.0
    }
}

fn is_current(code: &str) -> bool {
    code.len() == USER_CODE_LENGTH && code.chars().all(|c| USER_CODE_ALPHABET.contains(c))
}

/// `ABCD-EFGH`, as the user sees it; codes of other shapes as stored (made harmless).
impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_current(&self.0) {
            f.pad(&format!("{}-{}", &self.0[..4], &self.0[4..]))
        } else {
            f.pad(&text::harmless(&self.0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_spelt_out() {
        for typed in ["BCDFGHJK", "bcdf-ghjk", " BCDF GHJK ", "b c d f - g h j k"] {
            let code = UserCode::read(typed).expect("a code");
            assert_eq!((code.stored(), code.to_string().as_str()), ("BCDFGHJK", "BCDF-GHJK"));
        }
    }

    #[test]
    fn codes_of_older_versions_stay_usable() {
        let code = UserCode::read(" a1-e9 ").expect("a code");
        assert_eq!((code.stored(), code.to_string().as_str()), ("a1-e9", "a1-e9"));
        let full_width = UserCode::read("a1e9-b2c").expect("as long as the column is wide");
        assert_eq!((full_width.stored(), full_width.to_string().as_str()), ("a1e9-b2c", "a1e9-b2c"));
    }

    #[test]
    fn nothing_and_too_much_are_refused() {
        assert_eq!(UserCode::read(" - "), Err(UserCodeError::Empty));
        assert!(matches!(UserCode::read("BCDF-GHJKL"), Err(UserCodeError::TooLong(_))));
    }

    #[test]
    fn drawn_codes_use_the_alphabet_alone() {
        let code = UserCode::draw(&mut crate::clock::randomness());
        assert!(is_current(code.stored()), "{code}");
    }
}
