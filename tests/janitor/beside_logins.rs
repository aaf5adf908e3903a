//! Logins while the janitor deletes: none fails, and none waits for its locks.
//!
//! How long they take is a matter for the benchmark. Here those who log in are not patient: MariaDB is told to refuse what
//! would have to wait for a lock at all, and MySQL, which knows no such impatience, what would have to wait for a second.

use authdb_shared::clock;
use authdb_tests::world::{key_at, on_engines, servers};
use authdb_tests::{Engine, Pool, World};
use sqlx::mysql::MySqlPoolOptions;
use sqlx::{AssertSqlSafe, Executor as _};

use crate::outages::{server, world_on};
use crate::program::await_that;
use crate::traffic::{Record, TO_PURGE, Traffic, authorization_flows, commit, device_flows, janitor, new_code};

/// Stale flows of either kind.
const STALE: usize = 20_000;
const ROWS_PER_TRANSACTION: usize = 1_000;

/// People who log in at the same time.
const PEOPLE: usize = 4;

/// What DiracX's own clean-up does.
const BULK_DELETE: &str = "DELETE FROM DeviceFlows WHERE CreationTime < UTC_TIMESTAMP() - INTERVAL 4 HOUR";

async fn add_stale_flows(world: &World) {
    let created = clock::host_now().before(TO_PURGE);
    for _ in 0..STALE / ROWS_PER_TRANSACTION {
        let codes: Vec<String> = (0..ROWS_PER_TRANSACTION).map(|_| new_code()).collect();
        let keys: Vec<String> = (0..ROWS_PER_TRANSACTION).map(|_| key_at(created)).collect();
        let statements = device_flows(&codes, Some(created)) + &authorization_flows(&keys, Some(created));
        commit(world.database.pool(), &statements).await.expect("the rows are written");
    }
}

/// Connections of people who wait for no lock, or for no more than a second.
fn impatient(world: &World) -> Pool {
    let seconds = u8::from(world.engine() == Engine::MySql);
    let set = format!("SET SESSION innodb_lock_wait_timeout = {seconds}");
    let options = MySqlPoolOptions::new().after_connect(move |connection, _| {
        let set = AssertSqlSafe(set.clone());
        Box::pin(async move { connection.execute(set).await.map(drop) })
    });
    Pool::MySql(options.connect_lazy(world.database.url()).expect("the harness gives a URL"))
}

#[tokio::test]
async fn logins_beside_a_purge_all_succeed_and_wait_for_none_of_its_locks() {
    on_engines(servers(), |engine| async move {
        let server = server(engine.flavour().expect("it is a server")).await;
        let world = world_on(&server).await;
        add_stale_flows(&world).await;
        let pool = impatient(&world);
        let people: Vec<_> = (0..PEOPLE).map(|_| Traffic::logins_only(&pool, Record::default())).collect();
        let outcome = janitor(world.database.url()).run(&["once", "flows"]).await;
        outcome.assert_code(0);
        for what in ["device flows deleted", "authorization flows deleted"] {
            assert_eq!(outcome.count(what), STALE as u64, "{what} on {engine}");
        }
        for people in people {
            let record = people.end().await;
            assert!(record.logins > 0 && record.failures.is_empty(), "on {engine}: {:?}", record.failures);
            record.assert_kept(&world).await;
        }

        // The same people are refused beside DiracX's clean-up, so their impatience meant something.
        add_stale_flows(&world).await;
        let Pool::MySql(own) = world.database.pool() else { panic!("it is a server") };
        let mut clean_up = own.begin().await.expect("a transaction begins");
        sqlx::raw_sql(AssertSqlSafe(BULK_DELETE)).execute(&mut *clean_up).await.expect("it deletes");
        let people = Traffic::logins_only(&pool, Record::default());
        await_that("a login that is refused", || async { people.failures() > 0 }).await;
        clean_up.rollback().await.expect("it is undone");
        let record = people.end().await;
        assert!(record.failures[0].contains("Lock wait timeout"), "on {engine}: {:?}", record.failures);
        drop(world);
        drop(server);
    })
    .await;
}
