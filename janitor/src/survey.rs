//! A look at the database now and then, whether a job runs or not: does it answer, what do the clocks say, how far do the
//! partitions reach.
//!
//! Monitoring must not cost the service anything. So the looks are rare, each statement is bounded, nothing is counted
//! without a limit, and whoever asks for the metrics gets what was last seen.

use std::time::Duration;

use authdb_shared::clock;
use authdb_shared::db::{AuthDb, DbError, Sweep};
use authdb_shared::janitor::Job;
use authdb_shared::{Policy, Timestamp};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::metrics::Metrics;
use crate::post::Post;
use crate::runner::jittered;

const PAUSE: Duration = Duration::from_mins(1);
/// The first pause while the database does not answer; doubled each time up to [`PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Counting what is due reads the flow tables, as a run does: so it is not done at every look.
const LOOKS_PER_COUNT: u32 = 5;
/// Rows of `p_future` that are counted at most; more of them make no difference any more.
const FUTURE_ROWS: u32 = 10_001;

/// Looks until `stop` is cancelled. What is due is counted only where somebody may read it.
pub(crate) async fn keep_looking(mut posts: watch::Receiver<Post>, metrics: Metrics, stop: CancellationToken) {
    let mut is_up = metrics.database_is_up();
    let mut looks = 0_u32;
    let mut pause = FIRST_PAUSE;
    loop {
        let post = posts.borrow_and_update().clone();
        let with_backlogs = metrics.is_read() && looks.is_multiple_of(LOOKS_PER_COUNT);
        let (db, policy) = (post.janitor().db(), post.janitor().policy());
        let seen = tokio::select! {
            () = stop.cancelled() => return,
            seen = look(db, policy, with_backlogs, &metrics) => seen,
        };
        pause = match seen {
            Ok(()) => {
                looks = looks.wrapping_add(1);
                metrics.database_answered();
                PAUSE
            }
            Err(error) if error.is_connection_loss() => {
                metrics.database_lost(&error.to_string());
                (pause * 2).clamp(FIRST_PAUSE, PAUSE)
            }
            Err(error) => {
                debug!("{error}");
                // A refusal is an answer. That every connection of this process is at work is none.
                if !matches!(error, DbError::Busy { .. }) {
                    metrics.database_answered();
                }
                looks = looks.wrapping_add(1);
                PAUSE
            }
        };
        is_up.mark_unchanged();
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(jittered(pause)) => {}
            // A run has found the database gone, or another one is configured.
            changed = is_up.changed() => if changed.is_ok() { pause = Duration::ZERO },
            changed = posts.changed() => if changed.is_err() { return },
        }
    }
}

async fn look(db: &AuthDb, policy: &Policy, with_backlogs: bool, metrics: &Metrics) -> Result<(), DbError> {
    let witnesses = db.clock_witnesses(policy, clock::host_now).await?;
    metrics.clocks(witnesses.host, witnesses.database);
    // Where the partitions cannot be read, flows are swept all the same.
    if with_backlogs {
        count_backlogs(db, policy, witnesses.database, metrics).await?;
    }
    let layout = db.partition_layout().await?;
    let future_rows = match layout.future() {
        Some(future) => Some(db.count_partition_rows(future, FUTURE_ROWS).await?),
        None => None,
    };
    metrics.partitions(layout.is_partitioned().then(|| (layout.runway_months(witnesses.database), future_rows)));
    Ok(())
}

/// What is due, and how old the oldest of it is, for as far as it could be counted in time.
async fn count_backlogs(db: &AuthDb, policy: &Policy, now: Timestamp, metrics: &Metrics) -> Result<(), DbError> {
    for sweep in Job::FLOW_SWEEPS {
        let backlog = db.backlog(sweep, now, policy).await?;
        metrics.backlog(sweep, backlog.rows);
        let age = backlog.oldest.map_or(Duration::ZERO, |oldest| now.since(oldest));
        match sweep {
            Sweep::ExpireDeviceFlows => metrics.oldest_stale_flow("device", age),
            Sweep::ExpireAuthorizationFlows => metrics.oldest_stale_flow("authorization", age),
            Sweep::PurgeDeviceFlows | Sweep::PurgeAuthorizationFlows | Sweep::PurgeTokens => {}
        }
    }
    Ok(())
}

/// Records who is in charge, until `stop` is cancelled.
pub(crate) async fn follow_charge(mut posts: watch::Receiver<Post>, metrics: Metrics, stop: CancellationToken) {
    loop {
        let mut charge = posts.borrow_and_update().janitor().tenure().changes();
        metrics.charge(&charge.borrow_and_update());
        tokio::select! {
            () = stop.cancelled() => return,
            changed = posts.changed() => if changed.is_err() { return },
            // Without a ledger nobody will ever say more.
            Ok(()) = charge.changed() => {}
        }
    }
}
