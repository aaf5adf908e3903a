//! The plan: everything that a run would do now, as text for people and as JSON for programs and for `apply`.
//!
//! What a run does follows from the layout, the policy, the settings and one moment of the database's clock, and from
//! nothing else. So a plan holds that moment and fingerprints of the rest: whoever applies it later does what stands in
//! it, as of the moment when it was made, or nothing.

mod display;
mod tokens;

use serde::{Deserialize, Serialize};

use super::Job;
use crate::clock::Timestamp;
use crate::config::{Config, KEYS};
use crate::db::{AuthDb, DbError, Sweep};
use crate::partition::Layout;

/// The form of the file; another one is refused.
///
/// # Examples
/// ```
/// use authdb_shared::janitor::PLAN_VERSION;
///
/// assert!(PLAN_VERSION >= 1);
/// ```
pub const PLAN_VERSION: u32 = 1;

/// Everything that a run would do.
///
/// # Examples
/// ```
/// use authdb_shared::janitor::{Job, Plan};
///
/// # use authdb_shared::{clock, config::Sources, db::AuthDb, demo::Demo};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("authdb.sqlite3");
/// # let config = Demo::configuration(Sources::default(), &path)?;
/// # Demo::create(&path, &config, clock::host_now(), &mut clock::randomness()).await?.close().await;
/// # let db = AuthDb::connect(&config.database).await?;
/// let plan = Plan::make(&db, &config, &Job::ALL, clock::host_now).await?;
/// let read_again: Plan = serde_json::from_str(&serde_json::to_string(&plan)?)?;
/// assert_eq!(read_again, plan, "it can be kept in a file");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// [`PLAN_VERSION`].
    pub version: u32,
    /// Where.
    pub database: String,
    /// What kind of server.
    pub server: String,
    /// The database's time when the plan was made, to the second, for people.
    pub made_at: String,
    /// The same in milliseconds since 1970: every cut-off follows from it.
    pub made_at_millis: i64,
    /// The settings that decide what is due, as they were.
    pub settings: Vec<String>,
    /// The layout of the partitions, as it was; empty where there are none.
    pub layout: String,
    /// What the clocks say, if they disagree: a run would change nothing.
    pub clocks: Vec<String>,
    /// What each job would do.
    pub jobs: Vec<PlannedJob>,
}

/// What one job would do.
///
/// # Examples
/// ```
/// use authdb_shared::janitor::{Job, Plan};
///
/// # use authdb_shared::{clock, config::Sources, db::AuthDb, demo::Demo};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("authdb.sqlite3");
/// # let config = Demo::configuration(Sources::default(), &path)?;
/// # Demo::create(&path, &config, clock::host_now(), &mut clock::randomness()).await?.close().await;
/// # let db = AuthDb::connect(&config.database).await?;
/// # let plan = Plan::make(&db, &config, &Job::ALL, clock::host_now).await?;
/// let flows = &plan.jobs[0];
/// assert_eq!((flows.job.as_str(), flows.sweeps.len(), flows.steps.len()), ("flows", 4, 0));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedJob {
    /// The name of the job.
    pub job: String,
    /// Rows that would be changed or deleted.
    pub sweeps: Vec<PlannedSweep>,
    /// Changes of the partitions that would be tried, in their order; those that are refused among them.
    pub steps: Vec<PlannedStep>,
    /// What is due and would not be done, and why.
    pub refused: Vec<String>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

/// Rows that would be changed or deleted.
///
/// # Examples
/// ```
/// use authdb_shared::janitor::{Job, Plan};
///
/// # use authdb_shared::{clock, config::Sources, db::AuthDb, demo::Demo};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("authdb.sqlite3");
/// # let config = Demo::configuration(Sources::default(), &path)?;
/// # Demo::create(&path, &config, clock::host_now(), &mut clock::randomness()).await?.close().await;
/// # let db = AuthDb::connect(&config.database).await?;
/// # let plan = Plan::make(&db, &config, &Job::ALL, clock::host_now).await?;
/// let expiry = &plan.jobs[0].sweeps[0];
/// assert_eq!((expiry.sweep.as_str(), expiry.rows), ("expire-device-flows", 5));
/// println!("{}", expiry.statement);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedSweep {
    /// The name of the sweep.
    pub sweep: String,
    /// The same in words.
    pub effect: String,
    /// What is older than this is due.
    pub older_than: String,
    /// How many rows are due.
    pub rows: u64,
    /// Whether there may be more, because counting took too long.
    pub is_at_least: bool,
    /// When the oldest of them was made.
    pub oldest: Option<String>,
    /// What changes them, range by range.
    pub statement: String,
}

/// A change of the partitions.
///
/// # Examples
/// ```
/// use authdb_shared::janitor::PlannedStep;
///
/// let step = PlannedStep { change: "drop a month".to_owned(), rows: 1_200, ..PlannedStep::default() };
/// assert!(step.active == 0, "nothing in it works any more");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedStep {
    /// What would be done, in words.
    pub change: String,
    /// The names of the partitions concerned.
    pub partitions: Vec<String>,
    /// Rows that go, counted; where months are added, rows that are copied, counted up to the limit and one more.
    pub rows: u64,
    /// How many of them may still work: tokens that are CREATED and whose key does not tell their age.
    #[serde(default)]
    pub active: u64,
    /// Their size, by the server's estimate.
    pub bytes: u64,
    /// When the first and the last of them were issued.
    pub oldest: Option<String>,
    /// See `oldest`.
    pub newest: Option<String>,
    /// The keys of those two.
    #[serde(default)]
    pub oldest_key: Option<String>,
    /// See there.
    #[serde(default)]
    pub newest_key: Option<String>,
    /// Rows whose keys carry no time.
    #[serde(default)]
    pub undated: u64,
    /// What would be run.
    pub statement: String,
    /// Whether it would be refused; why stands beside the steps.
    #[serde(default)]
    pub is_refused: bool,
}

impl Plan {
    /// Looks at the database and says what the jobs would do now. `host` reads the host's clock, which is a witness.
    ///
    /// # Errors
    /// If the database cannot be asked.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::janitor::{Job, Plan};
    ///
    /// # use authdb_shared::{clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("authdb.sqlite3");
    /// # let config = Demo::configuration(Sources::default(), &path)?;
    /// # Demo::create(&path, &config, clock::host_now(), &mut clock::randomness()).await?.close().await;
    /// # let db = AuthDb::connect(&config.database).await?;
    /// let plan = Plan::make(&db, &config, &[Job::Flows], clock::host_now).await?;
    /// println!("{plan}");
    /// assert!(!plan.is_refused());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn make(db: &AuthDb, config: &Config, jobs: &[Job], host: fn() -> Timestamp) -> Result<Self, DbError> {
        let witnesses = db.clock_witnesses(&config.policy, host).await?;
        let layout = db.partition_layout().await?;
        let now = witnesses.database;
        Ok(Self {
            version: PLAN_VERSION,
            database: db.place().to_owned(),
            server: db.server().clone(),
            made_at: now.to_string(),
            made_at_millis: now.unix_millis(),
            settings: settings(config),
            layout: fingerprint(&layout),
            clocks: witnesses.disagreements(config.policy.max_clock_skew),
            jobs: Self::make_as_of(db, config, &layout, now, jobs).await?,
        })
    }

    /// What the jobs would do, or would have done, at a moment.
    ///
    /// # Errors
    /// If the database cannot be asked.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::janitor::{Job, Plan};
    ///
    /// # use authdb_shared::{clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("authdb.sqlite3");
    /// # let config = Demo::configuration(Sources::default(), &path)?;
    /// # Demo::create(&path, &config, clock::host_now(), &mut clock::randomness()).await?.close().await;
    /// # let db = AuthDb::connect(&config.database).await?;
    /// let layout = db.partition_layout().await?;
    /// let before = db.now().await?.before(std::time::Duration::from_hours(24));
    /// let jobs = Plan::make_as_of(&db, &config, &layout, before, &[Job::Flows]).await?;
    /// assert_eq!(jobs[0].sweeps[0].rows, 0, "yesterday nothing of what is there now was due");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn make_as_of(
        db: &AuthDb,
        config: &Config,
        layout: &Layout,
        now: Timestamp,
        jobs: &[Job],
    ) -> Result<Vec<PlannedJob>, DbError> {
        let mut planned = Vec::new();
        for job in jobs {
            planned.push(match job {
                Job::Flows => flows(db, config, now).await?,
                Job::Tokens => tokens::planned(db, config, layout, now).await?,
            });
        }
        Ok(planned)
    }

    /// Whether something is due that would not be done: the clocks disagree, or a job refuses it.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::janitor::{Job, Plan};
    ///
    /// # use authdb_shared::{clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("authdb.sqlite3");
    /// # let config = Demo::configuration(Sources::default(), &path)?;
    /// # Demo::create(&path, &config, clock::host_now(), &mut clock::randomness()).await?.close().await;
    /// # let db = AuthDb::connect(&config.database).await?;
    /// # let plan = Plan::make(&db, &config, &Job::ALL, clock::host_now).await?;
    /// let jumped = Plan { clocks: vec!["the host's clock is 1h behind the database's".to_owned()], ..plan };
    /// assert!(jumped.is_refused());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_refused(&self) -> bool {
        !self.clocks.is_empty() || self.jobs.iter().any(|job| !job.refused.is_empty())
    }
}

/// What a plan depends on besides the database: a run under other settings would do something else.
///
/// # Examples
/// ```
/// use authdb_shared::config::{Config, Sources};
/// use authdb_shared::janitor::settings;
///
/// let config = Config::load(&Sources::default())?;
/// assert!(settings(&config).contains(&"policy.refresh_token_retention_months = 6".to_owned()));
/// # Ok::<(), authdb_shared::config::ConfigError>(())
/// ```
#[must_use]
pub fn settings(config: &Config) -> Vec<String> {
    let (policy, janitor) = (&config.policy, &config.janitor);
    let span = |span| humantime::format_duration(span).to_string();
    let values = [
        ("policy.device_flow_expiration", span(policy.device_flow_expiration)),
        ("policy.authorization_flow_expiration", span(policy.authorization_flow_expiration)),
        ("policy.completed_flow_retention", span(policy.completed_flow_retention)),
        ("policy.longest_token_lifetime", span(policy.longest_token_lifetime)),
        ("policy.refresh_token_retention_months", policy.refresh_token_retention_months.to_string()),
        ("policy.max_clock_skew", span(policy.max_clock_skew)),
        ("janitor.months_ahead", janitor.roll.months_ahead.to_string()),
        ("janitor.max_drops_per_run", janitor.roll.max_drops_per_run.to_string()),
        ("janitor.hold_dropped", span(janitor.hold_dropped)),
        ("janitor.p_future_copy_limit", janitor.p_future_copy_limit.to_string()),
    ];
    debug_assert!(values.iter().all(|(name, _)| KEYS.iter().any(|key| key.name == *name)), "settings have these names");
    values.into_iter().map(|(name, value)| format!("{name} = {value}")).collect()
}

/// What a plan remembers of a layout; empty where the table has no partitions.
///
/// # Examples
/// ```
/// use authdb_shared::janitor::fingerprint;
/// use authdb_shared::partition::Layout;
///
/// assert_eq!(fingerprint(&Layout::default()), "");
/// ```
#[must_use]
pub fn fingerprint(layout: &Layout) -> String {
    if layout.is_partitioned() { layout.fingerprint() } else { String::new() }
}

async fn flows(db: &AuthDb, config: &Config, now: Timestamp) -> Result<PlannedJob, DbError> {
    let mut sweeps = Vec::new();
    for sweep in Job::FLOW_SWEEPS {
        sweeps.push(planned_sweep(db, config, sweep, now).await?);
    }
    Ok(PlannedJob { sweeps, ..PlannedJob::of(Job::Flows) })
}

async fn planned_sweep(db: &AuthDb, config: &Config, sweep: Sweep, now: Timestamp) -> Result<PlannedSweep, DbError> {
    let backlog = db.backlog(sweep, now, &config.policy).await?;
    Ok(PlannedSweep {
        sweep: sweep.name().to_owned(),
        effect: sweep.to_string(),
        older_than: sweep.cutoff(now, &config.policy).to_string(),
        rows: backlog.rows,
        is_at_least: backlog.is_cut_short,
        oldest: backlog.oldest.map(|oldest| oldest.to_string()),
        statement: db.sweep_statement(sweep).to_owned(),
    })
}

impl PlannedJob {
    /// Whether both would do the same, however much that is: rows come and go while a plan waits.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::janitor::{Job, Plan};
    ///
    /// # use authdb_shared::{clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("authdb.sqlite3");
    /// # let config = Demo::configuration(Sources::default(), &path)?;
    /// # Demo::create(&path, &config, clock::host_now(), &mut clock::randomness()).await?.close().await;
    /// # let db = AuthDb::connect(&config.database).await?;
    /// # let plan = Plan::make(&db, &config, &Job::ALL, clock::host_now).await?;
    /// let (flows, tokens) = (&plan.jobs[0], &plan.jobs[1]);
    /// assert!(flows.does_as(flows) && !flows.does_as(tokens));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn does_as(&self, other: &Self) -> bool {
        let sweeps = |job: &Self| -> Vec<String> {
            job.sweeps.iter().map(|sweep| format!("{} {}", sweep.sweep, sweep.older_than)).collect()
        };
        let steps = |job: &Self| -> Vec<(String, Vec<String>, bool)> {
            job.steps.iter().map(|step| (step.change.clone(), step.partitions.clone(), step.is_refused)).collect()
        };
        sweeps(self) == sweeps(other) && steps(self) == steps(other)
    }

    fn of(job: Job) -> Self {
        let (sweeps, steps, refused, notes) = Default::default();
        Self { job: job.to_string(), sweeps, steps, refused, notes }
    }
}
