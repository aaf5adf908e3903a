//! The table of all keys: the one place that knows their names, defaults and spellings elsewhere.
//!
//! config.toml at the root is held against this table by a test, so that the file a user reads and the program agree.

/// How DiracX counts what it calls by another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiracXUnit {
    /// The value is taken as it is.
    Verbatim,
    /// A whole number of seconds.
    Seconds,
    /// A whole number of minutes.
    Minutes,
}

/// One configurable value.
///
/// # Examples
/// ```
/// use authdb_shared::config::KEYS;
///
/// let lifetime = KEYS.iter().find(|key| key.name == "policy.refresh_token_lifetime").expect("a key of that name");
/// assert_eq!(lifetime.default, "60m");
/// assert_eq!(lifetime.diracx.map(|(name, _)| name), Some("DIRACX_SERVICE_AUTH_REFRESH_TOKEN_EXPIRE_MINUTES"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// `section.name`, as in config.toml.
    pub name: &'static str,
    /// The default, as one would write it in config.toml, without quotes.
    pub default: &'static str,
    /// DiracX's own environment variable for the same thing, and the unit it counts in.
    pub diracx: Option<(&'static str, DiracXUnit)>,
    /// A shorter environment variable for the same, after [`Key::variable`].
    pub short: Option<&'static str>,
    /// Whether the value may hold a password.
    pub is_secret: bool,
}

impl Key {
    const fn new(name: &'static str, default: &'static str) -> Self {
        Self { name, default, diracx: None, short: None, is_secret: false }
    }

    const fn or_diracx(self, variable: &'static str, unit: DiracXUnit) -> Self {
        Self { diracx: Some((variable, unit)), ..self }
    }

    const fn or(self, variable: &'static str) -> Self {
        Self { short: Some(variable), ..self }
    }

    const fn secret(self) -> Self {
        Self { is_secret: true, ..self }
    }

    /// The environment variable: `AUTHDB_SECTION_NAME`.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::config::KEYS;
    ///
    /// let skew = KEYS.iter().find(|key| key.name == "policy.max_clock_skew").expect("a key of that name");
    /// assert_eq!(skew.variable(), "AUTHDB_POLICY_MAX_CLOCK_SKEW");
    /// ```
    #[must_use]
    pub fn variable(&self) -> String {
        format!("AUTHDB_{}", self.name.replace('.', "_").to_ascii_uppercase())
    }
}

/// Every key there is.
///
/// # Examples
/// ```
/// use authdb_shared::config::KEYS;
///
/// let secrets: Vec<&str> = KEYS.iter().filter(|key| key.is_secret).map(|key| key.name).collect();
/// assert_eq!(secrets, ["database.url", "database.password", "approval.registry"]);
/// ```
pub const KEYS: &[Key] = &[
    Key::new("database.url", "sqlite:authdb.sqlite3").or_diracx("DIRACX_DB_URL_AUTHDB", DiracXUnit::Verbatim).secret(),
    Key::new("database.password", "").secret(),
    Key::new("database.password_file", ""),
    Key::new("database.connect_timeout", "5s"),
    Key::new("database.statement_timeout", "5s"),
    Key::new("database.lock_timeout", "2s"),
    Key::new("policy.device_flow_expiration", "10m")
        .or_diracx("DIRACX_SERVICE_AUTH_DEVICE_FLOW_EXPIRATION_SECONDS", DiracXUnit::Seconds),
    Key::new("policy.authorization_flow_expiration", "5m")
        .or_diracx("DIRACX_SERVICE_AUTH_AUTHORIZATION_FLOW_EXPIRATION_SECONDS", DiracXUnit::Seconds),
    Key::new("policy.completed_flow_retention", "60m")
        .or_diracx("DIRACX_SERVICE_AUTH_COMPLETED_FLOW_RETENTION_MINUTES", DiracXUnit::Minutes),
    Key::new("policy.access_token_lifetime", "20m")
        .or_diracx("DIRACX_SERVICE_AUTH_ACCESS_TOKEN_EXPIRE_MINUTES", DiracXUnit::Minutes),
    Key::new("policy.refresh_token_lifetime", "60m")
        .or_diracx("DIRACX_SERVICE_AUTH_REFRESH_TOKEN_EXPIRE_MINUTES", DiracXUnit::Minutes),
    Key::new("policy.longest_token_lifetime", "60m"),
    Key::new("policy.refresh_token_retention_months", "6")
        .or_diracx("DIRACX_SERVICE_AUTH_REFRESH_TOKEN_RETENTION_MONTHS", DiracXUnit::Verbatim),
    Key::new("policy.max_clock_skew", "30s"),
    Key::new("dashboard.refresh_interval", "2s"),
    Key::new("dashboard.read_only", "false"),
    Key::new("dashboard.list_limit", "1000"),
    Key::new("dashboard.require_reason", "false"),
    Key::new("dashboard.context", "").or("AUTHDB_CONTEXT"),
    Key::new("dashboard.theme", "dark"),
    Key::new("dashboard.ascii", "auto"),
    Key::new("dashboard.times", "relative"),
    Key::new("dashboard.bell", "false"),
    Key::new("dashboard.mouse", "false"),
    Key::new("dashboard.privacy", "false"),
    Key::new("approval.registry", "").or_diracx("DIRACX_CONFIG_BACKEND_URL", DiracXUnit::Verbatim).secret(),
    Key::new("janitor.flows_schedule", "0 */5 * * * *"),
    Key::new("janitor.tokens_schedule", "0 30 2 * * *"),
    Key::new("janitor.batch_latency", "25ms"),
    Key::new("janitor.batch_size", "5000"),
    Key::new("janitor.time_budget", "10m"),
    Key::new("janitor.lease_duration", "30s"),
    Key::new("janitor.busy_threads", "32"),
    Key::new("janitor.months_ahead", "12"),
    Key::new("janitor.max_drops_per_run", "2"),
    Key::new("janitor.hold_dropped", "0s"),
    Key::new("janitor.p_future_copy_limit", "10000"),
    Key::new("janitor.listen", ""),
    Key::new("janitor.log_format", "auto"),
];

/// The key called `name`.
pub(super) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}
