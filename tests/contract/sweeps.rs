//! Sweeps of flows: what is stale becomes ERROR, what is old goes, in batches, and everything else stays.

use std::time::Duration;

use authdb_shared::Timestamp;
use authdb_shared::db::{Batch, FlowFilter, Order, PageRequest, Sweep, SweepCursor, Walk};
use authdb_shared::janitor::Job;
use authdb_tests::World;
use authdb_tests::world::{AuthorizationFlowRow, DeviceFlowRow, key_at, on_every_engine, on_every_key_column};

const EXPIRED: Duration = Duration::from_secs(600 + 5);
const OLD: Duration = Duration::from_secs(3600 + 5);
const SECOND: Duration = Duration::from_secs(1);

/// All rows of a table.
const DEVICES: &[Walk] = &[Walk::DeviceFlows];
const AUTHORIZATIONS: &[Walk] = &[Walk::YoungAuthorizationFlows, Walk::OldAuthorizationFlows];

/// Sweeps to the end in batches of `limit`.
async fn batches(world: &World, walks: &[Walk], now: Timestamp, limit: u32) -> Vec<Batch> {
    let mut batches = Vec::new();
    for walk in walks {
        let mut cursor = SweepCursor::start(*walk, now, &world.policy);
        loop {
            let batch = world.db.sweep(&world.permit, &mut cursor, limit).await.expect("the database can do it");
            batches.push(batch);
            if batch.is_last {
                break;
            }
        }
    }
    batches
}

/// How many flows each batch expired and deleted.
async fn sweep(world: &World, walks: &[Walk], now: Timestamp, limit: u32) -> Vec<(u64, u64)> {
    batches(world, walks, now, limit).await.iter().map(|batch| (batch.expired, batch.deleted)).collect()
}

/// How many flows were expired and deleted in all.
async fn swept(world: &World, walks: &[Walk]) -> (u64, u64) {
    sum(&sweep(world, walks, world.now().await, 2).await)
}

fn sum(batches: &[(u64, u64)]) -> (u64, u64) {
    batches.iter().fold((0, 0), |(expired, deleted), batch| (expired + batch.0, deleted + batch.1))
}

/// Device flows of every status at an age; their codes say the status.
async fn add_device_flows(world: &World, prefix: char, age: Duration) {
    for status in ["PENDING", "READY", "DONE", "ERROR", "HELD"] {
        let code = format!("{prefix}{status}");
        world.add_device_flow(DeviceFlowRow { code: &code, status, age, ..DeviceFlowRow::default() }).await;
    }
}

async fn add_authorization_flows(world: &World, age: Duration) {
    for status in ["PENDING", "READY", "DONE", "ERROR", "HELD"] {
        world.add_authorization_flow(AuthorizationFlowRow { status, age, ..AuthorizationFlowRow::default() }).await;
    }
}

async fn statuses(world: &World, table: &str) -> Vec<String> {
    world.column(&format!("SELECT Status FROM {table} ORDER BY CreationTime DESC, Status")).await
}

const FRESH: [&str; 5] = ["DONE", "ERROR", "HELD", "PENDING", "READY"];
const AFTERWARDS: [&str; 5] = ["DONE", "ERROR", "ERROR", "ERROR", "HELD"];

#[tokio::test]
async fn stale_device_flows_expire_and_nothing_else_does() {
    on_every_engine(|world| async move {
        add_device_flows(&world, 'F', Duration::from_mins(9)).await;
        add_device_flows(&world, 'S', EXPIRED).await;
        assert_eq!(swept(&world, DEVICES).await, (2, 0), "on {}", world.engine());
        assert_eq!(statuses(&world, "DeviceFlows").await, [FRESH, AFTERWARDS].concat());
        assert_eq!(swept(&world, DEVICES).await, (0, 0), "the second time there is nothing to do");
    })
    .await;
}

#[tokio::test]
async fn stale_authorization_flows_expire_and_nothing_else_does() {
    on_every_key_column(|world| async move {
        add_authorization_flows(&world, Duration::from_mins(4)).await;
        add_authorization_flows(&world, Duration::from_secs(305)).await;
        assert_eq!(swept(&world, AUTHORIZATIONS).await, (2, 0), "on {}", world.engine());
        assert_eq!(statuses(&world, "AuthorizationFlows").await, [FRESH, AFTERWARDS].concat());
        assert_eq!(swept(&world, AUTHORIZATIONS).await, (0, 0));
    })
    .await;
}

#[tokio::test]
async fn old_device_flows_go_whatever_their_status() {
    on_every_engine(|world| async move {
        add_device_flows(&world, 'K', Duration::from_mins(59)).await;
        add_device_flows(&world, 'O', OLD).await;
        assert_eq!(swept(&world, DEVICES).await, (2, 5), "on {}", world.engine());
        assert_eq!(statuses(&world, "DeviceFlows").await, AFTERWARDS, "what is only stale stays");
        assert_eq!(swept(&world, DEVICES).await, (0, 0));
    })
    .await;
}

#[tokio::test]
async fn old_authorization_flows_go_whatever_their_status() {
    on_every_key_column(|world| async move {
        add_authorization_flows(&world, Duration::from_mins(59)).await;
        add_authorization_flows(&world, OLD).await;
        assert_eq!(swept(&world, AUTHORIZATIONS).await, (2, 5), "on {}", world.engine());
        assert_eq!(statuses(&world, "AuthorizationFlows").await, AFTERWARDS);
        assert_eq!(swept(&world, AUTHORIZATIONS).await, (0, 0));
    })
    .await;
}

#[tokio::test]
async fn flows_whose_keys_carry_no_credible_time_are_swept_by_their_row() {
    on_every_key_column(|world| async move {
        let with = |key, seconds| AuthorizationFlowRow {
            key,
            age: Duration::from_secs(seconds),
            ..AuthorizationFlowRow::default()
        };
        // Below and above every key of today, and a version-7 key from the future.
        let future = key_at(world.now().await.after(Duration::from_hours(1)));
        let old = ["01000000b0004abc8000010000000001", "cafe0000b0004abc8000cafe00000001", &future];
        for key in old {
            world.add_authorization_flow(with(key, 3700)).await;
        }
        for stale in ["cafe0000b0004abc8000cafe00000003", "01000000b0004abc8000010000000002"] {
            world.add_authorization_flow(with(stale, 700)).await;
        }
        let kept = "cafe0000b0004abc8000cafe00000002";
        world.add_authorization_flow(with(kept, 30)).await;
        assert_eq!(swept(&world, AUTHORIZATIONS).await, (2, 3), "on {}", world.engine());
        assert_eq!(statuses(&world, "AuthorizationFlows").await, ["PENDING", "ERROR", "ERROR"]);
    })
    .await;
}

#[tokio::test]
async fn a_key_that_is_a_little_younger_than_its_row_is_swept_with_it() {
    on_every_key_column(|world| async move {
        // The service's host dates the key, and its clock may run ahead of the database's.
        let key = key_at(world.now().await.before(OLD).after(Duration::from_secs(25)));
        let flow = AuthorizationFlowRow { key: &key, age: OLD, ..AuthorizationFlowRow::default() };
        world.add_authorization_flow(flow).await;
        assert_eq!(swept(&world, AUTHORIZATIONS).await, (0, 1), "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn a_backlog_is_swept_in_batches() {
    on_every_key_column(|world| async move {
        let codes: Vec<String> = ('B'..='H').map(|letter| letter.to_string().repeat(8)).collect();
        let age = Duration::from_mins(20);
        for code in &codes {
            world.add_device_flow(DeviceFlowRow { code, age, ..DeviceFlowRow::default() }).await;
            world.add_authorization_flow(AuthorizationFlowRow { age, ..AuthorizationFlowRow::default() }).await;
        }
        let now = world.now().await;
        // What is only stale is expired; an hour later the same is old, and is deleted.
        let later = now.after(Duration::from_hours(1));
        assert_eq!(sweep(&world, DEVICES, now, 3).await, [(3, 0), (3, 0), (1, 0)]);
        assert_eq!(sweep(&world, DEVICES, later, 3).await, [(0, 3), (0, 3), (0, 1)]);
        for (now, all) in [(now, (7, 0)), (later, (0, 7))] {
            let batches = sweep(&world, AUTHORIZATIONS, now, 3).await;
            assert_eq!(sum(&batches), all, "on {}", world.engine());
            assert!(batches.iter().all(|(expired, deleted)| expired + deleted <= 3), "{batches:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_fresh_in_the_middle_of_a_backlog_stays() {
    on_every_key_column(|world| async move {
        let old = Duration::from_hours(2);
        let ages =
            [old, old, old, old, Duration::from_mins(4), old, Duration::from_mins(4), Duration::from_mins(4), old];
        for (letter, age) in ('B'..).zip(ages) {
            let code = letter.to_string().repeat(8);
            world.add_device_flow(DeviceFlowRow { code: &code, age, ..DeviceFlowRow::default() }).await;
            // Keys of one time, so that the row alone says how old it is.
            let key = key_at(world.start.before(old));
            world
                .add_authorization_flow(AuthorizationFlowRow { key: &key, age, ..AuthorizationFlowRow::default() })
                .await;
        }
        let now = world.now().await;
        let batches = sweep(&world, DEVICES, now, 2).await;
        assert_eq!(batches, [(0, 2), (0, 2), (0, 1), (0, 0), (0, 1)], "on {}", world.engine());
        let left = world.column("SELECT UserCode FROM DeviceFlows ORDER BY UserCode").await;
        assert_eq!(left, ["FFFFFFFF", "HHHHHHHH", "IIIIIIII"]);
        assert_eq!(sum(&sweep(&world, AUTHORIZATIONS, now, 2).await), (0, 6));
        assert_eq!(world.column("SELECT UUID FROM AuthorizationFlows").await.len(), 3, "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn the_boundary_is_the_second_after_the_age() {
    on_every_engine(|world| async move {
        world.add_device_flow(DeviceFlowRow::default()).await;
        world.add_authorization_flow(AuthorizationFlowRow::default()).await;
        let devices = world
            .db
            .device_flows(&FlowFilter::default(), &world.policy, &PageRequest::first(Order::TimeLeft, 1))
            .await
            .expect("a list")
            .rows;
        let authorizations = world
            .db
            .authorization_flows(&FlowFilter::default(), &world.policy, &PageRequest::first(Order::TimeLeft, 1))
            .await
            .expect("a list")
            .rows;
        let device = devices[0].created.expect("a time");
        let authorization = authorizations[0].created.expect("a time");
        for (walks, kind, created, age) in [
            (DEVICES, Sweep::ExpireDeviceFlows, device, world.policy.device_flow_expiration),
            (
                AUTHORIZATIONS,
                Sweep::ExpireAuthorizationFlows,
                authorization,
                world.policy.authorization_flow_expiration,
            ),
            (DEVICES, Sweep::PurgeDeviceFlows, device, world.policy.completed_flow_retention),
            (AUTHORIZATIONS, Sweep::PurgeAuthorizationFlows, authorization, world.policy.completed_flow_retention),
        ] {
            let just = created.after(age);
            let done =
                async |now| batches(&world, walks, now, 10).await.iter().map(|batch| batch.of(kind)).sum::<u64>();
            assert_eq!(done(just).await, 0, "{kind} comes too early on {}", world.engine());
            assert_eq!(done(just.after(SECOND)).await, 1, "{kind} comes too late on {}", world.engine());
        }
    })
    .await;
}

/// Letters of the codes in order, and how old the flow of each is.
async fn add_flows_of_ages(world: &World, ages: &[Duration]) {
    for (letter, age) in ('B'..).zip(ages) {
        let code = letter.to_string().repeat(8);
        world.add_device_flow(DeviceFlowRow { code: &code, age: *age, ..DeviceFlowRow::default() }).await;
        world.add_authorization_flow(AuthorizationFlowRow { age: *age, ..AuthorizationFlowRow::default() }).await;
    }
}

#[tokio::test]
async fn what_is_only_stale_in_the_middle_of_a_backlog_is_expired_with_it() {
    on_every_key_column(|world| async move {
        let (stale, fresh) = (Duration::from_mins(20), Duration::from_secs(30));
        // Three batches: the second is taken for old because the first was, and holds one that is not; the third ends it.
        add_flows_of_ages(&world, &[OLD, OLD, OLD, stale, OLD, fresh]).await;
        let now = world.now().await;
        assert_eq!(sweep(&world, DEVICES, now, 2).await[..3], [(0, 2), (1, 1), (0, 1)]);
        assert_eq!(statuses(&world, "DeviceFlows").await, ["PENDING", "ERROR"], "on {}", world.engine());
        assert_eq!(sum(&sweep(&world, AUTHORIZATIONS, now, 2).await), (1, 4), "on {}", world.engine());
        assert_eq!(statuses(&world, "AuthorizationFlows").await, ["PENDING", "ERROR"], "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn a_walk_goes_on_from_where_it_stopped() {
    on_every_key_column(|world| async move {
        let old = Duration::from_hours(2);
        add_flows_of_ages(&world, &[old; 5]).await;
        // Where keys say nothing, there is a second stretch to go on to.
        let odd = "cafe0000b0004abc8000cafe00000001";
        world
            .add_authorization_flow(AuthorizationFlowRow { key: odd, age: old, ..AuthorizationFlowRow::default() })
            .await;
        let now = world.now().await;
        for (walk, first, rest) in [(Walk::DeviceFlows, 3, 2), (Walk::OldAuthorizationFlows, 3, 3)] {
            let mut cursor = SweepCursor::start(walk, now, &world.policy);
            let next = async |cursor: &mut SweepCursor| {
                world.db.sweep(&world.permit, cursor, 3).await.expect("the database can do it")
            };
            assert_eq!(next(&mut cursor).await.deleted, first, "{walk} on {}", world.engine());
            let (mut deleted, mut is_last) = (0, false);
            while !is_last {
                // Each batch in a run of its own, a second later.
                cursor = cursor.resumed(now.after(SECOND), &world.policy);
                let batch = next(&mut cursor).await;
                (deleted, is_last) = (deleted + batch.deleted, batch.is_last);
            }
            assert_eq!(deleted, rest, "{walk} on {}", world.engine());
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_walk_has_passed_waits_for_the_next_one() {
    on_every_engine(|world| async move {
        let stale = Duration::from_mins(20);
        add_flows_of_ages(&world, &[Duration::from_secs(5), Duration::from_secs(5), stale]).await;
        let now = world.now().await;
        let mut cursor = SweepCursor::start(Walk::DeviceFlows, now, &world.policy);
        let next = async |cursor: &mut SweepCursor| {
            world.db.sweep(&world.permit, cursor, 2).await.expect("the database can do it")
        };
        assert_eq!(next(&mut cursor).await.rows(), 0);
        world.execute("DELETE FROM DeviceFlows WHERE UserCode = 'BBBBBBBB'").await;
        world.add_device_flow(DeviceFlowRow { code: "BBBBBBBB", age: stale, ..DeviceFlowRow::default() }).await;
        let mut resumed = cursor.resumed(now, &world.policy);
        assert_eq!(next(&mut resumed).await.expired, 1, "what is ahead has its turn first, on {}", world.engine());
        assert_eq!(swept(&world, DEVICES).await, (1, 0), "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn a_backlog_is_counted_once_for_each_thing_that_happens_to_it() {
    on_every_key_column(|world| async move {
        let stale = Duration::from_mins(20);
        add_flows_of_ages(&world, &[OLD, OLD, stale, stale, stale, Duration::from_secs(30)]).await;
        let now = world.now().await;
        for (sweep, count) in Job::FLOW_SWEEPS.iter().zip([3, 3, 2, 2]) {
            let backlog = world.db.backlog(*sweep, now, &world.policy).await.expect("it can be counted");
            assert_eq!(backlog.rows, count, "{sweep} on {}", world.engine());
        }
        for (walk, count) in Job::FLOW_WALKS.iter().zip([3, 5, 2]) {
            let cursor = SweepCursor::start(*walk, now, &world.policy);
            let backlog = world.db.backlog_ahead(&cursor).await.expect("it can be counted");
            assert_eq!(backlog.rows, count, "{walk} on {}", world.engine());
        }
    })
    .await;
}
