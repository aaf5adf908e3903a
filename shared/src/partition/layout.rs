//! A partition layout as a server describes it.

use crate::clock::Timestamp;
use crate::ids::KeyBound;
use crate::partition::Month;

/// How the bounds of a table are written: as the key column is.
///
/// # Examples
/// ```
/// use authdb_shared::ids::KeyBound;
/// use authdb_shared::partition::KeyForm;
///
/// let bound = KeyBound::parse("01a22ee6b00070008000000000000000").expect("32 hex digits");
/// assert_ne!(KeyForm::Plain.write(bound), KeyForm::Dashed.write(bound));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyForm {
    /// 32 hex digits, in `char(32)` columns.
    Plain,
    /// With dashes, in `MariaDB`'s native `uuid` columns.
    Dashed,
}

impl KeyForm {
    /// A bound in this form.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::ids::KeyBound;
    /// use authdb_shared::partition::KeyForm;
    ///
    /// let bound = KeyBound::parse("01a22ee6b00070008000000000000000").expect("32 hex digits");
    /// assert_eq!(KeyForm::Dashed.write(bound), "01a22ee6-b000-7000-8000-000000000000");
    /// ```
    #[must_use]
    pub fn write(self, bound: KeyBound) -> String {
        match self {
            Self::Plain => bound.hex(),
            Self::Dashed => bound.dashed(),
        }
    }
}

/// The exclusive upper bound of a partition.
///
/// # Examples
/// ```
/// use authdb_shared::partition::PartitionBound;
///
/// let bounds = ["'01a22ee6b00070008000000000000000'", "MAXVALUE", "'m'"].map(PartitionBound::parse);
/// assert!(matches!(bounds, [PartitionBound::Below(_), PartitionBound::Unbounded, PartitionBound::Unreadable(_)]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartitionBound {
    /// Keys below this one.
    Below(KeyBound),
    /// `MAXVALUE`: everything above the other partitions.
    Unbounded,
    /// A bound that is no key, or one that sorts otherwise than by time. Nothing can be said about the age of its rows.
    Unreadable(String),
}

impl PartitionBound {
    /// Reads `PARTITION_DESCRIPTION` of `information_schema.PARTITIONS`, which quotes keys and leaves `MAXVALUE` bare.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::partition::PartitionBound;
    ///
    /// let of_mariadb = PartitionBound::parse("'01a22ee6-b000-7000-8000-000000000000'");
    /// assert_eq!(of_mariadb, PartitionBound::parse("'01a22ee6b00070008000000000000000'"));
    /// assert_eq!(PartitionBound::parse("MAXVALUE"), PartitionBound::Unbounded);
    /// ```
    #[must_use]
    pub fn parse(description: &str) -> Self {
        if description.trim().eq_ignore_ascii_case("MAXVALUE") {
            return Self::Unbounded;
        }
        KeyBound::parse(description.trim().trim_matches('\''))
            .filter(|bound| !sorts_from_its_end(*bound))
            .map_or_else(|| Self::Unreadable(description.to_owned()), Self::Below)
    }

    /// The time before which every dated token in the partition was issued.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::partition::PartitionBound;
    ///
    /// let december = PartitionBound::parse("'01a22ee6b00070008000000000000000'");
    /// assert_eq!(december.time().map(|time| time.sql_text()).as_deref(), Some("2026-12-01 00:00:00"));
    /// assert_eq!(PartitionBound::Unbounded.time(), None, "its rows may be of any age");
    /// ```
    #[must_use]
    pub fn time(&self) -> Option<Timestamp> {
        match self {
            // A bound with other bits set may hold back keys of its own millisecond.
            Self::Below(bound) if bound.is_exact() => Some(bound.time()),
            Self::Below(bound) => Some(bound.time().after(std::time::Duration::from_millis(1))),
            Self::Unbounded | Self::Unreadable(_) => None,
        }
    }
}

/// Whether a native `uuid` column sorts this key by its last digits first, which say nothing about time: `MariaDB` does so
/// with versions 1 to 5.
fn sorts_from_its_end(bound: KeyBound) -> bool {
    let hex = bound.hex();
    matches!(hex.as_bytes()[12], b'1'..=b'5') && matches!(hex.as_bytes()[16], b'8'..=b'f')
}

/// One partition.
///
/// # Examples
/// ```
/// use authdb_shared::partition::{Partition, PartitionBound};
///
/// let misnamed = Partition {
///     name: "p_2020_1".to_owned(),
///     bound: PartitionBound::parse("'01a22ee6b00070008000000000000000'"),
///     rows: 12_000,
///     bytes: 2_097_152,
/// };
/// let newest = misnamed.bound.time().expect("it has a bound");
/// assert_eq!(newest.sql_text(), "2026-12-01 00:00:00", "its rows are younger than its name says");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Its name, which says nothing.
    pub name: String,
    /// Its upper bound, which says everything.
    pub bound: PartitionBound,
    /// The server's estimate of its rows.
    pub rows: u64,
    /// Bytes of data and indexes, as the server accounts for them.
    pub bytes: u64,
}

/// All partitions of `RefreshTokens`, in the order of their bounds; empty where the table has none.
///
/// # Examples
/// ```
/// use authdb_shared::partition::{Layout, Partition, PartitionBound};
///
/// let partition = |name: &str, description: &str| Partition {
///     name: name.to_owned(),
///     bound: PartitionBound::parse(description),
///     rows: 0,
///     bytes: 0,
/// };
///
/// let layout = Layout {
///     partitions: vec![
///         partition("p_2026_11", "'01a22ee6b00070008000000000000000'"),
///         partition("p_future", "MAXVALUE"),
///     ],
/// };
/// assert!(layout.is_partitioned() && layout.future().is_some());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// In ascending order, as servers require.
    pub partitions: Vec<Partition>,
}

impl Layout {
    /// Whether the table is partitioned at all.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::partition::Layout;
    ///
    /// let of_sqlite = Layout::default();
    /// assert!(!of_sqlite.is_partitioned());
    /// ```
    #[must_use]
    pub fn is_partitioned(&self) -> bool {
        !self.partitions.is_empty()
    }

    /// The `MAXVALUE` partition, where there is one.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::partition::{Layout, Partition, PartitionBound};
    ///
    /// let partition = |name: &str, description: &str| Partition {
    ///     name: name.to_owned(),
    ///     bound: PartitionBound::parse(description),
    ///     rows: 0,
    ///     bytes: 0,
    /// };
    ///
    /// let november = partition("p_2026_11", "'01a22ee6b00070008000000000000000'");
    /// let mut layout = Layout { partitions: vec![november] };
    /// assert_eq!(layout.future(), None, "there is nothing to split new months from");
    /// layout.partitions.push(partition("p_future", "MAXVALUE"));
    /// assert_eq!(layout.future().map(|future| future.name.as_str()), Some("p_future"));
    /// ```
    #[must_use]
    pub fn future(&self) -> Option<&Partition> {
        self.partitions.last().filter(|partition| partition.bound == PartitionBound::Unbounded)
    }

    /// The highest bound below `MAXVALUE`.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::partition::{Layout, Partition, PartitionBound};
    ///
    /// let partition = |name: &str, description: &str| Partition {
    ///     name: name.to_owned(),
    ///     bound: PartitionBound::parse(description),
    ///     rows: 0,
    ///     bytes: 0,
    /// };
    ///
    /// let november = partition("p_2026_11", "'01a22ee6b00070008000000000000000'");
    /// let layout = Layout { partitions: vec![november, partition("p_future", "MAXVALUE")] };
    /// let end = layout.highest_bound().expect("a month");
    /// assert_eq!(end.time().sql_text(), "2026-12-01 00:00:00");
    /// ```
    #[must_use]
    pub fn highest_bound(&self) -> Option<KeyBound> {
        self.partitions.iter().rev().find_map(|partition| match partition.bound {
            PartitionBound::Below(bound) => Some(bound),
            PartitionBound::Unbounded | PartitionBound::Unreadable(_) => None,
        })
    }

    /// Full months between `now` and the end of the partitioned range: how long until tokens fall into `p_future`.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::Timestamp;
    /// use authdb_shared::partition::{Layout, Partition, PartitionBound, initial_months};
    ///
    /// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let months = initial_months(now).into_iter();
    /// let partitions = months.map(|month| Partition {
    ///     name: month.name,
    ///     bound: PartitionBound::Below(month.bound),
    ///     rows: 0,
    ///     bytes: 0,
    /// });
    /// let fresh = Layout { partitions: partitions.collect() };
    /// assert_eq!(fresh.runway_months(now), 23);
    /// ```
    #[must_use]
    pub fn runway_months(&self, now: Timestamp) -> u32 {
        let Some(end) = self.highest_bound().map(KeyBound::time) else { return 0 };
        let full =
            Month::of(now).through(Month::of(end)).skip(1).take_while(|month| month.plus(1).start() <= end).count();
        u32::try_from(full).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runway_counts_full_months_after_the_present_one() {
        let partition =
            |bound: &str| Partition { name: String::new(), bound: PartitionBound::parse(bound), rows: 0, bytes: 0 };
        let november = Timestamp::from_unix_millis(1_795_000_000_000).expect("in November 2026");
        let until_december = partition("'01a22ee6b00070008000000000000000'");
        let until_january = partition("'01a2ce8bd40070008000000000000000'");
        let mut layout = Layout { partitions: vec![until_december, partition("MAXVALUE")] };
        assert_eq!(layout.runway_months(november), 0);
        layout.partitions.insert(1, until_january);
        assert_eq!(layout.runway_months(november), 1);
        assert_eq!(Layout::default().runway_months(november), 0);
    }

    #[test]
    fn an_unpartitioned_table_is_told_from_one_with_a_single_partition() {
        assert!(!Layout::default().is_partitioned());
        let future = Partition { name: "p_future".to_owned(), bound: PartitionBound::Unbounded, rows: 0, bytes: 0 };
        assert!(Layout { partitions: vec![future] }.is_partitioned());
    }

    #[test]
    fn bounds_are_written_as_their_column_compares_them() {
        let december = KeyBound::at(Timestamp::from_unix_millis(1_796_083_200_000).expect("December 2026"));
        assert_eq!(KeyForm::Plain.write(december), "01a22ee6b00070008000000000000000");
        assert_eq!(KeyForm::Dashed.write(december), "01a22ee6-b000-7000-8000-000000000000");
    }

    #[test]
    fn a_foreign_bound_counts_as_a_millisecond_younger() {
        // Keys of the bound's own millisecond may sort below it, and so lie in the partition.
        let foreign = PartitionBound::parse("'01a22ee6-b000-7fff-bfff-ffffffffffff'");
        let december = Timestamp::from_unix_millis(1_796_083_200_000).expect("December 2026");
        assert_eq!(foreign.time(), Some(december.after(std::time::Duration::from_millis(1))));
        assert_eq!(PartitionBound::Unbounded.time(), None);
    }

    #[test]
    fn descriptions_of_either_server_are_read() {
        let plain = PartitionBound::parse("'01a22ee6b00070008000000000000000'");
        assert_eq!(plain, PartitionBound::parse("'01a22ee6-b000-7000-8000-000000000000'"));
        assert_eq!(plain.time().expect("a time").to_string(), "2026-12-01 00:00:00 UTC");
        assert_eq!(PartitionBound::parse("MAXVALUE"), PartitionBound::Unbounded);
        assert_eq!(PartitionBound::parse("'m'"), PartitionBound::Unreadable("'m'".to_owned()));
    }

    #[test]
    fn a_bound_that_mariadb_sorts_by_its_end_has_no_time() {
        let is_read = |bound: &str| matches!(PartitionBound::parse(bound), PartitionBound::Below(_));
        for sorted_by_end in ["'01a22ee6-b000-1000-8000-000000000000'", "'01a22ee6-b000-5000-f000-000000000000'"] {
            assert!(!is_read(sorted_by_end), "{sorted_by_end}");
        }
        for sorted_by_time in [
            "'01a22ee6-b000-0000-8000-000000000000'",
            "'01a22ee6-b000-6000-8000-000000000000'",
            "'01a22ee6-b000-4000-7000-000000000000'",
            "'01a22ee6-b000-7000-8000-000000000000'",
        ] {
            assert!(is_read(sorted_by_time), "{sorted_by_time}");
        }
    }
}
