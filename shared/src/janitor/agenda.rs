//! What is due on a partitioned `RefreshTokens`, in the order of the work: months to add, held months whose time has come,
//! then old months, which are dropped, or held first (`janitor.hold_dropped`).
//!
//! The partition of a held month stays in its place, empty, until the held month goes. It is old as ever, so a roll would
//! plan to drop it, again and again: that is sorted out here. How much of an agenda one run takes, its
//! [`Quota`](super::Quota) says.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::config::JanitorConfig;
use crate::db::{HeldMonth, HeldMonths, RollStep};
use crate::partition::{Layout, Partition, PartitionBound, RollPlan, RollSettings, plan_roll};
use crate::policy::Policy;
use crate::text;

/// Months that one change adds. Logins wait while the server makes a file for each of them, which takes milliseconds where
/// it waits for the disk; a table that lacks a year of months would keep them all for a tenth of a second.
const MONTHS_PER_CHANGE: usize = 3;

/// One thing to do.
///
/// # Examples
/// ```
/// use authdb_shared::db::RollStep;
/// use authdb_shared::janitor::Step;
///
/// let is_harmless = |step: &Step| matches!(step, Step::Roll(RollStep::Add(_)) | Step::Hold(_));
/// assert!(is_harmless(&Step::Roll(RollStep::Add(Vec::new()))), "tokens stay where they are, or can be given back");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Change the layout.
    Roll(RollStep),
    /// Drop a held month for good.
    Release(HeldMonth),
    /// Exchange an old month into a table of its own; an empty one is dropped.
    Hold(Partition),
}

impl Step {
    /// The names of the partitions that it adds or takes away; that of the table, of a month that is held in one.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::janitor::Step;
    /// use authdb_shared::partition::{Partition, PartitionBound};
    ///
    /// let bound = PartitionBound::parse("'01a22ee6b00070008000000000000000'");
    /// let november = Partition { name: "p_2026_11".to_owned(), bound, rows: 0, bytes: 0 };
    /// assert_eq!(Step::Hold(november).partitions(), ["p_2026_11"]);
    /// ```
    #[must_use]
    pub fn partitions(&self) -> Vec<String> {
        match self {
            Self::Roll(RollStep::Add(months)) => months.iter().map(|month| month.name.clone()).collect(),
            Self::Roll(RollStep::Drop(partition)) | Self::Hold(partition) => vec![partition.name.clone()],
            Self::Release(held) => vec![held.table.clone()],
        }
    }
}

/// All that is due, however much a run may take of it.
///
/// # Examples
/// ```
/// use authdb_shared::janitor::Agenda;
///
/// let agenda = Agenda::default();
/// assert!(agenda.steps.is_empty() && agenda.refusals.is_empty(), "there is nothing to do");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agenda {
    /// In their order.
    pub steps: Vec<Step>,
    /// What is due and cannot be done, each in a sentence.
    pub refusals: Vec<String>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

impl Agenda {
    /// What is due now.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::config::{Config, Sources};
    /// use authdb_shared::db::HeldMonths;
    /// use authdb_shared::janitor::Agenda;
    /// use authdb_shared::partition::{Layout, Month, Partition, PartitionBound};
    ///
    /// let now = authdb_shared::Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let config = Config::load(&Sources::default())?;
    /// let partition = |name: &str, bound| Partition { name: name.to_owned(), bound, rows: 0, bytes: 0 };
    /// let this_month = PartitionBound::Below(Month::of(now).upper_bound());
    /// let layout = Layout {
    ///     partitions: vec![partition("p_2026_11", this_month), partition("p_future", PartitionBound::Unbounded)],
    /// };
    /// let held = HeldMonths { months: Vec::new(), doubtful: Vec::new() };
    /// let agenda = Agenda::make(&layout, &held, now, &config.policy, &config.janitor);
    /// assert_eq!(agenda.steps.len(), 4, "twelve months are to be added, three by each change");
    /// # Ok::<(), authdb_shared::config::ConfigError>(())
    /// ```
    #[must_use]
    pub fn make(layout: &Layout, held: &HeldMonths, now: Timestamp, policy: &Policy, settings: &JanitorConfig) -> Self {
        let span = settings.hold_dropped;
        let everything = RollSettings { max_drops_per_run: usize::MAX, ..settings.roll };
        let RollPlan { drop, refusals, add, adds_future, .. } = plan_roll(layout, now, policy, everything);
        let mut agenda = Self { refusals, ..Self::default() };
        // Each change copies what it leaves in the partition for MAXVALUE, so where that holds rows there is but one.
        let has_empty_future = !adds_future && layout.future().is_some_and(|future| future.rows == 0);
        let months_per_change = if has_empty_future { MONTHS_PER_CHANGE } else { add.len().max(1) };
        let changes = add.chunks(months_per_change);
        agenda.steps.extend(changes.map(|months| Step::Roll(RollStep::Add(months.to_vec()))));
        if adds_future && add.is_empty() {
            agenda.steps.push(Step::Roll(RollStep::Add(add)));
        }
        if span.is_zero() {
            agenda.steps.extend(drop.into_iter().map(|partition| Step::Roll(RollStep::Drop(partition))));
        } else {
            let is_due = |held: &HeldMonth| held.until(span) <= now;
            agenda.steps.extend(held.months.iter().filter(|held| is_due(held)).cloned().map(Step::Release));
            // With the held month goes its partition.
            let is_free = |partition: &Partition| of(held, partition).is_none_or(|held| held.is_empty || is_due(held));
            agenda.steps.extend(drop.into_iter().filter(is_free).map(Step::Hold));
        }
        agenda.tell(held, span);
        agenda
    }

    /// Says what is held, and what only looks like it.
    fn tell(&mut self, held: &HeldMonths, span: Duration) {
        let going = |held: &HeldMonth| self.steps.contains(&Step::Release(held.clone()));
        let staying: Vec<&HeldMonth> = held.months.iter().filter(|held| !held.is_empty && !going(held)).collect();
        for held in staying {
            let (month, table, since) = (held.month(), text::harmless(&held.table), held.since);
            self.notes.push(if span.is_zero() {
                format!(
                    "{month} is held in {table} since {since}, and nothing drops it, because janitor.hold_dropped is off; \
                     set it, or drop the table by hand"
                )
            } else {
                let until = held.until(span);
                format!("{month} is held in {table} until {until}; `authdb-janitor restore {month}` gives it back")
            });
        }
        self.notes.extend(held.doubtful.iter().cloned());
    }
}

/// The held month of a partition.
fn of<'a>(held: &'a HeldMonths, partition: &Partition) -> Option<&'a HeldMonth> {
    let PartitionBound::Below(bound) = partition.bound else { return None };
    held.of(bound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Sources};
    use crate::partition::Month;

    const WEEK: Duration = Duration::from_hours(168);

    fn now() -> Timestamp {
        Timestamp::from_unix_millis(1_795_000_000_000).expect("in November 2026")
    }

    fn january() -> Month {
        Month::of(now().before(Duration::from_hours(24 * 310)))
    }

    /// From January 2026 on, four months of which are due.
    fn layout() -> Layout {
        let bounded = january().through(january().plus(23)).map(|month| Partition {
            name: month.partition_name(),
            bound: PartitionBound::Below(month.upper_bound()),
            rows: 0,
            bytes: 0,
        });
        let future = Partition { name: "p_future".to_owned(), bound: PartitionBound::Unbounded, rows: 0, bytes: 0 };
        Layout { partitions: bounded.chain([future]).collect() }
    }

    fn held(month: Month, since: Timestamp) -> HeldMonth {
        let (bound, table) = (month.upper_bound(), format!("JanitorHeld_{month}"));
        HeldMonth { table, bound, since, rows: 1, bytes: 1, is_empty: false }
    }

    fn agenda(held: &[HeldMonth], span: Duration) -> Agenda {
        let config = Config::load(&Sources::default()).expect("the defaults are possible");
        let settings = JanitorConfig { hold_dropped: span, ..config.janitor };
        let held = HeldMonths { months: held.to_vec(), doubtful: vec!["a table is doubtful".to_owned()] };
        Agenda::make(&layout(), &held, now(), &config.policy, &settings)
    }

    fn words(agenda: &Agenda) -> Vec<String> {
        let word = |step: &Step| match step {
            Step::Roll(RollStep::Add(_)) => "add".to_owned(),
            Step::Roll(RollStep::Drop(partition)) => format!("drop {}", partition.name),
            Step::Release(held) => format!("release {}", held.month()),
            Step::Hold(partition) => format!("hold {}", partition.name),
        };
        agenda.steps.iter().map(word).collect()
    }

    #[test]
    fn many_months_are_added_by_several_changes() {
        let mut layout = layout();
        let future = layout.partitions.pop().expect("it is the last");
        layout.partitions.truncate(12);
        layout.partitions.push(future);
        let config = Config::load(&Sources::default()).expect("the defaults are possible");
        let names = |step: &Step| matches!(step, Step::Roll(RollStep::Add(_))).then(|| step.partitions());
        let added = |layout: &Layout| -> Vec<Vec<String>> {
            let agenda = Agenda::make(layout, &HeldMonths::default(), now(), &config.policy, &config.janitor);
            agenda.steps.iter().map_while(names).collect()
        };
        let several = added(&layout);
        layout.partitions[12].rows = 1;
        assert_eq!(added(&layout), [several.concat()], "what the last partition holds is copied but once");
        let added = several;
        assert!(added.iter().all(|months| months.len() <= 3), "{added:?}");
        let months = Month::of(now()).plus(2).through(Month::of(now()).plus(12)).map(Month::partition_name);
        assert_eq!(added.concat(), months.collect::<Vec<_>>(), "each of them once, in their order");
    }

    #[test]
    fn months_are_dropped_at_once_unless_they_are_to_be_held() {
        let months = ["p_2026_1", "p_2026_2", "p_2026_3", "p_2026_4"];
        assert_eq!(words(&agenda(&[], Duration::ZERO)), months.map(|month| format!("drop {month}")));
        assert_eq!(words(&agenda(&[], WEEK)), months.map(|month| format!("hold {month}")));
    }

    #[test]
    fn a_month_that_is_held_leaves_its_turn_to_the_next() {
        let months = [held(january(), now()), held(january().plus(1), now())];
        let agenda = agenda(&months, WEEK);
        assert_eq!(words(&agenda), ["hold p_2026_3", "hold p_2026_4"]);
        assert!(
            agenda.notes[0].contains("until 2026-11-25 11:06:40 UTC; `authdb-janitor restore 2026-01`"),
            "{agenda:?}"
        );
        assert_eq!(agenda.notes[2], "a table is doubtful");
    }

    #[test]
    fn a_held_month_goes_with_its_partition_when_its_time_has_come() {
        let months = [held(january(), now().before(WEEK)), held(january().plus(1), now())];
        let expected = ["release 2026-01", "hold p_2026_1", "hold p_2026_3", "hold p_2026_4"];
        assert_eq!(words(&agenda(&months, WEEK)), expected);
    }

    #[test]
    fn a_table_that_is_still_empty_is_filled_by_the_next_run() {
        let empty = HeldMonth { is_empty: true, ..held(january(), now()) };
        assert_eq!(words(&agenda(&[empty], WEEK))[..2], ["hold p_2026_1", "hold p_2026_2"]);
    }

    #[test]
    fn what_is_held_stays_when_holding_is_switched_off() {
        let agenda = agenda(&[held(january(), now().before(WEEK))], Duration::ZERO);
        assert_eq!(words(&agenda)[..2], ["drop p_2026_1", "drop p_2026_2"], "the first of them is empty");
        assert!(agenda.notes.iter().any(|note| note.contains("nothing drops it")), "{agenda:?}");
    }
}
