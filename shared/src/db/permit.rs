//! The right to change something: who does it, why, and under which lease.
//!
//! Every function that changes anything takes one, and only a connection that can write gives one; so a read-only session
//! cannot even ask.

use std::time::Duration;

use super::backend::WriteSession;
use super::ledger::{self, Lease};
use crate::actor::Actor;

/// The right to change the database, on whose behalf, and why.
///
/// Only [`AuthDb::write_permit`](super::AuthDb::write_permit) makes one, and a read-only connection never does: whoever
/// holds it has passed that one check, so no screen or command can forget it. The actor and the reason go into the journal
/// with every change.
///
/// # Examples
/// ```
/// use authdb_shared::db::DbError;
///
/// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
/// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
/// # let permit = db.write_permit(&Actor::of_this_process())?;
/// let looking = AuthDb::connect_read_only(&config.database).await?;
/// let refused = looking.write_permit(&Actor::of_this_process());
/// assert!(matches!(refused, Err(DbError::ReadOnly)));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct WritePermit {
    pub(super) actor: Actor,
    pub(super) reason: Option<String>,
    fence: Option<Fence>,
}

/// What a transaction has to find as it was, or it is not made.
#[derive(Clone, Debug)]
struct Fence {
    lease: Lease,
    duration: Duration,
}

impl WritePermit {
    /// For a connection that can write, and only for such.
    pub(super) fn of(actor: &Actor) -> Self {
        Self { actor: actor.clone(), reason: None, fence: None }
    }

    /// The same permit for one change and its reason, in the actor's own words.
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
    /// # let alice = authdb_shared::ids::Subject::new("lhcb:alice")?;
    /// # let scope = authdb_shared::model::Scope::from_stored("vo:lhcb group:lhcb_user".to_owned());
    /// # let mut work = db.begin(&permit).await?;
    /// # let jti = authdb_shared::ids::Jti::issue(work.now(), &mut clock::randomness());
    /// # work.insert_refresh_token(&jti, &alice, &scope).await?;
    /// # work.commit().await?;
    /// db.create_ledger(&permit).await?;
    /// db.revoke_token(&permit.clone().because("her laptop was stolen"), &jti).await??;
    /// assert_eq!(db.admin_actions(None, 1).await?.rows[0].reason, "her laptop was stolen");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Allows only what is done while this process holds the lease: each transaction renews it for so long before its
    /// commit, or fails with [`DbError::LeaseLost`](super::DbError::LeaseLost) and changes nothing.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use authdb_shared::db::{DbError, JANITOR_LEASE};
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
    /// let mine = permit.clone().while_holding(&lease, minute);
    /// db.release_lease(&permit, &lease).await?;
    /// db.take_lease(&permit, JANITOR_LEASE, "two.example", minute).await?.expect("it was given back");
    ///
    /// let action = db.revoke_subject(&mine, &authdb_shared::ids::Subject::new("lhcb:alice")?).await;
    /// assert!(matches!(action.stopped_by, Some(DbError::LeaseLost { .. })));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn while_holding(mut self, lease: &Lease, duration: Duration) -> Self {
        self.fence = Some(Fence { lease: lease.clone(), duration });
        self
    }

    /// How long the lease lasts that a session under this permit must not outlive for long.
    pub(super) fn lease_duration(&self) -> Option<Duration> {
        self.fence.as_ref().map(|fence| fence.duration)
    }

    /// Makes a transaction last, if it may. The row of the lease is locked for no longer than the commit takes, so that a
    /// holder that is stopped in the middle of its work does not keep it from others.
    pub(super) async fn commit(&self, mut session: WriteSession) -> Result<(), sqlx::Error> {
        if let Some(Fence { lease, duration }) = &self.fence {
            ledger::hold(&mut session, lease, *duration).await?;
        }
        session.commit().await
    }
}
