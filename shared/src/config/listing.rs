//! What is in force, and where each value came from: for `authdb config`, and for whoever wonders why.

use super::keys::KEYS;
use super::settings::{Origin, Settings, Sources};
use super::url::DatabaseUrl;
use super::{Config, ConfigError};
use crate::registry::RegistrySource;

/// What stands in place of a secret.
const HIDDEN: &str = "***";

/// A key with the value in force.
///
/// # Examples
/// ```
/// use authdb_shared::config::{Config, Sources};
///
/// let sources = Sources::default().with_variable("AUTHDB_DATABASE_URL", "mysql://diracx:secret@db.example/AuthDB");
/// let settings = Config::settings(&sources)?;
/// let url = settings.iter().find(|setting| setting.key == "database.url").expect("every key is listed");
/// assert_eq!(url.value, "mysql://diracx:***@db.example:3306/AuthDB");
/// assert_eq!(url.origin.to_string(), "environment variable AUTHDB_DATABASE_URL");
/// # Ok::<(), authdb_shared::config::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownSetting {
    /// `section.name`, or `table.name` and `contexts.CONTEXT.name` for names of your own.
    pub key: String,
    /// The value, as one would write it in config.toml without quotes; of a secret, no more than that there is one.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

impl Config {
    /// Every key with its value and where that came from, in the order of the file; then what stands in tables with names
    /// of your own. Secrets are hidden.
    ///
    /// # Errors
    /// As [`Config::load`]: what cannot be used is not listed.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::config::{Config, KEYS, Sources};
    ///
    /// assert_eq!(Config::settings(&Sources::default())?.len(), KEYS.len());
    /// # Ok::<(), authdb_shared::config::ConfigError>(())
    /// ```
    pub fn settings(sources: &Sources) -> Result<Vec<ShownSetting>, ConfigError> {
        Self::load(sources)?;
        let settings = Settings::collect(sources)?;
        let shown = |name: &'static str| {
            let (key, setting) = settings.setting(name);
            let value = if key.is_secret { without_secret(name, &setting.text) } else { setting.text.clone() };
            ShownSetting { key: key.name.to_owned(), value, origin: setting.origin.clone() }
        };
        let mut listed: Vec<ShownSetting> = KEYS.iter().map(|key| shown(key.name)).collect();
        listed.extend(settings.named.iter().map(|entry| ShownSetting {
            key: entry.full_name(),
            value: entry.values.join(", "),
            origin: entry.origin.clone(),
        }));
        for table in &settings.tables {
            listed.extend(table.values.iter().map(|(name, (text, origin))| {
                let value = match name.as_str() {
                    "url" | "password" => without_secret(&format!("database.{name}"), text),
                    "registry" => without_secret("approval.registry", text),
                    _ => text.clone(),
                };
                ShownSetting { key: table.full_name(name), value, origin: origin.clone() }
            }));
        }
        Ok(listed)
    }
}

/// A URL shows everything but its account or password; of other secrets not even the length is told.
fn without_secret(key: &str, text: &str) -> String {
    let shown = match key {
        "database.url" => DatabaseUrl::parse(text).ok().map(|url| url.to_string()),
        "approval.registry" => RegistrySource::parse(text).ok().flatten().map(|source| source.to_string()),
        _ => None,
    };
    shown.unwrap_or_else(|| if text.is_empty() { String::new() } else { HIDDEN.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_shown_by_none_of_its_ways_in() {
        let sources = Sources::default()
            .with_variable("DIRACX_DB_URL_AUTHDB", "mysql+aiomysql://diracx:hunter2@db.example/AuthDB")
            .with_variable("AUTHDB_DATABASE_PASSWORD", "hunter2");
        let listed = format!("{:?}", Config::settings(&sources).expect("a valid configuration"));
        assert!(!listed.contains("hunter2"), "{listed}");
        assert!(listed.contains("mysql://diracx:***@db.example:3306/AuthDB"), "{listed}");
    }

    #[test]
    fn a_password_that_looks_like_a_database_is_hidden_too() {
        assert_eq!(without_secret("database.password", "sqlite:hunter2"), HIDDEN);
        assert_eq!(without_secret("database.password", ""), "");
    }
}
