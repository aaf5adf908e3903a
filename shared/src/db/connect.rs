//! Connecting: pools whose sessions are set up so that the safe thing happens by itself.
//!
//! Session settings belong to every new connection of a pool, so they stand in `after_connect` and nowhere else.

mod refusals;

use std::future::ready;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlPoolOptions, MySqlSslMode};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
use sqlx::{ConnectOptions, Connection, Executor, MySqlPool, SqlitePool};

use super::backend::{Backend, Flavour, Pools, WritePools};
use super::demotion::Demotion;
use super::sqlite_file::SqliteFile;
use super::sweep::LOWEST_KEY;
use super::{AuthDb, DbError, Facts, schema};
use crate::actor::Actor;
use crate::clock::Timestamp;
use crate::config::{DatabaseConfig, DatabaseUrl, MySqlAddress, TlsMode};
use crate::partition::KeyForm;

/// Connections per pool: the dashboard reads a few lists at once, the janitor works one thing after another.
const CONNECTIONS: u32 = 4;

/// How much of a `SQLite` file a reading connection keeps in memory, as `PRAGMA cache_size` takes it: 512 KiB, a quarter of
/// the default. Whatever somebody else writes makes all of it worthless, and what is read in order is read but once.
const CACHE_OF_READERS: &str = "-512";

/// How long a connection may take to answer when it comes back to its pool.
const RELEASE_LIMIT: Duration = Duration::from_millis(250);

/// How long a writing session may be silent before the server ends it. The default is eight hours: so long would a process
/// that hangs in the middle of a transaction keep its locks, that of the janitor's lease among them.
pub(super) const LONGEST_SILENCE: Duration = Duration::from_secs(30);

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
    ///
    /// # Examples
    /// ```
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// # db.close().await;
    /// let db = AuthDb::connect(&config.database).await?;
    /// assert!(db.write_permit(&Actor::of_this_process()).is_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect(config: &DatabaseConfig) -> Result<Self, DbError> {
        Self::open(config, Access::ReadWrite).await?.recognised().await
    }

    /// The same without the ability to change anything; on `MariaDB` and `MySQL` the server's sessions are read-only too.
    ///
    /// # Errors
    /// As for [`AuthDb::connect`].
    ///
    /// # Examples
    /// ```
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// # db.close().await;
    /// let db = AuthDb::connect_read_only(&config.database).await?;
    /// assert!(db.write_permit(&Actor::of_this_process()).is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect_read_only(config: &DatabaseConfig) -> Result<Self, DbError> {
        Self::open(config, Access::ReadOnly).await?.recognised().await
    }

    /// Creates DiracX's tables in an empty database, or in a `SQLite` file that does not exist yet, and connects to it.
    /// On `MariaDB` and `MySQL` the tokens get 24 monthly partitions (DiracX's `AuthDB.post_create`).
    ///
    /// `now` decides with which month the partitions begin; it is the host's time, because there is nothing yet that a
    /// wrong month could harm.
    ///
    /// # Errors
    /// If the database cannot be reached, or is not empty.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::DbError;
    ///
    /// # use authdb_shared::{clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// AuthDb::create(&config.database, clock::host_now()).await?;
    /// let again = AuthDb::create(&config.database, clock::host_now()).await;
    /// assert!(matches!(again, Err(DbError::NotEmpty { .. })), "what is there is never touched");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create(config: &DatabaseConfig, now: Timestamp) -> Result<Self, DbError> {
        if let DatabaseUrl::Sqlite(path) = &config.url {
            create_file(path, &config.url.place())?;
        }
        let db = Self::open(config, Access::ReadWrite).await?;
        schema::create(&db, now).await?;
        db.recognised().await
    }

    /// Connects, and creates the embedded database first, ledger included, if nobody configured another one and it is not
    /// there yet.
    ///
    /// # Errors
    /// As for [`AuthDb::connect`].
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::DbError;
    ///
    /// # use authdb_shared::{clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let mut config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// let named = AuthDb::connect_or_create(&config.database, clock::host_now()).await;
    /// assert!(matches!(named, Err(DbError::NoFile { .. })), "a path with a slip is no new database");
    ///
    /// config.database.is_default = true;
    /// assert!(AuthDb::connect_or_create(&config.database, clock::host_now()).await.is_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect_or_create(config: &DatabaseConfig, now: Timestamp) -> Result<Self, DbError> {
        match &config.url {
            DatabaseUrl::Sqlite(path) if config.is_default && !path.exists() => {
                let db = Self::create(config, now).await?;
                db.create_ledger(&db.write_permit(&Actor::of_this_process())?).await?;
                Ok(db)
            }
            _ => Self::connect(config).await,
        }
    }

    async fn recognised(mut self) -> Result<Self, DbError> {
        let keys = schema::recognise(&self).await?;
        let facts = Arc::get_mut(&mut self.facts).expect("nobody has a clone of what this function took by value");
        if keys == KeyForm::Dashed {
            facts.lowest_key = LOWEST_KEY;
        }
        Ok(self)
    }

    async fn open(config: &DatabaseConfig, access: Access) -> Result<Self, DbError> {
        let place = config.url.place();
        let lost = |error: sqlx::Error| DbError::from_driver(CONNECTING, &place, &error);
        let demotion = Demotion::default();
        let (reader, writer, server) = match &config.url {
            DatabaseUrl::Sqlite(path) => {
                if !path.exists() {
                    return Err(DbError::NoFile { place });
                }
                let (reader, writer) = open_sqlite(path, config, access).await.map_err(lost)?;
                let version = sqlite_version(&reader.pool).await.map_err(lost)?;
                let server = ServerIdentity { flavour: Flavour::Sqlite, version, account: String::new() };
                (Backend::Sqlite(reader), writer.map(Backend::Sqlite), server)
            }
            DatabaseUrl::MySql(address) => {
                refusals::check_authority(address, &place)?;
                let opened = open_mysql(address, config, access, &demotion).await;
                let (reader, writer, server) = opened.map_err(|error| refusals::explain(address, &place, &error))?;
                (Pools::MySql(reader), writer.map(WritePools::MySql), server)
            }
        };
        let lowest = if server.flavour == Flavour::Sqlite { "" } else { "\0" };
        let facts = Facts {
            flavour: server.flavour,
            version: server.version,
            account: server.account,
            lowest_code: lowest,
            lowest_key: lowest,
            has_ledger: AtomicBool::new(false),
            place,
            statement_timeout: config.statement_timeout,
            lock_timeout: config.lock_timeout,
            connect_timeout: config.connect_timeout,
            demotion,
        };
        Ok(Self { reader, writer, facts: Arc::new(facts) })
    }

    /// Closes every connection, waiting for what is under way.
    ///
    /// # Examples
    /// ```
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// db.close().await;
    /// assert!(db.now().await.is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close(&self) {
        close(&self.reader).await;
        if let Some(writer) = &self.writer {
            close(writer).await;
        }
    }

    /// A connection of its own for schema changes: pooled ones write only in transactions, and these end them.
    pub(super) async fn connect_for_ddl(&self) -> Result<MySqlConnection, sqlx::Error> {
        let Some(Backend::MySql(pool)) = &self.writer else {
            unreachable!("connections of their own are only asked for on writable MariaDB and MySQL");
        };
        let options = (*pool.connect_options()).clone();
        let attempt = tokio::time::timeout(self.facts.connect_timeout, MySqlConnection::connect_with(&options));
        let mut connection = attempt.await.map_err(|_| sqlx::Error::PoolTimedOut)??;
        limit_waiting(&mut connection, self.facts.lock_timeout).await?;
        Ok(connection)
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
    let reading = options.pragma("query_only", "ON").pragma("cache_size", CACHE_OF_READERS);
    let reader = SqliteFile::open(path, reading, CONNECTIONS, patience).await?;
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

type MySqlPools = (MySqlPool, Option<MySqlPool>, ServerIdentity);

/// What the server is, and who it takes us for.
struct ServerIdentity {
    flavour: Flavour,
    version: String,
    account: String,
}

async fn open_mysql(
    address: &MySqlAddress,
    config: &DatabaseConfig,
    access: Access,
    demotion: &Demotion,
) -> Result<MySqlPools, sqlx::Error> {
    let options = mysql_options(address);
    let pool = || {
        let demotion = demotion.clone();
        MySqlPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(config.connect_timeout)
            .before_acquire(move |_, connection| Box::pin(ready(Ok(demotion.spares(connection.age)))))
    };
    let limits =
        Limits { statement: config.statement_timeout, lock: config.lock_timeout, connect: config.connect_timeout };
    // One plain connection first: a pool goes on trying until its time is up, and then cannot say what was wrong.
    let attempt = MySqlConnection::connect_with(&options);
    let mut first =
        tokio::time::timeout(config.connect_timeout, attempt).await.map_err(|_| sqlx::Error::PoolTimedOut)??;
    let server = identify(&mut first).await?;
    // A farewell, encrypted, may find the other end of a Unix socket closed by then. Nothing depends on it.
    let _ = first.close().await;
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
    Ok((reader, writer, server))
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
    let reconnecting = async {
        let mut fresh = MySqlConnection::connect_with(&options).await?;
        match access {
            Access::ReadOnly => prepare_reader(&mut fresh, limits).await?,
            Access::ReadWrite => prepare_writer(&mut fresh, limits).await?,
        }
        Ok::<_, sqlx::Error>(fresh)
    };
    // A server that hangs takes connections and never greets; the pool could not even be closed meanwhile.
    *connection = tokio::time::timeout(limits.connect, reconnecting).await.map_err(|_| sqlx::Error::PoolTimedOut)??;
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
async fn identify(connection: &mut MySqlConnection) -> Result<ServerIdentity, sqlx::Error> {
    let (version, account): (String, String) =
        sqlx::query_as("SELECT VERSION(), CAST(CURRENT_USER() AS CHAR)").fetch_one(connection).await?;
    let flavour = if version.contains("MariaDB") { Flavour::MariaDb } else { Flavour::MySql };
    let version = version.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    Ok(ServerIdentity { flavour, version, account })
}

#[derive(Clone, Copy)]
struct Limits {
    statement: Duration,
    lock: Duration,
    connect: Duration,
}

/// Cannot write, and cannot run long.
async fn prepare_reader(connection: &mut MySqlConnection, limits: Limits) -> Result<(), sqlx::Error> {
    match identify(connection).await?.flavour {
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

/// Waits briefly for locks, locks no gaps (under REPEATABLE READ a purge would block logins between its rows), and makes
/// nothing last but by a commit, also after the server has undone a transaction half way.
async fn prepare_writer(connection: &mut MySqlConnection, limits: Limits) -> Result<(), sqlx::Error> {
    limit_waiting(connection, limits.lock).await?;
    connection.execute("SET SESSION autocommit = 0").await?;
    sqlx::query("SET SESSION wait_timeout = ?").bind(LONGEST_SILENCE.as_secs()).execute(&mut *connection).await?;
    Ok(())
}

async fn limit_waiting(connection: &mut MySqlConnection, limit: Duration) -> Result<(), sqlx::Error> {
    let seconds = u32::try_from(limit.as_secs().max(1)).unwrap_or(u32::MAX);
    connection.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED").await?;
    sqlx::query("SET SESSION innodb_lock_wait_timeout = ?").bind(seconds).execute(&mut *connection).await?;
    sqlx::query("SET SESSION lock_wait_timeout = ?").bind(seconds).execute(&mut *connection).await?;
    Ok(())
}
