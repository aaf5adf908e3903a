//! Our functions and DiracX's on one database, called alike and compared.

use std::future::Future;
use std::sync::Arc;

use authdb_shared::clock::{self, Timestamp};
use authdb_shared::db::AuthDb;
use authdb_shared::policy::Policy;
use authdb_tests::world::{World, actor, config_of, on_engines};
use authdb_tests::{Engine, TestDatabase, engines};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::ours;
use crate::peer::{Outcome, Peer};

/// Who is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Ours,
    DiracX,
}

/// Either side, where what one does is compared with what the other does.
pub(crate) const SIDES: [Side; 2] = [Side::Ours, Side::DiracX];

/// Who begins and who goes on, either way round.
pub(crate) const DIRECTIONS: [(Side, Side); 2] = [(Side::Ours, Side::DiracX), (Side::DiracX, Side::Ours)];

/// A table of DiracX's.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Table {
    DeviceFlows,
    AuthorizationFlows,
    RefreshTokens,
}

impl Table {
    /// Its columns, the key first.
    fn columns(self) -> &'static [&'static str] {
        match self {
            Self::DeviceFlows => &["UserCode", "Status", "CreationTime", "ClientID", "Scope", "DeviceCode", "IDToken"],
            Self::AuthorizationFlows => &[
                "UUID",
                "Status",
                "ClientID",
                "CreationTime",
                "Scope",
                "CodeChallenge",
                "CodeChallengeMethod",
                "RedirectURI",
                "Code",
                "IDToken",
            ],
            Self::RefreshTokens => &["JTI", "Status", "Scope", "Sub"],
        }
    }
}

/// A database, with both sides connected to it.
pub(crate) struct Pair {
    // Dropped in this order: a transaction that a side has left open would hold up the end of the database.
    peer: Mutex<Peer>,
    url: String,
    pub(crate) world: World,
}

/// Runs a test on every engine at the same time, against a schema that DiracX has made.
pub(crate) async fn on_every_engine<F>(test: impl Fn(Arc<Pair>) -> F + Copy + Send + Sync + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    on_engines(engines(), move |engine| async move { test(Arc::new(Pair::create(engine).await)).await }).await;
}

impl Pair {
    /// A database whose schema DiracX has made.
    pub(crate) async fn create(engine: Engine) -> Self {
        let database = TestDatabase::create(engine).await.expect("a database is made");
        let url = url_for_diracx(&database).await;
        let mut peer = Peer::open(&url).await;
        peer.call("create", &json!({})).await.expect("DiracX makes its schema");
        let config = config_of(database.url());
        let db = AuthDb::connect(&config).await.expect("the schema that DiracX has made is accepted");
        Self::of(database, db, peer, url).await
    }

    /// A database whose schema our side has made.
    pub(crate) async fn create_by_us(engine: Engine) -> Self {
        let database = TestDatabase::create(engine).await.expect("a database is made");
        let db = AuthDb::create(&config_of(database.url()), clock::host_now()).await.expect("the schema is made");
        let url = url_for_diracx(&database).await;
        let peer = Peer::open(&url).await;
        Self::of(database, db, peer, url).await
    }

    /// A world that is there already.
    pub(crate) async fn in_world(world: World) -> Self {
        let url = url_for_diracx(&world.database).await;
        Self { peer: Mutex::new(Peer::open(&url).await), url, world }
    }

    async fn of(database: TestDatabase, db: AuthDb, peer: Peer, url: String) -> Self {
        let config = config_of(database.url());
        let permit = db.write_permit(&actor()).expect("the connection may write");
        let start = db.now().await.expect("the database tells its time");
        let world = World { db, permit, config, policy: Policy::default(), start, database };
        Self { peer: Mutex::new(peer), url, world }
    }

    pub(crate) fn engine(&self) -> Engine {
        self.world.engine()
    }

    /// One more process of DiracX on the same database.
    pub(crate) async fn another_peer(&self) -> Peer {
        Peer::open(&self.url).await
    }

    /// Has a side perform a function in a transaction of its own.
    pub(crate) async fn call(&self, side: Side, function: &str, arguments: Value) -> Outcome {
        match side {
            Side::Ours => ours::call(&self.world, function, &arguments).await,
            Side::DiracX => self.peer.lock().await.call(function, &arguments).await,
        }
    }

    /// What a function gives that must succeed.
    pub(crate) async fn done(&self, side: Side, function: &str, arguments: Value) -> Value {
        let shown = arguments.to_string();
        let outcome = self.call(side, function, arguments).await;
        outcome.unwrap_or_else(|fault| panic!("{side:?} on {}: {function}({shown}): {fault:?}", self.engine()))
    }

    /// The error of a function that must fail, by the name of its class. Nothing must have been changed.
    pub(crate) async fn refusal(&self, side: Side, function: &str, arguments: Value) -> String {
        let (shown, before) = (arguments.to_string(), self.tables().await);
        match self.call(side, function, arguments).await {
            Ok(value) => panic!("{side:?} on {}: {function}({shown}) gives {value}", self.engine()),
            Err(fault) => {
                assert_eq!(self.tables().await, before, "{side:?} on {}: {function}({shown})", self.engine());
                fault.class
            }
        }
    }

    /// The row that a function reads on both sides, which must be the row of the table with all its columns.
    pub(crate) async fn read_by_both(&self, table: Table, function: &str, arguments: Value) -> Value {
        let ours = self.done(Side::Ours, function, arguments.clone()).await;
        let theirs = self.done(Side::DiracX, function, arguments).await;
        assert_eq!(ours, theirs, "{function} on {}", self.engine());
        let rows = self.table(table).await;
        assert!(rows.contains(&ours), "{function} on {} reads {ours}, and the table holds {rows:?}", self.engine());
        ours
    }

    /// Every row of a table as the engine itself shows it, in the order of the keys. Keys have dashes, ID tokens are
    /// values: engines and sides spell both in several ways that mean the same.
    pub(crate) async fn table(&self, table: Table) -> Vec<Value> {
        let columns = table.columns();
        let query = format!("SELECT {} FROM {table:?} ORDER BY {}", columns.join(", "), columns[0]);
        let rows = self.world.rows(&query).await;
        let value = |(column, text): (&&str, Option<String>)| {
            let value = match (*column, text) {
                (_, None) => Value::Null,
                ("IDToken", Some(text)) => serde_json::from_str(&text).expect("ID tokens are JSON"),
                ("UUID" | "JTI", Some(text)) => dashed(&text).into(),
                (_, Some(text)) => text.into(),
            };
            ((*column).to_owned(), value)
        };
        rows.into_iter().map(|row| columns.iter().zip(row).map(value).collect()).collect()
    }

    /// All three tables.
    pub(crate) async fn tables(&self) -> [Vec<Value>; 3] {
        [
            self.table(Table::DeviceFlows).await,
            self.table(Table::AuthorizationFlows).await,
            self.table(Table::RefreshTokens).await,
        ]
    }

    /// A key that is issued now.
    pub(crate) async fn new_key(&self) -> String {
        dashed(&authdb_tests::world::key_at(self.world.now().await))
    }
}

/// A key as DiracX gives it.
pub(crate) fn dashed(key: &str) -> String {
    uuid::Uuid::try_parse(key).map_or_else(|_| key.to_owned(), |uuid| uuid.hyphenated().to_string())
}

/// The text in a value.
#[track_caller]
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// The time in a row that was created between two others.
pub(crate) fn is_created_between(row: &Value, earliest: Timestamp, latest: Timestamp) -> bool {
    let created = text(&row["CreationTime"]);
    earliest.sql_text() <= created && created <= latest.sql_text()
}

/// The URL of a database as DiracX wants it.
///
/// On servers DiracX gets an account that sees this database alone, as it has in production: its installation looks for
/// partitions of `RefreshTokens` in every database that it can see.
async fn url_for_diracx(database: &TestDatabase) -> String {
    if let Some(path) = database.url().strip_prefix("sqlite://") {
        return format!("sqlite+aiosqlite:///{path}");
    }
    let (_, place) = database.url().rsplit_once('@').expect("the URL of a server names an account");
    let (address, name) = place.split_once('/').expect("the URL of a test's database names it");
    let (host, _) = address.split_once(':').expect("the URL of a server names its port");
    let password = format!("{:032x}", rand::random::<u128>());
    let statements = format!(
        "CREATE USER '{name}'@'{host}' IDENTIFIED BY '{password}'; GRANT ALL PRIVILEGES ON {name}.* TO '{name}'@'{host}'"
    );
    database.execute(&statements).await.expect("DiracX gets an account");
    format!("mysql+aiomysql://{name}:{password}@{place}")
}
