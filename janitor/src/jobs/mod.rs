//! The jobs: idempotent, without input but the policy and the database's time, each ending in a typed report.

mod flows;
mod sweeps;
mod tokens;

use sweeps::Walked;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use authdb_shared::actor::Actor;
use authdb_shared::clock;
use authdb_shared::config::{Config, JanitorConfig};
use authdb_shared::db::{AuthDb, DbError, SweepCursor, Walk, WritePermit};
use authdb_shared::janitor::{Job, Plan, Step, fingerprint};
use authdb_shared::partition::Layout;
use authdb_shared::{Policy, Timestamp};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::bar::Bar;
use crate::ledger::Ledger;
use crate::metrics::Metrics;
use crate::pace::{Limits, Pace};
use crate::report::Report;
use crate::runner::{jittered, outcome_of};
use crate::tenure::Tenure;

/// What every job works with.
#[derive(Clone)]
pub(crate) struct Janitor {
    db: AuthDb,
    ledger: Ledger,
    tenure: Tenure,
    /// Where walks stopped before their end, for the next run of this process.
    unfinished: Arc<Mutex<Vec<SweepCursor>>>,
    policy: Policy,
    settings: JanitorConfig,
    stop: CancellationToken,
    bar: Bar,
    planned: Option<Planned>,
    metrics: Metrics,
}

/// What a run is bound to by a plan.
#[derive(Clone)]
struct Planned {
    as_of: Timestamp,
    layout: String,
    /// The partitions of each change that stands in it.
    steps: Vec<Vec<String>>,
}

/// The right to go on, for one run.
struct Run<'a> {
    janitor: &'a Janitor,
    permit: WritePermit,
    /// The database's time, read once for the whole run; that of the plan, where one is applied.
    now: Timestamp,
    deadline: Instant,
}

/// Tries per batch or schema change before contention is reported.
const TRIES: u32 = 5;
/// The fewest rows of a batch, however slow the server is.
const MIN_BATCH: u32 = 50;
/// The first wait after contention; doubled each time.
const FIRST_WAIT: Duration = Duration::from_millis(200);

impl Janitor {
    /// Makes the ledger where it is missing, and asks for the lease. What cannot be told of it hangs up.
    ///
    /// # Errors
    /// See [`Ledger::open`].
    pub(crate) async fn open(db: AuthDb, config: &Config, stop: CancellationToken) -> Result<Self, DbError> {
        match Ledger::open(&db).await {
            Ok(ledger) => Ok(Self::new(db, ledger, config, stop)),
            Err(error) => {
                db.close().await;
                Err(error)
            }
        }
    }

    /// Asks for the lease of this ledger.
    pub(crate) fn new(db: AuthDb, ledger: Ledger, config: &Config, stop: CancellationToken) -> Self {
        let tenure = ledger.tenure(config.janitor.lease_duration);
        let (policy, settings) = (config.policy.clone(), config.janitor.clone());
        let (unfinished, bar, planned) = Default::default();
        let metrics = Metrics::new();
        Self { db, ledger, tenure, unfinished, policy, settings, stop, bar, planned, metrics }
    }

    /// Shows its progress.
    pub(crate) fn showing(mut self, bar: Bar) -> Self {
        self.bar = bar;
        self
    }

    /// Where progress is shown.
    pub(crate) fn bar(&self) -> &Bar {
        &self.bar
    }

    /// Does what stands in a plan, as of the moment when it was made.
    pub(crate) fn bound_to(mut self, plan: Plan, as_of: Timestamp) -> Self {
        let steps = plan.jobs.into_iter().flat_map(|job| job.steps).filter(|step| !step.is_refused);
        let steps = steps.map(|step| step.partitions).collect();
        self.planned = Some(Planned { as_of, layout: plan.layout, steps });
        self
    }

    /// Whether a step may be taken: any, unless a plan names those that may. What it refused may be possible by now and
    /// the other way round, so that the run would come to other months than those that somebody has read.
    fn may_take(&self, step: &Step) -> bool {
        self.planned.as_ref().is_none_or(|planned| planned.steps.contains(&step.partitions()))
    }

    /// Whether a plan was made for another layout than this.
    fn is_planned_for_another(&self, layout: &Layout) -> bool {
        self.planned.as_ref().is_some_and(|planned| planned.layout != fingerprint(layout))
    }

    /// The same, recording what it does.
    pub(crate) fn with_metrics(self, metrics: Metrics) -> Self {
        Self { metrics, ..self }
    }

    /// The same database under another policy and other settings. Walks begin anew: another policy may put what they have
    /// passed before them again.
    pub(crate) fn reconfigured(&self, config: &Config) -> Self {
        let (policy, settings) = (config.policy.clone(), config.janitor.clone());
        Self { policy, settings, unfinished: Arc::default(), ..self.clone() }
    }

    pub(crate) fn db(&self) -> &AuthDb {
        &self.db
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// When a job is due.
    pub(crate) fn schedule(&self, job: Job) -> &str {
        job.schedule(&self.settings)
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The pace at the beginning of a walk.
    fn pace(&self) -> Pace {
        let max_rows = self.settings.batch_size;
        Pace::new(Limits { target: self.settings.batch_latency, min_rows: MIN_BATCH.min(max_rows), max_rows })
    }

    /// Why runs are not written down, if they are not.
    pub(crate) fn ledger_obstacle(&self) -> Option<&str> {
        self.ledger.obstacle()
    }

    /// Where runs are written down.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Which janitor works.
    pub(crate) fn tenure(&self) -> &Tenure {
        &self.tenure
    }

    /// Gives the lease back and hangs up.
    pub(crate) async fn close(&self) {
        self.ledger.close().await;
        self.tenure.end().await;
        self.db.close().await;
    }

    /// Where a walk begins: where the last one stopped, if it did.
    fn place(&self, walk: Walk, now: Timestamp) -> SweepCursor {
        let mut unfinished = self.unfinished.lock().unwrap_or_else(PoisonError::into_inner);
        match unfinished.iter().position(|cursor| cursor.walk() == walk) {
            Some(found) => unfinished.swap_remove(found).resumed(now, &self.policy),
            None => SweepCursor::start(walk, now, &self.policy),
        }
    }

    /// Whether a walk has stopped before its end.
    fn is_under_way(&self, walk: Walk) -> bool {
        let unfinished = self.unfinished.lock().unwrap_or_else(PoisonError::into_inner);
        unfinished.iter().any(|cursor| cursor.walk() == walk)
    }

    /// Keeps the place of a walk that has to stop.
    fn keep(&self, cursor: SweepCursor) {
        self.unfinished.lock().unwrap_or_else(PoisonError::into_inner).push(cursor);
    }

    /// Runs a job now.
    pub(crate) async fn run(&self, job: Job) -> Report {
        let janitor = self.clone();
        let work = async move {
            let started = Instant::now();
            let mut report = Report::new(job);
            if let Err(error) = janitor.work(job, started, &mut report).await {
                report.fail(&error);
            }
            report.took = started.elapsed();
            report
        };
        self.written_down(job, Box::pin(work)).await
    }

    /// Writes down that a run began and how it ended, also if it panics.
    async fn written_down(&self, job: Job, run: impl Future<Output = Report> + Send + 'static) -> Report {
        let entry = self.ledger.begin(&job.to_string()).await;
        let report = outcome_of(job, run).await;
        self.ledger.finish(entry, &report).await;
        report
    }

    async fn work(&self, job: Job, started: Instant, report: &mut Report) -> Result<(), DbError> {
        let witnesses = self.db.clock_witnesses(&self.policy, clock::host_now).await?;
        let disagreements = witnesses.disagreements(self.policy.max_clock_skew);
        if !disagreements.is_empty() {
            report.distrust(disagreements);
            return Ok(());
        }
        if self.ledger.was_made_meanwhile(&self.db).await? {
            report.unfinished();
            report.notes.push("the janitor's tables have been made meanwhile: it needs their lease now".to_owned());
            return Ok(());
        }
        let permit = match self.tenure.permit(self.db.write_permit(&Actor::of_this_process())?) {
            Ok(permit) => permit,
            Err(reason) => {
                report.unfinished();
                report.notes.push(reason);
                return Ok(());
            }
        };
        let run = Run {
            janitor: self,
            permit,
            now: self.planned.as_ref().map_or(witnesses.database, |planned| planned.as_of),
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
        report.unfinished();
        let note = if self.janitor.stop.is_cancelled() {
            "stopped by a signal; the next run carries on"
        } else {
            "the time is up (janitor.time_budget); the next run carries on"
        };
        report.note_once(note.to_owned());
    }

    /// A breather after contention, longer each time, and never the same for two janitors. A signal ends it.
    async fn wait_after(&self, attempt: u32) {
        self.rest(jittered(FIRST_WAIT * 2_u32.pow(attempt - 1))).await;
    }

    /// A pause that a signal ends.
    async fn rest(&self, span: Duration) {
        tokio::select! {
            () = tokio::time::sleep(span) => {}
            () = self.janitor.stop.cancelled() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use authdb_shared::config::Sources;
    use authdb_shared::db::RunOutcome;
    use authdb_shared::demo::Demo;

    use super::*;
    use crate::report::Outcome;

    #[tokio::test]
    async fn a_run_that_panics_is_written_down_as_failed() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"));
        let config = config.expect("a valid configuration");
        let db = AuthDb::create(&config.database, clock::host_now()).await.expect("it is made");
        let janitor = Janitor::open(db.clone(), &config, CancellationToken::new()).await.expect("it has a ledger");
        let report = janitor.written_down(Job::Tokens, async { panic!("of this test") }).await;
        assert!(matches!(report.outcome, Outcome::Failed { .. }), "{report:?}");
        let run = db.runs(None, 1).await.expect("they can be read").rows.remove(0);
        assert!(run.outcome == RunOutcome::Failed && run.end.is_some(), "{run:?}");
        assert!(run.error.as_deref().is_some_and(|error| error.contains("of this test")), "{run:?}");
        janitor.close().await;
    }
}
