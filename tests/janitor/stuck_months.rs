//! Months that may not be dropped: they stay, and keep no other month from going.

use std::time::Duration;

use authdb_shared::partition::Month;
use authdb_tests::World;
use authdb_tests::world::{TokenRow, key_at, on_every_partitioned_table};

use crate::program::{Janitor, Outcome, await_that};

const SUBJECT: &str = "lhcb:amara";

async fn months_ago(world: &World, count: u32) -> Month {
    let now = world.now().await.calendar();
    Month::of(now.checked_sub_months(chrono::Months::new(count)).expect("a date of this era").into())
}

/// Months from nine ago on, three of which are due, and a token in each of the two oldest and in the present one.
async fn begin(world: &World) {
    world.partition(months_ago(world, 9).await, 22).await;
    for ago in [9, 8] {
        let day = months_ago(world, ago).await.start().after(Duration::from_hours(24));
        world.add_tokens(&[TokenRow::created(key_at(day), SUBJECT)]).await;
    }
    world.add_token("CREATED", SUBJECT, Duration::ZERO).await;
}

/// A key of version 4 that sorts into the oldest month. MariaDB's native keys of that version are sorted by their end.
async fn undated_key(world: &World) -> String {
    let mut key = key_at(months_ago(world, 9).await.start().after(Duration::from_hours(24)));
    key.replace_range(12..13, "4");
    key.replace_range(20.., "00000000000a");
    key
}

/// Works on one month at a time.
async fn run(world: &World, hold: &str, arguments: &[&str]) -> Outcome {
    let janitor = Janitor::on(world.database.url()).with("AUTHDB_JANITOR_MAX_DROPS_PER_RUN", "1");
    janitor.with("AUTHDB_JANITOR_HOLD_DROPPED", hold).run(arguments).await
}

/// How many months ago those are that have a partition and that are due.
async fn due(world: &World) -> Vec<u32> {
    let layout = world.db.partition_layout().await.expect("the layout can be read");
    let mut due = Vec::new();
    for ago in (7..=9).rev() {
        let name = months_ago(world, ago).await.partition_name();
        if layout.partitions.iter().any(|partition| partition.name == name) {
            due.push(ago);
        }
    }
    due
}

async fn held_tables(world: &World) -> Vec<String> {
    world
        .column(
            "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() \
             AND TABLE_NAME LIKE 'JanitorHeld%' ORDER BY TABLE_NAME",
        )
        .await
}

#[tokio::test]
async fn an_active_token_in_the_oldest_month_keeps_no_younger_one() {
    on_every_partitioned_table(|world| async move {
        begin(&world).await;
        world.add_tokens(&[TokenRow::created(undated_key(&world).await, SUBJECT)]).await;
        let [eighth, seventh] = [8, 7].map(|ago| months_ago(&world, ago));
        let (eighth, seventh) = (eighth.await.partition_name(), seventh.await.partition_name());

        let plan = run(&world, "0s", &["plan", "tokens"]).await;
        plan.assert_code(1);
        assert!(plan.output.contains("holds 1 active token"), "{plan:?}");
        assert!(plan.output.contains(&format!("drop a month {eighth}: 1 rows")), "{plan:?}");
        assert!(!plan.output.contains(&format!("drop a month {seventh}")), "it is not its turn: {plan:?}");

        let outcome = run(&world, "0s", &["once", "tokens"]).await;
        outcome.assert_code(1);
        assert!(outcome.output.contains("holds 1 active token"), "{outcome:?}");
        assert!(outcome.output.contains("1 more past the retention has its turn in the next run"), "{outcome:?}");
        assert_eq!(due(&world).await, [9, 7], "on {}", world.engine());
        run(&world, "0s", &["once", "tokens"]).await.assert_code(1);
        assert_eq!(due(&world).await, [9], "on {}", world.engine());
        assert_eq!(world.number("SELECT COUNT(*) FROM RefreshTokens").await, 3, "two of the oldest month, one of this");
    })
    .await;
}

#[tokio::test]
async fn a_month_that_a_plan_has_refused_is_not_dropped_by_it_whatever_has_become_of_it() {
    on_every_partitioned_table(|world| async move {
        begin(&world).await;
        world.add_tokens(&[TokenRow::created(undated_key(&world).await, SUBJECT)]).await;
        let janitor = Janitor::on(world.database.url());
        let plan = janitor.run(&["plan", "tokens", "--json", "--file", "plan.json"]).await;
        plan.assert_code(1);
        let before = due(&world).await;
        world.execute(&format!("UPDATE RefreshTokens SET Status = 'REVOKED' WHERE Sub = '{SUBJECT}'")).await;
        let outcome = janitor.run(&["apply", "--plan", "plan.json"]).await;
        outcome.assert_code(1);
        assert!(outcome.errors.contains("what is due or refused has changed"), "{outcome:?}");
        assert_eq!(due(&world).await, before, "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn a_held_month_that_may_not_go_keeps_its_partition_and_no_other_month() {
    on_every_partitioned_table(|world| async move {
        begin(&world).await;
        for _ in 0..2 {
            run(&world, "7d", &["once", "tokens"]).await.assert_code(0);
        }
        let since = world.now().await;
        await_that("their time comes", || async { world.now().await > since.after(Duration::from_secs(2)) }).await;
        let held = held_tables(&world).await;
        let bound = months_ago(&world, 9).await.upper_bound().hex();
        let ninth = held.iter().find(|table| table.ends_with(&bound)).expect("the oldest month is held").clone();
        let key = undated_key(&world).await;
        world
            .execute(&format!(
                "INSERT INTO {ninth} (JTI, Status, Scope, Sub) VALUES ('{key}', 'CREATED', 'vo:lhcb', '{SUBJECT}')"
            ))
            .await;
        for arguments in [["plan", "tokens"], ["once", "tokens"]] {
            let outcome = run(&world, "1s", &arguments).await;
            outcome.assert_code(1);
            assert!(
                outcome.output.contains(&format!("{ninth} is not dropped: it holds 1 active token")),
                "{outcome:?}"
            );
        }
        assert_eq!((held.len(), held_tables(&world).await), (2, vec![ninth]), "on {}", world.engine());
        assert_eq!(due(&world).await, [9, 7], "the partition of the other went with it, on {}", world.engine());
    })
    .await;
}
