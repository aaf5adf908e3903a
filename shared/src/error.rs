//! What can go wrong, for programs: one error over the layers, and the exit code that scripts rely on.
//!
//! Each layer has an error of its own ([`ConfigError`], [`DbError`]), whose message says what was attempted and what to
//! do. A refusal is no error: that a code has expired is an answer, and stands in the outcome of the function that was
//! asked, such as [`ApproveRefusal`].
//!
//! [`ApproveRefusal`]: crate::db::ApproveRefusal

use crate::config::ConfigError;
use crate::db::DbError;

/// Anything this crate can fail with.
///
/// # Examples
/// ```
/// use authdb_shared::Error;
/// use authdb_shared::config::{Config, Sources};
/// use authdb_shared::db::AuthDb;
///
/// async fn time_of_the_database(sources: &Sources) -> Result<String, Error> {
///     let config = Config::load(sources)?;
///     let db = AuthDb::connect(&config.database).await?;
///     Ok(db.now().await?.to_string())
/// }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let nowhere = Sources::default().with_variable("AUTHDB_DATABASE_URL", "sqlite:/nowhere/authdb.sqlite3");
/// let error = time_of_the_database(&nowhere).await.expect_err("there is no such file");
/// assert!(error.to_string().contains("`authdb init`"), "it says what to do: {error}");
/// # }
/// ```
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
///
/// # Examples
/// ```
/// use std::process::ExitCode;
///
/// use authdb_shared::error::EXIT_DONE;
///
/// fn main() -> ExitCode {
///     ExitCode::from(EXIT_DONE)
/// }
/// ```
pub const EXIT_DONE: u8 = 0;
/// Nothing matched, or the state of the database forbids it.
///
/// # Examples
/// ```
/// use authdb_shared::Error;
/// use authdb_shared::db::DbError;
/// use authdb_shared::error::EXIT_REFUSED;
///
/// assert_eq!(Error::from(DbError::ReadOnly).exit_code(), EXIT_REFUSED);
/// ```
pub const EXIT_REFUSED: u8 = 1;
/// Wrong usage or configuration.
///
/// # Examples
/// ```
/// use authdb_shared::Error;
/// use authdb_shared::config::{Config, Sources};
/// use authdb_shared::error::EXIT_USAGE;
///
/// let misspelt = Sources::default().with_variable("AUTHDB_POLICY_MAX_CLOCK_SKEV", "10s");
/// let error = Config::load(&misspelt).map_err(Error::from).expect_err("there is no such key");
/// assert_eq!(error.exit_code(), EXIT_USAGE);
/// ```
pub const EXIT_USAGE: u8 = 2;
/// The database cannot be reached.
///
/// # Examples
/// ```
/// use authdb_shared::Error;
/// use authdb_shared::db::DbError;
/// use authdb_shared::error::EXIT_UNREACHABLE;
///
/// let error = DbError::NoFile { place: "/srv/authdb.sqlite3".to_owned() };
/// assert_eq!(Error::from(error).exit_code(), EXIT_UNREACHABLE);
/// ```
pub const EXIT_UNREACHABLE: u8 = 3;

impl Error {
    /// The exit code that says what kind of failure this is.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::Error;
    /// use authdb_shared::db::DbError;
    /// use authdb_shared::error::{EXIT_REFUSED, EXIT_UNREACHABLE};
    ///
    /// let attempt = "listing the device flows";
    /// assert_eq!(Error::from(DbError::TimeLimit { attempt }).exit_code(), EXIT_REFUSED);
    /// let (place, reason) = ("AuthDB at db:3306".to_owned(), "connection refused".to_owned());
    /// assert_eq!(Error::from(DbError::Lost { attempt, place, reason }).exit_code(), EXIT_UNREACHABLE);
    /// ```
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) => EXIT_USAGE,
            Self::Db(error) if error.is_connection_loss() => EXIT_UNREACHABLE,
            Self::Db(_) => EXIT_REFUSED,
        }
    }
}
