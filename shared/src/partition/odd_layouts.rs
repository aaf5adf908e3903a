//! What holds for layouts that nobody would make on purpose: with gaps, wide partitions, foreign and misleading names,
//! bounds that cannot be read, without `p_future`, ended long ago or reaching far ahead.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;

use super::{Layout, Month, Partition, PartitionBound, RollPlan, RollSettings, plan_roll};
use crate::clock::{self, Timestamp};
use crate::ids::{Jti, KeyBound};
use crate::policy::Policy;

const DAY: i64 = 86_400_000;

/// Milliseconds from 1970 to the end of 2199.
const MILLIS: std::ops::Range<i64> = 0..7_258_118_400_000;

/// How far a partition reaches above the one below it.
#[derive(Clone, Copy, Debug)]
enum Reach {
    /// To the end of the month that the one below ends in.
    Month,
    /// Some months further.
    Months(u32),
    /// Some milliseconds.
    Millis(u32),
}

#[derive(Clone, Copy, Debug)]
enum Name {
    /// By the month it ends with, as DiracX does it.
    OfItsMonth,
    /// The same as `p_2026_03`.
    ZeroPadded,
    /// By a month some time later than its own, in upper case.
    OfAnotherMonth(u32),
    Foreign(&'static str),
}

#[derive(Clone, Copy, Debug)]
enum Writing {
    Exact,
    /// By hand, with other bits than DiracX's.
    WithOtherBits,
    Unreadable,
}

type Piece = (Reach, Name, Writing);

fn piece() -> impl Strategy<Value = Piece> {
    let reach = prop_oneof![
        8 => Just(Reach::Month),
        1 => (1..40_u32).prop_map(Reach::Months),
        1 => (1..4_000_000_000_u32).prop_map(Reach::Millis),
    ];
    let name = prop_oneof![
        6 => Just(Name::OfItsMonth),
        2 => Just(Name::ZeroPadded),
        1 => (1..40_u32).prop_map(Name::OfAnotherMonth),
        1 => select(vec!["p_future", "`; --", "p_0_0", "März", "p_99999999999999999999_1"]).prop_map(Name::Foreign),
    ];
    let writing =
        prop_oneof![30 => Just(Writing::Exact), 3 => Just(Writing::WithOtherBits), 1 => Just(Writing::Unreadable)];
    (reach, name, writing)
}

/// A layout whose range begins at `start`.
fn build(start: Timestamp, pieces: &[Piece], future: Option<&str>) -> Layout {
    let mut layout = Layout::default();
    let mut end = start;
    for (reach, name, writing) in pieces {
        let below = end;
        end = match reach {
            Reach::Month => Month::of(below).plus(1).start(),
            Reach::Months(count) => Month::of(below).plus(count + 1).start(),
            Reach::Millis(count) => below.after(Duration::from_millis(u64::from(*count))),
        };
        let month = Month::of(end.before(Duration::from_millis(1)));
        let name = match name {
            Name::OfItsMonth => month.partition_name(),
            Name::ZeroPadded => format!("p_{}", month.to_string().replace('-', "_")),
            Name::OfAnotherMonth(later) => month.plus(*later).partition_name().to_uppercase(),
            Name::Foreign(name) => (*name).to_owned(),
        };
        let hex = KeyBound::at(end).hex();
        let bound = match writing {
            Writing::Exact => hex,
            Writing::WithOtherBits => hex.replace("000000000000000", "fffffffffffffff"),
            Writing::Unreadable => format!("{} or so", &hex[..12]),
        };
        push(&mut layout, name, PartitionBound::parse(&format!("'{bound}'")));
    }
    if let Some(name) = future {
        push(&mut layout, name.to_owned(), PartitionBound::Unbounded);
    }
    layout
}

/// Adds a partition, whose name becomes another one if it is taken: no server has two of the same name.
fn push(layout: &mut Layout, mut name: String, bound: PartitionBound) {
    while layout.partitions.iter().any(|other| other.name.eq_ignore_ascii_case(&name)) {
        name.push('x');
    }
    layout.partitions.push(Partition { name, bound, rows: 0, bytes: 0 });
}

/// The layout after a plan was carried out, as a server would have it.
pub(super) fn carried_out(layout: &Layout, plan: &RollPlan) -> Layout {
    let partition = |name: String, bound| Partition { name, bound, rows: 0, bytes: 0 };
    let mut partitions = layout.partitions.clone();
    let future = match layout.future() {
        Some(_) => partitions.pop(),
        None => plan.adds_future.then(|| partition("p_future".to_owned(), PartitionBound::Unbounded)),
    };
    let new = plan.add.iter().map(|new| partition(new.name.clone(), PartitionBound::Below(new.bound)));
    partitions.extend(new.chain(future));
    partitions.retain(|partition| !plan.drop.contains(partition));
    Layout { partitions }
}

/// The partitions that may hold a key: those below whose bounds it may sort, up to the first below whose bound it does.
fn may_hold<'a>(layout: &'a Layout, key: &Jti) -> Vec<&'a Partition> {
    let sorts_below = |bound: KeyBound| key.stored() < bound.hex().as_str();
    let count = layout.partitions.iter().position(|partition| match partition.bound {
        PartitionBound::Below(bound) => sorts_below(bound),
        PartitionBound::Unbounded => true,
        PartitionBound::Unreadable(_) => false,
    });
    let up_to = &layout.partitions[..count.map_or(layout.partitions.len(), |index| index + 1)];
    up_to
        .iter()
        .filter(|partition| match partition.bound {
            PartitionBound::Below(bound) => sorts_below(bound),
            PartitionBound::Unbounded | PartitionBound::Unreadable(_) => true,
        })
        .collect()
}

fn is_unreadable(partition: &Partition) -> bool {
    matches!(partition.bound, PartitionBound::Unreadable(_))
}

/// Whether one of the two things stands in the way for which months may be left out.
fn may_refuse_months(layout: &Layout) -> bool {
    let mut names = layout.partitions.iter().map(|partition| &partition.name);
    match layout.future() {
        None => names.any(|name| name == "p_future") || layout.partitions.last().is_some_and(is_unreadable),
        Some(_) => layout.partitions.iter().rev().nth(1).is_some_and(is_unreadable),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn every_layout_is_rolled_without_loss_and_at_once(
        now in MILLIS,
        months_before in -60..300_i64,
        pieces in prop::collection::vec(piece(), 0..70),
        future in select(vec![Some("p_future"), Some("p_future"), Some("the_rest"), None]),
        months_ahead in 1..=60_u32,
        max_drops_per_run in prop_oneof![Just(usize::MAX), 0..4_usize],
        retention in 1..=36_u32,
        lifetime_days in prop_oneof![Just(0), 0..1500_u64],
        ages in prop::collection::vec(0.0..=1.0_f64, 8),
    ) {
        let now = Timestamp::from_unix_millis(now).expect("within the calendar");
        let start = (now.unix_millis() - months_before * 30 * DAY).max(0);
        let future = if pieces.is_empty() { Some("p_future") } else { future };
        let layout = build(Timestamp::from_unix_millis(start).expect("within the calendar"), &pieces, future);
        let policy = Policy {
            refresh_token_retention_months: retention,
            longest_token_lifetime: Duration::from_hours(lifetime_days * 24).max(Duration::from_hours(1)),
            ..Policy::default()
        };
        let settings = RollSettings { months_ahead, max_drops_per_run };
        let plan = plan_roll(&layout, now, &policy, settings);
        let after = carried_out(&layout, &plan);

        // No token that may be younger than the retention or the longest lifetime lies in what is dropped.
        let kept = now.calendar().checked_sub_months(chrono::Months::new(retention)).expect("within the calendar");
        let kept = Timestamp::from(kept).min(now.before(policy.longest_token_lifetime));
        for age in ages.into_iter().chain([0.0, 1.0]) {
            let issued = now.before(now.since(kept).mul_f64(age)).max(kept);
            prop_assume!(issued.unix_millis() >= 0);
            let key = Jti::issue(issued, &mut clock::randomness());
            prop_assert!(may_hold(&layout, &key).into_iter().all(|partition| !plan.drop.contains(partition)));
        }
        prop_assert!(plan.drop.len() <= max_drops_per_run);
        prop_assert!(after.is_partitioned() && plan.drop.iter().all(|partition| layout.partitions.contains(partition)));

        // Enough lies ahead, in an order and under names that a server takes, and nothing of it is old already.
        let is_refused = plan.refusals.iter().any(|refusal| refusal.starts_with("no months are added"));
        if is_refused {
            prop_assert!(may_refuse_months(&layout));
            prop_assert_eq!(&after, &layout, "nothing is dropped before months are added");
        } else {
            prop_assert!(after.runway_months(now) >= months_ahead);
            prop_assert!(after.future().is_some());
        }
        let has_unreadable = layout.partitions.iter().any(is_unreadable);
        prop_assert_eq!(plan.refusals.len(), usize::from(is_refused || has_unreadable));
        let bounds: Vec<KeyBound> = after.partitions.iter().filter_map(|partition| match partition.bound {
            PartitionBound::Below(bound) => Some(bound),
            PartitionBound::Unbounded | PartitionBound::Unreadable(_) => None,
        }).collect();
        prop_assert!(bounds.is_sorted_by(|one, two| one < two), "a server refuses bounds that do not ascend");
        let names: BTreeSet<String> = after.partitions.iter().map(|partition| partition.name.to_lowercase()).collect();
        prop_assert_eq!(names.len(), after.partitions.len(), "a server refuses a name that is taken");
        prop_assert!(plan.add.iter().all(|new| new.bound.time() > kept));

        // A second plan adds nothing, and drops what was postponed and nothing else.
        let second = plan_roll(&after, now, &policy, settings);
        prop_assert!(second.add.is_empty() && (is_refused || !second.adds_future), "{second:?}");
        prop_assert_eq!(&second.refusals, &plan.refusals);
        prop_assert_eq!(second.drop.len() + second.postponed_drops, plan.postponed_drops);
        prop_assert!(second.drop.iter().all(|partition| layout.partitions.contains(partition)));
    }
}
