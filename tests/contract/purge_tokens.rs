//! Old months of tokens where no partition can be dropped: on SQLite, and in tables that were never partitioned.

use std::time::Duration;

use authdb_shared::Timestamp;
use authdb_shared::db::{SweepCursor, Walk};
use authdb_shared::partition::Month;
use authdb_shared::policy::Policy;
use authdb_tests::world::{TokenRow, key_at, on_every_key_column};
use authdb_tests::{Engine, World};

/// Sorts below every key of today, whichever end is compared first, and says nothing about its age.
const VERSION_4: &str = "01000000b0004abc8000010000000001";

async fn unpartitioned(world: &World) {
    if world.engine() != Engine::Sqlite {
        world.execute("ALTER TABLE RefreshTokens REMOVE PARTITIONING").await;
    }
    let layout = world.db.partition_layout().await.expect("the layout can be read");
    assert!(!layout.is_partitioned());
}

async fn purge(world: &World, now: Timestamp, policy: &Policy) -> u64 {
    let mut cursor = SweepCursor::start(Walk::RefreshTokens, now, policy);
    let mut rows = 0;
    loop {
        let batch = world.db.sweep(&world.permit, &mut cursor, 2).await.expect("the database can do it");
        assert!(batch.rows() <= 2, "a batch of {}", batch.rows());
        rows += batch.deleted;
        if batch.is_last {
            return rows;
        }
    }
}

async fn keys(world: &World) -> Vec<String> {
    let keys = world.column("SELECT JTI FROM RefreshTokens").await;
    let mut keys: Vec<String> = keys.iter().map(|key| key.replace('-', "")).collect();
    keys.sort();
    keys
}

#[tokio::test]
async fn whole_months_past_the_retention_go() {
    on_every_key_column(|world| async move {
        unpartitioned(&world).await;
        let now = world.now().await;
        let month = Month::of(world.policy.token_horizon(now));
        let millisecond = Duration::from_millis(1);
        let old = [
            month.start().before(millisecond),
            now.before(Duration::from_hours(24 * 366)),
            now.before(Duration::from_hours(24 * 800)),
        ];
        let young = [month.start(), world.policy.token_horizon(now), now.before(millisecond)];
        let mut kept: Vec<String> = young.iter().map(|time| key_at(*time)).collect();
        kept.push(VERSION_4.to_owned());
        let rows: Vec<TokenRow> = old
            .iter()
            .flat_map(|time| [key_at(*time), key_at(*time)])
            .chain(kept.clone())
            .map(|key| TokenRow::created(key, "lhcb:amara"))
            .collect();
        world.add_tokens(&rows).await;
        assert_eq!(purge(&world, now, &world.policy).await, 6, "on {}", world.engine());
        kept.sort();
        assert_eq!(keys(&world).await, kept, "on {}", world.engine());
        assert_eq!(purge(&world, now, &world.policy).await, 0, "the second time there is nothing to do");
    })
    .await;
}

#[tokio::test]
async fn a_token_that_may_still_live_outlasts_the_retention() {
    on_every_key_column(|world| async move {
        unpartitioned(&world).await;
        let now = world.now().await;
        let days = |days: u64| now.before(Duration::from_hours(24 * days));
        let rows = [TokenRow::created(key_at(days(300)), "lhcb:amara"), TokenRow::created(key_at(days(500)), "lhcb:b")];
        world.add_tokens(&rows).await;
        let policy = Policy { longest_token_lifetime: Duration::from_hours(24 * 400), ..world.policy.clone() };
        assert_eq!(purge(&world, now, &policy).await, 1, "on {}", world.engine());
        assert_eq!(keys(&world).await, [rows[0].key.clone()]);
    })
    .await;
}

#[tokio::test]
async fn the_months_of_a_chart_are_counted() {
    on_every_key_column(|world| async move {
        unpartitioned(&world).await;
        let now = world.now().await;
        let horizon = Month::of(world.policy.token_horizon(now));
        let times = [horizon.start(), horizon.start(), now, horizon.start().before(Duration::from_millis(1))];
        let rows: Vec<TokenRow> = times.iter().map(|time| TokenRow::created(key_at(*time), "lhcb:amara")).collect();
        world.add_tokens(&rows).await;
        let chart = world.db.tokens_by_month(&world.policy).await.expect("they can be counted");
        assert!(!chart.is_estimate);
        let (first, last) = (chart.months.first().expect("a month"), chart.months.last().expect("a month"));
        assert_eq!((first.month, first.rows), (horizon, 2), "on {}", world.engine());
        assert_eq!((last.month, last.rows), (Month::of(now), 1), "on {}", world.engine());
        assert_eq!(chart.months.iter().map(|month| month.rows).sum::<u64>(), 3);
    })
    .await;
}
