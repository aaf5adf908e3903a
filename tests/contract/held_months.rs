//! Months that are held before they are dropped: nothing is lost by it, and nothing that is not ours is touched.

use std::time::Duration;

use authdb_shared::db::{HeldMonth, HeldMonths, HoldOutcome, RollOutcome, RollStep, RollTerms};
use authdb_shared::partition::{Month, Partition, PartitionBound};
use authdb_shared::policy::Policy;
use authdb_tests::world::{TokenRow, key_at, on_every_engine, on_every_partitioned_table};
use authdb_tests::{Pool, World};

use crate::partition_locks::await_session;
use crate::partitions::roll;

const SUBJECT: &str = "lhcb:amara";
const COPY_LIMIT: u32 = 100;

async fn months_ago(world: &World, count: u32) -> Month {
    let now = world.now().await.calendar();
    Month::of(now.checked_sub_months(chrono::Months::new(count)).expect("a date of this era").into())
}

async fn add_tokens_in(world: &World, month: Month, count: usize) {
    let key = || key_at(month.start().after(Duration::from_hours(24)));
    let rows: Vec<TokenRow> = (0..count).map(|_| TokenRow::created(key(), SUBJECT)).collect();
    world.add_tokens(&rows).await;
}

/// Months since nine months ago, with tokens in the oldest, in the one after it and in the present one.
async fn begin(world: &World) -> Partition {
    world.partition(months_ago(world, 9).await, 13).await;
    for (ago, count) in [(9, 5), (8, 2), (0, 1)] {
        add_tokens_in(world, months_ago(world, ago).await, count).await;
    }
    partition(world, months_ago(world, 9).await).await.expect("it was just made")
}

async fn partition(world: &World, month: Month) -> Option<Partition> {
    let layout = world.db.partition_layout().await.expect("the layout can be read");
    layout.partitions.into_iter().find(|partition| partition.bound == PartitionBound::Below(month.upper_bound()))
}

async fn rows_in(world: &World, partition: &Partition) -> u64 {
    world.db.count_partition_rows(partition, 1000).await.expect("they can be counted")
}

/// Tries again as the janitor does: MariaDB's own background threads hold a table now and then.
async fn hold(world: &World, partition: &Partition) -> HoldOutcome {
    let terms = RollTerms { now: world.now().await, policy: &world.policy, copy_limit: COPY_LIMIT, proving: None };
    loop {
        match world.db.hold_month(&world.permit, partition, &terms).await {
            Err(error) if error.is_contention() => tokio::task::yield_now().await,
            result => return result.expect("the server can do it"),
        }
    }
}

async fn release(world: &World, held: &HeldMonth, policy: &Policy) -> RollOutcome {
    let terms = RollTerms { now: world.now().await, policy, copy_limit: COPY_LIMIT, proving: None };
    loop {
        match world.db.release_month(&world.permit, held, &terms).await {
            Err(error) if error.is_contention() => tokio::task::yield_now().await,
            result => return result.expect("the server can do it"),
        }
    }
}

async fn restore(world: &World, held: &HeldMonth) -> RollOutcome {
    loop {
        match world.db.restore_month(&world.permit, held, COPY_LIMIT).await {
            Err(error) if error.is_contention() => tokio::task::yield_now().await,
            result => return result.expect("the server can do it"),
        }
    }
}

async fn held(world: &World) -> HeldMonths {
    world.db.held_months().await.expect("they can be read")
}

/// The one month that is held.
async fn the_held(world: &World) -> HeldMonth {
    let held = held(world).await;
    assert_eq!((held.months.len(), held.doubtful.len()), (1, 0), "on {}: {held:?}", world.engine());
    held.months.into_iter().next().expect("it was counted")
}

fn reason(outcome: RollOutcome) -> String {
    match outcome {
        RollOutcome::Refused(reason) => reason,
        RollOutcome::Done => panic!("it was done"),
    }
}

async fn tokens(world: &World) -> Vec<Vec<Option<String>>> {
    world.rows("SELECT JTI, Status, Scope, Sub FROM RefreshTokens ORDER BY JTI").await
}

#[tokio::test]
async fn a_held_month_is_out_of_the_table_and_comes_back_row_by_row_as_it_was() {
    on_every_partitioned_table(|world| async move {
        let oldest = begin(&world).await;
        let before = tokens(&world).await;
        let HoldOutcome::Held { table, .. } = hold(&world, &oldest).await else { panic!("it is old and holds rows") };
        let held = the_held(&world).await;
        assert_eq!((&held.table, held.month(), held.is_empty), (&table, months_ago(&world, 9).await, false));
        assert!(held.since <= world.now().await && held.since >= world.start);
        assert_eq!(tokens(&world).await.len(), before.len() - 5, "on {}", world.engine());
        let place = partition(&world, held.month()).await.expect("the partition stays in its place");
        assert_eq!(rows_in(&world, &place).await, 0);

        assert_eq!(restore(&world, &held).await, RollOutcome::Done);
        assert_eq!(tokens(&world).await, before, "on {}", world.engine());
        assert_eq!(self::held(&world).await, HeldMonths::default(), "the table is gone");
        assert!(reason(restore(&world, &held).await).contains("no longer the held month it was"));
    })
    .await;
}

#[tokio::test]
async fn sqlite_holds_nothing() {
    on_every_engine(|world| async move { assert_eq!(held(&world).await, HeldMonths::default()) }).await;
}

#[tokio::test]
async fn what_may_not_be_dropped_is_not_held_either() {
    on_every_partitioned_table(|world| async move {
        begin(&world).await;
        let before = tokens(&world).await;
        let young = partition(&world, months_ago(&world, 0).await).await.expect("the present month");
        assert!(matches!(hold(&world, &young).await, HoldOutcome::Refused(_)));
        let last = world.db.partition_layout().await.expect("the layout can be read").partitions.pop();
        assert!(matches!(hold(&world, &last.expect("p_future")).await, HoldOutcome::Refused(_)));
        assert_eq!((tokens(&world).await, held(&world).await), (before, HeldMonths::default()));
    })
    .await;
}

#[tokio::test]
async fn an_empty_month_is_dropped_and_not_held() {
    on_every_partitioned_table(|world| async move {
        begin(&world).await;
        let empty = partition(&world, months_ago(&world, 7).await).await.expect("it was just made");
        assert_eq!(hold(&world, &empty).await, HoldOutcome::Dropped, "on {}", world.engine());
        assert_eq!(partition(&world, months_ago(&world, 7).await).await, None);
        assert_eq!(held(&world).await, HeldMonths::default());
    })
    .await;
}

#[tokio::test]
async fn a_month_is_let_go_only_while_the_policy_of_now_allows_it() {
    on_every_partitioned_table(|world| async move {
        let oldest = begin(&world).await;
        hold(&world, &oldest).await;
        let held = the_held(&world).await;
        let longer = Policy { refresh_token_retention_months: 24, ..world.policy.clone() };
        let refusal = reason(release(&world, &held, &longer).await);
        assert!(refusal.contains("is not dropped") && refusal.contains("retention"), "{refusal}");
        assert_eq!(the_held(&world).await, held, "it is still there");

        assert_eq!(release(&world, &held, &world.policy).await, RollOutcome::Done, "on {}", world.engine());
        assert_eq!(self::held(&world).await, HeldMonths::default());
        let place = partition(&world, held.month()).await.expect("the empty partition");
        assert_eq!(hold(&world, &place).await, HoldOutcome::Dropped);
    })
    .await;
}

#[tokio::test]
async fn letting_a_month_go_waits_for_who_reads_it() {
    on_every_partitioned_table(|world| async move {
        let oldest = begin(&world).await;
        hold(&world, &oldest).await;
        let held = the_held(&world).await;
        let Pool::MySql(pool) = world.database.pool() else { panic!("SQLite has no partitions") };
        let mut reader = pool.begin().await.expect("a transaction begins");
        let query = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {}", held.table));
        sqlx::query(query).execute(&mut *reader).await.expect("the held month is read");
        let end_of_reader = async {
            let waiting = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = DATABASE() \
                           AND STATE = 'Waiting for table metadata lock' AND INFO LIKE 'DROP TABLE%'";
            await_session(&world, waiting).await;
            reader.commit().await.expect("the reader ends");
        };
        let terms = RollTerms { now: world.now().await, policy: &world.policy, copy_limit: COPY_LIMIT, proving: None };
        let (released, ()) = tokio::join!(world.db.release_month(&world.permit, &held, &terms), end_of_reader);
        assert_eq!(released.expect("nobody logs in by that table"), RollOutcome::Done, "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn tables_of_others_are_left_alone_whatever_they_are_called() {
    on_every_partitioned_table(|world| async move {
        let oldest = begin(&world).await;
        let HoldOutcome::Held { table, .. } = hold(&world, &oldest).await else { panic!("it is old and holds rows") };
        let held = the_held(&world).await;
        let comment = world
            .column(&format!(
                "SELECT TABLE_COMMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() \
                 AND TABLE_NAME = '{table}'"
            ))
            .await
            .remove(0);
        // A copy under another name, one without the comment, and one with other columns.
        let other = table.replace(&held.month().to_string().replace('-', "_"), "2019_01");
        for statement in [
            format!("CREATE TABLE {table}_copy LIKE {table}"),
            format!("INSERT INTO {table}_copy SELECT * FROM {table}"),
            format!("CREATE TABLE {other} (a INT) COMMENT = '{comment}'"),
            "CREATE TABLE JanitorHeld_x (a INT)".to_owned(),
        ] {
            world.execute(&statement).await;
        }
        let doubtful = self::held(&world).await;
        assert_eq!(doubtful.months, std::slice::from_ref(&held), "on {}", world.engine());
        assert_eq!(doubtful.doubtful.len(), 3, "{doubtful:?}");

        // Even the one with the right name: other columns, and it is not ours any more.
        world.execute(&format!("ALTER TABLE {table} ADD COLUMN Note VARCHAR(10)")).await;
        assert!(reason(release(&world, &held, &world.policy).await).contains("columns"));
        world.execute(&format!("ALTER TABLE {table} DROP COLUMN Note, COMMENT = 'mine now'")).await;
        assert!(reason(release(&world, &held, &world.policy).await).contains("comment"));
        assert!(reason(restore(&world, &held).await).contains("comment"));
        assert_eq!(world.number(&format!("SELECT COUNT(*) FROM {table}")).await, 5);
        let place = partition(&world, held.month()).await.expect("the empty partition");
        add_tokens_in(&world, held.month(), 1).await;
        let HoldOutcome::Refused(refusal) = hold(&world, &place).await else { panic!("the name is taken") };
        assert!(refusal.contains("of somebody else"), "{refusal}");
        assert_eq!(world.number(&format!("SELECT COUNT(*) FROM {table}")).await, 5, "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn a_hold_that_broke_off_is_completed() {
    on_every_partitioned_table(|world| async move {
        let oldest = begin(&world).await;
        let HoldOutcome::Held { table, .. } = hold(&world, &oldest).await else { panic!("it is old and holds rows") };
        let first = the_held(&world).await;
        assert_eq!(restore(&world, &first).await, RollOutcome::Done);
        // Killed after the table was made.
        world.execute(&format!("CREATE TABLE {table} LIKE RefreshTokens")).await;
        assert_eq!(held(&world).await.months, [], "it is not known to be ours yet");
        let again = hold(&world, &oldest).await;
        assert!(
            matches!(&again, HoldOutcome::Held { table: same, .. } if *same == table),
            "on {}: {again:?}",
            world.engine()
        );
        assert_eq!(world.number(&format!("SELECT COUNT(*) FROM {table}")).await, 5);

        // Killed before the exchange: everything is as after it was undone.
        let name = &oldest.name;
        world.execute(&format!("ALTER TABLE RefreshTokens EXCHANGE PARTITION {name} WITH TABLE {table}")).await;
        assert!(the_held(&world).await.is_empty);
        let again = hold(&world, &oldest).await;
        assert!(
            matches!(&again, HoldOutcome::Held { table: same, .. } if *same == table),
            "on {}: {again:?}",
            world.engine()
        );
        assert!(!the_held(&world).await.is_empty);

        // Killed after the held table was dropped: the empty partition goes next time.
        assert_eq!(release(&world, &the_held(&world).await, &world.policy).await, RollOutcome::Done);
        assert_eq!(hold(&world, &oldest).await, HoldOutcome::Dropped);
    })
    .await;
}

#[tokio::test]
async fn a_month_whose_partition_is_gone_is_made_again() {
    on_every_partitioned_table(|world| async move {
        let oldest = begin(&world).await;
        let before = tokens(&world).await;
        hold(&world, &oldest).await;
        let held = the_held(&world).await;
        // What DiracX's own maintenance does with an old month.
        assert_eq!(roll(&world, &RollStep::Drop(oldest.clone())).await, RollOutcome::Done);
        assert_eq!(restore(&world, &held).await, RollOutcome::Done);
        assert_eq!(tokens(&world).await, before, "on {}", world.engine());
        let made = partition(&world, held.month()).await.expect("it was made again");
        assert_eq!((made.name.as_str(), rows_in(&world, &made).await), (oldest.name.as_str(), 5));
    })
    .await;
}

#[tokio::test]
async fn where_a_month_cannot_come_back_it_is_said_what_to_do() {
    on_every_partitioned_table(|world| async move {
        let oldest = begin(&world).await;
        hold(&world, &oldest).await;
        let held = the_held(&world).await;
        add_tokens_in(&world, held.month(), 1).await;
        let refusal = reason(restore(&world, &held).await);
        assert!(refusal.contains("is not empty"), "{refusal}");
        // What it says brings the rows back.
        let (_, statement) = refusal.rsplit_once("run: ").expect("it names a statement");
        world.execute(statement).await;
        assert_eq!(rows_in(&world, &oldest).await, 6, "on {}", world.engine());

        assert_eq!(roll_away(&world, &oldest).await, RollOutcome::Done);
        add_tokens_in(&world, months_ago(&world, 8).await, COPY_LIMIT as usize).await;
        let refusal = reason(restore(&world, &held).await);
        assert!(refusal.contains("holds more than 100 rows"), "{refusal}");
        let (_, rest) = refusal.split_once("run: ").expect("it names a statement");
        let (statement, _) = rest.split_once("; then").expect("it ends");
        world.execute(statement).await;
        assert_eq!(restore(&world, &held).await, RollOutcome::Done, "on {}", world.engine());
    })
    .await;
}

/// Drops a partition as somebody else would.
async fn roll_away(world: &World, partition: &Partition) -> RollOutcome {
    roll(world, &RollStep::Drop(partition.clone())).await
}
