//! A database as DiracX makes it, connected to the code under test, and rows of chosen ages in it.
//!
//! It is made from the fixtures: what DiracX 0.7.0 itself created on each engine. Only the months differ, and are fewer,
//! because 25 partitions take a server half a second to make and to drop.
//!
//! The database's clock cannot be moved by a test, so the rows are: a flow or token of any age is written with a time in
//! the past, through the test's own connections.

mod everywhere;
mod schema;

use std::time::Duration;

use authdb_shared::actor::Actor;
use authdb_shared::clock::{self, Timestamp};
use authdb_shared::config::{DatabaseConfig, DatabaseUrl};
use authdb_shared::db::{AuthDb, WritePermit};
use authdb_shared::ids::{FlowId, Jti};
use authdb_shared::partition::{KeyForm, Month};
use authdb_shared::policy::Policy;
use rand::RngExt as _;
use sqlx::AssertSqlSafe;

use crate::database::{Pool, TestDatabase};
use crate::environment::Engine;

pub use everywhere::{
    on_engines, on_every_engine, on_every_key_column, on_every_partitioned_table, on_every_server, servers,
};
pub use schema::{fixture, native_form};

/// What a flow or token asks for where the test does not say.
pub const SCOPE: &str = "vo:lhcb group:lhcb_user";

/// Monthly partitions of a world, which begin with last month's.
const MONTHS: u32 = 4;

/// Rows per INSERT.
const ROWS_PER_STATEMENT: usize = 200;

/// A database with DiracX's tables and the code under test, connected to it.
#[derive(Debug)]
pub struct World {
    /// The code under test. It is dropped before its database.
    pub db: AuthDb,
    /// The permit to change things through it.
    pub permit: WritePermit,
    /// What it was connected with.
    pub config: DatabaseConfig,
    /// DiracX's defaults.
    pub policy: Policy,
    /// The database's time at the beginning of the test, from which the ages of rows are counted back.
    pub start: Timestamp,
    /// The test's own way in.
    pub database: TestDatabase,
}

/// A device flow to be written; `..DeviceFlowRow::default()` is a pending one.
#[derive(Debug, Clone, Copy)]
pub struct DeviceFlowRow<'a> {
    /// `UserCode`.
    pub code: &'a str,
    /// `Status`.
    pub status: &'a str,
    /// How long before the beginning of the test it was created.
    pub age: Duration,
    /// `ClientID`.
    pub client: &'a str,
    /// `Scope`.
    pub scope: &'a str,
    /// `IDToken`.
    pub id_token: Option<&'a str>,
}

impl Default for DeviceFlowRow<'_> {
    fn default() -> Self {
        Self {
            code: "BCDFGHJK",
            status: "PENDING",
            age: Duration::from_secs(30),
            client: "myDIRACClientID",
            scope: SCOPE,
            id_token: None,
        }
    }
}

/// An authorization flow to be written; `..AuthorizationFlowRow::default()` is a pending one.
#[derive(Debug, Clone, Copy, Default)]
pub struct AuthorizationFlowRow<'a> {
    /// `Status`; PENDING if empty.
    pub status: &'a str,
    /// How long before the beginning of the test it was created.
    pub age: Duration,
    /// `UUID`; one issued at that age if empty.
    pub key: &'a str,
    /// `RedirectURI`; a usual one if empty.
    pub redirect_uri: &'a str,
    /// `IDToken`.
    pub id_token: Option<&'a str>,
}

/// A token to be written.
#[derive(Debug, Clone)]
pub struct TokenRow {
    /// `JTI`.
    pub key: String,
    /// `Status`.
    pub status: String,
    /// `Sub`.
    pub subject: String,
}

impl TokenRow {
    /// A CREATED token under a key.
    #[must_use]
    pub fn created(key: impl Into<String>, subject: &str) -> Self {
        Self { key: key.into(), status: "CREATED".to_owned(), subject: subject.to_owned() }
    }
}

/// A configuration that points at `url`, with the defaults of config.toml.
#[must_use]
pub fn config_of(url: &str) -> DatabaseConfig {
    DatabaseConfig {
        url: DatabaseUrl::parse(url).expect("the URL of a test's database is one"),
        is_default: false,
        connect_timeout: Duration::from_secs(5),
        statement_timeout: Duration::from_secs(5),
        lock_timeout: Duration::from_secs(2),
    }
}

/// A `UUIDv7` key issued at `time`, as 32 hex digits.
#[must_use]
pub fn key_at(time: Timestamp) -> String {
    plain(&Jti::issue(time, &mut clock::randomness()))
}

/// A version-4 key, as DiracX issued them once. Its random first half may look like any time.
#[must_use]
pub fn version_4_key() -> String {
    let bytes: [u8; 16] = clock::randomness().random();
    uuid::Builder::from_random_bytes(bytes).into_uuid().simple().to_string()
}

/// A key as 32 hex digits, however it is stored.
#[must_use]
pub fn plain(key: &Jti) -> String {
    key.to_string().replace('-', "")
}

/// A text that stands in a test, as a key.
#[must_use]
pub fn jti(key: &str) -> Jti {
    Jti::from_stored(key.to_owned())
}

/// Who changes things in a test.
#[must_use]
pub fn actor() -> Actor {
    Actor { name: "alice".to_owned(), host: "bastion".to_owned() }
}

impl World {
    /// A new database with DiracX's tables.
    pub async fn create(engine: Engine) -> Self {
        let database = TestDatabase::create(engine).await.expect("a database is made");
        Self::create_in(database, native_form(engine)).await
    }

    /// The same with a character set of the test's choice, on a server.
    pub async fn create_with_charset(engine: Engine, charset: &str) -> Self {
        let database = TestDatabase::create_with_charset(engine, charset).await.expect("a database is made");
        Self::create_in(database, native_form(engine)).await
    }

    /// The same in an empty database of the test's choice. MariaDB has plain keys in installations from before
    /// SQLAlchemy 2.1.
    pub async fn create_in(database: TestDatabase, keys: KeyForm) -> Self {
        let months = (clock::host_now().before(Duration::from_hours(24 * 28)), MONTHS);
        database.execute(&schema::schema(database.engine(), keys, months)).await.expect("DiracX's tables are made");
        let config = config_of(database.url());
        let db = AuthDb::connect(&config).await.expect("DiracX's tables are recognised");
        let permit = db.write_permit(&actor()).expect("the connection may write");
        let start = db.now().await.expect("the database tells its time");
        Self { db, permit, config, policy: Policy::default(), start, database }
    }

    /// The engine it is on.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.database.engine()
    }

    /// The database's time.
    pub async fn now(&self) -> Timestamp {
        self.db.now().await.expect("the database tells its time")
    }

    /// Executes statements of the test's own.
    pub async fn execute(&self, statements: &str) {
        self.database.execute(statements).await.expect("the test's own statements are right");
    }

    /// The number that a query of the test's own gives.
    pub async fn number(&self, query: &str) -> i64 {
        self.database.number(query).await.expect("the test's own query is right")
    }

    /// The rows that a query of the test's own gives, every value as text.
    pub async fn rows(&self, query: &str) -> Vec<Vec<Option<String>>> {
        self.database.rows(query).await.expect("the test's own query is right")
    }

    /// The first column of those rows, without nulls.
    pub async fn column(&self, query: &str) -> Vec<String> {
        self.rows(query).await.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect()
    }

    /// Writes a device flow.
    pub async fn add_device_flow(&self, flow: DeviceFlowRow<'_>) {
        let created = self.start.before(flow.age).sql_text();
        let digest = format!("digest of {}", flow.code);
        self.write(
            "INSERT INTO DeviceFlows (UserCode, Status, CreationTime, ClientID, Scope, DeviceCode, IDToken) \
             VALUES (?, ?, ?, ?, ?, ?, ?)",
            &[
                Some(flow.code),
                Some(flow.status),
                Some(&created),
                Some(flow.client),
                Some(flow.scope),
                Some(&digest),
                flow.id_token,
            ],
        )
        .await;
    }

    /// Writes an authorization flow and gives its key.
    pub async fn add_authorization_flow(&self, flow: AuthorizationFlowRow<'_>) -> FlowId {
        let or = |given: &str, usual: &str| if given.is_empty() { usual.to_owned() } else { given.to_owned() };
        let created = self.start.before(flow.age);
        let key = or(flow.key, &key_at(created));
        self.write(
            "INSERT INTO AuthorizationFlows (UUID, Status, ClientID, CreationTime, Scope, CodeChallenge, \
             CodeChallengeMethod, RedirectURI, Code, IDToken) VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, ?)",
            &[
                Some(&key),
                Some(&or(flow.status, "PENDING")),
                Some("myDIRACClientID"),
                Some(&created.sql_text()),
                Some(SCOPE),
                Some("challenge"),
                Some("S256"),
                Some(&or(flow.redirect_uri, "https://diracx.example.org/callback")),
                flow.id_token,
            ],
        )
        .await;
        FlowId::from_stored(key)
    }

    /// Writes a token that was issued `age` before the beginning of the test, and gives its key.
    pub async fn add_token(&self, status: &str, subject: &str, age: Duration) -> Jti {
        let key = key_at(self.start.before(age));
        let row = TokenRow { key: key.clone(), status: status.to_owned(), subject: subject.to_owned() };
        self.add_tokens(&[row]).await;
        jti(&key)
    }

    /// Writes tokens.
    pub async fn add_tokens(&self, tokens: &[TokenRow]) {
        for rows in tokens.chunks(ROWS_PER_STATEMENT) {
            let places = vec!["(?, ?, ?, ?)"; rows.len()].join(", ");
            let values: Vec<Option<&str>> = rows
                .iter()
                .flat_map(|row| [Some(row.key.as_str()), Some(&row.status), Some(SCOPE), Some(&row.subject)])
                .collect();
            self.write(&format!("INSERT INTO RefreshTokens (JTI, Status, Scope, Sub) VALUES {places}"), &values).await;
        }
    }

    /// The status of a token.
    pub async fn token_status(&self, jti: &Jti) -> Option<String> {
        let query = format!("SELECT Status FROM RefreshTokens WHERE JTI = '{}'", plain(jti));
        self.column(&query).await.pop()
    }

    /// Partitions `RefreshTokens` by month as DiracX does, with `count` months from `first` on and `p_future`.
    pub async fn partition(&self, first: Month, count: u32) {
        let keys = if self.has_native_keys().await { KeyForm::Dashed } else { KeyForm::Plain };
        self.execute(&format!("ALTER TABLE RefreshTokens {}", schema::partitioning(keys, first, count))).await;
    }

    /// Whether the keys are MariaDB's `uuid` type, which reads back with dashes.
    pub async fn has_native_keys(&self) -> bool {
        self.engine() == Engine::MariaDb
            && self
                .number(
                    "SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() \
                     AND TABLE_NAME = 'RefreshTokens' AND COLUMN_NAME = 'JTI' AND DATA_TYPE = 'uuid'",
                )
                .await
                == 1
    }

    async fn write(&self, statement: &str, values: &[Option<&str>]) {
        let sql = AssertSqlSafe(statement.to_owned());
        match self.database.pool() {
            Pool::MySql(pool) => {
                let query = values.iter().fold(sqlx::query(sql), |query, value| query.bind(value.map(str::to_owned)));
                query.execute(pool).await.map(drop)
            }
            Pool::Sqlite(pool) => {
                let query = values.iter().fold(sqlx::query(sql), |query, value| query.bind(value.map(str::to_owned)));
                query.execute(pool).await.map(drop)
            }
        }
        .unwrap_or_else(|error| panic!("{} refuses a row of the test: {error}", self.engine()));
    }
}
