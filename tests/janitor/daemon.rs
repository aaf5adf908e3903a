//! `authdb-janitor run`: it catches up, keeps to its schedule, and stops in good order.

use std::time::Duration;

use authdb_tests::world::{DeviceFlowRow, on_every_engine};
use authdb_tests::{Engine, World};

use crate::program::{Janitor, await_that};

/// Every second.
pub(crate) const ALWAYS: &str = "* * * * * *";

/// The first of January at midnight.
const HARDLY_EVER: &str = "0 0 0 1 1 *";

pub(crate) async fn add_stale_flow(world: &World, code: &str) {
    let age = Duration::from_secs(700);
    world.add_device_flow(DeviceFlowRow { code, age, ..DeviceFlowRow::default() }).await;
}

pub(crate) async fn await_expiry(world: &World, code: &str) {
    let query = format!("SELECT COUNT(*) FROM DeviceFlows WHERE UserCode = '{code}' AND Status = 'ERROR'");
    await_that("the expiry", || async { world.number(&query).await == 1 }).await;
}

#[tokio::test]
async fn it_catches_up_at_start_and_stops_on_request() {
    on_every_engine(|world| async move {
        add_stale_flow(&world, "MISSED").await;
        let mut daemon = Janitor::on(world.database.url())
            .with("AUTHDB_JANITOR_FLOWS_SCHEDULE", HARDLY_EVER)
            .with("AUTHDB_JANITOR_TOKENS_SCHEDULE", HARDLY_EVER)
            .start();
        await_expiry(&world, "MISSED").await;
        let line = daemon.line("flows: done").await;
        assert!(line.contains("1 device flows expired"), "{line}");
        let (status, said) = daemon.stop().await;
        assert_eq!(status.code(), Some(0), "{said:?}");
        assert!(said.last().is_some_and(|line| line.contains("stopped")), "{said:?}");
    })
    .await;
}

#[tokio::test]
async fn it_runs_on_its_schedule() {
    on_every_engine(|world| async move {
        let mut daemon = Janitor::on(world.database.url()).with("AUTHDB_JANITOR_FLOWS_SCHEDULE", ALWAYS).start();
        daemon.line("flows: done").await;
        for code in ["LATER", "LATEST"] {
            add_stale_flow(&world, code).await;
            await_expiry(&world, code).await;
        }
        let (status, said) = daemon.stop().await;
        assert_eq!(status.code(), Some(0), "{said:?}");
    })
    .await;
}

#[tokio::test]
async fn a_request_to_stop_ends_a_long_run_between_two_batches() {
    let world = World::create(Engine::Sqlite).await;
    world
        .execute(
            "WITH RECURSIVE n (n) AS (SELECT 10000 UNION ALL SELECT n + 1 FROM n WHERE n < 69999) \
             INSERT INTO DeviceFlows (UserCode, CreationTime, ClientID, Scope, DeviceCode) \
             SELECT n, datetime('now', '-20 minutes'), 'c', 'vo:lhcb', n FROM n",
        )
        .await;
    let daemon = Janitor::on(world.database.url()).with("AUTHDB_JANITOR_BATCH_SIZE", "1").start();
    let expired = "SELECT COUNT(*) FROM DeviceFlows WHERE Status = 'ERROR'";
    await_that("the first batch", || async { world.number(expired).await > 0 }).await;
    let (status, said) = daemon.stop().await;
    assert_eq!(status.code(), Some(0), "{said:?}");
    assert!(world.number(expired).await < 60_000, "it went on to the end");
    let unfinished = said.iter().find(|line| line.contains("flows: unfinished"));
    assert!(unfinished.is_some_and(|line| line.contains("stopped by a signal")), "{said:?}");
}

#[tokio::test]
async fn a_database_that_is_no_authdb_ends_it() {
    on_every_engine(|world| async move {
        world.execute("DROP TABLE AuthorizationFlows").await;
        let (status, said) = Janitor::on(world.database.url()).start().end().await;
        assert_eq!(status.code(), Some(1), "waiting would not help: {said:?}");
        assert!(said.iter().any(|line| line.contains("table AuthorizationFlows")), "{said:?}");
    })
    .await;
}

#[tokio::test]
async fn no_password_is_logged() {
    on_every_engine(|world| async move {
        // The helper looks for the password in every line.
        let mut daemon = Janitor::on(world.database.url()).with("AUTHDB_LOG", "trace").start();
        daemon.line("flows: done").await;
        let (status, said) = daemon.stop().await;
        assert_eq!(status.code(), Some(0), "{said:?}");
    })
    .await;
}
