//! Time and randomness: the one place they enter the programs, and the one type that carries a time.
//!
//! Every other function takes `now` (or a random source) as a parameter. That makes each rule testable at any date, and
//! it keeps the decision *which* clock counts in one place: the database's, for everything that is written or deleted.
//! The host's clock is only a witness, and what the screen uses to count down between two refreshes. The host's time zone
//! enters here too: a [`Zone`] is how a time is told to people, and is a parameter as well.
//!
//! [`AuthDb::now`] asks the database, [`host_now`] the host, and [`ClockWitnesses`] compares the two.
//!
//! [`AuthDb::now`]: crate::db::AuthDb::now
//! [`ClockWitnesses`]: crate::db::ClockWitnesses

mod zone;

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, SubsecRound, TimeDelta, Utc};
use rand::SeedableRng;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::mysql::{MySql, MySqlTypeInfo, MySqlValueRef};
use sqlx::sqlite::{Sqlite, SqliteArgumentsBuffer, SqliteTypeInfo, SqliteValueRef};
use sqlx::{Database, Decode, Encode, Type, ValueRef};
pub use zone::Zone;

/// An instant in UTC, with millisecond precision: what `CreationTime` and the time inside a `UUIDv7` key both become.
///
/// Bound to a statement it is written as `DiracX` stores times, `YYYY-MM-DD HH:MM:SS` in whole seconds. That matters on
/// `SQLite`, where times are compared as text and an RFC 3339 `T` sorts after every blank.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use authdb_shared::Timestamp;
///
/// let issued = Timestamp::from_unix_millis(1_795_000_000_123).expect("within the calendar");
/// let expiry = issued.after(Duration::from_mins(60));
/// assert!(issued < expiry);
/// assert_eq!(expiry.to_string(), "2026-11-18 12:06:40 UTC");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

/// The host's clock, now.
///
/// A witness of the database's clock, never a replacement for it: cut-offs come from [`crate::db::AuthDb::now`].
///
/// # Examples
/// ```
/// use authdb_shared::clock;
///
/// // For a countdown on the screen. What may be deleted is decided by the database's clock.
/// let loaded = clock::host_now();
/// let age = clock::host_now().since(loaded);
/// assert!(age.as_secs() < 60);
/// ```
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this module is the one that provides the time")]
pub fn host_now() -> Timestamp {
    Timestamp::new(Utc::now())
}

/// A cryptographic generator seeded by the operating system, for codes, keys and jitter.
///
/// # Examples
/// ```
/// use authdb_shared::clock;
/// use authdb_shared::ids::UserCode;
///
/// let random = &mut clock::randomness();
/// assert_ne!(UserCode::draw(random), UserCode::draw(random));
/// ```
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this module is the one that provides randomness")]
pub fn randomness() -> impl rand::CryptoRng + Send {
    rand::rngs::StdRng::from_rng(&mut rand::rng())
}

impl Timestamp {
    fn new(time: DateTime<Utc>) -> Self {
        Self(time.trunc_subsecs(3))
    }

    /// The instant `millis` milliseconds after the Unix epoch; `None` beyond the calendar (year 262,142).
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::Timestamp;
    ///
    /// let epoch = Timestamp::from_unix_millis(0).expect("within the calendar");
    /// assert_eq!(epoch.to_string(), "1970-01-01 00:00:00 UTC");
    /// assert_eq!(Timestamp::from_unix_millis(i64::MAX), None);
    /// ```
    #[must_use]
    pub fn from_unix_millis(millis: i64) -> Option<Self> {
        DateTime::from_timestamp_millis(millis).map(Self)
    }

    /// Milliseconds since the Unix epoch, as a `UUIDv7` counts them (RFC 9562 section 5.7).
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::Timestamp;
    /// use authdb_shared::ids::KeyBound;
    ///
    /// let time = Timestamp::from_unix_millis(1_795_000_000_123).expect("within the calendar");
    /// assert_eq!(time.unix_millis(), 1_795_000_000_123);
    /// assert_eq!(KeyBound::at(time).hex(), format!("{:012x}70008000000000000000", time.unix_millis()));
    /// ```
    #[must_use]
    pub fn unix_millis(self) -> i64 {
        self.0.timestamp_millis()
    }

    /// This instant as a calendar time.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::Timestamp;
    /// use chrono::Datelike;
    ///
    /// let time = Timestamp::from_unix_millis(1_795_000_000_123).expect("within the calendar");
    /// assert_eq!(time.calendar().month(), 11);
    /// ```
    #[must_use]
    pub fn calendar(self) -> DateTime<Utc> {
        self.0
    }

    /// The instant `span` earlier; the earliest representable one if that lies before the calendar.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use authdb_shared::Timestamp;
    ///
    /// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let cutoff = now.before(Duration::from_mins(10));
    /// assert_eq!(now.since(cutoff), Duration::from_mins(10));
    /// assert!(now.before(Duration::MAX) < cutoff, "a span that is too long reaches the beginning of the calendar");
    /// ```
    #[must_use]
    pub fn before(self, span: Duration) -> Self {
        let earlier = TimeDelta::from_std(span).ok().and_then(|delta| self.0.checked_sub_signed(delta));
        Self(earlier.unwrap_or(DateTime::<Utc>::MIN_UTC))
    }

    /// The instant `span` later; the latest representable one if that lies beyond the calendar.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use authdb_shared::Timestamp;
    ///
    /// let begun = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let expiry = begun.after(Duration::from_mins(10));
    /// assert_eq!(expiry.unix_millis(), 1_795_000_600_000);
    /// ```
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        let later = TimeDelta::from_std(span).ok().and_then(|delta| self.0.checked_add_signed(delta));
        Self(later.unwrap_or(DateTime::<Utc>::MAX_UTC))
    }

    /// How long ago `earlier` was, seen from here; zero if it is not earlier at all.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use authdb_shared::Timestamp;
    ///
    /// let issued = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let now = issued.after(Duration::from_secs(90));
    /// assert_eq!(now.since(issued), Duration::from_secs(90));
    /// assert_eq!(issued.since(now), Duration::ZERO);
    /// ```
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        (self.0 - earlier.0).to_std().unwrap_or_default()
    }

    /// The distance between two instants, whichever comes first.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use authdb_shared::Timestamp;
    ///
    /// let database = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let host = database.before(Duration::from_secs(45));
    /// assert_eq!(host.distance(database), database.distance(host));
    /// assert!(host.distance(database) > Duration::from_secs(30), "the two clocks disagree");
    /// ```
    #[must_use]
    pub fn distance(self, other: Self) -> Duration {
        (self.0 - other.0).abs().to_std().unwrap_or_default()
    }

    /// The form of RFC 3339 with milliseconds, for programs that read what this one writes.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::Timestamp;
    ///
    /// let time = Timestamp::from_unix_millis(1_795_000_000_123).expect("within the calendar");
    /// assert_eq!(time.rfc3339(), "2026-11-18T11:06:40.123Z");
    /// ```
    #[must_use]
    pub fn rfc3339(self) -> String {
        self.0.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    }

    /// `YYYY-MM-DD HH:MM:SS`, the form in which `DiracX` stores times on `SQLite`.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::Timestamp;
    ///
    /// let time = Timestamp::from_unix_millis(1_795_000_000_123).expect("within the calendar");
    /// assert_eq!(time.sql_text(), "2026-11-18 11:06:40");
    /// ```
    #[must_use]
    pub fn sql_text(self) -> String {
        self.0.format("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// The same to the millisecond, as our own tables hold times.
    #[must_use]
    pub(crate) fn sql_text_with_millis(self) -> String {
        self.0.format("%Y-%m-%d %H:%M:%S%.3f").to_string()
    }

    pub(crate) fn from_sql_text(text: &str) -> Option<Self> {
        ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"]
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text.trim_end_matches('Z'), format).ok())
            .map(|time| Self::new(time.and_utc()))
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(time: DateTime<Utc>) -> Self {
        Self::new(time)
    }
}

/// `2026-11-23 14:03:07 UTC`: unambiguous in a report that is read in another time zone.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d %H:%M:%S UTC"))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

impl Type<MySql> for Timestamp {
    fn type_info() -> MySqlTypeInfo {
        <NaiveDateTime as Type<MySql>>::type_info()
    }
}

impl Encode<'_, MySql> for Timestamp {
    fn encode_by_ref(&self, buffer: &mut Vec<u8>) -> Result<IsNull, BoxDynError> {
        Encode::<MySql>::encode(self.0.naive_utc().trunc_subsecs(0), buffer)
    }
}

impl Type<Sqlite> for Timestamp {
    fn type_info() -> SqliteTypeInfo {
        <String as Type<Sqlite>>::type_info()
    }
}

impl Encode<'_, Sqlite> for Timestamp {
    fn encode_by_ref(&self, arguments: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        Encode::<Sqlite>::encode(self.sql_text(), arguments)
    }
}

/// A time column as it is found: `None` where the column is null or holds something that is no time.
///
/// One unreadable time must not hide the other rows of a list, so reading this never fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StoredTime(pub(crate) Option<Timestamp>);

/// Every type is accepted; what is no time becomes `None` when it is decoded.
impl<DB: Database> Type<DB> for StoredTime
where
    NaiveDateTime: Type<DB>,
{
    fn type_info() -> DB::TypeInfo {
        <NaiveDateTime as Type<DB>>::type_info()
    }

    fn compatible(_: &DB::TypeInfo) -> bool {
        true
    }
}

impl Decode<'_, MySql> for StoredTime {
    fn decode(value: MySqlValueRef<'_>) -> Result<Self, BoxDynError> {
        if value.is_null() {
            return Ok(Self(None));
        }
        let time = <NaiveDateTime as Decode<MySql>>::decode(value).ok();
        Ok(Self(time.map(|time| Timestamp::new(time.and_utc()))))
    }
}

impl Decode<'_, Sqlite> for StoredTime {
    fn decode(value: SqliteValueRef<'_>) -> Result<Self, BoxDynError> {
        if value.is_null() {
            return Ok(Self(None));
        }
        let text = <String as Decode<Sqlite>>::decode(value).ok();
        Ok(Self(text.as_deref().and_then(Timestamp::from_sql_text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_sql_text(text).expect("a time written in this test")
    }

    #[test]
    fn times_are_written_as_diracx_stores_them() {
        let time = at("2026-11-23 14:03:07.256");
        assert_eq!(time.sql_text(), "2026-11-23 14:03:07");
        assert_eq!(time.to_string(), "2026-11-23 14:03:07 UTC");
    }

    #[test]
    fn both_of_sqlites_spellings_are_read_alike() {
        assert_eq!(at("2026-11-23T14:03:07Z"), at("2026-11-23 14:03:07"));
        assert_eq!(Timestamp::from_sql_text("yesterday"), None);
    }

    #[test]
    fn spans_beyond_the_calendar_stop_at_its_ends() {
        let time = at("2026-11-23 14:03:07");
        assert!(time.before(Duration::MAX) < time);
        assert!(time.after(Duration::MAX) > time);
        assert_eq!(time.since(time.after(Duration::from_secs(1))), Duration::ZERO);
    }
}
