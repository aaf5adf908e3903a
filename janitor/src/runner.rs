//! One runner per job: it makes sure that a job never runs twice at once, that a run that panics or fails is an outcome
//! and not the end of the daemon, and that what failed is tried again before the next day.

use std::sync::Arc;
use std::time::Duration;

use authdb_shared::clock;
use rand::RngExt;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::jobs::{Janitor, Job};
use crate::report::{Outcome, Report};

/// Several janitors and several jobs should not all start in the same second.
const START_JITTER: Duration = Duration::from_secs(2);
/// The first wait before a run that failed is tried again; doubled each time.
const FIRST_RETRY: Duration = Duration::from_secs(30);
const LONGEST_RETRY: Duration = Duration::from_mins(30);

/// Runs one job whenever it is triggered.
pub(crate) struct Runner {
    janitor: Janitor,
    job: Job,
    /// Triggers that come while the job runs add up to one more run, not to several.
    trigger: Arc<Notify>,
    stop: CancellationToken,
}

impl Runner {
    pub(crate) fn new(janitor: Janitor, job: Job, trigger: Arc<Notify>, stop: CancellationToken) -> Self {
        Self { janitor, job, trigger, stop }
    }

    /// Runs the job at once, to catch up with what was missed, and then at each trigger, until the daemon stops. A run
    /// in progress is finished first.
    pub(crate) async fn serve(self) {
        let mut failures = 0;
        loop {
            self.pause(jittered(START_JITTER)).await;
            if self.stop.is_cancelled() {
                return;
            }
            let report = self.run().await;
            log(&report);
            failures = if report.outcome == Outcome::Done { 0 } else { failures + 1 };
            let next_try = match failures {
                0 => None,
                count => Some((FIRST_RETRY * 2_u32.saturating_pow(count.min(16) - 1)).min(LONGEST_RETRY)),
            };
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = self.trigger.notified() => {}
                () = sleep_if(next_try) => {}
            }
        }
    }

    async fn run(&self) -> Report {
        let (janitor, job) = (self.janitor.clone(), self.job);
        match tokio::spawn(async move { janitor.run(job).await }).await {
            Ok(report) => report,
            Err(panic) => {
                let mut report = Report::new(self.job);
                let reason = format!("the job broke off: {panic}. This is a defect; please report it");
                report.outcome = Outcome::Failed { reason, is_connection_loss: false };
                report
            }
        }
    }

    async fn pause(&self, span: Duration) {
        tokio::select! {
            () = tokio::time::sleep(span) => {}
            () = self.stop.cancelled() => {}
        }
    }
}

/// Sleeps, or waits for ever.
async fn sleep_if(span: Option<Duration>) {
    match span {
        Some(span) => tokio::time::sleep(span).await,
        None => std::future::pending().await,
    }
}

/// Between half of `span` and all of it.
pub(crate) fn jittered(span: Duration) -> Duration {
    span.mul_f64(clock::randomness().random_range(0.5..=1.0))
}

fn log(report: &Report) {
    let (job, outcome, took) = (report.job, &report.outcome, report.took.as_secs_f64());
    let rows = report.rows();
    let summary = report.summary();
    match outcome {
        Outcome::Done => info!("{job}: done in {took:.1} s, {rows} rows: {summary}"),
        Outcome::Unfinished => info!("{job}: unfinished after {took:.1} s, {rows} rows: {summary}"),
        Outcome::Refused => warn!("{job}: refused: {summary}"),
        Outcome::Failed { .. } => error!("{job}: failed after {took:.1} s: {summary}"),
    }
}
