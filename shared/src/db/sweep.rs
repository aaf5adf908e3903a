//! Sweeps: expiring and purging stale rows in batches, each batch a transaction of its own.
//!
//! A batch walks over the next so many keys, whether they match or not, so that no statement reads more than that however
//! large the table is. It first *looks*, without locks, and then changes only the range up to the last match. Most of the
//! time there is nothing to change, and then nothing is locked at all. Under READ COMMITTED the servers release the locks
//! of rows that do not match at once and lock no gaps, so a login never waits for more than a batch.

use std::fmt;

use sqlx::FromRow;

use super::backend::{Session, on_backend};
use super::statements::Statement;
use super::{AuthDb, DbError, WritePermit, statements};
use crate::clock::Timestamp;
use crate::ids::KeyBound;
use crate::partition::Month;
use crate::policy::Policy;

/// What is swept.
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

/// How far a sweep has come.
#[derive(Clone, Debug)]
pub struct SweepCursor {
    sweep: Sweep,
    cutoff: Timestamp,
    after: String,
    below: String,
    /// Where the keys that carry no credible time begin, while they are still to be swept.
    beyond: Option<String>,
}

/// What a batch did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Rows changed or deleted.
    pub rows: u64,
    /// Whether nothing is left to do.
    pub is_last: bool,
}

/// Above every key.
const HIGHEST: &str = "ffffffffffffffffffffffffffffffff";
/// Below every key, and still a key: `MariaDB` compares its `uuid` columns with nothing else.
pub(super) const LOWEST_KEY: &str = "00000000000000000000000000000000";

impl SweepCursor {
    /// The beginning of a sweep as of `now`, which must be the database's time.
    #[must_use]
    pub fn start(sweep: Sweep, now: Timestamp, policy: &Policy) -> Self {
        let cutoff = match sweep {
            Sweep::ExpireDeviceFlows => now.before(policy.device_flow_expiration),
            Sweep::ExpireAuthorizationFlows => now.before(policy.authorization_flow_expiration),
            Sweep::PurgeDeviceFlows | Sweep::PurgeAuthorizationFlows => now.before(policy.completed_flow_retention),
            Sweep::PurgeTokens => Month::of(policy.token_horizon(now)).start(),
        };
        match sweep {
            Sweep::ExpireDeviceFlows | Sweep::PurgeDeviceFlows => {
                Self { sweep, cutoff, after: String::new(), below: String::new(), beyond: None }
            }
            // The service's host dates the key and the database the row, so the key may be a little younger.
            Sweep::ExpireAuthorizationFlows | Sweep::PurgeAuthorizationFlows => Self {
                sweep,
                cutoff,
                after: LOWEST_KEY.to_owned(),
                below: KeyBound::at(policy.latest_credible(cutoff)).hex(),
                beyond: Some(KeyBound::at(policy.latest_credible(now)).hex()),
            },
            Sweep::PurgeTokens => {
                let below = KeyBound::at(cutoff).hex();
                Self { sweep, cutoff, after: LOWEST_KEY.to_owned(), below, beyond: None }
            }
        }
    }

    /// What is swept.
    #[must_use]
    pub fn sweep(&self) -> Sweep {
        self.sweep
    }

    /// Rows older than this are swept.
    #[must_use]
    pub fn cutoff(&self) -> Timestamp {
        self.cutoff
    }
}

impl AuthDb {
    /// Looks at the next `limit` rows, changes those that are due, and moves the cursor behind them. Safe to repeat when
    /// it fails.
    ///
    /// # Errors
    /// If the database cannot do it; the cursor then stays where it was.
    pub async fn sweep(&self, permit: &WritePermit, cursor: &mut SweepCursor, limit: u32) -> Result<Batch, DbError> {
        let attempt = match cursor.sweep {
            Sweep::ExpireDeviceFlows | Sweep::ExpireAuthorizationFlows => "expiring stale flows",
            Sweep::PurgeDeviceFlows | Sweep::PurgeAuthorizationFlows => "deleting old flows",
            Sweep::PurgeTokens => "deleting the tokens of old months",
        };
        let mut seen = self
            .limited(attempt, async {
                let mut session = self.reading().await?;
                next_rows(&mut session, cursor, limit).await
            })
            .await?;
        let rows = match seen.iter().rfind(|row| row.is_due != 0) {
            Some(last) => self.limited(attempt, self.change_range(permit, cursor, &last.row_key)).await?,
            None => 0,
        };
        let is_exhausted = seen.len() < limit as usize;
        if let Some(last) = seen.pop() {
            cursor.after = last.row_key;
        }
        if is_exhausted && let Some(beyond) = cursor.beyond.take() {
            cursor.after = beyond;
            HIGHEST.clone_into(&mut cursor.below);
            return Ok(Batch { rows, is_last: false });
        }
        Ok(Batch { rows, is_last: is_exhausted })
    }

    async fn change_range(&self, permit: &WritePermit, cursor: &SweepCursor, last: &str) -> Result<u64, sqlx::Error> {
        let (_, change) = statements_of(cursor.sweep);
        let mut session = self.writing(permit).await?;
        let changed = on_backend!(&mut session, |connection, text| {
            let query = sqlx::query(text(change)).bind(&cursor.after).bind(last);
            let query = if cursor.sweep == Sweep::PurgeTokens { query } else { query.bind(cursor.cutoff) };
            query.execute(connection).await.map(|done| done.rows_affected())
        })?;
        session.commit().await?;
        Ok(changed)
    }
}

/// A row that was looked at.
#[derive(FromRow)]
struct SeenRow {
    row_key: String,
    is_due: i64,
}

/// The next rows by key.
async fn next_rows(session: &mut Session, cursor: &SweepCursor, limit: u32) -> Result<Vec<SeenRow>, sqlx::Error> {
    let (look, _) = statements_of(cursor.sweep);
    let has_upper_bound = !matches!(cursor.sweep, Sweep::ExpireDeviceFlows | Sweep::PurgeDeviceFlows);
    on_backend!(session, |connection, text| {
        let mut query = sqlx::query_as(text(look));
        if cursor.sweep != Sweep::PurgeTokens {
            query = query.bind(cursor.cutoff);
        }
        query = query.bind(&cursor.after);
        if has_upper_bound {
            query = query.bind(&cursor.below);
        }
        query.bind(limit).fetch_all(connection).await
    })
}

/// The statement that looks, and the one that changes.
fn statements_of(sweep: Sweep) -> (Statement, Statement) {
    use statements as s;
    match sweep {
        Sweep::ExpireDeviceFlows => (s::DUE_DEVICE_FLOWS_TO_EXPIRE, s::EXPIRE_DEVICE_FLOWS),
        Sweep::PurgeDeviceFlows => (s::DUE_DEVICE_FLOWS_TO_PURGE, s::PURGE_DEVICE_FLOWS),
        Sweep::ExpireAuthorizationFlows => (s::DUE_AUTHORIZATION_FLOWS_TO_EXPIRE, s::EXPIRE_AUTHORIZATION_FLOWS),
        Sweep::PurgeAuthorizationFlows => (s::DUE_AUTHORIZATION_FLOWS_TO_PURGE, s::PURGE_AUTHORIZATION_FLOWS),
        Sweep::PurgeTokens => (s::DUE_TOKENS, s::PURGE_TOKENS),
    }
}
