//! Bounds: the lowest `UUIDv7` of an instant.
//!
//! `RefreshTokens` has no time column and `AuthorizationFlows` no index on its own, but a `UUIDv7` begins with its time.
//! A comparison with a bound therefore selects by age through the primary key, and prunes partitions.

use uuid::{Builder, Uuid};

use crate::clock::Timestamp;

/// The lowest `UUIDv7` of one millisecond: every key issued earlier sorts below it, every later one does not.
///
/// Bit for bit what `DiracX` computes as `uuid7_from_datetime(…, randomize=False)` (`_partition_boundary`): 48 bits of
/// Unix milliseconds, version 7, variant 10 (RFC 9562 section 5.7), every other bit zero. Months whose partitions use
/// these bounds tile without a gap.
///
/// # Examples
/// ```
/// use authdb_shared::clock;
/// use authdb_shared::Timestamp;
/// use authdb_shared::ids::{Jti, KeyBound};
///
/// let noon = Timestamp::from_unix_millis(1_795_003_200_000).expect("within the calendar");
/// let bound = KeyBound::at(noon);
/// let key = Jti::issue(noon, &mut clock::randomness()).to_string();
/// assert!(key >= bound.dashed(), "whatever is issued from then on sorts above");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyBound(Uuid);

/// The largest time that fits into a `UUIDv7`.
const LARGEST_MILLIS: u64 = (1 << 48) - 1;

impl KeyBound {
    /// The bound at `time`. Times before 1970 become the lowest bound, times beyond the year 10889 the highest.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::Timestamp;
    /// use authdb_shared::ids::KeyBound;
    ///
    /// let december = Timestamp::from_unix_millis(1_796_083_200_000).expect("within the calendar");
    /// assert_eq!(december.sql_text(), "2026-12-01 00:00:00");
    /// assert_eq!(KeyBound::at(december).hex(), "01a22ee6b00070008000000000000000");
    /// ```
    #[must_use]
    pub fn at(time: Timestamp) -> Self {
        let millis = u64::try_from(time.unix_millis()).unwrap_or(0).min(LARGEST_MILLIS);
        Self(Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid())
    }

    /// Reads a bound as either server prints it: 32 hex digits, with or without dashes.
    ///
    /// The first 48 bits order keys by time whatever the other bits are, so any UUID is accepted.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::ids::KeyBound;
    ///
    /// let of_mariadb = KeyBound::parse("01a22ee6-b000-7000-8000-000000000000");
    /// let of_mysql = KeyBound::parse("01a22ee6b00070008000000000000000");
    /// assert!(of_mysql.is_some());
    /// assert_eq!(of_mariadb, of_mysql);
    /// assert_eq!(KeyBound::parse("MAXVALUE"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(Self)
    }

    /// The time in the first 48 bits, to the millisecond.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::ids::KeyBound;
    ///
    /// let bound = KeyBound::parse("01a22ee6b00070008000000000000000").expect("32 hex digits");
    /// assert_eq!(bound.time().sql_text(), "2026-12-01 00:00:00");
    /// ```
    #[must_use]
    pub fn time(self) -> Timestamp {
        let millis = i64::try_from(self.0.as_u128() >> 80).expect("a number of 48 bits fits into 63");
        Timestamp::from_unix_millis(millis).expect("48 bits of milliseconds end in the year 10889")
    }

    /// Whether this is exactly the lowest `UUIDv7` of its millisecond.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::ids::KeyBound;
    ///
    /// let by_diracx = KeyBound::parse("01a22ee6b00070008000000000000000").expect("32 hex digits");
    /// let by_hand = KeyBound::parse("01a22ee6b0007000ffffffffffffffff").expect("32 hex digits");
    /// assert!(by_diracx.is_exact());
    /// assert!(!by_hand.is_exact(), "keys of that millisecond lie on both sides of it");
    /// ```
    #[must_use]
    pub fn is_exact(self) -> bool {
        Self::at(self.time()) == self
    }

    /// The highest `UUIDv7` of the millisecond before its own (RFC 9562 section 5.7), or itself where there is none.
    pub(crate) fn highest_below(self) -> Self {
        let millis = u64::try_from(self.time().unix_millis()).unwrap_or(0);
        let Some(before) = millis.checked_sub(1) else { return self };
        Self(Builder::from_unix_timestamp_millis(before, &[0xff; 10]).into_uuid())
    }

    /// 32 hex digits: the form that compares with both kinds of key column.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::ids::KeyBound;
    ///
    /// let bound = KeyBound::parse("01a22ee6-b000-7000-8000-000000000000").expect("36 characters");
    /// assert_eq!(bound.hex(), "01a22ee6b00070008000000000000000");
    /// ```
    #[must_use]
    pub fn hex(self) -> String {
        self.0.simple().to_string()
    }

    /// 36 characters with dashes, as `MariaDB` writes the bounds of a native `uuid` column.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::ids::KeyBound;
    ///
    /// let bound = KeyBound::parse("01a22ee6b00070008000000000000000").expect("32 hex digits");
    /// assert_eq!(bound.dashed(), "01a22ee6-b000-7000-8000-000000000000");
    /// ```
    #[must_use]
    pub fn dashed(self) -> String {
        self.0.hyphenated().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(text: &str) -> Timestamp {
        let time = chrono::DateTime::parse_from_rfc3339(text).expect("a time written in this test");
        Timestamp::from(time.to_utc())
    }

    #[test]
    fn the_bound_of_a_month_is_the_one_diracx_writes() {
        let bound = KeyBound::at(millis("2026-12-01T00:00:00Z"));
        assert_eq!(bound.hex(), "01a22ee6b00070008000000000000000");
        assert_eq!(bound.dashed(), "01a22ee6-b000-7000-8000-000000000000");
        assert_eq!(KeyBound::parse(&bound.dashed()), Some(bound));
        assert!(bound.is_exact());
    }

    #[test]
    fn a_bound_gives_back_its_time_and_orders_by_it() {
        let time = millis("2026-12-01T00:00:00.001Z");
        assert_eq!(KeyBound::at(time).time(), time);
        assert!(KeyBound::at(millis("2026-12-01T00:00:00Z")) < KeyBound::at(time));
    }

    #[test]
    fn times_that_no_key_can_hold_stop_at_the_lowest_and_the_highest_bound() {
        let before_1970 = KeyBound::at(millis("1969-12-31T23:59:59Z"));
        assert_eq!(before_1970.hex(), "00000000000070008000000000000000");
        let year_10890 = KeyBound::at(Timestamp::from_unix_millis(1 << 48).expect("within the calendar"));
        assert_eq!(year_10890.hex(), "ffffffffffff70008000000000000000");
        assert_eq!(KeyBound::at(millis("2026-12-01T00:00:00Z").after(std::time::Duration::MAX)), year_10890);
    }

    #[test]
    fn nothing_that_is_issued_lies_between_a_bound_and_the_highest_key_below() {
        let bound = KeyBound::at(millis("2026-12-01T00:00:00Z"));
        assert_eq!(bound.highest_below().dashed(), "01a22ee6-afff-7fff-bfff-ffffffffffff");
        let first = KeyBound::at(millis("1970-01-01T00:00:00Z"));
        assert_eq!(first.highest_below(), first, "nothing was issued before");
    }

    #[test]
    fn a_bound_with_other_bits_is_read_but_not_called_exact() {
        let foreign = KeyBound::parse("01a22ee6-b000-0000-0000-000000000000").expect("32 hex digits");
        assert_eq!(foreign.time(), millis("2026-12-01T00:00:00Z"));
        assert!(!foreign.is_exact());
        assert_eq!(KeyBound::parse("MAXVALUE"), None);
    }
}
