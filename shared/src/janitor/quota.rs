//! How much of an agenda one run takes: `janitor.max_drops_per_run` months, counted when they are gone and not when they
//! are tried.
//!
//! A month with an active token in it stays for as long as that token does. If the try counted, a few such months would
//! keep every younger one for ever; and the lowest partition, into which every key sorts that lies below its bound, is
//! likely to be one.

use super::Step;
use crate::db::RollStep;
use crate::ids::KeyBound;
use crate::partition::{Partition, PartitionBound, RollSettings};

/// What is left of a run's allowance, step by step.
///
/// # Examples
/// ```
/// use authdb_shared::db::RollStep;
/// use authdb_shared::janitor::{Quota, Step};
/// use authdb_shared::partition::{Partition, PartitionBound, RollSettings};
///
/// let mut quota = Quota::of(RollSettings { months_ahead: 12, max_drops_per_run: 1 });
/// let drop = |name: &str| {
///     let bound = PartitionBound::parse("'019de0ab900070008000000000000000'");
///     Step::Roll(RollStep::Drop(Partition { name: name.to_owned(), bound, rows: 0, bytes: 0 }))
/// };
/// let (stuck, next, last) = (drop("p_2026_2"), drop("p_2026_3"), drop("p_2026_4"));
/// assert!(quota.admits(&stuck) && quota.admits(&next), "the first was refused, and so is not counted");
/// quota.took(&next);
/// assert!(!quota.admits(&last) && quota.note().is_some_and(|note| note.contains("1 more")));
/// ```
#[derive(Clone, Debug)]
pub struct Quota {
    at_most: usize,
    released: usize,
    dropped: usize,
    postponed: usize,
    /// Bounds of the held months that were to go and have not gone.
    staying: Vec<KeyBound>,
}

impl Quota {
    /// That of one run.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::janitor::Quota;
    /// use authdb_shared::partition::RollSettings;
    ///
    /// assert_eq!(Quota::of(RollSettings { months_ahead: 12, max_drops_per_run: 2 }).note(), None);
    /// ```
    #[must_use]
    pub fn of(settings: RollSettings) -> Self {
        let (released, dropped, postponed, staying) = Default::default();
        Self { at_most: settings.max_drops_per_run, released, dropped, postponed, staying }
    }

    /// Whether this step is still to be tried. Steps are shown in their order, each once, and what was taken is told by
    /// [`took`](Self::took) before the next is shown: the partition of a held month stays for as long as that month does.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::RollStep;
    /// use authdb_shared::janitor::{Quota, Step};
    /// use authdb_shared::partition::RollSettings;
    ///
    /// let mut quota = Quota::of(RollSettings { months_ahead: 12, max_drops_per_run: 0 });
    /// assert!(quota.admits(&Step::Roll(RollStep::Add(Vec::new()))), "months are added without limit");
    /// ```
    pub fn admits(&mut self, step: &Step) -> bool {
        let taken = match step {
            Step::Roll(RollStep::Add(_)) => return true,
            Step::Release(held) => {
                self.staying.push(held.bound);
                self.released
            }
            Step::Roll(RollStep::Drop(partition)) | Step::Hold(partition) if self.stays(partition) => return false,
            Step::Roll(RollStep::Drop(_)) | Step::Hold(_) => self.dropped,
        };
        let is_free = taken < self.at_most;
        self.postponed += usize::from(!is_free);
        is_free
    }

    /// This step was taken.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::RollStep;
    /// use authdb_shared::janitor::{Quota, Step};
    /// use authdb_shared::partition::RollSettings;
    ///
    /// let mut quota = Quota::of(RollSettings { months_ahead: 12, max_drops_per_run: 2 });
    /// quota.took(&Step::Roll(RollStep::Add(Vec::new())));
    /// assert!(!quota.is_touched(), "no month is gone yet");
    /// ```
    pub fn took(&mut self, step: &Step) {
        match step {
            Step::Roll(RollStep::Add(_)) => {}
            Step::Release(held) => {
                self.staying.retain(|bound| *bound != held.bound);
                self.released += 1;
            }
            Step::Roll(RollStep::Drop(_)) | Step::Hold(_) => self.dropped += 1,
        }
    }

    /// Whether any of it is used up: then another run on the same day would drop more than a run may.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::janitor::Quota;
    /// use authdb_shared::partition::RollSettings;
    ///
    /// assert!(!Quota::of(RollSettings { months_ahead: 12, max_drops_per_run: 2 }).is_touched());
    /// ```
    #[must_use]
    pub fn is_touched(&self) -> bool {
        self.released + self.dropped > 0
    }

    /// What it has left for the next run, in a sentence.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::janitor::Quota;
    /// use authdb_shared::partition::RollSettings;
    ///
    /// let note = Quota::of(RollSettings { months_ahead: 12, max_drops_per_run: 2 }).note();
    /// assert_eq!(note, None, "nothing was postponed");
    /// ```
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let (count, have) = (self.postponed, if self.postponed == 1 { "has its turn" } else { "have their turn" });
        (count > 0)
            .then(|| format!("{count} more past the retention {have} in the next run (janitor.max_drops_per_run)"))
    }

    fn stays(&self, partition: &Partition) -> bool {
        let PartitionBound::Below(bound) = partition.bound else { return false };
        self.staying.contains(&bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::db::HeldMonth;
    use crate::partition::Month;

    /// The months from January 2026 on.
    fn month(number: u32) -> Month {
        let january = Timestamp::from_unix_millis(1_768_000_000_000).expect("in January 2026");
        Month::of(january).plus(number - 1)
    }

    fn hold(number: u32) -> Step {
        let (name, bound) = (month(number).partition_name(), PartitionBound::Below(month(number).upper_bound()));
        Step::Hold(Partition { name, bound, rows: 1, bytes: 1 })
    }

    fn release(number: u32) -> Step {
        let (bound, table) = (month(number).upper_bound(), format!("JanitorHeld_{number}"));
        Step::Release(HeldMonth { table, bound, since: bound.time(), rows: 1, bytes: 1, is_empty: false })
    }

    fn quota(max_drops_per_run: usize) -> Quota {
        Quota::of(RollSettings { months_ahead: 12, max_drops_per_run })
    }

    #[test]
    fn a_held_month_that_cannot_go_keeps_its_partition_and_no_other_month() {
        let mut quota = quota(1);
        let steps = [release(1), release(2), release(3), hold(1), hold(2), hold(4), hold(5)];
        let mut tried = Vec::new();
        for step in &steps {
            if quota.admits(step) {
                tried.push(step.clone());
                if *step != release(1) {
                    quota.took(step);
                }
            }
        }
        assert_eq!(tried, [release(1), release(2), hold(2)]);
        assert!(quota.note().is_some_and(|note| note.starts_with("3 more")), "{quota:?}");
    }

    #[test]
    fn what_is_tried_in_vain_is_not_counted() {
        let mut quota = quota(2);
        assert!([hold(1), hold(2), hold(3)].iter().all(|step| quota.admits(step)));
        assert_eq!((quota.note(), quota.is_touched()), (None, false));
    }
}
