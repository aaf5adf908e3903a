//! The lease: one janitor works at a time, as long as the database's clock says, and knows when it no longer does.

use std::sync::Arc;
use std::time::Duration;

use authdb_shared::Timestamp;
use authdb_shared::db::{AuthDb, JANITOR_LEASE, Lease, LeaseRow};
use authdb_tests::World;
use authdb_tests::world::{config_of, on_engines, on_every_engine, servers};

use crate::contention::alone;
use crate::ledger::make;

const MINUTE: Duration = Duration::from_mins(1);
/// Short enough to be waited for.
const SHORT: Duration = Duration::from_millis(50);

async fn take(world: &World, holder: &str, duration: Duration) -> Option<Lease> {
    world.db.take_lease(&world.permit, JANITOR_LEASE, holder, duration).await.expect("the database can do it")
}

async fn renew(world: &World, lease: &Lease, duration: Duration) -> bool {
    world.db.renew_lease(&world.permit, lease, duration).await.expect("the database can do it")
}

async fn release(world: &World, lease: &Lease) {
    world.db.release_lease(&world.permit, lease).await.expect("the database can do it");
}

async fn row(world: &World) -> LeaseRow {
    world.db.lease(JANITOR_LEASE).await.expect("it can be read").0.expect("it is there")
}

/// Waits until a lease has ended on the database's clock.
async fn wait_for_end(world: &World) {
    let expiry = row(world).await.expiry.expect("it ends by itself");
    while world.now().await <= expiry {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn one_of_ten_who_try_at_once_takes_it() {
    on_every_engine(|world| async move {
        make(&world).await;
        let mut tries = Vec::new();
        for number in 0..10 {
            let db = AuthDb::connect(&world.config).await.expect("connecting works");
            let world = Arc::clone(&world);
            tries.push(tokio::spawn(async move {
                let taken = db.take_lease(&world.permit, JANITOR_LEASE, &format!("janitor {number}"), MINUTE).await;
                taken.unwrap_or_else(|error| panic!("on {}: {error}", world.engine())).map(|_| number)
            }));
        }
        let mut holders = Vec::new();
        for attempt in tries {
            holders.extend(attempt.await.expect("no attempt fails"));
        }
        assert_eq!(holders.len(), 1, "{holders:?} on {}", world.engine());
        let row = row(&world).await;
        assert_eq!((row.holder, row.fencing_number), (format!("janitor {}", holders[0]), 1));
    })
    .await;
}

#[tokio::test]
async fn while_it_is_held_nobody_takes_it_and_then_the_next_does() {
    on_every_engine(|world| async move {
        make(&world).await;
        let never = row(&world).await;
        assert_eq!((never.holder.as_str(), never.fencing_number, never.expiry), ("", 0, None));
        let before = world.now().await;
        let first = take(&world, "first", SHORT).await.expect("nobody holds it");
        let held = row(&world).await;
        let expiry = held.expiry.expect("it ends by itself");
        assert!(before.after(SHORT) <= expiry && expiry <= world.now().await.after(SHORT), "on {}", world.engine());
        wait_for_end(&world).await;
        assert_eq!(row(&world).await, held, "ending changes nothing on {}", world.engine());
        let second = take(&world, "second", MINUTE).await.expect("it has ended");
        assert!(second.fencing_number() > first.fencing_number(), "on {}", world.engine());
        assert!(take(&world, "first", MINUTE).await.is_none(), "now the second holds it");
        assert!(take(&world, "second", MINUTE).await.is_none(), "also for itself");

        let of_second = row(&world).await;
        assert!(!renew(&world, &first, MINUTE).await, "the first has lost it");
        release(&world, &first).await;
        assert_eq!(row(&world).await, of_second, "and can change nothing any more, on {}", world.engine());
        assert!(renew(&world, &second, 2 * MINUTE).await);
        assert!(row(&world).await.expiry > of_second.expiry, "renewing extends it");
        assert_eq!(row(&world).await.fencing_number, second.fencing_number());
    })
    .await;
}

#[tokio::test]
async fn one_who_comes_back_under_the_same_name_is_somebody_else() {
    on_every_engine(|world| async move {
        make(&world).await;
        let before = take(&world, "janitor", Duration::ZERO).await.expect("nobody holds it");
        wait_for_end(&world).await;
        let after = take(&world, "janitor", MINUTE).await.expect("it has ended");
        assert!(!renew(&world, &before, MINUTE).await, "on {}", world.engine());
        release(&world, &before).await;
        assert!(renew(&world, &after, MINUTE).await, "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn one_that_has_ended_but_was_not_taken_can_be_renewed() {
    on_every_engine(|world| async move {
        make(&world).await;
        let lease = take(&world, "janitor", Duration::ZERO).await.expect("nobody holds it");
        wait_for_end(&world).await;
        assert!(renew(&world, &lease, MINUTE).await, "nobody wanted it meanwhile");
        assert!(take(&world, "other", MINUTE).await.is_none(), "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn one_that_is_given_back_is_the_nexts_at_once() {
    on_every_engine(|world| async move {
        make(&world).await;
        let first = take(&world, "first", MINUTE).await.expect("nobody holds it");
        release(&world, &first).await;
        assert_eq!(row(&world).await.expiry, None);
        assert!(!renew(&world, &first, MINUTE).await, "a renewal that comes late takes nothing");
        let second = take(&world, "second", MINUTE).await.expect("it was given back");
        assert_eq!((first.fencing_number(), second.fencing_number()), (1, 2), "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn what_is_no_lease_is_not_taken() {
    on_every_engine(|world| async move {
        make(&world).await;
        let others = "SELECT * FROM JanitorLease WHERE Name <> 'janitor' ORDER BY Name";
        let before = world.rows(others).await;
        for name in ["ledger", "journal"] {
            let taken = world.db.take_lease(&world.permit, name, "janitor", MINUTE).await.expect("it can be asked");
            assert!(taken.is_none(), "{name} on {}", world.engine());
        }
        assert_eq!(world.rows(others).await, before, "on {}", world.engine());
        assert_eq!(world.db.lease("other").await.expect("it can be asked").0, None);
        // Who waited for one without a row would wait for ever.
        world.db.take_lease(&world.permit, "other", "janitor", MINUTE).await.expect_err("there is no such lease");
        world.execute("DELETE FROM JanitorLease WHERE Name = 'janitor'").await;
        world.db.take_lease(&world.permit, JANITOR_LEASE, "janitor", MINUTE).await.expect_err("it is gone");
    })
    .await;
}

#[tokio::test]
async fn a_holder_is_named_as_far_as_the_column_reaches() {
    on_every_engine(|world| async move {
        make(&world).await;
        let name = "w\u{307}🦀".repeat(200);
        let lease = take(&world, &name, MINUTE).await.expect("nobody holds it");
        assert_eq!(row(&world).await.holder, name.chars().take(255).collect::<String>());
        assert!(renew(&world, &lease, MINUTE).await, "on {}", world.engine());
        release(&world, &lease).await;
        assert_eq!(row(&world).await.expiry, None);
    })
    .await;
}

#[tokio::test]
async fn a_restart_of_the_server_ends_no_lease() {
    on_engines(servers(), |engine| async move {
        let (mut server, world) = alone(engine).await;
        make(&world).await;
        let lease = take(&world, "janitor", 10 * MINUTE).await.expect("nobody holds it");
        let before = row(&world).await;
        let _server = tokio::task::spawn_blocking(move || {
            server.kill().expect("the server is killed");
            server.restart().expect("the server starts again");
            server
        })
        .await
        .expect("it does not panic");
        assert_eq!(row(&world).await, before, "on {engine}");
        assert!(take(&world, "other", MINUTE).await.is_none(), "on {engine}");
        assert!(renew(&world, &lease, 20 * MINUTE).await, "its holder goes on, on {engine}");
    })
    .await;
}

/// Connects as somebody for whom the server's clock stands still at `time`.
async fn connect_at(world: &World, time: Timestamp) -> AuthDb {
    // The server runs this for every account that administers nothing.
    let (seconds, millis) = (time.unix_millis() / 1000, time.unix_millis() % 1000);
    world.execute(&format!("SET GLOBAL init_connect = 'SET timestamp = {seconds}.{millis:03}'")).await;
    let (account, place) = world.database.url().split_once('@').expect("the URL names an account");
    assert!(account.starts_with("mysql://"), "it is a server");
    AuthDb::connect(&config_of(&format!("mysql://stopped:few@{place}"))).await.expect("connecting works")
}

#[tokio::test]
async fn it_ends_on_the_databases_clock_whatever_the_host_says() {
    on_engines(servers(), |engine| async move {
        let (_server, world) = alone(engine).await;
        make(&world).await;
        let (_, database) = world.database.url().rsplit_once('/').expect("the URL ends with the database");
        world
            .execute(&format!(
                "CREATE USER 'stopped'@'%' IDENTIFIED BY 'few'; \
                 GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.* TO 'stopped'@'%'"
            ))
            .await;
        let time = Timestamp::from_unix_millis(1_900_000_000_250).expect("a time in the year 2030");
        let take = |db: AuthDb, holder: &'static str| {
            let permit = world.permit.clone();
            async move { db.take_lease(&permit, JANITOR_LEASE, holder, MINUTE).await.expect("the database can do it") }
        };
        take(connect_at(&world, time).await, "first").await.expect("nobody holds it");
        assert_eq!(row(&world).await.expiry, Some(time.after(MINUTE)), "on {engine}");
        // At its very end it is still held.
        assert!(take(connect_at(&world, time.after(MINUTE)).await, "second").await.is_none(), "on {engine}");
        let after = connect_at(&world, time.after(MINUTE + Duration::from_millis(1))).await;
        assert_eq!(take(after, "second").await.map(|lease| lease.fencing_number()), Some(2), "on {engine}");
        let (_, now) = connect_at(&world, time).await.lease(JANITOR_LEASE).await.expect("it can be read");
        assert_eq!(now, time, "what is shown beside it is the same clock");
    })
    .await;
}
