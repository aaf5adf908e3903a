//! What is really in a partition, and whether it may be dropped with that.
//!
//! A bound says what *should* be in a partition. Before one is dropped its keys are read
//! ([`AuthDb::prove_partition`](crate::db::AuthDb::prove_partition)), because a drop cannot be undone and two things can be in
//! it that its bound does not tell: a key that is younger than the bound allows, on a server that compares keys in another
//! way, and tokens whose key carries no time, which are active for as long as they are CREATED.

use crate::clock::Timestamp;
use crate::ids::Jti;
use crate::partition::PartitionBound;
use crate::text;

/// What is in a partition, as it was read, key by key.
///
/// # Examples
/// ```
/// use authdb_shared::partition::{PartitionBound, PartitionProof};
/// use authdb_shared::{Policy, Timestamp};
///
/// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
/// let april = PartitionProof {
///     name: "p_2026_4".to_owned(),
///     bound: PartitionBound::parse("'019de0ab900070008000000000000000'"),
///     horizon: Policy::default().token_horizon(now),
///     rows: 0,
///     oldest: None,
///     newest: None,
///     undated: 0,
///     undated_created: 0,
///     first_undated_created: None,
/// };
/// assert_eq!(april.objection(), None);
/// let later = PartitionProof { bound: PartitionBound::parse("'01a22ee6b00070008000000000000000'"), ..april };
/// assert!(later.objection().is_some_and(|why| why.contains("until 2026-12-01")));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionProof {
    /// The name of the partition.
    pub name: String,
    /// Its upper bound.
    pub bound: PartitionBound,
    /// Tokens issued before this are past the retention and the longest lifetime.
    pub horizon: Timestamp,
    /// Its rows, counted.
    pub rows: u64,
    /// The oldest key that carries a time.
    pub oldest: Option<Jti>,
    /// The newest key that carries a time.
    pub newest: Option<Jti>,
    /// Keys that are no `UUIDv7`, and so carry no time.
    pub undated: u64,
    /// Those of them that are CREATED, and so count as active.
    pub undated_created: u64,
    /// The first of these.
    pub first_undated_created: Option<Jti>,
}

impl PartitionProof {
    /// Why the partition may not be dropped, in a sentence that says what to do; `None` if everything in it is proven to be
    /// old.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::ids::Jti;
    /// use authdb_shared::partition::{PartitionBound, PartitionProof};
    /// use authdb_shared::{Policy, Timestamp};
    ///
    /// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let of_before_uuid7 = Jti::read("01a22ee6-b000-4abc-8000-00000000000f")?;
    /// let april = PartitionProof {
    ///     name: "p_2026_4".to_owned(),
    ///     bound: PartitionBound::parse("'019de0ab900070008000000000000000'"),
    ///     horizon: Policy::default().token_horizon(now),
    ///     rows: 1,
    ///     oldest: None,
    ///     newest: None,
    ///     undated: 1,
    ///     undated_created: 1,
    ///     first_undated_created: Some(of_before_uuid7),
    /// };
    /// assert!(april.objection().is_some_and(|why| why.contains("1 active token")));
    /// # Ok::<(), authdb_shared::ids::KeyError>(())
    /// ```
    #[must_use]
    pub fn objection(&self) -> Option<String> {
        let (name, horizon) = (text::harmless(&self.name), self.horizon);
        let Some(end) = self.bound.time() else {
            return Some(format!("{name} is not dropped: its bound is no key, so it may hold tokens of any age"));
        };
        if end > horizon {
            return Some(format!(
                "{name} is not dropped: it takes tokens that are issued until {end}, and those from {horizon} on are \
                 kept (policy.refresh_token_retention_months and policy.longest_token_lifetime)"
            ));
        }
        let newest = self.newest.as_ref().and_then(|jti| Some((jti, jti.issued_at()?)));
        if let Some((jti, issued)) = newest.filter(|(_, issued)| *issued >= horizon) {
            return Some(format!(
                "{name} is not dropped: the token {jti} in it was issued at {issued}, which is later than the bound of \
                 the partition allows. Something is wrong with the table: look at it with CHECK TABLE RefreshTokens"
            ));
        }
        let first = self.first_undated_created.as_ref()?;
        let (count, plural) = (self.undated_created, if self.undated_created == 1 { "" } else { "s" });
        Some(format!(
            "{name} is not dropped: it holds {count} active token{plural} whose age is unknown (CREATED, and the key is \
             no UUIDv7), the first of them {first}. They would be lost with it. Revoke them in the dashboard if nobody \
             uses them any more; the next run then drops it"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;

    /// Of November 2026: what was issued before 18 May may go.
    fn proof() -> PartitionProof {
        let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
        let horizon = Policy::default().token_horizon(now);
        PartitionProof {
            name: "p_2026_4".to_owned(),
            bound: PartitionBound::Below(crate::ids::KeyBound::at(horizon)),
            horizon,
            rows: 0,
            oldest: None,
            newest: None,
            undated: 0,
            undated_created: 0,
            first_undated_created: None,
        }
    }

    fn issued(time: Timestamp) -> Jti {
        Jti::issue(time, &mut crate::clock::randomness())
    }

    #[test]
    fn what_ends_at_the_horizon_may_go_and_a_millisecond_more_may_not() {
        let proof = proof();
        assert_eq!(proof.objection(), None);
        let later = proof.horizon.after(std::time::Duration::from_millis(1));
        let proof = PartitionProof { bound: PartitionBound::Below(crate::ids::KeyBound::at(later)), ..proof };
        assert!(proof.objection().is_some_and(|why| why.contains("retention")), "{proof:?}");
    }

    #[test]
    fn a_partition_without_a_bound_never_goes() {
        for bound in [PartitionBound::Unbounded, PartitionBound::Unreadable("'m'".to_owned())] {
            assert!(PartitionProof { bound, ..proof() }.objection().is_some_and(|why| why.contains("any age")));
        }
    }

    #[test]
    fn a_young_key_in_an_old_partition_stops_the_drop() {
        let young = Some(issued(proof().horizon));
        assert!(PartitionProof { newest: young, ..proof() }.objection().is_some_and(|why| why.contains("CHECK TABLE")));
        let old = Some(issued(proof().horizon.before(std::time::Duration::from_millis(1))));
        assert_eq!(PartitionProof { newest: old, ..proof() }.objection(), None);
    }

    #[test]
    fn undated_tokens_stop_the_drop_while_they_are_created() {
        let undated = PartitionProof { rows: 3, undated: 3, ..proof() };
        assert_eq!(undated.objection(), None, "revoked ones are of no use to anybody");
        let first = Some(Jti::from_stored("01a22ee6b0004abc800000000000000f".to_owned()));
        let active = PartitionProof { undated_created: 2, first_undated_created: first, ..undated };
        let why = active.objection().expect("they would be lost");
        assert!(why.contains("2 active tokens") && why.contains("01a22ee6-b000-4abc-8000-00000000000f"), "{why}");
    }
}
