//! How the janitor is: what it has written about itself, what is due, and whether the partitions reach far enough.
//!
//! Everything worth a person's attention is a [`Finding`], with a level. `authdb-janitor status` prints them for
//! monitoring, and the dashboard shows the same ones as alarms.

use std::time::Duration;

use super::Job;
use crate::clock::Timestamp;
use crate::config::{Config, next_due};
use crate::db::{AuthDb, Backlog, DbError, JANITOR_LEASE, LedgerState, Run, RunOutcome, Sweep, SweepCursor};
use crate::health::{Finding, Level, worst};

/// Runs that are looked through for the last one of each job, and the last one that did all of its work.
const RUNS: u32 = 1_000;
/// What is due for so much longer than it should be worries somebody in the morning, and now.
const LATE: Duration = Duration::from_hours(1);
const VERY_LATE: Duration = Duration::from_hours(24);

/// How the janitor is.
///
/// # Examples
/// ```
/// use authdb_shared::janitor::JanitorStatus;
///
/// # use authdb_shared::{clock, config::Sources, db::AuthDb, demo::Demo};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("authdb.sqlite3");
/// # let config = Demo::configuration(Sources::default(), &path)?;
/// # Demo::create(&path, &config, clock::host_now(), &mut clock::randomness()).await?.close().await;
/// # let db = AuthDb::connect(&config.database).await?;
/// let status = JanitorStatus::look(&db, &config, clock::host_now).await?;
/// for finding in &status.findings {
///     println!("{finding}");
/// }
/// assert!(status.runway_months.is_none(), "SQLite has no partitions");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct JanitorStatus {
    /// The database's time.
    pub at: Timestamp,
    /// The lease; none without a ledger.
    pub lease: Option<LeaseStatus>,
    /// The jobs, as far as they ever ran here; empty without a ledger.
    pub jobs: Vec<JobStatus>,
    /// What the flows have before them.
    pub backlog: Vec<SweepBacklog>,
    /// Full months partitioned after the present one; none without partitions.
    pub runway_months: Option<u32>,
    /// Rows in the MAXVALUE partition, counted up to the copy limit and one more.
    pub p_future_rows: Option<u64>,
    /// What somebody should know, in the order in which it was found.
    pub findings: Vec<Finding>,
}

/// Who works.
///
/// # Examples
/// ```
/// use authdb_shared::janitor::LeaseStatus;
///
/// let given_back = LeaseStatus { holder: "bastion (process 7)".to_owned(), number: 3, until: None, is_held: false };
/// assert!(!given_back.is_held && given_back.until.is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseStatus {
    /// Who took it last, as stored: make it harmless before it is shown.
    pub holder: String,
    /// How often it was taken (the fencing number).
    pub number: i64,
    /// Until when it holds, or held; none if it was given back.
    pub until: Option<Timestamp>,
    /// Whether it holds now.
    pub is_held: bool,
}

/// How one job is.
///
/// # Examples
/// ```
/// use authdb_shared::janitor::{Job, JobStatus};
///
/// let new = JobStatus { job: Job::Flows, last: None, last_done: None, next_due: None };
/// assert!(new.last.is_none(), "it never ran here");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobStatus {
    /// Which.
    pub job: Job,
    /// Its last run.
    pub last: Option<Run>,
    /// When the last run began that did all of its work.
    pub last_done: Option<Timestamp>,
    /// When it is due next, by the schedule of this configuration.
    pub next_due: Option<Timestamp>,
}

/// What one sweep has before it.
///
/// # Examples
/// ```
/// use authdb_shared::db::{Backlog, Sweep};
/// use authdb_shared::janitor::SweepBacklog;
///
/// let nothing = Backlog { rows: 0, oldest: None, is_cut_short: false };
/// let waiting = SweepBacklog { sweep: Sweep::PurgeDeviceFlows, backlog: nothing };
/// assert_eq!((waiting.sweep.name(), waiting.backlog.rows), ("purge-device-flows", 0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SweepBacklog {
    /// Which.
    pub sweep: Sweep,
    /// How much.
    pub backlog: Backlog,
}

impl JanitorStatus {
    /// Looks at the ledger and the tables. `host` reads the host's clock, which is a witness.
    ///
    /// # Errors
    /// If the database cannot be asked.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::health::Level;
    /// use authdb_shared::janitor::JanitorStatus;
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// let status = JanitorStatus::look(&db, &config, clock::host_now).await?;
    /// assert_eq!(status.level(), Level::Warning, "no janitor has ever run here: {:?}", status.findings);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn look(db: &AuthDb, config: &Config, host: fn() -> Timestamp) -> Result<Self, DbError> {
        let witnesses = db.clock_witnesses(&config.policy, host).await?;
        let now = witnesses.database;
        let disagreements = witnesses.disagreements(config.policy.max_clock_skew);
        let mut findings: Vec<Finding> =
            disagreements.into_iter().map(|text| Finding::critical("clocks", text)).collect();
        let (lease, jobs) = ledger(db, config, now, &mut findings).await?;
        let backlog = backlog(db, config, now, &mut findings).await?;
        let (runway_months, p_future_rows) = partitions(db, config, now, &mut findings).await?;
        Ok(Self { at: now, lease, jobs, backlog, runway_months, p_future_rows, findings })
    }

    /// The worst of the findings.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::health::Level;
    /// use authdb_shared::janitor::JanitorStatus;
    ///
    /// let healthy = JanitorStatus {
    ///     at: authdb_shared::clock::host_now(),
    ///     lease: None,
    ///     jobs: Vec::new(),
    ///     backlog: Vec::new(),
    ///     runway_months: None,
    ///     p_future_rows: None,
    ///     findings: Vec::new(),
    /// };
    /// assert_eq!(healthy.level(), Level::Ok);
    /// ```
    #[must_use]
    pub fn level(&self) -> Level {
        worst(&self.findings)
    }
}

/// What the janitor has written about itself.
async fn ledger(
    db: &AuthDb,
    config: &Config,
    now: Timestamp,
    findings: &mut Vec<Finding>,
) -> Result<(Option<LeaseStatus>, Vec<JobStatus>), DbError> {
    let runs = match db.ledger_state().await? {
        LedgerState::Absent => None,
        _ => Some(db.runs(None, RUNS).await?.rows),
    };
    let Some(runs) = runs else {
        let text = "there is none: no janitor has ever run here, or it may not make its tables";
        findings.push(Finding::warning("ledger", text));
        return Ok((None, Vec::new()));
    };
    let jobs = Job::ALL.into_iter().map(|job| job_status(job, &runs, config, now, findings)).collect();
    let (row, _) = db.lease(JANITOR_LEASE).await?;
    let lease = row.map(|row| {
        let is_held = row.expiry.is_some_and(|expiry| expiry > now);
        if !is_held && let Some(expiry) = row.expiry {
            let text = format!("{} held it until {expiry} and did not give it back: it died", row.holder);
            findings.push(Finding::warning("lease", text).naming([expiry]));
        }
        LeaseStatus { holder: row.holder, number: row.fencing_number, until: row.expiry, is_held }
    });
    Ok((lease, jobs))
}

fn job_status(job: Job, runs: &[Run], config: &Config, now: Timestamp, findings: &mut Vec<Finding>) -> JobStatus {
    let mut of_job = runs.iter().filter(|run| run.job == job.name());
    let last = of_job.clone().next();
    let done = of_job.find(|run| run.outcome == RunOutcome::Done);
    let schedule = job.schedule(&config.janitor);
    let last_done = done.and_then(|run| run.start);
    findings.extend(outcome_finding(job, last));
    findings.extend(overdue_finding(job, schedule, last_done, config.janitor.time_budget, now));
    JobStatus { job, last: last.cloned(), last_done, next_due: next_due(schedule, now) }
}

fn outcome_finding(job: Job, last: Option<&Run>) -> Option<Finding> {
    let Some(run) = last else { return Some(Finding::warning(job.name(), "never ran here")) };
    let reason = run.error.clone().unwrap_or_default();
    match run.outcome {
        RunOutcome::Refused if reason.contains("the clocks disagree") => Some(Finding::critical(job.name(), reason)),
        RunOutcome::Refused | RunOutcome::Failed => {
            Some(Finding::warning(job.name(), format!("the last run was {}: {reason}", run.outcome)))
        }
        RunOutcome::Running | RunOutcome::Done | RunOutcome::Stopped | RunOutcome::Other(_) => None,
    }
}

/// A job is overdue when the run after its last good one should be over by now.
fn overdue_finding(
    job: Job,
    schedule: &str,
    done: Option<Timestamp>,
    time_budget: Duration,
    now: Timestamp,
) -> Option<Finding> {
    let done = done?;
    let due = next_due(schedule, done)?;
    let after = next_due(schedule, due)?;
    let (interval, late) = (after.since(due), now.since(due.after(time_budget)));
    let level = if late > interval * 3 {
        Level::Critical
    } else if late > Duration::ZERO {
        Level::Warning
    } else {
        return None;
    };
    let text = format!("overdue: last good run {done}, next due {due}");
    Some(Finding::new(level, job.name(), text).naming([done, due]))
}

async fn backlog(
    db: &AuthDb,
    config: &Config,
    now: Timestamp,
    findings: &mut Vec<Finding>,
) -> Result<Vec<SweepBacklog>, DbError> {
    let mut found = Vec::new();
    for sweep in Job::FLOW_SWEEPS {
        let cursor = SweepCursor::start(sweep, now, &config.policy);
        let backlog = db.backlog(&cursor).await?;
        if let Some(oldest) = backlog.oldest {
            let late = cursor.cutoff().since(oldest);
            let level = if late > VERY_LATE { Level::Critical } else { Level::Warning };
            if late > LATE {
                let text = format!("{}: {} rows wait, the oldest from {oldest}", sweep.name(), backlog.rows);
                findings.push(Finding::new(level, "backlog", text).naming([oldest]));
            }
        }
        found.push(SweepBacklog { sweep, backlog });
    }
    Ok(found)
}

async fn partitions(
    db: &AuthDb,
    config: &Config,
    now: Timestamp,
    findings: &mut Vec<Finding>,
) -> Result<(Option<u32>, Option<u64>), DbError> {
    let layout = db.partition_layout().await?;
    if !layout.is_partitioned() {
        return Ok((None, None));
    }
    let (runway, wanted) = (layout.runway_months(now), config.janitor.roll.months_ahead);
    if runway < wanted.min(2) {
        findings.push(Finding::critical("partitions", format!("only {runway} months are partitioned ahead")));
    } else if runway < wanted.div_ceil(2) {
        findings.push(Finding::warning("partitions", format!("only {runway} months are partitioned ahead")));
    }
    let limit = config.janitor.p_future_copy_limit;
    let rows = db.future_partition_rows(limit.saturating_add(1)).await?;
    findings.extend(future_finding(rows, limit));
    Ok((Some(runway), rows))
}

fn future_finding(rows: Option<u64>, limit: u32) -> Option<Finding> {
    match rows {
        None => Some(Finding::warning("partitions", "there is no partition for MAXVALUE")),
        Some(0) => None,
        Some(rows) if rows > u64::from(limit) => {
            let text = format!(
                "the MAXVALUE partition holds more than {limit} rows: months cannot be added without blocking logins \
                 while they are copied (janitor.p_future_copy_limit)"
            );
            Some(Finding::critical("partitions", text))
        }
        Some(rows) => Some(Finding::warning("partitions", format!("the MAXVALUE partition holds {rows} rows"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every ten minutes.
    const SCHEDULE: &str = "0 */10 * * * *";

    fn after_last_run(minutes: u64) -> Option<Level> {
        let done = Timestamp::from_unix_millis(1_795_000_200_000).expect("ten past eleven");
        let now = done.after(Duration::from_mins(minutes));
        overdue_finding(Job::Flows, SCHEDULE, Some(done), Duration::from_mins(5), now).map(|finding| finding.level)
    }

    #[test]
    fn a_job_is_overdue_once_the_next_run_should_be_over_and_badly_so_three_intervals_later() {
        assert_eq!([9, 15].map(after_last_run), [None; 2]);
        assert_eq!([16, 45].map(after_last_run), [Some(Level::Warning); 2]);
        assert_eq!(after_last_run(46), Some(Level::Critical));
    }

    #[test]
    fn rows_past_the_last_month_are_said_and_too_many_of_them_are_critical() {
        let level = |rows| future_finding(rows, 10).map(|finding| finding.level);
        assert_eq!([Some(0), Some(10), Some(11)].map(level), [None, Some(Level::Warning), Some(Level::Critical)]);
        assert_eq!(level(None), Some(Level::Warning), "new months could not be split from anything");
    }
}
