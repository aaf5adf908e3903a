//! `hold_dropped` and `restore`: a month that was dropped by mistake can be had back for a while.

use std::fs::{read_to_string, write};
use std::time::Duration;

use authdb_shared::partition::Month;
use authdb_tests::World;
use authdb_tests::world::{TokenRow, key_at, on_every_engine, on_every_partitioned_table, on_every_server};
use serde_json::Value;

use crate::program::{Janitor, Outcome, await_that};

const SUBJECT: &str = "lhcb:amara";

async fn months_ago(world: &World, count: u32) -> Month {
    let now = world.now().await.calendar();
    Month::of(now.checked_sub_months(chrono::Months::new(count)).expect("a date of this era").into())
}

/// Two old months, the present one and a year ahead, with tokens in each of the first three.
async fn begin(world: &World) {
    world.partition(months_ago(world, 9).await, 22).await;
    for (ago, count) in [(9, 5), (8, 2)] {
        let day = months_ago(world, ago).await.start().after(Duration::from_hours(24));
        let rows: Vec<TokenRow> = (0..count).map(|_| TokenRow::created(key_at(day), SUBJECT)).collect();
        world.add_tokens(&rows).await;
    }
    world.add_token("CREATED", SUBJECT, Duration::ZERO).await;
}

async fn run(world: &World, hold: &str, arguments: &[&str]) -> Outcome {
    Janitor::on(world.database.url()).with("AUTHDB_JANITOR_HOLD_DROPPED", hold).run(arguments).await
}

async fn tokens(world: &World) -> Vec<Vec<Option<String>>> {
    world.rows("SELECT JTI, Status, Scope, Sub FROM RefreshTokens ORDER BY JTI").await
}

async fn held_tables(world: &World) -> Vec<String> {
    world
        .column(
            "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() \
             AND TABLE_NAME LIKE 'JanitorHeld%' ORDER BY TABLE_NAME",
        )
        .await
}

async fn partitions(world: &World) -> usize {
    world.db.partition_layout().await.expect("the layout can be read").partitions.len()
}

#[tokio::test]
async fn a_month_is_held_and_given_back_to_the_row() {
    on_every_partitioned_table(|world| async move {
        begin(&world).await;
        let (before, layout) = (tokens(&world).await, partitions(&world).await);
        let plan = run(&world, "7d", &["plan", "tokens"]).await;
        plan.assert_code(0);
        assert!(plan.output.contains("hold a month") && plan.output.contains("EXCHANGE PARTITION"), "{plan:?}");

        let outcome = run(&world, "7d", &["once", "tokens"]).await;
        outcome.assert_code(0);
        assert!(outcome.output.contains("is held in JanitorHeld_"), "{outcome:?}");
        assert_eq!((tokens(&world).await.len(), held_tables(&world).await.len()), (1, 2), "on {}", world.engine());
        assert_eq!(partitions(&world).await, layout, "the empty partitions stay in their place");
        // Another run holds nothing more and loses nothing, and says what is held.
        let (ninth, eighth) = (months_ago(&world, 9).await, months_ago(&world, 8).await);
        let again = run(&world, "7d", &["once", "tokens"]).await;
        again.assert_code(0);
        for month in [ninth, eighth] {
            assert!(again.output.contains(&format!("`authdb-janitor restore {month}` gives it back")), "{again:?}");
        }
        assert_eq!(held_tables(&world).await.len(), 2);

        for name in [ninth.partition_name(), eighth.to_string()] {
            let restored = run(&world, "7d", &["restore", &name]).await;
            restored.assert_code(0);
            assert!(restored.output.contains("is back in RefreshTokens"), "{restored:?}");
        }
        let restored = "SELECT COUNT(*) FROM JanitorRuns WHERE Job = 'restore' AND Outcome = 'done'";
        assert!(world.number(restored).await > 0, "it stands among the runs");
        assert_eq!(tokens(&world).await, before, "on {}", world.engine());
        // One more was due, and had nothing to hold.
        assert_eq!((held_tables(&world).await.len(), partitions(&world).await), (0, layout - 1));
        let refused = run(&world, "7d", &["restore", "2019-1"]).await;
        refused.assert_code(1);
        refused.assert_errors(&["nothing was changed: 2019-01 is not held: no month is held"]);
    })
    .await;
}

#[tokio::test]
async fn when_its_time_has_come_a_held_month_goes_with_its_partition() {
    on_every_partitioned_table(|world| async move {
        begin(&world).await;
        let layout = partitions(&world).await;
        run(&world, "1s", &["once", "tokens"]).await.assert_code(0);
        assert_eq!(held_tables(&world).await.len(), 2, "on {}", world.engine());
        let since = world.now().await;
        await_that("their time comes", || async { world.now().await > since.after(Duration::from_secs(2)) }).await;
        // What the policy keeps by now does not go, and a plan says so before.
        let janitor = Janitor::on(world.database.url()).with("AUTHDB_JANITOR_HOLD_DROPPED", "1s");
        let kept = janitor.with("AUTHDB_POLICY_REFRESH_TOKEN_RETENTION_MONTHS", "24").run(&["plan", "tokens"]).await;
        kept.assert_code(1);
        for table in held_tables(&world).await {
            let objection = format!("{table} is not dropped: it takes tokens that are issued until");
            assert!(kept.output.contains(&objection), "{objection}: {kept:?}");
        }
        let due = run(&world, "1s", &["plan", "tokens"]).await;
        due.assert_code(0);
        assert!(due.output.contains(": 5 rows issued from"), "they have been read: {due:?}");
        // While it is switched off, nothing goes.
        let off = run(&world, "0s", &["plan", "tokens"]).await;
        assert!(off.output.contains("nothing drops it, because janitor.hold_dropped is off"), "{off:?}");

        world.execute("CREATE TABLE JanitorHeld_2019_1_mine LIKE RefreshTokens").await;
        let outcome = run(&world, "1s", &["once", "tokens"]).await;
        outcome.assert_code(0);
        assert!(outcome.output.contains("which was held since"), "{outcome:?}");
        assert!(outcome.output.contains("it is left alone"), "{outcome:?}");
        assert_eq!(held_tables(&world).await, ["JanitorHeld_2019_1_mine"], "on {}", world.engine());
        assert_eq!((partitions(&world).await, tokens(&world).await.len()), (layout - 2, 1));
    })
    .await;
}

#[tokio::test]
async fn what_a_killed_run_left_is_completed_by_the_next() {
    on_every_server(|world| async move {
        begin(&world).await;
        run(&world, "7d", &["once", "tokens"]).await.assert_code(0);
        let tables = held_tables(&world).await;
        let ninth = months_ago(&world, 9).await.partition_name();
        // As if it had been killed before the exchange of the first, and after the second table was dropped.
        world.execute(&format!("ALTER TABLE RefreshTokens EXCHANGE PARTITION {ninth} WITH TABLE {}", tables[0])).await;
        world.execute(&format!("DROP TABLE {}", tables[1])).await;
        let layout = partitions(&world).await;
        run(&world, "7d", &["once", "tokens"]).await.assert_code(0);
        assert_eq!(held_tables(&world).await, tables[..1], "on {}", world.engine());
        assert_eq!(world.number(&format!("SELECT COUNT(*) FROM {}", tables[0])).await, 5);
        assert_eq!(partitions(&world).await, layout - 1, "the empty partition of the other is gone");
    })
    .await;
}

#[tokio::test]
async fn a_month_is_held_from_when_it_is_and_not_from_when_that_was_planned() {
    on_every_server(|world| async move {
        begin(&world).await;
        let janitor = Janitor::on(world.database.url()).with("AUTHDB_JANITOR_HOLD_DROPPED", "2m");
        janitor.run(&["plan", "tokens", "--file", "plan.json"]).await.assert_code(0);
        let file = janitor.folder().join("plan.json");
        let mut plan: Value = serde_json::from_str(&read_to_string(&file).expect("it is there")).expect("it is JSON");
        // As if it had been made so long ago that the time would be over.
        let made_at = plan["made_at_millis"].as_i64().expect("a number") - 5 * 60_000;
        plan["made_at_millis"] = made_at.into();
        write(&file, plan.to_string()).expect("it can be written");
        let outcome = janitor.run(&["apply", "--plan", "plan.json"]).await;
        outcome.assert_code(0);
        assert_eq!(held_tables(&world).await.len(), 2, "{outcome:?}");
        let next = janitor.run(&["plan", "tokens"]).await;
        assert!(next.output.contains("gives it back"), "{next:?}");
        assert!(!next.output.contains("drop a month that is held"), "on {}: {next:?}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn a_plan_finds_out_that_a_month_cannot_be_held() {
    on_every_server(|world| async move {
        begin(&world).await;
        run(&world, "7d", &["once", "tokens"]).await.assert_code(0);
        let tables = held_tables(&world).await;
        for table in &tables {
            world.execute(&format!("DROP TABLE {table}; CREATE TABLE {table} (Mine INT)")).await;
        }
        for ago in [9, 8] {
            let day = months_ago(&world, ago).await.start().after(Duration::from_hours(24));
            world.add_tokens(&[TokenRow::created(key_at(day), SUBJECT)]).await;
        }
        for command in ["plan", "once"] {
            let outcome = run(&world, "7d", &[command, "tokens"]).await;
            outcome.assert_code(1);
            assert_eq!(outcome.output.matches("no month is held in").count(), 2, "{command}: {outcome:?}");
        }
        assert_eq!(tokens(&world).await.len(), 3, "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn where_no_month_can_be_held_no_row_is_deleted() {
    on_every_engine(|world| async move {
        if world.db.can_partition() {
            world.execute("ALTER TABLE RefreshTokens REMOVE PARTITIONING").await;
        }
        run(&world, "7d", &["once", "tokens"]).await.assert_code(0);
        world.add_token("CREATED", SUBJECT, Duration::from_hours(24 * 300)).await;
        world.add_token("CREATED", SUBJECT, Duration::ZERO).await;
        for command in ["plan", "once"] {
            let outcome = run(&world, "7d", &[command, "tokens"]).await;
            outcome.assert_code(1);
            assert!(outcome.output.contains("so no month can be held (janitor.hold_dropped)"), "{outcome:?}");
        }
        assert_eq!(tokens(&world).await.len(), 2, "on {}", world.engine());
        run(&world, "0s", &["once", "tokens"]).await.assert_code(0);
        assert_eq!(tokens(&world).await.len(), 1, "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn whoever_gives_a_month_back_is_told_that_the_next_run_drops_it_for_good() {
    on_every_server(|world| async move {
        begin(&world).await;
        run(&world, "7d", &["once", "tokens"]).await.assert_code(0);
        let (ninth, eighth) = (months_ago(&world, 9).await.to_string(), months_ago(&world, 8).await.to_string());
        let again = run(&world, "7d", &["restore", &ninth]).await;
        assert!(again.output.contains("the next run holds it again"), "{again:?}");
        let off = run(&world, "0s", &["restore", &eighth]).await;
        off.assert_code(0);
        assert!(off.output.contains("the next run DROPS it for good"), "{off:?}");
    })
    .await;
}
