//! `partition`: an old table gets DiracX's partitions, once somebody has seen what it costs and said yes.

use std::time::Duration;

use authdb_shared::db::JANITOR_LEASE;
use authdb_shared::partition::Month;
use authdb_tests::world::{
    TokenRow, key_at, on_every_engine, on_every_partitioned_table, on_every_server, version_4_key,
};
use authdb_tests::{Pool, World};

use crate::program::{Janitor, Outcome};

const SUBJECT: &str = "lhcb:amara";

async fn partition(world: &World, arguments: &[&str]) -> Outcome {
    Janitor::on(world.database.url()).run(&[&["partition"], arguments].concat()).await
}

/// The partitions as the server writes them; one without a name where there are none.
async fn layout(world: &World) -> Vec<Vec<Option<String>>> {
    world
        .rows(
            "SELECT PARTITION_NAME, PARTITION_DESCRIPTION FROM information_schema.PARTITIONS \
             WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'RefreshTokens' ORDER BY PARTITION_ORDINAL_POSITION",
        )
        .await
}

async fn tokens(world: &World) -> Vec<Vec<Option<String>>> {
    world.rows("SELECT JTI, Status, Scope, Sub FROM RefreshTokens ORDER BY JTI").await
}

async fn months_ago(world: &World, count: u32) -> Month {
    let now = world.now().await.calendar();
    Month::of(now.checked_sub_months(chrono::Months::new(count)).expect("a date of this era").into())
}

/// A table from before partitioning came, with tokens of the last months, long past ones and undated ones.
async fn old_table(world: &World, months: &[u32]) {
    world.execute("ALTER TABLE RefreshTokens REMOVE PARTITIONING").await;
    let mut rows: Vec<TokenRow> = (0..20).map(|_| TokenRow::created(version_4_key(), SUBJECT)).collect();
    for ago in months {
        // Somebody has just logged in.
        let day = match ago {
            0 => world.start,
            _ => months_ago(world, *ago).await.start().after(Duration::from_hours(12)),
        };
        rows.extend((0..3).map(|_| TokenRow::created(key_at(day), SUBJECT)));
    }
    world.add_tokens(&rows).await;
}

#[tokio::test]
async fn the_cost_is_told_and_without_yes_nothing_is_changed() {
    on_every_partitioned_table(|world| async move {
        old_table(&world, &[0, 2, 30]).await;
        let before = (layout(&world).await, tokens(&world).await);
        let outcome = partition(&world, &[]).await;
        outcome.assert_code(1);
        let (second, last) = (months_ago(&world, 2).await, months_ago(&world, 0).await.plus(12));
        let months = format!("15, from {} to {}, then p_future", second.partition_name(), last.partition_name());
        let oldest = months_ago(&world, 30).await.start().after(Duration::from_hours(12)).to_string();
        for part in [
            "rows       29\n",
            &format!("oldest dated {oldest}"),
            &months,
            "about 1s, reckoned at 60000 rows a second",
            "ALTER TABLE RefreshTokens LOCK=EXCLUSIVE PARTITION BY RANGE COLUMNS (JTI)",
            "nothing was changed; in a quiet hour, `authdb-janitor partition --yes` does it",
        ] {
            assert!(outcome.output.contains(part), "{part:?} is not said on {}: {outcome:?}", world.engine());
        }
        assert_eq!((layout(&world).await, tokens(&world).await), before, "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn keys_that_would_fill_the_last_partition_are_named_with_what_follows() {
    on_every_partitioned_table(|world| async move {
        old_table(&world, &[0]).await;
        let last = months_ago(&world, 0).await.plus(12).upper_bound().hex();
        let beyond = world.number(&format!("SELECT COUNT(*) FROM RefreshTokens WHERE JTI >= '{last}'")).await;
        // Where a native type sorts such keys elsewhere, there are none.
        let limit = (beyond - 1).max(1);
        let janitor = Janitor::on(world.database.url()).with("AUTHDB_JANITOR_P_FUTURE_COPY_LIMIT", &limit.to_string());
        let outcome = janitor.run(&["partition"]).await;
        outcome.assert_code(1);
        let warning = format!("p_future   more than {limit} rows, whose keys are no UUIDv7");
        assert_eq!(outcome.output.contains(&warning), beyond > 1, "{beyond} on {}: {outcome:?}", world.engine());
        let follows = "no run adds one while they are more than\n             janitor.p_future_copy_limit";
        assert_eq!(outcome.output.contains(follows), beyond > 1, "{outcome:?}");
    })
    .await;
}

#[tokio::test]
async fn every_token_is_still_there_and_the_layout_is_diracxs_own() {
    on_every_partitioned_table(|world| async move {
        old_table(&world, &[0, 1, 3, 30]).await;
        let before = tokens(&world).await;
        partition(&world, &["--yes"]).await.assert_code(0);
        let told = world.column("SELECT CONCAT(Job, ' ', Outcome, ' ', Counts) FROM JanitorRuns").await;
        assert!(told.len() == 1 && told[0].starts_with("partition done") && told[0].contains("p_future"), "{told:?}");
        assert_eq!(tokens(&world).await, before, "on {}", world.engine());
        let made = layout(&world).await;

        // Long past ones lie in the first partition, with whatever is undated and sorts there.
        let first = &world.db.partition_layout().await.expect("it can be read").partitions[0];
        let rows = world.db.count_partition_rows(first, 100).await.expect("they can be counted");
        let below = months_ago(&world, 3).await.upper_bound().hex();
        let expected = world.number(&format!("SELECT COUNT(*) FROM RefreshTokens WHERE JTI < '{below}'")).await;
        assert_eq!(i64::try_from(rows).expect("few"), expected);
        assert!(rows >= 6, "{rows}");

        let again = partition(&world, &["--yes"]).await;
        again.assert_code(1);
        again.assert_errors(&["nothing was changed", "is partitioned already: it has 17 partitions"]);

        // The same months as DiracX writes them.
        let first_month = months_ago(&world, 3).await;
        world.partition(first_month, 16).await;
        assert_eq!(layout(&world).await, made, "on {}", world.engine());
        Janitor::on(world.database.url()).run(&["once", "tokens"]).await.assert_code(0);
        assert_eq!(layout(&world).await, made, "the janitor finds nothing to do");
    })
    .await;
}

#[tokio::test]
async fn a_table_without_old_tokens_is_partitioned_as_a_new_one() {
    on_every_partitioned_table(|world| async move {
        old_table(&world, &[0]).await;
        let janitor = Janitor::on(world.database.url()).with("AUTHDB_JANITOR_MONTHS_AHEAD", "23");
        janitor.run(&["partition", "--yes"]).await.assert_code(0);
        let made = layout(&world).await;
        world.partition(months_ago(&world, 0).await, 24).await;
        assert_eq!(layout(&world).await, made, "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn where_there_are_no_partitions_to_be_had_that_is_said() {
    on_every_engine(|world| async move {
        if !world.db.can_partition() {
            let outcome = partition(&world, &["--yes"]).await;
            outcome.assert_code(1);
            outcome.assert_errors(&["nothing was changed: SQLite has no partitions"]);
        }
    })
    .await;
}

#[tokio::test]
async fn while_the_clocks_disagree_nothing_is_partitioned() {
    on_every_server(|world| async move {
        old_table(&world, &[0]).await;
        let tomorrow = world.start.after(Duration::from_hours(24));
        world.add_tokens(&[TokenRow::created(key_at(tomorrow), SUBJECT)]).await;
        let before = layout(&world).await;
        let outcome = partition(&world, &["--yes"]).await;
        outcome.assert_code(1);
        outcome.assert_errors(&["nothing was changed: the clocks disagree"]);
        assert_eq!(layout(&world).await, before, "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn a_table_that_somebody_holds_is_not_waited_for() {
    on_every_server(|world| async move {
        old_table(&world, &[0]).await;
        let before = layout(&world).await;
        let Pool::MySql(pool) = world.database.pool() else { panic!("SQLite has no partitions") };
        let mut reader = pool.begin().await.expect("a transaction begins");
        sqlx::query("SELECT COUNT(*) FROM RefreshTokens").execute(&mut *reader).await.expect("the table is read");
        let outcome = partition(&world, &["--yes"]).await;
        outcome.assert_code(1);
        outcome.assert_errors(&["nothing was changed: partitioning RefreshTokens: somebody else holds what it needs"]);
        assert_eq!(layout(&world).await, before, "on {}", world.engine());
        reader.commit().await.expect("the reader ends");
        partition(&world, &["--yes"]).await.assert_code(0);
    })
    .await;
}

#[tokio::test]
async fn while_another_janitor_is_in_charge_nothing_is_partitioned() {
    on_every_server(|world| async move {
        old_table(&world, &[0]).await;
        world.db.create_ledger(&world.permit).await.expect("it is made");
        let before = layout(&world).await;
        let lease = Duration::from_secs(2);
        let other = world.db.take_lease(&world.permit, JANITOR_LEASE, "other.example (process 7)", lease).await;
        let other = other.expect("it can be asked").expect("nobody holds it");
        let janitor = Janitor::on(world.database.url()).with("AUTHDB_JANITOR_LEASE_DURATION", "2s");
        let renew = async {
            loop {
                world.db.renew_lease(&world.permit, &other, lease).await.expect("it can be asked");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        let outcome = tokio::select! {
            outcome = janitor.run(&["partition", "--yes"]) => outcome,
            () = renew => unreachable!("it renews for ever"),
        };
        outcome.assert_code(1);
        outcome.assert_errors(&["nothing was changed", "other.example (process 7) is in charge"]);
        assert_eq!(layout(&world).await, before, "on {}", world.engine());
    })
    .await;
}
