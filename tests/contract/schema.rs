//! The schema: what is created equals what DiracX creates, what DiracX created is recognised, and what is neither is
//! refused by name.

use authdb_shared::Timestamp;
use authdb_shared::clock;
use authdb_shared::db::{AuthDb, DbError};
use authdb_tests::world::{DeviceFlowRow, World, config_of, fixture, on_engines, servers};
use authdb_tests::{Engine, Pool, TestDatabase, engines};
use chrono::{TimeZone as _, Utc};
use sqlx::{Executor as _, SqlSafeStr as _};

/// The month in which the fixtures were taken.
fn fixture_time() -> Timestamp {
    Timestamp::from(Utc.with_ymd_and_hms(2026, 11, 23, 12, 0, 0).single().expect("a time"))
}

async fn empty(engine: Engine) -> TestDatabase {
    TestDatabase::create(engine).await.expect("a database is made")
}

async fn from_fixture(engine: Engine) -> TestDatabase {
    let database = empty(engine).await;
    database.execute(&fixture(engine)).await.expect("the fixture is what the engine itself printed");
    database
}

async fn connect(database: &TestDatabase) -> Result<AuthDb, DbError> {
    AuthDb::connect(&config_of(database.url())).await
}

async fn refusal(database: &TestDatabase) -> DbError {
    connect(database).await.expect_err("this is no AuthDB")
}

/// What the engine knows about the tables, by subject; each fact is a row of text.
fn questions(engine: Engine) -> &'static [(&'static str, &'static str)] {
    match engine {
        Engine::Sqlite => &[
            (
                "columns",
                "SELECT m.name, c.cid, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk \
                 FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS c WHERE m.type = 'table' ORDER BY 1, 2",
            ),
            (
                "indexes",
                "SELECT m.name, l.name, l.\"unique\", l.origin, l.partial, i.seqno, i.name FROM sqlite_schema AS m \
                 JOIN pragma_index_list(m.name) AS l JOIN pragma_index_info(l.name) AS i \
                 WHERE m.type = 'table' ORDER BY 1, 2, 6",
            ),
        ],
        Engine::MariaDb | Engine::MySql => &[
            (
                "columns",
                "SELECT TABLE_NAME, ORDINAL_POSITION, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, EXTRA, \
                 CHARACTER_SET_NAME, COLLATION_NAME, COLUMN_KEY FROM information_schema.COLUMNS \
                 WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1, 2",
            ),
            (
                "indexes",
                "SELECT TABLE_NAME, INDEX_NAME, NON_UNIQUE, SEQ_IN_INDEX, COLUMN_NAME, SUB_PART, INDEX_TYPE \
                 FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1, 2, 4",
            ),
            (
                "partitions",
                "SELECT TABLE_NAME, PARTITION_ORDINAL_POSITION, PARTITION_NAME, PARTITION_METHOD, \
                 PARTITION_EXPRESSION, PARTITION_DESCRIPTION FROM information_schema.PARTITIONS \
                 WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1, 2",
            ),
            ("the whole of DeviceFlows", "SHOW CREATE TABLE DeviceFlows"),
            ("the whole of AuthorizationFlows", "SHOW CREATE TABLE AuthorizationFlows"),
            ("the whole of RefreshTokens", "SHOW CREATE TABLE RefreshTokens"),
        ],
    }
}

#[tokio::test]
async fn what_is_created_equals_the_fixture() {
    on_engines(engines(), |engine| async move {
        let ours = empty(engine).await;
        let db = AuthDb::create(&config_of(ours.url()), fixture_time()).await.expect("the tables are created");
        db.close().await;
        equals_the_fixture(&ours, engine).await;
    })
    .await;
}

/// Asserts that the tables are as the fixture has them.
async fn equals_the_fixture(ours: &TestDatabase, engine: Engine) {
    let theirs = from_fixture(engine).await;
    for (subject, question) in questions(engine) {
        let theirs = theirs.rows(question).await.expect("the engine describes the fixture's tables");
        let ours = ours.rows(question).await.expect("the engine describes the created tables");
        assert!(!theirs.is_empty(), "{engine} says nothing about {subject}");
        assert_eq!(ours, theirs, "{engine} differs in {subject}");
    }
}

#[tokio::test]
async fn a_creation_that_broke_off_is_told_as_that_and_finished_by_the_next() {
    on_engines(servers(), |engine| async move {
        let database = empty(engine).await;
        let (rest, name) = database.url().rsplit_once('/').expect("the URL ends with the database");
        let (_, host) = rest.rsplit_once('@').expect("the URL names a host");
        let account = format!("make_{}", &name[name.len().saturating_sub(12)..]);
        let grant = |table: &str| format!("GRANT CREATE, SELECT ON {name}.{table} TO '{account}'@'%'");
        let create = format!("CREATE USER '{account}'@'%' IDENTIFIED BY 'few'");
        let grants = [create, grant("DeviceFlows"), grant("AuthorizationFlows")].join("; ");
        database.execute(&grants).await.expect("the account is made");
        let config = config_of(&format!("mysql://{account}:few@{host}/{name}"));

        let error = AuthDb::create(&config, fixture_time()).await.expect_err("it may not make the last table");
        assert!(matches!(error, DbError::Unfinished { .. }), "{error:?}");
        assert!(!error.to_string().contains("Nothing was changed"), "{error}");

        database.execute(&grant("RefreshTokens")).await.expect("the account may make it now");
        AuthDb::create(&config, fixture_time()).await.expect("it goes on, and needs no ALTER").close().await;
        equals_the_fixture(&database, engine).await;
    })
    .await;
}

#[tokio::test]
async fn nothing_is_made_beside_a_part_of_the_tables_that_is_in_use() {
    on_engines(engines(), |engine| async move {
        let create = async |url: &str| AuthDb::create(&config_of(url), fixture_time()).await;
        let world = World::create(engine).await;
        world.add_device_flow(DeviceFlowRow::default()).await;
        world.execute("DROP TABLE RefreshTokens").await;
        let error = create(world.database.url()).await.expect_err("somebody logs in there");
        assert!(matches!(error, DbError::NotEmpty { .. }), "{error:?}");

        let database = from_fixture(engine).await;
        database.execute("DROP TABLE DeviceFlows").await.expect("a table is dropped");
        let error = create(database.url()).await.expect_err("the tokens are there");
        assert!(matches!(error, DbError::NotEmpty { .. }), "{error:?}");
    })
    .await;
}

#[tokio::test]
async fn the_months_begin_with_the_present_one_and_follow_the_scheme() {
    on_engines(servers(), |engine| async move {
        let database = empty(engine).await;
        let last_instant = Utc.with_ymd_and_hms(2027, 1, 1, 0, 0, 0).single().expect("a time");
        let now = Timestamp::from(last_instant - chrono::TimeDelta::milliseconds(1));
        AuthDb::create(&config_of(database.url()), now).await.expect("the tables are created").close().await;
        let names: Vec<String> = database
            .rows(
                "SELECT PARTITION_NAME FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = DATABASE() \
                 AND TABLE_NAME = 'RefreshTokens' ORDER BY PARTITION_ORDINAL_POSITION",
            )
            .await
            .expect("the server lists its partitions")
            .into_iter()
            .filter_map(|row| row.into_iter().next().flatten())
            .collect();
        let months =
            (1..=12).map(|month| format!("p_2027_{month}")).chain((1..=11).map(|month| format!("p_2028_{month}")));
        let expected: Vec<String> =
            ["p_2026_12".to_owned()].into_iter().chain(months).chain(["p_future".to_owned()]).collect();
        assert_eq!(names, expected);
    })
    .await;
}

#[tokio::test]
async fn a_database_made_by_diracx_is_accepted() {
    on_engines(engines(), |engine| async move {
        let database = from_fixture(engine).await;
        let db = connect(&database).await.expect("DiracX's own schema is accepted");
        assert!(db.server().starts_with(&engine.to_string()), "{} is called {}", engine, db.server());
        assert_eq!(db.can_partition(), engine != Engine::Sqlite);
        // Tables of our own or of an extension beside DiracX's do no harm.
        database.execute("CREATE TABLE SomethingElse (n INT)").await.expect("a table is made");
        connect(&database).await.expect("one more table does not make it foreign");
    })
    .await;
}

#[tokio::test]
async fn an_empty_database_is_called_empty() {
    on_engines(engines(), |engine| async move {
        let error = refusal(&empty(engine).await).await;
        assert!(matches!(error, DbError::Empty { .. }), "{error}");
        assert!(error.to_string().contains("authdb init"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_foreign_database_is_refused_with_what_it_lacks_and_holds() {
    on_engines(engines(), |engine| async move {
        let database = empty(engine).await;
        database.execute("CREATE TABLE Jobs (JobID INT); CREATE TABLE RefreshTokens (JTI INT)").await.expect("tables");
        let error = refusal(&database).await;
        let DbError::Foreign { missing, .. } = &error else { panic!("{error}") };
        for lacking in ["table DeviceFlows", "table AuthorizationFlows", "column RefreshTokens.Sub"] {
            assert!(missing.contains(lacking), "{missing}");
        }
        assert!(error.to_string().contains("Jobs"), "{error}");
        assert!(!error.is_connection_loss(), "waiting does not help");
    })
    .await;
}

#[tokio::test]
async fn one_missing_column_is_named() {
    on_engines(engines(), |engine| async move {
        let database = from_fixture(engine).await;
        database.execute("ALTER TABLE AuthorizationFlows DROP COLUMN RedirectURI").await.expect("a column is dropped");
        let error = refusal(&database).await;
        let DbError::Foreign { missing, .. } = &error else { panic!("{error}") };
        assert_eq!(missing, "column AuthorizationFlows.RedirectURI");
    })
    .await;
}

#[tokio::test]
async fn tables_are_created_in_an_empty_database_only() {
    on_engines(engines(), |engine| async move {
        let database = empty(engine).await;
        database.execute("CREATE TABLE Jobs (JobID INT)").await.expect("a table is made");
        let error = AuthDb::create(&config_of(database.url()), clock::host_now()).await.expect_err("it is not empty");
        assert!(matches!(error, DbError::NotEmpty { .. }), "{error}");
        assert!(error.to_string().contains("Jobs"), "{error}");
        let error = refusal(&database).await;
        assert!(error.to_string().contains("table RefreshTokens"), "nothing was created beside it: {error}");
    })
    .await;
}

#[tokio::test]
async fn a_sqlite_file_that_is_not_there_is_not_made_by_connecting() {
    let folder = tempfile::tempdir().expect("a folder is made");
    let path = folder.path().join("none.sqlite3");
    let config = config_of(&format!("sqlite://{}", path.display()));
    for result in [AuthDb::connect(&config).await, AuthDb::connect_read_only(&config).await] {
        let error = result.expect_err("there is no file");
        assert!(matches!(error, DbError::NoFile { .. }), "{error}");
    }
    assert!(!path.exists());
    AuthDb::create(&config, clock::host_now()).await.expect("creating makes the file").close().await;
    AuthDb::connect(&config).await.expect("and then it is there");
}

#[tokio::test]
async fn every_statement_prepares() {
    on_engines(engines(), |engine| async move {
        let world = World::create(engine).await;
        world.db.create_ledger(&world.permit).await.expect("the ledger's tables are made");
        let statements = world.db.statements();
        assert!(statements.len() > 20, "only {} statements are known", statements.len());
        for (name, text) in statements {
            let result = match world.database.pool() {
                Pool::MySql(pool) => pool.prepare(text.into_sql_str()).await.map(drop),
                Pool::Sqlite(pool) => pool.prepare(text.into_sql_str()).await.map(drop),
            };
            result.unwrap_or_else(|error| panic!("{engine} refuses {name}: {error}"));
        }
    })
    .await;
}
