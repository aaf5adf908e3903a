//! What is planned for each kind of layout.

use super::odd_layouts::carried_out;
use super::{Layout, Month, Partition, PartitionBound, RollPlan, RollSettings, initial_months, plan_roll};
use crate::clock::Timestamp;
use crate::policy::Policy;

const SETTINGS: RollSettings = RollSettings { months_ahead: 12, max_drops_per_run: 2 };

fn at(text: &str) -> Timestamp {
    Timestamp::from(chrono::DateTime::parse_from_rfc3339(text).expect("a time written in this test").to_utc())
}

fn partition(name: &str, bound: PartitionBound) -> Partition {
    Partition { name: name.to_owned(), bound, rows: 0, bytes: 0 }
}

fn months(from: &str, count: u32) -> Layout {
    let first = Month::of(at(from));
    let mut partitions: Vec<Partition> = (0..count)
        .map(|count| first.plus(count))
        .map(|month| partition(&month.partition_name(), PartitionBound::Below(month.upper_bound())))
        .collect();
    partitions.push(partition("p_future", PartitionBound::Unbounded));
    Layout { partitions }
}

fn plan(layout: &Layout, now: &str) -> RollPlan {
    plan_roll(layout, at(now), &Policy::default(), SETTINGS)
}

fn names(plan: &RollPlan) -> (Vec<&str>, Vec<&str>) {
    (plan.add.iter().map(|new| new.name.as_str()).collect(), plan.drop.iter().map(|old| old.name.as_str()).collect())
}

#[test]
fn a_fresh_table_needs_nothing() {
    assert_eq!(plan(&months("2026-11-01T00:00:00Z", 24), "2026-11-23T00:00:00Z"), RollPlan::default());
}

#[test]
fn the_twelfth_month_ahead_is_added() {
    let layout = months("2026-06-01T00:00:00Z", 17);
    let plan = plan(&layout, "2026-11-23T00:00:00Z");
    assert_eq!(names(&plan), (vec!["p_2027_11"], vec![]));
    assert_eq!(plan.add[0].bound.time(), at("2027-12-01T00:00:00Z"));
}

#[test]
fn a_month_goes_when_its_last_token_is_past_the_retention() {
    let layout = months("2026-04-01T00:00:00Z", 30);
    assert_eq!(names(&plan(&layout, "2026-10-31T23:59:59Z")).1, Vec::<&str>::new());
    assert_eq!(names(&plan(&layout, "2026-11-01T00:00:00Z")).1, ["p_2026_4"]);
}

#[test]
fn drops_are_limited_per_run() {
    let plan = plan(&months("2025-11-01T00:00:00Z", 36), "2026-11-23T00:00:00Z");
    assert_eq!(names(&plan).1, ["p_2025_11", "p_2025_12"]);
    assert_eq!(plan.postponed_drops, 4);
}

#[test]
fn a_layout_that_ended_long_ago_is_continued_by_the_first_month_that_is_kept() {
    let layout = months("2025-06-01T00:00:00Z", 5);
    let plan = plan(&layout, "2026-11-23T00:00:00Z");
    let (added, dropped) = names(&plan);
    assert_eq!((added[0], added[added.len() - 1], added.len()), ("p_2026_5", "p_2027_11", 19));
    assert_eq!((dropped, plan.postponed_drops), (vec!["p_2025_6", "p_2025_7"], 3));
}

#[test]
fn a_layout_that_ended_within_the_retention_is_continued_without_a_gap() {
    let plan = plan(&months("2026-01-01T00:00:00Z", 6), "2026-11-23T00:00:00Z");
    assert_eq!((names(&plan).0[0], plan.add.len()), ("p_2026_7", 17));
}

#[test]
fn a_wide_partition_with_an_old_name_is_kept_while_its_bound_is_young() {
    let mut layout = months("2026-11-01T00:00:00Z", 24);
    layout.partitions[0].name = "p_2020_1".to_owned();
    assert_eq!(names(&plan(&layout, "2026-11-23T00:00:00Z")).1, Vec::<&str>::new());
}

#[test]
fn a_bound_that_is_no_key_stops_every_drop_behind_it() {
    let mut layout = months("2025-01-01T00:00:00Z", 48);
    layout.partitions[0].bound = PartitionBound::Unreadable("'\u{1b}[2J'".to_owned());
    let plan = plan(&layout, "2026-11-23T00:00:00Z");
    assert_eq!(plan.drop, []);
    assert_eq!(plan.refusals.len(), 1);
    assert!(plan.refusals[0].contains("its bound '␛[2J' is no key"), "{}", plan.refusals[0]);
}

#[test]
fn a_missing_future_partition_is_added_with_the_months_and_the_old_ones_may_go() {
    let mut layout = months("2024-01-01T00:00:00Z", 1);
    layout.partitions.pop();
    let plan = plan(&layout, "2026-11-23T00:00:00Z");
    assert!(plan.adds_future && plan.refusals.is_empty(), "{plan:?}");
    assert_eq!((names(&plan).0[0], names(&plan).1), ("p_2026_5", vec!["p_2024_1"]));
}

#[test]
fn a_missing_future_partition_is_added_alone_where_the_months_are_there() {
    let mut layout = months("2026-11-01T00:00:00Z", 24);
    layout.partitions.pop();
    let plan = plan(&layout, "2026-11-23T00:00:00Z");
    assert_eq!(plan, RollPlan { adds_future: true, ..RollPlan::default() });
    // A month of that name is in the way.
    layout.partitions[3].name = "P_Future".to_owned();
    let plan = plan_roll(&layout, at("2026-11-23T00:00:00Z"), &Policy::default(), SETTINGS);
    assert!(!plan.adds_future && plan.refusals[0].contains("p_future"), "{plan:?}");
}

#[test]
fn a_table_of_the_future_partition_alone_gets_its_months_from_now_on() {
    let layout = Layout { partitions: vec![partition("p_future", PartitionBound::Unbounded)] };
    let plan = plan(&layout, "2026-11-23T00:00:00Z");
    assert_eq!((names(&plan).0[0], plan.add.len(), plan.drop.len()), ("p_2026_11", 13, 0));
}

#[test]
fn zero_padded_names_stay_and_new_months_are_named_as_diracx_does() {
    let mut layout = months("2026-01-01T00:00:00Z", 14);
    layout.partitions[2].name = "p_2026_03".to_owned();
    let plan = plan(&layout, "2026-11-23T00:00:00Z");
    let (added, dropped) = names(&plan);
    assert_eq!((added[0], dropped), ("p_2027_3", vec!["p_2026_1", "p_2026_2"]));
    let all = plan_roll(
        &layout,
        at("2026-11-23T00:00:00Z"),
        &Policy::default(),
        RollSettings { max_drops_per_run: 9, ..SETTINGS },
    );
    assert_eq!(names(&all).1, ["p_2026_1", "p_2026_2", "p_2026_03", "p_2026_4"]);
}

#[test]
fn a_gap_is_a_wide_partition_and_goes_when_its_own_bound_is_old() {
    let mut layout = months("2026-01-01T00:00:00Z", 24);
    layout.partitions.drain(1..3);
    assert_eq!(names(&plan(&layout, "2026-10-15T00:00:00Z")), (vec![], vec!["p_2026_1"]), "April is its bound");
    assert_eq!(names(&plan(&layout, "2026-11-01T00:00:00Z")).1, ["p_2026_1", "p_2026_4"]);
}

#[test]
fn above_a_bound_that_is_no_key_nothing_is_added_and_nothing_dropped() {
    let mut layout = months("2026-01-01T00:00:00Z", 12);
    layout.partitions.insert(12, partition("odd", PartitionBound::Unreadable("'m'".to_owned())));
    let plan = plan(&layout, "2026-11-23T00:00:00Z");
    assert_eq!((plan.add.len(), plan.drop.len(), plan.refusals.len()), (0, 0, 1), "{plan:?}");
    assert!(plan.refusals[0].contains("the bound 'm' of odd"), "{plan:?}");
}

#[test]
fn a_month_whose_name_is_taken_lies_in_the_partition_of_the_next() {
    let mut layout = months("2026-06-01T00:00:00Z", 16);
    layout.partitions[0].name = "P_2027_10".to_owned();
    assert_eq!(names(&plan(&layout, "2026-11-23T00:00:00Z")).0, ["p_2027_11"]);
    // Those of the last months: one further month holds them.
    layout.partitions[1].name = "p_2027_11".to_owned();
    layout.partitions[2].name = "p_2027_12".to_owned();
    let beyond = plan(&layout, "2026-11-23T00:00:00Z");
    assert_eq!((names(&beyond).0, beyond.refusals.len()), (vec!["p_2028_1"], 0));
    assert!(carried_out(&layout, &beyond).runway_months(at("2026-11-23T00:00:00Z")) >= 12);
}

#[test]
fn a_range_that_ends_inside_a_month_is_continued_with_the_rest_of_it() {
    let mut layout = months("2026-11-01T00:00:00Z", 12);
    let middle = crate::ids::KeyBound::at(at("2027-11-15T12:00:00Z"));
    layout.partitions.insert(12, partition("half", PartitionBound::Below(middle)));
    assert_eq!(names(&plan(&layout, "2026-11-23T00:00:00Z")).0, ["p_2027_11"]);
}

#[test]
fn only_bounds_that_can_be_read_are_dropped_by() {
    let mut layout = months("2025-01-01T00:00:00Z", 48);
    layout.partitions[1].bound = PartitionBound::Unreadable("'\u{1b}[2J'".to_owned());
    layout.partitions[1].name = "\u{1b}odd".to_owned();
    let plan = plan(&layout, "2026-11-23T00:00:00Z");
    assert_eq!(names(&plan), (vec![], vec!["p_2025_1"]));
    assert_eq!((plan.postponed_drops, plan.refusals.len()), (0, 1));
    assert!(plan.refusals[0].starts_with("␛odd and the partitions above it"), "{}", plan.refusals[0]);
    assert!(plan.refusals[0].contains("its bound '␛[2J' is no key"), "{}", plan.refusals[0]);
}

#[test]
fn the_name_of_the_future_is_needed_only_where_there_is_none() {
    let mut layout = months("2025-01-01T00:00:00Z", 24);
    layout.partitions[23].name = "P_FUTURE".to_owned();
    layout.partitions[24].name = "the_rest".to_owned();
    assert_eq!(names(&plan(&layout, "2026-11-23T00:00:00Z")).0.len(), 11);
    layout.partitions.pop();
    let refused = plan(&layout, "2026-11-23T00:00:00Z");
    assert_eq!((names(&refused), refused.refusals.len()), ((vec![], vec![]), 1));
    assert!(refused.refusals[0].contains("the name p_future"), "{}", refused.refusals[0]);
}

#[test]
fn a_table_without_partitions_is_none_of_a_rolls_business() {
    let plan = plan(&Layout::default(), "2026-11-23T00:00:00Z");
    assert_eq!((names(&plan), plan.refusals.len()), ((vec![], vec![]), 1));
}

#[test]
fn a_new_table_has_two_years() {
    let months = initial_months(at("2026-11-23T00:00:00Z"));
    assert_eq!((months.len(), months[0].name.as_str(), months[23].name.as_str()), (24, "p_2026_11", "p_2028_10"));
}
