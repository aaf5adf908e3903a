//! Connecting: what is said when it does not work, and that no message gives a password away.

use std::error::Error;
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use authdb_shared::config::DatabaseUrl;
use authdb_shared::db::{AuthDb, DbError};
use authdb_tests::world::{config_of, on_every_server};
use authdb_tests::{Engine, TestDatabase};

const WRONG: &str = "wr0ng-but-secret";

/// A port of this machine at which nobody listens.
fn closed_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    listener.local_addr().expect("the port has a number").port()
}

/// The password in a URL of the harness.
fn password(url: &str) -> &str {
    let account = url.split('@').next().expect("a URL has a beginning");
    account.rsplit_once(':').expect("the harness sets a password").1
}

/// Everything that a program could print of an error.
fn everything_said(error: &DbError) -> String {
    let mut said = format!("{error} {error:?} {error:#?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        said = format!("{said} {error} {error:?}");
        cause = error.source();
    }
    said
}

#[tokio::test]
async fn a_server_that_is_down_is_a_lost_connection() {
    let url = format!("mysql://dirac:{WRONG}@127.0.0.1:{}/AuthDB", closed_port());
    for result in [AuthDb::connect(&config_of(&url)).await, AuthDb::connect_read_only(&config_of(&url)).await] {
        let error = result.expect_err("nobody listens there");
        assert!(error.is_connection_loss() && !error.is_contention(), "{error:?}");
        let said = everything_said(&error);
        assert!(said.contains("AuthDB at 127.0.0.1"), "it names the place: {said}");
        assert!(!said.contains(WRONG), "{said}");
    }
}

#[tokio::test]
async fn a_server_that_accepts_and_says_nothing_is_given_up() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    let port = listener.local_addr().expect("the port has a number").port();
    let mut config = config_of(&format!("mysql://dirac:{WRONG}@127.0.0.1:{port}/AuthDB"));
    config.connect_timeout = Duration::from_millis(200);
    let error = AuthDb::connect(&config).await.expect_err("nobody answers");
    assert!(error.is_connection_loss(), "{error:?}");
}

#[tokio::test]
async fn a_wrong_password_is_refused_without_repeating_it() {
    on_every_server(|world| async move {
        let url = world.database.url().replacen(password(world.database.url()), WRONG, 1);
        let error = AuthDb::connect(&config_of(&url)).await.expect_err("the password is wrong");
        assert!(matches!(error, DbError::Denied { .. }), "{error:?}");
        assert!(error.is_connection_loss(), "a daemon waits until it is put right");
        let said = everything_said(&error);
        assert!(said.contains("password and grants") && !said.contains(WRONG), "{said}");
    })
    .await;
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_named() {
    on_every_server(|world| async move {
        let (server, _) = world.database.url().rsplit_once('/').expect("the URL ends with the name");
        let error = AuthDb::connect(&config_of(&format!("{server}/nowhere"))).await.expect_err("it does not exist");
        let said = everything_said(&error);
        assert!(said.contains("nowhere") && !said.contains(password(server)), "{said}");
    })
    .await;
}

#[tokio::test]
async fn the_right_password_is_never_shown_either() {
    on_every_server(|world| async move {
        let secret = password(world.database.url()).to_owned();
        let url = DatabaseUrl::parse(world.database.url()).expect("a URL");
        let read_only = AuthDb::connect_read_only(&world.config).await.expect("it can be read");
        let mut shown = vec![
            format!("{:?} {:#?} {} {}", world.db, world.db, world.db.place(), world.db.server()),
            format!("{read_only:?} {:?}", world.permit),
            format!("{url} {url:?} {url:#?} {}", url.place()),
            format!("{:?} {:#?}", world.config, world.config),
        ];
        world.execute("DROP TABLE RefreshTokens").await;
        let errors = [
            AuthDb::connect(&world.config).await.expect_err("a table is gone"),
            world.db.subjects(&authdb_shared::db::Containing::default(), &world.policy, 1).await.expect_err("gone"),
        ];
        shown.extend(errors.iter().map(everything_said));
        for text in shown {
            assert!(!text.contains(&secret), "{text}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_urls_of_diracx_itself_connect() {
    on_every_server(|world| async move {
        for scheme in ["mysql+aiomysql", "mysql+asyncmy", "mariadb"] {
            let url = world.database.url().replacen("mysql", scheme, 1);
            AuthDb::connect(&config_of(&url)).await.unwrap_or_else(|error| panic!("{scheme}: {error}"));
        }
    })
    .await;
    let database = TestDatabase::create(Engine::Sqlite).await.expect("a database is made");
    let path = database.url().strip_prefix("sqlite://").expect("a SQLite URL").to_owned();
    let url = format!("sqlite+aiosqlite:///{path}");
    AuthDb::create(&config_of(&url), authdb_shared::clock::host_now()).await.expect("the same file").close().await;
    AuthDb::connect(&config_of(&format!("sqlite:{path}"))).await.expect("the same file");
}

#[tokio::test]
async fn a_sqlite_file_that_vanishes_is_a_lost_connection() {
    let world = authdb_tests::World::create(Engine::Sqlite).await;
    let path = world.database.url().strip_prefix("sqlite://").expect("a SQLite URL");
    std::fs::rename(path, format!("{path}.moved")).expect("the file is moved");
    let error = world.db.now().await.expect_err("what nobody else can see is not shown");
    assert!(error.is_connection_loss(), "{error:?}");
    std::fs::rename(format!("{path}.moved"), path).expect("the file is moved back");
    world.db.now().await.expect("and it is there again");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().expect("a folder is made");
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "just a few notes, and long enough to look like a file of some kind\n".repeat(100))
        .expect("a file is written");
    let error = AuthDb::connect(&config_of(&format!("sqlite:{}", path.display()))).await.expect_err("no database");
    assert!(error.to_string().contains("notes.txt"), "{error}");
    assert!(!error.is_connection_loss(), "waiting does not make it one: {error:?}");
}
