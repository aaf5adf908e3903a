//! What the janitor tells about itself while it works: the recording points, behind one handle.
//!
//! Whoever works calls a method here and goes on; nothing here can fail, and nothing here asks the database. What is
//! recorded comes out in four places: the metrics, the health check, the status line of systemd, and its watchdog.

mod families;
mod situation;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use authdb_shared::Timestamp;
use authdb_shared::clock;
use authdb_shared::config::JanitorConfig;
use authdb_shared::db::Sweep;
use authdb_shared::janitor::Job;
use families::{Families, sweep_labels};
use prometheus_client::metrics::gauge::Gauge;
use situation::Situation;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{debug, info, warn};

use crate::outage::Mention;
use crate::progress::Progress;
use crate::report::{Outcome, Report};
use crate::tenure::Charge;

/// The recording points. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Metrics(Arc<Shared>);

struct Shared {
    families: Families,
    progress: Progress,
    situation: Mutex<Situation>,
    /// Marked as changed whenever the situation is another.
    changed: watch::Sender<()>,
    /// Whether the database answers.
    is_up: watch::Sender<bool>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let (changed, _) = watch::channel(());
        let (is_up, _) = watch::channel(false);
        let (families, situation) = (Families::new(), Mutex::new(Situation::new()));
        Self(Arc::new(Shared { families, progress: Progress::new(), situation, changed, is_up }))
    }

    /// The signs of life of the runners.
    pub(crate) fn progress(&self) -> &Progress {
        &self.0.progress
    }

    /// A batch has ended.
    pub(crate) fn batch(&self, job: Job, sweep: Sweep, rows: u64, held: Duration) {
        self.0.progress.beat(job);
        let labels = sweep_labels(sweep);
        self.0.families.rows.get_or_create(&labels).inc_by(rows);
        if !held.is_zero() {
            self.0.families.batches.get_or_create(&labels).observe(held.as_secs_f64());
        }
        let (sweep_name, held_ms) = (&labels[0].1, held.as_secs_f64() * 1e3);
        debug!(
            batch.sweep = %sweep_name, batch.rows = rows, batch.held_ms = held_ms,
            "{job}: a batch: {rows} {sweep} in {held_ms:.1} ms"
        );
    }

    /// A step that is no batch has ended, such as a change of the partitions.
    pub(crate) fn step(&self, job: Job) {
        self.0.progress.beat(job);
    }

    /// So many rows are due, as far as has been seen.
    pub(crate) fn backlog(&self, sweep: Sweep, rows: u64) {
        self.0.families.backlog.get_or_create(&sweep_labels(sweep)).set(whole(rows));
    }

    /// A run begins.
    pub(crate) fn run_begins(&self, job: Job) {
        self.0.progress.beat(job);
        self.change(|situation| situation.begins(job, clock::host_now()));
    }

    /// A run has ended. `false` if its only news is that the database cannot be reached, and that was said before.
    pub(crate) fn run_ended(&self, report: &Report) -> bool {
        self.0.progress.beat(report.job);
        let job = report.job.to_string();
        let labels = vec![("job", job.clone()), ("outcome", report.outcome.to_string())];
        self.0.families.runs.get_or_create(&labels).inc();
        let now = clock::host_now();
        if report.outcome == Outcome::Done {
            self.0.families.last_success.get_or_create(&vec![("job", job)]).set(seconds(now));
        }
        match &report.outcome {
            Outcome::Failed { reason, is_connection_loss: true } => {
                self.lost(reason, |_| {});
            }
            Outcome::Failed { .. } => {}
            _ => self.database_answered(),
        }
        self.change(|situation| situation.ended(report, now))
    }

    /// The database could not be reached, for a reason that says what was attempted.
    pub(crate) fn database_lost(&self, reason: &str) {
        self.lost(reason, |reason| warn!("{reason}; trying again"));
    }

    fn lost(&self, reason: &str, say_first: impl FnOnce(&str)) {
        self.0.families.is_database_up.get_or_create(&Vec::new()).set(0);
        self.0.is_up.send_if_modified(|is_up| std::mem::replace(is_up, false));
        match self.change(|situation| situation.contact.lost(Instant::now(), reason)) {
            Some(Mention::Lost) => say_first(reason),
            Some(Mention::StillLost(span)) => warn!("{reason}; no contact for {}; trying again", words(span)),
            Some(Mention::Back(_)) | None => debug!("{reason}; trying again"),
        }
    }

    /// The database answered.
    pub(crate) fn database_answered(&self) {
        self.0.families.is_database_up.get_or_create(&Vec::new()).set(1);
        self.0.is_up.send_if_modified(|is_up| !std::mem::replace(is_up, true));
        if let Some(Mention::Back(span)) = self.change(|situation| situation.answered(Instant::now())) {
            info!("the database answers again, after {}", words(span));
        }
    }

    /// Whether the database answers, to be waited for.
    pub(crate) fn database_is_up(&self) -> watch::Receiver<bool> {
        self.0.is_up.subscribe()
    }

    /// How far the host's clock is ahead of the database's.
    pub(crate) fn clocks(&self, host: Timestamp, database: Timestamp) {
        let distance = host.distance(database).as_secs_f64();
        let difference = if host < database { -distance } else { distance };
        self.0.families.clock_difference.get_or_create(&Vec::new()).set(difference);
    }

    /// How many months are partitioned ahead, and how many rows are in `p_future`; `None` without partitions.
    pub(crate) fn partitions(&self, ahead: Option<(u32, Option<u64>)>) {
        let families = &self.0.families;
        set_or_clear(&families.runway, ahead.map(|(months, _)| i64::from(months)));
        set_or_clear(&families.future_rows, ahead.and_then(|(_, rows)| rows).map(whole));
        self.change(|situation| situation.runway = ahead.map(|(months, _)| months));
    }

    /// The age of the oldest stale flow of a kind.
    pub(crate) fn oldest_stale_flow(&self, kind: &'static str, age: Duration) {
        let labels = vec![("kind", kind.to_owned())];
        self.0.families.oldest_stale_flow.get_or_create(&labels).set(age.as_secs_f64());
    }

    /// Who is in charge.
    pub(crate) fn charge(&self, charge: &Charge) {
        let is_ours = match charge {
            Charge::Ours(_) => Some(1),
            Charge::Theirs { .. } | Charge::Unknown { .. } => Some(0),
            Charge::Nobody => None,
        };
        set_or_clear(&self.0.families.has_lease, is_ours);
        let other = if let Charge::Theirs { holder, .. } = charge { Some(holder.clone()) } else { None };
        let obstacle = if let Charge::Unknown { obstacle } = charge { obstacle.clone() } else { None };
        if other.is_some() {
            // The other one's successes are later ones.
            self.0.families.last_success.clear();
        }
        self.change(|situation| situation.in_charge(other, obstacle, clock::host_now()));
    }

    /// The work is on another database from now on.
    pub(crate) fn moved(&self) {
        self.0.families.last_success.clear();
        self.change(|situation| situation.moved(clock::host_now()));
    }

    /// Whether anybody can read the metrics.
    pub(crate) fn is_read(&self) -> bool {
        self.situation().is_listening
    }

    /// These settings are in force from now on.
    pub(crate) fn configured(&self, settings: &JanitorConfig, now: Timestamp) {
        self.0.families.is_configuration_refused.get_or_create(&Vec::new()).set(0);
        self.change(|situation| situation.configured(settings, now));
    }

    /// A configuration that was to replace the present one is bad, for this reason.
    pub(crate) fn configuration_refused(&self, reason: &str) {
        self.0.families.is_configuration_refused.get_or_create(&Vec::new()).set(1);
        self.change(|situation| situation.refused_configuration = Some(reason.to_owned()));
    }

    /// The metrics as text.
    pub(crate) fn text(&self) -> String {
        self.0.families.text()
    }

    /// What is wrong, each in a sentence; nothing while all is well.
    pub(crate) fn ailments(&self) -> Vec<String> {
        let now = Instant::now();
        self.situation().ailments(now, clock::host_now(), self.0.progress.stillest(now))
    }

    /// The situation in one line.
    pub(crate) fn status(&self) -> String {
        self.situation().line(Instant::now())
    }

    /// Marked as changed whenever the status line may have changed.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.0.changed.subscribe()
    }

    fn situation(&self) -> MutexGuard<'_, Situation> {
        // What a panic leaves behind here is at worst a figure too few.
        self.0.situation.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Situation) -> T) -> T {
        let outcome = change(&mut self.situation());
        self.0.changed.send_replace(());
        outcome
    }
}

fn set_or_clear(family: &prometheus_client::metrics::family::Family<families::Labels, Gauge>, value: Option<i64>) {
    match value {
        Some(value) => {
            family.get_or_create(&Vec::new()).set(value);
        }
        None => family.clear(),
    }
}

fn whole(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// Since the Unix epoch, which fits a double to the microsecond.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of this age need 41 bits of 52")]
fn seconds(time: Timestamp) -> f64 {
    time.unix_millis() as f64 / 1e3
}

/// A span as people say it, without fractions of a second.
pub(crate) fn words(span: Duration) -> String {
    humantime::format_duration(Duration::from_secs(span.as_secs())).to_string()
}

#[cfg(test)]
mod tests;
