//! The lease: which janitor works, where several run.
//!
//! A lease is a row that is changed by compare-and-swap, because that holds on a Galera cluster too, where the servers'
//! named locks are local to a node. It ends by itself on the database's clock. Whoever takes it raises the fencing number,
//! so that a holder that slept through its end finds that its number no longer matches, and changes nothing.

use std::time::Duration;

use sqlx::FromRow;

use super::kept;
use crate::clock::Timestamp;
use crate::db::backend::{WriteSession, on_backend};
use crate::db::{AuthDb, DbError, WritePermit, statements};

/// The lease of the janitor's work.
///
/// # Examples
/// ```
/// use authdb_shared::db::JANITOR_LEASE;
///
/// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
/// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
/// # let permit = db.write_permit(&Actor::of_this_process())?;
/// db.create_ledger(&permit).await?;
/// let (lease, _) = db.lease(JANITOR_LEASE).await?;
/// assert_eq!(lease.map(|lease| lease.fencing_number), Some(0), "nobody ever held it");
/// # Ok(())
/// # }
/// ```
pub const JANITOR_LEASE: &str = "janitor";

/// No lease lasts longer than this, or than twice what is asked for now. One that seems to was written while the database's
/// clock was ahead, by a janitor that cannot give it back, and would keep all others waiting for days or years.
const LONGEST_LEASE: Duration = Duration::from_hours(1);

/// The width of the column of the holder.
const HOLDER_WIDTH: usize = 255;

/// A lease that this process has taken. Proof of nothing by itself: it may have ended since.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use authdb_shared::db::{JANITOR_LEASE, Lease};
///
/// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
/// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
/// # let permit = db.write_permit(&Actor::of_this_process())?;
/// # db.create_ledger(&permit).await?;
/// let minute = Duration::from_mins(1);
/// let mine: Lease = db.take_lease(&permit, JANITOR_LEASE, "one.example", minute).await?.expect("nobody holds it");
/// assert_eq!(db.take_lease(&permit, JANITOR_LEASE, "two.example", minute).await?, None);
/// # let _ = mine;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    name: String,
    holder: String,
    fencing_number: i64,
}

impl Lease {
    /// The number that grows each time the lease changes hands.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use authdb_shared::db::JANITOR_LEASE;
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// # db.create_ledger(&permit).await?;
    /// let minute = Duration::from_mins(1);
    /// let first = db.take_lease(&permit, JANITOR_LEASE, "one.example", minute).await?.expect("nobody holds it");
    /// db.release_lease(&permit, &first).await?;
    /// let second = db.take_lease(&permit, JANITOR_LEASE, "two.example", minute).await?.expect("it was given back");
    /// assert!(second.fencing_number() > first.fencing_number());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn fencing_number(&self) -> i64 {
        self.fencing_number
    }
}

/// That a lease is somebody else's by now.
#[derive(Debug, thiserror::Error)]
#[error("somebody else has taken the lease")]
pub(in crate::db) struct LeaseIsLost;

/// The state of a lease, for people.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use authdb_shared::db::JANITOR_LEASE;
///
/// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
/// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
/// # let permit = db.write_permit(&Actor::of_this_process())?;
/// # db.create_ledger(&permit).await?;
/// db.take_lease(&permit, JANITOR_LEASE, "one.example", Duration::from_mins(1)).await?;
/// let (row, now) = db.lease(JANITOR_LEASE).await?;
/// let row = row.expect("the ledger has it");
/// let holder = row.expiry.filter(|expiry| *expiry > now).map(|_| row.holder.as_str());
/// assert_eq!(holder, Some("one.example"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseRow {
    /// Who holds it or held it last; empty if nobody ever did.
    pub holder: String,
    /// How often it has been taken.
    pub fencing_number: i64,
    /// When it ends, or ended; `None` if it was given back.
    pub expiry: Option<Timestamp>,
}

/// A row of `JanitorLease`.
#[derive(FromRow)]
pub(super) struct StoredLease {
    pub(super) holder: String,
    pub(super) fencing_number: i64,
    expiry: Option<String>,
}

/// Renews a lease within a transaction, which is then made only as long as nobody else has taken it.
///
/// The row is really changed: on a Galera cluster only a change meets the one by which another node takes the lease.
pub(in crate::db) async fn hold(
    session: &mut WriteSession,
    lease: &Lease,
    duration: Duration,
) -> Result<(), sqlx::Error> {
    if extend(session, lease, duration).await? {
        Ok(())
    } else {
        Err(sqlx::Error::Configuration(Box::new(LeaseIsLost)))
    }
}

/// Lets a lease last so long from now on; false if it has been given back or taken.
async fn extend(session: &mut WriteSession, lease: &Lease, duration: Duration) -> Result<bool, sqlx::Error> {
    let seconds = duration.as_secs_f64();
    on_backend!(session, |connection, text| {
        sqlx::query(text(statements::EXTEND_LEASE))
            .bind(seconds)
            .bind(&lease.name)
            .bind(&lease.holder)
            .bind(lease.fencing_number)
            .execute(connection)
            .await
            .map(|done| done.rows_affected() == 1)
    })
}

impl AuthDb {
    /// Takes a lease for `duration`, if nobody holds it, or if only a wrong clock can have made
    /// it last so long. `holder` names this process to people.
    ///
    /// # Errors
    /// If the database cannot do it, or has no such lease, or no ledger of this version.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use authdb_shared::db::JANITOR_LEASE;
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// db.create_ledger(&permit).await?;
    /// let lease = db.take_lease(&permit, JANITOR_LEASE, "one.example, process 4711", Duration::from_mins(1)).await?;
    /// assert!(lease.is_some(), "this process is the one that works");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn take_lease(
        &self,
        permit: &WritePermit,
        name: &str,
        holder: &str,
        duration: Duration,
    ) -> Result<Option<Lease>, DbError> {
        let holder = kept(holder, HOLDER_WIDTH);
        self.repeated("taking the janitor's lease", || async {
            let mut session = self.writing(permit).await?;
            session.end_after_silence(duration).await?;
            super::require_our_version(&mut session).await?;
            let now = session.now().await?;
            let changed = on_backend!(&mut session, |connection, text| {
                sqlx::query(text(statements::TAKE_LEASE))
                    .bind(&holder)
                    .bind(now.after(duration).sql_text_with_millis())
                    .bind(name)
                    .bind(now.sql_text_with_millis())
                    .bind(now.after(LONGEST_LEASE.max(duration * 2)).sql_text_with_millis())
                    .execute(connection)
                    .await
                    .map(|done| done.rows_affected())
            })?;
            // A lease without a row could never be taken, and everybody would wait for it without a word.
            let row: StoredLease = on_backend!(&mut session, |connection, text| {
                sqlx::query_as(text(statements::LEASE)).bind(name).fetch_one(connection).await
            })?;
            if changed == 0 {
                return Ok(None);
            }
            session.commit().await?;
            Ok(Some(Lease { name: name.to_owned(), holder: holder.clone(), fencing_number: row.fencing_number }))
        })
        .await
    }

    /// Lets a lease last `duration` from now on. `false` if it has been given back, or taken by somebody else.
    ///
    /// # Errors
    /// If the database cannot do it, or has no ledger of this version.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use authdb_shared::db::JANITOR_LEASE;
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// # db.create_ledger(&permit).await?;
    /// let minute = Duration::from_mins(1);
    /// let lease = db.take_lease(&permit, JANITOR_LEASE, "one.example", minute).await?.expect("nobody holds it");
    /// assert!(db.renew_lease(&permit, &lease, minute).await?);
    /// db.release_lease(&permit, &lease).await?;
    /// assert!(!db.renew_lease(&permit, &lease, minute).await?, "time to stop working");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn renew_lease(&self, permit: &WritePermit, lease: &Lease, duration: Duration) -> Result<bool, DbError> {
        self.repeated("renewing the janitor's lease", || async {
            let mut session = self.writing(permit).await?;
            session.end_after_silence(duration).await?;
            super::require_our_version(&mut session).await?;
            let is_held = extend(&mut session, lease, duration).await?;
            session.commit().await?;
            Ok(is_held)
        })
        .await
    }

    /// Gives a lease back, so that the next need not wait for its end. One that somebody else has taken stays theirs.
    ///
    /// # Errors
    /// If the database cannot do it, or has no ledger of this version; the lease then ends by itself.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use authdb_shared::db::JANITOR_LEASE;
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// # db.create_ledger(&permit).await?;
    /// let minute = Duration::from_mins(1);
    /// let lease = db.take_lease(&permit, JANITOR_LEASE, "one.example", minute).await?.expect("nobody holds it");
    /// db.release_lease(&permit, &lease).await?;
    /// let next = db.take_lease(&permit, JANITOR_LEASE, "two.example", minute).await?;
    /// assert!(next.is_some(), "without a minute's wait");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn release_lease(&self, permit: &WritePermit, lease: &Lease) -> Result<(), DbError> {
        self.repeated("giving the janitor's lease back", || async {
            let mut session = self.writing(permit).await?;
            super::require_our_version(&mut session).await?;
            on_backend!(&mut session, |connection, text| {
                sqlx::query(text(statements::RELEASE_LEASE))
                    .bind(&lease.name)
                    .bind(&lease.holder)
                    .bind(lease.fencing_number)
                    .execute(connection)
                    .await
                    .map(drop)
            })?;
            session.commit().await
        })
        .await
    }

    /// The state of a lease, and the database's time; `None` if there is no such lease.
    ///
    /// # Errors
    /// If the database cannot be asked, or has no ledger.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::JANITOR_LEASE;
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// # db.create_ledger(&permit).await?;
    /// let (lease, _) = db.lease(JANITOR_LEASE).await?;
    /// assert_eq!(lease.expect("the ledger has it").expiry, None, "nobody works");
    /// assert_eq!(db.lease("another").await?.0, None);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn lease(&self, name: &str) -> Result<(Option<LeaseRow>, Timestamp), DbError> {
        self.limited("reading the janitor's lease", async {
            let mut session = self.reading().await?;
            let now = session.now().await?;
            let row: Option<StoredLease> = on_backend!(&mut session, |connection, text| {
                sqlx::query_as(text(statements::LEASE)).bind(name).fetch_optional(connection).await
            })?;
            let row = row.map(|row| LeaseRow {
                holder: row.holder,
                fencing_number: row.fencing_number,
                expiry: row.expiry.as_deref().and_then(Timestamp::from_sql_text),
            });
            Ok((row, now))
        })
        .await
    }
}
