//! Sweeps: expiring and purging stale rows in batches, each batch a transaction of its own.
//!
//! A batch first *looks*, without locks, for the next keys that match, and then changes only the range between them.
//! Most of the time there is nothing to change, and then nothing is locked at all. Under READ COMMITTED the servers
//! release the locks of rows that do not match at once and lock no gaps, so a login never waits for more than a batch.

use std::fmt;

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
const LOWEST: &str = "00000000000000000000000000000000";

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
                after: LOWEST.to_owned(),
                below: KeyBound::at(policy.latest_credible(cutoff)).hex(),
                beyond: Some(KeyBound::at(policy.latest_credible(now)).hex()),
            },
            Sweep::PurgeTokens => {
                let below = KeyBound::at(cutoff).hex();
                Self { sweep, cutoff, after: LOWEST.to_owned(), below, beyond: None }
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
    /// Sweeps the next `limit` rows and moves the cursor behind them. Safe to repeat when it fails.
    ///
    /// # Errors
    /// If the database cannot do it; the cursor then stays where it was.
    pub async fn sweep(&self, permit: &WritePermit, cursor: &mut SweepCursor, limit: u32) -> Result<Batch, DbError> {
        let attempt = match cursor.sweep {
            Sweep::ExpireDeviceFlows | Sweep::ExpireAuthorizationFlows => "expiring stale flows",
            Sweep::PurgeDeviceFlows | Sweep::PurgeAuthorizationFlows => "deleting old flows",
            Sweep::PurgeTokens => "deleting the tokens of old months",
        };
        let (found, last) = self
            .limited(attempt, async {
                let mut session = self.reading().await?;
                next_keys(&mut session, cursor, limit).await
            })
            .await?;
        let rows = match &last {
            Some(last) => self.limited(attempt, self.change_range(permit, cursor, last)).await?,
            None => 0,
        };
        let is_exhausted = found < limit as usize;
        if let Some(last) = last {
            cursor.after = last;
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

/// How many keys match next, and the last of them.
async fn next_keys(
    session: &mut Session,
    cursor: &SweepCursor,
    limit: u32,
) -> Result<(usize, Option<String>), sqlx::Error> {
    let (look, _) = statements_of(cursor.sweep);
    let by_key = !matches!(cursor.sweep, Sweep::ExpireDeviceFlows | Sweep::PurgeDeviceFlows);
    let by_time = cursor.sweep != Sweep::PurgeTokens;
    let keys: Vec<String> = on_backend!(session, |connection, text| {
        let mut query = sqlx::query_scalar(text(look)).bind(&cursor.after);
        if by_key {
            query = query.bind(&cursor.below);
        }
        if by_time {
            query = query.bind(cursor.cutoff);
        }
        query.bind(limit).fetch_all(connection).await
    })?;
    Ok((keys.len(), keys.into_iter().next_back()))
}

/// The statement that looks, and the one that changes.
fn statements_of(sweep: Sweep) -> (Statement, Statement) {
    use statements as s;
    match sweep {
        Sweep::ExpireDeviceFlows => (s::NEXT_EXPIRABLE_DEVICE_FLOWS, s::EXPIRE_DEVICE_FLOWS),
        Sweep::PurgeDeviceFlows => (s::NEXT_PURGEABLE_DEVICE_FLOWS, s::PURGE_DEVICE_FLOWS),
        Sweep::ExpireAuthorizationFlows => (s::NEXT_EXPIRABLE_AUTHORIZATION_FLOWS, s::EXPIRE_AUTHORIZATION_FLOWS),
        Sweep::PurgeAuthorizationFlows => (s::NEXT_PURGEABLE_AUTHORIZATION_FLOWS, s::PURGE_AUTHORIZATION_FLOWS),
        Sweep::PurgeTokens => (s::NEXT_OLD_TOKENS, s::PURGE_TOKENS),
    }
}
