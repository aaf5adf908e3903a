//! The data access layer of `DiracX`'s authorization database (`AuthDB`).
//!
//! Everything that speaks SQL, and every rule about what a row means, lives in this crate, so that the dashboard and
//! the janitor cannot disagree about what is live, what is stale and what may be dropped. The programs see typed rows,
//! typed outcomes and errors that say what to do; they never see a database driver.
//!
//! Start at [`db::AuthDb::connect`]. Times and randomness are parameters everywhere; [`clock`] is where they come from.

pub mod clock;
pub mod config;
pub mod db;
pub mod demo;
pub mod error;
pub mod ids;
pub mod liveness;
pub mod model;
pub mod partition;
pub mod policy;
pub mod telemetry;
pub mod text;

pub use clock::Timestamp;
pub use error::Error;
pub use policy::Policy;
