//! What a sweep has before it, counted without changing anything: for plans, for alarms, and for people.

use sqlx::FromRow;

use super::{Sweep, SweepCursor, statements_of};
use crate::clock::{StoredTime, Timestamp};
use crate::db::backend::{Session, on_backend};
use crate::db::{AuthDb, DbError};

/// What a sweep has before it.
///
/// # Examples
/// ```
/// use authdb_shared::db::Backlog;
///
/// let backlog = Backlog { rows: 20_000, oldest: None, is_cut_short: true };
/// assert_eq!(format!("{}{}", if backlog.is_cut_short { "at least " } else { "" }, backlog.rows), "at least 20000");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// Rows that are due.
    pub rows: u64,
    /// When the oldest of them was made, if anything is due. Refresh tokens have no time of their own.
    pub oldest: Option<Timestamp>,
    /// Whether counting took too long, and there may be more.
    pub is_cut_short: bool,
}

impl AuthDb {
    /// Counts what a sweep has before it, without changing anything, for as long as one statement may take.
    ///
    /// # Errors
    /// If the database cannot be asked.
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
    /// let stale = SweepCursor::start(Sweep::ExpireDeviceFlows, db.now().await?, &config.policy);
    /// let backlog = db.backlog(&stale).await?;
    /// assert_eq!((backlog.rows, backlog.is_cut_short), (5, false));
    /// assert!(backlog.oldest.is_some_and(|oldest| oldest < stale.cutoff()));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn backlog(&self, cursor: &SweepCursor) -> Result<Backlog, DbError> {
        let deadline = tokio::time::Instant::now() + self.facts.statement_timeout;
        let mut cursor = cursor.clone();
        self.place_cursor(&mut cursor);
        let mut backlog = Backlog { rows: 0, oldest: None, is_cut_short: false };
        loop {
            let counted = self
                .limited("counting what is due", async {
                    let mut session = self.reading().await?;
                    count(&mut session, &cursor).await
                })
                .await?;
            backlog.rows += counted.due.unsigned_abs();
            backlog.oldest = [backlog.oldest, counted.oldest.and_then(|time| time.0)].into_iter().flatten().min();
            if cursor.advance(counted.last, counted.seen < i64::from(WINDOW)) {
                return Ok(backlog);
            }
            if tokio::time::Instant::now() >= deadline {
                return Ok(Backlog { is_cut_short: true, ..backlog });
            }
        }
    }
}

/// Keys that are counted at once.
const WINDOW: u32 = 20_000;

/// What is due of the next so many keys.
#[derive(FromRow)]
struct Counted {
    /// How many keys there are.
    seen: i64,
    due: i64,
    oldest: Option<StoredTime>,
    last: Option<String>,
}

async fn count(session: &mut Session, cursor: &SweepCursor) -> Result<Counted, sqlx::Error> {
    on_backend!(session, |connection, text| {
        let mut query = sqlx::query_as(text(statements_of(cursor.sweep).count));
        if cursor.sweep != Sweep::PurgeTokens {
            query = query.bind(cursor.cutoff);
        }
        if let Some(retention) = cursor.retention {
            query = query.bind(retention);
        }
        query = query.bind(&cursor.after);
        if !cursor.sweep.is_of_codes() {
            query = query.bind(&cursor.below);
        }
        query.bind(WINDOW).fetch_one(connection).await
    })
}
