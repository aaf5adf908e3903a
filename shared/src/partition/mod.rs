//! The monthly partitions of `RefreshTokens`: what there are, and what a roll would change.
//!
//! Pure functions over a layout that [`crate::db`] has read, so that every odd layout and every date can be tested
//! without a server. A partition is known by its bound, never by its name: a name can be anything, and dropping by name
//! is how other programs have lost live rows.

mod layout;
mod month;
mod plan;

#[cfg(test)]
mod properties;

pub use layout::{KeyForm, Layout, Partition, PartitionBound};
pub use month::Month;
pub use plan::{NewPartition, RollPlan, RollSettings, initial_months, plan_roll};
