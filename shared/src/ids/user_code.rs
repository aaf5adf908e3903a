//! User codes: what a person reads off one screen and an administrator types into another (RFC 8628 section 6.1).

use std::fmt;

use rand::RngExt;

use crate::text;

/// The letters of a user code: no vowels, so that no code spells a word (RFC 8628 section 6.1, as `DiracX` uses it).
pub const USER_CODE_ALPHABET: &str = "BCDFGHJKLMNPQRSTVWXZ";

/// The length of a user code, and the width of its column.
pub const USER_CODE_LENGTH: usize = 8;

/// The key of a device flow (`DeviceFlows.UserCode`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserCode(String);

/// A user code typed by a person could not be read.
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

    /// Draws a new code, as `DiracX`'s `insert_device_flow` does.
    #[must_use]
    pub fn draw(random: &mut impl rand::Rng) -> Self {
        let alphabet = USER_CODE_ALPHABET.as_bytes();
        Self((0..USER_CODE_LENGTH).map(|_| char::from(alphabet[random.random_range(0..alphabet.len())])).collect())
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
