//! The janitor of the demo: the installation keeps its own tables clean as `authdb-janitor` does, on the same schedule, and
//! writes down what it did, so that the screens which show a janitor have one to show.

use std::time::Duration;

use rand::{Rng, RngExt};
use serde_json::{Map, Value, json};
use sqlx::SqliteConnection;

use super::{Demo, rows};
use crate::clock::Timestamp;
use crate::config::{JanitorConfig, next_due};
use crate::db::{JANITOR_LEASE, Lease, RunOutcome, Sweep, SweepCursor, Walk};
use crate::error::Error;
use crate::janitor::Job;

/// Where the janitor says that it runs.
const HOST: &str = "demo";
const HOLDER: &str = "demo (inside authdb demo)";
const LEASE: Duration = Duration::from_mins(1);
/// Beats between two renewals of the lease, well within its duration.
const BEATS_PER_RENEWAL: u64 = 20;
const SWEPT_PER_BATCH: u32 = 1000;

/// How far back each job's runs reach.
const FLOWS_SINCE: Duration = Duration::from_hours(12);
const TOKENS_SINCE: Duration = Duration::from_hours(24 * 14);

/// What the demo's janitor knows between two beats.
pub(super) struct Janitor {
    settings: JanitorConfig,
    /// When each job is due next; none whose schedule never matches.
    due: Vec<(Job, Timestamp)>,
    lease: Option<Lease>,
}

impl Janitor {
    pub(super) fn new(settings: &JanitorConfig, now: Timestamp) -> Self {
        let due = |job: Job| Some((job, next_due(job.schedule(settings), now)?));
        Self { settings: settings.clone(), due: Job::ALL.into_iter().filter_map(due).collect(), lease: None }
    }

    /// When a job was due in the past, oldest first.
    fn past(&self, job: Job, since: Duration, now: Timestamp) -> Vec<Timestamp> {
        let schedule = job.schedule(&self.settings);
        let times = std::iter::successors(next_due(schedule, now.before(since)), |last| next_due(schedule, *last));
        times.take_while(|time| *time <= now).collect()
    }

    /// How long ago the flows were cleaned last; what became stale since then is still in the tables.
    pub(super) fn since_clean_up(&self, now: Timestamp) -> Duration {
        self.past(Job::Flows, FLOWS_SINCE, now).last().map_or(FLOWS_SINCE, |last| now.since(*last))
    }
}

impl Demo {
    /// The runs of the last hours and nights.
    pub(super) async fn seed_runs(
        &self,
        connection: &mut SqliteConnection,
        now: Timestamp,
        random: &mut impl Rng,
    ) -> Result<(), sqlx::Error> {
        let of = |job, since| self.janitor.past(job, since, now).into_iter().map(move |start| (start, job));
        let mut runs: Vec<(Timestamp, Job)> =
            of(Job::Flows, FLOWS_SINCE).chain(of(Job::Tokens, TOKENS_SINCE)).collect();
        runs.sort_by_key(|(start, _)| *start);
        for (start, job) in runs {
            let most = if job == Job::Flows { 8 } else { 30 };
            let swept: Vec<_> = sweeps(job).iter().map(|sweep| (*sweep, random.random_range(0..most))).collect();
            let end = start.after(Duration::from_millis(random.random_range(20..400))).min(now);
            rows::insert_run(connection, job.name(), HOST, (start, end), &counts(swept)).await?;
        }
        Ok(())
    }

    /// Does what is due, and keeps the lease.
    pub(super) async fn tidy(&mut self, now: Timestamp) -> Result<(), Error> {
        if self.beats.is_multiple_of(BEATS_PER_RENEWAL) {
            self.keep_lease().await?;
        }
        for index in 0..self.janitor.due.len() {
            let (job, due) = self.janitor.due[index];
            if due > now {
                continue;
            }
            self.run(job, now).await?;
            if let Some(next) = next_due(job.schedule(&self.janitor.settings), now) {
                self.janitor.due[index] = (job, next);
            }
        }
        Ok(())
    }

    async fn keep_lease(&mut self) -> Result<(), Error> {
        if let Some(lease) = &self.janitor.lease
            && self.db.renew_lease(&self.permit, lease, LEASE).await?
        {
            return Ok(());
        }
        self.janitor.lease = self.db.take_lease(&self.permit, JANITOR_LEASE, HOLDER, LEASE).await?;
        Ok(())
    }

    async fn run(&self, job: Job, now: Timestamp) -> Result<(), Error> {
        let run = self.db.begin_run(&self.permit, job.name(), HOST).await?;
        let mut swept: Vec<_> = sweeps(job).iter().map(|sweep| (*sweep, 0)).collect();
        for walk in walks(job) {
            let mut cursor = SweepCursor::start(*walk, now, &self.policy);
            loop {
                let batch = self.db.sweep(&self.permit, &mut cursor, SWEPT_PER_BATCH).await?;
                for (sweep, rows) in swept.iter_mut().filter(|(sweep, _)| walk.sweeps().contains(sweep)) {
                    *rows += batch.of(*sweep);
                }
                if batch.is_last {
                    break;
                }
            }
        }
        self.db.finish_run(&self.permit, run, &RunOutcome::Done, &counts(swept), None).await?;
        Ok(())
    }

    /// Gives the lease back, as a janitor does that is told to end.
    pub(super) async fn release_lease(&mut self) {
        if let Some(lease) = self.janitor.lease.take() {
            // The file may be gone already, and then nobody waits for the lease.
            let _ = self.db.release_lease(&self.permit, &lease).await;
        }
    }
}

fn sweeps(job: Job) -> &'static [Sweep] {
    match job {
        Job::Flows => &Job::FLOW_SWEEPS,
        Job::Tokens => &[Sweep::PurgeTokens],
    }
}

fn walks(job: Job) -> &'static [Walk] {
    match job {
        Job::Flows => &Job::FLOW_WALKS,
        Job::Tokens => &[Walk::RefreshTokens],
    }
}

/// What a run did, in the form in which the janitor writes it.
fn counts(swept: Vec<(Sweep, u64)>) -> Value {
    let rows: Map<String, Value> = swept.into_iter().map(|(sweep, rows)| (sweep.to_string(), rows.into())).collect();
    json!({ "rows": rows, "changes": [] })
}
