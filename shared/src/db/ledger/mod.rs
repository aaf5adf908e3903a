//! The ledger: three tables of our own beside DiracX's, which DiracX neither reads nor minds.
//!
//! `JanitorLease` says which janitor works, `JanitorRuns` what the janitors did, `AdminActions` who changed what by hand
//! and why. They are made by `authdb init` or by the janitor's first start; until then everything else works without
//! them.
//!
//! `JanitorLease` has two rows that are no leases, so that they can be locked like one: `ledger` carries the version of
//! the three tables as its fencing number, and `journal` the number and the hash of the newest action. A newer program
//! upgrades tables of an older version; an older program reads newer ones but refuses to write to them.

mod about;
mod actions;
mod chain;
mod lease;
mod runs;
mod stored_text;

pub use actions::{AdminAction, Outcome, REASON_WIDTH};
pub use chain::{ChainFault, JournalCheck};
pub use lease::{JANITOR_LEASE, Lease, LeaseRow};
pub(super) use lease::{LeaseIsLost, hold};
pub use runs::{LastRuns, Run, RunOutcome};

pub(in crate::db) use actions::NewAction;

use serde_json::json;

use super::backend::{WriteSession, on_backend};
use super::statements::{self, Statement};
use super::{AuthDb, DbError, WritePermit};
use lease::StoredLease;

/// The version of the ledger's tables that this program makes and writes.
///
/// # Examples
/// ```
/// use authdb_shared::db::{LEDGER_VERSION, LedgerState};
///
/// let advice = |state| match state {
///     LedgerState::Older(version) => format!("bring it from version {version} to {LEDGER_VERSION}"),
///     _ => "leave it".to_owned(),
/// };
/// assert_eq!(advice(LedgerState::Older(0)), format!("bring it from version 0 to {LEDGER_VERSION}"));
/// ```
pub const LEDGER_VERSION: u32 = 1;

/// The row of `JanitorLease` that carries the version.
const VERSION: &str = "ledger";
/// The row of `JanitorLease` that carries the head of the journal.
const JOURNAL: &str = "journal";

/// How many tables there are.
const TABLES: i64 = 3;

const LOOKING: &str = "looking for the ledger";
const MAKING: &str = "making the ledger's tables";

/// What of the ledger is there.
///
/// # Examples
/// ```
/// use authdb_shared::db::LedgerState;
///
/// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
/// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
/// # let permit = db.write_permit(&Actor::of_this_process())?;
/// let warning = match db.ledger_state().await? {
///     LedgerState::Absent => Some("nothing is journalled: `authdb init` makes the ledger"),
///     LedgerState::Older(_) => Some("nothing can be changed until `authdb init` has upgraded the ledger"),
///     LedgerState::Newer(_) => Some("nothing can be changed: update this program"),
///     LedgerState::Current => None,
/// };
/// assert_eq!(warning, Some("nothing is journalled: `authdb init` makes the ledger"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerState {
    /// Nothing, or nothing that this account can see: nothing is journalled.
    Absent,
    /// Of this program's version.
    Current,
    /// Of an older version, or made only in part: [`AuthDb::create_ledger`] brings it up to date.
    Older(u32),
    /// Of a newer version: it can be read, but not written.
    Newer(u32),
}

impl LedgerState {
    fn of_version(version: i64) -> Self {
        let version = version_number(version);
        match version.cmp(&LEDGER_VERSION) {
            std::cmp::Ordering::Less => Self::Older(version),
            std::cmp::Ordering::Equal => Self::Current,
            std::cmp::Ordering::Greater => Self::Newer(version),
        }
    }
}

/// Why nothing was written to a ledger. It travels through the driver's error type to [`DbError`].
#[derive(Debug, thiserror::Error)]
#[error("the ledger has version {found}")]
pub(super) struct OtherVersion {
    pub(super) found: u32,
}

/// Why the journal cannot go on: somebody has been at its tables. It travels as [`OtherVersion`] does.
#[derive(Debug, thiserror::Error)]
pub(super) enum JournalDamage {
    /// The number of the next action is taken.
    #[error("it holds an action {0} that it never counted")]
    Added(i64),
    /// What the next action would be chained to is not known.
    #[error("its row in JanitorLease is gone")]
    NoHead,
}

impl From<JournalDamage> for sqlx::Error {
    fn from(damage: JournalDamage) -> Self {
        Self::Configuration(Box::new(damage))
    }
}

/// The steps from one version to the next; the first makes the tables. Each can be repeated after it broke off half way,
/// because servers do not undo definitions.
const STEPS: [&[Statement]; LEDGER_VERSION as usize] =
    [&[statements::CREATE_JANITOR_RUNS, statements::CREATE_ADMIN_ACTIONS]];

impl AuthDb {
    /// What of the ledger is there.
    ///
    /// # Errors
    /// If the database cannot be asked.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::LedgerState;
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// assert_eq!(db.ledger_state().await?, LedgerState::Absent);
    /// db.create_ledger(&permit).await?;
    /// assert_eq!(db.ledger_state().await?, LedgerState::Current);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ledger_state(&self) -> Result<LedgerState, DbError> {
        self.limited(LOOKING, async {
            let mut session = self.reading().await?;
            let tables: i64 = on_backend!(&mut session, |connection, text| {
                sqlx::query_scalar(text(statements::LEDGER_TABLES)).fetch_one(connection).await
            })?;
            if tables == 0 {
                return Ok(LedgerState::Absent);
            }
            let version: Option<StoredLease> = on_backend!(&mut session, |connection, text| {
                sqlx::query_as(text(statements::LEASE)).bind(VERSION).fetch_optional(connection).await
            })?;
            let state = LedgerState::of_version(version.map_or(0, |row| row.fencing_number));
            Ok(if state == LedgerState::Current && tables < TABLES { LedgerState::Older(0) } else { state })
        })
        .await
    }

    /// Makes the ledger's tables where they are missing and upgrades those of an older version; what is current is left
    /// as it is. Making them is the first action of the journal.
    ///
    /// # Errors
    /// [`DbError::LedgerVersion`] if they are of a newer version, [`DbError::Forbidden`] if the account may not make tables.
    ///
    /// # Examples
    /// ```
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// db.create_ledger(&permit).await?;
    /// db.create_ledger(&permit).await?;
    /// let actions = db.admin_actions(None, 10).await?.rows;
    /// assert_eq!((actions.len(), actions[0].action.as_str()), (1, "init"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_ledger(&self, permit: &WritePermit) -> Result<(), DbError> {
        let before = self.ledger_state().await?;
        let version = match before {
            LedgerState::Current => return Ok(()),
            LedgerState::Newer(found) => {
                let place = self.place().to_owned();
                return Err(DbError::LedgerVersion { attempt: MAKING, place, found, ours: LEDGER_VERSION });
            }
            LedgerState::Absent => 0,
            LedgerState::Older(version) => version,
        };
        self.define_table(permit, statements::CREATE_JANITOR_LEASE).await?;
        for name in [VERSION, JOURNAL, JANITOR_LEASE] {
            self.repeated(MAKING, || self.change(permit, statements::ADD_LEASE, name)).await?;
        }
        for (step, definitions) in (0..).zip(STEPS).skip(version as usize) {
            for definition in definitions {
                self.define_table(permit, *definition).await?;
            }
            self.repeated(MAKING, || self.raise_version(permit, step)).await?;
        }
        Ok(())
    }

    /// It waits for locks like any other write, unlike definitions of DiracX's tables: nobody logs in through these, and
    /// several who make them at the same time must wait for each other.
    async fn define_table(&self, permit: &WritePermit, definition: Statement) -> Result<(), DbError> {
        self.repeated(MAKING, || self.define(permit, vec![self.text_of(definition).to_owned()])).await
    }

    async fn change(&self, permit: &WritePermit, statement: Statement, name: &str) -> Result<(), sqlx::Error> {
        let mut session = self.writing(permit).await?;
        session.change_row(statement, name).await?;
        permit.commit(session).await
    }

    /// Says that the tables are one version newer, and journals it, unless somebody else was faster.
    async fn raise_version(&self, permit: &WritePermit, from: i64) -> Result<(), sqlx::Error> {
        let mut session = self.writing(permit).await?;
        let changed = on_backend!(&mut session, |connection, text| {
            sqlx::query(text(statements::RAISE_LEDGER_VERSION))
                .bind(from + 1)
                .bind(from)
                .execute(connection)
                .await
                .map(|done| done.rows_affected())
        })?;
        if changed == 1 {
            let now = session.now().await?;
            let action = NewAction {
                action: "init",
                target: self.place().to_owned(),
                outcome: Outcome::Done,
                details: json!({ "ledger_version": from + 1 }),
            };
            self.journal(&mut session, permit, now, action).await?;
        }
        permit.commit(session).await
    }

    /// Whether there is a ledger to write to. Once seen, it is not looked for again.
    async fn has_ledger(&self, session: &mut WriteSession) -> Result<bool, sqlx::Error> {
        use std::sync::atomic::Ordering::Relaxed;
        if self.facts.has_ledger.load(Relaxed) {
            return Ok(true);
        }
        let tables: i64 = on_backend!(session, |connection, text| {
            sqlx::query_scalar(text(statements::LEDGER_TABLES)).fetch_one(connection).await
        })?;
        let found = tables > 0;
        self.facts.has_ledger.store(found, Relaxed);
        Ok(found)
    }
}

/// Refuses to write to tables of another version than this program's.
async fn require_our_version(session: &mut WriteSession) -> Result<(), sqlx::Error> {
    let row: Option<StoredLease> = on_backend!(session, |connection, text| {
        sqlx::query_as(text(statements::LEASE)).bind(VERSION).fetch_optional(connection).await
    })?;
    let found = row.map_or(0, |row| version_number(row.fencing_number));
    if found == LEDGER_VERSION { Ok(()) } else { Err(sqlx::Error::Configuration(Box::new(OtherVersion { found }))) }
}

/// A version as it is stored. One that is out of all bounds is no reason to take the tables for older ones.
fn version_number(stored: i64) -> u32 {
    u32::try_from(stored.max(0)).unwrap_or(u32::MAX)
}

/// What of a text fits into a column of `width` characters.
fn kept(text: &str, width: usize) -> String {
    text.chars().take(width).collect()
}
