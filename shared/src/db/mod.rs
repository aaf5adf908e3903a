//! The database: connecting, reading and changing `AuthDB` on `SQLite`, `MariaDB` and `MySQL`.
//!
//! Reads and writes go through different connections. Reading sessions are read-only *on the server* and every
//! statement in them has a time limit, so that no mistake in a screen can change or stall anything. Writing needs a
//! [`WritePermit`], which a read-only [`AuthDb`] cannot give.
//!
//! `MariaDB` and `MySQL` share a driver and a dialect; where they differ, the server is asked once at connect.

mod authorization_flows;
mod backend;
mod clock_witnesses;
mod connect;
mod device_flows;
mod error;
mod partitions;
mod refresh_tokens;
mod schema;
mod server_facts;
mod sqlite_file;
mod statements;
mod subjects;
mod sweep;
mod tokens_by_month;
mod tokens_of_users;
mod transaction;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;

pub use authorization_flows::CancelRefusal;
use backend::{Backend, Flavour, Pools, Session, WritePools, WriteSession};
pub use clock_witnesses::ClockWitnesses;
pub use device_flows::{ApproveRefusal, DenyRefusal};
pub use error::DbError;
pub use partitions::{RollOutcome, RollStep};
pub use refresh_tokens::{RevokeRefusal, RevokedSubject, TokenRange, TokenSelection};
pub use server_facts::{GaleraFacts, ServerFacts};
pub use sweep::{Batch, Sweep, SweepCursor};
pub use tokens_by_month::{MonthRows, TokensByMonth};
pub use transaction::{
    AuthError, AuthorizationFlowRecord, DeviceFlowRecord, MAX_RETRY, NewAuthorizationFlow, Transaction, hash,
};

use crate::clock::Timestamp;

pub(crate) use transaction::token_urlsafe;

/// How often a unit of work is tried before contention is reported.
const TRIES: u32 = 4;
/// The pause after the first try; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// `AuthDB`, connected and recognised. Cheap to clone.
#[derive(Clone)]
pub struct AuthDb {
    reader: Pools,
    writer: Option<WritePools>,
    facts: Arc<Facts>,
}

/// What the server and its schema are, asked once at connect.
#[derive(Clone, Debug)]
struct Facts {
    flavour: Flavour,
    version: String,
    place: String,
    statement_timeout: Duration,
    lock_timeout: Duration,
    connect_timeout: Duration,
}

/// The right to change the database.
///
/// Only [`AuthDb::write_permit`] makes one, and a read-only connection never does: whoever holds it has passed that one
/// check, so no screen or command can forget it.
#[derive(Clone, Debug)]
pub struct WritePermit(());

/// A list that may have been cut off.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows, in the order of the list.
    pub rows: Vec<T>,
    /// Whether the database holds more rows than these.
    pub has_more: bool,
    /// The database's time when the list was read.
    pub now: Timestamp,
}

impl<T> Page<T> {
    /// Of `limit + 1` rows that were asked for, the last only proves that there are more.
    fn cut(mut rows: Vec<T>, limit: u32, now: Timestamp) -> Self {
        let limit = limit as usize;
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        Self { rows, has_more, now }
    }

    /// Puts the rows of another part of the table behind these.
    fn append(&mut self, part: Self) {
        self.rows.extend(part.rows);
        self.has_more |= part.has_more;
    }
}

/// The text that the rows of a list must contain somewhere, in either case of ASCII letters. Empty: every row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Containing(String);

impl Containing {
    /// Rows containing `text`, taken literally.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// As a LIKE pattern under `ESCAPE '!'`.
    fn pattern(&self) -> String {
        let mut pattern = String::from("%");
        for character in self.0.chars() {
            if matches!(character, '%' | '_' | '!') {
                pattern.push('!');
            }
            pattern.push(character);
        }
        pattern.push('%');
        pattern
    }

    /// Whether one of `texts` contains it, as the statements decide it.
    fn matches(&self, texts: &[&str]) -> bool {
        let wanted = self.0.to_ascii_lowercase();
        texts.iter().any(|text| text.to_ascii_lowercase().contains(&wanted))
    }

    /// The same without dashes, for keys that are stored without them but shown with them.
    fn key_pattern(&self) -> String {
        Self(self.0.replace('-', "")).pattern()
    }
}

impl AuthDb {
    /// A permit to change the database.
    ///
    /// # Errors
    /// If the connection is read-only.
    pub fn write_permit(&self) -> Result<WritePermit, DbError> {
        if self.writer.is_some() { Ok(WritePermit(())) } else { Err(DbError::ReadOnly) }
    }

    /// Whether the connection can change nothing.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.writer.is_none()
    }

    /// The database's UTC time: the clock that every cut-off is computed from.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn now(&self) -> Result<Timestamp, DbError> {
        let attempt = "asking the database for its time";
        self.limited(attempt, async {
            let mut session = self.reading().await?;
            session.now().await
        })
        .await
    }

    /// The database as people know it: its name and host, or its file.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.facts.place
    }

    /// The server and its version, such as `MariaDB 10.11.19`.
    #[must_use]
    pub fn server(&self) -> String {
        format!("{} {}", self.facts.flavour, self.facts.version)
    }

    /// Whether `RefreshTokens` can have partitions here at all.
    #[must_use]
    pub fn can_partition(&self) -> bool {
        self.facts.flavour != Flavour::Sqlite
    }

    /// Every statement of this crate that this engine runs, by name, for a test to prepare.
    #[doc(hidden)]
    #[must_use]
    pub fn statements(&self) -> Vec<(&'static str, &'static str)> {
        statements::all()
            .map(|(name, statement)| match self.reader {
                Backend::MySql(_) => (name, statement.mysql),
                Backend::Sqlite(_) => (name, statement.sqlite),
            })
            .filter(|(_, text)| !text.is_empty())
            .collect()
    }

    async fn reading(&self) -> Result<Session, sqlx::Error> {
        self.reader.session(self.facts.statement_timeout).await
    }

    async fn writing(&self, _: &WritePermit) -> Result<WriteSession, sqlx::Error> {
        match &self.writer {
            Some(writer) => writer.begin().await,
            None => unreachable!("a permit exists, so this connection can write"),
        }
    }

    /// Runs a unit of work again while the server undoes it for somebody else's sake.
    ///
    /// Only for work that begins and commits its own transaction, and that carries its guards in its statements: a
    /// deadlock, a lost certification (both 1213), a lock wait (1205) and a node that is not ready (1047) leave nothing
    /// of it behind.
    async fn repeated<T, W>(&self, attempt: &'static str, work: impl Fn() -> W) -> Result<T, DbError>
    where
        W: Future<Output = Result<T, sqlx::Error>>,
    {
        let mut tries = 1;
        loop {
            match self.limited(attempt, work()).await {
                Err(error) if error.is_worth_repeating() && tries < TRIES => {
                    // Two that met once should not meet again.
                    let jitter = crate::clock::randomness().random_range(0.5..=1.0);
                    tokio::time::sleep((FIRST_PAUSE * 2_u32.pow(tries - 1)).mul_f64(jitter)).await;
                    tries += 1;
                }
                result => return result,
            }
        }
    }

    /// Runs `work`, turning what the driver says into what a person needs, and giving up on a server that is silent.
    ///
    /// The server's own time limit stops a slow statement; this one is for a server that no longer answers at all.
    async fn limited<T>(
        &self,
        attempt: &'static str,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, DbError> {
        let patience = self.facts.statement_timeout + self.facts.lock_timeout + self.facts.connect_timeout;
        match tokio::time::timeout(patience, work).await {
            Ok(result) => result.map_err(|error| DbError::from_driver(attempt, self.place(), &error)),
            Err(_) => Err(DbError::silent(attempt, self.place(), patience)),
        }
    }
}

/// Says where it is connected to, and nothing that could log in.
impl std::fmt::Debug for AuthDb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthDb")
            .field("place", &self.facts.place)
            .field("read_only", &self.is_read_only())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_taken_literally() {
        assert_eq!(Containing::new(" 100%_x! ").pattern(), "%100!%!_x!!%");
        assert_eq!(Containing::new("BCDF-GHJK").key_pattern(), "%BCDFGHJK%");
    }

    #[test]
    fn one_row_too_many_means_there_are_more() {
        let now = Timestamp::from_unix_millis(0).expect("the epoch");
        let page = Page::cut(vec![1, 2, 3], 2, now);
        assert_eq!((page.rows, page.has_more), (vec![1, 2], true));
        assert!(!Page::cut(vec![1, 2], 2, now).has_more);
    }
}
