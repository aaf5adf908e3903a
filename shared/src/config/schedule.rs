//! When a schedule comes next: for people and for monitoring. What keeps the schedule is the janitor's scheduler.

use croner::parser::{CronParser, Seconds};

use crate::clock::Timestamp;

/// The next time after `after` at which the six-field cron line `schedule` matches, in UTC; `None` if it never does.
///
/// # Examples
/// ```
/// use authdb_shared::Timestamp;
/// use authdb_shared::config::next_due;
///
/// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
/// let next = next_due("0 30 2 * * *", now).expect("every night");
/// assert_eq!((now.sql_text().as_str(), next.sql_text().as_str()), ("2026-11-18 11:06:40", "2026-11-19 02:30:00"));
/// ```
#[must_use]
pub fn next_due(schedule: &str, after: Timestamp) -> Option<Timestamp> {
    let cron = CronParser::builder().seconds(Seconds::Required).build().parse(schedule).ok()?;
    cron.find_next_occurrence(&after.calendar(), false).ok().map(Timestamp::from)
}
