//! A walk from its beginning to its end: batch after batch, with a breather after each, at the pace of the server.
//!
//! It has to come to an end whatever others do. A server that is never idle gets the smallest batches, far apart; a row that
//! somebody holds for hours is passed over, with its neighbours, so that what lies behind it has its turn.

use authdb_shared::db::{Batch, DbError, SweepCursor, Walk};
use authdb_shared::janitor::Job;
use tokio::time::Instant;
use tracing::debug;

use super::{Run, TRIES};
use crate::busy::{Business, LONGEST_PAUSE};
use crate::pace::Pace;
use crate::report::Report;

/// Batches that a walk passes over. Where more cannot be made, it is not about some rows.
const MOST_PASSED_OVER: u32 = 3;

/// How a walk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Walked {
    /// At its end.
    Through,
    /// At its end, past rows that somebody held.
    PastSome,
    /// Before its end, for want of time or because of a signal.
    Stopped,
}

impl Run<'_> {
    /// What is known of the server at the beginning.
    pub(super) fn business(&self) -> Business {
        Business::new(self.janitor.settings.busy_threads)
    }

    /// Walks over rows to their end, unless `until` comes before, or the run must stop. Where somebody else keeps it from its
    /// work it fails, and the next run goes on from there.
    pub(super) async fn sweep(
        &self,
        walk: Walk,
        until: Instant,
        business: &mut Business,
        report: &mut Report,
    ) -> Result<Walked, DbError> {
        let mut cursor = self.janitor.place(walk, self.now);
        self.janitor.bar.start(walk);
        let outcome = self.sweep_from(&mut cursor, until, business, report).await;
        let goes_on = matches!(&outcome, Ok(Walked::Stopped)) || outcome.as_ref().is_err_and(DbError::is_contention);
        if goes_on && cursor.has_begun() {
            self.janitor.keep(cursor);
        }
        outcome
    }

    async fn sweep_from(
        &self,
        cursor: &mut SweepCursor,
        until: Instant,
        business: &mut Business,
        report: &mut Report,
    ) -> Result<Walked, DbError> {
        let (mut pace, mut passed_over) = (self.janitor.pace(), 0);
        loop {
            let is_owed = self.leave_in_peace(until, business, report).await?;
            if is_owed {
                pace.back_off();
            }
            if self.must_stop() || (Instant::now() >= until && !is_owed) {
                return Ok(Walked::Stopped);
            }
            let is_last = match self.sweep_batch(report.job, cursor, &mut pace).await {
                Ok(batch) => {
                    self.note(cursor, &batch, report);
                    self.show(cursor, batch.rows()).await;
                    if !batch.is_last {
                        self.rest(pace.learn(batch.looked, batch.held)).await;
                    }
                    batch.is_last
                }
                Err(error) if error.is_contention() && passed_over < MOST_PASSED_OVER && !self.must_stop() => {
                    passed_over += 1;
                    self.janitor.metrics.step(report.job);
                    report.unfinished();
                    report.note_once(format!(
                        "{error}. Some rows were passed over, and the next run looks at them again"
                    ));
                    self.janitor.db.pass_over(cursor, pace.fewest_rows()).await?
                }
                Err(error) => return Err(error),
            };
            if is_last {
                return Ok(if passed_over == 0 { Walked::Through } else { Walked::PastSome });
            }
        }
    }

    /// Notes what a batch did, for each thing that happens to the rows.
    fn note(&self, cursor: &SweepCursor, batch: &Batch, report: &mut Report) {
        for sweep in cursor.walk().sweeps() {
            let rows = batch.of(*sweep);
            // A batch that found nothing is one of each kind.
            if rows == 0 && batch.rows() > 0 {
                continue;
            }
            if let Some((_, total)) = report.swept.iter_mut().find(|(noted, _)| noted == sweep) {
                *total += rows;
            }
            self.janitor.metrics.batch(report.job, *sweep, rows, batch.held);
        }
    }

    /// Moves the bar on. How much is left is only to be looked at, so a count that fails or that a signal interrupts leaves
    /// the bar without it.
    async fn show(&self, cursor: &SweepCursor, rows: u64) {
        let bar = &self.janitor.bar;
        if bar.wants_count() {
            let left = tokio::select! {
                left = self.janitor.db.backlog_ahead(cursor) => left.ok(),
                () = self.janitor.stop.cancelled() => None,
            };
            bar.count(rows, left);
        }
        bar.add(rows);
    }

    /// Waits while the server is busy, unless the run must end. True if it stays so for longer than there is a pause for: a
    /// small batch is made then, or the backlog of a server that is never idle would grow for ever.
    async fn leave_in_peace(
        &self,
        until: Instant,
        business: &mut Business,
        report: &mut Report,
    ) -> Result<bool, DbError> {
        while !self.must_stop()
            && Instant::now() < until
            && let Some((pause, reason)) = business.pause(&self.janitor.db).await?
        {
            debug!("{}: waiting: {reason}", report.job);
            let rest = pause.min(until.saturating_duration_since(Instant::now()));
            report.waited(rest, reason);
            self.janitor.metrics.step(report.job);
            self.rest(rest).await;
            if pause >= LONGEST_PAUSE {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Makes a batch, with as few rows as may be once somebody else was in its way.
    async fn sweep_batch(&self, job: Job, cursor: &mut SweepCursor, pace: &mut Pace) -> Result<Batch, DbError> {
        for attempt in 1.. {
            match self.janitor.db.sweep(&self.permit, cursor, pace.rows()).await {
                Err(error) if error.is_contention() && attempt < TRIES && !self.janitor.stop.is_cancelled() => {
                    pace.back_off();
                    self.janitor.metrics.step(job);
                    self.wait_after(attempt).await;
                }
                result => return result,
            }
        }
        unreachable!("the last try returns")
    }
}
