//! The jobs: idempotent, without input but the policy and the database's time, each ending in a typed report.

mod flows;
mod tokens;

use std::fmt;
use std::time::Duration;

use authdb_shared::clock;
use authdb_shared::config::{Config, JanitorConfig};
use authdb_shared::db::{AuthDb, DbError, Sweep, SweepCursor, WritePermit};
use authdb_shared::{Policy, Timestamp};
use clap::ValueEnum;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::report::{Outcome, Report};
use crate::runner::jittered;

/// Something the janitor does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Job {
    /// Expire stale flows and delete old ones
    Flows,
    /// Roll the monthly partitions of `RefreshTokens`, or delete old months where there are none
    Tokens,
}

impl Job {
    /// All of them, in the order in which `once` runs them.
    pub(crate) const ALL: [Self; 2] = [Self::Flows, Self::Tokens];
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Flows => "flows",
            Self::Tokens => "tokens",
        })
    }
}

/// What every job works with.
#[derive(Clone)]
pub(crate) struct Janitor {
    db: AuthDb,
    policy: Policy,
    settings: JanitorConfig,
    stop: CancellationToken,
}

/// The right to go on, for one run.
struct Run<'a> {
    janitor: &'a Janitor,
    permit: WritePermit,
    /// The database's time, read once for the whole run.
    now: Timestamp,
    deadline: Instant,
}

/// Tries per batch or schema change before contention is reported.
const TRIES: u32 = 5;
/// The first wait after contention; doubled each time.
const FIRST_WAIT: Duration = Duration::from_millis(200);

impl Janitor {
    pub(crate) fn new(db: AuthDb, config: &Config, stop: CancellationToken) -> Self {
        Self { db, policy: config.policy.clone(), settings: config.janitor.clone(), stop }
    }

    pub(crate) async fn close(&self) {
        self.db.close().await;
    }

    /// Runs a job now.
    pub(crate) async fn run(&self, job: Job) -> Report {
        let started = Instant::now();
        let mut report = Report::new(job);
        if let Err(error) = self.work(job, started, &mut report).await {
            report.fail(&error);
        }
        report.took = started.elapsed();
        report
    }

    async fn work(&self, job: Job, started: Instant, report: &mut Report) -> Result<(), DbError> {
        let witnesses = self.db.clock_witnesses(&self.policy, clock::host_now).await?;
        let disagreements = witnesses.disagreements(self.policy.max_clock_skew);
        if !disagreements.is_empty() {
            report.refuse("nothing was changed, because the clocks disagree".to_owned());
            report.notes.extend(disagreements);
            return Ok(());
        }
        let run = Run {
            janitor: self,
            permit: self.db.write_permit()?,
            now: witnesses.database,
            deadline: started + self.settings.time_budget,
        };
        match job {
            Job::Flows => flows::run(&run, report).await,
            Job::Tokens => tokens::run(&run, report).await,
        }
    }
}

impl Run<'_> {
    /// Whether the run must end before its next batch.
    fn must_stop(&self) -> bool {
        self.janitor.stop.is_cancelled() || Instant::now() >= self.deadline
    }

    /// Notes why the run ends with work left.
    fn leave_unfinished(&self, report: &mut Report) {
        report.outcome = Outcome::Unfinished;
        report.notes.push(if self.janitor.stop.is_cancelled() {
            "stopped by a signal; the next run carries on".to_owned()
        } else {
            "the time is up (janitor.time_budget); the next run carries on".to_owned()
        });
    }

    /// Sweeps to the end, or until the run must stop.
    async fn sweep(&self, sweep: Sweep, report: &mut Report) -> Result<(), DbError> {
        let mut cursor = SweepCursor::start(sweep, self.now, &self.janitor.policy);
        report.swept.push((sweep, 0));
        loop {
            if self.must_stop() {
                self.leave_unfinished(report);
                return Ok(());
            }
            let batch = self.sweep_batch(&mut cursor).await?;
            if let Some((_, rows)) = report.swept.last_mut() {
                *rows += batch.rows;
            }
            if batch.is_last {
                return Ok(());
            }
        }
    }

    async fn sweep_batch(&self, cursor: &mut SweepCursor) -> Result<authdb_shared::db::Batch, DbError> {
        let limit = self.janitor.settings.batch_size;
        for attempt in 1.. {
            match self.janitor.db.sweep(&self.permit, cursor, limit).await {
                Err(error) if error.is_contention() && attempt < TRIES => self.wait_after(attempt).await,
                result => return result,
            }
        }
        unreachable!("the last try returns")
    }

    /// A breather after contention, longer each time, and never the same for two janitors. A signal ends it.
    async fn wait_after(&self, attempt: u32) {
        let wait = jittered(FIRST_WAIT * 2_u32.pow(attempt - 1));
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = self.janitor.stop.cancelled() => {}
        }
    }
}
