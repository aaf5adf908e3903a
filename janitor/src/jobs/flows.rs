//! Flows: the stale ones are marked, so that nobody sees a login pending that cannot succeed, and the rows past the retention
//! go. Each walk has its share of the time and its own place to go on from, so that neither a backlog nor whoever holds
//! rows keeps one from its turn because of another.

use authdb_shared::db::DbError;
use authdb_shared::janitor::Job;
use tokio::time::Instant;

use super::Run;
use crate::report::Report;

pub(super) async fn run(run: &Run<'_>, report: &mut Report) -> Result<(), DbError> {
    let (mut business, mut hindrance) = (run.business(), None);
    report.swept.extend(Job::FLOW_SWEEPS.map(|sweep| (sweep, 0)));
    let mut walks = Job::FLOW_WALKS.to_vec();
    while !walks.is_empty() && !run.must_stop() {
        let mut unfinished = Vec::new();
        for (walk, left) in walks.iter().zip((1..=walks.len()).rev()) {
            let now = Instant::now();
            let share = run.deadline.saturating_duration_since(now) / u32::try_from(left).unwrap_or(u32::MAX);
            match run.sweep(*walk, now + share, &mut business, report).await {
                Ok(true) => {}
                // The others may leave some of their time.
                Ok(false) => unfinished.push(*walk),
                Err(error) if error.is_contention() => hindrance = hindrance.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        walks = unfinished;
    }
    if !walks.is_empty() {
        run.leave_unfinished(report);
    }
    hindrance.map_or(Ok(()), Err)
}
