//! The daemon and a database that goes away: it waits, and goes on by itself.

use authdb_tests::world::native_form;
use authdb_tests::{Flavour, Server, TestDatabase, World};
use tokio::task::spawn_blocking;

use crate::daemon::{ALWAYS, add_stale_flow, await_expiry};
use crate::program::{Daemon, Janitor};

/// A world in a server of the test's own.
pub(crate) async fn world_on(server: &Server) -> World {
    let database = TestDatabase::create_on(server).await.expect("a database is made");
    let form = native_form(database.engine());
    World::create_in(database, form).await
}

pub(crate) async fn server(flavour: Flavour) -> Server {
    spawn_blocking(move || Server::start(flavour)).await.expect("no panic").expect("the server starts")
}

pub(crate) async fn restarted(mut server: Server) -> Server {
    spawn_blocking(move || server.restart().map(|()| server)).await.expect("no panic").expect("the server restarts")
}

fn start(world: &World) -> Daemon {
    Janitor::on(world.database.url())
        .with("AUTHDB_JANITOR_FLOWS_SCHEDULE", ALWAYS)
        .with("AUTHDB_DATABASE_CONNECT_TIMEOUT", "1s")
        .start()
}

pub(crate) fn flavours() -> Vec<Flavour> {
    Flavour::available().expect("the servers' programs are there")
}

#[tokio::test]
async fn a_database_that_is_killed_and_comes_back_is_worked_on_again() {
    for flavour in flavours() {
        let mut server = server(flavour).await;
        let world = world_on(&server).await;
        let mut daemon = start(&world);
        daemon.line("flows: done").await;
        server.kill().expect("the server is killed");
        daemon.line("flows: failed").await;
        let server = restarted(server).await;
        add_stale_flow(&world, "LATER").await;
        await_expiry(&world, "LATER").await;
        let (status, said) = daemon.stop().await;
        assert_eq!(status.code(), Some(0), "{flavour}: {said:?}");
        drop(world);
        drop(server);
    }
}

#[tokio::test]
async fn a_database_that_is_down_at_the_start_is_waited_for() {
    for flavour in flavours() {
        let mut server = server(flavour).await;
        let world = world_on(&server).await;
        add_stale_flow(&world, "MISSED").await;
        server.kill().expect("the server is killed");
        let mut daemon = start(&world);
        let line = daemon.line("trying again").await;
        assert!(line.contains(world.db.place()), "{line}");
        let server = restarted(server).await;
        await_expiry(&world, "MISSED").await;
        let (status, said) = daemon.stop().await;
        assert_eq!(status.code(), Some(0), "{flavour}: {said:?}");
        drop(world);
        drop(server);
    }
}

#[tokio::test]
async fn a_daemon_that_waits_for_its_database_can_be_stopped() {
    let mut daemon = Janitor::on("sqlite:not-there-yet.sqlite3").start();
    daemon.line("trying again").await;
    let (status, said) = daemon.stop().await;
    assert_eq!(status.code(), Some(0), "{said:?}");
}

#[tokio::test]
async fn a_server_that_hangs_does_not_hang_the_daemon() {
    let mut server = server(Flavour::MariaDb).await;
    let world = world_on(&server).await;
    let mut daemon = Janitor::on(world.database.url())
        .with("AUTHDB_JANITOR_FLOWS_SCHEDULE", ALWAYS)
        .with("AUTHDB_DATABASE_CONNECT_TIMEOUT", "1s")
        .with("AUTHDB_DATABASE_STATEMENT_TIMEOUT", "1s")
        .with("AUTHDB_DATABASE_LOCK_TIMEOUT", "1s")
        .start();
    daemon.line("flows: done").await;
    server.suspend().expect("the server is suspended");
    daemon.line("flows: failed").await;
    server.resume().expect("the server runs on");
    add_stale_flow(&world, "LATER").await;
    await_expiry(&world, "LATER").await;
    server.suspend().expect("the server is suspended");
    let (status, said) = daemon.stop().await;
    assert_eq!(status.code(), Some(0), "it stops all the same: {said:?}");
    server.resume().expect("the server runs on");
}

#[tokio::test]
async fn an_outage_is_said_once_and_its_end_is_said_too() {
    for flavour in flavours() {
        let mut server = server(flavour).await;
        let world = world_on(&server).await;
        let mut daemon = start(&world);
        daemon.lines(&["flows: done", "tokens: done"]).await;
        server.kill().expect("the server is killed");
        daemon.line("flows: failed").await;
        let server = restarted(server).await;
        daemon.line("the database answers again").await;
        daemon.line("flows: done").await;
        let (status, said) = daemon.stop().await;
        assert_eq!(status.code(), Some(0), "{flavour}: {said:?}");
        assert!(!said.iter().any(|line| line.contains("failed") || line.contains("trying again")), "{said:?}");
        drop(world);
        drop(server);
    }
}
