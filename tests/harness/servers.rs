//! Private servers: their start, their ends, and what survives them.

use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use authdb_tests::{Flavour, Server, TestDatabase};
use sqlx::{Connection as _, MySqlConnection};
use tokio::time::timeout;

use crate::{await_that, block_on, runs};

/// Runs a test on each flavour in turn, on a server that has just started.
fn on_each_flavour(test: impl Fn(Server)) {
    for flavour in Flavour::available().expect("the environment names servers that can be run") {
        test(Server::start(flavour).expect("a server starts"));
    }
}

#[test]
fn a_server_is_what_it_is_called_and_lets_its_user_in_by_password_only() {
    on_each_flavour(|server| {
        assert_eq!(server.version().contains("MariaDB"), server.flavour() == Flavour::MariaDb);
        block_on(async {
            let mut connection = MySqlConnection::connect(&server.admin_url()).await.expect("the user may log in");
            let version: String =
                sqlx::query_scalar("SELECT VERSION()").fetch_one(&mut connection).await.expect("the server answers");
            assert_eq!(version, server.version());
            let stranger = format!("mysql://authdb:wrong@127.0.0.1:{}", server.port());
            MySqlConnection::connect(&stranger).await.expect_err("a wrong password is refused");
        });
    });
}

#[test]
fn a_killed_server_restarts_on_its_port_with_all_it_acknowledged() {
    on_each_flavour(|mut server| {
        let (port, first) = (server.port(), server.pid());
        let database = block_on(async {
            let database = TestDatabase::create_on(&server).await.expect("a database is made");
            database.execute("CREATE TABLE t (n INT PRIMARY KEY)").await.expect("a table is made");
            // The last row is written right before the end: no time for a flush by the clock.
            for n in 0..100 {
                database.execute(&format!("INSERT INTO t VALUES ({n})")).await.expect("a row is written");
            }
            database
        });
        server.kill().expect("it can be killed");
        assert!(!runs(first));
        server.restart().expect("it starts again");
        assert_eq!(server.port(), port);
        assert_ne!(server.pid(), first);
        let rows: i64 = block_on(async {
            let mut connection = MySqlConnection::connect(database.url()).await.expect("the user may log in");
            sqlx::query_scalar("SELECT COUNT(*) FROM t").fetch_one(&mut connection).await.expect("the table is there")
        });
        assert_eq!(rows, 100, "{} lost rows", server.flavour());
    });
}

#[test]
fn a_stopped_server_ends_in_good_order_and_restarts() {
    on_each_flavour(|mut server| {
        assert!(server.stop().expect("it stops").success());
        server.stop().expect_err("what has ended cannot be stopped");
        server.restart().expect("it starts again");
        block_on(MySqlConnection::connect(&server.admin_url())).expect("the user may log in");
    });
}

#[test]
fn a_suspended_server_answers_nothing_until_it_is_resumed() {
    on_each_flavour(|mut server| {
        server.suspend().expect("it can be suspended");
        let patience = Duration::from_millis(300);
        let answer = block_on(async { timeout(patience, MySqlConnection::connect(&server.admin_url())).await });
        assert!(answer.is_err(), "a suspended server answered");
        server.resume().expect("it can be resumed");
        block_on(MySqlConnection::connect(&server.admin_url())).expect("the user may log in");
    });
}

#[test]
fn a_panic_ends_the_server_and_removes_its_folder() {
    let server = Server::start(Flavour::MariaDb).expect("a server starts");
    let (pid, folder) = (server.pid(), server.folder().to_owned());
    assert!(runs(pid) && folder.exists());
    let outcome = catch_unwind(AssertUnwindSafe(move || {
        let _held = server;
        // Not by panic!, which would print a message among those of failing tests.
        std::panic::resume_unwind(Box::new("a test fails"));
    }));
    outcome.expect_err("the panic came through");
    assert!(!runs(pid), "the server outlived its owner");
    assert!(!folder.exists(), "{} was left behind", folder.display());
}

#[test]
fn a_server_outlives_the_thread_that_started_it() {
    let start = || Server::start(Flavour::MariaDb).expect("a server starts");
    let server = thread::spawn(start).join().expect("the thread ends well");
    block_on(MySqlConnection::connect(&server.admin_url())).expect("the server still serves");
}

#[test]
fn a_restart_on_a_taken_port_says_so() {
    let mut server = Server::start(Flavour::MariaDb).expect("a server starts");
    server.kill().expect("it can be killed");
    await_that("a free port", || TcpListener::bind(("127.0.0.1", server.port())).is_ok());
    let _taken = TcpListener::bind(("127.0.0.1", server.port())).expect("the port is free");
    let error = server.restart().expect_err("the port is taken");
    assert!(error.to_string().contains(&format!("port {}", server.port())), "{error:#}");
    assert!(!runs(server.pid()));
}
