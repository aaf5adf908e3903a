//! The jobs by name. What they do is the janitor's business; that they exist, and when they are due, is everybody's.

use std::fmt;
use std::str::FromStr;

use crate::config::JanitorConfig;
use crate::db::{Sweep, Walk};

/// Something the janitor does.
///
/// # Examples
/// ```
/// use authdb_shared::janitor::Job;
///
/// let job: Job = "flows".parse()?;
/// assert_eq!((job, job.to_string().as_str()), (Job::Flows, "flows"));
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Expires stale flows and deletes old ones.
    Flows,
    /// Rolls the monthly partitions of `RefreshTokens`, or deletes old months where there are none.
    Tokens,
}

impl Job {
    /// All of them, in the order in which they are run one after another.
    pub const ALL: [Self; 2] = [Self::Flows, Self::Tokens];

    /// What the job of the flows does.
    pub const FLOW_SWEEPS: [Sweep; 4] = [
        Sweep::ExpireDeviceFlows,
        Sweep::ExpireAuthorizationFlows,
        Sweep::PurgeDeviceFlows,
        Sweep::PurgeAuthorizationFlows,
    ];

    /// How the job of the flows goes about it, in this order: what is about to expire is seen by people, and where keys say
    /// which rows that can be, they are few.
    pub const FLOW_WALKS: [Walk; 3] = [Walk::YoungAuthorizationFlows, Walk::DeviceFlows, Walk::OldAuthorizationFlows];

    /// Its name, as the command line, the log and `JanitorRuns` have it.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::janitor::Job;
    ///
    /// assert_eq!(Job::ALL.map(Job::name), ["flows", "tokens"]);
    /// ```
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Flows => "flows",
            Self::Tokens => "tokens",
        }
    }

    /// What it is for, in a line.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::janitor::Job;
    ///
    /// assert!(Job::Flows.purpose().starts_with("Expire stale flows"));
    /// ```
    #[must_use]
    pub fn purpose(self) -> &'static str {
        match self {
            Self::Flows => "Expire stale flows and delete old ones",
            Self::Tokens => "Roll the monthly partitions of `RefreshTokens`, or delete old months where there are none",
        }
    }

    /// When it is due: six fields, in UTC (see [`next_due`](crate::config::next_due)).
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::config::{Config, Sources};
    /// use authdb_shared::janitor::Job;
    ///
    /// let config = Config::load(&Sources::default())?;
    /// assert_eq!(Job::Tokens.schedule(&config.janitor), config.janitor.tokens_schedule);
    /// # Ok::<(), authdb_shared::config::ConfigError>(())
    /// ```
    #[must_use]
    pub fn schedule(self, settings: &JanitorConfig) -> &str {
        match self {
            Self::Flows => &settings.flows_schedule,
            Self::Tokens => &settings.tokens_schedule,
        }
    }

    /// The jobs that were named, or all where none was.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::janitor::Job;
    ///
    /// assert_eq!(Job::or_all(&[Job::Tokens]), [Job::Tokens]);
    /// assert_eq!(Job::or_all(&[]), Job::ALL);
    /// ```
    #[must_use]
    pub fn or_all(jobs: &[Self]) -> &[Self] {
        if jobs.is_empty() { &Self::ALL } else { jobs }
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Job {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|job| job.name() == name).ok_or_else(|| format!("there is no job {name:?}"))
    }
}
