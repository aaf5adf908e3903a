//! What holds for every date between 1970 and 2200, every layout and every setting.

use std::time::Duration;

use proptest::prelude::*;

use super::odd_layouts::carried_out;
use super::{KeyForm, Layout, Month, Partition, PartitionBound, RollPlan, RollSettings, plan_roll};
use crate::clock::{self, Timestamp};
use crate::ids::{Jti, KeyBound, UserCode};
use crate::policy::Policy;

/// Milliseconds from 1970 to the end of 2199.
const MILLIS: std::ops::Range<i64> = 0..7_258_118_400_000;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(millis).expect("within the calendar")
}

fn partition(name: String, bound: PartitionBound) -> Partition {
    Partition { name, bound, rows: 0, bytes: 0 }
}

/// Consecutive months as DiracX makes them, and `p_future`.
fn regular(first: Month, count: u32) -> Layout {
    let months = (0..count).map(|later| first.plus(later));
    let mut partitions: Vec<Partition> =
        months.map(|month| partition(month.partition_name(), PartitionBound::Below(month.upper_bound()))).collect();
    partitions.push(partition("p_future".to_owned(), PartitionBound::Unbounded));
    Layout { partitions }
}

proptest! {
    #[test]
    fn a_bound_gives_back_its_time_in_every_form(millis in MILLIS) {
        let bound = KeyBound::at(at(millis));
        prop_assert_eq!(bound.time(), at(millis));
        prop_assert!(bound.is_exact());
        for form in [KeyForm::Plain, KeyForm::Dashed] {
            prop_assert_eq!(KeyBound::parse(&form.write(bound)), Some(bound));
            let described = PartitionBound::parse(&format!("'{}'", form.write(bound)));
            prop_assert_eq!(described, PartitionBound::Below(bound));
        }
    }

    #[test]
    fn bounds_order_as_times_do_in_every_form(one in MILLIS, two in MILLIS) {
        let (first, second) = (KeyBound::at(at(one)), KeyBound::at(at(two)));
        prop_assert_eq!(first.cmp(&second), one.cmp(&two));
        prop_assert_eq!(first.hex().cmp(&second.hex()), one.cmp(&two));
        prop_assert_eq!(first.dashed().cmp(&second.dashed()), one.cmp(&two));
    }

    #[test]
    fn every_key_of_a_millisecond_lies_between_its_bound_and_the_next(millis in MILLIS) {
        let jti = Jti::issue(at(millis), &mut clock::randomness());
        prop_assert_eq!(jti.issued_at(), Some(at(millis)));
        prop_assert!(jti.stored() >= KeyBound::at(at(millis)).hex().as_str());
        prop_assert!(jti.stored() < KeyBound::at(at(millis + 1)).hex().as_str());
    }

    #[test]
    fn months_tile_without_a_gap(millis in MILLIS) {
        let month = Month::of(at(millis));
        prop_assert!(month.start() <= at(millis) && at(millis) < month.plus(1).start());
        prop_assert_eq!(month.upper_bound(), KeyBound::at(month.plus(1).start()));
        prop_assert_eq!(Month::of(month.plus(1).start().before(Duration::from_millis(1))), month);
        let days = month.plus(1).start().since(month.start()).as_secs() / 86_400;
        prop_assert!((28..=31).contains(&days), "{} has {} days", month, days);
    }

    #[test]
    fn times_survive_being_written_as_text(millis in MILLIS) {
        let whole = at(millis / 1000 * 1000);
        let read = chrono::NaiveDateTime::parse_from_str(&whole.sql_text(), "%Y-%m-%d %H:%M:%S");
        prop_assert_eq!(read.map(|time| Timestamp::from(time.and_utc())), Ok(whole));
    }

    #[test]
    fn a_code_is_read_however_it_is_written(seed in any::<u64>(), blanks in 0..4_usize) {
        use rand::SeedableRng;
        let code = UserCode::draw(&mut rand::rngs::StdRng::seed_from_u64(seed));
        let spelt = code.to_string().to_lowercase().replace('-', &" ".repeat(blanks));
        prop_assert_eq!(UserCode::read(&spelt), Ok(code.clone()));
        prop_assert_eq!(UserCode::read(&code.to_string()), Ok(code));
    }

    #[test]
    fn a_roll_covers_what_is_asked_drops_nothing_young_and_is_done_once(
        now in 1_000_000_000_000..7_000_000_000_000_i64,
        months_before in 0..40_i64,
        count in 1..60_u32,
        months_ahead in 1..24_u32,
        retention in 1..36_u32,
        lifetime_days in 0..400_u64,
    ) {
        let now = at(now);
        let first = Month::of(at(now.unix_millis() - months_before * 30 * 86_400_000));
        let layout = regular(first, count);
        let longest = Duration::from_hours(lifetime_days * 24);
        let policy = Policy {
            refresh_token_retention_months: retention,
            longest_token_lifetime: longest.max(Policy::default().refresh_token_lifetime),
            ..Policy::default()
        };
        let settings = RollSettings { months_ahead, max_drops_per_run: usize::MAX };
        let plan = plan_roll(&layout, now, &policy, settings);
        prop_assert_eq!(&plan.refusals, &Vec::<String>::new());

        // Whatever could still be in a dropped partition is older than the retention and the longest lifetime.
        for dropped in &plan.drop {
            let newest = dropped.bound.time().expect("only dated partitions are dropped");
            prop_assert!(newest <= now.before(policy.longest_token_lifetime));
            let kept_since = now.calendar().checked_sub_months(chrono::Months::new(retention));
            prop_assert!(newest <= Timestamp::from(kept_since.expect("within the calendar")));
        }
        // A table gets no more months than were asked for.
        let last = Month::of(now).plus(months_ahead);
        prop_assert!(plan.add.iter().all(|added| added.bound <= last.upper_bound()), "{:?}", plan.add.last());
        let after = carried_out(&layout, &plan);
        prop_assert!(after.runway_months(now) >= months_ahead);
        let bounds: Vec<KeyBound> = after.partitions.iter().filter_map(|partition| match partition.bound {
            PartitionBound::Below(bound) => Some(bound),
            PartitionBound::Unbounded | PartitionBound::Unreadable(_) => None,
        }).collect();
        prop_assert!(bounds.is_sorted_by(|one, two| one < two), "a server refuses bounds that do not ascend");
        prop_assert_eq!(plan_roll(&after, now, &policy, settings), RollPlan::default());
    }
}
