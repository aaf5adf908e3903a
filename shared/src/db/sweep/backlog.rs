//! What a sweep has before it, counted without changing anything: for plans, for alarms, and for people.

use std::time::Duration;

use sqlx::FromRow;
use tokio::time::Instant;

use super::cursor::{Due, Stretch};
use super::{Sweep, SweepCursor, Walk};
use crate::clock::{StoredTime, Timestamp};
use crate::db::backend::{Session, on_backend};
use crate::db::{AuthDb, DbError};
use crate::policy::Policy;

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
    /// Counts what is due for a sweep as of `now`, without changing anything, for as long as one statement may take.
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
    /// # let path = folder.path().join("authdb.sqlite3");
    /// # let config = Demo::configuration(Sources::default(), &path)?;
    /// # Demo::create(&path, &config, clock::host_now(), &mut clock::randomness()).await?.close().await;
    /// # let db = AuthDb::connect(&config.database).await?;
    /// let now = db.now().await?;
    /// let backlog = db.backlog(Sweep::ExpireDeviceFlows, now, &config.policy).await?;
    /// assert_eq!((backlog.rows, backlog.is_cut_short), (5, false));
    /// let cutoff = Sweep::ExpireDeviceFlows.cutoff(now, &config.policy);
    /// assert!(backlog.oldest.is_some_and(|oldest| oldest < cutoff));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn backlog(&self, sweep: Sweep, now: Timestamp, policy: &Policy) -> Result<Backlog, DbError> {
        let mut count = Count::begin(self.facts.statement_timeout);
        for walk in sweep.walks() {
            let cursor = SweepCursor::start(*walk, now, policy);
            for due in cursor.dues().filter(|due| due.sweep == sweep) {
                self.count_due(due, &cursor, &mut count).await?;
            }
        }
        Ok(count.backlog)
    }

    /// Counts what is before a walk, from where it stands, as [`AuthDb::backlog`] does.
    ///
    /// # Errors
    /// If the database cannot be asked.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::{SweepCursor, Walk};
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
    /// let mut cursor = SweepCursor::start(Walk::DeviceFlows, db.now().await?, &config.policy);
    /// let before = db.backlog_ahead(&cursor).await?;
    /// let batch = db.sweep(&permit, &mut cursor, 30).await?;
    /// assert_eq!(db.backlog_ahead(&cursor).await?.rows, before.rows - batch.rows());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn backlog_ahead(&self, cursor: &SweepCursor) -> Result<Backlog, DbError> {
        let mut count = Count::begin(self.facts.statement_timeout);
        for due in cursor.dues() {
            self.count_due(due, cursor, &mut count).await?;
        }
        Ok(count.backlog)
    }

    async fn count_due(&self, due: Due, cursor: &SweepCursor, count: &mut Count) -> Result<(), DbError> {
        for stretch in &cursor.stretches {
            let mut stretch = stretch.clone();
            self.place_stretch(cursor.walk, &mut stretch);
            while !count.is_over() {
                let counted = self
                    .limited("counting what is due", async {
                        let mut session = self.reading().await?;
                        count_window(&mut session, cursor.walk, due, &stretch).await
                    })
                    .await?;
                count.add(&counted);
                match counted.last {
                    Some(last) if counted.seen >= i64::from(WINDOW) => stretch.after = last,
                    _ => break,
                }
            }
        }
        Ok(())
    }
}

/// What has been counted so far.
struct Count {
    backlog: Backlog,
    until: Instant,
    has_begun: bool,
}

impl Count {
    fn begin(time: Duration) -> Self {
        let backlog = Backlog { rows: 0, oldest: None, is_cut_short: false };
        Self { backlog, until: Instant::now() + time, has_begun: false }
    }

    /// Whether the time is up, with more to be counted.
    fn is_over(&mut self) -> bool {
        self.backlog.is_cut_short |= self.has_begun && Instant::now() >= self.until;
        self.backlog.is_cut_short
    }

    fn add(&mut self, counted: &Counted) {
        self.has_begun = true;
        self.backlog.rows += counted.due.unsigned_abs();
        let oldest = counted.oldest.and_then(|time| time.0);
        self.backlog.oldest = [self.backlog.oldest, oldest].into_iter().flatten().min();
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

async fn count_window(session: &mut Session, walk: Walk, due: Due, stretch: &Stretch) -> Result<Counted, sqlx::Error> {
    on_backend!(session, |connection, text| {
        let mut query = sqlx::query_as(text(due.sweep.statements().count));
        if due.sweep != Sweep::PurgeTokens {
            query = query.bind(due.cutoff);
        }
        if let Some(retention) = due.retention {
            query = query.bind(retention);
        }
        query = query.bind(&stretch.after);
        if !walk.has_codes() {
            query = query.bind(&stretch.below);
        }
        query.bind(WINDOW).fetch_one(connection).await
    })
}
