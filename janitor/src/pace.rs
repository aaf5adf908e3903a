//! The pace of a sweep: how many rows the next batch has, and how long the server may breathe after it.
//!
//! A login waits for the locks of one batch at most, so a batch is measured by the time that it holds them and not by its
//! rows. How many rows that is depends on the server and on the hour, and is learnt from batch to batch. The breather is
//! in proportion to the batch: a server that takes long gets long to recover. The next batch begins with a look, which locks
//! nothing and takes about as long as the last one; it is a part of the breather.

use std::time::Duration;

/// Between which bounds a batch is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// How long a batch should hold its locks.
    pub(crate) target: Duration,
    /// The fewest rows: below it the work would never end.
    pub(crate) min_rows: u32,
    /// The most rows, however quick the server is.
    pub(crate) max_rows: u32,
}

/// The rows of the first batch, before anything is known.
const FIRST_ROWS: u32 = 500;
/// A batch grows or shrinks at most so much at once, so that one odd measurement does no harm.
const STEP: f64 = 2.0;
/// How long nothing is locked after a batch, as a part of the time that it held its locks.
const REST: f64 = 0.1;
/// The breather where a batch took more than twice its target: the server is busy with something else.
const LONG_REST: f64 = 2.0;
const LONGEST_REST: Duration = Duration::from_secs(1);
/// What a timer can measure: a shorter rest would take longer than it was meant to.
const SHORTEST_REST: Duration = Duration::from_millis(1);

/// The pace of one sweep.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    limits: Limits,
    rows: u32,
}

impl Pace {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, rows: FIRST_ROWS.clamp(limits.min_rows, limits.max_rows) }
    }

    /// How many rows the next batch has.
    pub(crate) fn rows(&self) -> u32 {
        self.rows
    }

    /// How many rows the next batch has where somebody else needs the rows, or the server.
    pub(crate) fn fewest_rows(&self) -> u32 {
        self.limits.min_rows
    }

    /// Goes on with as few rows as there may be.
    pub(crate) fn back_off(&mut self) {
        self.rows = self.limits.min_rows;
    }

    /// Learns from a batch that looked for `looked` and then held its locks for `held`, and says how long to rest before the
    /// next one looks. A batch that changed nothing locked nothing: the next may be larger.
    pub(crate) fn learn(&mut self, looked: Duration, held: Duration) -> Duration {
        let wanted = if held.is_zero() { STEP } else { self.limits.target.as_secs_f64() / held.as_secs_f64() };
        let rows = f64::from(self.rows) * wanted.clamp(1.0 / STEP, STEP);
        self.rows = whole(rows).clamp(self.limits.min_rows, self.limits.max_rows);
        let is_slow = held > self.limits.target * 2;
        let rest = held.mul_f64(if is_slow { LONG_REST } else { REST }).saturating_sub(looked).min(LONGEST_REST);
        if rest < SHORTEST_REST { Duration::ZERO } else { rest }
    }
}

/// The number of rows, which is never negative and far below the limit of the type.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range of the type before")]
fn whole(rows: f64) -> u32 {
    rows.round().clamp(0.0, f64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { target: Duration::from_millis(25), min_rows: 50, max_rows: 5000 };

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// The batch size after so many batches on a server that needs so long per row.
    fn settled(per_row: Duration, batches: u32) -> u32 {
        let mut pace = Pace::new(LIMITS);
        for _ in 0..batches {
            pace.learn(Duration::ZERO, per_row * pace.rows());
        }
        pace.rows()
    }

    #[test]
    fn a_batch_comes_to_take_its_target() {
        assert_eq!(settled(Duration::from_micros(10), 10), 2500);
        assert_eq!(settled(Duration::from_micros(100), 10), 250);
    }

    #[test]
    fn a_batch_stays_within_its_bounds() {
        assert_eq!(settled(Duration::from_nanos(10), 20), 5000);
        assert_eq!(settled(millis(10), 20), 50);
    }

    #[test]
    fn one_odd_batch_changes_the_size_by_half_at_most() {
        let mut pace = Pace::new(LIMITS);
        pace.learn(Duration::ZERO, Duration::from_secs(10));
        assert_eq!(pace.rows(), 250);
        pace.learn(Duration::ZERO, Duration::ZERO);
        assert_eq!(pace.rows(), 500);
    }

    #[test]
    fn the_rest_is_in_proportion_and_longer_on_a_busy_server() {
        let mut pace = Pace::new(LIMITS);
        let nothing = Duration::ZERO;
        assert_eq!(pace.learn(nothing, millis(20)), millis(2));
        assert_eq!(pace.learn(nothing, millis(60)), millis(120));
        assert_eq!(pace.learn(nothing, Duration::from_secs(5)), LONGEST_REST);
        assert_eq!(pace.learn(nothing, nothing), nothing);
    }

    #[test]
    fn looking_is_resting_too() {
        let mut pace = Pace::new(LIMITS);
        assert_eq!(pace.learn(millis(1), millis(20)), millis(1));
        assert_eq!(pace.learn(millis(8), millis(20)), Duration::ZERO);
        let almost = Duration::from_micros(1100);
        assert_eq!(pace.learn(almost, millis(20)), Duration::ZERO, "what is left is too short to be measured");
        assert_eq!(pace.learn(millis(8), millis(60)), millis(112));
    }
}
