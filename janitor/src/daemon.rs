//! The daemon: waits for the database, runs each job at start and on its schedule, and stops between two batches.

use std::sync::Arc;
use std::time::Duration;

use authdb_shared::Error;
use authdb_shared::config::Config;
use authdb_shared::db::AuthDb;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::jobs::{Janitor, Job};
use crate::runner::{Runner, jittered};
use crate::schedule::Schedule;

/// The first wait for a database that cannot be reached; doubled each time.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Runs until `stop` is cancelled.
///
/// # Errors
/// If the database is not an `AuthDB`, or the scheduler cannot be started. A database that is down is waited for.
pub(crate) async fn run(config: Config, stop: CancellationToken) -> anyhow::Result<()> {
    let Some(db) = connect(&config, &stop).await? else { return Ok(()) };
    info!("working on {} ({})", db.place(), db.server());
    let janitor = Janitor::new(db, &config, stop.clone());
    let schedule = Schedule::new().await?;
    let runners = TaskTracker::new();
    for job in Job::ALL {
        let bell = Arc::new(Notify::new());
        let line = match job {
            Job::Flows => &config.janitor.flows_schedule,
            Job::Tokens => &config.janitor.tokens_schedule,
        };
        schedule.ring(line, Arc::clone(&bell)).await?;
        info!("{job}: now and at `{line}` UTC");
        runners.spawn(Runner::new(janitor.clone(), job, bell, stop.clone()).serve());
    }
    schedule.start().await?;
    stop.cancelled().await;
    info!("stopping after the batches in hand");
    schedule.stop().await?;
    runners.close();
    runners.wait().await;
    janitor.close().await;
    info!("stopped");
    Ok(())
}

/// Connects, however long it takes; `None` if the daemon is stopped first.
async fn connect(config: &Config, stop: &CancellationToken) -> anyhow::Result<Option<AuthDb>> {
    let mut wait = FIRST_WAIT;
    loop {
        let connected = tokio::select! {
            () = stop.cancelled() => return Ok(None),
            connected = AuthDb::connect(&config.database) => connected,
        };
        match connected {
            Ok(db) => return Ok(Some(db)),
            Err(error) if error.is_connection_loss() => warn!("{error}; trying again"),
            Err(error) => return Err(Error::from(error).into()),
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(None),
            () = tokio::time::sleep(jittered(wait)) => {}
        }
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}
