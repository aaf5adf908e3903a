//! What can go wrong, for programs: one error over the layers, and the exit code that scripts rely on.

use crate::config::ConfigError;
use crate::db::DbError;

/// Anything this crate can fail with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database could not do what was asked.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Done.
pub const EXIT_DONE: u8 = 0;
/// Nothing matched, or the state of the database forbids it.
pub const EXIT_REFUSED: u8 = 1;
/// Wrong usage or configuration.
pub const EXIT_USAGE: u8 = 2;
/// The database cannot be reached.
pub const EXIT_UNREACHABLE: u8 = 3;

impl Error {
    /// The exit code that says what kind of failure this is.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) => EXIT_USAGE,
            Self::Db(error) if error.is_connection_loss() => EXIT_UNREACHABLE,
            Self::Db(_) => EXIT_REFUSED,
        }
    }
}
