//! Sweeps: expiring and purging stale rows in batches, each batch a transaction of its own.
//!
//! A batch walks over the next so many keys, whether they match or not, so that no statement reads more than that however
//! large the table is. It first *looks*, without locks, and then changes only the range up to the last match. Most of the
//! time there is nothing to change, and then nothing is locked at all. Under READ COMMITTED the servers release the locks
//! of rows that do not match at once and lock no gaps, so a login never waits for more than a batch.

mod backlog;
mod cursor;

use std::fmt;
use std::time::Duration;

use sqlx::FromRow;

pub use backlog::Backlog;
pub(super) use cursor::LOWEST_KEY;
pub use cursor::SweepCursor;

use super::backend::{Session, on_backend};
use super::statements::Statement;
use super::{AuthDb, DbError, WritePermit, statements};

/// What is swept.
///
/// # Examples
/// ```
/// use authdb_shared::db::Sweep;
///
/// let line = format!("{:>40}: {}", Sweep::PurgeTokens, 1200);
/// assert_eq!(line.trim_start(), "refresh tokens of old months deleted: 1200");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sweep {
    /// PENDING and READY device flows past their expiration become ERROR.
    ExpireDeviceFlows,
    /// Device flows past the retention are deleted, whatever their status.
    PurgeDeviceFlows,
    /// PENDING and READY authorization flows past their expiration become ERROR.
    ExpireAuthorizationFlows,
    /// Authorization flows past the retention are deleted, whatever their status.
    PurgeAuthorizationFlows,
    /// Refresh tokens of months past the retention are deleted, where no partition can be dropped instead.
    PurgeTokens,
}

impl Sweep {
    /// Its name for programs.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::Sweep;
    ///
    /// assert_eq!(Sweep::PurgeDeviceFlows.name(), "purge-device-flows");
    /// ```
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ExpireDeviceFlows => "expire-device-flows",
            Self::PurgeDeviceFlows => "purge-device-flows",
            Self::ExpireAuthorizationFlows => "expire-authorization-flows",
            Self::PurgeAuthorizationFlows => "purge-authorization-flows",
            Self::PurgeTokens => "purge-tokens",
        }
    }
}

impl fmt::Display for Sweep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::ExpireDeviceFlows => "device flows expired",
            Self::PurgeDeviceFlows => "device flows deleted",
            Self::ExpireAuthorizationFlows => "authorization flows expired",
            Self::PurgeAuthorizationFlows => "authorization flows deleted",
            Self::PurgeTokens => "refresh tokens of old months deleted",
        })
    }
}

/// What a batch did.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use authdb_shared::db::Batch;
///
/// let (looked, held) = (Duration::from_millis(5), Duration::from_millis(50));
/// let batch = Batch { rows: 1_000, is_last: false, looked, held };
/// let is_too_large = batch.held > Duration::from_millis(25);
/// assert!(is_too_large, "a login may have waited for as long");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Rows changed or deleted.
    pub rows: u64,
    /// Whether nothing is left to do.
    pub is_last: bool,
    /// How long it took to look for them, which locks nothing.
    pub looked: Duration,
    /// How long the transaction took that changed them, and so held their locks; zero where nothing was to be changed.
    pub held: Duration,
}

impl Sweep {
    /// Whether its table's key is a user code, which has no time in it.
    fn is_of_codes(self) -> bool {
        matches!(self, Self::ExpireDeviceFlows | Self::PurgeDeviceFlows)
    }
}

impl AuthDb {
    /// Looks at the next `limit` rows, changes those that are due, and moves the cursor behind them. Safe to repeat
    /// when it fails. (DiracX's `clean_expired_device_flows` and `clean_expired_authorization_flows`, which delete in
    /// one statement.)
    ///
    /// # Errors
    /// If the database cannot do it; the cursor then stays where it was.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::{Sweep, SweepCursor};
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("authdb.sqlite3");
    /// # let config = Demo::configuration(Sources::default(), &path)?;
    /// # Demo::create(&path, &config, clock::host_now(), &mut clock::randomness()).await?.close().await;
    /// # let db = AuthDb::connect(&config.database).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// let mut cursor = SweepCursor::start(Sweep::ExpireDeviceFlows, db.now().await?, &config.policy);
    /// let mut expired = 0;
    /// loop {
    ///     let batch = db.sweep(&permit, &mut cursor, 20).await?;
    ///     expired += batch.rows;
    ///     if batch.is_last {
    ///         break;
    ///     }
    /// }
    /// assert_eq!(expired, 5, "what nobody completed in time, in the demo's database");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sweep(&self, permit: &WritePermit, cursor: &mut SweepCursor, limit: u32) -> Result<Batch, DbError> {
        let attempt = match cursor.sweep {
            Sweep::ExpireDeviceFlows | Sweep::ExpireAuthorizationFlows => "expiring stale flows",
            Sweep::PurgeDeviceFlows | Sweep::PurgeAuthorizationFlows => "deleting old flows",
            Sweep::PurgeTokens => "deleting the tokens of old months",
        };
        self.place_cursor(cursor);
        let began = tokio::time::Instant::now();
        let (window, last_due) = self
            .limited(attempt, async {
                let mut session = self.reading().await?;
                look(&mut session, cursor, limit).await
            })
            .await?;
        let looked = began.elapsed();
        let began = tokio::time::Instant::now();
        let (rows, held) = match &last_due {
            Some(last) => {
                let rows = self.limited(attempt, self.change_range(permit, cursor, last)).await?;
                (rows, began.elapsed())
            }
            None => (0, Duration::ZERO),
        };
        cursor.is_dense = i64::try_from(rows).is_ok_and(|rows| rows > 0 && rows == window.seen);
        let is_last = cursor.advance(window.last, window.seen < i64::from(limit));
        Ok(Batch { rows, is_last, looked, held })
    }

    /// Moves the cursor behind the next `limit` keys and changes none of them, for a batch that somebody else keeps from being
    /// made. True if nothing is left; what was passed over is due again for the next sweep.
    ///
    /// # Errors
    /// If the database cannot be asked; the cursor then stays where it was.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::{Sweep, SweepCursor};
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("authdb.sqlite3");
    /// # let config = Demo::configuration(Sources::default(), &path)?;
    /// # Demo::create(&path, &config, clock::host_now(), &mut clock::randomness()).await?.close().await;
    /// # let db = AuthDb::connect(&config.database).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// let mut cursor = SweepCursor::start(Sweep::ExpireDeviceFlows, db.now().await?, &config.policy);
    /// assert!(db.pass_over(&mut cursor, 10_000).await?, "there are fewer");
    /// assert_eq!(db.sweep(&permit, &mut cursor, 10_000).await?.rows, 0, "the cursor is behind all of them");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn pass_over(&self, cursor: &mut SweepCursor, limit: u32) -> Result<bool, DbError> {
        self.place_cursor(cursor);
        let (window, _) = self
            .limited("looking for what is due", async {
                let mut session = self.reading().await?;
                look(&mut session, cursor, limit).await
            })
            .await?;
        cursor.is_dense = false;
        Ok(cursor.advance(window.last, window.seen < i64::from(limit)))
    }

    /// The statement that a sweep changes rows with, in the words of this engine, for people who want to see it first.
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
    /// assert!(db.sweep_statement(Sweep::PurgeDeviceFlows).starts_with("DELETE FROM DeviceFlows WHERE UserCode > ?"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn sweep_statement(&self, sweep: Sweep) -> &'static str {
        self.text_of(statements_of(sweep).change)
    }

    /// Puts a cursor that has not begun below the first key of its table, as this engine compares keys.
    fn place_cursor(&self, cursor: &mut SweepCursor) {
        if cursor.after.is_empty() {
            let lowest = if cursor.sweep.is_of_codes() { self.facts.lowest_code } else { self.facts.lowest_key };
            lowest.clone_into(&mut cursor.after);
        }
    }

    async fn change_range(&self, permit: &WritePermit, cursor: &SweepCursor, last: &str) -> Result<u64, sqlx::Error> {
        let change = statements_of(cursor.sweep).change;
        let mut session = self.writing(permit).await?;
        let changed = on_backend!(&mut session, |connection, text| {
            let query = sqlx::query(text(change)).bind(&cursor.after).bind(last);
            let query = if cursor.sweep == Sweep::PurgeTokens { query } else { query.bind(cursor.cutoff) };
            let query = if let Some(retention) = cursor.retention { query.bind(retention) } else { query };
            query.execute(connection).await.map(|done| done.rows_affected())
        })?;
        permit.commit(session).await?;
        Ok(changed)
    }
}

/// The next so many keys.
#[derive(FromRow)]
struct Window {
    /// How many there are.
    seen: i64,
    last: Option<String>,
}

/// Looks at the next `limit` keys, and for the last of them that is due. In the middle of a backlog all of them are taken for
/// due, which the change itself decides.
async fn look(
    session: &mut Session,
    cursor: &SweepCursor,
    limit: u32,
) -> Result<(Window, Option<String>), sqlx::Error> {
    let statements = statements_of(cursor.sweep);
    on_backend!(session, |connection, text| {
        let mut query = sqlx::query_scalar(text(statements.end)).bind(&cursor.after);
        if !cursor.sweep.is_of_codes() {
            query = query.bind(&cursor.below);
        }
        let end: Option<String> = query.bind(limit.saturating_sub(1)).fetch_optional(&mut *connection).await?;
        let window = if end.is_some() {
            Window { seen: limit.into(), last: end }
        } else {
            let mut query = sqlx::query_as(text(statements.window)).bind(&cursor.after);
            if !cursor.sweep.is_of_codes() {
                query = query.bind(&cursor.below);
            }
            query.bind(limit).fetch_one(&mut *connection).await?
        };
        let Some(last) = &window.last else { return Ok((window, None)) };
        if cursor.is_dense {
            let last_due = window.last.clone();
            return Ok((window, last_due));
        }
        let query = sqlx::query_scalar(text(statements.last_due)).bind(&cursor.after).bind(last);
        let query = if cursor.sweep == Sweep::PurgeTokens { query } else { query.bind(cursor.cutoff) };
        let query = if let Some(retention) = cursor.retention { query.bind(retention) } else { query };
        let last_due = query.fetch_optional(connection).await?;
        Ok((window, last_due))
    })
}

/// What each sweep reads without locks, and what it changes rows with.
struct Statements {
    end: Statement,
    window: Statement,
    last_due: Statement,
    count: Statement,
    change: Statement,
}

fn statements_of(sweep: Sweep) -> Statements {
    use statements as s;
    let (end, window, last_due, count, change) = match sweep {
        Sweep::ExpireDeviceFlows => (
            s::END_OF_DEVICE_FLOWS,
            s::WINDOW_OF_DEVICE_FLOWS,
            s::LAST_DEVICE_FLOW_TO_EXPIRE,
            s::COUNT_DEVICE_FLOWS_TO_EXPIRE,
            s::EXPIRE_DEVICE_FLOWS,
        ),
        Sweep::PurgeDeviceFlows => (
            s::END_OF_DEVICE_FLOWS,
            s::WINDOW_OF_DEVICE_FLOWS,
            s::LAST_DEVICE_FLOW_TO_PURGE,
            s::COUNT_DEVICE_FLOWS_TO_PURGE,
            s::PURGE_DEVICE_FLOWS,
        ),
        Sweep::ExpireAuthorizationFlows => (
            s::END_OF_AUTHORIZATION_FLOWS,
            s::WINDOW_OF_AUTHORIZATION_FLOWS,
            s::LAST_AUTHORIZATION_FLOW_TO_EXPIRE,
            s::COUNT_AUTHORIZATION_FLOWS_TO_EXPIRE,
            s::EXPIRE_AUTHORIZATION_FLOWS,
        ),
        Sweep::PurgeAuthorizationFlows => (
            s::END_OF_AUTHORIZATION_FLOWS,
            s::WINDOW_OF_AUTHORIZATION_FLOWS,
            s::LAST_AUTHORIZATION_FLOW_TO_PURGE,
            s::COUNT_AUTHORIZATION_FLOWS_TO_PURGE,
            s::PURGE_AUTHORIZATION_FLOWS,
        ),
        Sweep::PurgeTokens => {
            (s::END_OF_TOKENS, s::WINDOW_OF_TOKENS, s::LAST_TOKEN_TO_PURGE, s::COUNT_TOKENS_TO_PURGE, s::PURGE_TOKENS)
        }
    };
    Statements { end, window, last_due, count, change }
}
