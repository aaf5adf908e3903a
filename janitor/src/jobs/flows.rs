//! Flows: the stale ones are marked, so that nobody sees a login pending that cannot succeed, and the rows past the retention
//! go. Each walk has its share of the time and its own place to go on from, so that neither a backlog nor whoever holds
//! rows keeps one from its turn because of another.

use authdb_shared::db::DbError;
use authdb_shared::janitor::Job;
use tokio::time::Instant;

use super::{Run, Walked};
use crate::report::Report;

/// Which part of a walk this is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lap {
    /// From its beginning.
    Whole,
    /// From where it stopped before. Once at its end, all rows have had their turn.
    Rest,
    /// From its beginning after a rest, as far as there is time: rows have become stale since it came by them.
    Again,
}

pub(super) async fn run(run: &Run<'_>, report: &mut Report) -> Result<(), DbError> {
    let (mut business, mut hindrance, mut through) = (run.business(), None, Vec::new());
    report.swept.extend(Job::FLOW_SWEEPS.map(|sweep| (sweep, 0)));
    let begin = |walk| (walk, if run.janitor.is_under_way(walk) { Lap::Rest } else { Lap::Whole });
    let mut ahead = Vec::from(Job::FLOW_WALKS.map(begin));
    while !ahead.is_empty() && !run.must_stop() {
        let mut unfinished = Vec::new();
        let walks = ahead.len();
        for (index, (walk, lap)) in ahead.into_iter().enumerate() {
            if run.must_stop() {
                unfinished.push((walk, lap));
                continue;
            }
            match run.sweep(walk, run.share(walks - index), &mut business, report).await {
                Ok(Walked::Stopped) if lap == Lap::Again => {}
                // The others may leave some of their time.
                Ok(Walked::Stopped) => unfinished.push((walk, Lap::Rest)),
                Ok(_) if lap == Lap::Rest => unfinished.push((walk, Lap::Again)),
                Ok(Walked::PastSome) => {}
                Ok(Walked::Through) => through.push(walk),
                Err(error) if error.is_contention() => hindrance = hindrance.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        ahead = unfinished;
    }
    for sweep in Job::FLOW_SWEEPS {
        if sweep.walks().iter().all(|walk| through.contains(walk)) {
            run.janitor.metrics.backlog(sweep, 0);
        }
    }
    if ahead.iter().any(|(_, lap)| *lap != Lap::Again) {
        run.leave_unfinished(report);
    }
    hindrance.map_or(Ok(()), Err)
}

impl Run<'_> {
    /// Until when the next of so many walks may go on.
    fn share(&self, walks: usize) -> Instant {
        let now = Instant::now();
        now + self.deadline.saturating_duration_since(now) / u32::try_from(walks).unwrap_or(u32::MAX)
    }
}
