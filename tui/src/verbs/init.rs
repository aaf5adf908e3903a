//! `init`: makes DiracX's tables in an empty database, and our own beside them, or beside those that DiracX made.

use authdb_shared::actor::Actor;
use authdb_shared::db::{AuthDb, DbError, LedgerState};
use authdb_shared::error::EXIT_DONE;
use authdb_shared::{Error, clock};

use super::usage::UsageError;
use super::{Run, writing};

/// What is made where there is nothing yet.
const EVERYTHING: &str = "would make DiracX's tables, partitions included where there are any, and the journal and the \
                          janitor's beside them";

pub(super) async fn run(run: &mut Run) -> anyhow::Result<u8> {
    let config = run.config()?;
    writing::require_writable(&config)?;
    if writing::is_production_unnamed(&config) {
        return Err(UsageError::ProductionTables(config.context.name).into());
    }
    let (db, verb) = match AuthDb::create(&config.database, clock::host_now()).await {
        Ok(db) => (db, "now holds"),
        // DiracX was here before, or this is not the database that was meant.
        Err(refusal @ DbError::NotEmpty { .. }) => {
            (AuthDb::connect(&config.database).await.map_err(|_| Error::from(refusal))?, "holds")
        }
        Err(error) => return Err(Error::from(error).into()),
    };
    let permit = db.write_permit(&Actor::of_this_process()).map_err(Error::from)?;
    db.create_ledger(&permit).await.map_err(Error::from)?;
    let (place, server) = (db.place(), db.server());
    let line = format!("{place} on {server} {verb} DiracX's tables, and the journal and the janitor's beside them");
    db.close().await;
    say(run, &line)
}

/// Says what [`run`] would make.
pub(super) async fn plan(run: &mut Run) -> anyhow::Result<u8> {
    let config = run.config()?;
    let db = match AuthDb::connect_read_only(&config.database).await {
        Ok(db) => db,
        Err(DbError::Empty { place } | DbError::NoFile { place }) => {
            return say(run, &format!("{place}: {EVERYTHING}"));
        }
        Err(error) => return Err(Error::from(error).into()),
    };
    let work = match db.ledger_state().await.map_err(Error::from)? {
        LedgerState::Absent => "would make the journal and the janitor's tables beside DiracX's".to_owned(),
        LedgerState::Current => "has all of its tables; nothing would be made".to_owned(),
        LedgerState::Older(version) => format!("would bring the journal up to date from version {version}"),
        LedgerState::Newer(version) => format!("has a journal of version {version}, which this program would refuse"),
    };
    let line = format!("{} on {}: {work}", db.place(), db.server());
    db.close().await;
    say(run, &line)
}

fn say(run: &mut Run, line: &str) -> anyhow::Result<u8> {
    run.sink.line(line)?;
    run.sink.finish()?;
    Ok(EXIT_DONE)
}
