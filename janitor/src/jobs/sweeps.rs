//! A sweep from its beginning to its end: batch after batch, with a breather after each, at the pace of the server.
//!
//! It has to come to an end whatever others do. A server that is never idle gets the smallest batches, far apart; a row that
//! somebody holds for hours is passed over, with its neighbours, so that what lies behind it has its turn.

use authdb_shared::db::{Batch, DbError, SweepCursor, Walk};
use authdb_shared::janitor::Job;
use tokio::time::Instant;
use tracing::debug;

use super::{Place, Run, TRIES};
use crate::busy::{Business, LONGEST_PAUSE};
use crate::pace::Pace;
use crate::report::Report;

/// Batches that a sweep passes over. Where more cannot be made, it is not about some rows.
const MOST_PASSED_OVER: u32 = 3;

impl Run<'_> {
    /// What is known of the server at the beginning.
    pub(super) fn business(&self) -> Business {
        Business::new(self.janitor.settings.busy_threads)
    }

    /// Walks over rows to their end; false if `until` comes before, or the run must stop. Where somebody else keeps it from
    /// its work it fails, and the next run goes on from there.
    pub(super) async fn sweep(
        &self,
        walk: Walk,
        until: Instant,
        business: &mut Business,
        report: &mut Report,
    ) -> Result<bool, DbError> {
        let Place { mut cursor, is_beginning } = self.janitor.place(walk, self.now);
        self.janitor.bar.start(walk);
        let mut passed_over = 0;
        let outcome = self.sweep_from(&mut cursor, until, &mut passed_over, business, report).await;
        if matches!(&outcome, Ok(false)) || outcome.as_ref().is_err_and(DbError::is_contention) {
            self.janitor.keep(cursor);
        } else if matches!(&outcome, Ok(true)) && is_beginning && passed_over == 0 {
            for sweep in walk.sweeps() {
                self.janitor.metrics.backlog(*sweep, 0);
            }
        }
        outcome
    }

    async fn sweep_from(
        &self,
        cursor: &mut SweepCursor,
        until: Instant,
        passed_over: &mut u32,
        business: &mut Business,
        report: &mut Report,
    ) -> Result<bool, DbError> {
        let mut pace = self.janitor.pace();
        loop {
            // A server that is never idle gets a batch all the same, though its time may be up by then.
            let is_owed = self.leave_in_peace(until, business, report).await?;
            if is_owed {
                pace.back_off();
            }
            if self.must_stop() || (Instant::now() >= until && !is_owed) {
                return Ok(false);
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
                Err(error) if error.is_contention() && *passed_over < MOST_PASSED_OVER && !self.must_stop() => {
                    *passed_over += 1;
                    self.janitor.metrics.step(report.job);
                    report.unfinished();
                    report
                        .notes
                        .push(format!("{error}. Some rows were passed over, and the next run looks at them again"));
                    self.janitor.db.pass_over(cursor, pace.fewest_rows()).await?
                }
                Err(error) => return Err(error),
            };
            if is_last {
                return Ok(true);
            }
        }
    }

    /// Notes what a batch did, for each thing that happens to the rows.
    fn note(&self, cursor: &SweepCursor, batch: &Batch, report: &mut Report) {
        for sweep in cursor.walk().sweeps() {
            let rows = batch.of(*sweep);
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
        while let Some((pause, reason)) = business.pause(&self.janitor.db).await? {
            if self.must_stop() || Instant::now() >= until {
                break;
            }
            debug!("{}: waiting: {reason}", report.job);
            report.waited(pause, reason);
            self.janitor.metrics.step(report.job);
            self.rest(pause.min(until.saturating_duration_since(Instant::now()))).await;
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
