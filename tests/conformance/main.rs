//! The data access layer held against the real DiracX: `diracx-db` 0.7.0 from `PyPI` works on the same databases.
//!
//! What one side writes the other reads, what one refuses the other refuses, and both make the same schema and plan the
//! same partitions, on SQLite, MariaDB and MySQL. Where the two differ on purpose, [`differences`] says how and why.

mod authorization_flows;
mod codes;
mod device_flows;
mod differences;
mod exchanges;
mod limits;
mod ours;
mod pair;
mod partitions;
mod peer;
mod python;
mod refresh_tokens;
mod schema;
mod undone;
