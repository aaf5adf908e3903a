//! Logging in, by each way that an account may be set up with, and what is said to an account that is not let in.
//!
//! MySQL's way is `caching_sha2_password`: the server wants the password itself once, and knows the account by a digest from
//! then on. The password is sent encrypted only; that MySQL can take it by an RSA key of its own on a connection in clear is
//! left unused, since nothing proves whose key that is. MariaDB's way is `mysql_native_password`, which MySQL has given up:
//! version 9.7 no longer has it.

use std::process::Command;
use std::sync::Arc;

use authdb_shared::config::DatabaseConfig;
use authdb_shared::db::{AuthDb, DbError};
use authdb_tests::account::{Account, SessionFacts};
use authdb_tests::in_common::InCommon;
use authdb_tests::world::{native_form, on_every_server, servers};
use authdb_tests::{Engine, Flavour, Server, TestDatabase, World};

const PASSWORD: &str = "IDENTIFIED BY ?";

/// Logs in, asks for the time, and gives the session as the server sees it.
async fn session(world: &World, account: &Account, config: &DatabaseConfig) -> SessionFacts {
    let db = AuthDb::connect(config).await.unwrap_or_else(|error| panic!("on {}: {error}", world.engine()));
    db.now().await.expect("the account may read");
    let mut sessions = account.sessions(world).await;
    db.close().await;
    account.leave(world).await;
    sessions.pop().expect("the account is logged in")
}

/// The server refuses the account, and says so in these words.
fn is_denied(error: &DbError, words: &str) {
    assert!(matches!(error, DbError::Denied { .. }), "{error:?}");
    assert!(error.to_string().to_lowercase().contains(words), "no {words:?} in: {error}");
    assert!(error.is_connection_loss(), "a daemon waits until it is put right: {error:?}");
}

/// The path of the server's Unix socket, as a parameter of the URL.
async fn by_socket(world: &World) -> String {
    format!("unix_socket={}", world.column("SELECT @@socket").await[0])
}

/// A MariaDB with a plugin that others have to install first, and to which no account of the machine has a way in yet.
async fn special_mariadb() -> (Arc<Server>, World) {
    static SERVER: InCommon<Server> = InCommon::new();
    let start = || {
        let options = ["--plugin-load-add=auth_ed25519".into(), "--max-password-errors=2".into()];
        Server::start_with(Flavour::MariaDb, options).expect("a server starts")
    };
    let server = tokio::task::spawn_blocking(move || SERVER.hold(start)).await.expect("starting does not panic");
    let database = TestDatabase::create_on(&server).await.expect("a database is made");
    let world = World::create_in(database, native_form(Engine::MariaDb)).await;
    (server, world)
}

#[tokio::test]
async fn mysql_takes_a_password_for_the_first_time_on_an_encrypted_connection_only() {
    for engine in servers().into_iter().filter(|&engine| engine == Engine::MySql) {
        let world = World::create(engine).await;
        let account = Account::create(&world, "IDENTIFIED WITH caching_sha2_password BY ?").await;
        let (clear, encrypted) = (account.config("ssl-mode=disabled"), account.config("ssl-mode=required"));
        for attempt in ["its first login", "its first login since the password was changed"] {
            is_denied(&account.refusal(&clear).await, "ssl-mode=required");
            assert_eq!(session(&world, &account, &encrypted).await.connection, "SSL/TLS", "{attempt}");
            assert_eq!(session(&world, &account, &encrypted).await.connection, "SSL/TLS", "known from {attempt}");
            assert_eq!(session(&world, &account, &clear).await.connection, "TCP/IP", "known from {attempt}");
            let same = format!("ALTER USER '{}'@'%' IDENTIFIED BY '{}'", account.name, account.password);
            world.execute(&same).await;
        }
        let wrong = account.config_as("wr0ng", "127.0.0.1", "ssl-mode=required");
        is_denied(&account.refusal(&wrong).await, "access denied");
    }
}

#[tokio::test]
async fn mysql_takes_a_password_by_a_unix_socket_in_clear_once_it_knows_it() {
    for engine in servers().into_iter().filter(|&engine| engine == Engine::MySql) {
        let world = World::create(engine).await;
        let account = Account::create(&world, "IDENTIFIED WITH caching_sha2_password BY ?").await;
        let socket = by_socket(&world).await;
        let clear = account.config(&format!("{socket}&ssl-mode=disabled"));
        is_denied(&account.refusal(&clear).await, "leave ssl-mode=disabled out");
        assert_eq!(session(&world, &account, &account.config(&socket)).await.connection, "SSL/TLS");
        assert_eq!(session(&world, &account, &clear).await.connection, "Socket");
    }
}

#[tokio::test]
async fn mariadb_takes_a_native_password_on_any_connection() {
    let world = World::create(Engine::MariaDb).await;
    let account = Account::create(&world, "IDENTIFIED VIA mysql_native_password USING PASSWORD(?)").await;
    for parameters in ["", "ssl-mode=disabled"] {
        assert_eq!(session(&world, &account, &account.config(parameters)).await.connection, "TCP/IP");
    }
    let wrong = account.config_as("wr0ng", "127.0.0.1", "");
    is_denied(&account.refusal(&wrong).await, "access denied");
}

#[tokio::test]
async fn a_way_to_log_in_that_is_not_known_is_named_with_those_that_are() {
    let (_server, world) = special_mariadb().await;
    let account = Account::create(&world, "IDENTIFIED VIA ed25519 USING PASSWORD(?)").await;
    let error = account.refusal(&account.config("")).await;
    is_denied(&error, "client_ed25519");
    is_denied(&error, "mysql_native_password");
}

#[tokio::test]
async fn a_password_is_taken_by_a_unix_socket_too() {
    on_every_server(|world| async move {
        let account = Account::create(&world, PASSWORD).await;
        let config = account.config_at("nowhere.invalid", &by_socket(&world).await);
        let connection = session(&world, &account, &config).await.connection;
        let expected = if world.engine() == Engine::MySql { "SSL/TLS" } else { "Socket" };
        assert_eq!(connection, expected, "on {}", world.engine());
        let wrong = account.config_as("wr0ng", "nowhere.invalid", &by_socket(&world).await);
        is_denied(&account.refusal(&wrong).await, "access denied");
    })
    .await;
}

#[tokio::test]
async fn mariadb_knows_a_user_of_the_machine_by_its_socket() {
    let (_server, world) = special_mariadb().await;
    let output = Command::new("id").arg("-un").output().expect("every machine has id");
    let name = String::from_utf8(output.stdout).expect("a user's name is text");
    let name = name.trim();
    // The server comes with accounts for root that anybody may use.
    for host in ["localhost", "127.0.0.1", "::1"] {
        world.execute(&format!("DROP USER IF EXISTS '{name}'@'{host}'")).await;
    }
    let account = Account::create_named(&world, name, "IDENTIFIED VIA unix_socket").await;
    let config = account.config_as("", "localhost", &by_socket(&world).await);
    assert_eq!(session(&world, &account, &config).await.connection, "Socket");
    for password in ["", "any"] {
        is_denied(&account.refusal(&account.config_as(password, "127.0.0.1", "")).await, "access denied");
    }
    let stranger = Account::create(&world, "IDENTIFIED VIA unix_socket").await;
    is_denied(&stranger.refusal(&stranger.config_as("", "localhost", &by_socket(&world).await)).await, "access denied");
}

#[tokio::test]
async fn an_account_that_is_unknown_locked_or_expired_is_refused_as_that() {
    on_every_server(|world| async move {
        let mut unknown = Account::create(&world, PASSWORD).await;
        unknown.name = format!("{}_", unknown.name);
        is_denied(&unknown.refusal(&unknown.config("")).await, "access denied");

        let locked = Account::create(&world, "IDENTIFIED BY ? ACCOUNT LOCK").await;
        is_denied(&locked.refusal(&locked.config("")).await, "locked");

        let expired = Account::create(&world, "IDENTIFIED BY ? PASSWORD EXPIRE").await;
        is_denied(&expired.refusal(&expired.config("")).await, "password");
    })
    .await;
}

#[tokio::test]
async fn an_account_that_is_blocked_after_wrong_passwords_is_refused_as_that() {
    let (_server, mariadb) = special_mariadb().await;
    let mut accounts = vec![(Account::create(&mariadb, PASSWORD).await, mariadb)];
    if servers().contains(&Engine::MySql) {
        let mysql = World::create(Engine::MySql).await;
        let login = "IDENTIFIED BY ? FAILED_LOGIN_ATTEMPTS 2 PASSWORD_LOCK_TIME 1";
        accounts.push((Account::create(&mysql, login).await, mysql));
    }
    for (account, _world) in accounts {
        let wrong = account.config_as("wr0ng", "127.0.0.1", "");
        is_denied(&account.refusal(&wrong).await, "access denied");
        is_denied(&account.refusal(&wrong).await, "");
        is_denied(&account.refusal(&account.config("")).await, "blocked");
    }
}
