//! The two drivers behind one name.
//!
//! sqlx's own abstraction over databases cannot read MySQL's DATETIME or JSON, so each query is written once and
//! compiled twice, by [`on_backend!`].

use std::fmt;
use std::time::{Duration, Instant};

use sqlx::mysql::MySqlDatabaseError;
use sqlx::pool::PoolConnection;
use sqlx::{Database, Executor, MySql, MySqlPool, Pool, Sqlite, Transaction};

use super::connect::LONGEST_SILENCE;
use super::sqlite_file::SqliteFile;
use super::statements::{self, Statement};
use crate::clock::{StoredTime, Timestamp};

/// In `SQLite` a deferred transaction that reads first could not wait for another writer; it would just fail. On servers
/// the savepoint marks this very transaction.
const BEGIN: Statement =
    Statement { sqlite: "BEGIN IMMEDIATE", mysql: "START TRANSACTION READ WRITE; SAVEPOINT authdb_began" };

/// Fails with 1305 where the transaction that was begun is gone.
///
/// A server that undoes one, for a deadlock or for what another Galera node committed first, says so to the statement
/// that runs or comes next; but where that is the preparation of one, `MariaDB` 10.11 forgets to say it. What follows
/// belongs to another transaction then, and must not be committed: half a change, or a change that is claimed and was
/// never made.
const IS_THE_ONE_BEGUN: &str = "RELEASE SAVEPOINT authdb_began";

/// The number of that error.
const NO_SAVEPOINT: u16 = 1305;

/// Why there is nothing to commit.
#[derive(Debug, thiserror::Error)]
#[error("the server has undone the transaction for the sake of another")]
pub(super) struct Undone;

/// Why there is no connection to a database that nothing is wrong with.
#[derive(Debug, thiserror::Error)]
#[error("every connection is at work on something else")]
pub(super) struct AllAtWork;

/// What it means that a pool had no connection in time: one that could not be made either does not count to its size.
fn all_at_work<D: Database>(pool: &Pool<D>, error: sqlx::Error) -> sqlx::Error {
    let is_full = pool.size() >= pool.options().get_max_connections() && pool.num_idle() == 0;
    match error {
        sqlx::Error::PoolTimedOut if is_full => sqlx::Error::Configuration(Box::new(AllAtWork)),
        other => other,
    }
}

/// Something on either driver.
#[derive(Clone, Debug)]
pub(super) enum Backend<M, S> {
    /// `MySQL` and `MariaDB`.
    MySql(M),
    /// `SQLite`.
    Sqlite(S),
}

/// The reading connections.
pub(super) type Pools = Backend<MySqlPool, SqliteFile>;
/// The writing connections.
pub(super) type WritePools = Backend<MySqlPool, SqliteFile>;
/// One reading connection, for one unit of work.
pub(super) type Session = Backend<PoolConnection<MySql>, PoolConnection<Sqlite>>;
/// One transaction.
pub(super) type WriteSession = Backend<Transaction<'static, MySql>, Transaction<'static, Sqlite>>;

/// Runs one body on whichever driver is behind `$backend`.
///
/// `$connection` becomes the driver's connection, and `$text` a function that picks a statement's text for it.
macro_rules! on_backend {
    ($backend:expr, |$connection:ident, $text:ident| $body:expr) => {
        match $backend {
            $crate::db::backend::Backend::MySql(held) => {
                let $connection = &mut **held;
                let $text = |statement: $crate::db::statements::Statement| statement.mysql;
                $body
            }
            $crate::db::backend::Backend::Sqlite(held) => {
                let $connection = &mut **held;
                let $text = |statement: $crate::db::statements::Statement| statement.sqlite;
                $body
            }
        }
    };
}
pub(super) use on_backend;

/// What kind of server this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flavour {
    MariaDb,
    MySql,
    Sqlite,
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MariaDb => "MariaDB",
            Self::MySql => "MySQL",
            Self::Sqlite => "SQLite",
        })
    }
}

impl Pools {
    /// A connection whose statements are stopped after `limit`.
    pub(super) async fn session(&self, limit: Duration) -> Result<Session, sqlx::Error> {
        match self {
            Self::MySql(pool) => Ok(Backend::MySql(pool.acquire().await.map_err(|error| all_at_work(pool, error))?)),
            Self::Sqlite(file) => {
                file.look()?;
                let mut connection = file.pool.acquire().await.map_err(|error| all_at_work(&file.pool, error))?;
                // A server stops its own statements. SQLite has no such setting, but asks every so often whether to go on.
                let deadline = Instant::now() + limit;
                connection.lock_handle().await?.set_progress_handler(10_000, move || Instant::now() < deadline);
                Ok(Backend::Sqlite(connection))
            }
        }
    }

    /// A transaction that is undone unless it is committed, also when its future is dropped.
    pub(super) async fn begin(&self) -> Result<WriteSession, sqlx::Error> {
        match self {
            Self::MySql(pool) => {
                let begun = pool.begin_with(BEGIN.mysql).await;
                Ok(Backend::MySql(begun.map_err(|error| all_at_work(pool, error))?))
            }
            Self::Sqlite(file) => {
                file.look()?;
                let begun = file.pool.begin_with(BEGIN.sqlite).await;
                Ok(Backend::Sqlite(begun.map_err(|error| all_at_work(&file.pool, error))?))
            }
        }
    }
}

impl Session {
    /// The database's UTC time.
    pub(super) async fn now(&mut self) -> Result<Timestamp, sqlx::Error> {
        now(on_backend!(self, |connection, text| {
            sqlx::query_scalar(text(statements::NOW)).fetch_one(connection).await
        }))
    }
}

impl WriteSession {
    /// The database's UTC time.
    pub(super) async fn now(&mut self) -> Result<Timestamp, sqlx::Error> {
        now(on_backend!(self, |connection, text| {
            sqlx::query_scalar(text(statements::NOW)).fetch_one(connection).await
        }))
    }

    /// Lets the server end this session, and undo what it has not committed, once it has been silent for as long as a
    /// lease lasts. A process that stands still between renewing its lease and the commit keeps the row of the lease
    /// locked, and nobody else could take over before. `SQLite` has no sessions.
    pub(super) async fn end_after_silence(&mut self, lease: Duration) -> Result<(), sqlx::Error> {
        match self {
            // What every writing session is set to is short enough.
            Self::MySql(_) if lease >= LONGEST_SILENCE => Ok(()),
            Self::MySql(transaction) => {
                let seconds = lease.as_secs().max(1);
                sqlx::query("SET SESSION wait_timeout = ?").bind(seconds).execute(&mut **transaction).await.map(drop)
            }
            Self::Sqlite(_) => Ok(()),
        }
    }

    /// Runs a statement whose one parameter is a key, and says how many rows it changed.
    pub(super) async fn change_row(&mut self, statement: Statement, key: &str) -> Result<u64, sqlx::Error> {
        on_backend!(self, |connection, text| {
            sqlx::query(text(statement)).bind(key).execute(connection).await.map(|done| done.rows_affected())
        })
    }

    /// Undoes the changes.
    pub(super) async fn rollback(self) -> Result<(), sqlx::Error> {
        match self {
            Self::MySql(transaction) => transaction.rollback().await,
            Self::Sqlite(transaction) => transaction.rollback().await,
        }
    }

    /// Makes the changes last, or fails if the server has undone them.
    pub(super) async fn commit(self) -> Result<(), sqlx::Error> {
        let result = match self {
            Self::MySql(mut transaction) => {
                transaction.execute(IS_THE_ONE_BEGUN).await.map_err(undone)?;
                transaction.commit().await
            }
            Self::Sqlite(transaction) => transaction.commit().await,
        };
        result.map_err(|error| match error {
            sqlx::Error::Io(reason) => sqlx::Error::Io(std::io::Error::new(
                reason.kind(),
                format!("the connection broke during the commit ({reason}); the change may have been made: look again"),
            )),
            other => other,
        })
    }
}

/// What it means that there is no such savepoint.
fn undone(error: sqlx::Error) -> sqlx::Error {
    match error.as_database_error().and_then(|answer| answer.try_downcast_ref::<MySqlDatabaseError>()) {
        Some(answer) if answer.number() == NO_SAVEPOINT => sqlx::Error::Configuration(Box::new(Undone)),
        _ => error,
    }
}

fn now(read: Result<StoredTime, sqlx::Error>) -> Result<Timestamp, sqlx::Error> {
    read?.0.ok_or_else(|| sqlx::Error::Protocol("the database's time could not be read".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::clock;
    use crate::config::Sources;
    use crate::db::{AuthDb, DbError};
    use crate::demo::Demo;

    #[tokio::test]
    async fn a_database_whose_connections_are_all_at_work_is_not_lost() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let path: &Path = &folder.path().join("authdb.sqlite3");
        let mut config = Demo::configuration(Sources::default(), path).expect("a valid configuration").database;
        config.connect_timeout = Duration::from_millis(50);
        let db = AuthDb::create(&config, clock::host_now()).await.expect("it is made");
        let mut held = Vec::new();
        let error = loop {
            match db.reading_now("reading").await {
                Ok(session) => held.push(session),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, DbError::Busy { .. }) && !error.is_connection_loss(), "{error:?}");
        assert!(error.is_worth_repeating() && error.to_string().contains("at work on something else"), "{error}");
        drop(held);
        assert!(db.now().await.is_ok(), "they have come back");
        std::fs::remove_file(path).expect("it is there");
        let error = db.now().await.expect_err("the file is gone");
        assert!(error.is_connection_loss(), "{error:?}");
    }
}
