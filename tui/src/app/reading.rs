//! Reading something again and again: which answer belongs to which question, how fresh it is, and when it is time again.

use std::time::Duration;

use authdb_shared::Timestamp;
use authdb_shared::db::DbError;

/// A sum that took long is not read again before so many times as long have passed: a dashboard that stands in the corner
/// must not keep a database busy by itself. What takes 25 ms is read as often as is meant; what takes longer has its age
/// beside it.
const REST: u32 = 200;
/// The same for lists, whose rows somebody waits for.
const REST_OF_LISTS: u32 = 2;
/// The longest of these rests: what was held up once, by a database that stood still or a terminal that slept, is not kept
/// waiting for long afterwards.
const LONGEST_REST: Duration = Duration::from_mins(2);
const LONGEST_REST_OF_LISTS: Duration = Duration::from_secs(5);

/// How fresh what was read is.
#[derive(Clone, Copy, Debug)]
pub struct Freshness<'a> {
    /// For how long an answer has been awaited.
    pub waiting: Option<Duration>,
    /// How long ago it was read; `None` before the first answer.
    pub age: Option<Duration>,
    /// Why the last reading failed, if it did.
    pub error: Option<&'a str>,
}

/// The state of reading something.
#[derive(Debug, Default)]
pub struct Reading {
    /// When it was read, by the host's clock; `None` before the first answer.
    pub read_at: Option<Timestamp>,
    /// Why the last reading failed, if it did.
    error: Option<String>,
    /// Whether it failed because the database did not answer.
    is_lost: bool,
    generation: u64,
    asked_at: Option<Timestamp>,
    /// How long the last answer took.
    took: Duration,
    is_waiting: bool,
}

impl Reading {
    /// Begins reading, and says which generation the answer must carry.
    pub fn ask(&mut self, now: Timestamp) -> u64 {
        self.generation += 1;
        self.asked_at = Some(now);
        self.is_waiting = true;
        self.generation
    }

    /// Whether it is time to read a sum again: never while an answer is awaited, and later where the last one took long.
    #[must_use]
    pub fn is_due(&self, now: Timestamp, interval: Duration) -> bool {
        self.has_passed(now, interval) && self.is_rested(now)
    }

    /// Whether as long has passed as this sum rests, however often it is meant to be read.
    #[must_use]
    pub fn is_rested(&self, now: Timestamp) -> bool {
        // What is lost has had nothing to do, and whoever comes back to it waits for nothing else.
        let is_lost = self.is_lost && self.error.is_some();
        let rest = if is_lost { Duration::ZERO } else { self.took.saturating_mul(REST).min(LONGEST_REST) };
        self.has_passed(now, rest)
    }

    /// Whether an answer is awaited.
    pub(super) fn is_waiting(&self) -> bool {
        self.is_waiting
    }

    /// Whether it was ever asked for.
    pub(super) fn was_asked(&self) -> bool {
        self.asked_at.is_some()
    }

    /// The same for a list.
    #[must_use]
    pub fn is_list_due(&self, now: Timestamp, interval: Duration) -> bool {
        let rest = self.took.saturating_mul(REST_OF_LISTS).min(LONGEST_REST_OF_LISTS);
        self.has_passed(now, interval.max(rest))
    }

    /// Whether so much time has passed since it was asked for, and nothing is awaited.
    pub(super) fn has_passed(&self, now: Timestamp, span: Duration) -> bool {
        !self.is_waiting && self.asked_at.is_none_or(|asked| now.since(asked) >= span || now < asked)
    }

    /// Takes note of an answer. False if it answers an older question, and must be dropped.
    pub fn is_answered<T>(&mut self, generation: u64, answer: &Result<T, DbError>, now: Timestamp) -> bool {
        if generation != self.generation {
            return false;
        }
        self.is_waiting = false;
        // A database that cannot be reached has had nothing to do, and is to be tried again soon.
        if matches!(answer, Ok(_) | Err(DbError::TimeLimit { .. })) {
            self.took = self.asked_at.map_or(Duration::ZERO, |asked| now.since(asked));
        }
        match answer {
            Ok(_) => {
                self.error = None;
                self.read_at = Some(now);
            }
            Err(error) => {
                self.error = Some(error.to_string());
                self.is_lost = error.is_connection_loss();
            }
        }
        true
    }

    /// The database answers again: that it did not is no longer why this is not read anew.
    pub(super) fn found_again(&mut self) {
        if self.is_lost {
            self.error = None;
        }
    }

    /// How long the last answer took.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.took
    }

    /// Forgets what was read; answers that are still under way become stale.
    pub fn forget(&mut self) {
        *self = Self { generation: self.generation + 1, ..Self::default() };
    }

    /// How fresh what was read is.
    #[must_use]
    pub fn freshness(&self, now: Timestamp) -> Freshness<'_> {
        Freshness {
            waiting: self.asked_at.filter(|_| self.is_waiting).map(|asked| now.since(asked)),
            age: self.read_at.map(|read| now.since(read)),
            error: self.error.as_deref(),
        }
    }
}

/// Something that is read whole, for a screen that is no list.
#[derive(Debug)]
pub struct Slot<T> {
    /// What was read last; it stays when reading fails.
    pub value: Option<T>,
    /// The state of reading it.
    pub reading: Reading,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { value: None, reading: Reading::default() }
    }
}

impl<T> Slot<T> {
    /// Forgets what was read; answers that are still under way stay stale.
    pub fn forget(&mut self) {
        self.value = None;
        self.reading.forget();
    }

    /// Takes an answer in, unless it answers an older question. False if it was dropped.
    pub fn answer(&mut self, generation: u64, answer: Result<T, DbError>, now: Timestamp) -> bool {
        let is_ours = self.reading.is_answered(generation, &answer, now);
        if let Ok(value) = answer
            && is_ours
        {
            self.value = Some(value);
        }
        is_ours
    }
}
