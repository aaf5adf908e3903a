//! Contexts: several databases in one file, of which `authdb` works on one at a time.
//!
//! A context that is chosen is laid over the other settings: its URL and password stand in place of those of
//! `[database]`, its registry in place of that of `[approval]`, and what it says of the policy in place of `[policy]`. So
//! everything that reads a setting, or refuses one with its place, knows nothing of contexts. A password of one database is
//! never tried on another, and the users of one installation are never taken for those of another.
//!
//! The janitor chooses none: it works on `[database]`, and does not look into `[contexts]`.

use std::collections::BTreeMap;

use super::settings::{Origin, Setting};
use super::{Colour, ConfigError, KEYS, kinds};

/// The name of what `[database]` says.
pub(super) const DEFAULT: &str = "default";

/// What a context can say besides `policy.…`.
const FIELDS: [&str; 7] = ["url", "password", "password_file", "registry", "colour", "read_only", "production"];

/// A context: a database under a name.
///
/// # Examples
/// ```
/// use authdb_shared::config::{Config, Sources};
///
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("config.toml");
/// std::fs::write(&path, "[contexts.lhcb]\nurl = \"mysql://operator@db.example/AuthDB\"\nproduction = true\n")?;
/// let sources = Sources::default()
///     .with_config_file(Some(path))
///     .choosing_a_context()
///     .with_variable("AUTHDB_CONTEXT", "lhcb");
/// let config = Config::load(&sources)?;
/// assert!(config.context.is_production && config.context.name == "lhcb");
/// assert_eq!(config.database.url.place(), "AuthDB at db.example:3306");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextConfig {
    /// Its name; `default` for what `[database]` says.
    pub name: String,
    /// Where its database is, without a password.
    pub place: String,
    /// The colour of its head line.
    pub colour: Option<Colour>,
    /// Whether nothing can be changed in it: because it says so, or because nothing can be changed anywhere.
    pub read_only: bool,
    /// Whether people work with it in earnest: it looks different, and changes need its name.
    pub is_production: bool,
}

/// A context as it stands in the file.
#[derive(Clone, Debug)]
pub(super) struct ContextTable {
    pub(super) name: String,
    pub(super) origin: Origin,
    /// By name; what stands in its table `policy` as `policy.NAME`.
    pub(super) values: BTreeMap<String, (String, Origin)>,
}

impl ContextTable {
    /// Refuses whatever cannot be used. Where nothing can be changed anywhere, nothing can be changed here.
    pub(super) fn check(&self, is_read_only_anywhere: bool) -> Result<ContextConfig, ConfigError> {
        let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        if self.name == DEFAULT || self.name.is_empty() || !self.name.chars().all(is_letter) {
            return Err(ConfigError::Value {
                place: self.origin.clone(),
                key: "the name of a context".to_owned(),
                given: format!("`{}`", self.name),
                advice: "it must be typed to confirm changes: write letters, digits, `-`, `_` and `.`, and not \
                         `default`, which is what [database] says"
                    .to_owned(),
            });
        }
        for (name, (_, origin)) in &self.values {
            let is_known = FIELDS.contains(&name.as_str()) || policy_key(name).is_some();
            if !is_known {
                return Err(ConfigError::UnknownKey {
                    place: origin.clone(),
                    key: self.full_name(name),
                    advice: format!(
                        "A context has {}, and a table policy with the keys of [policy]",
                        FIELDS.join(", ")
                    ),
                });
            }
        }
        let Some(url) = self.read("url", kinds::database_url)? else {
            return Err(ConfigError::Value {
                place: self.origin.clone(),
                key: format!("contexts.{}", self.name),
                given: "without a url".to_owned(),
                advice: "write url = \"mysql://USER@HOST/DATABASE\" into it".to_owned(),
            });
        };
        let is_production = self.read("production", kinds::boolean)?.unwrap_or_default();
        let colour = self.read("colour", kinds::colour)?.or(is_production.then_some(Colour::Red));
        let read_only = self.read("read_only", kinds::boolean)?.unwrap_or_default() || is_read_only_anywhere;
        self.read("registry", kinds::registry)?;
        Ok(ContextConfig { name: self.name.clone(), place: url.place(), colour, read_only, is_production })
    }

    /// What it says in place of other settings.
    pub(super) fn overlay(&self) -> Vec<(&'static str, Setting)> {
        // What it leaves out of these is nothing, and not what another installation has.
        let own = [
            ("database.url", "url"),
            ("database.password", "password"),
            ("database.password_file", "password_file"),
            ("approval.registry", "registry"),
        ];
        let own = own.into_iter().map(|(key, name)| (key, self.setting(name).unwrap_or_else(|| self.nothing(name))));
        let read_only = self.read_only();
        let policy = self.values.keys().filter_map(|name| Some((policy_key(name)?, self.setting(name)?)));
        own.chain(read_only).chain(policy).collect()
    }

    /// That nothing may be changed here, if it says so.
    fn read_only(&self) -> Option<(&'static str, Setting)> {
        let is_read_only = self.values.get("read_only").is_some_and(|(text, _)| kinds::boolean(text) == Ok(true));
        self.setting("read_only").filter(|_| is_read_only).map(|it| ("dashboard.read_only", it))
    }

    /// That nothing may be changed at this place, if it says so, and of this place.
    pub(super) fn closes(&self, place: &str) -> Option<(&'static str, Setting)> {
        let is_there =
            self.read("url", kinds::database_url).is_ok_and(|url| url.is_some_and(|url| url.place() == place));
        self.read_only().filter(|_| is_there)
    }

    /// `contexts.NAME.FIELD`.
    pub(super) fn full_name(&self, field: &str) -> String {
        format!("contexts.{}.{field}", self.name)
    }

    fn setting(&self, field: &str) -> Option<Setting> {
        let (text, origin) = self.values.get(field)?;
        Some(Setting { name: self.full_name(field), text: text.clone(), origin: origin.clone() })
    }

    fn nothing(&self, field: &str) -> Setting {
        Setting { name: self.full_name(field), text: String::new(), origin: self.origin.clone() }
    }

    fn read<T>(&self, field: &str, kind: fn(&str) -> Result<T, String>) -> Result<Option<T>, ConfigError> {
        let Some((text, origin)) = self.values.get(field) else { return Ok(None) };
        kind(text).map(Some).map_err(|advice| ConfigError::Value {
            place: origin.clone(),
            key: self.full_name(field),
            // It may hold a password.
            given: if ["url", "registry"].contains(&field) { "what it is".to_owned() } else { format!("`{text}`") },
            advice,
        })
    }
}

/// The key of `[policy]` that a context's `policy.NAME` is.
fn policy_key(name: &str) -> Option<&'static str> {
    KEYS.iter().map(|key| key.name).find(|key| name.starts_with("policy.") && *key == name)
}

/// The context to work on, if it is another than `[database]`.
///
/// Where URL and context are both given, the stronger source wins: a URL in the environment over a context in the file.
pub(super) fn choose<'a>(
    tables: &'a [ContextTable],
    chosen: &Setting,
    url: &Setting,
) -> Result<Option<&'a ContextTable>, ConfigError> {
    let strength = |origin: &Origin| match origin {
        Origin::Default => 0,
        Origin::File { .. } => 1,
        Origin::Variable(_) => 2,
        Origin::Flag(_) => 3,
    };
    match chosen.text.trim() {
        "" if !tables.is_empty() && strength(&url.origin) == 0 => Err(ConfigError::NoContext { names: names(tables) }),
        "" | DEFAULT => Ok(None),
        name => match tables.iter().find(|table| table.name == name) {
            Some(table) => Ok(Some(table).filter(|_| strength(&chosen.origin) >= strength(&url.origin))),
            None => Err(ConfigError::Value {
                place: chosen.origin.clone(),
                key: chosen.name.clone(),
                given: format!("`{name}`"),
                advice: format!("there is no such context. There are {DEFAULT}, {}", names(tables)),
            }),
        },
    }
}

fn names(tables: &[ContextTable]) -> String {
    if tables.is_empty() {
        return "no others; [contexts.NAME] would make one".to_owned();
    }
    tables.iter().map(|table| table.name.as_str()).collect::<Vec<_>>().join(", ")
}
