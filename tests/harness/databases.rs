//! Databases in the shared servers: each test has its own, and none stays.

use authdb_tests::environment::server_url;
use authdb_tests::{Engine, Flavour, Pool, TestDatabase, engines};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection};

/// The databases of a shared server that have a name.
async fn databases_called(flavour: Flavour, name: &str) -> i64 {
    let mut connection = MySqlConnection::connect(&server_url(flavour)).await.expect("the shared server serves");
    let query = format!("SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '{name}'");
    sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(&mut connection).await.expect("the server counts")
}

#[tokio::test]
async fn every_database_is_empty_and_its_own() {
    for engine in engines() {
        let one = TestDatabase::create(engine).await.expect("a database is made");
        let other = TestDatabase::create(engine).await.expect("another database is made");
        assert_eq!(one.engine(), engine);
        assert_ne!(one.url(), other.url());
        one.execute("CREATE TABLE t (n INT); INSERT INTO t VALUES (1), (2)").await.expect("two statements in one go");
        other.execute("CREATE TABLE t (n INT)").await.expect("the other database has no such table yet");
        assert_eq!(one.number("SELECT COUNT(*) FROM t").await.expect("a count"), 2, "{engine}");
        assert_eq!(other.number("SELECT COUNT(*) FROM t").await.expect("a count"), 0, "{engine}");
    }
}

#[tokio::test]
async fn a_dropped_database_is_gone_even_with_a_transaction_open() {
    for flavour in engines().into_iter().filter_map(Engine::flavour) {
        let database = TestDatabase::create(flavour.into()).await.expect("a database is made");
        let name = database.url().rsplit_once('/').expect("the URL ends with the name").1.to_owned();
        database.execute("CREATE TABLE t (n INT PRIMARY KEY) ENGINE = InnoDB").await.expect("a table is made");
        let Pool::MySql(pool) = database.pool().clone() else { panic!("{flavour} has a MySQL pool") };
        let mut transaction = pool.begin().await.expect("a transaction begins");
        sqlx::query("INSERT INTO t VALUES (1)").execute(&mut *transaction).await.expect("a row is written");
        assert_eq!(databases_called(flavour, &name).await, 1);
        drop(database);
        assert_eq!(databases_called(flavour, &name).await, 0, "{flavour} keeps the database");
    }
}

#[tokio::test]
async fn a_sqlite_file_goes_with_its_database() {
    let database = TestDatabase::create(Engine::Sqlite).await.expect("a database is made");
    let file = std::path::PathBuf::from(database.url().strip_prefix("sqlite://").expect("it is a SQLite URL"));
    assert!(file.is_absolute() && file.exists());
    drop(database);
    assert!(!file.exists());
}

#[tokio::test]
async fn the_character_set_is_the_servers_or_the_one_asked_for() {
    for flavour in engines().into_iter().filter_map(Engine::flavour) {
        let as_served = TestDatabase::create(flavour.into()).await.expect("a database is made");
        let default = match flavour {
            Flavour::MariaDb => "latin1",
            Flavour::MySql => "utf8mb4",
        };
        assert_charset(&as_served, default).await;
        let asked = TestDatabase::create_with_charset(flavour.into(), "utf8mb4").await.expect("a database is made");
        assert_charset(&asked, "utf8mb4").await;
    }
    TestDatabase::create_with_charset(Engine::Sqlite, "latin1").await.expect_err("SQLite has no character sets");
}

async fn assert_charset(database: &TestDatabase, charset: &str) {
    let query = format!("SELECT @@character_set_database = '{charset}'");
    let equal = database.number(&query).await.expect("the server knows its character set");
    assert_eq!(equal, 1, "the database on {} is not in {charset}", database.engine());
}
