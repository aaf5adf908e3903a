//! The sources of a value and their order.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use super::contexts::{self, ContextConfig, ContextTable};
use super::file::{self, FileValues};
use super::keys::{self, DiracXUnit, KEYS, Key};
use super::{ConfigError, NamedEntry, kinds};

/// Where a value came from.
///
/// # Examples
/// ```
/// use authdb_shared::config::Origin;
///
/// let place = Origin::File { path: "/etc/authdb/config.toml".into(), line: 12 };
/// assert_eq!(place.to_string(), "/etc/authdb/config.toml, line 12");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A command-line flag.
    Flag(&'static str),
    /// An environment variable.
    Variable(String),
    /// A line of the configuration file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::File { path, line } => write!(f, "{}, line {line}", path.display()),
            Self::Default => write!(f, "default"),
        }
    }
}

/// What the programs hand over: flags and environment, gathered in one place so that tests can make them up.
///
/// A value is taken from the flag, the variable `AUTHDB_SECTION_KEY`, DiracX's own variable, the file or the default:
/// the first that says something.
///
/// # Examples
/// ```
/// use authdb_shared::config::{Config, Sources};
///
/// let sources = Sources::default()
///     .with_variable("AUTHDB_DASHBOARD_LIST_LIMIT", "200")
///     .with_flag("dashboard.list_limit", "--limit", Some("50".to_owned()));
/// assert_eq!(Config::load(&sources)?.dashboard.list_limit, 50, "a flag beats a variable");
/// # Ok::<(), authdb_shared::config::ConfigError>(())
/// ```
#[derive(Clone, Default)]
pub struct Sources {
    pub(super) config_file: Option<PathBuf>,
    flags: BTreeMap<&'static str, (&'static str, String)>,
    environment: BTreeMap<String, String>,
    /// Variables whose values are not UTF-8.
    unreadable: BTreeSet<String>,
    chooses_context: bool,
}

impl Sources {
    /// The environment of this process. Variables whose names are not UTF-8 are none of ours; one of ours with such a value
    /// is refused when the configuration is loaded.
    ///
    /// # Examples
    /// ```no_run
    /// use authdb_shared::config::{Config, Sources};
    ///
    /// let config = Config::load(&Sources::from_process())?;
    /// println!("connecting to {}", config.database.url);
    /// # Ok::<(), authdb_shared::config::ConfigError>(())
    /// ```
    #[must_use]
    pub fn from_process() -> Self {
        let mut sources = Self::default();
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else { continue };
            match value.into_string() {
                Ok(value) => _ = sources.environment.insert(name, value),
                Err(_) => _ = sources.unreadable.insert(name),
            }
        }
        sources
    }

    /// Names the file to read, as `--config` does.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::config::{Config, Sources};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("config.toml");
    /// std::fs::write(&path, "[policy]\nrefresh_token_lifetme = \"2h\"\n")?;
    /// let error = Config::load(&Sources::default().with_config_file(Some(path))).expect_err("misspelt").to_string();
    /// assert!(error.contains("line 2") && error.contains("Did you mean `policy.refresh_token_lifetime`?"), "{error}");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn with_config_file(self, config_file: Option<PathBuf>) -> Self {
        Self { config_file, ..self }
    }

    /// Adds an environment variable. An empty value counts as none.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::config::{Config, Sources};
    ///
    /// let sources = Sources::default().with_variable("AUTHDB_DATABASE_URL", "sqlite:/srv/authdb.sqlite3");
    /// assert_eq!(Config::load(&sources)?.database.url.to_string(), "sqlite:/srv/authdb.sqlite3");
    /// # Ok::<(), authdb_shared::config::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Sets `key` (`section.name`) by the command-line flag called `flag`. Without a `value`, the flag was not given,
    /// and nothing changes.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::config::{Config, Sources};
    ///
    /// # let given: Option<String> = Some("0".to_owned());
    /// let sources = Sources::default().with_flag("dashboard.list_limit", "--limit", given);
    /// let error = Config::load(&sources).expect_err("no rows at all").to_string();
    /// assert!(error.starts_with("--limit: dashboard.list_limit cannot be `0`"), "{error}");
    /// ```
    #[must_use]
    pub fn with_flag(mut self, key: &'static str, flag: &'static str, value: Option<String>) -> Self {
        if let Some(value) = value {
            self.flags.insert(key, (flag, value));
        }
        self
    }

    /// Lets a context be chosen, as `authdb` does. Without this, what is configured is `[database]`, and contexts are not
    /// looked at: so does the janitor.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::config::{Config, Sources};
    ///
    /// let sources = Sources::default().with_variable("AUTHDB_CONTEXT", "lhcb");
    /// assert_eq!(Config::load(&sources)?.context.name, "default");
    /// let error = Config::load(&sources.choosing_a_context()).expect_err("there is none").to_string();
    /// assert!(error.starts_with("environment variable AUTHDB_CONTEXT: dashboard.context cannot be `lhcb`"), "{error}");
    /// # Ok::<(), authdb_shared::config::ConfigError>(())
    /// ```
    #[must_use]
    pub fn choosing_a_context(self) -> Self {
        Self { chooses_context: true, ..self }
    }

    /// A variable that is set to something: an empty one counts as unset, as systemd and shells leave them.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// Says which flags and variables there are, and of none what it is set to: one of them may be a password.
impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources")
            .field("config_file", &self.config_file)
            .field("flags", &self.flags.keys())
            .field("variables", &self.environment.keys())
            .field("unreadable", &self.unreadable)
            .field("chooses_context", &self.chooses_context)
            .finish()
    }
}

#[derive(Clone, Debug)]
pub(super) struct Setting {
    /// The key as it is written where the value stands.
    pub(super) name: String,
    pub(super) text: String,
    pub(super) origin: Origin,
}

/// Every key with its value, still as text, and where that came from.
pub(super) struct Settings {
    values: BTreeMap<&'static str, Setting>,
    /// The file that was read.
    pub(super) file: Option<PathBuf>,
    /// The entries of tables whose names are the dashboard's.
    pub(super) named: Vec<NamedEntry>,
    /// The context in force, if it is another than `[database]`.
    pub(super) context: Option<ContextConfig>,
    /// Every context that can be chosen.
    pub(super) contexts: Vec<ContextConfig>,
    /// The same as they stand in the file.
    pub(super) tables: Vec<ContextTable>,
}

impl Settings {
    pub(super) fn collect(sources: &Sources) -> Result<Self, ConfigError> {
        refuse_unknown_variables(sources)?;
        let path = file::locate(sources)?;
        let content = path.as_deref().map(file::read).transpose()?.unwrap_or_default();
        let mut values = BTreeMap::new();
        for key in KEYS {
            values.insert(key.name, first_source(key, sources, &content.values)?);
        }
        let named = content.named;
        let mut settings =
            Self { values, file: path, named, context: None, contexts: Vec::new(), tables: content.contexts };
        settings.enter_context(sources)?;
        Ok(settings)
    }

    /// Lays the chosen context over the other settings, and gathers those that could be chosen instead.
    fn enter_context(&mut self, sources: &Sources) -> Result<(), ConfigError> {
        // The demo works on its own database whatever the file says, and leads to no other.
        if !sources.chooses_context || sources.flags.contains_key("database.url") {
            self.tables.clear();
            return Ok(());
        }
        let is_read_only = self.get("dashboard.read_only", kinds::boolean)?;
        let check = |table: &ContextTable| table.check(is_read_only);
        let tables: Vec<ContextConfig> = self.tables.iter().map(check).collect::<Result<_, _>>()?;
        self.contexts = tables;
        let (chosen, url) = (&self.values["dashboard.context"], &self.values["database.url"]);
        let default = self.default_context()?;
        let is_a_choice = url.origin != Origin::Default || self.contexts.is_empty();
        if let Some(table) = contexts::choose(&self.tables, chosen, url)? {
            self.context = Some(check(table)?);
            self.values.extend(table.overlay());
        } else if default.read_only && !is_read_only {
            self.values.extend(self.tables.iter().find_map(|table| table.closes(&default.place)));
        }
        if is_a_choice {
            self.contexts.insert(0, default);
        }
        Ok(())
    }

    /// The entries of a table whose names are the dashboard's.
    pub(super) fn named(&self, table: &str) -> Vec<NamedEntry> {
        self.named.iter().filter(|entry| entry.table == table).cloned().collect()
    }

    /// What `[database]` says, as a context. Whatever way leads to it, such as a variable of DiracX, a database that a named
    /// context marks as production is production, and one that it only reads is only read.
    pub(super) fn default_context(&self) -> Result<ContextConfig, ConfigError> {
        let place = self.get("database.url", kinds::database_url)?.place();
        let marks =
            || self.contexts.iter().filter(|context| context.place == place && context.name != contexts::DEFAULT);
        let production = marks().find(|context| context.is_production);
        let read_only = self.get("dashboard.read_only", kinds::boolean)? || marks().any(|context| context.read_only);
        let (name, is_production) = (contexts::DEFAULT.to_owned(), production.is_some());
        Ok(ContextConfig { name, colour: production.and_then(|it| it.colour), read_only, is_production, place })
    }

    pub(super) fn setting(&self, name: &str) -> (&'static Key, &Setting) {
        let key = keys::find(name).expect("callers name keys that stand in KEYS; a test loads every one of them");
        (key, &self.values[key.name])
    }

    /// The value of `name`, read by `kind`.
    pub(super) fn get<T>(&self, name: &str, kind: fn(&str) -> Result<T, String>) -> Result<T, ConfigError> {
        let (_, setting) = self.setting(name);
        kind(&setting.text).map_err(|advice| self.refuse(name, advice))
    }

    /// Whether the value is the default one, wherever it was written.
    pub(super) fn is_default(&self, name: &str) -> bool {
        let (key, setting) = self.setting(name);
        setting.text == key.default
    }

    /// The error that the value of `name` is impossible.
    pub(super) fn refuse(&self, name: &str, advice: String) -> ConfigError {
        let (key, setting) = self.setting(name);
        let given = if key.is_secret { "what it is".to_owned() } else { format!("`{}`", setting.text) };
        ConfigError::Value { place: setting.origin.clone(), key: setting.name.clone(), given, advice }
    }
}

/// A misspelt `AUTHDB_POLICY_…` would otherwise leave the default in force without a word.
fn refuse_unknown_variables(sources: &Sources) -> Result<(), ConfigError> {
    let sections = ["AUTHDB_DATABASE_", "AUTHDB_POLICY_", "AUTHDB_DASHBOARD_", "AUTHDB_APPROVAL_", "AUTHDB_JANITOR_"];
    for name in sources.environment.keys() {
        let is_ours = sections.iter().any(|section| name.starts_with(section));
        if is_ours && !KEYS.iter().any(|key| key.variable() == *name) {
            let lower = name.trim_start_matches("AUTHDB_").to_ascii_lowercase();
            return Err(ConfigError::UnknownKey {
                place: Origin::Variable(name.clone()),
                advice: file::advice(&lower.replacen('_', ".", 1)),
                key: name.clone(),
            });
        }
    }
    let is_read = |key: &Key, name: &str| {
        key.variable() == name || key.short == Some(name) || key.diracx.is_some_and(|(variable, _)| variable == name)
    };
    for name in &sources.unreadable {
        if let Some(key) = KEYS.iter().find(|key| is_read(key, name)) {
            return Err(ConfigError::Value {
                place: Origin::Variable(name.clone()),
                key: key.name.to_owned(),
                given: "what it is".to_owned(),
                advice: "it is not UTF-8. Write it in UTF-8; in a URL, percent signs and digits say any byte"
                    .to_owned(),
            });
        }
    }
    Ok(())
}

fn first_source(key: &'static Key, sources: &Sources, file: &FileValues) -> Result<Setting, ConfigError> {
    let setting = |text: &str, origin| Setting { name: key.name.to_owned(), text: text.to_owned(), origin };
    if let Some((flag, text)) = sources.flags.get(key.name) {
        return Ok(setting(text, Origin::Flag(flag)));
    }
    for variable in [Some(key.variable()), key.short.map(str::to_owned)].into_iter().flatten() {
        if let Some(text) = sources.variable(&variable) {
            return Ok(setting(text, Origin::Variable(variable)));
        }
    }
    if let Some((variable, unit)) = key.diracx
        && let Some(text) = sources.variable(variable)
    {
        let origin = Origin::Variable(variable.to_owned());
        let text = from_diracx(key, text, unit, &origin)?;
        return Ok(setting(&text, origin));
    }
    if let Some((text, origin)) = file.get(key.name) {
        return Ok(setting(text, origin.clone()));
    }
    Ok(setting(key.default, Origin::Default))
}

/// What a variable of DiracX says, as we would write it.
fn from_diracx(key: &'static Key, text: &str, unit: DiracXUnit, origin: &Origin) -> Result<String, ConfigError> {
    let suffix = match unit {
        DiracXUnit::Verbatim => return Ok(text.to_owned()),
        DiracXUnit::Seconds => "s",
        DiracXUnit::Minutes => "m",
    };
    // DiracX reads these as integers, so "60.0" is one too many for it as well.
    if text.trim().parse::<u64>().is_err() {
        return Err(ConfigError::Value {
            place: origin.clone(),
            key: key.name.to_owned(),
            given: format!("`{text}`"),
            advice: "DiracX takes a whole number here".to_owned(),
        });
    }
    Ok(format!("{}{suffix}", text.trim()))
}
