//! Partitions: the layout as it is read, months that are added and dropped, and what is refused.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use authdb_shared::Timestamp;
use authdb_shared::db::{DbError, Proving, RollOutcome, RollStep, RollTerms};
use authdb_shared::ids::Jti;
use authdb_shared::partition::{Layout, Month, Partition, PartitionBound, RollPlan, RollSettings, plan_roll};
use authdb_shared::policy::Policy;
use authdb_tests::World;
use authdb_tests::world::{TokenRow, key_at, on_every_engine, on_every_partitioned_table, on_every_server};

const SETTINGS: RollSettings = RollSettings { months_ahead: 12, max_drops_per_run: 2 };
const COPY_LIMIT: u32 = 100;
const SUBJECT: &str = "lhcb:amara";

async fn layout(world: &World) -> Layout {
    world.db.partition_layout().await.expect("the layout can be read")
}

async fn plan(world: &World) -> RollPlan {
    plan_roll(&layout(world).await, world.now().await, &world.policy, SETTINGS)
}

/// What a step is bound to, as of now.
pub(crate) async fn terms(world: &World, copy_limit: u32) -> RollTerms<'_> {
    RollTerms { now: world.now().await, policy: &world.policy, copy_limit, proving: None }
}

/// Changes the layout, trying again as the janitor does: MariaDB's own background threads hold a table now and then.
pub(crate) async fn roll(world: &World, step: &RollStep) -> RollOutcome {
    roll_under(world, step, world.now().await, &world.policy).await
}

/// The same as of a time, under a policy.
pub(crate) async fn roll_under(world: &World, step: &RollStep, now: Timestamp, policy: &Policy) -> RollOutcome {
    loop {
        match world
            .db
            .roll(&world.permit, step, &RollTerms { now, policy, copy_limit: COPY_LIMIT, proving: None })
            .await
        {
            Err(error) if error.is_contention() => tokio::task::yield_now().await,
            result => return result.expect("the server can do it"),
        }
    }
}

async fn refused(world: &World, step: &RollStep) -> String {
    let before = names_and_bounds(world).await;
    let rows = tokens(world).await;
    match roll(world, step).await {
        RollOutcome::Refused(reason) => {
            assert_eq!(names_and_bounds(world).await, before, "the layout was changed");
            assert_eq!(tokens(world).await, rows, "rows are gone");
            reason
        }
        RollOutcome::Done => panic!("{step:?} was done on {}", world.engine()),
    }
}

/// The partitions as the server writes them.
async fn names_and_bounds(world: &World) -> Vec<(String, String)> {
    let rows = world
        .rows(
            "SELECT PARTITION_NAME, PARTITION_DESCRIPTION FROM information_schema.PARTITIONS \
             WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'RefreshTokens' ORDER BY PARTITION_ORDINAL_POSITION",
        )
        .await;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    rows.iter().map(|row| (text(&row[0]), text(&row[1]))).collect()
}

async fn tokens(world: &World) -> i64 {
    world.number("SELECT COUNT(*) FROM RefreshTokens").await
}

async fn this_month(world: &World) -> Month {
    Month::of(world.now().await)
}

/// The month `count` months before the present one.
async fn months_ago(world: &World, count: u32) -> Month {
    let now = world.now().await.calendar();
    let earlier = now.checked_sub_months(chrono::Months::new(count)).expect("a date of this era");
    Month::of(earlier.into())
}

async fn add_tokens_in(world: &World, month: Month, count: usize) {
    let key = || key_at(month.start().after(Duration::from_hours(24)));
    let rows: Vec<TokenRow> = (0..count).map(|_| TokenRow::created(key(), SUBJECT)).collect();
    world.add_tokens(&rows).await;
}

/// A layout that ends in two months, so that months are due.
async fn ends_too_early(world: &World) {
    world.partition(this_month(world).await, 3).await;
}

/// A layout that begins nine months ago, so that months may go.
async fn begins_early(world: &World) {
    world.partition(months_ago(world, 9).await, 13).await;
}

async fn first_to_drop(world: &World) -> Partition {
    plan(world).await.drop.into_iter().next().expect("old months may go")
}

#[tokio::test]
async fn a_new_table_is_read_as_two_years_and_the_future() {
    on_every_partitioned_table(|world| async move {
        let now = this_month(&world).await;
        world.partition(now, 24).await;
        let layout = layout(&world).await;
        assert_eq!(layout.partitions.len(), 25);
        for (partition, month) in layout.partitions.iter().zip(now.through(now.plus(23))) {
            assert_eq!(partition.name, month.partition_name());
            assert_eq!(partition.bound, PartitionBound::Below(month.upper_bound()));
        }
        assert_eq!(layout.future().map(|future| future.name.as_str()), Some("p_future"));
        assert_eq!(layout.runway_months(world.now().await), 23);
        assert_eq!(plan(&world).await, RollPlan::default(), "nothing is due");
    })
    .await;
}

#[tokio::test]
async fn sqlite_and_unpartitioned_tables_have_an_empty_layout() {
    on_every_engine(|world| async move {
        if world.db.can_partition() {
            world.execute("ALTER TABLE RefreshTokens REMOVE PARTITIONING").await;
        }
        assert_eq!(layout(&world).await, Layout::default(), "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn rows_of_a_partition_are_counted_up_to_a_limit() {
    on_every_partitioned_table(|world| async move {
        let month = this_month(&world).await.plus(1);
        add_tokens_in(&world, month, 5).await;
        let partitions = layout(&world).await.partitions;
        let partition = partitions.into_iter().find(|partition| partition.name == month.partition_name());
        let partition = partition.expect("the months ahead have partitions");
        for (limit, expected) in [(100, 5), (3, 3)] {
            let counted = world.db.count_partition_rows(&partition, limit).await.expect("they can be counted");
            assert_eq!(counted, expected);
        }
    })
    .await;
}

#[tokio::test]
async fn months_are_added_until_a_year_lies_ahead() {
    on_every_partitioned_table(|world| async move {
        world.partition(this_month(&world).await, 13).await;
        let expected = names_and_bounds(&world).await;
        ends_too_early(&world).await;
        let now = this_month(&world).await;
        // Two tokens that lie in the future partition now, and in a month of their own afterwards.
        add_tokens_in(&world, now.plus(5), 2).await;
        let add = plan(&world).await.add;
        assert_eq!(add.len(), 10);
        assert_eq!(roll(&world, &RollStep::Add(add)).await, RollOutcome::Done);

        assert_eq!(names_and_bounds(&world).await, expected, "names and bounds are written as the table's others are");
        let partition = layout(&world).await.partitions.remove(5);
        let moved = world.db.count_partition_rows(&partition, 10).await.expect("they can be counted");
        assert_eq!((moved, tokens(&world).await), (2, 2));
        assert_eq!(plan(&world).await, RollPlan::default(), "a second run finds nothing to do");
    })
    .await;
}

#[tokio::test]
async fn an_old_month_is_dropped_with_its_rows_and_no_others() {
    on_every_partitioned_table(|world| async move {
        begins_early(&world).await;
        let live = world.add_token("CREATED", SUBJECT, Duration::from_mins(1)).await;
        for ago in [10, 9, 8, 6] {
            add_tokens_in(&world, months_ago(&world, ago).await, 2).await;
        }
        let plan_before = plan(&world).await;
        let (ninth, eighth) = (months_ago(&world, 9).await, months_ago(&world, 8).await);
        let planned: Vec<&str> = plan_before.drop.iter().map(|partition| partition.name.as_str()).collect();
        assert_eq!(planned, [ninth.partition_name(), eighth.partition_name()]);
        assert_eq!(roll(&world, &RollStep::Drop(plan_before.drop[0].clone())).await, RollOutcome::Done);

        assert_eq!(tokens(&world).await, 1 + 2 + 2, "older rows and those of the month go, on {}", world.engine());
        assert_eq!(world.token_status(&live).await.as_deref(), Some("CREATED"));
        let first = layout(&world).await.partitions.remove(0);
        assert_eq!(first.name, eighth.partition_name());
        let again = refused(&world, &RollStep::Drop(plan_before.drop[0].clone())).await;
        assert!(again.contains("plan again"), "{again}");
    })
    .await;
}

#[tokio::test]
async fn a_partition_goes_whatever_it_is_called() {
    on_every_partitioned_table(|world| async move {
        begins_early(&world).await;
        let oldest = first_to_drop(&world).await;
        let (_, bound) = names_and_bounds(&world).await.remove(0);
        world
            .execute(&format!(
                "ALTER TABLE RefreshTokens REORGANIZE PARTITION {} INTO \
                 (PARTITION `p ``odd``; --` VALUES LESS THAN ({bound}))",
                oldest.name
            ))
            .await;
        let odd = first_to_drop(&world).await;
        assert_eq!((odd.name.as_str(), &odd.bound), ("p `odd`; --", &oldest.bound));
        assert_eq!(roll(&world, &RollStep::Drop(odd)).await, RollOutcome::Done);
    })
    .await;
}

#[tokio::test]
async fn a_full_future_is_not_split() {
    on_every_partitioned_table(|world| async move {
        ends_too_early(&world).await;
        add_tokens_in(&world, this_month(&world).await.plus(20), COPY_LIMIT as usize + 1).await;
        let step = RollStep::Add(plan(&world).await.add);
        let reason = refused(&world, &step).await;
        assert!(reason.contains("p_future_copy_limit") && reason.contains("REORGANIZE PARTITION"), "{reason}");
        // One row less, and it is.
        world.execute("DELETE FROM RefreshTokens LIMIT 1").await;
        assert_eq!(roll(&world, &step).await, RollOutcome::Done);
    })
    .await;
}

#[tokio::test]
async fn the_statement_of_the_refusal_can_be_run_as_it_is() {
    on_every_partitioned_table(|world| async move {
        ends_too_early(&world).await;
        add_tokens_in(&world, this_month(&world).await.plus(20), COPY_LIMIT as usize + 1).await;
        let reason = refused(&world, &RollStep::Add(plan(&world).await.add)).await;
        let (_, statement) = reason.rsplit_once("or run: ").expect("it names a statement");
        world.execute(statement).await;
        assert_eq!(plan(&world).await, RollPlan::default(), "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn a_future_partition_that_is_missing_is_added_with_the_months() {
    on_every_partitioned_table(|world| async move {
        world.partition(this_month(&world).await, 13).await;
        let expected = names_and_bounds(&world).await;
        ends_too_early(&world).await;
        world.execute("ALTER TABLE RefreshTokens DROP PARTITION p_future").await;
        let plan_now = plan(&world).await;
        assert!(plan_now.adds_future && plan_now.add.len() == 10, "{plan_now:?}");
        assert_eq!(roll(&world, &RollStep::Add(plan_now.add)).await, RollOutcome::Done);
        assert_eq!(names_and_bounds(&world).await, expected, "on {}", world.engine());

        // The months are there, and it alone is missing.
        world.execute("ALTER TABLE RefreshTokens DROP PARTITION p_future").await;
        assert!(plan(&world).await.adds_future);
        assert_eq!(roll(&world, &RollStep::Add(Vec::new())).await, RollOutcome::Done);
        assert_eq!(names_and_bounds(&world).await, expected, "on {}", world.engine());
        assert!(refused(&world, &RollStep::Add(Vec::new())).await.contains("there already"));
    })
    .await;
}

#[tokio::test]
async fn what_is_in_a_partition_is_read_to_its_last_key() {
    on_every_partitioned_table(|world| async move {
        begins_early(&world).await;
        let oldest = first_to_drop(&world).await;
        let (month, policy) = (months_ago(&world, 9).await, &world.policy);
        let prove =
            || async { world.db.prove_partition(&oldest, world.now().await, policy).await.expect("it is read") };
        let empty = prove().await;
        assert_eq!((empty.rows, empty.newest.clone(), empty.objection()), (0, None, None));

        let last = month.plus(1).start().before(Duration::from_millis(1));
        let times = [month.start(), month.start().after(Duration::from_hours(100)), last];
        let rows: Vec<TokenRow> = times.iter().map(|time| TokenRow::created(key_at(*time), SUBJECT)).collect();
        world.add_tokens(&rows).await;
        let proof = prove().await;
        let issued = |jti: &Option<Jti>| jti.as_ref().and_then(Jti::issued_at);
        assert_eq!((proof.rows, proof.undated), (3, 0), "on {}", world.engine());
        assert_eq!((issued(&proof.oldest), issued(&proof.newest)), (Some(times[0]), Some(times[2])));
        assert_eq!(proof.objection(), None);
    })
    .await;
}

#[tokio::test]
async fn a_partition_with_more_keys_than_one_window_is_read_to_its_end() {
    on_every_server(|world| async move {
        begins_early(&world).await;
        let oldest = first_to_drop(&world).await;
        let month = months_ago(&world, 9).await;
        let step = Duration::from_mins(1);
        let rows: Vec<TokenRow> =
            (0..20_100).map(|row| TokenRow::created(key_at(month.start().after(step * row)), SUBJECT)).collect();
        world.add_tokens(&rows).await;
        let proof = world.db.prove_partition(&oldest, world.now().await, &world.policy).await.expect("it is read");
        let newest = proof.newest.as_ref().and_then(Jti::issued_at);
        assert_eq!((proof.rows, newest), (20_100, Some(month.start().after(step * 20_099))), "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn whoever_waits_for_a_drop_hears_of_each_window_and_can_say_stop() {
    on_every_server(|world| async move {
        begins_early(&world).await;
        let drop = RollStep::Drop(first_to_drop(&world).await);
        let (month, step) = (months_ago(&world, 9).await, Duration::from_secs(30));
        let rows: Vec<TokenRow> =
            (0..40_100).map(|row| TokenRow::created(key_at(month.start().after(step * row)), SUBJECT)).collect();
        world.add_tokens(&rows).await;
        let before = names_and_bounds(&world).await;

        let windows = AtomicU32::new(0);
        let stops = || windows.fetch_add(1, Ordering::Relaxed) > 0;
        let proving = Proving::while_told(&stops);
        let terms = RollTerms { proving: Some(&proving), ..terms(&world, COPY_LIMIT).await };
        let error = world.db.roll(&world.permit, &drop, &terms).await.expect_err("it was told to stop");
        assert!(matches!(error, DbError::Stopped { .. }), "{error:?}");
        assert_eq!(windows.load(Ordering::Relaxed), 1, "it ends with the window in hand on {}", world.engine());
        assert_eq!(names_and_bounds(&world).await, before, "nothing is dropped on half a proof");

        while let Err(error) = world.db.roll(&world.permit, &drop, &terms).await {
            assert!(error.is_contention(), "{error:?}");
        }
        assert!(windows.load(Ordering::Relaxed) >= 3, "two more windows have another behind them");
        assert_eq!(names_and_bounds(&world).await, before[1..], "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn an_active_token_without_a_date_keeps_its_partition() {
    on_every_partitioned_table(|world| async move {
        begins_early(&world).await;
        let oldest = first_to_drop(&world).await;
        // Version 4, with the first half of a key of that month. MariaDB's native keys of that version are sorted by their
        // end, and so it has the end of the lowest.
        let mut key = key_at(months_ago(&world, 9).await.start().after(Duration::from_hours(24)));
        key.replace_range(12..13, "4");
        key.replace_range(20.., "00000000000a");
        world.add_tokens(&[TokenRow::created(key.clone(), SUBJECT)]).await;
        let place = format!("SELECT COUNT(*) FROM RefreshTokens PARTITION ({})", oldest.name);
        assert_eq!(world.number(&place).await, 1, "the key lies in it on {}", world.engine());

        let reason = refused(&world, &RollStep::Drop(oldest.clone())).await;
        assert!(reason.contains("1 active token ") && reason.contains(&key[24..]), "{reason}");
        world.execute("UPDATE RefreshTokens SET Status = 'REVOKED'").await;
        assert_eq!(roll(&world, &RollStep::Drop(oldest)).await, RollOutcome::Done, "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn a_partition_that_is_too_young_is_not_dropped_whatever_was_planned() {
    on_every_partitioned_table(|world| async move {
        begins_early(&world).await;
        let layout = layout(&world).await;
        let sixth = &layout.partitions[3];
        let reason = refused(&world, &RollStep::Drop(sixth.clone())).await;
        assert!(reason.contains("policy.refresh_token_retention_months"), "{reason}");
        let future = layout.future().expect("there is one").clone();
        assert!(refused(&world, &RollStep::Drop(future)).await.contains("any age"));
    })
    .await;
}

#[tokio::test]
async fn a_plan_that_others_have_overtaken_is_refused() {
    on_every_partitioned_table(|world| async move {
        ends_too_early(&world).await;
        let add = RollStep::Add(plan(&world).await.add);
        assert_eq!(roll(&world, &add).await, RollOutcome::Done);
        let reason = refused(&world, &add).await;
        assert!(reason.contains("somebody else has added months"), "{reason}");

        begins_early(&world).await;
        let planned = first_to_drop(&world).await;
        // The same name, but months of live rows in it now.
        let partitions = names_and_bounds(&world).await;
        let (names, bounds): (Vec<_>, Vec<_>) = partitions[..12].iter().cloned().unzip();
        world
            .execute(&format!(
                "ALTER TABLE RefreshTokens REORGANIZE PARTITION {} INTO (PARTITION {} VALUES LESS THAN ({}))",
                names.join(", "),
                names[0],
                bounds[11]
            ))
            .await;
        world.add_token("CREATED", SUBJECT, Duration::ZERO).await;
        let reason = refused(&world, &RollStep::Drop(planned)).await;
        assert!(reason.contains("no longer the partition it was"), "{reason}");
    })
    .await;
}

#[tokio::test]
async fn a_table_partitioned_by_something_else_is_left_alone() {
    on_every_partitioned_table(|world| async move {
        let bound = if world.has_native_keys().await { "'00000000-0000-0000-0000-000000000000'" } else { "'0'" };
        for foreign in [
            "BY KEY (JTI) PARTITIONS 3".to_owned(),
            format!("BY LIST COLUMNS (JTI) (PARTITION p VALUES IN ({bound}))"),
            "BY RANGE COLUMNS (JTI) SUBPARTITION BY KEY (JTI) SUBPARTITIONS 2 \
             (PARTITION p_future VALUES LESS THAN (MAXVALUE))"
                .to_owned(),
        ] {
            world.execute(&format!("ALTER TABLE RefreshTokens PARTITION {foreign}")).await;
            let error = world.db.partition_layout().await.expect_err("it is none of ours");
            assert!(matches!(error, DbError::Failed { .. }) && !error.is_connection_loss(), "{error:?}");
            assert!(error.to_string().contains("RANGE COLUMNS(JTI) as DiracX does it"), "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_bound_that_is_no_key_stops_the_drops_behind_it() {
    on_every_partitioned_table(|world| async move {
        if world.has_native_keys().await {
            return; // Such a column has no bounds that are no keys.
        }
        let old = months_ago(&world, 9).await.upper_bound().hex();
        world
            .execute(&format!(
                "ALTER TABLE RefreshTokens PARTITION BY RANGE COLUMNS (JTI) (PARTITION p_2020_1 VALUES LESS THAN \
                 ('00 what?'), PARTITION p_2020_2 VALUES LESS THAN ('{old}'), \
                 PARTITION p_future VALUES LESS THAN (MAXVALUE))"
            ))
            .await;
        let plan = plan(&world).await;
        assert_eq!((plan.drop, plan.refusals.len()), (vec![], 1), "on {}", world.engine());
    })
    .await;
}
