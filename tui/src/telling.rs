//! How times are told: as ages, in UTC or in local time.
//!
//! What lies behind is an age where times are relative. What is still to come, such as the end of the access tokens, is a
//! time of day in any case, because it is compared with other clocks; only the zone changes. Local time is a [`Zone`] that is
//! handed in, so that nothing here asks the machine, and each instant is told by the offset of its own day.

use authdb_shared::Timestamp;
use authdb_shared::clock::Zone;
use authdb_shared::config::Times;
use authdb_shared::health::Finding;

use crate::draw::format::span;

/// How times are told.
#[derive(Clone, Copy, Debug)]
pub struct Telling {
    /// As what.
    pub times: Times,
    /// Local time.
    pub local: Zone,
}

impl Default for Telling {
    fn default() -> Self {
        Self { times: Times::Relative, local: Zone::UTC }
    }
}

impl Telling {
    /// The next way, around the end.
    pub(crate) fn next(self) -> Times {
        let place = Times::ALL.iter().position(|times| *times == self.times).unwrap_or_default();
        Times::ALL[(place + 1) % Times::ALL.len()]
    }

    /// By which clocks.
    #[must_use]
    pub fn zone(self) -> Zone {
        match self.times {
            Times::Relative | Times::Utc => Zone::UTC,
            Times::Local => self.local,
        }
    }

    /// Whether what lies behind is told as a time, and not as an age.
    #[must_use]
    pub fn is_absolute(self) -> bool {
        self.times != Times::Relative
    }

    /// A word or two for the head line.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self.times {
            Times::Relative => "ages",
            Times::Utc => "times in UTC",
            Times::Local => "local times",
        }
    }

    /// `14:03:22 UTC`, for what is near.
    #[must_use]
    pub fn clock(self, time: Timestamp) -> String {
        self.zone().time_of_day(time)
    }

    /// `2026-11-23 14:03:22 UTC`.
    #[must_use]
    pub fn whole(self, time: Timestamp) -> String {
        self.zone().date_and_time(time)
    }

    /// `3m12s ago`, or the time itself.
    #[must_use]
    pub fn past(self, time: Timestamp, now: Timestamp) -> String {
        if self.is_absolute() { self.zone().near(time, now) } else { format!("{} ago", span(now.since(time))) }
    }

    /// The same for a narrow place: without the zone, which stands in the head line.
    #[must_use]
    pub fn past_in_short(self, time: Timestamp, now: Timestamp) -> String {
        if self.is_absolute() { self.zone().in_short(time, now) } else { self.past(time, now) }
    }

    /// What was found: past times are told as everywhere; those that are compared with each other are times in any case.
    #[must_use]
    pub fn of_finding(self, finding: &Finding, now: Timestamp) -> String {
        self.zone().in_sentence(&finding.told(|time| self.past(time, now)))
    }

    /// What is to come, in a narrow place.
    #[must_use]
    pub fn future_in_short(self, time: Timestamp, now: Timestamp) -> String {
        if self.is_absolute() { format!("at {}", self.zone().in_short(time, now)) } else { self.future(time, now) }
    }

    /// `in 3m12s`, or the time itself after `at`.
    #[must_use]
    pub fn future(self, time: Timestamp, now: Timestamp) -> String {
        if self.is_absolute() {
            format!("at {}", self.zone().near(time, now))
        } else {
            format!("in {}", span(time.since(now)))
        }
    }
}
