//! Sweeps: expiring and purging stale rows in batches, each batch a transaction of its own.
//!
//! A walk goes over its rows once, for everything that happens to them. A batch walks over the next so many keys,
//! whether they are due or not, so that no statement reads more than that however large the table is. It first *looks*,
//! without locks, and then changes only the range up to the last row that is due. Most of the time there is nothing to
//! change, and then nothing is locked at all. Under READ COMMITTED the servers release the locks of rows that do not match
//! at once and lock no gaps, so a login never waits for more than a batch.

mod backlog;
mod cursor;
mod kinds;
mod look;

use std::time::Duration;

use tokio::time::Instant;

pub use backlog::Backlog;
pub(super) use cursor::LOWEST_KEY;
pub use cursor::SweepCursor;
use cursor::{Due, Stretch};
pub use kinds::{Sweep, Walk};
use look::Look;

use super::backend::{WriteSession, on_backend};
use super::{AuthDb, DbError, WritePermit};

/// What a batch did.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use authdb_shared::db::Batch;
///
/// let held = Duration::from_millis(50);
/// let batch = Batch { deleted: 1_000, held, ..Batch::default() };
/// let is_too_large = batch.held > Duration::from_millis(25);
/// assert!(is_too_large, "a login may have waited for as long");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Flows that became ERROR.
    pub expired: u64,
    /// Rows deleted.
    pub deleted: u64,
    /// Whether nothing is left to do.
    pub is_last: bool,
    /// How long it took to look for them, which locks nothing.
    pub looked: Duration,
    /// How long the transaction took that changed them, and so held their locks; zero where nothing was to be changed.
    pub held: Duration,
}

impl Batch {
    /// Rows changed or deleted.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::Batch;
    ///
    /// assert_eq!(Batch { expired: 2, deleted: 3, ..Batch::default() }.rows(), 5);
    /// ```
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.expired + self.deleted
    }

    /// The rows to which this happened.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::{Batch, Sweep};
    ///
    /// let batch = Batch { expired: 2, deleted: 3, ..Batch::default() };
    /// assert_eq!((batch.of(Sweep::ExpireDeviceFlows), batch.of(Sweep::PurgeDeviceFlows)), (2, 3));
    /// ```
    #[must_use]
    pub fn of(&self, sweep: Sweep) -> u64 {
        if sweep.expires() { self.expired } else { self.deleted }
    }
}

impl AuthDb {
    /// Looks at the next `limit` rows, expires and deletes those that are due, and moves the cursor behind them. Safe to
    /// repeat when it fails. (DiracX's `clean_expired_device_flows` and `clean_expired_authorization_flows`, which delete
    /// in one statement.)
    ///
    /// # Errors
    /// If the database cannot do it; the cursor then stays where it was.
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
    /// let mut expired = 0;
    /// loop {
    ///     let batch = db.sweep(&permit, &mut cursor, 20).await?;
    ///     expired += batch.expired;
    ///     if batch.is_last {
    ///         break;
    ///     }
    /// }
    /// assert_eq!(expired, 5, "what nobody completed in time, in the demo's database");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sweep(&self, permit: &WritePermit, cursor: &mut SweepCursor, limit: u32) -> Result<Batch, DbError> {
        let attempt = cursor.walk.attempt();
        let Some(stretch) = self.next_stretch(cursor) else { return Ok(Batch { is_last: true, ..Batch::default() }) };
        let began = Instant::now();
        let found = self.look(attempt, cursor, &stretch, limit).await?;
        let mut batch = Batch { looked: began.elapsed(), ..Batch::default() };
        if found.last_to_delete.is_some() || found.last_to_expire.is_some() {
            let began = Instant::now();
            (batch.deleted, batch.expired) =
                self.limited(attempt, self.change_window(permit, cursor, &stretch, &found)).await?;
            batch.held = began.elapsed();
        }
        cursor.is_dense = batch.deleted > 0 && batch.deleted == found.seen;
        batch.is_last = cursor.advance(found.last, found.is_exhausted);
        Ok(batch)
    }

    /// Moves the cursor behind the next `limit` keys and changes none of them, for a batch that somebody else keeps from being
    /// made. True if nothing is left; what was passed over is due again for the next sweep.
    ///
    /// # Errors
    /// If the database cannot be asked; the cursor then stays where it was.
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
    /// assert!(db.pass_over(&mut cursor, 10_000).await?, "there are fewer");
    /// assert_eq!(db.sweep(&permit, &mut cursor, 10_000).await?.rows(), 0, "the cursor is behind all of them");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn pass_over(&self, cursor: &mut SweepCursor, limit: u32) -> Result<bool, DbError> {
        let Some(stretch) = self.next_stretch(cursor) else { return Ok(true) };
        let found = self.look("looking for what is due", cursor, &stretch, limit).await?;
        cursor.is_dense = false;
        Ok(cursor.advance(found.last, found.is_exhausted))
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
        self.text_of(sweep.statements().change)
    }

    /// What is swept next, as this engine compares keys.
    fn next_stretch(&self, cursor: &SweepCursor) -> Option<Stretch> {
        let mut stretch = cursor.stretches.front()?.clone();
        self.place_stretch(cursor.walk, &mut stretch);
        Some(stretch)
    }

    /// Puts a stretch that has not begun below the first key of its table, as this engine compares keys.
    fn place_stretch(&self, walk: Walk, stretch: &mut Stretch) {
        if stretch.after.is_empty() {
            let lowest = if walk.has_codes() { self.facts.lowest_code } else { self.facts.lowest_key };
            lowest.clone_into(&mut stretch.after);
        }
    }

    /// Looks at the next `limit` keys. In the middle of a backlog all of them are taken for old, which the change itself
    /// decides: it then sees to what is left of the window.
    async fn look(
        &self,
        attempt: &'static str,
        cursor: &SweepCursor,
        stretch: &Stretch,
        limit: u32,
    ) -> Result<Look, DbError> {
        let mut session = self.limited(attempt, self.reading()).await?;
        let mut found = self.limited(attempt, look::window(&mut session, cursor, stretch, limit)).await?;
        let Some(last) = &found.last else { return Ok(found) };
        if cursor.is_dense {
            found.last_to_delete = Some(last.clone());
            return Ok(found);
        }
        if let Some(purge) = cursor.purge {
            found.last_to_delete =
                self.limited(attempt, look::last_due(&mut session, purge, &stretch.after, last)).await?;
        }
        if let Some(expiry) = cursor.expiry {
            found.last_to_expire =
                self.limited(attempt, look::last_due(&mut session, expiry, &stretch.after, last)).await?;
        }
        Ok(found)
    }

    /// Deletes and expires what a look has found, in one transaction, and says how many rows each.
    async fn change_window(
        &self,
        permit: &WritePermit,
        cursor: &SweepCursor,
        stretch: &Stretch,
        found: &Look,
    ) -> Result<(u64, u64), sqlx::Error> {
        let mut session = self.writing(permit).await?;
        let after = &stretch.after;
        let deleted = change_range(&mut session, cursor.purge, after, found.last_to_delete.as_deref()).await?;
        // Where all was taken for old, nobody has looked for what is only stale.
        let is_left = cursor.is_dense && deleted < found.seen;
        let last = if is_left { &found.last } else { &found.last_to_expire };
        let expired = change_range(&mut session, cursor.expiry, after, last.as_deref()).await?;
        permit.commit(session).await?;
        Ok((deleted, expired))
    }
}

/// Changes what is due behind one key, up to another; nothing if either of the two is missing.
async fn change_range(
    session: &mut WriteSession,
    due: Option<Due>,
    after: &str,
    last: Option<&str>,
) -> Result<u64, sqlx::Error> {
    let (Some(due), Some(last)) = (due, last) else { return Ok(0) };
    on_backend!(session, |connection, text| {
        let query = sqlx::query(text(due.sweep.statements().change)).bind(after).bind(last);
        let query = if due.sweep == Sweep::PurgeTokens { query } else { query.bind(due.cutoff) };
        let query = if let Some(retention) = due.retention { query.bind(retention) } else { query };
        query.execute(connection).await.map(|done| done.rows_affected())
    })
}
