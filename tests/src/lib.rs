//! What every test of the workspace stands on: real database servers, and databases of one's own inside them.
//!
//! The contract of the data access layer is about what MariaDB, MySQL and SQLite really do, so nothing is
//! imitated here. Two kinds of servers exist:
//!
//! - the *shared* ones, started once for a whole run by the program `with-servers` and named to the tests by
//!   environment variables ([`environment`]). A test takes a [`database::TestDatabase`] inside one of them and never
//!   stops or reconfigures the server.
//! - *private* ones ([`server::Server`]), for tests that kill, suspend or restart their server or need one that is set up
//!   otherwise, and [`cluster::Cluster`]s of them. Those that are only set up otherwise can be held in common
//!   ([`in_common`]).
//!
//! Neither kind outlives the run, however it ends ([`leash`] says how).

pub mod account;
pub mod certificates;
pub mod cluster;
pub mod database;
pub mod environment;
pub mod fake_time;
pub mod flavour;
mod greeting;
pub mod in_common;
mod installation;
pub mod leash;
pub mod long;
pub mod measure;
pub mod pages;
pub mod picture;
pub mod pseudo_terminal;
pub mod server;
pub mod world;

pub use cluster::Cluster;
pub use database::{Pool, TestDatabase};
pub use environment::{Engine, engines};
pub use flavour::Flavour;
pub use server::Server;
pub use world::World;
