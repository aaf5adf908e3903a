//! Tables whose names are not this crate's: `[keys]` names commands of the dashboard, and `[columns]` its lists. They are
//! handed over as they stand, each entry with its place, so that who knows the names can refuse with file and line.

use super::{ConfigError, Origin};

/// The tables.
pub(super) const TABLES: [&str; 2] = ["keys", "columns"];

/// An entry of such a table: a name with one text or several.
///
/// # Examples
/// ```
/// use authdb_shared::config::{Config, Sources};
///
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("config.toml");
/// std::fs::write(&path, "[keys]\nrefresh = [\"r\", \"f5\"]\n")?;
/// let keys = Config::load(&Sources::default().with_config_file(Some(path)))?.dashboard.keys;
/// assert_eq!((keys[0].name.as_str(), keys[0].values.as_slice()), ("refresh", &["r".to_owned(), "f5".to_owned()][..]));
/// assert_eq!(keys[0].full_name(), "keys.refresh");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedEntry {
    /// The table, such as `keys`.
    pub table: &'static str,
    /// The name in it.
    pub name: String,
    /// What it is set to: one text, or those of a list.
    pub values: Vec<String>,
    /// File and line.
    pub origin: Origin,
}

impl NamedEntry {
    /// `table.name`.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::config::{NamedEntry, Origin};
    ///
    /// let entry = NamedEntry { table: "keys", name: "quit".to_owned(), values: Vec::new(), origin: Origin::Default };
    /// assert_eq!(entry.full_name(), "keys.quit");
    /// ```
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.table, self.name)
    }

    /// The error that there is no such name; `advice` is a sentence that names those there are.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::config::{NamedEntry, Origin};
    ///
    /// let origin = Origin::File { path: "config.toml".into(), line: 7 };
    /// let entry = NamedEntry { table: "keys", name: "quitt".to_owned(), values: Vec::new(), origin };
    /// let error = entry.unknown("Did you mean `quit`?".to_owned()).to_string();
    /// assert_eq!(error, "config.toml, line 7: there is no key `keys.quitt`. Did you mean `quit`?");
    /// ```
    #[must_use]
    pub fn unknown(&self, advice: String) -> ConfigError {
        ConfigError::UnknownKey { place: self.origin.clone(), key: self.full_name(), advice }
    }

    /// The error that it cannot be set to `given`, one of its values; `advice` says why and what to write instead.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::config::{NamedEntry, Origin};
    ///
    /// let origin = Origin::File { path: "config.toml".into(), line: 7 };
    /// let entry = NamedEntry { table: "keys", name: "quit".to_owned(), values: vec!["f99".to_owned()], origin };
    /// let error = entry.refuse("f99", "it is no key; write a letter".to_owned()).to_string();
    /// assert_eq!(error, "config.toml, line 7: keys.quit cannot be `f99`: it is no key; write a letter");
    /// ```
    #[must_use]
    pub fn refuse(&self, given: &str, advice: String) -> ConfigError {
        ConfigError::Value { place: self.origin.clone(), key: self.full_name(), given: format!("`{given}`"), advice }
    }
}
