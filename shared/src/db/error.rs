//! What a database can answer instead of what was asked, in words that say what to do.

use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::mysql::MySqlDatabaseError;

use super::backend::{AllAtWork, Undone};
use super::ledger::{JournalDamage, LEDGER_VERSION, LeaseIsLost, OtherVersion};
use crate::text;

/// The database could not do what was asked.
///
/// # Examples
/// ```
/// use std::path::Path;
///
/// use authdb_shared::db::DbError;
///
/// # use authdb_shared::{config::Sources, db::AuthDb, demo::Demo};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let config = Demo::configuration(Sources::default(), Path::new("/nowhere/authdb.sqlite3"))?;
/// let advice = match AuthDb::connect(&config.database).await {
///     Err(error @ DbError::NoFile { .. }) => error.to_string(),
///     other => panic!("there is no such file: {other:?}"),
/// };
/// assert!(advice.contains("`authdb init` makes an empty database there"), "{advice}");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// No connection, or it broke.
    #[error("{attempt}: no connection to {place}: {reason}")]
    Lost {
        /// What was attempted.
        attempt: &'static str,
        /// The database.
        place: String,
        /// What the driver said.
        reason: String,
    },
    /// The server does not let the account in.
    #[error("{attempt}: {place} refuses this account: {reason}. Check user, password and grants")]
    Denied {
        /// What was attempted.
        attempt: &'static str,
        /// The database.
        place: String,
        /// What the server said.
        reason: String,
    },
    /// The connection was lost while the server changed a table, which it may finish all the same.
    #[error("{attempt}: the connection to {place} was lost meanwhile: {reason}. Whether it was done is not known")]
    Uncertain {
        /// What was attempted.
        attempt: &'static str,
        /// The database.
        place: String,
        /// What the driver said.
        reason: String,
    },
    /// The account is let in, but may not do this.
    #[error(
        "{attempt}: this account may not do that on {place}: {reason}. Nothing was changed; grant it the privilege"
    )]
    Forbidden {
        /// What was attempted.
        attempt: &'static str,
        /// The database.
        place: String,
        /// What the server said.
        reason: String,
    },
    /// A reading statement took too long and was stopped.
    #[error("{attempt} took too long and was stopped. Narrow it with a filter, or raise database.statement_timeout")]
    TimeLimit {
        /// What was attempted.
        attempt: &'static str,
    },
    /// Every connection of this process is at work on something else, and none came free in time.
    #[error("{attempt}: every connection to {place} is at work on something else. Nothing was changed; try again")]
    Busy {
        /// What was attempted.
        attempt: &'static str,
        /// The database.
        place: String,
    },
    /// Somebody else holds a row or the table.
    #[error("{attempt}: somebody else holds what it needs ({reason}). Nothing was changed; try again")]
    Locked {
        /// What was attempted.
        attempt: &'static str,
        /// What the server said.
        reason: String,
    },
    /// A node of a Galera cluster that takes no statements at the moment.
    #[error(
        "{attempt}: {place} is not ready: {reason}. Nothing was changed; wait until the node has joined its cluster"
    )]
    NotReady {
        /// What was attempted.
        attempt: &'static str,
        /// The database.
        place: String,
        /// What the server said.
        reason: String,
    },
    /// There is no such `SQLite` file.
    #[error("there is no file {place}. `authdb init` makes an empty database there, `authdb demo` shows one with data")]
    NoFile {
        /// The file.
        place: String,
    },
    /// The database has no tables at all.
    #[error("{place} is empty. `authdb init` creates the tables as DiracX does")]
    Empty {
        /// The database.
        place: String,
    },
    /// The database belongs to something else.
    #[error(
        "{place} is not DiracX's AuthDB: it lacks {missing}{found}. Point database.url at the database that \
         DIRACX_DB_URL_AUTHDB of the service names"
    )]
    Foreign {
        /// The database.
        place: String,
        /// The tables or columns that are missing.
        missing: String,
        /// What is there instead.
        found: String,
    },
    /// `init` on a database that holds something.
    #[error("{place} is not empty: it holds {found}. Tables are only created in an empty database")]
    NotEmpty {
        /// The database.
        place: String,
        /// What is there.
        found: String,
    },
    /// `init` broke off between two tables: `MariaDB` and `MySQL` take none of them back.
    #[error(
        "{attempt} broke off on {place}: {reason}. What was made before it stays there, empty; put right what is wrong, \
         and `authdb init` goes on from there"
    )]
    Unfinished {
        /// What was attempted.
        attempt: &'static str,
        /// The database.
        place: String,
        /// What the server said.
        reason: String,
    },
    /// The ledger's tables are of another version, so that a change could not be journalled.
    #[error(
        "{attempt}: nothing was changed, because the journal of {place} has version {found} and this program writes \
         version {ours}. {}",
        if *found > *ours { "Update this program" } else { "Run `authdb init`, which brings it up to date" }
    )]
    LedgerVersion {
        /// What was attempted.
        attempt: &'static str,
        /// The database.
        place: String,
        /// The version of the tables.
        found: u32,
        /// The version of this program.
        ours: u32,
    },
    /// Somebody has been at the journal's tables, so that a change could not be journalled.
    #[error(
        "{attempt}: nothing was changed, because the journal of {place} cannot go on: {damage}. See `authdb journal \
         verify`; whoever administers the database has to put that right"
    )]
    JournalDamaged {
        /// What was attempted.
        attempt: &'static str,
        /// The database.
        place: String,
        /// What is wrong with it.
        damage: String,
    },
    /// Another process has taken the lease under which this one worked.
    #[error("{attempt}: nothing was changed, because another janitor has taken over (the lease is no longer ours)")]
    LeaseLost {
        /// What was attempted.
        attempt: &'static str,
    },
    /// Whoever asked for it said stop ([`Proving`](super::Proving)).
    #[error("{attempt} was stopped before its end. Nothing was changed")]
    Stopped {
        /// What was attempted.
        attempt: &'static str,
    },
    /// A change through a read-only connection.
    #[error("this session is read-only: nothing can be changed. Start without --read-only to change things")]
    ReadOnly,
    /// Anything else.
    #[error("{attempt} failed on {place}: {reason}")]
    Failed {
        /// What was attempted.
        attempt: &'static str,
        /// The database.
        place: String,
        /// What the server said.
        reason: String,
    },
}

/// Errors by number; `MariaDB` and `MySQL` share theirs.
mod code {
    pub(super) const LOGIN: [u16; 3] = [1044, 1045, 1698];
    /// On a table, a column, for anything administrative, for a routine.
    pub(super) const PRIVILEGE: [u16; 4] = [1142, 1143, 1227, 1370];
    pub(super) const LOCK_WAIT: u16 = 1205;
    /// Also what group replication rolls back at the commit, because another member was faster.
    pub(super) const DEADLOCK: [u16; 2] = [1213, 3101];
    pub(super) const TIME_LIMIT: [u16; 2] = [3024, 1969];
    /// Too many connections, of all or of this account, shutting down, killed, host blocked, idle for too long.
    pub(super) const GONE: [u16; 7] = [1040, 1203, 1226, 1053, 1927, 1129, 4031];
    /// What a Galera node outside of its cluster answers to every statement.
    pub(super) const NOT_READY: u16 = 1047;
    pub(super) const TAKES_NO_WRITES: [u16; 2] = [1290, 1836];
    /// What our own session for reading may not do.
    pub(super) const READ_ONLY_SESSION: u16 = 1792;
    /// `MariaDB`'s and `MySQL`'s way to say that a latin1 column cannot be compared with these letters.
    pub(super) const UNSTORABLE: [u16; 2] = [1267, 3988];

    pub(super) const BUSY: i32 = 5;
    pub(super) const LOCKED: i32 = 6;
    /// By the progress handler, which keeps the time limit.
    pub(super) const INTERRUPTED: i32 = 9;
    pub(super) const IO: i32 = 10;
    pub(super) const CANNOT_OPEN: i32 = 14;
}

impl DbError {
    /// Whether the connection is what failed, so that it is worth trying again later.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::DbError;
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// std::fs::remove_file(folder.path().join("authdb.sqlite3"))?;
    /// let error = db.now().await.expect_err("the file is gone");
    /// assert!(error.is_connection_loss(), "worth another look in a while: {error}");
    /// assert!(!DbError::ReadOnly.is_connection_loss());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_connection_loss(&self) -> bool {
        matches!(
            self,
            Self::Lost { .. }
                | Self::Uncertain { .. }
                | Self::Denied { .. }
                | Self::NotReady { .. }
                | Self::NoFile { .. }
        )
    }

    /// Why, without what was attempted and where: for a place that says those by itself.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::DbError;
    ///
    /// let (attempt, place, reason) = ("connecting", "AuthDB at db:3306".to_owned(), "connection refused".to_owned());
    /// let lost = DbError::Lost { attempt, place, reason };
    /// assert_eq!(lost.to_string(), "connecting: no connection to AuthDB at db:3306: connection refused");
    /// assert_eq!(lost.cause(), "connection refused");
    /// ```
    #[must_use]
    pub fn cause(&self) -> String {
        match self {
            Self::Lost { reason, .. } | Self::Denied { reason, .. } | Self::NotReady { reason, .. } => reason.clone(),
            other => other.to_string(),
        }
    }

    /// Whether somebody else was in the way (a deadlock, a lost certification, a lock wait), so that the same unit of work
    /// may succeed when it is simply repeated.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::DbError;
    ///
    /// let (attempt, reason) = ("revoking the refresh token", "Deadlock found".to_owned());
    /// assert!(DbError::Locked { attempt, reason }.is_contention());
    /// assert!(!DbError::TimeLimit { attempt }.is_contention(), "it would take as long again");
    /// ```
    #[must_use]
    pub fn is_contention(&self) -> bool {
        matches!(self, Self::Locked { .. })
    }

    /// Whether it may be over in a while without anybody's doing: a lost connection, contention, connections that are all
    /// at work, or a server too slow at the moment.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::DbError;
    ///
    /// let (attempt, place) = ("making the ledger's tables", "AuthDB at db:3306".to_owned());
    /// let busy = DbError::Busy { attempt, place: place.clone() };
    /// assert!(busy.is_passing() && !busy.is_connection_loss() && !busy.is_contention());
    /// let forbidden = DbError::Forbidden { attempt, place, reason: "CREATE command denied".to_owned() };
    /// assert!(!forbidden.is_passing(), "somebody has to grant it");
    /// ```
    #[must_use]
    pub fn is_passing(&self) -> bool {
        self.is_connection_loss() || matches!(self, Self::Locked { .. } | Self::Busy { .. } | Self::TimeLimit { .. })
    }

    /// Whether the server has undone the unit of work for a reason that may be gone in a moment.
    pub(super) fn is_worth_repeating(&self) -> bool {
        matches!(self, Self::Locked { .. } | Self::NotReady { .. } | Self::Busy { .. })
    }

    /// The same where something was done before, and stays: no longer that nothing was changed.
    pub(super) fn after_a_part(self, place: &str) -> Self {
        match self {
            Self::Forbidden { attempt, reason, .. }
            | Self::Locked { attempt, reason }
            | Self::NotReady { attempt, reason, .. }
            | Self::Failed { attempt, reason, .. } => Self::Unfinished { attempt, place: place.to_owned(), reason },
            other => other,
        }
    }

    pub(super) fn silent(attempt: &'static str, place: &str, patience: Duration) -> Self {
        let reason = format!("no answer for {}", humantime::format_duration(patience));
        Self::Lost { attempt, place: place.to_owned(), reason }
    }

    pub(super) fn from_driver(attempt: &'static str, place: &str, error: &sqlx::Error) -> Self {
        let reason = text::harmless(&reason(error));
        let place = place.to_owned();
        if let sqlx::Error::Configuration(source) = error
            && let Some(OtherVersion { found }) = source.downcast_ref()
        {
            return Self::LedgerVersion { attempt, place, found: *found, ours: LEDGER_VERSION };
        }
        if let sqlx::Error::Configuration(source) = error
            && let Some(damage) = source.downcast_ref::<JournalDamage>()
        {
            return Self::JournalDamaged { attempt, place, damage: damage.to_string() };
        }
        if matches!(error, sqlx::Error::Configuration(source) if source.is::<LeaseIsLost>()) {
            return Self::LeaseLost { attempt };
        }
        if matches!(error, sqlx::Error::Configuration(source) if source.is::<AllAtWork>()) {
            return Self::Busy { attempt, place };
        }
        if matches!(error, sqlx::Error::Configuration(source) if source.is::<Undone>()) {
            return Self::Locked { attempt, reason };
        }
        let sqlx::Error::Database(answer) = error else {
            let is_loss = matches!(
                error,
                sqlx::Error::Io(_)
                    | sqlx::Error::Tls(_)
                    | sqlx::Error::Protocol(_)
                    | sqlx::Error::PoolTimedOut
                    | sqlx::Error::PoolClosed
                    | sqlx::Error::WorkerCrashed
            );
            return if is_loss {
                Self::Lost { attempt, place, reason }
            } else {
                Self::Failed { attempt, place, reason }
            };
        };
        match number(answer.as_ref()) {
            Number::MySql(code) if code::LOGIN.contains(&code) => Self::Denied { attempt, place, reason },
            Number::MySql(code) if code::PRIVILEGE.contains(&code) => Self::Forbidden { attempt, place, reason },
            Number::MySql(code) if code::TIME_LIMIT.contains(&code) => Self::TimeLimit { attempt },
            Number::MySql(code) if code::GONE.contains(&code) => Self::Lost { attempt, place, reason },
            Number::MySql(code::NOT_READY) => Self::NotReady { attempt, place, reason },
            Number::MySql(code) if code::DEADLOCK.contains(&code) => Self::Locked { attempt, reason },
            Number::MySql(code::LOCK_WAIT) | Number::Sqlite(code::BUSY | code::LOCKED) => {
                Self::Locked { attempt, reason }
            }
            Number::Sqlite(code::INTERRUPTED) => Self::TimeLimit { attempt },
            Number::Sqlite(code::IO | code::CANNOT_OPEN) => Self::Lost { attempt, place, reason },
            Number::MySql(code) if code == code::READ_ONLY_SESSION || code::TAKES_NO_WRITES.contains(&code) => {
                Self::Failed { attempt, place, reason: format!("the server takes no writes: {reason}") }
            }
            _ => Self::Failed { attempt, place, reason },
        }
    }
}

/// Nothing instead of an error, where a text holds letters that the column's character set lacks: no row equals it.
///
/// For the outcome of a statement that compares columns with a text from outside, and does nothing else with it.
pub(super) fn nothing_if_unstorable<T: Default>(result: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
    let is_unstorable = |error: &sqlx::Error| {
        let Some(answer) = error.as_database_error() else { return false };
        matches!(number(answer), Number::MySql(code) if code::UNSTORABLE.contains(&code))
    };
    match result {
        Err(error) if is_unstorable(&error) => Ok(T::default()),
        other => other,
    }
}

/// Whether a server refused a write because it takes none, and not because our own session may not write.
pub(super) fn is_refused_as_read_only(error: &sqlx::Error) -> bool {
    let Some(answer) = error.as_database_error() else { return false };
    matches!(number(answer), Number::MySql(code) if code::TAKES_NO_WRITES.contains(&code))
}

enum Number {
    MySql(u16),
    /// The primary result code, without its extension.
    Sqlite(i32),
    None,
}

fn number(answer: &dyn DatabaseError) -> Number {
    if let Some(answer) = answer.try_downcast_ref::<MySqlDatabaseError>() {
        return Number::MySql(answer.number());
    }
    answer.code().and_then(|code| code.parse::<i32>().ok()).map_or(Number::None, |code| Number::Sqlite(code & 0xff))
}

/// The driver's words without its prefixes.
fn reason(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(answer) => answer.message().to_owned(),
        sqlx::Error::Io(reason) => reason.to_string(),
        sqlx::Error::PoolTimedOut => "no connection could be made in time".to_owned(),
        sqlx::Error::Configuration(reason) => reason.to_string(),
        other => other.to_string(),
    }
}
