//! An empty database of a test's own, in a shared or a private server or in a SQLite file.
//!
//! Tests run in parallel against the same servers. A database for each keeps them apart; it is dropped with the value, so
//! that a run of thousands does not fill the machine.

use std::future::Future;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use sqlx::mysql::{MySqlConnection, MySqlPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, MySqlPool, Row as _, SqlitePool};
use tempfile::TempDir;

use crate::environment::{Engine, server_url};
use crate::server::Server;

/// Enough for a test that looks at rows while it holds a transaction open; the servers serve many tests at a time.
const CONNECTIONS: u32 = 5;

/// How long dropping a database may take. Its server may have been suspended by the test.
const DROP_LIMIT: Duration = Duration::from_secs(10);

/// A database that no other test sees.
#[derive(Debug)]
pub struct TestDatabase {
    engine: Engine,
    url: String,
    pool: Pool,
    place: Place,
}

/// The test's own way into the database, beside the code under test: to seed rows and to look at what became of them.
#[derive(Debug, Clone)]
pub enum Pool {
    /// MariaDB and MySQL, which speak the same protocol.
    MySql(MySqlPool),
    /// A SQLite file.
    Sqlite(SqlitePool),
}

/// What has to be removed when the database is dropped.
#[derive(Debug)]
enum Place {
    Server { server_url: String, name: String },
    File(#[expect(dead_code, reason = "it is held to be dropped, which removes the folder")] TempDir),
}

impl TestDatabase {
    /// Makes an empty database on an engine of the run, with the server's default character set: latin1 on MariaDB,
    /// utf8mb4 on MySQL.
    ///
    /// # Errors
    /// When it cannot be made.
    ///
    /// # Panics
    /// When the run has no server of this engine.
    pub async fn create(engine: Engine) -> Result<Self> {
        match engine.flavour() {
            None => Self::in_file().await,
            Some(flavour) => Self::in_server(engine, server_url(flavour), None).await,
        }
    }

    /// As [`create`](Self::create), with a character set of the test's choice.
    ///
    /// # Errors
    /// When it cannot be made; on SQLite always, since it has no character sets.
    ///
    /// # Panics
    /// When the run has no server of this engine.
    pub async fn create_with_charset(engine: Engine, charset: &str) -> Result<Self> {
        match engine.flavour() {
            None => bail!("cannot make a SQLite database with the character set {charset}: SQLite has UTF-8 only"),
            Some(flavour) => Self::in_server(engine, server_url(flavour), Some(charset)).await,
        }
    }

    /// Makes an empty database in a private server.
    ///
    /// # Errors
    /// When it cannot be made.
    pub async fn create_on(server: &Server) -> Result<Self> {
        Self::in_server(server.flavour().into(), server.admin_url(), None).await
    }

    /// The engine it is on.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The URL to hand to the code under test, password included.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The test's own connections.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Executes statements as they stand, several if separated by semicolons.
    ///
    /// # Errors
    /// When the engine refuses one of them.
    pub async fn execute(&self, statements: &str) -> Result<()> {
        let sql = sqlx::raw_sql(AssertSqlSafe(statements.to_owned()));
        match &self.pool {
            Pool::MySql(pool) => sql.execute(pool).await.map(drop),
            Pool::Sqlite(pool) => sql.execute(pool).await.map(drop),
        }
        .with_context(|| format!("{} refuses the test's own statements: {statements}", self.engine))
    }

    /// The one whole number that a query gives, such as a count of rows.
    ///
    /// # Errors
    /// When the engine refuses the query, or its answer is not one whole number.
    pub async fn number(&self, query: &str) -> Result<i64> {
        let sql = AssertSqlSafe(query.to_owned());
        match &self.pool {
            Pool::MySql(pool) => sqlx::query_scalar(sql).fetch_one(pool).await,
            Pool::Sqlite(pool) => sqlx::query_scalar(sql).fetch_one(pool).await,
        }
        .with_context(|| format!("{} gives no number for the test's own query: {query}", self.engine))
    }

    /// The rows that a query gives, every value as text.
    ///
    /// # Errors
    /// When the engine refuses the query, or a value is no text.
    pub async fn rows(&self, query: &str) -> Result<Vec<Vec<Option<String>>>> {
        // Unprepared, the servers send every value as text, and SQLite turns any into it.
        let sql = sqlx::raw_sql(AssertSqlSafe(query.to_owned()));
        match &self.pool {
            Pool::MySql(pool) => sql.fetch_all(pool).await.and_then(|rows| rows.iter().map(texts).collect()),
            Pool::Sqlite(pool) => sql.fetch_all(pool).await.and_then(|rows| rows.iter().map(texts).collect()),
        }
        .with_context(|| format!("{} gives no rows for the test's own query: {query}", self.engine))
    }

    async fn in_file() -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("authdb-")
            .tempdir()
            .context("cannot make a temporary folder for a SQLite file: see to TMPDIR")?;
        let file = folder.path().join("authdb.sqlite3");
        let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true);
        let pool = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS)
            .connect_with(options)
            .await
            .with_context(|| format!("cannot make the SQLite file {}", file.display()))?;
        let url = format!("sqlite://{}", file.display());
        Ok(Self { engine: Engine::Sqlite, url, pool: Pool::Sqlite(pool), place: Place::File(folder) })
    }

    async fn in_server(engine: Engine, server_url: String, charset: Option<&str>) -> Result<Self> {
        let name = format!("authdb_test_{:016x}", rand::random::<u64>());
        let mut create = format!("CREATE DATABASE {name}");
        if let Some(charset) = charset {
            ensure!(
                !charset.is_empty() && charset.bytes().all(|byte| byte.is_ascii_alphanumeric()),
                "{charset:?} is no name of a character set"
            );
            create = format!("{create} CHARACTER SET {charset}");
        }
        let url = format!("{server_url}/{name}");
        let pool = MySqlPoolOptions::new()
            .max_connections(CONNECTIONS)
            .connect_lazy(&url)
            .context("the URL of the tests' server with the name of a database is no URL")?;
        let mut connection = connect(&server_url).await?;
        sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut connection).await.context("cannot make a test's database")?;
        let database = Self { engine, url, pool: Pool::MySql(pool), place: Place::Server { server_url, name } };
        connection.close().await.context("cannot close the connection that made a test's database")?;
        Ok(database)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Place::Server { server_url, name } = &self.place else { return };
        if let Err(error) = block_on(async {
            tokio::time::timeout(DROP_LIMIT, drop_database(server_url, name))
                .await
                .with_context(|| format!("the server did not answer within {DROP_LIMIT:?}"))?
        }) {
            // The server goes with the run, and the database with the server: nothing that must fail a test.
            eprintln!("the test database {name} was not dropped: {error:#}");
        }
    }
}

/// The values of a row.
fn texts<'r, R>(row: &'r R) -> Result<Vec<Option<String>>, sqlx::Error>
where
    R: sqlx::Row,
    usize: sqlx::ColumnIndex<R>,
    Option<String>: sqlx::Decode<'r, R::Database>,
{
    (0..row.len()).map(|column| row.try_get_unchecked(column)).collect()
}

async fn connect(server_url: &str) -> Result<MySqlConnection> {
    // The URL holds a password, and so it is not part of the message.
    MySqlConnection::connect(server_url).await.context("cannot connect to the tests' server: does it still run?")
}

/// Drops a database in which transactions may still be open: those of a test that failed, or of a connection that its
/// pool has not closed yet. DROP DATABASE would wait for them, so their sessions are ended first.
async fn drop_database(server_url: &str, name: &str) -> Result<()> {
    let mut connection = connect(server_url).await?;
    for session in sqlx::raw_sql("SHOW PROCESSLIST").fetch_all(&mut connection).await? {
        if session.try_get::<Option<String>, _>("db")?.as_deref() == Some(name) {
            let id = session.try_get_unchecked::<u64, _>("Id")?;
            // A session that has ended in the meantime is as good as one that was killed.
            let _ = sqlx::raw_sql(AssertSqlSafe(format!("KILL {id}"))).execute(&mut connection).await;
        }
    }
    sqlx::raw_sql(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name}"))).execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// Runs a future to its end from where nothing can be awaited. A test's own runtime may be the caller's, which must not
/// be entered twice; hence a thread.
fn block_on(future: impl Future<Output = Result<()>> + Send) -> Result<()> {
    let run = || tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future);
    thread::scope(|scope| scope.spawn(run).join()).unwrap_or_else(|_| bail!("the thread that drops it panicked"))
}
