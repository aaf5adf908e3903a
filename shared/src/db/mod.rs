//! The database: connecting, reading and changing `AuthDB` on `SQLite`, `MariaDB` and `MySQL`.
//!
//! Reads and writes go through different connections. Reading sessions are read-only *on the server* and every
//! statement in them has a time limit, so that no mistake in a screen can change or stall anything. Writing needs a
//! [`WritePermit`], which a read-only [`AuthDb`] cannot give.
//!
//! `MariaDB` and `MySQL` share a driver and a dialect; where they differ, the server is asked once at connect.
//!
//! # Finding your way
//!
//! - To connect: [`AuthDb::connect`], [`AuthDb::connect_read_only`], [`AuthDb::create`], [`AuthDb::connect_or_create`].
//! - Lists, a [`Page`] at a time: [`AuthDb::device_flows`], [`AuthDb::authorization_flows`],
//!   [`AuthDb::refresh_tokens`]; and [`AuthDb::subjects`], with
//!   [`AuthDb::one_subject`] for a single one.
//! - Numbers: [`AuthDb::device_flow_counts`], [`AuthDb::authorization_flow_counts`], [`AuthDb::token_counts`],
//!   [`AuthDb::activity`], [`AuthDb::codes_by_client`], [`AuthDb::tokens_by_month`].
//! - By hand, and journalled: [`AuthDb::approve_device_flow`], [`AuthDb::deny_device_flow`],
//!   [`AuthDb::cancel_authorization_flow`], [`AuthDb::revoke_token`], [`AuthDb::revoke_subject`].
//! - Before that, what will follow, as a plan whose steps can be taken one by one: [`AuthDb::plan_revocation`],
//!   [`AuthDb::plan_subject_revocation`], [`AuthDb::held_tokens`], [`AuthDb::take_step`].
//! - As DiracX does it: [`AuthDb::begin`], and DiracX's functions under their own names on a [`Transaction`].
//! - Cleaning up: [`AuthDb::clock_witnesses`] first; then [`AuthDb::sweep`], [`AuthDb::partition_layout`],
//!   [`AuthDb::prove_partition`] and [`AuthDb::roll`]; once for an old table [`AuthDb::plan_partitioning`].
//! - Undoing a drop: [`AuthDb::hold_month`], [`AuthDb::held_months`] and [`AuthDb::restore_month`].
//! - Being the one janitor: [`AuthDb::take_lease`], [`AuthDb::begin_run`] and [`AuthDb::finish_run`].
//! - Looking back: [`AuthDb::admin_actions`], [`AuthDb::admin_actions_about`], [`AuthDb::verify_journal`],
//!   [`AuthDb::runs`], [`AuthDb::last_runs`].
//! - Finding out what is wrong: [`AuthDb::diagnose`] looks at everything; [`AuthDb::server_facts`],
//!   [`AuthDb::schema_facts`], [`AuthDb::missing_indexes`], [`AuthDb::missing_privileges`], [`AuthDb::ledger_state`].
//!
//! # What can go wrong
//!
//! Whatever asks the database can fail with a [`DbError`]: the connection is [`Lost`](DbError::Lost), or the server was
//! silent for longer than the three timeouts of [`DatabaseConfig`](crate::config::DatabaseConfig) together; its own
//! connections were all [`Busy`](DbError::Busy); a reading statement ran into its [`TimeLimit`](DbError::TimeLimit);
//! somebody else kept what a change needs [`Locked`](DbError::Locked), also when it was tried again; the account is
//! [`Forbidden`](DbError::Forbidden) to do it. What an item can fail with besides stands there.
//!
//! That a code is unknown or a token revoked already is no failure but an answer: such functions give a result within a
//! result, and `??` passes both on.
//!
//! # In the examples
//!
//! `db` is connected to a fresh `SQLite` database, `config` points at it, and `permit` allows to change it. The lines
//! that make them are part of each example, but hidden in it:
//!
//! ```
//! use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let folder = tempfile::tempdir()?;
//!     let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
//!     let db = AuthDb::create(&config.database, clock::host_now()).await?;
//!     let permit = db.write_permit(&Actor::of_this_process())?;
//!     assert!(!db.is_read_only());
//!     Ok(())
//! }
//! ```

mod activity;
mod authorization_flow_list;
mod authorization_flows;
mod backend;
mod census;
mod client_codes;
mod clock_witnesses;
mod connect;
mod counts;
mod demotion;
mod device_flow_list;
mod device_flows;
mod diagnosis;
mod ended_subjects;
mod error;
mod filter;
mod grants;
mod held_months;
mod indexes;
mod key_scan;
mod ledger;
mod one_subject;
mod page;
mod partition_proof;
mod partitioning;
mod partitions;
mod permit;
mod privileges;
mod refresh_tokens;
mod schema;
mod server_facts;
mod server_load;
mod session_plans;
mod sqlite_file;
mod statements;
mod subjects;
mod sweep;
mod table_changes;
mod table_holders;
mod token_list;
mod tokens_by_month;
mod tokens_of_users;
mod transaction;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rand::RngExt;

pub use activity::{Activity, ActivityBucket, Bucket};
pub use authorization_flows::CancelRefusal;
use backend::{Backend, Flavour, Pools, Session, WritePools, WriteSession};
pub use census::Census;
pub use client_codes::ClientCodes;
pub use clock_witnesses::ClockWitnesses;
pub use counts::StateCounts;
use demotion::Demotion;
pub use device_flows::{ApproveRefusal, DenyRefusal};
pub(crate) use diagnosis::or_finding;
pub use ended_subjects::EndedSubject;
pub use error::DbError;
pub use filter::{
    AgeFilter, Containing, FlowFilter, FlowStateFilter, Horizon, LivenessFilter, ScopeFilter, SubjectFilter,
    TokenFilter,
};
pub use grants::Account;
pub use held_months::{HeldMonth, HeldMonths, HoldOutcome};
pub use indexes::TextColumn;
use ledger::NewAction;
pub use ledger::{
    AdminAction, ChainFault, JANITOR_LEASE, JournalCheck, LEDGER_VERSION, LastRuns, Lease, LeaseRow, LedgerState,
    Outcome, REASON_WIDTH, Run, RunOutcome,
};
pub use one_subject::OneSubject;
pub use page::{Order, Page, PageCursor, PageRequest};
pub use partition_proof::Proving;
pub use partitioning::{Partitioning, PartitioningRefusal};
pub use partitions::{RollOutcome, RollStep, RollTerms};
pub use permit::WritePermit;

pub use privileges::{
    HOLDING_PRIVILEGES, JANITOR_PRIVILEGES, MissingPrivileges, OPERATOR_PRIVILEGES, Privilege, VIEWER_PRIVILEGES,
};
pub use refresh_tokens::{REVOKED_PER_BATCH, RevokeRefusal, RevokedSubject};
pub use schema::{ExtraColumn, SchemaFacts};
pub use server_facts::{GaleraFacts, ServerFacts};
pub use server_load::ServerLoad;
pub use sweep::{Backlog, Batch, Sweep, SweepCursor, Walk};
pub use table_holders::HiddenHolders;
pub use tokens_by_month::{MonthRows, TokensByMonth};
pub use transaction::{
    AuthError, AuthorizationFlowRecord, DeviceFlowRecord, MAX_RETRY, NewAuthorizationFlow, Transaction, hash,
};

use crate::actor::Actor;
use crate::clock::Timestamp;

pub(crate) use transaction::token_urlsafe;

/// How often a unit of work is tried before contention is reported.
const TRIES: u32 = 4;
/// The pause after the first try; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// `AuthDB`, connected and recognised. Cheap to clone.
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
/// let for_a_task = db.clone();
/// let server = tokio::spawn(async move { for_a_task.now().await.map(|_| for_a_task.server()) }).await??;
/// assert!(server.starts_with("SQLite 3."), "{server}");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct AuthDb {
    reader: Pools,
    writer: Option<WritePools>,
    facts: Arc<Facts>,
}

/// What the server and its schema are, asked once at connect.
#[derive(Debug)]
struct Facts {
    flavour: Flavour,
    version: String,
    /// The account that the server takes us for; empty on `SQLite`.
    account: String,
    /// Below every user code. Where blanks are padded, a text that begins with a control character sorts below none at all.
    lowest_code: &'static str,
    /// Below every key that the key columns can hold. `MariaDB` compares its `uuid` columns with nothing but keys.
    lowest_key: &'static str,
    /// Whether the ledger's tables have been seen.
    has_ledger: AtomicBool,
    place: String,
    statement_timeout: Duration,
    lock_timeout: Duration,
    connect_timeout: Duration,
    demotion: Demotion,
}

impl AuthDb {
    /// A permit for `actor` to change the database.
    ///
    /// # Errors
    /// If the connection is read-only.
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
    /// # db.create_ledger(&permit).await?;
    /// let actor = Actor { name: "help desk bot".to_owned(), host: "ticket.example".to_owned() };
    /// let permit = db.write_permit(&actor)?;
    /// # let code = authdb_shared::ids::UserCode::from_stored("BCDFGHJK".to_owned());
    /// assert!(db.deny_device_flow(&permit, &code).await?.is_err(), "there is no such flow");
    /// assert_eq!(db.admin_actions(None, 1).await?.rows[0].actor, "help desk bot", "refusals are journalled too");
    /// # Ok(())
    /// # }
    /// ```
    pub fn write_permit(&self, actor: &Actor) -> Result<WritePermit, DbError> {
        if self.writer.is_some() { Ok(WritePermit::of(actor)) } else { Err(DbError::ReadOnly) }
    }

    /// Whether the connection can change nothing.
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
    /// assert!(!db.is_read_only());
    /// assert!(AuthDb::connect_read_only(&config.database).await?.is_read_only());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.writer.is_none()
    }

    /// The database's UTC time, in whole seconds: the clock that every cut-off is computed from. It is read once per
    /// unit of work and passed down from there.
    ///
    /// # Errors
    /// If the database cannot be asked.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::Sweep;
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// let now = db.now().await?;
    /// let cutoff = Sweep::ExpireDeviceFlows.cutoff(now, &config.policy);
    /// assert_eq!(cutoff, now.before(config.policy.device_flow_expiration));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn now(&self) -> Result<Timestamp, DbError> {
        let attempt = "asking the database for its time";
        self.limited(attempt, async {
            let mut session = self.reading().await?;
            session.now().await
        })
        .await
    }

    /// The database as people know it: its name and host, or its file.
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
    /// assert_eq!(db.place(), folder.path().join("authdb.sqlite3").display().to_string());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn place(&self) -> &str {
        &self.facts.place
    }

    /// The server and its version, such as `MariaDB 10.11.19`.
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
    /// let title = format!("{} on {}", db.place(), db.server());
    /// assert!(title.contains("authdb.sqlite3 on SQLite 3."), "{title}");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn server(&self) -> String {
        format!("{} {}", self.facts.flavour, self.facts.version)
    }

    /// Whether `RefreshTokens` can have partitions here at all.
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
    /// assert!(!db.can_partition(), "old months are deleted by key range here");
    /// assert!(!db.partition_layout().await?.is_partitioned());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn can_partition(&self) -> bool {
        self.facts.flavour != Flavour::Sqlite
    }

    /// Every statement of this crate that this engine runs, by name, for a test to prepare.
    #[doc(hidden)]
    #[must_use]
    pub fn statements(&self) -> Vec<(&'static str, &'static str)> {
        statements::all()
            .map(|(name, statement)| (name, self.text_of(statement)))
            .filter(|(_, text)| !text.is_empty())
            .collect()
    }

    /// A statement as this engine takes it.
    fn text_of(&self, statement: statements::Statement) -> &'static str {
        match self.reader {
            Backend::MySql(_) => statement.mysql,
            Backend::Sqlite(_) => statement.sqlite,
        }
    }

    async fn reading(&self) -> Result<Session, sqlx::Error> {
        self.reader.session(self.facts.statement_timeout).await
    }

    /// A session for reading, and the database's time.
    async fn reading_now(&self, attempt: &'static str) -> Result<(Session, Timestamp), DbError> {
        self.limited(attempt, async {
            let mut session = self.reading().await?;
            let now = session.now().await?;
            Ok((session, now))
        })
        .await
    }

    async fn writing(&self, permit: &WritePermit) -> Result<WriteSession, sqlx::Error> {
        let Some(writer) = &self.writer else { unreachable!("a permit exists, so this connection can write") };
        let mut session = writer.begin().await?;
        if let Some(duration) = permit.lease_duration() {
            session.end_after_silence(duration).await?;
        }
        Ok(session)
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
        match tokio::time::timeout(patience, Box::pin(work)).await {
            Ok(result) => result.map_err(|error| {
                self.facts.demotion.learn(&error);
                DbError::from_driver(attempt, self.place(), &error)
            }),
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
