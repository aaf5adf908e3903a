//! What the janitor writes about itself: that a run has begun, and how it ended, for the dashboard and for monitoring.
//!
//! The work depends on it only where it is there: then it has the lease, which keeps several janitors apart. Where there
//! is none that the account can see, and it may not make one, that is said once, and the janitor works without, until
//! somebody else has made one. Whatever else keeps the ledger from being read is no reason to take it for absent: another
//! janitor may be at work under its lease.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use authdb_shared::actor::Actor;
use authdb_shared::db::{AuthDb, DbError, LedgerState, RollOutcome, RunOutcome, WritePermit};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tracing::{debug, warn};

use crate::report::{Outcome, Report};
use crate::runner::jittered;
use crate::tenure::Tenure;

/// Ends that are kept while they cannot be written. Whatever comes on top of these tells nobody more.
const MOST_UNWRITTEN: usize = 16;
/// Tries to write an end before the next run has to do it.
const TRIES: u32 = 3;
/// The pause after the first; longer each time.
const PAUSE: Duration = Duration::from_millis(500);

/// Writes runs down, if there is something to write to.
#[derive(Clone)]
pub(crate) struct Ledger {
    place: Result<(AuthDb, WritePermit), String>,
    /// Runs that have ended, as a database that was gone then has yet to hear: they would be taken for running.
    unwritten: Arc<Mutex<VecDeque<End>>>,
    /// Called when there is one although there was none at first.
    was_made: Arc<Notify>,
    host: String,
    process: u32,
}

/// How a run ended.
#[derive(Clone)]
struct End {
    id: i64,
    outcome: RunOutcome,
    counts: Value,
    error: Option<String>,
}

impl Ledger {
    /// Makes the tables where they are missing.
    ///
    /// # Errors
    /// If it cannot be told whether there is a ledger, or there is one that this program may not use.
    pub(crate) async fn open(db: &AuthDb) -> Result<Self, DbError> {
        let actor = Actor::of_this_process();
        let place = match make(db, &actor).await {
            Ok(permit) => Ok((db.clone(), permit)),
            Err(error @ DbError::Forbidden { .. }) if db.ledger_state().await? == LedgerState::Absent => {
                Err(error.to_string())
            }
            Err(error) => return Err(error),
        };
        let (unwritten, was_made) = Default::default();
        Ok(Self { place, unwritten, was_made, host: actor.host, process: std::process::id() })
    }

    /// Begins to ask for the lease, if there is one.
    pub(crate) fn tenure(&self, duration: Duration) -> Tenure {
        match &self.place {
            Ok((db, permit)) => {
                let holder = format!("{} (process {})", self.host, self.process);
                Tenure::begin(db.clone(), permit.clone(), holder, duration)
            }
            Err(_) => Tenure::none(),
        }
    }

    /// Why runs are not written down, if they are not.
    pub(crate) fn obstacle(&self) -> Option<&str> {
        self.place.as_ref().err().map(String::as_str)
    }

    /// Whether one has been made since it was found to be missing: whoever works without its lease may work beside another
    /// janitor, and has to open it first.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub(crate) async fn was_made_meanwhile(&self, db: &AuthDb) -> Result<bool, DbError> {
        let was_made = self.place.is_err() && db.ledger_state().await? != LedgerState::Absent;
        if was_made {
            self.was_made.notify_one();
        }
        Ok(was_made)
    }

    /// Waits until a run has found one that was missing before.
    pub(crate) async fn made(&self) {
        self.was_made.notified().await;
    }

    /// Writes that a run has begun.
    pub(crate) async fn begin(&self, job: &str) -> Option<i64> {
        let (db, permit) = self.place.as_ref().ok()?;
        self.catch_up(db, permit).await;
        // A lost database stops the run itself, which says so.
        db.begin_run(permit, job, &self.host).await.inspect_err(|error| debug!("{error}")).ok()
    }

    /// Writes how it ended.
    pub(crate) async fn finish(&self, id: Option<i64>, report: &Report) {
        let outcome = match report.outcome {
            Outcome::Done => RunOutcome::Done,
            Outcome::Refused => RunOutcome::Refused,
            Outcome::Unfinished => RunOutcome::Stopped,
            Outcome::Failed { .. } => RunOutcome::Failed,
        };
        let error = (report.outcome != Outcome::Done).then(|| report.summary());
        self.end(id, outcome, counts(report), error).await;
    }

    /// Makes a change of the layout that somebody asked for by hand, and writes it down as a run of its own.
    pub(crate) async fn recorded(
        &self,
        name: &str,
        change: &str,
        work: impl Future<Output = Result<RollOutcome, DbError>>,
    ) -> Result<RollOutcome, DbError> {
        let id = self.begin(name).await;
        let result = work.await;
        let (outcome, error) = match &result {
            Ok(RollOutcome::Done) => (RunOutcome::Done, None),
            Ok(RollOutcome::Refused(reason)) => (RunOutcome::Refused, Some(reason.clone())),
            Err(error) => (RunOutcome::Failed, Some(error.to_string())),
        };
        let changes = if error.is_none() { vec![change] } else { Vec::new() };
        self.end(id, outcome, json!({ "rows": {}, "changes": changes }), error).await;
        result
    }

    async fn end(&self, id: Option<i64>, outcome: RunOutcome, counts: Value, error: Option<String>) {
        let (Ok((db, permit)), Some(id)) = (&self.place, id) else { return };
        let end = End { id, outcome, counts, error };
        for attempt in 1.. {
            let Err(error) = write(db, permit, &end).await else { return };
            if error.is_passing() && !error.is_connection_loss() && attempt < TRIES {
                tokio::time::sleep(jittered(PAUSE * attempt)).await;
                continue;
            }
            warn!("the end of a run could not be written: it counts as running until the next one. {error}");
            let mut unwritten = self.unwritten();
            unwritten.push_back(end);
            if unwritten.len() > MOST_UNWRITTEN {
                unwritten.pop_front();
            }
            return;
        }
    }

    /// Writes what could not be written before, for the last time.
    pub(crate) async fn close(&self) {
        if let Ok((db, permit)) = &self.place {
            self.catch_up(db, permit).await;
        }
    }

    /// Writes the ends that could not be written before. It stops at the first that still cannot.
    async fn catch_up(&self, db: &AuthDb, permit: &WritePermit) {
        loop {
            let Some(end) = self.unwritten().pop_front() else { return };
            if let Err(error) = write(db, permit, &end).await {
                debug!("{error}");
                self.unwritten().push_front(end);
                return;
            }
        }
    }

    fn unwritten(&self) -> MutexGuard<'_, VecDeque<End>> {
        // What a panic leaves behind here is at worst an end too few.
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn write(db: &AuthDb, permit: &WritePermit, end: &End) -> Result<(), DbError> {
    db.finish_run(permit, end.id, &end.outcome, &end.counts, end.error.as_deref()).await
}

async fn make(db: &AuthDb, actor: &Actor) -> Result<WritePermit, DbError> {
    let permit = db.write_permit(actor)?;
    db.create_ledger(&permit).await?;
    Ok(permit)
}

/// What a run changed: rows by kind, and changes of the layout in words.
fn counts(report: &Report) -> Value {
    let rows: serde_json::Map<String, Value> =
        report.swept.iter().map(|(sweep, rows)| (sweep.to_string(), (*rows).into())).collect();
    json!({ "rows": rows, "changes": report.changes })
}

#[cfg(test)]
mod tests {
    use authdb_shared::clock;
    use authdb_shared::config::Sources;
    use authdb_shared::demo::Demo;

    use super::*;

    #[tokio::test]
    async fn an_end_that_cannot_be_written_is_written_with_the_next_run() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let mut config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))
            .expect("a valid configuration")
            .database;
        config.lock_timeout = Duration::from_millis(10);
        let db = AuthDb::create(&config, clock::host_now()).await.expect("it is made");
        let ledger = Ledger::open(&db).await.expect("it can be made");
        let other = AuthDb::connect(&config).await.expect("it is there");
        let permit = other.write_permit(&Actor::of_this_process()).expect("it can be written to");
        let outcome = async |id| {
            let runs = db.runs(None, 10).await.expect("they can be read").rows;
            runs.into_iter().find(|run| Some(run.id) == id).map(|run| run.outcome)
        };

        let report = Report::new(authdb_shared::janitor::Job::Flows);
        let first = ledger.begin("flows").await;
        let writing = other.begin(&permit).await.expect("nobody else writes");
        ledger.finish(first, &report).await;
        drop(writing);
        assert_eq!(outcome(first).await, Some(RunOutcome::Running), "somebody else wrote all the time");
        let second = ledger.begin("flows").await;
        assert_eq!(outcome(first).await, Some(RunOutcome::Done));

        let writing = other.begin(&permit).await.expect("nobody else writes");
        ledger.finish(second, &report).await;
        drop(writing);
        ledger.close().await;
        assert_eq!(outcome(second).await, Some(RunOutcome::Done), "there is no next run");
    }

    #[tokio::test]
    async fn a_ledger_that_cannot_be_looked_at_or_made_now_is_not_taken_for_absent() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let file = folder.path().join("authdb.sqlite3");
        let mut config = Demo::configuration(Sources::default(), &file).expect("a valid configuration").database;
        config.lock_timeout = Duration::from_millis(10);
        let db = AuthDb::create(&config, clock::host_now()).await.expect("it is made");
        let other = AuthDb::connect(&config).await.expect("it is there");
        let permit = other.write_permit(&Actor::of_this_process()).expect("it can be written to");

        let writing = other.begin(&permit).await.expect("nobody else writes");
        let error = Ledger::open(&db).await.err().expect("somebody else writes, so it cannot be made");
        assert!(error.is_contention() && error.is_passing(), "{error:?}");
        drop(writing);
        assert!(Ledger::open(&db).await.expect("it can be made").obstacle().is_none());

        std::fs::remove_file(&file).expect("it is there");
        let error = Ledger::open(&db).await.err().expect("the file is gone");
        assert!(error.is_connection_loss(), "{error:?}");
    }
}
