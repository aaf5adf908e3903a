//! Zones: by whose clocks people read a time.

use std::fmt::Display;

use chrono::{DateTime, FixedOffset, Local, NaiveDateTime, Offset, TimeZone, Utc};

use super::Timestamp;

/// What stands behind a time that is written in UTC, and how many bytes stand before it.
const UTC: &str = " UTC";
const WRITTEN: usize = "2026-11-23 14:03:07".len();

/// The clocks of some place, each instant by the offset that was or will be in force then: in summer time, times of the
/// winter are still told as they were.
///
/// # Examples
/// ```
/// use authdb_shared::Timestamp;
/// use authdb_shared::clock::Zone;
///
/// let time = Timestamp::from_unix_millis(1_795_000_000_123).expect("within the calendar");
/// let geneva = Zone::ahead(|_| 3600);
/// assert_eq!(Zone::UTC.date_and_time(time), "2026-11-18 11:06:40 UTC");
/// assert_eq!(geneva.date_and_time(time), "2026-11-18 12:06:40 +01:00");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Zone {
    /// Seconds that the clocks are ahead of UTC at an instant; none for UTC itself, which has a name.
    seconds_ahead: Option<fn(Timestamp) -> i32>,
}

impl Zone {
    /// Coordinated universal time.
    ///
    /// # Examples
    /// See [`Zone`].
    pub const UTC: Self = Self { seconds_ahead: None };

    /// A place whose clocks are so many seconds ahead of UTC at an instant; behind it, if negative. A day or more counts as
    /// nothing.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::Timestamp;
    /// use authdb_shared::clock::Zone;
    ///
    /// // Summer time ended on 2026-10-25 at 01:00 UTC.
    /// let geneva = Zone::ahead(|time| if time.unix_millis() < 1_792_890_000_000 { 7200 } else { 3600 });
    /// let [before, after] = [1_792_889_999_000, 1_792_890_000_000].map(Timestamp::from_unix_millis);
    /// assert_eq!(geneva.time_of_day(before.expect("within the calendar")), "02:59:59 +02:00");
    /// assert_eq!(geneva.time_of_day(after.expect("within the calendar")), "02:00:00 +01:00");
    /// ```
    #[must_use]
    pub const fn ahead(seconds: fn(Timestamp) -> i32) -> Self {
        Self { seconds_ahead: Some(seconds) }
    }

    /// Where this host is, as its `TZ` or its `/etc/localtime` says.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::clock::{Zone, host_now};
    ///
    /// // For people only. Nothing is ever decided or stored by local time.
    /// println!("It is {} here.", Zone::of_this_host().time_of_day(host_now()));
    /// ```
    #[must_use]
    pub fn of_this_host() -> Self {
        Self::ahead(|time| Local.offset_from_utc_datetime(&time.0.naive_utc()).fix().local_minus_utc())
    }

    /// `2026-11-23 15:03:07 +01:00`, or `2026-11-23 14:03:07 UTC`.
    ///
    /// # Examples
    /// See [`Zone`].
    #[must_use]
    pub fn date_and_time(self, time: Timestamp) -> String {
        self.write(time, "%Y-%m-%d %H:%M:%S %:z", "%Y-%m-%d %H:%M:%S UTC")
    }

    /// `15:03:07 +01:00`, or `14:03:07 UTC`.
    ///
    /// # Examples
    /// See [`Zone::ahead`].
    #[must_use]
    pub fn time_of_day(self, time: Timestamp) -> String {
        self.write(time, "%H:%M:%S %:z", "%H:%M:%S UTC")
    }

    /// For a narrow column, whose head names the zone: `15:03:07` on the day of `now`, `11-23 15:03` in its year,
    /// `2025-11-23` in any other; eleven cells at most within four digits of years.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use authdb_shared::Timestamp;
    /// use authdb_shared::clock::Zone;
    ///
    /// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let told = [60, 86_400, 366 * 86_400].map(|age| Zone::UTC.in_short(now.before(Duration::from_secs(age)), now));
    /// assert_eq!(told, ["11:05:40", "11-17 11:06", "2025-11-17"]);
    /// ```
    #[must_use]
    pub fn in_short(self, time: Timestamp, now: Timestamp) -> String {
        let format = |time, format| self.write(time, format, format);
        if self.is_on_one_day(time, now) {
            format(time, "%H:%M:%S")
        } else if format(time, "%Y") == format(now, "%Y") {
            format(time, "%m-%d %H:%M")
        } else {
            format(time, "%Y-%m-%d")
        }
    }

    /// The time of day on the day of `now`, and the date as well on any other.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use authdb_shared::Timestamp;
    /// use authdb_shared::clock::Zone;
    ///
    /// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let told = [60, 86_400].map(|age| Zone::UTC.near(now.before(Duration::from_secs(age)), now));
    /// assert_eq!(told, ["11:05:40 UTC", "2026-11-17 11:06:40 UTC"]);
    /// ```
    #[must_use]
    pub fn near(self, time: Timestamp, now: Timestamp) -> String {
        if self.is_on_one_day(time, now) { self.time_of_day(time) } else { self.date_and_time(time) }
    }

    /// A sentence in which every time that [`Timestamp`] has written is told by these clocks.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::clock::Zone;
    ///
    /// let sentence = "ends at 2026-11-18 11:06:40 UTC, or later";
    /// assert_eq!(Zone::ahead(|_| 3600).in_sentence(sentence), "ends at 2026-11-18 12:06:40 +01:00, or later");
    /// assert_eq!(Zone::UTC.in_sentence(sentence), sentence);
    /// ```
    #[must_use]
    pub fn in_sentence(self, sentence: &str) -> String {
        let (mut told, mut rest) = (String::with_capacity(sentence.len()), sentence);
        while let Some(end) = rest.find(UTC) {
            let (before, after) = rest.split_at(end + UTC.len());
            let time = end.checked_sub(WRITTEN).and_then(|start| {
                let time = NaiveDateTime::parse_from_str(before.get(start..end)?, "%Y-%m-%d %H:%M:%S").ok()?;
                Some((start, Timestamp(time.and_utc())))
            });
            match time {
                Some((start, time)) => told.extend([&before[..start], &self.date_and_time(time)]),
                None => told.push_str(before),
            }
            rest = after;
        }
        told + rest
    }

    fn is_on_one_day(self, one: Timestamp, other: Timestamp) -> bool {
        let [one, other] = [one, other].map(|time| self.write(time, "%Y-%m-%d", "%Y-%m-%d"));
        one == other
    }

    fn write(self, time: Timestamp, format: &str, in_utc: &str) -> String {
        let written: &dyn Display = match self.seconds_ahead {
            None => &time.0.format(in_utc),
            Some(seconds) => &local(time.0, seconds(time)).format(format),
        };
        written.to_string()
    }
}

fn local(time: DateTime<Utc>, seconds_ahead: i32) -> DateTime<FixedOffset> {
    let offset = FixedOffset::east_opt(seconds_ahead).unwrap_or_else(|| Utc.fix());
    time.with_timezone(&offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_is_that_of_the_zone() {
        let at = |text: &str| Timestamp::from_sql_text(text).expect("a time written in this test");
        let (evening, now) = (at("2026-11-23 23:30:00"), at("2026-11-24 00:30:00"));
        assert_eq!(Zone::UTC.in_short(evening, now), "11-23 23:30");
        assert_eq!(Zone::ahead(|_| 3600).in_short(evening, now), "00:30:00");
    }

    #[test]
    fn an_impossible_offset_is_none() {
        let time = Timestamp::from_sql_text("2026-11-23 14:03:07").expect("a time written in this test");
        assert_eq!(Zone::ahead(|_| 1_000_000).time_of_day(time), "14:03:07 +00:00");
    }
}
