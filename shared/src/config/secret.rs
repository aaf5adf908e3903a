//! Passwords that cannot be printed by accident.

use std::fmt;

/// A text whose Debug and Display forms hide it.
///
/// # Examples
/// ```
/// use authdb_shared::config::Secret;
///
/// let password = Secret::new("correct horse".to_owned());
/// assert_eq!(format!("{password} {password:?}"), "*** ***");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::config::{DatabaseUrl, MySqlAddress, Secret};
    ///
    /// # let from_the_vault = || "correct horse".to_owned();
    /// let Ok(DatabaseUrl::MySql(address)) = DatabaseUrl::parse("mysql://diracx@db.example/AuthDB") else {
    ///     unreachable!("it is a URL of MySQL")
    /// };
    /// let address = MySqlAddress { password: Some(Secret::new(from_the_vault())), ..address };
    /// assert_eq!(DatabaseUrl::MySql(address).to_string(), "mysql://diracx:***@db.example:3306/AuthDB");
    /// ```
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself, for the one place that hands it to the database driver.
    #[must_use]
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
