//! What the janitor writes about itself: that a run has begun, and how it ended, for the dashboard and for monitoring.
//!
//! The work does not depend on it. Where the account may not make the tables, or they are of a newer version, that is said
//! once, and the janitor works on.

use std::time::Duration;

use authdb_shared::actor::Actor;
use authdb_shared::db::{AuthDb, DbError, RollOutcome, RunOutcome, WritePermit};
use serde_json::{Value, json};
use tracing::{debug, warn};

use crate::report::{Outcome, Report};
use crate::tenure::Tenure;

/// Writes runs down, if there is something to write to.
#[derive(Clone)]
pub(crate) struct Ledger {
    place: Result<(AuthDb, WritePermit), String>,
    host: String,
    process: u32,
}

impl Ledger {
    /// Makes the tables where they are missing.
    pub(crate) async fn open(db: &AuthDb) -> Self {
        let actor = Actor::of_this_process();
        let host = actor.host.clone();
        let place = make(db, &actor).await.map(|permit| (db.clone(), permit)).map_err(|error| error.to_string());
        Self { place, host, process: std::process::id() }
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

    /// Writes that a run has begun.
    pub(crate) async fn begin(&self, job: &str) -> Option<i64> {
        let (db, permit) = self.place.as_ref().ok()?;
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
        self.end(id, &outcome, &counts(report), error.as_deref()).await;
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
        self.end(id, &outcome, &json!({ "rows": {}, "changes": changes }), error.as_deref()).await;
        result
    }

    async fn end(&self, id: Option<i64>, outcome: &RunOutcome, counts: &Value, error: Option<&str>) {
        let (Ok((db, permit)), Some(id)) = (&self.place, id) else { return };
        if let Err(error) = db.finish_run(permit, id, outcome, counts, error).await {
            warn!("{error}");
        }
    }
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
