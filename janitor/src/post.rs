//! What the runners work with at present: a reload replaces it between runs.
//!
//! A run keeps what it began with to its end. So a database that is no longer configured is left only when the last run
//! on it has ended.

use std::time::Duration;

use authdb_shared::config::Config;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tracing::warn;

use crate::jobs::Janitor;

/// How long giving back the lease and hanging up may take.
const LONGEST_FAREWELL: Duration = Duration::from_secs(10);

/// A janitor, and how many runs it has under way. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Post {
    janitor: Janitor,
    runs: TaskTracker,
}

impl Post {
    pub(crate) fn new(janitor: Janitor) -> Self {
        Self { janitor, runs: TaskTracker::new() }
    }

    /// The same database under another policy and other settings.
    pub(crate) fn reconfigured(&self, config: &Config) -> Self {
        Self { janitor: self.janitor.reconfigured(config), runs: self.runs.clone() }
    }

    /// The janitor, without the intention to run a job.
    pub(crate) fn janitor(&self) -> &Janitor {
        &self.janitor
    }

    /// The janitor for one run, which lasts until the token is dropped.
    pub(crate) fn for_a_run(&self) -> (Janitor, TaskTrackerToken) {
        (self.janitor.clone(), self.runs.token())
    }

    /// Leaves the database when the runs on it have ended.
    pub(crate) async fn leave(self) {
        self.runs.close();
        self.runs.wait().await;
        // A server that hangs must not keep the daemon from ending: nothing is lost when it hears no farewell.
        if tokio::time::timeout(LONGEST_FAREWELL, self.janitor.close()).await.is_err() {
            warn!("the database does not answer and is left without a word; the lease ends by itself");
        }
    }
}
