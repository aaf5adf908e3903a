//! What a roll of the partitions would change: months to add, then partitions to drop.
//!
//! Adding follows DiracX's `plan_partition_maintenance`: months are appended above the highest one until `months_ahead`
//! lie ahead. Dropping is stricter. DiracX reads months from names; here a partition goes only when its decoded bound
//! proves that everything in it is older than the retention and older than the longest token lifetime.

use crate::clock::Timestamp;
use crate::ids::KeyBound;
use crate::partition::{Layout, Month, Partition, PartitionBound};
use crate::policy::Policy;

/// How far a roll goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RollSettings {
    /// Months that must exist after the present one.
    pub months_ahead: u32,
    /// Partitions dropped in one run at most; the rest waits for the next.
    pub max_drops_per_run: usize,
}

/// A partition to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPartition {
    /// Its name in DiracX's scheme.
    pub name: String,
    /// Its exclusive upper bound.
    pub bound: KeyBound,
}

/// What a roll would do now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RollPlan {
    /// Partitions to add, in ascending order, before anything is dropped.
    pub add: Vec<NewPartition>,
    /// Partitions to drop, oldest first.
    pub drop: Vec<Partition>,
    /// Partitions that may be dropped but exceed `max_drops_per_run`.
    pub postponed_drops: usize,
    /// What stands in the way, each in a sentence that says what to do.
    pub refusals: Vec<String>,
}

/// The months of a new table, as DiracX's `post_create` makes them: two years, beginning with the present month.
#[must_use]
pub fn initial_months(now: Timestamp) -> Vec<NewPartition> {
    Month::of(now).through(Month::of(now).plus(23)).map(new_partition).collect()
}

/// What a roll of `layout` would change at `now`.
#[must_use]
pub fn plan_roll(layout: &Layout, now: Timestamp, policy: &Policy, settings: RollSettings) -> RollPlan {
    let mut plan = RollPlan::default();
    plan_additions(layout, now, settings, &mut plan);
    plan_drops(layout, policy.token_horizon(now), settings, &mut plan);
    plan
}

fn new_partition(month: Month) -> NewPartition {
    NewPartition { name: month.partition_name(), bound: month.upper_bound() }
}

fn plan_additions(layout: &Layout, now: Timestamp, settings: RollSettings, plan: &mut RollPlan) {
    let last = Month::of(now).plus(settings.months_ahead);
    let end = layout.highest_bound().map(KeyBound::time);
    // The first month whose end lies beyond the present range. Where that range ends inside a month, the remainder of
    // the month becomes a partition of its own.
    let first = end.map_or(Month::of(now), Month::of);
    let missing: Vec<NewPartition> = first.through(last).map(new_partition).collect();
    if missing.is_empty() {
        return;
    }
    if layout.future().is_none() {
        plan.refusals.push(
            "no months are added: RefreshTokens has no partition for MAXVALUE to split. Add one with \
             `ALTER TABLE RefreshTokens ADD PARTITION (PARTITION p_future VALUES LESS THAN (MAXVALUE))`"
                .to_owned(),
        );
        return;
    }
    let taken = missing.iter().find(|new| layout.partitions.iter().any(|old| old.name.eq_ignore_ascii_case(&new.name)));
    if let Some(taken) = taken {
        plan.refusals.push(format!(
            "no months are added: a partition is already called {} but ends elsewhere than that month. Rename it with \
             `ALTER TABLE RefreshTokens REORGANIZE PARTITION` first",
            taken.name
        ));
        return;
    }
    plan.add = missing;
}

fn plan_drops(layout: &Layout, horizon: Timestamp, settings: RollSettings, plan: &mut RollPlan) {
    let mut droppable: Vec<Partition> = layout
        .partitions
        .iter()
        // Bounds ascend, so nothing behind a bound that cannot be read or is too young can be older.
        .take_while(|partition| partition.bound.time().is_some_and(|time| time <= horizon))
        .cloned()
        .collect();
    if let Some(PartitionBound::Unreadable(text)) = layout.partitions.first().map(|partition| &partition.bound) {
        plan.refusals.push(format!(
            "nothing is dropped: the bound {} of the first partition is no key, so the age of its rows is unknown",
            crate::text::harmless(text)
        ));
    }
    if droppable.len() == layout.partitions.len() {
        // Without a MAXVALUE partition every month can be old; a table cannot lose its last partition.
        droppable.pop();
    }
    plan.postponed_drops = droppable.len().saturating_sub(settings.max_drops_per_run);
    droppable.truncate(settings.max_drops_per_run);
    plan.drop = droppable;
}

#[cfg(test)]
mod tests {
    use super::*;

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
        (
            plan.add.iter().map(|new| new.name.as_str()).collect(),
            plan.drop.iter().map(|old| old.name.as_str()).collect(),
        )
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
    fn a_layout_that_ended_a_year_ago_is_continued_without_a_gap() {
        let plan = plan(&months("2025-06-01T00:00:00Z", 5), "2026-11-23T00:00:00Z");
        let (added, dropped) = names(&plan);
        assert_eq!((added[0], added[added.len() - 1], added.len()), ("p_2025_11", "p_2027_11", 25));
        assert_eq!(dropped, ["p_2025_6", "p_2025_7"]);
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
        layout.partitions[0].bound = PartitionBound::Unreadable("'a'".to_owned());
        let plan = plan(&layout, "2026-11-23T00:00:00Z");
        assert_eq!(plan.drop, []);
        assert_eq!(plan.refusals.len(), 1);
    }

    #[test]
    fn without_a_future_partition_nothing_is_added_and_the_last_month_stays() {
        let mut layout = months("2024-01-01T00:00:00Z", 1);
        layout.partitions.pop();
        let plan = plan(&layout, "2026-11-23T00:00:00Z");
        assert_eq!((plan.add, plan.drop), (vec![], vec![]));
        assert!(plan.refusals[0].contains("ADD PARTITION"));
    }

    #[test]
    fn a_foreign_name_in_the_way_is_reported() {
        let mut layout = months("2026-06-01T00:00:00Z", 17);
        layout.partitions[0].name = "P_2027_11".to_owned();
        let plan = plan(&layout, "2026-11-23T00:00:00Z");
        assert_eq!(plan.add, []);
        assert!(plan.refusals[0].contains("p_2027_11"));
    }

    #[test]
    fn a_new_table_has_two_years() {
        let months = initial_months(at("2026-11-23T00:00:00Z"));
        assert_eq!((months.len(), months[0].name.as_str(), months[23].name.as_str()), (24, "p_2026_11", "p_2028_10"));
    }
}
