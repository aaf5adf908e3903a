//! Flows: first the stale ones are marked, so that nobody sees a login pending that cannot succeed; then the rows past
//! the retention go.

use authdb_shared::db::DbError;
use authdb_shared::janitor::Job;

use super::Run;
use crate::report::{Outcome, Report};

pub(super) async fn run(run: &Run<'_>, report: &mut Report) -> Result<(), DbError> {
    for sweep in Job::FLOW_SWEEPS {
        run.sweep(sweep, report).await?;
        if report.outcome == Outcome::Unfinished {
            break;
        }
    }
    Ok(())
}
