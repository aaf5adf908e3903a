//! Flows: first the stale ones are marked, so that nobody sees a login pending that cannot succeed; then the rows past
//! the retention go. Whoever keeps one sweep from its rows does not keep the others.

use authdb_shared::db::DbError;
use authdb_shared::janitor::Job;

use super::Run;
use crate::report::Report;

pub(super) async fn run(run: &Run<'_>, report: &mut Report) -> Result<(), DbError> {
    let (mut business, mut hindrance) = (run.business(), None);
    for sweep in Job::FLOW_SWEEPS {
        match run.sweep(sweep, &mut business, report).await {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) if error.is_contention() => hindrance = hindrance.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    hindrance.map_or(Ok(()), Err)
}
