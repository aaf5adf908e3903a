//! Calendar months in UTC.

use std::fmt;

use chrono::{Datelike, NaiveDate};

use crate::clock::Timestamp;
use crate::ids::KeyBound;

/// A calendar month in UTC.
///
/// # Examples
/// ```
/// use authdb_shared::Timestamp;
/// use authdb_shared::partition::Month;
///
/// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
/// let month = Month::of(now);
/// assert_eq!((month.to_string(), month.partition_name()), ("2026-11".to_owned(), "p_2026_11".to_owned()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i32,
    /// 0 is January.
    index: u32,
}

impl Month {
    /// The month that `time` falls into.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use authdb_shared::Timestamp;
    /// use authdb_shared::partition::Month;
    ///
    /// let midnight = Timestamp::from_unix_millis(1_796_083_200_000).expect("within the calendar");
    /// assert_eq!(Month::of(midnight).to_string(), "2026-12");
    /// assert_eq!(Month::of(midnight.before(Duration::from_millis(1))).to_string(), "2026-11");
    /// ```
    #[must_use]
    pub fn of(time: Timestamp) -> Self {
        let date = time.calendar().date_naive();
        Self { year: date.year(), index: date.month0() }
    }

    /// The month `count` months later.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::Timestamp;
    /// use authdb_shared::partition::Month;
    ///
    /// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// assert_eq!(Month::of(now).plus(12).to_string(), "2027-11");
    /// ```
    #[must_use]
    pub fn plus(self, count: u32) -> Self {
        let index = self.index.saturating_add(count);
        let years = i32::try_from(index / 12).unwrap_or(i32::MAX);
        Self { year: self.year.saturating_add(years), index: index % 12 }
    }

    /// This month and all after it up to `last`; none if `last` is earlier.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::Timestamp;
    /// use authdb_shared::partition::Month;
    ///
    /// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let month = Month::of(now);
    /// let names: Vec<String> = month.through(month.plus(2)).map(|month| month.to_string()).collect();
    /// assert_eq!(names, ["2026-11", "2026-12", "2027-01"]);
    /// assert_eq!(month.plus(1).through(month).count(), 0);
    /// ```
    pub fn through(self, last: Self) -> impl Iterator<Item = Self> {
        let months = |month: Self| i64::from(month.year) * 12 + i64::from(month.index);
        let count = u32::try_from(months(last) - months(self) + 1).unwrap_or(0);
        (0..count).map(move |count| self.plus(count))
    }

    /// Its first instant.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::Timestamp;
    /// use authdb_shared::partition::Month;
    ///
    /// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// assert_eq!(Month::of(now).start().sql_text(), "2026-11-01 00:00:00");
    /// ```
    #[must_use]
    pub fn start(self) -> Timestamp {
        let date = NaiveDate::from_ymd_opt(self.year, self.index + 1, 1).unwrap_or(NaiveDate::MAX);
        Timestamp::from(date.and_time(chrono::NaiveTime::MIN).and_utc())
    }

    /// The exclusive upper bound of its keys: the lowest `UUIDv7` of the next month.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::Timestamp;
    /// use authdb_shared::partition::Month;
    ///
    /// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// assert_eq!(Month::of(now).upper_bound().hex(), "01a22ee6b00070008000000000000000");
    /// ```
    #[must_use]
    pub fn upper_bound(self) -> KeyBound {
        KeyBound::at(self.plus(1).start())
    }

    /// The name that DiracX gives its partition (`_partition_name`): `p_2026_3`, without zero padding.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::Timestamp;
    /// use authdb_shared::partition::Month;
    ///
    /// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// assert_eq!(Month::of(now).plus(4).partition_name(), "p_2027_3");
    /// ```
    #[must_use]
    pub fn partition_name(self) -> String {
        format!("p_{}_{}", self.year, self.index + 1)
    }
}

/// `2026-03`.
impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:04}-{:02}", self.year, self.index + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_count_across_years() {
        let november = Month { year: 2026, index: 10 };
        assert_eq!(november.plus(2).to_string(), "2027-01");
        assert_eq!(november.through(november.plus(14)).count(), 15);
        assert_eq!(november.plus(1).through(november).count(), 0);
        assert_eq!(november.plus(2).partition_name(), "p_2027_1");
        assert_eq!(november.upper_bound().hex(), "01a22ee6b00070008000000000000000");
        assert_eq!(Month::of(november.start()), november);
    }

    #[test]
    fn a_month_beyond_the_calendar_comes_after_every_other() {
        let november = Month { year: 2026, index: 10 };
        assert!(november.plus(u32::MAX).start() > november.plus(1200).start());
    }
}
