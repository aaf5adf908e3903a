//! What every test of the workspace stands on: real database servers, and databases of one's own inside them.
//!
//! The contract of the data access layer is about what MariaDB, MySQL and SQLite really do, so nothing is
//! imitated here. Two kinds of servers exist:
//!
//! - the *shared* ones, started once for a whole run by the program `with-servers` and named to the tests by
//!   environment variables ([`environment`]). A test takes a [`database::TestDatabase`] inside one of them and never
//!   stops or reconfigures the server.
//! - *private* ones ([`server::Server`]), for tests that kill, suspend or restart their server.
//!
//! Neither kind outlives the run, however it ends ([`leash`] says how).

pub mod database;
pub mod environment;
pub mod flavour;
mod greeting;
mod installation;
pub mod leash;
pub mod server;
pub mod world;

pub use database::{Pool, TestDatabase};
pub use environment::{Engine, engines};
pub use flavour::Flavour;
pub use server::Server;
pub use world::World;
