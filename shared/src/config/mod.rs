//! The configuration of both programs: one table of keys, read from flags, environment, DiracX's own environment,
//! config.toml and defaults, in that order.
//!
//! Every value remembers where it came from, so that a refusal can name the file and line (or the variable) to change,
//! and so that what is in force can be listed. Anything unknown or impossible stops the program: a janitor that guesses
//! what a misspelt retention meant deletes the wrong month.
//!
//! A program gathers its [`Sources`] (flags, environment, the file that was named) and calls [`Config::load`] once, at
//! its start. [`KEYS`] is the table of what can be configured, with DiracX's own name beside each key that DiracX has
//! too. All spans of time are [`Duration`]s; in the file they are written as `"30s"`, `"10m"` or `"2h"`.
//!
//! A password never leaves this module as text: it is a [`Secret`], and neither a [`DatabaseUrl`] nor a refusal shows
//! it.

mod contexts;
mod diracx;
mod file;
mod keys;
mod kinds;
mod listing;
mod looks;
mod named;
mod password;
mod schedule;
mod secret;
mod settings;
mod url;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use contexts::ContextConfig;
pub use diracx::BesideDiracX;
pub use file::CONFIG_FILE_VARIABLE;
pub use keys::{KEYS, Key};
pub use listing::ShownSetting;
pub use looks::{Ascii, Bell, Colour, Privacy, Theme, Times};
pub use named::NamedEntry;
pub use password::CREDENTIAL;
pub use schedule::next_due;
pub use secret::Secret;
pub use settings::{Origin, Sources};
pub use url::{DatabaseUrl, MySqlAddress, TlsMode, UrlError};

use crate::partition::RollSettings;
use crate::policy::Policy;
use crate::registry::RegistrySource;
use crate::telemetry::LogFormat;
use crate::text;

/// The configuration cannot be used. The message names the place and says what to write instead.
///
/// # Examples
/// ```
/// use authdb_shared::config::{Config, Sources};
///
/// let negative = Sources::default().with_variable("AUTHDB_POLICY_MAX_CLOCK_SKEW", "-30s");
/// let error = Config::load(&negative).expect_err("it is negative").to_string();
/// assert!(error.starts_with("environment variable AUTHDB_POLICY_MAX_CLOCK_SKEW"), "it names the place: {error}");
/// assert!(error.contains("write a span such as"), "it says what to write instead: {error}");
/// ```
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read at all.
    #[error("cannot read the configuration file {}: {reason}. Give a readable one with --config FILE", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        reason: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{place}: {reason}")]
    Syntax {
        /// File and line.
        place: Origin,
        /// What the parser said.
        reason: String,
    },
    /// A systemd credential that cannot be used.
    #[error("credential {}: {reason}", path.display())]
    Credential {
        /// The file of the credential.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A key that does not exist.
    #[error("{place}: there is no key `{}`. {advice}", text::harmless(key))]
    UnknownKey {
        /// File and line, or the variable.
        place: Origin,
        /// What was written.
        key: String,
        /// The nearest key, or the list of them.
        advice: String,
    },
    /// A value that its key cannot have.
    #[error("{place}: {key} cannot be {}: {advice}", text::harmless(given))]
    Value {
        /// File and line, or the variable, or the flag.
        place: Origin,
        /// The key.
        key: String,
        /// What was written.
        given: String,
        /// What is wrong with it and what to write instead.
        advice: String,
    },
    /// Several databases, and none of them chosen.
    #[error(
        "no database is chosen: say --context NAME, or set AUTHDB_CONTEXT or dashboard.context. The contexts are {names}"
    )]
    NoContext {
        /// Their names.
        names: String,
    },
}

/// `[database]`.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use authdb_shared::config::{DatabaseConfig, DatabaseUrl};
///
/// let database = DatabaseConfig {
///     url: DatabaseUrl::parse("mysql+aiomysql://diracx:secret@db.example/AuthDB")?,
///     is_default: false,
///     connect_timeout: Duration::from_secs(5),
///     statement_timeout: Duration::from_secs(5),
///     lock_timeout: Duration::from_secs(2),
/// };
/// assert_eq!(database.url.place(), "AuthDB at db.example:3306");
/// # Ok::<(), authdb_shared::config::UrlError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseConfig {
    /// Where the database is.
    pub url: DatabaseUrl,
    /// Whether the URL is the default one: only then is a missing `SQLite` file created without being asked.
    pub is_default: bool,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long one reading statement may take before it is stopped.
    pub statement_timeout: Duration,
    /// How long a writing statement waits for a row that somebody else has locked.
    pub lock_timeout: Duration,
}

/// `[dashboard]`.
///
/// # Examples
/// ```
/// use authdb_shared::config::{Config, Sources};
///
/// let sources = Sources::default().with_flag("dashboard.read_only", "--read-only", Some("true".to_owned()));
/// assert!(Config::load(&sources)?.dashboard.read_only);
/// # Ok::<(), authdb_shared::config::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct DashboardConfig {
    /// Time between two refreshes.
    pub refresh_interval: Duration,
    /// Whether nothing can be changed.
    pub read_only: bool,
    /// Rows fetched per list.
    pub list_limit: u32,
    /// Whether nothing is changed without a reason for the journal, here and by the verbs.
    pub require_reason: bool,
    /// Its colours.
    pub theme: Theme,
    /// Whether it draws with ASCII only.
    pub ascii: Ascii,
    /// How it tells times.
    pub times: Times,
    /// Whether it hides who people are, for a screen that is shared.
    pub privacy: Privacy,
    /// Whether it rings the terminal's bell for a new device code that waits.
    pub bell: Bell,
    /// Whether it takes the mouse, which then no longer selects text of the terminal.
    pub mouse: bool,
    /// `[keys]`: names of commands with their keys, not looked at yet.
    pub keys: Vec<NamedEntry>,
    /// `[columns]`: names of lists with the fields that they show, not looked at yet.
    pub columns: Vec<NamedEntry>,
}

/// `[approval]`.
///
/// # Examples
/// ```
/// use authdb_shared::config::{Config, Sources};
///
/// let of_the_service = Sources::default().with_variable("DIRACX_CONFIG_BACKEND_URL", "git+file:///srv/cs_store/repo");
/// let registry = Config::load(&of_the_service)?.approval.registry.expect("it is named");
/// assert_eq!(registry.to_string(), "git+file:///srv/cs_store/repo?revision=master");
/// # Ok::<(), authdb_shared::config::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ApprovalConfig {
    /// Where DiracX's registry of users and groups is, if anywhere.
    pub registry: Option<RegistrySource>,
}

/// `[janitor]`.
///
/// # Examples
/// ```
/// use authdb_shared::config::{Config, Sources};
///
/// let sources = Sources::default().with_variable("AUTHDB_JANITOR_TOKENS_SCHEDULE", "0 0 4 * * Sun");
/// let janitor = Config::load(&sources)?.janitor;
/// assert_eq!(janitor.tokens_schedule, "0 0 4 * * Sun");
///
/// let of_crontab = Sources::default().with_variable("AUTHDB_JANITOR_TOKENS_SCHEDULE", "0 4 * * 0");
/// assert!(Config::load(&of_crontab).is_err(), "the seconds are missing");
/// # Ok::<(), authdb_shared::config::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct JanitorConfig {
    /// When stale flows are expired and purged: a six-field cron line in UTC.
    pub flows_schedule: String,
    /// When the partitions are rolled, or old months purged: a six-field cron line in UTC.
    pub tokens_schedule: String,
    /// How long a batch of an expiry or purge should hold its locks; its size is adapted to that.
    pub batch_latency: Duration,
    /// Rows per batch at most.
    pub batch_size: u32,
    /// How long one run of a job may take.
    pub time_budget: Duration,
    /// How long a janitor that is silent keeps its lease: after that, another takes over.
    pub lease_duration: Duration,
    /// From how many running threads on the server counts as busy, and is left in peace.
    pub busy_threads: u32,
    /// How far a roll goes.
    pub roll: RollSettings,
    /// How long a month is held in a table of its own before it is dropped for good; zero drops it at once.
    pub hold_dropped: Duration,
    /// Rows that splitting `p_future` may copy while writes are blocked.
    pub p_future_copy_limit: u32,
    /// Where metrics and health are answered, if anywhere.
    pub listen: Option<SocketAddr>,
    /// How the log is written.
    pub log_format: LogFormat,
}

/// Everything that can be configured.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use authdb_shared::config::{Config, Sources};
///
/// let of_the_service = Sources::default()
///     .with_variable("DIRACX_DB_URL_AUTHDB", "mysql+aiomysql://diracx:secret@db.example/AuthDB")
///     .with_variable("DIRACX_SERVICE_AUTH_REFRESH_TOKEN_EXPIRE_MINUTES", "90");
/// let config = Config::load(&of_the_service)?;
/// assert_eq!(config.policy.refresh_token_lifetime, Duration::from_mins(90));
/// assert_eq!(config.database.url.to_string(), "mysql://diracx:***@db.example:3306/AuthDB");
/// # Ok::<(), authdb_shared::config::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    /// `[database]`.
    pub database: DatabaseConfig,
    /// `[policy]`.
    pub policy: Policy,
    /// `[dashboard]`.
    pub dashboard: DashboardConfig,
    /// `[approval]`.
    pub approval: ApprovalConfig,
    /// `[janitor]`.
    pub janitor: JanitorConfig,
    /// The context in force: what `database` and `policy` are of.
    pub context: ContextConfig,
    /// Where the choice of the context came from.
    pub context_origin: Origin,
    /// Every context that can be chosen, this one included; none where none can.
    pub contexts: Vec<ContextConfig>,
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
}

impl Config {
    /// Reads the configuration from all of its sources.
    ///
    /// # Errors
    /// If the file cannot be read, or a source holds an unknown key or an impossible value.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::config::{Config, Sources};
    ///
    /// let dangerous = Sources::default()
    ///     .with_variable("AUTHDB_POLICY_DEVICE_FLOW_EXPIRATION", "2h")
    ///     .with_variable("AUTHDB_POLICY_COMPLETED_FLOW_RETENTION", "1h");
    /// let error = Config::load(&dangerous).expect_err("flows would be deleted before they expire");
    /// assert!(error.to_string().contains("policy.device_flow_expiration"), "{error}");
    /// ```
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let settings = settings::Settings::collect(sources)?;
        let mut url = settings.get("database.url", kinds::database_url)?;
        if let DatabaseUrl::MySql(address) = &mut url
            && address.password.is_none()
        {
            address.password = password::find(&settings, sources)?;
        }
        let config = Self {
            database: DatabaseConfig {
                url,
                is_default: settings.is_default("database.url"),
                connect_timeout: settings.get("database.connect_timeout", kinds::duration)?,
                statement_timeout: settings.get("database.statement_timeout", kinds::duration)?,
                lock_timeout: settings.get("database.lock_timeout", kinds::duration)?,
            },
            policy: policy(&settings)?,
            dashboard: DashboardConfig {
                refresh_interval: settings.get("dashboard.refresh_interval", kinds::duration)?,
                read_only: settings.get("dashboard.read_only", kinds::boolean)?,
                list_limit: settings.get("dashboard.list_limit", kinds::count)?,
                require_reason: settings.get("dashboard.require_reason", kinds::boolean)?,
                theme: settings.get("dashboard.theme", kinds::theme)?,
                ascii: settings.get("dashboard.ascii", kinds::ascii)?,
                times: settings.get("dashboard.times", kinds::times)?,
                privacy: settings.get("dashboard.privacy", kinds::privacy)?,
                bell: settings.get("dashboard.bell", kinds::bell)?,
                mouse: settings.get("dashboard.mouse", kinds::boolean)?,
                keys: settings.named("keys"),
                columns: settings.named("columns"),
            },
            approval: ApprovalConfig { registry: settings.get("approval.registry", kinds::registry)? },
            janitor: JanitorConfig {
                flows_schedule: settings.get("janitor.flows_schedule", kinds::schedule)?,
                tokens_schedule: settings.get("janitor.tokens_schedule", kinds::schedule)?,
                batch_latency: settings.get("janitor.batch_latency", kinds::duration)?,
                batch_size: settings.get("janitor.batch_size", kinds::count)?,
                time_budget: settings.get("janitor.time_budget", kinds::duration)?,
                lease_duration: settings.get("janitor.lease_duration", kinds::duration)?,
                busy_threads: settings.get("janitor.busy_threads", kinds::count)?,
                roll: RollSettings {
                    months_ahead: settings.get("janitor.months_ahead", kinds::months)?,
                    max_drops_per_run: settings.get("janitor.max_drops_per_run", kinds::count)? as usize,
                },
                hold_dropped: settings.get("janitor.hold_dropped", kinds::duration_or_zero)?,
                p_future_copy_limit: settings.get("janitor.p_future_copy_limit", kinds::count)?,
                listen: settings.get("janitor.listen", kinds::listen)?,
                log_format: settings.get("janitor.log_format", kinds::log_format)?,
            },
            context: settings.context.clone().map_or_else(|| settings.default_context(), Ok)?,
            context_origin: settings.setting("dashboard.context").1.origin.clone(),
            contexts: settings.contexts,
            file: settings.file,
        };
        Ok(config)
    }
}

fn policy(settings: &settings::Settings) -> Result<Policy, ConfigError> {
    let refresh_token_lifetime = settings.get("policy.refresh_token_lifetime", kinds::duration)?;
    // The service's own lifetime can only lengthen it, so that raising that one setting never makes this one dangerous.
    let longest_token_lifetime =
        settings.get("policy.longest_token_lifetime", kinds::duration)?.max(refresh_token_lifetime);
    let policy = Policy {
        device_flow_expiration: settings.get("policy.device_flow_expiration", kinds::duration)?,
        authorization_flow_expiration: settings.get("policy.authorization_flow_expiration", kinds::duration)?,
        completed_flow_retention: settings.get("policy.completed_flow_retention", kinds::duration)?,
        access_token_lifetime: settings.get("policy.access_token_lifetime", kinds::duration)?,
        refresh_token_lifetime,
        longest_token_lifetime,
        refresh_token_retention_months: settings.get("policy.refresh_token_retention_months", kinds::months)?,
        max_clock_skew: settings.get("policy.max_clock_skew", kinds::duration)?,
    };
    check_together(settings, &policy)?;
    Ok(policy)
}

/// Values that are possible each by itself but not beside each other.
fn check_together(settings: &settings::Settings, policy: &Policy) -> Result<(), ConfigError> {
    let expirations = [
        ("policy.device_flow_expiration", policy.device_flow_expiration),
        ("policy.authorization_flow_expiration", policy.authorization_flow_expiration),
    ];
    for (key, expiration) in expirations {
        if policy.completed_flow_retention <= expiration {
            let expiration = humantime::format_duration(expiration);
            return Err(settings.refuse(
                "policy.completed_flow_retention",
                format!("flows would be deleted while they can still be used. It must exceed {key} ({expiration})"),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
