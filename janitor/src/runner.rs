//! One runner per job: it makes sure that a job never runs twice at once, that a run that panics or fails is an outcome
//! and not the end of the daemon, and that what failed is tried again before the next day.
//!
//! What was refused is not, unless the reason may be gone in a minute: a month that may not be dropped would be read again
//! every half an hour, and others dropped each time that a run may drop in a day.

use std::sync::Arc;
use std::time::Duration;

use authdb_shared::clock;
use authdb_shared::config::next_due;
use authdb_shared::janitor::Job;
use rand::RngExt;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::post::Post;
use crate::progress::Progress;
use crate::report::{Outcome, Report};

/// Several janitors and several jobs should not all start in the same second.
const START_JITTER: Duration = Duration::from_secs(2);
/// The first wait before a run that failed is tried again; doubled each time.
const FIRST_RETRY: Duration = Duration::from_secs(30);
const LONGEST_RETRY: Duration = Duration::from_mins(30);
/// The scheduler's bell comes first wherever it comes in time.
const AFTER_THE_BELL: Duration = Duration::from_secs(5);
/// Runs in a row that lose the database and are tried again as soon as it answers.
const MOST_OUTAGES: u32 = 3;

/// Runs one job whenever it is triggered.
pub(crate) struct Runner {
    /// What it works with at present.
    post: watch::Receiver<Post>,
    job: Job,
    /// Triggers that come while the job runs add up to one more run, not to several.
    trigger: Arc<Notify>,
    stop: CancellationToken,
}

impl Runner {
    pub(crate) fn new(post: watch::Receiver<Post>, job: Job, trigger: Arc<Notify>, stop: CancellationToken) -> Self {
        Self { post, job, trigger, stop }
    }

    /// Runs the job at once, to catch up with what was missed, and then at each trigger, until the daemon stops; all
    /// that as soon as this janitor is in charge. A run in progress is finished first.
    pub(crate) async fn serve(self) {
        let metrics = self.post.borrow().janitor().metrics().clone();
        let mut failures = 0;
        loop {
            self.pause(jittered(START_JITTER)).await;
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return,
                () = self.take_charge() => {}
                () = self.answer(metrics.progress()) => {}
            }
            metrics.run_begins(self.job);
            let report = self.run().await;
            if metrics.run_ended(&report) {
                log(&report);
            }
            failures = counted(failures, &report);
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = self.next_time(&report, failures, metrics.database_is_up()) => {}
                () = self.answer(metrics.progress()) => {}
            }
        }
    }

    /// Waits until this janitor is in charge of the database that is configured.
    async fn take_charge(&self) {
        let mut post = self.post.clone();
        loop {
            let tenure = post.borrow_and_update().janitor().tenure().clone();
            tokio::select! {
                () = tenure.wait() => return,
                changed = post.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Waits until the job is to run again.
    async fn next_time(&self, last: &Report, failures: u32, mut database_is_up: watch::Receiver<bool>) {
        // While the database is away there is nothing to try; the survey sees it come back. Where the survey sees it and
        // runs lose it all the same, that is no outage any more.
        if waits_for_contact(last, failures) {
            tokio::select! {
                _ = database_is_up.wait_for(|is_up| *is_up) => {}
                () = tokio::time::sleep(LONGEST_RETRY) => {}
            }
            return;
        }
        tokio::select! {
            () = self.trigger.notified() => {}
            () = self.falls_due() => {}
            () = sleep_if(next_try(failures)) => {}
        }
    }

    /// Waits until the job is due by the host's clock. The scheduler rings at a moment that it has worked out before: where
    /// the clock was set back since, that may be hours or years away.
    async fn falls_due(&self) {
        loop {
            let begun = clock::host_now();
            let due = || next_due(self.post.borrow().janitor().schedule(self.job), begun);
            sleep_if(due().map(|due| due.since(begun) + AFTER_THE_BELL)).await;
            // The clock may have been set back meanwhile, or another schedule been read.
            if due().is_some_and(|due| due <= clock::host_now()) {
                return;
            }
        }
    }

    async fn run(&self) -> Report {
        let ((janitor, token), job) = (self.post.borrow().for_a_run(), self.job);
        let report = outcome_of(job, async move { janitor.run(job).await }).await;
        drop(token);
        report
    }

    /// Says whenever it is asked that this loop is alive.
    async fn answer(&self, progress: &Progress) {
        loop {
            progress.asked(self.job).await;
            progress.beat(self.job);
        }
    }

    async fn pause(&self, span: Duration) {
        tokio::select! {
            () = tokio::time::sleep(span) => {}
            () = self.stop.cancelled() => {}
        }
    }
}

/// Whether a run is only waiting for the database to answer again. One that has dropped what may go in a day is not.
fn waits_for_contact(last: &Report, failures: u32) -> bool {
    let is_outage = matches!(last.outcome, Outcome::Failed { is_connection_loss: true, .. });
    is_outage && last.tries_again && failures <= MOST_OUTAGES
}

/// Runs in a row, this one included, that are worth trying again soon.
fn counted(before: u32, report: &Report) -> u32 {
    if report.tries_again { before + 1 } else { 0 }
}

/// How long until the job is tried again without a trigger; `None` if only a trigger runs it.
fn next_try(failures: u32) -> Option<Duration> {
    let doublings = failures.checked_sub(1)?.min(16);
    Some((FIRST_RETRY * 2_u32.saturating_pow(doublings)).min(LONGEST_RETRY))
}

/// What came of a run, also if it panics.
pub(crate) async fn outcome_of(job: Job, run: impl Future<Output = Report> + Send + 'static) -> Report {
    match tokio::spawn(run).await {
        Ok(report) => report,
        Err(panic) => {
            let mut report = Report::new(job);
            let reason = format!("the job broke off: {panic}. This is a defect; please report it");
            report.outcome = Outcome::Failed { reason, is_connection_loss: false };
            report.tries_again = true;
            report
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
    let (job, outcome, took, rows) = (report.job, &report.outcome, report.took.as_secs_f64(), report.rows());
    let summary = report.summary();
    /// At a level, the line and the same in fields.
    macro_rules! say {
        ($level:ident, $($line:tt)+) => {
            $level!(run.job = %job, run.outcome = %outcome, run.rows = rows, run.seconds = took, $($line)+)
        };
    }
    match outcome {
        Outcome::Done => say!(info, "{job}: done in {took:.1} s, {rows} rows: {summary}"),
        Outcome::Unfinished => say!(info, "{job}: unfinished after {took:.1} s, {rows} rows: {summary}"),
        Outcome::Refused => say!(warn, "{job}: refused: {summary}"),
        Outcome::Failed { .. } => say!(error, "{job}: failed after {took:.1} s: {summary}"),
    }
}

#[cfg(test)]
mod tests {
    use authdb_shared::db::DbError;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_outcome() {
        let report = outcome_of(Job::Tokens, async { panic!("of this test") }).await;
        let Outcome::Failed { reason, is_connection_loss: false } = &report.outcome else { panic!("{report:?}") };
        assert!(reason.contains("of this test") && reason.contains("please report it"), "{reason}");
        assert_eq!(report.job, Job::Tokens);
    }

    /// After how many seconds the job would be tried again without a trigger.
    fn tried_again_after(what_came: impl Fn(&mut Report)) -> Option<u64> {
        let mut report = Report::new(Job::Tokens);
        what_came(&mut report);
        next_try(counted(0, &report)).map(|span| span.as_secs())
    }

    #[test]
    fn what_is_refused_for_longer_waits_for_the_trigger() {
        let why = || "it holds an active token".to_owned();
        assert_eq!(tried_again_after(|_| {}), None, "all is done");
        assert_eq!(tried_again_after(|report| report.refuse(why())), None);
        assert_eq!(tried_again_after(|report| report.refuse_for_now("somebody reads it".to_owned())), Some(30));
        let both = |report: &mut Report| {
            report.refuse_for_now("somebody reads it".to_owned());
            report.refuse(why());
        };
        assert_eq!(tried_again_after(both), Some(30), "whatever else is refused");
        let used_up = |report: &mut Report| {
            report.refuse_for_now("somebody reads it".to_owned());
            report.wait_for_trigger();
        };
        assert_eq!(tried_again_after(used_up), None, "it would take as long again");
    }

    #[test]
    fn whatever_comes_after_as_many_months_as_may_go_in_a_day_waits_for_the_trigger() {
        let lost = || DbError::Stopped { attempt: "dropping a month" };
        assert_eq!(tried_again_after(|report| report.fail(&lost())), Some(30));
        let broken_off = |report: &mut Report| {
            report.has_done_enough();
            report.fail(&lost());
        };
        assert_eq!(tried_again_after(broken_off), None);
        let unfinished = |report: &mut Report| {
            report.has_done_enough();
            report.unfinished();
        };
        assert_eq!(tried_again_after(unfinished), None);
    }

    #[test]
    fn a_lost_database_is_waited_for_unless_as_many_months_have_gone_as_may() {
        let lost = || {
            let (attempt, place, reason) = ("dropping a month", "AuthDB at db".to_owned(), "broken pipe".to_owned());
            DbError::Lost { attempt, place, reason }
        };
        let mut report = Report::new(Job::Tokens);
        report.fail(&lost());
        assert!(waits_for_contact(&report, 1) && !waits_for_contact(&report, MOST_OUTAGES + 1));
        let mut report = Report::new(Job::Tokens);
        report.has_done_enough();
        report.fail(&lost());
        assert!(!waits_for_contact(&report, counted(0, &report)), "it would drop as many again");
    }

    #[test]
    fn waits_grow_up_to_half_an_hour_and_begin_anew() {
        let seconds = |failures| next_try(failures).map_or(0, |span| span.as_secs());
        assert_eq!([0, 1, 2, 3, 7, 8, u32::MAX].map(seconds), [0, 30, 60, 120, 1800, 1800, 1800]);
        let report = Report::new(Job::Tokens);
        assert_eq!(counted(7, &report), 0);
    }
}
