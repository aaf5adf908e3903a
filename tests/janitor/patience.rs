//! Work that can wait: a server that is busy with something else is left in peace, and what a run has no time for is done by
//! the next ones.

use std::time::Duration;

use authdb_tests::world::{AuthorizationFlowRow, on_every_engine, on_every_server};
use authdb_tests::{Engine, World};

use crate::daemon::ALWAYS;
use crate::once::{add_work, state};
use crate::program::{Janitor, await_that};
use crate::row_lock::RowLock;
use crate::traffic::{TO_EXPIRE, TO_PURGE, commit, device_flows, janitor, new_code};

/// Past every expiration, and not past the retention.
const STALE: Duration = Duration::from_mins(15);

#[tokio::test]
async fn a_busy_server_is_left_in_peace_until_the_time_is_up() {
    on_every_server(|world| async move {
        add_work(&world).await;
        let before = state(&world).await;
        let janitor = Janitor::on(world.database.url());
        // The thread that asks is one that runs.
        let janitor = janitor.with("AUTHDB_JANITOR_BUSY_THREADS", "1").with("AUTHDB_JANITOR_TIME_BUDGET", "1s");
        let outcome = janitor.run(&["once", "flows"]).await;
        outcome.assert_code(1);
        let says = |part: &str| outcome.output.contains(part);
        assert!(says("left the busy server in peace") && says("janitor.busy_threads"), "{outcome:?}");
        assert!(says("flows: unfinished") && says("janitor.time_budget"), "{outcome:?}");
        assert_eq!(state(&world).await, before, "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn a_server_that_is_never_idle_gets_small_batches() {
    let world = World::create(Engine::MariaDb).await;
    add_work(&world).await;
    let janitor = Janitor::on(world.database.url());
    let janitor = janitor.with("AUTHDB_JANITOR_BUSY_THREADS", "1").with("AUTHDB_JANITOR_TIME_BUDGET", "25s");
    let outcome = janitor.run(&["once", "flows"]).await;
    assert_eq!(outcome.count("device flows expired"), 2, "{outcome:?}");
    assert!(outcome.output.contains("left the busy server in peace"), "{outcome:?}");
}

#[tokio::test]
async fn a_row_that_somebody_holds_does_not_keep_the_others() {
    on_every_server(|world| async move {
        let codes: Vec<String> = (0..200).map(|_| new_code()).collect();
        let statements = device_flows(&codes, Some(world.start.before(STALE)));
        commit(world.database.pool(), &statements).await.expect("the rows are written");
        world.add_authorization_flow(AuthorizationFlowRow { age: STALE, ..AuthorizationFlowRow::default() }).await;
        let pending = "SELECT COUNT(*) FROM DeviceFlows WHERE Status = 'PENDING'";
        let lock = RowLock::on_stale_flow(&world, "AAAAAAAA").await;
        let janitor = Janitor::on(world.database.url()).with("AUTHDB_DATABASE_LOCK_TIMEOUT", "1s");
        let outcome = janitor.run(&["once", "flows"]).await;
        outcome.assert_code(1);
        let says = |part: &str| outcome.output.contains(part);
        assert!(says("flows: unfinished") && says("Some rows were passed over"), "{outcome:?}");
        assert!(world.number(pending).await <= 50, "only its neighbours wait with it: {outcome:?}");
        assert_eq!(outcome.count("authorization flows expired"), 1, "{outcome:?}");
        lock.release().await;
        janitor.run(&["once", "flows"]).await.assert_code(0);
        assert_eq!(world.number(pending).await, 0, "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn a_backlog_that_one_run_has_no_time_for_is_done_by_the_next_ones() {
    on_every_engine(|world| async move {
        let codes: Vec<String> = (0..1_000).map(|_| new_code()).collect();
        let statements = device_flows(&codes, Some(world.start.before(TO_EXPIRE)));
        commit(world.database.pool(), &statements).await.expect("the rows are written");
        let mut daemon = janitor(world.database.url())
            .with("AUTHDB_JANITOR_FLOWS_SCHEDULE", ALWAYS)
            .with("AUTHDB_JANITOR_BATCH_SIZE", "10")
            .with("AUTHDB_JANITOR_TIME_BUDGET", "60ms")
            .start();
        daemon.line("the time is up").await;
        let pending = "SELECT COUNT(*) FROM DeviceFlows WHERE Status = 'PENDING'";
        await_that("the end of the backlog", || async { world.number(pending).await == 0 }).await;
        daemon.line("flows: done").await;
        let (status, said) = daemon.stop().await;
        assert_eq!(status.code(), Some(0), "{said:?}");
        assert_eq!(world.number("SELECT COUNT(*) FROM DeviceFlows").await, 1_000, "none was old enough to go");
    })
    .await;
}

#[tokio::test]
async fn a_backlog_leaves_the_other_rows_their_time() {
    on_every_engine(|world| async move {
        let codes: Vec<String> = (0..5_000).map(|_| new_code()).collect();
        let statements = device_flows(&codes, Some(world.start.before(TO_EXPIRE)));
        commit(world.database.pool(), &statements).await.expect("the rows are written");
        for age in [TO_EXPIRE, TO_PURGE] {
            world.add_authorization_flow(AuthorizationFlowRow { age, ..AuthorizationFlowRow::default() }).await;
        }
        // So many batches take longer, each of a single row.
        let janitor = janitor(world.database.url())
            .with("AUTHDB_JANITOR_BATCH_SIZE", "1")
            .with("AUTHDB_JANITOR_TIME_BUDGET", "2s");
        let outcome = janitor.run(&["once", "flows"]).await;
        outcome.assert_code(1);
        assert!(outcome.output.contains("the time is up"), "{outcome:?}");
        let took = outcome.output.split_once("flows: unfinished in ").and_then(|(_, rest)| rest.split_once(" s"));
        let took: f64 = took.and_then(|(seconds, _)| seconds.parse().ok()).expect("the report says how long it took");
        assert!(took >= 2.0, "what the others leave is used as well: {outcome:?}");
        assert!((1..5_000).contains(&outcome.count("device flows expired")), "{outcome:?}");
        let others = ["authorization flows expired", "authorization flows deleted"].map(|what| outcome.count(what));
        assert_eq!(others, [1, 1], "on {}: {outcome:?}", world.engine());
    })
    .await;
}
