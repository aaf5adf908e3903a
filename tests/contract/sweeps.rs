//! Sweeps of flows: what is stale becomes ERROR, what is old goes, in batches, and everything else stays.

use std::time::Duration;

use authdb_shared::Timestamp;
use authdb_shared::db::{FlowFilter, Order, PageRequest, Sweep, SweepCursor};
use authdb_tests::World;
use authdb_tests::world::{AuthorizationFlowRow, DeviceFlowRow, key_at, on_every_engine, on_every_key_column};

const EXPIRED: Duration = Duration::from_secs(600 + 5);
const OLD: Duration = Duration::from_secs(3600 + 5);
const SECOND: Duration = Duration::from_secs(1);

/// Sweeps to the end in batches of `limit`, and gives what each of them did.
async fn sweep(world: &World, sweep: Sweep, now: Timestamp, limit: u32) -> Vec<u64> {
    let mut cursor = SweepCursor::start(sweep, now, &world.policy);
    let mut batches = Vec::new();
    loop {
        let batch = world.db.sweep(&world.permit, &mut cursor, limit).await.expect("the database can do it");
        batches.push(batch.rows);
        if batch.is_last {
            return batches;
        }
    }
}

async fn swept(world: &World, kind: Sweep) -> u64 {
    sweep(world, kind, world.now().await, 2).await.iter().sum()
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
        assert_eq!(swept(&world, Sweep::ExpireDeviceFlows).await, 2, "on {}", world.engine());
        assert_eq!(statuses(&world, "DeviceFlows").await, [FRESH, AFTERWARDS].concat());
        assert_eq!(swept(&world, Sweep::ExpireDeviceFlows).await, 0, "the second time there is nothing to do");
    })
    .await;
}

#[tokio::test]
async fn stale_authorization_flows_expire_and_nothing_else_does() {
    on_every_key_column(|world| async move {
        add_authorization_flows(&world, Duration::from_mins(4)).await;
        add_authorization_flows(&world, Duration::from_secs(305)).await;
        assert_eq!(swept(&world, Sweep::ExpireAuthorizationFlows).await, 2, "on {}", world.engine());
        assert_eq!(statuses(&world, "AuthorizationFlows").await, [FRESH, AFTERWARDS].concat());
        assert_eq!(swept(&world, Sweep::ExpireAuthorizationFlows).await, 0);
    })
    .await;
}

#[tokio::test]
async fn old_device_flows_go_whatever_their_status() {
    on_every_engine(|world| async move {
        add_device_flows(&world, 'K', Duration::from_mins(59)).await;
        add_device_flows(&world, 'O', OLD).await;
        assert_eq!(swept(&world, Sweep::PurgeDeviceFlows).await, 5, "on {}", world.engine());
        assert_eq!(statuses(&world, "DeviceFlows").await, FRESH, "stale ones included, the young stay as they are");
        assert_eq!(swept(&world, Sweep::PurgeDeviceFlows).await, 0);
    })
    .await;
}

#[tokio::test]
async fn old_authorization_flows_go_whatever_their_status() {
    on_every_key_column(|world| async move {
        add_authorization_flows(&world, Duration::from_mins(59)).await;
        add_authorization_flows(&world, OLD).await;
        assert_eq!(swept(&world, Sweep::PurgeAuthorizationFlows).await, 5, "on {}", world.engine());
        assert_eq!(statuses(&world, "AuthorizationFlows").await, FRESH);
        assert_eq!(swept(&world, Sweep::PurgeAuthorizationFlows).await, 0);
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
        let stale = "cafe0000b0004abc8000cafe00000003";
        world.add_authorization_flow(with(stale, 700)).await;
        let kept = "cafe0000b0004abc8000cafe00000002";
        world.add_authorization_flow(with(kept, 30)).await;
        assert_eq!(swept(&world, Sweep::ExpireAuthorizationFlows).await, 1, "on {}", world.engine());
        assert_eq!(swept(&world, Sweep::PurgeAuthorizationFlows).await, 3, "on {}", world.engine());
        assert_eq!(statuses(&world, "AuthorizationFlows").await.len(), 2, "on {}", world.engine());
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
        assert_eq!(swept(&world, Sweep::PurgeAuthorizationFlows).await, 1, "on {}", world.engine());
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
        assert_eq!(sweep(&world, Sweep::ExpireDeviceFlows, now, 3).await, [3, 3, 1]);
        assert_eq!(sweep(&world, Sweep::PurgeDeviceFlows, later, 3).await, [3, 3, 1]);
        for (kind, now) in [(Sweep::ExpireAuthorizationFlows, now), (Sweep::PurgeAuthorizationFlows, later)] {
            let batches = sweep(&world, kind, now, 3).await;
            assert_eq!((batches.iter().sum::<u64>(), batches.iter().max()), (7, Some(&3)), "on {}", world.engine());
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_fresh_in_the_middle_of_a_backlog_stays() {
    on_every_key_column(|world| async move {
        let old = Duration::from_hours(2);
        let ages =
            [old, old, old, old, Duration::from_mins(5), old, Duration::from_mins(5), Duration::from_mins(5), old];
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
        assert_eq!(sweep(&world, Sweep::PurgeDeviceFlows, now, 2).await, [2, 2, 1, 0, 1], "on {}", world.engine());
        let left = world.column("SELECT UserCode FROM DeviceFlows ORDER BY UserCode").await;
        assert_eq!(left, ["FFFFFFFF", "HHHHHHHH", "IIIIIIII"]);
        assert_eq!(sweep(&world, Sweep::PurgeAuthorizationFlows, now, 2).await.iter().sum::<u64>(), 6);
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
        for (kind, created, age) in [
            (Sweep::ExpireDeviceFlows, device, world.policy.device_flow_expiration),
            (Sweep::ExpireAuthorizationFlows, authorization, world.policy.authorization_flow_expiration),
            (Sweep::PurgeDeviceFlows, device, world.policy.completed_flow_retention),
            (Sweep::PurgeAuthorizationFlows, authorization, world.policy.completed_flow_retention),
        ] {
            let just = created.after(age);
            let early = sweep(&world, kind, just, 10).await.iter().sum::<u64>();
            assert_eq!(early, 0, "{kind} comes too early on {}", world.engine());
            let late = sweep(&world, kind, just.after(SECOND), 10).await.iter().sum::<u64>();
            assert_eq!(late, 1, "{kind} comes too late on {}", world.engine());
        }
    })
    .await;
}
