//! Connecting: pools whose sessions are set up so that the safe thing happens by itself.
//!
//! Session settings belong to every new connection of a pool, so they stand in `after_connect` and nowhere else.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlPoolOptions, MySqlSslMode};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
use sqlx::{ConnectOptions, Connection, Executor, MySqlPool, SqlitePool};

use super::backend::{Backend, Flavour, Pools, WritePools};
use super::sqlite_file::SqliteFile;
use super::{AuthDb, DbError, Facts, schema};
use crate::clock::Timestamp;
use crate::config::{DatabaseConfig, DatabaseUrl, MySqlAddress, TlsMode};

/// Connections per pool: the dashboard reads a few lists at once, the janitor works one thing after another.
const CONNECTIONS: u32 = 4;

/// How long a connection may take to answer when it comes back to its pool.
const RELEASE_LIMIT: Duration = Duration::from_millis(250);

/// Whether a connection may change anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    ReadOnly,
    ReadWrite,
}

const CONNECTING: &str = "connecting";

impl AuthDb {
    /// Connects to a database that holds DiracX's tables.
    ///
    /// # Errors
    /// If it cannot be reached, is empty, or is not an `AuthDB`.
    pub async fn connect(config: &DatabaseConfig) -> Result<Self, DbError> {
        Self::open(config, Access::ReadWrite).await?.recognised().await
    }

    /// The same without the ability to change anything; on `MariaDB` and `MySQL` the server's sessions are read-only too.
    ///
    /// # Errors
    /// As for [`AuthDb::connect`].
    pub async fn connect_read_only(config: &DatabaseConfig) -> Result<Self, DbError> {
        Self::open(config, Access::ReadOnly).await?.recognised().await
    }

    /// Creates DiracX's tables in an empty database, or in a `SQLite` file that does not exist yet, and connects to it.
    ///
    /// `now` decides with which month the partitions begin; it is the host's time, because there is nothing yet that a
    /// wrong month could harm.
    ///
    /// # Errors
    /// If the database cannot be reached, or is not empty.
    pub async fn create(config: &DatabaseConfig, now: Timestamp) -> Result<Self, DbError> {
        if let DatabaseUrl::Sqlite(path) = &config.url {
            create_file(path, &config.url.place())?;
        }
        let db = Self::open(config, Access::ReadWrite).await?;
        schema::create(&db, now).await?;
        db.recognised().await
    }

    /// Connects, and creates the embedded database first if nobody configured another one and it is not there yet.
    ///
    /// # Errors
    /// As for [`AuthDb::connect`].
    pub async fn connect_or_create(config: &DatabaseConfig, now: Timestamp) -> Result<Self, DbError> {
        match &config.url {
            DatabaseUrl::Sqlite(path) if config.is_default && !path.exists() => Self::create(config, now).await,
            _ => Self::connect(config).await,
        }
    }

    async fn recognised(self) -> Result<Self, DbError> {
        schema::recognise(&self).await?;
        Ok(self)
    }

    async fn open(config: &DatabaseConfig, access: Access) -> Result<Self, DbError> {
        let place = config.url.place();
        let lost = |error: sqlx::Error| DbError::from_driver(CONNECTING, &place, &error);
        let (reader, writer, flavour, version) = match &config.url {
            DatabaseUrl::Sqlite(path) => {
                if !path.exists() {
                    return Err(DbError::NoFile { place });
                }
                let (reader, writer) = open_sqlite(path, config, access).await.map_err(lost)?;
                let version = sqlite_version(&reader.pool).await.map_err(lost)?;
                (Backend::Sqlite(reader), writer.map(Backend::Sqlite), Flavour::Sqlite, version)
            }
            DatabaseUrl::MySql(address) => {
                let (reader, writer, flavour, version) = open_mysql(address, config, access).await.map_err(lost)?;
                (Pools::MySql(reader), writer.map(WritePools::MySql), flavour, version)
            }
        };
        let facts = Facts {
            flavour,
            version,
            place,
            statement_timeout: config.statement_timeout,
            lock_timeout: config.lock_timeout,
            connect_timeout: config.connect_timeout,
        };
        Ok(Self { reader, writer, facts: Arc::new(facts) })
    }

    /// Closes every connection, waiting for what is under way.
    pub async fn close(&self) {
        close(&self.reader).await;
        if let Some(writer) = &self.writer {
            close(writer).await;
        }
    }

    /// A connection of its own for schema changes, whose session settings would spoil a pooled one.
    pub(super) async fn connect_for_ddl(&self) -> Result<MySqlConnection, sqlx::Error> {
        match &self.writer {
            Some(Backend::MySql(pool)) => {
                let options = (*pool.connect_options()).clone();
                tokio::time::timeout(self.facts.connect_timeout, MySqlConnection::connect_with(&options))
                    .await
                    .map_err(|_| sqlx::Error::PoolTimedOut)?
            }
            _ => unreachable!("schema changes of partitions are planned only for writable MariaDB and MySQL"),
        }
    }
}

async fn close(pools: &Pools) {
    match pools {
        Backend::MySql(pool) => pool.close().await,
        Backend::Sqlite(file) => file.pool.close().await,
    }
}

/// Makes the file where it is missing; what exists is left for the schema check to judge.
fn create_file(path: &Path, place: &str) -> Result<(), DbError> {
    let created = std::fs::OpenOptions::new().append(true).create(true).open(path);
    created.map(drop).map_err(|error| DbError::Failed {
        attempt: "creating the SQLite file",
        place: place.to_owned(),
        reason: error.to_string(),
    })
}

async fn open_sqlite(
    path: &Path,
    config: &DatabaseConfig,
    access: Access,
) -> Result<(SqliteFile, Option<SqliteFile>), sqlx::Error> {
    let options =
        SqliteConnectOptions::new().filename(path).busy_timeout(config.lock_timeout).disable_statement_logging();
    let patience = config.connect_timeout;
    let writer = if access == Access::ReadWrite {
        prefer_write_ahead_log(options.clone()).await?;
        Some(SqliteFile::open(path, options.clone(), 1, patience).await?)
    } else {
        None
    };
    let reader = SqliteFile::open(path, options.pragma("query_only", "ON"), CONNECTIONS, patience).await?;
    Ok((reader, writer))
}

/// DiracX may write the same file: with a write-ahead log, readers and a writer do not wait for each other. The file
/// remembers the setting. Changing it needs the file for a moment; while somebody uses it, things stay as they are.
async fn prefer_write_ahead_log(options: SqliteConnectOptions) -> Result<(), sqlx::Error> {
    let attempt = SqliteConnection::connect_with(&options.journal_mode(SqliteJournalMode::Wal)).await;
    match attempt {
        Ok(connection) => connection.close().await,
        Err(error) if DbError::from_driver(CONNECTING, "", &error).is_contention() => Ok(()),
        Err(error) => Err(error),
    }
}

async fn sqlite_version(pool: &SqlitePool) -> Result<String, sqlx::Error> {
    sqlx::query_scalar("SELECT sqlite_version()").fetch_one(pool).await
}

type MySqlPools = (MySqlPool, Option<MySqlPool>, Flavour, String);

async fn open_mysql(
    address: &MySqlAddress,
    config: &DatabaseConfig,
    access: Access,
) -> Result<MySqlPools, sqlx::Error> {
    let options = mysql_options(address);
    let pool = || MySqlPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(config.connect_timeout);
    let limits = Limits { statement: config.statement_timeout, lock: config.lock_timeout };
    // One plain connection first: a pool goes on trying until its time is up, and then cannot say what was wrong.
    let attempt = MySqlConnection::connect_with(&options);
    let mut first =
        tokio::time::timeout(config.connect_timeout, attempt).await.map_err(|_| sqlx::Error::PoolTimedOut)??;
    let (flavour, version) = flavour(&mut first).await?;
    first.close().await?;
    let fresh = options.clone();
    let reader = pool()
        .after_connect(move |connection, _| Box::pin(prepare_reader(connection, limits)))
        .after_release(move |connection, _| Box::pin(heal(connection, fresh.clone(), limits, Access::ReadOnly)))
        .connect_with(options.clone())
        .await?;
    let writer = (access == Access::ReadWrite).then(|| {
        let fresh = options.clone();
        pool()
            .after_connect(move |connection, _| Box::pin(prepare_writer(connection, limits)))
            .after_release(move |connection, _| Box::pin(heal(connection, fresh.clone(), limits, Access::ReadWrite)))
            .connect_lazy_with(options)
    });
    Ok((reader, writer, flavour, version))
}

/// Replaces a connection that comes back to its pool in the middle of something.
///
/// A unit of work that is dropped while the driver prepares a statement leaves its connection waiting for an answer that
/// never comes, and the pool would wait with it for ever, also for closing it where it is encrypted. Dropped, it is closed
/// without a word, and the server undoes what was begun on it.
async fn heal(
    connection: &mut MySqlConnection,
    options: MySqlConnectOptions,
    limits: Limits,
    access: Access,
) -> Result<bool, sqlx::Error> {
    if let Ok(Ok(())) = tokio::time::timeout(RELEASE_LIMIT, connection.ping()).await {
        return Ok(true);
    }
    let mut fresh = MySqlConnection::connect_with(&options).await?;
    match access {
        Access::ReadOnly => prepare_reader(&mut fresh, limits).await?,
        Access::ReadWrite => prepare_writer(&mut fresh, limits).await?,
    }
    *connection = fresh;
    Ok(true)
}

fn mysql_options(address: &MySqlAddress) -> MySqlConnectOptions {
    let mut options = MySqlConnectOptions::new()
        .host(&address.host)
        .port(address.port)
        .username(&address.user)
        .database(&address.database)
        .ssl_mode(match address.tls {
            TlsMode::Disabled => MySqlSslMode::Disabled,
            TlsMode::Preferred => MySqlSslMode::Preferred,
            TlsMode::Required => MySqlSslMode::Required,
            TlsMode::VerifyCa => MySqlSslMode::VerifyCa,
            TlsMode::VerifyIdentity => MySqlSslMode::VerifyIdentity,
        })
        .disable_statement_logging();
    if let Some(password) = &address.password {
        options = options.password(password.reveal());
    }
    if let Some(socket) = &address.socket {
        options = options.socket(socket);
    }
    if let Some(authority) = &address.tls_ca {
        options = options.ssl_ca(authority);
    }
    options
}

/// `8.4.3` is `MySQL`, `10.11.19-MariaDB-…` is `MariaDB`.
async fn flavour(connection: &mut MySqlConnection) -> Result<(Flavour, String), sqlx::Error> {
    let version: String = sqlx::query_scalar("SELECT VERSION()").fetch_one(connection).await?;
    let flavour = if version.contains("MariaDB") { Flavour::MariaDb } else { Flavour::MySql };
    let number: String = version.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    Ok((flavour, number))
}

#[derive(Clone, Copy)]
struct Limits {
    statement: Duration,
    lock: Duration,
}

/// Cannot write, and cannot run long.
async fn prepare_reader(connection: &mut MySqlConnection, limits: Limits) -> Result<(), sqlx::Error> {
    match flavour(connection).await?.0 {
        Flavour::MariaDb => {
            let seconds = limits.statement.as_secs_f64();
            sqlx::query("SET SESSION max_statement_time = ?").bind(seconds).execute(&mut *connection).await?;
        }
        Flavour::MySql | Flavour::Sqlite => {
            let millis = u32::try_from(limits.statement.as_millis()).unwrap_or(u32::MAX);
            sqlx::query("SET SESSION max_execution_time = ?").bind(millis).execute(&mut *connection).await?;
        }
    }
    connection.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED").await?;
    connection.execute("SET SESSION TRANSACTION READ ONLY").await?;
    Ok(())
}

/// Waits briefly for locks, and locks no gaps: under REPEATABLE READ a purge would block logins between its rows.
async fn prepare_writer(connection: &mut MySqlConnection, limits: Limits) -> Result<(), sqlx::Error> {
    let seconds = u32::try_from(limits.lock.as_secs().max(1)).unwrap_or(u32::MAX);
    connection.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED").await?;
    sqlx::query("SET SESSION innodb_lock_wait_timeout = ?").bind(seconds).execute(&mut *connection).await?;
    sqlx::query("SET SESSION lock_wait_timeout = ?").bind(seconds).execute(&mut *connection).await?;
    Ok(())
}
