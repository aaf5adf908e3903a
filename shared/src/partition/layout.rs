//! A partition layout as a server describes it.

use crate::clock::Timestamp;
use crate::ids::KeyBound;
use crate::partition::Month;

/// How the bounds of a table are written: as the key column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyForm {
    /// 32 hex digits, in `char(32)` columns.
    Plain,
    /// With dashes, in `MariaDB`'s native `uuid` columns.
    Dashed,
}

impl KeyForm {
    /// A bound in this form.
    #[must_use]
    pub fn write(self, bound: KeyBound) -> String {
        match self {
            Self::Plain => bound.hex(),
            Self::Dashed => bound.dashed(),
        }
    }
}

/// The exclusive upper bound of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartitionBound {
    /// Keys below this one.
    Below(KeyBound),
    /// `MAXVALUE`: everything above the other partitions.
    Unbounded,
    /// A bound that is no key. Nothing can be said about the age of its rows.
    Unreadable(String),
}

impl PartitionBound {
    /// Reads `PARTITION_DESCRIPTION`, which quotes keys and leaves `MAXVALUE` bare.
    #[must_use]
    pub fn parse(description: &str) -> Self {
        if description.trim().eq_ignore_ascii_case("MAXVALUE") {
            return Self::Unbounded;
        }
        KeyBound::parse(description.trim().trim_matches('\''))
            .map_or_else(|| Self::Unreadable(description.to_owned()), Self::Below)
    }

    /// The time before which every dated token in the partition was issued.
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

/// One partition.
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// In ascending order, as servers require.
    pub partitions: Vec<Partition>,
}

impl Layout {
    /// Whether the table is partitioned at all.
    #[must_use]
    pub fn is_partitioned(&self) -> bool {
        !self.partitions.is_empty()
    }

    /// The `MAXVALUE` partition, where there is one.
    #[must_use]
    pub fn future(&self) -> Option<&Partition> {
        self.partitions.last().filter(|partition| partition.bound == PartitionBound::Unbounded)
    }

    /// The highest bound below `MAXVALUE`.
    #[must_use]
    pub fn highest_bound(&self) -> Option<KeyBound> {
        self.partitions.iter().rev().find_map(|partition| match partition.bound {
            PartitionBound::Below(bound) => Some(bound),
            PartitionBound::Unbounded | PartitionBound::Unreadable(_) => None,
        })
    }

    /// Full months between `now` and the end of the partitioned range: how long until tokens fall into `p_future`.
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
    fn descriptions_of_either_server_are_read() {
        let plain = PartitionBound::parse("'01a22ee6b00070008000000000000000'");
        assert_eq!(plain, PartitionBound::parse("'01a22ee6-b000-7000-8000-000000000000'"));
        assert_eq!(plain.time().expect("a time").to_string(), "2026-12-01 00:00:00 UTC");
        assert_eq!(PartitionBound::parse("MAXVALUE"), PartitionBound::Unbounded);
        assert_eq!(PartitionBound::parse("'m'"), PartitionBound::Unreadable("'m'".to_owned()));
    }
}
