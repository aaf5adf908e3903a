//! The lease that cannot be had, or of which nobody can tell: then nothing is done, and that is said.

use std::time::Duration;

use authdb_shared::db::DbError;
use authdb_tests::world::{native_form, on_every_engine, on_every_server};
use authdb_tests::{Cluster, Engine, TestDatabase, World};
use tokio::task::spawn_blocking;

use crate::daemon::{ALWAYS, add_stale_flow, await_expiry};
use crate::listener::{get, started};
use crate::program::{Janitor, LIMIT, await_that};

const PENDING: &str = "SELECT COUNT(*) FROM DeviceFlows WHERE Status = 'PENDING'";

/// A janitor whose account may do all that its work needs, but not write the lease.
async fn without_the_right_to_the_lease(world: &World) -> (Janitor, String) {
    world.db.create_ledger(&world.permit).await.expect("the ledger is made");
    let (rest, database) = world.database.url().rsplit_once('/').expect("the URL ends with the database");
    let (_, host) = rest.rsplit_once('@').expect("the URL names a host");
    let account = format!("lease_{}", &database[database.len().saturating_sub(10)..]);
    world.execute(&format!("CREATE USER '{account}'@'%' IDENTIFIED BY 'few'")).await;
    world
        .execute(&format!("GRANT SELECT, INSERT, DELETE, CREATE, ALTER, DROP ON {database}.* TO '{account}'@'%'"))
        .await;
    for table in ["DeviceFlows", "AuthorizationFlows", "RefreshTokens", "JanitorRuns"] {
        world.execute(&format!("GRANT UPDATE ON {database}.{table} TO '{account}'@'%'")).await;
    }
    let grant = format!("GRANT UPDATE ON {database}.JanitorLease TO '{account}'@'%'");
    (Janitor::on(&format!("mysql://{account}:few@{host}/{database}")), grant)
}

#[tokio::test]
async fn who_may_not_write_the_lease_is_told_so_and_changes_nothing() {
    on_every_server(|world| async move {
        let (janitor, grant) = without_the_right_to_the_lease(&world).await;
        add_stale_flow(&world, "STALE").await;
        let outcome = janitor.run(&["once"]).await;
        outcome.assert_code(1);
        outcome.assert_errors(&["nothing was changed, because the lease cannot be had", "UPDATE", "JanitorLease"]);

        let (mut daemon, address) = started(janitor).await;
        let line = daemon.line("nothing is done, because the lease cannot be had").await;
        assert!(line.contains("WARN") && line.contains("JanitorLease"), "{line}");
        await_that("the health", || async { get(&address, "/healthz").await.contains("the lease cannot be had") })
            .await;
        assert!(get(&address, "/healthz").await.starts_with("HTTP/1.1 503 "));
        assert_eq!(world.number(PENDING).await, 1, "on {}", world.engine());

        world.execute(&grant).await;
        daemon.line("in charge").await;
        await_expiry(&world, "STALE").await;
        await_that("the health", || async { get(&address, "/healthz").await.starts_with("HTTP/1.1 200 ") }).await;
        let (status, said) = daemon.stop().await;
        assert_eq!(status.code(), Some(0), "{said:?}");
    })
    .await;
}

#[tokio::test]
async fn beside_the_ledger_of_a_newer_program_an_older_one_does_nothing() {
    on_every_engine(|world| async move {
        world.db.create_ledger(&world.permit).await.expect("the ledger is made");
        add_stale_flow(&world, "STALE").await;
        world.execute("UPDATE JanitorLease SET FencingNumber = 7 WHERE Name = 'ledger'").await;
        let janitor = Janitor::on(world.database.url());
        let outcome = janitor.run(&["once"]).await;
        outcome.assert_code(1);
        outcome.assert_errors(&["has version 7", "Update this program"]);
        let (status, said) = janitor.start().end().await;
        assert_eq!(status.code(), Some(1), "{said:?}");
        assert!(said.iter().any(|line| line.contains("Update this program")), "{said:?}");
        assert_eq!(world.number(PENDING).await, 1, "on {}", world.engine());
    })
    .await;
}

/// After a reboot, a node lets in before it has joined its cluster. Then it can say neither whether there is a ledger nor
/// who holds the lease.
#[tokio::test]
async fn on_a_node_outside_of_its_cluster_a_daemon_waits_and_then_asks_for_the_lease() {
    let cluster = spawn_blocking(Cluster::start).await.expect("no panic").expect("a cluster starts");
    let database = TestDatabase::create_on(cluster.node(0)).await.expect("a database is made");
    let world = World::create_in(database, native_form(Engine::MariaDb)).await;
    let janitor = || Janitor::on(world.database.url()).with("AUTHDB_JANITOR_FLOWS_SCHEDULE", ALWAYS);
    janitor().run(&["once"]).await.assert_code(0);
    let mut cluster = cluster;
    cluster.kill(&[1, 2]).expect("they can be killed");
    let deadline = tokio::time::Instant::now() + LIMIT;
    while !matches!(world.db.runs(None, 1).await, Err(DbError::NotReady { .. })) {
        assert!(tokio::time::Instant::now() < deadline, "the node does not notice that it is alone");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    let once = janitor().run(&["once"]).await;
    once.assert_code(3);
    once.assert_errors(&["is not ready"]);
    let mut daemon = janitor().start();
    let line = daemon.line("trying again").await;
    assert!(line.contains("is not ready"), "{line}");
    let restarted = spawn_blocking(move || cluster.restart(&[1, 2]).map(|()| cluster)).await;
    let cluster = restarted.expect("no panic").expect("the nodes come back");
    daemon.line("in charge").await;
    daemon.line("flows: done").await;
    let (status, said) = daemon.stop().await;
    assert_eq!(status.code(), Some(0), "{said:?}");
    drop(world);
    drop(cluster);
}

#[tokio::test]
async fn a_ledger_that_somebody_makes_later_puts_the_daemon_under_its_lease() {
    on_every_server(|world| async move {
        let (rest, database) = world.database.url().rsplit_once('/').expect("the URL ends with the database");
        let (_, host) = rest.rsplit_once('@').expect("the URL names a host");
        let account = format!("plain_{}", &database[database.len().saturating_sub(10)..]);
        world
            .execute(&format!(
                "CREATE USER '{account}'@'%' IDENTIFIED BY 'few'; \
                 GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.* TO '{account}'@'%'"
            ))
            .await;
        let mut daemon = Janitor::on(&format!("mysql://{account}:few@{host}/{database}"))
            .with("AUTHDB_JANITOR_FLOWS_SCHEDULE", ALWAYS)
            .start();
        daemon.line("runs are not written down").await;
        add_stale_flow(&world, "EARLY").await;
        await_expiry(&world, "EARLY").await;
        world.db.create_ledger(&world.permit).await.expect("the ledger is made");
        daemon.line("in charge: this janitor holds the lease").await;
        add_stale_flow(&world, "LATER").await;
        await_expiry(&world, "LATER").await;
        let runs = "SELECT COUNT(*) FROM JanitorRuns WHERE Job = 'flows' AND Outcome = 'done'";
        await_that("a run that is written down", || async { world.number(runs).await > 0 }).await;
        let (status, said) = daemon.stop().await;
        assert_eq!(status.code(), Some(0), "{said:?}");
    })
    .await;
}
