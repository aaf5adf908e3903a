//! Counts by state and by time, and what the schema holds beyond DiracX's: equal on every engine, and bounded.

use std::time::Duration;

use authdb_shared::Timestamp;
use authdb_shared::db::{Bucket, ExtraColumn, FlowStateFilter, LivenessFilter};
use authdb_tests::world::{
    AuthorizationFlowRow, DeviceFlowRow, TokenRow, key_at, on_every_engine, on_every_key_column, on_every_server,
    version_4_key,
};
use authdb_tests::{Engine, World};

const MINUTE: Duration = Duration::from_mins(1);
const ALICE: &str = "lhcb:alice";

#[tokio::test]
async fn flows_are_counted_by_where_they_stand_and_not_by_their_word_alone() {
    on_every_key_column(|world| async move {
        let flows =
            [("PENDING", 1), ("PENDING", 11), ("READY", 2), ("READY", 30), ("DONE", 1), ("ERROR", 99), ("HELD", 3)];
        for (number, (status, minutes)) in flows.into_iter().enumerate() {
            let code = format!("CODE{number}");
            world
                .add_device_flow(DeviceFlowRow {
                    code: &code,
                    status,
                    age: minutes * MINUTE,
                    ..DeviceFlowRow::default()
                })
                .await;
            let age = minutes * MINUTE / 2;
            world.add_authorization_flow(AuthorizationFlowRow { status, age, ..AuthorizationFlowRow::default() }).await;
        }
        let key = version_4_key();
        world.add_authorization_flow(AuthorizationFlowRow { key: &key, ..AuthorizationFlowRow::default() }).await;
        let device = world.db.device_flow_counts(&world.policy).await.expect("they can be counted");
        let browser = world.db.authorization_flow_counts(&world.policy).await.expect("they can be counted");
        assert!(!device.is_cut_short && !browser.is_cut_short);
        for (state, expected) in [
            (FlowStateFilter::Pending, 1),
            (FlowStateFilter::Ready, 1),
            (FlowStateFilter::Stale, 2),
            (FlowStateFilter::Done, 1),
            (FlowStateFilter::Error, 1),
            (FlowStateFilter::Unrecognised, 1),
        ] {
            assert_eq!(device.of(state), expected, "device flows {state:?} on {}", world.engine());
            let undated = u64::from(state == FlowStateFilter::Pending);
            assert_eq!(browser.of(state), expected + undated, "authorization flows {state:?} on {}", world.engine());
        }
    })
    .await;
}

#[tokio::test]
async fn tokens_are_counted_by_whether_they_still_work() {
    on_every_key_column(|world| async move {
        for (status, minutes) in [
            ("CREATED", 1),
            ("CREATED", 59),
            ("CREATED", 61),
            ("REVOKED", 2),
            ("REVOKED", 90),
            ("LOCKED", 5),
            ("CREATED", 60 * 48),
        ] {
            world.add_token(status, ALICE, minutes * MINUTE).await;
        }
        let future = key_at(world.start.after(Duration::from_hours(2)));
        world.add_tokens(&[TokenRow::created(future, ALICE), TokenRow::created(version_4_key(), ALICE)]).await;
        let day = Duration::from_hours(24);
        let counts = world.db.token_counts(day, &world.policy).await.expect("they can be counted");
        let counted: Vec<(LivenessFilter, u64)> = counts.rows.clone().into_iter().collect();
        let expected = [
            (LivenessFilter::Live, 2),
            (LivenessFilter::Expired, 1),
            (LivenessFilter::Revoked, 2),
            (LivenessFilter::Undated, 1),
            (LivenessFilter::FromTheFuture, 1),
            (LivenessFilter::Unrecognised, 1),
        ];
        assert_eq!((counted.as_slice(), counts.is_cut_short), (expected.as_slice(), false), "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn more_rows_than_a_window_are_counted_once_each() {
    on_every_engine(|world| async move {
        let rows: Vec<TokenRow> = (0..1500_u32)
            .map(|number| TokenRow::created(key_at(world.start.before(Duration::from_millis(u64::from(number)))), ALICE))
            .collect();
        world.add_tokens(&rows).await;
        // Doubling is quicker than writing a hundred thousand rows: random low bits make new keys of the same times.
        let key = match world.engine() {
            Engine::Sqlite => "substr(JTI, 1, 16) || lower(hex(randomblob(8)))",
            _ => "CONCAT(SUBSTR(REPLACE(JTI, '-', ''), 1, 16), LOWER(HEX(RANDOM_BYTES(8))))",
        };
        for _ in 0..6 {
            world
                .execute(&format!(
                    "INSERT INTO RefreshTokens (JTI, Status, Scope, Sub) SELECT {key}, Status, Scope, Sub FROM RefreshTokens"
                ))
                .await;
        }
        let counts = world.db.token_counts(Duration::from_hours(24), &world.policy).await.expect("they can be counted");
        assert_eq!((counts.of(LivenessFilter::Live), counts.is_cut_short), (1500 * 64, false), "on {}", world.engine());
    })
    .await;
}

/// The middle of the minute before the present one, so that no test straddles two.
fn within_last_minute(now: Timestamp) -> Duration {
    let into = u64::try_from(now.unix_millis().rem_euclid(60_000)).expect("not negative");
    Duration::from_millis(into + 30_000)
}

#[tokio::test]
async fn activity_is_read_from_keys_and_creation_times() {
    on_every_key_column(|world| async move {
        let age = within_last_minute(world.start);
        for status in ["CREATED", "REVOKED"] {
            world.add_token(status, ALICE, age).await;
        }
        world.add_token("CREATED", ALICE, age + 3 * MINUTE).await;
        world.add_tokens(&[TokenRow::created(version_4_key(), ALICE)]).await;
        world.add_authorization_flow(AuthorizationFlowRow { age, ..AuthorizationFlowRow::default() }).await;
        let done = AuthorizationFlowRow { age, status: "DONE", ..AuthorizationFlowRow::default() };
        world.add_authorization_flow(done).await;
        world.add_device_flow(DeviceFlowRow { age, status: "DONE", ..DeviceFlowRow::default() }).await;
        let old = DeviceFlowRow { code: "OLD", age: age + 90 * MINUTE, ..DeviceFlowRow::default() };
        world.add_device_flow(old).await;
        let activity = world.db.activity(Bucket::Minute, 60).await.expect("it can be added up");
        assert!(!activity.is_cut_short);
        assert_eq!(activity.buckets.len(), 60);
        let start = world.start.before(age).unix_millis();
        let minute = activity
            .buckets
            .iter()
            .find(|bucket| (0..60_000).contains(&(start - bucket.start.unix_millis())))
            .expect("the minute is among the last sixty");
        assert_eq!(minute.tokens, 2, "whatever became of them, on {}", world.engine());
        assert_eq!((minute.completed, minute.rotations()), (2, 0), "on {}", world.engine());
        assert_eq!((minute.authorization_flows, minute.device_flows), (2, 1), "on {}", world.engine());
        let sum = |pick: fn(&authdb_shared::db::ActivityBucket) -> u64| activity.buckets.iter().map(pick).sum::<u64>();
        assert_eq!(
            (sum(|it| it.tokens), sum(|it| it.authorization_flows), sum(|it| it.device_flows)),
            (3, 2, 1),
            "each stands in one minute, and what is older in none"
        );
        let days = world.db.activity(Bucket::Day, 3).await.expect("it can be added up");
        assert_eq!(days.buckets.iter().map(|it| it.device_flows).sum::<u64>(), 2);
    })
    .await;
}

#[tokio::test]
async fn columns_beyond_diracx_are_named_with_whether_they_need_a_value() {
    on_every_engine(|world| async move {
        assert_eq!(world.db.schema_facts().await.expect("they can be asked").extra_columns, []);
        world.execute("ALTER TABLE DeviceFlows ADD COLUMN Note VARCHAR(16)").await;
        world.execute("ALTER TABLE RefreshTokens ADD COLUMN Kind VARCHAR(16) NOT NULL DEFAULT 'usual'").await;
        let mut expected = vec![extra("DeviceFlows", "Note", false), extra("RefreshTokens", "Kind", false)];
        if world.engine() != Engine::Sqlite {
            world.execute("ALTER TABLE AuthorizationFlows ADD COLUMN Tenant INT NOT NULL").await;
            expected.insert(1, extra("AuthorizationFlows", "Tenant", true));
        }
        assert_eq!(world.db.schema_facts().await.expect("they can be asked").extra_columns, expected);
    })
    .await;
}

fn extra(table: &str, column: &str, is_required: bool) -> ExtraColumn {
    ExtraColumn { table: table.to_owned(), column: column.to_owned(), is_required }
}

#[tokio::test]
async fn the_overflow_partition_is_counted_up_to_a_limit() {
    on_every_server(|world| async move {
        assert_eq!(future(&world, 10).await, Some(0));
        let later = world.start.after(Duration::from_hours(24 * 400));
        let rows: Vec<TokenRow> = (0..5).map(|_| TokenRow::created(key_at(later), ALICE)).collect();
        world.add_tokens(&rows).await;
        assert_eq!((future(&world, 10).await, future(&world, 3).await), (Some(5), Some(3)));
        world.execute("ALTER TABLE RefreshTokens REMOVE PARTITIONING").await;
        assert_eq!(future(&world, 10).await, None);
    })
    .await;
}

async fn future(world: &World, limit: u32) -> Option<u64> {
    world.db.future_partition_rows(limit).await.expect("it can be counted")
}
