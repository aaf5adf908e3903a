//! A fingerprint of a layout: whether the table is still partitioned as it was when somebody looked.

use sha2::{Digest, Sha256};

use super::{Layout, PartitionBound};

impl Layout {
    /// Sixteen hexadecimal digits that differ wherever a name or a bound does. Rows and bytes do not count: they change
    /// with every login.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::partition::{Layout, Partition, PartitionBound};
    ///
    /// let future = Partition { name: "p_future".to_owned(), bound: PartitionBound::Unbounded, rows: 0, bytes: 0 };
    /// let before = Layout { partitions: vec![future.clone()] };
    /// let after = Layout { partitions: vec![Partition { rows: 10, ..future }] };
    /// assert_eq!(before.fingerprint(), after.fingerprint());
    /// assert_ne!(before.fingerprint(), Layout::default().fingerprint());
    /// ```
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut digest = Sha256::new();
        for partition in &self.partitions {
            let bound = match &partition.bound {
                PartitionBound::Below(bound) => bound.hex(),
                PartitionBound::Unbounded => "MAXVALUE".to_owned(),
                PartitionBound::Unreadable(text) => text.clone(),
            };
            // The lengths keep a name from running into the bound.
            for text in [&partition.name, &bound] {
                digest.update((text.len() as u64).to_be_bytes());
                digest.update(text.as_bytes());
            }
        }
        digest.finalize().iter().take(8).fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::partition::Partition;

    fn layout(partitions: &[(&str, &str)]) -> Layout {
        let partition = |(name, bound): &(&str, &str)| Partition {
            name: (*name).to_owned(),
            bound: PartitionBound::parse(bound),
            rows: 0,
            bytes: 0,
        };
        Layout { partitions: partitions.iter().map(partition).collect() }
    }

    #[test]
    fn it_differs_wherever_a_name_or_a_bound_does_and_only_there() {
        let (december, january) = ("'01a22ee6b00070008000000000000000'", "'01a2ce8bd40070008000000000000000'");
        let before = layout(&[("p_2026_11", december), ("p_future", "MAXVALUE")]);
        let print = before.fingerprint();
        assert!(print.len() == 16 && print.bytes().all(|digit| digit.is_ascii_hexdigit()), "{print}");
        let mut grown = before.clone();
        grown.partitions[0].rows = 7;
        assert_eq!(grown.fingerprint(), print, "rows come and go");
        for other in [
            layout(&[("p_2026_12", december), ("p_future", "MAXVALUE")]),
            layout(&[("p_2026_11", january), ("p_future", "MAXVALUE")]),
            layout(&[("p_2026_11", december), ("p_future", "'m'")]),
            layout(&[("p_2026_11", december)]),
            Layout::default(),
        ] {
            assert_ne!(other.fingerprint(), print, "{other:?}");
        }
    }
}
