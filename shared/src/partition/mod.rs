//! The monthly partitions of `RefreshTokens`: what there are, and what a roll would change.
//!
//! Pure functions over a layout that [`crate::db`] has read, so that every odd layout and every date can be tested
//! without a server. A partition is known by its bound, never by its name: a name can be anything, and dropping by name
//! is how other programs have lost live rows.
//!
//! # Odd layouts
//!
//! - *Gaps* are wide partitions: a bound that is missing only makes the next partition larger. Nothing is put in between;
//!   the wide one is dropped when its own bound is old enough.
//! - *Foreign and zero-padded names* (`p_2026_03`) say nothing, and stay. New months are named in DiracX's scheme; where a
//!   partition has the name of a new month already, that month gets none of its own, and lies in the next one's.
//! - *A missing `MAXVALUE` partition* is added again, together with the months that are missing. That copies nothing.
//! - *Rows in `p_future`* are copied when it is split, with writes blocked, and so only up to a limit.
//! - *A layout that ended long ago* is continued by the first month that may not be dropped at once: that one partition
//!   bridges the gap, and holds whatever is older. Months in between would be old from the start.
//! - *A bound that is no key* says nothing about what is in its partition. What sorts above it is kept, and where it is the
//!   highest, no month is added. So it is with a key of version 1 to 5, which `MariaDB` sorts by its last digits.
//! - While months cannot be added, none is dropped.
//!
//! [`AuthDb::partition_layout`](crate::db::AuthDb::partition_layout) reads a [`Layout`], [`plan_roll`] says what a roll
//! would change by the [`Policy`](crate::Policy) and the database's time, and [`AuthDb::roll`](crate::db::AuthDb::roll)
//! carries the [`RollPlan`] out, step by step, looking again before each. Where a table has no partitions, old months
//! are deleted by key range instead ([`Sweep::PurgeTokens`](crate::db::Sweep::PurgeTokens)).

mod fingerprint;
mod layout;
mod month;
mod plan;
mod proof;

#[cfg(test)]
mod odd_layouts;
#[cfg(test)]
mod plan_cases;
#[cfg(test)]
mod properties;

pub use layout::{KeyForm, Layout, Partition, PartitionBound};
pub use month::Month;
pub use plan::{NewPartition, RollPlan, RollSettings, initial_months, plan_roll};
pub use proof::PartitionProof;
