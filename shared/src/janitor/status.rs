//! How the janitor is: what it has written about itself, what is due, and whether the partitions reach far enough.
//!
//! Everything worth a person's attention is a [`Finding`], with a level. `authdb-janitor status` prints them for
//! monitoring, and the dashboard shows the same ones as alarms.

use std::time::Duration;

use super::Job;
use crate::clock::Timestamp;
use crate::config::{Config, next_due};
use crate::db::{AuthDb, Backlog, DbError, JANITOR_LEASE, LastRuns, LedgerState, Run, RunOutcome, Sweep, or_finding};
use crate::health::{Finding, Level, worst};

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
    /// Looks at the ledger and the tables. `host` reads the host's clock, which is a witness. What cannot be looked at on a
    /// database that answers is a finding too, and does not keep the rest from being told.
    ///
    /// # Errors
    /// If the database cannot be reached.
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
        let mut findings = Vec::new();
        let witnesses = db.clock_witnesses(&config.policy, host).await.map(Some);
        let now = match or_finding(witnesses, "clocks", &mut findings)? {
            Some(witnesses) => {
                let disagreements = witnesses.disagreements(config.policy.max_clock_skew);
                findings.extend(disagreements.into_iter().map(|text| Finding::critical("clocks", text)));
                witnesses.database
            }
            None => db.now().await?,
        };
        let jobs = jobs(db, config, now, &mut findings).await;
        let jobs = or_finding(jobs, "ledger", &mut findings)?;
        let lease = lease(db, now, &mut findings).await;
        let lease = or_finding(lease, "lease", &mut findings)?;
        let backlog = backlog(db, config, now, &mut findings).await;
        let backlog = or_finding(backlog, "backlog", &mut findings)?;
        let partitions = partitions(db, config, now, &mut findings).await;
        let (runway_months, p_future_rows) = or_finding(partitions, "partitions", &mut findings)?;
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

/// What the janitor has written about its runs.
async fn jobs(
    db: &AuthDb,
    config: &Config,
    now: Timestamp,
    findings: &mut Vec<Finding>,
) -> Result<Vec<JobStatus>, DbError> {
    if db.ledger_state().await? == LedgerState::Absent {
        let text = "there is none: no janitor has ever run here, or it may not make its tables";
        findings.push(Finding::warning("ledger", text));
        return Ok(Vec::new());
    }
    let mut runs = Vec::new();
    for job in Job::ALL {
        runs.push((job, db.last_runs(job.name()).await?));
    }
    let distrusting = distrusting_job(&runs);
    let mut jobs = Vec::new();
    for (job, LastRuns { last, last_done, last_refused, refusal, first_of_all, .. }) in runs {
        let (schedule, time_budget) = (job.schedule(&config.janitor), config.janitor.time_budget);
        if distrusting == Some(job) {
            findings.push(Finding::critical(job.name(), refusal.unwrap_or_default()));
        } else {
            findings.extend(outcome_finding(job, last.as_ref(), time_budget, now));
        }
        // What was refused may be refused for as long as a token lives, and has findings of its own; the run was there.
        let last_good = last_done.max(last_refused);
        findings.extend(overdue_finding(job, schedule, last_good, first_of_all, time_budget, now));
        jobs.push(JobStatus { job, last, last_done, next_due: next_due(schedule, now) });
    }
    Ok(jobs)
}

/// Who works.
async fn lease(db: &AuthDb, now: Timestamp, findings: &mut Vec<Finding>) -> Result<Option<LeaseStatus>, DbError> {
    if db.ledger_state().await? == LedgerState::Absent {
        return Ok(None);
    }
    let (row, _) = db.lease(JANITOR_LEASE).await?;
    Ok(row.map(|row| {
        let is_held = row.expiry.is_some_and(|expiry| expiry > now);
        if !is_held && let Some(expiry) = row.expiry {
            let text = format!("{} held it until {expiry} and did not give it back: it died", row.holder);
            findings.push(Finding::warning("lease", text).naming([expiry]));
        }
        LeaseStatus { holder: row.holder, number: row.fencing_number, until: row.expiry, is_held }
    }))
}

/// What a run says that refused its work because of the clocks.
const DISTRUST: &str = "the clocks disagree";

/// The job whose run found the clocks to disagree, if no run of any job has seen them agree since. One that failed may not
/// have come to look at them. By their numbers: the clock that dated them is the one that was not believed.
fn distrusting_job(runs: &[(Job, LastRuns)]) -> Option<Job> {
    let has_distrusted = |runs: &LastRuns| runs.refusal.as_ref().is_some_and(|reason| reason.contains(DISTRUST));
    let agreed = |(_, runs): &(Job, LastRuns)| {
        let stopped = runs.last.as_ref().filter(|run| run.outcome == RunOutcome::Stopped).map(|run| run.id);
        let refused = runs.last_refused_id.filter(|_| !has_distrusted(runs));
        [runs.last_done_id, stopped, refused].into_iter().flatten().max()
    };
    let last_agreed = runs.iter().filter_map(agreed).max();
    let distrusting =
        runs.iter().filter(|(_, runs)| has_distrusted(runs)).max_by_key(|(_, runs)| runs.last_refused_id)?;
    (distrusting.1.last_refused_id > last_agreed).then_some(distrusting.0)
}

fn outcome_finding(job: Job, last: Option<&Run>, time_budget: Duration, now: Timestamp) -> Option<Finding> {
    let Some(run) = last else { return Some(Finding::warning(job.name(), "never ran here")) };
    let reason = run.error.clone().unwrap_or_default();
    match run.outcome {
        RunOutcome::Refused | RunOutcome::Failed => {
            Some(Finding::warning(job.name(), format!("the last run was {}: {reason}", run.outcome)))
        }
        RunOutcome::Running => {
            let start = run.start.filter(|start| now.since(*start) > time_budget + LATE)?;
            let text = format!("the run that began at {start} has never ended: it hangs, or its janitor has died");
            Some(Finding::warning(job.name(), text).naming([start]))
        }
        RunOutcome::Done | RunOutcome::Stopped | RunOutcome::Other(_) => None,
    }
}

/// A job is overdue when the run after its last good one should be over by now; where none ever was, the run after the
/// first that is written down.
fn overdue_finding(
    job: Job,
    schedule: &str,
    done: Option<Timestamp>,
    first_of_all: Option<Timestamp>,
    time_budget: Duration,
    now: Timestamp,
) -> Option<Finding> {
    let since = done.or(first_of_all)?;
    let due = next_due(schedule, since)?;
    let after = next_due(schedule, due)?;
    let (interval, late) = (after.since(due), now.since(due.after(time_budget)));
    let level = if late > interval * 3 {
        Level::Critical
    } else if late > Duration::ZERO {
        Level::Warning
    } else {
        return None;
    };
    let last = done.map_or("no run was good yet".to_owned(), |done| format!("last good run {done}"));
    Some(Finding::new(level, job.name(), format!("overdue: {last}, next due {due}")).naming([since, due]))
}

async fn backlog(
    db: &AuthDb,
    config: &Config,
    now: Timestamp,
    findings: &mut Vec<Finding>,
) -> Result<Vec<SweepBacklog>, DbError> {
    let mut found = Vec::new();
    for sweep in Job::FLOW_SWEEPS {
        let backlog = db.backlog(sweep, now, &config.policy).await?;
        if let Some(oldest) = backlog.oldest {
            let late = sweep.cutoff(now, &config.policy).since(oldest);
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
    const BUDGET: Duration = Duration::from_mins(5);

    fn ten_past_eleven() -> Timestamp {
        Timestamp::from_unix_millis(1_795_000_200_000).expect("within the calendar")
    }

    fn overdue(done: Option<Timestamp>, minutes: u64) -> Option<Finding> {
        let now = ten_past_eleven().after(Duration::from_mins(minutes));
        overdue_finding(Job::Flows, SCHEDULE, done, Some(ten_past_eleven()), BUDGET, now)
    }

    fn after_last_run(minutes: u64) -> Option<Level> {
        overdue(Some(ten_past_eleven()), minutes).map(|finding| finding.level)
    }

    #[test]
    fn a_job_is_overdue_once_the_next_run_should_be_over_and_badly_so_three_intervals_later() {
        assert_eq!([9, 15].map(after_last_run), [None; 2]);
        assert_eq!([16, 45].map(after_last_run), [Some(Level::Warning); 2]);
        assert_eq!(after_last_run(46), Some(Level::Critical));
    }

    #[test]
    fn a_job_that_never_came_to_a_good_end_is_overdue_from_the_first_run_of_any() {
        assert_eq!(overdue(None, 15), None);
        let finding = overdue(None, 46).expect("it is overdue");
        assert!(finding.level == Level::Critical && finding.text.contains("no run was good yet"), "{finding}");
    }

    #[test]
    fn a_run_that_never_ended_is_said_and_one_under_way_is_not() {
        let after = |span: Duration| {
            let run = Run {
                id: 1,
                job: "flows".to_owned(),
                host: "one.example".to_owned(),
                start: Some(ten_past_eleven()),
                end: None,
                outcome: RunOutcome::Running,
                counts: serde_json::Value::Null,
                error: None,
            };
            outcome_finding(Job::Flows, Some(&run), BUDGET, ten_past_eleven().after(span)).map(|finding| finding.level)
        };
        assert_eq!(after(BUDGET + LATE), None);
        assert_eq!(after(BUDGET + LATE + Duration::from_secs(1)), Some(Level::Warning));
    }

    #[test]
    fn rows_past_the_last_month_are_said_and_too_many_of_them_are_critical() {
        let level = |rows| future_finding(rows, 10).map(|finding| finding.level);
        assert_eq!([Some(0), Some(10), Some(11)].map(level), [None, Some(Level::Warning), Some(Level::Critical)]);
        assert_eq!(level(None), Some(Level::Warning), "new months could not be split from anything");
    }
}
