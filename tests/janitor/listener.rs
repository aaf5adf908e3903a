//! The optional listener: metrics and health, and clients that mean no good.

use std::time::Duration;

use authdb_tests::world::{TokenRow, key_at, on_every_engine, on_every_server};
use authdb_tests::{Engine, World};
use rustix::process::Signal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::daemon::{ALWAYS, add_stale_flow};
use crate::outages::{flavours, restarted, server, world_on};
use crate::program::{Daemon, Janitor, LIMIT, await_that};
use crate::row_lock::{RowLock, patient};

/// Any free port.
const LISTEN: (&str, &str) = ("AUTHDB_JANITOR_LISTEN", "127.0.0.1:0");

/// A daemon that listens, and where.
async fn listening(world: &World) -> (Daemon, String) {
    started(Janitor::on(world.database.url())).await
}

pub(crate) async fn started(janitor: Janitor) -> (Daemon, String) {
    let mut daemon = janitor.with(LISTEN.0, LISTEN.1).start();
    let line = daemon.line("metrics and health are at http://").await;
    let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("it names an address");
    let address = address.to_owned();
    (daemon, address)
}

/// Everything that is answered to these bytes.
async fn answer(address: &str, request: &str) -> String {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        stream.write_all(request.as_bytes()).await.expect("it reads");
        let mut answer = Vec::new();
        // A refusal may close the connection before everything was read.
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).expect("it answers in UTF-8")
    };
    tokio::time::timeout(LIMIT, exchange).await.expect("it answers and closes the connection")
}

pub(crate) async fn get(address: &str, path: &str) -> String {
    answer(address, &format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n")).await
}

async fn stop(daemon: Daemon) {
    let (status, said) = daemon.stop().await;
    assert_eq!(status.code(), Some(0), "{said:?}");
}

/// The value of the metric whose line begins with `name`.
fn value(metrics: &str, name: &str) -> Option<f64> {
    let line = metrics.lines().find(|line| line.starts_with(name))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[tokio::test]
async fn the_figures_are_those_of_the_database() {
    on_every_engine(|world| async move {
        for code in ["STALE", "STALER"] {
            add_stale_flow(&world, code).await;
        }
        let (mut daemon, address) = listening(&world).await;
        daemon.lines(&["flows: done", "tokens: done"]).await;
        await_that("the first look at the database", || async {
            get(&address, "/metrics").await.contains("authdb_janitor_clock_difference_seconds{}")
        })
        .await;
        let answer = get(&address, "/metrics").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("content-type: application/openmetrics-text; version=1.0.0"), "{answer}");
        for (name, expected) in [
            ("authdb_janitor_runs_total{job=\"flows\",outcome=\"done\"}", Some(1.0)),
            ("authdb_janitor_runs_total{job=\"tokens\",outcome=\"done\"}", Some(1.0)),
            ("authdb_janitor_rows_total{sweep=\"expire_device_flows\"}", Some(2.0)),
            ("authdb_janitor_batch_seconds_count{sweep=\"expire_device_flows\"}", Some(1.0)),
            ("authdb_janitor_backlog_rows{sweep=\"expire_device_flows\"}", Some(0.0)),
            ("authdb_janitor_database_up", Some(1.0)),
            ("authdb_janitor_configuration_refused", Some(0.0)),
            ("authdb_janitor_future_partition_rows", world.db.can_partition().then_some(0.0)),
        ] {
            assert_eq!(value(&answer, name), expected, "{name}:\n{answer}");
        }
        let runway = value(&answer, "authdb_janitor_runway_months{}");
        assert_eq!(runway.is_some(), world.db.can_partition(), "{answer}");
        let skew = value(&answer, "authdb_janitor_clock_difference_seconds").expect("it is known");
        assert!(skew.abs() < 60.0, "server and test run on one machine: {skew}");
        let success = value(&answer, "authdb_janitor_last_success_timestamp_seconds{job=\"flows\"}");
        let started = world.start.calendar().timestamp();
        assert!(
            success.is_some_and(|time| time >= f64::from(i32::try_from(started).expect("before 2038"))),
            "{answer}"
        );
        assert!(answer.ends_with("# EOF\n"), "{answer}");
        stop(daemon).await;
    })
    .await;
}

#[tokio::test]
async fn a_flow_that_stays_stale_has_its_age() {
    on_every_server(|world| async move {
        let lock = RowLock::on_stale_flow(&world, "HELD").await;
        let (daemon, address) = started(patient(&world)).await;
        let name = "authdb_janitor_oldest_stale_flow_seconds{kind=\"device\"}";
        await_that("the look at the flows", || async { get(&address, "/metrics").await.contains(name) }).await;
        let age = value(&get(&address, "/metrics").await, name).expect("it is known");
        assert!((700.0..1000.0).contains(&age), "{age}");
        lock.release().await;
        stop(daemon).await;
    })
    .await;
}

#[tokio::test]
async fn a_janitor_that_works_is_healthy() {
    let world = World::create(Engine::Sqlite).await;
    let (mut daemon, address) = listening(&world).await;
    daemon.line("flows: done").await;
    let health = get(&address, "/healthz").await;
    assert!(health.starts_with("HTTP/1.1 200 OK\r\n") && health.contains("healthy: "), "{health}");
    assert!(health.contains("flows done at "), "it has the status line: {health}");
    stop(daemon).await;
}

#[tokio::test]
async fn a_janitor_whose_runs_are_refused_for_their_clocks_is_not_healthy() {
    on_every_engine(|world| async move {
        let future = key_at(world.start.after(Duration::from_hours(3)));
        world.add_tokens(&[TokenRow::created(future, "lhcb:amara")]).await;
        let janitor = Janitor::on(world.database.url()).with("AUTHDB_JANITOR_FLOWS_SCHEDULE", ALWAYS);
        let (mut daemon, address) = started(janitor).await;
        daemon.line("flows: refused").await;
        let sick = "nothing is changed, because the clocks disagree";
        await_that("the bad health", || async { get(&address, "/healthz").await.contains(sick) }).await;
        assert!(get(&address, "/healthz").await.starts_with("HTTP/1.1 503 "), "on {}", world.engine());
        world.execute("DELETE FROM RefreshTokens").await;
        daemon.line("flows: done").await;
        await_that("good health", || async { get(&address, "/healthz").await.starts_with("HTTP/1.1 200 ") }).await;
        stop(daemon).await;
    })
    .await;
}

#[tokio::test]
async fn of_two_janitors_one_has_the_lease_and_the_other_is_healthy_while_it_waits() {
    on_every_engine(|world| async move {
        let (first, one) = listening(&world).await;
        let lease =
            |address: String| async move { value(&get(&address, "/metrics").await, "authdb_janitor_lease_held") };
        await_that("the lease of the first", || async { lease(one.clone()).await == Some(1.0) }).await;
        let (mut second, two) = listening(&world).await;
        second.line("waiting: the janitor").await;
        await_that("the second's knowledge", || async { lease(two.clone()).await == Some(0.0) }).await;
        await_that("the second's health", || async { get(&two, "/healthz").await.contains("is in charge") }).await;
        assert!(get(&two, "/healthz").await.starts_with("HTTP/1.1 200 "));
        stop(first).await;
        await_that("the lease of the second", || async { lease(two.clone()).await == Some(1.0) }).await;
        second.line("flows: done").await;
        stop(second).await;
    })
    .await;
}

#[tokio::test]
async fn a_database_that_goes_away_is_a_figure_until_it_is_back() {
    for flavour in flavours() {
        let mut server = server(flavour).await;
        let world = world_on(&server).await;
        let janitor = Janitor::on(world.database.url())
            .with("AUTHDB_JANITOR_FLOWS_SCHEDULE", ALWAYS)
            .with("AUTHDB_DATABASE_CONNECT_TIMEOUT", "1s");
        let (mut daemon, address) = started(janitor).await;
        let is_up = || async { value(&get(&address, "/metrics").await, "authdb_janitor_database_up") };
        daemon.line("flows: done").await;
        assert_eq!(is_up().await, Some(1.0), "{flavour}");
        server.kill().expect("the server is killed");
        await_that("the loss", || async { is_up().await == Some(0.0) }).await;
        let health = get(&address, "/healthz").await;
        assert!(health.starts_with("HTTP/1.1 200 "), "a moment is no matter for people: {health}");
        assert!(health.contains("waiting for the database"), "{health}");
        let server = restarted(server).await;
        await_that("the return", || async { is_up().await == Some(1.0) }).await;
        stop(daemon).await;
        drop(world);
        drop(server);
    }
}

#[tokio::test]
async fn anything_else_is_refused() {
    let world = World::create(Engine::Sqlite).await;
    let (daemon, address) = listening(&world).await;
    assert!(get(&address, "/").await.starts_with("HTTP/1.1 404 "));
    assert!(get(&address, "/metrics/../etc/passwd").await.starts_with("HTTP/1.1 404 "));
    let post = format!("POST /metrics HTTP/1.1\r\nHost: {address}\r\nContent-Length: 3\r\n\r\nabc");
    assert!(answer(&address, &post).await.starts_with("HTTP/1.1 405 "));
    assert!(answer(&address, "HELO janitor\r\n\r\n").await.starts_with("HTTP/1.1 400 "));
    let long = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nX-Long: {}\r\n\r\n", "x".repeat(1 << 20));
    let refused = answer(&address, &long).await;
    assert!(refused.is_empty() || refused.starts_with("HTTP/1.1 431 "), "{refused}");
    let head = answer(&address, &format!("HEAD /metrics HTTP/1.1\r\nHost: {address}\r\n\r\n")).await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    stop(daemon).await;
}

#[tokio::test]
async fn clients_that_say_nothing_hold_nobody_up() {
    let world = World::create(Engine::Sqlite).await;
    let (daemon, address) = listening(&world).await;
    let mut silent = Vec::new();
    for number in 0..100 {
        let mut stream = TcpStream::connect(&address).await.expect("it listens");
        if number % 2 == 0 {
            stream.write_all(b"GET /metrics HT").await.expect("it reads");
        }
        silent.push(stream);
    }
    assert!(get(&address, "/healthz").await.starts_with("HTTP/1.1 200 "));
    // The oldest has been cut off to make room.
    let mut rest = Vec::new();
    let end = tokio::time::timeout(LIMIT, silent[0].read_to_end(&mut rest)).await;
    assert!(end.is_ok() && rest.is_empty(), "{rest:?}");
    stop(daemon).await;
}

#[tokio::test]
async fn nothing_listens_unasked_and_a_reload_opens_and_closes_the_door() {
    let world = World::create(Engine::Sqlite).await;
    let mut daemon = Janitor::on(world.database.url()).start();
    let line = daemon.line("working on ").await;
    assert!(!line.contains("metrics and health"), "{line}");
    daemon.write_file("config.toml", "[janitor]\nlisten = \"127.0.0.1:0\"\n");
    daemon.signal(Signal::HUP);
    let line = daemon.line("metrics and health are at http://").await;
    let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address");
    daemon.line("the configuration is reloaded").await;
    assert!(get(address, "/healthz").await.starts_with("HTTP/1.1 200 "));
    daemon.write_file("config.toml", "");
    daemon.signal(Signal::HUP);
    daemon.line("the configuration is reloaded").await;
    await_that("the closed door", || async { TcpStream::connect(address).await.is_err() }).await;
    stop(daemon).await;
}

#[tokio::test]
async fn an_address_that_others_reach_is_said() {
    let world = World::create(Engine::Sqlite).await;
    let mut daemon = Janitor::on(world.database.url()).with(LISTEN.0, "0.0.0.0:0").start();
    let line = daemon.line("without a password").await;
    assert!(line.contains("janitor.listen"), "{line}");
    stop(daemon).await;
}

#[tokio::test]
async fn an_address_that_is_taken_ends_it_and_is_named() {
    let world = World::create(Engine::Sqlite).await;
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = taken.local_addr().expect("it is bound").to_string();
    let (status, said) = Janitor::on(world.database.url()).with(LISTEN.0, &address).start().end().await;
    assert_eq!(status.code(), Some(1), "{said:?}");
    let line = said.last().expect("it says why");
    assert!(line.contains(&address) && line.contains("janitor.listen"), "{line}");
    let outcome = Janitor::on(world.database.url()).with(LISTEN.0, "here").run(&["once"]).await;
    outcome.assert_code(2);
    outcome.assert_errors(&["AUTHDB_JANITOR_LISTEN", "127.0.0.1:9469"]);
}
