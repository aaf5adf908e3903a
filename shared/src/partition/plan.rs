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
///
/// # Examples
/// ```
/// use authdb_shared::partition::RollSettings;
///
/// // Months are many and small on this server, so they may go faster than the two per run of the default.
/// let settings = RollSettings { months_ahead: 12, max_drops_per_run: 6 };
/// assert_eq!(settings.months_ahead, 12, "as DiracX's PARTITION_MONTHS_AHEAD");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RollSettings {
    /// Months that must exist after the present one.
    pub months_ahead: u32,
    /// Partitions dropped in one run at most; the rest waits for the next.
    pub max_drops_per_run: usize,
}

/// A partition to add.
///
/// # Examples
/// ```
/// use authdb_shared::Timestamp;
/// use authdb_shared::partition::{Month, NewPartition};
///
/// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
/// let month = Month::of(now);
/// let new = NewPartition { name: month.partition_name(), bound: month.upper_bound() };
/// assert_eq!(new.bound.time(), month.plus(1).start(), "the bound itself is not in it");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPartition {
    /// Its name in DiracX's scheme.
    pub name: String,
    /// Its exclusive upper bound.
    pub bound: KeyBound,
}

/// What a roll would do now.
///
/// # Examples
/// ```
/// use authdb_shared::partition::{Layout, RollSettings, plan_roll};
/// use authdb_shared::{Policy, Timestamp};
///
/// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
/// let settings = RollSettings { months_ahead: 12, max_drops_per_run: 2 };
/// let plan = plan_roll(&Layout::default(), now, &Policy::default(), settings);
/// assert!(plan.add.is_empty() && plan.drop.is_empty());
/// assert!(plan.refusals[0].contains("authdb-janitor partition"), "it says what to do: {}", plan.refusals[0]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RollPlan {
    /// Partitions to add, in ascending order, before anything is dropped.
    pub add: Vec<NewPartition>,
    /// Whether the `MAXVALUE` partition is missing and is added behind them.
    pub adds_future: bool,
    /// Partitions to drop, oldest first.
    pub drop: Vec<Partition>,
    /// Partitions that may be dropped but exceed `max_drops_per_run`.
    pub postponed_drops: usize,
    /// What stands in the way, each in a sentence that says what to do.
    pub refusals: Vec<String>,
}

/// The months of a new table, as DiracX's `post_create` makes them: two years, beginning with the present month.
///
/// # Examples
/// ```
/// use authdb_shared::Timestamp;
/// use authdb_shared::partition::initial_months;
///
/// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
/// let months = initial_months(now);
/// assert_eq!((months.len(), months[0].name.as_str(), months[23].name.as_str()), (24, "p_2026_11", "p_2028_10"));
/// ```
#[must_use]
pub fn initial_months(now: Timestamp) -> Vec<NewPartition> {
    Month::of(now).through(Month::of(now).plus(23)).map(new_partition).collect()
}

/// What a roll of `layout` would change at `now`, the database's time (DiracX's `plan_partition_maintenance`).
///
/// Months are added as DiracX adds them: above the highest one, until `months_ahead` lie ahead. Dropping is stricter:
/// DiracX reads a month from the name, and here a partition goes only when its bound proves that everything in it is
/// older than the retention and the longest lifetime. A plan that is carried out leaves nothing to do but the drops that
/// it postponed: where a layout ended long ago, it is continued by the first month that may not be dropped at once.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use authdb_shared::partition::{Layout, Partition, PartitionBound, RollSettings, initial_months, plan_roll};
/// use authdb_shared::{Policy, Timestamp};
///
/// // A table that DiracX made in November 2026, looked at 250 days later.
/// let made = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
/// let months = initial_months(made).into_iter().map(|month| (month.name, PartitionBound::Below(month.bound)));
/// let bounds = months.chain([("p_future".to_owned(), PartitionBound::Unbounded)]);
/// let partitions = bounds.map(|(name, bound)| Partition { name, bound, rows: 0, bytes: 0 }).collect();
/// let now = made.after(Duration::from_hours(250 * 24));
///
/// let settings = RollSettings { months_ahead: 16, max_drops_per_run: 1 };
/// let plan = plan_roll(&Layout { partitions }, now, &Policy::default(), settings);
/// let added: Vec<&str> = plan.add.iter().map(|new| new.name.as_str()).collect();
/// assert_eq!(added, ["p_2028_11"]);
/// assert_eq!((plan.drop[0].name.as_str(), plan.postponed_drops), ("p_2026_11", 1));
/// ```
#[must_use]
pub fn plan_roll(layout: &Layout, now: Timestamp, policy: &Policy, settings: RollSettings) -> RollPlan {
    let mut plan = RollPlan::default();
    let horizon = policy.token_horizon(now);
    match plan_additions(layout, now, horizon, settings) {
        Ok(additions) => {
            plan.add = additions;
            plan.adds_future = layout.future().is_none();
            plan_drops(layout, horizon, settings, &mut plan);
        }
        // Months are added before any is dropped.
        Err(refusal) => plan.refusals.push(refusal),
    }
    plan
}

fn new_partition(month: Month) -> NewPartition {
    NewPartition { name: month.partition_name(), bound: month.upper_bound() }
}

/// The months that are missing, or why they cannot be added.
fn plan_additions(
    layout: &Layout,
    now: Timestamp,
    horizon: Timestamp,
    settings: RollSettings,
) -> Result<Vec<NewPartition>, String> {
    let last = Month::of(now).plus(settings.months_ahead);
    // The first month whose end lies beyond the present range. Where that range ends inside a month, the remainder of
    // the month becomes a partition of its own. Where it ended long ago, the months that would be dropped at once are left
    // to the partition that comes after them.
    let first = match layout.highest_bound().map(KeyBound::time) {
        Some(end) => Month::of(end).max(Month::of(horizon)),
        None => Month::of(now),
    };
    let missing: Vec<NewPartition> = missing(layout, first, last).into_iter().map(new_partition).collect();
    let is_complete = layout.future().is_some();
    if missing.is_empty() && is_complete {
        return Ok(missing);
    }
    let Some(highest) = layout.partitions.iter().rfind(|partition| partition.bound != PartitionBound::Unbounded) else {
        return if is_complete { Ok(missing) } else { Err(UNPARTITIONED.to_owned()) };
    };
    if let PartitionBound::Unreadable(bound) = &highest.bound {
        return Err(format!(
            "no months are added and none is dropped: the bound {} of {} is no key, so it is unknown which months lie \
             above it. Give it a bound of DiracX's with `ALTER TABLE RefreshTokens REORGANIZE PARTITION`",
            crate::text::harmless(bound),
            crate::text::harmless(&highest.name),
        ));
    }
    if !is_complete && is_taken(layout, FUTURE) {
        return Err(format!(
            "no months are added and none is dropped: there is no partition for MAXVALUE, and the name {FUTURE}, by which \
             DiracX splits it, is taken by one with a bound. Give that one another name with `ALTER TABLE RefreshTokens \
             REORGANIZE PARTITION {FUTURE} INTO (PARTITION other_name VALUES LESS THAN (…))` and its own bound"
        ));
    }
    Ok(missing)
}

/// The months from `first` to `last` whose names are free, and one beyond if the name of `last` is not: a month without
/// a partition of its own lies in the next one's.
fn missing(layout: &Layout, first: Month, last: Month) -> Vec<Month> {
    let mut months = Vec::new();
    if first > last {
        return months;
    }
    // Each partition takes one name at most, so that one month more than there are partitions is free.
    let spare = u32::try_from(layout.partitions.len()).unwrap_or(u32::MAX);
    for month in first.through(last.plus(spare)).filter(|month| !is_taken(layout, &month.partition_name())) {
        months.push(month);
        if month >= last {
            break;
        }
    }
    months
}

/// Whether a partition has this name. Servers do not tell upper from lower case in it.
fn is_taken(layout: &Layout, name: &str) -> bool {
    layout.partitions.iter().any(|partition| partition.name.eq_ignore_ascii_case(name))
}

/// What DiracX calls the `MAXVALUE` partition.
const FUTURE: &str = "p_future";

const UNPARTITIONED: &str = "no months are added: RefreshTokens has no partitions. `authdb-janitor partition` says what \
                             it would cost to make them";

fn plan_drops(layout: &Layout, horizon: Timestamp, settings: RollSettings, plan: &mut RollPlan) {
    let mut droppable: Vec<Partition> = layout
        .partitions
        .iter()
        // Bounds ascend, so nothing behind a bound that cannot be read or is too young can be older.
        .take_while(|partition| partition.bound.time().is_some_and(|time| time <= horizon))
        .cloned()
        .collect();
    // Said wherever it lies: it will be in the way one day.
    plan.refusals.extend(layout.partitions.iter().find_map(unknown_age));
    plan.postponed_drops = droppable.len().saturating_sub(settings.max_drops_per_run);
    droppable.truncate(settings.max_drops_per_run);
    plan.drop = droppable;
}

fn unknown_age(partition: &Partition) -> Option<String> {
    let PartitionBound::Unreadable(bound) = &partition.bound else { return None };
    Some(format!(
        "{} and the partitions above it are not dropped: its bound {} is no key, so the age of its rows is unknown. Give \
         it a bound of DiracX's with `ALTER TABLE RefreshTokens REORGANIZE PARTITION`",
        crate::text::harmless(&partition.name),
        crate::text::harmless(bound)
    ))
}
