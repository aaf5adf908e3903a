//! Which janitor works: the one that holds the lease.
//!
//! A task of its own takes the lease, renews it well before its end, and takes it again after a loss. It only says who is
//! in charge; what keeps two janitors from working at once is that every transaction of a run renews the lease itself, or
//! is not made (`WritePermit::while_holding`).

use std::time::Duration;

use authdb_shared::Timestamp;
use authdb_shared::db::{AuthDb, DbError, JANITOR_LEASE, Lease, WritePermit};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, info, warn};

use crate::runner::jittered;

/// Who is in charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Charge {
    /// This janitor.
    Ours(Lease),
    /// Another one, for all that is known.
    Theirs {
        /// Its host and process.
        holder: String,
        /// Whether it was seen to renew its lease: it works, and did not just die.
        is_alive: bool,
    },
    /// Nobody knows: the lease has not been asked for yet, or for a reason it can neither be had nor seen.
    Unknown {
        /// The reason, as it was last heard.
        obstacle: Option<Obstacle>,
    },
    /// There is no lease, because there is no ledger; several janitors are not kept apart.
    Nobody,
}

/// Why there is no telling whose the lease is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Obstacle {
    /// What failed, and what to do about it.
    pub(crate) reason: String,
    /// Whether the connection is what failed.
    pub(crate) is_connection_loss: bool,
    /// Whether it may be over in a while without anybody's doing.
    pub(crate) is_passing: bool,
}

impl From<&DbError> for Obstacle {
    fn from(error: &DbError) -> Self {
        let (is_connection_loss, is_passing) = (error.is_connection_loss(), error.is_passing());
        Self { reason: error.to_string(), is_connection_loss, is_passing }
    }
}

impl Obstacle {
    /// Whether somebody who waits for the lease, and not for the database, should give up.
    fn ends_a_wait(&self) -> bool {
        self.is_connection_loss || !self.is_passing
    }
}

/// Why the lease is not taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotTaken {
    /// This janitor is at work.
    AtWork(String),
    /// It cannot be had.
    Hindered(Obstacle),
}

/// A renewal comes after this part of the lease's duration, so that two may fail.
const RENEWALS: u32 = 3;
/// A janitor that waits looks at least so often for a lease that was given back early.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The lease of this janitor, and the task that keeps it.
#[derive(Clone)]
pub(crate) struct Tenure {
    charge: watch::Receiver<Charge>,
    end: CancellationToken,
    keeper: TaskTracker,
    duration: Duration,
}

impl Tenure {
    /// Begins to ask for the lease.
    pub(crate) fn begin(db: AuthDb, permit: WritePermit, holder: String, duration: Duration) -> Self {
        let (sender, charge) = watch::channel(Charge::Unknown { obstacle: None });
        let (end, keeper) = (CancellationToken::new(), TaskTracker::new());
        let task =
            Keeper { db, permit, holder, duration, charge: sender, lease: None, renewed: Instant::now(), other: None };
        keeper.spawn(task.keep(end.clone()));
        keeper.close();
        Self { charge, end, keeper, duration }
    }

    /// Without a ledger there is no lease, and everybody may work.
    pub(crate) fn none() -> Self {
        let (_, charge) = watch::channel(Charge::Nobody);
        let keeper = TaskTracker::new();
        keeper.close();
        Self { charge, end: CancellationToken::new(), keeper, duration: Duration::ZERO }
    }

    /// Who is in charge now.
    pub(crate) fn charge(&self) -> Charge {
        self.charge.borrow().clone()
    }

    /// Who is in charge, to be followed.
    pub(crate) fn changes(&self) -> watch::Receiver<Charge> {
        self.charge.clone()
    }

    /// Waits until this janitor is in charge.
    pub(crate) async fn wait(&self) {
        let mut charge = self.charge.clone();
        // The sender lives as long as somebody can be in charge; without one, nothing has to be waited for.
        let _ = charge.wait_for(|charge| matches!(charge, Charge::Ours(_) | Charge::Nobody)).await;
    }

    /// Waits until this janitor is in charge, or another is seen to be at work, or it is clear that waiting does not help.
    /// One that died is waited for until its lease ends, and who holds the row until he lets go of it: `say` is told for
    /// what, once for each.
    pub(crate) async fn take(&self, say: impl Fn(&str)) -> Result<(), NotTaken> {
        let mut changes = self.charge.clone();
        let mut said = String::new();
        loop {
            let charge = changes.borrow_and_update().clone();
            let waits_for = match charge {
                Charge::Ours(_) | Charge::Nobody => return Ok(()),
                Charge::Theirs { holder, is_alive: true } => return Err(NotTaken::AtWork(holder)),
                Charge::Unknown { obstacle: Some(obstacle) } if obstacle.ends_a_wait() => {
                    return Err(NotTaken::Hindered(obstacle));
                }
                Charge::Theirs { holder, is_alive: false } => {
                    Some(format!("the janitor {holder} holds the lease; if it has died, its lease ends by itself"))
                }
                Charge::Unknown { obstacle } => obstacle.map(|obstacle| obstacle.reason),
            };
            if let Some(reason) = waits_for
                && reason != said
            {
                say(&reason);
                said = reason;
            }
            if changes.changed().await.is_err() {
                let reason = "asking for the lease has broken off".to_owned();
                return Err(NotTaken::Hindered(Obstacle { reason, is_connection_loss: false, is_passing: false }));
            }
        }
    }

    /// A permit for a run of this janitor: worth nothing once another has taken over. Where it is not in charge any more,
    /// there is none, and this says why.
    pub(crate) fn permit(&self, permit: WritePermit) -> Result<WritePermit, String> {
        match self.charge() {
            Charge::Ours(lease) => Ok(permit.while_holding(&lease, self.duration)),
            Charge::Nobody => Ok(permit),
            Charge::Theirs { holder, .. } => Err(format!("the janitor {holder} has taken over")),
            Charge::Unknown { obstacle } => {
                let reason = obstacle.map_or_else(|| "it has not been asked for yet".to_owned(), |it| it.reason);
                Err(format!("whose the lease is cannot be told: {reason}"))
            }
        }
    }

    /// Gives the lease back, so that another can take over at once.
    pub(crate) async fn end(&self) {
        self.end.cancel();
        self.keeper.wait().await;
    }
}

struct Keeper {
    db: AuthDb,
    permit: WritePermit,
    holder: String,
    duration: Duration,
    charge: watch::Sender<Charge>,
    /// The lease as it was taken; somebody else may have taken it since.
    lease: Option<Lease>,
    /// When it was last seen to be ours.
    renewed: Instant,
    /// The other holder and the end of its lease, as they were first seen.
    other: Option<(String, Option<Timestamp>)>,
}

impl Keeper {
    async fn keep(mut self, end: CancellationToken) {
        loop {
            let pause = match self.look().await {
                Ok(pause) => pause,
                Err(error) => {
                    self.doubt(&error);
                    LOOK_EVERY.min(self.duration / RENEWALS)
                }
            };
            tokio::select! {
                () = end.cancelled() => break,
                () = tokio::time::sleep(jittered(pause)) => {}
            }
        }
        if let Some(lease) = &self.lease
            && let Err(error) = self.db.release_lease(&self.permit, lease).await
        {
            debug!("{error}");
        }
    }

    /// Renews the lease or asks for it, and says how long that holds.
    async fn look(&mut self) -> Result<Duration, DbError> {
        if let Some(lease) = self.lease.clone() {
            if self.db.renew_lease(&self.permit, &lease, self.duration).await? {
                return Ok(self.is_ours(lease));
            }
            warn!("another janitor has taken over");
            self.lease = None;
        }
        match self.db.take_lease(&self.permit, JANITOR_LEASE, &self.holder, self.duration).await? {
            Some(lease) => {
                info!("in charge: this janitor holds the lease (number {})", lease.fencing_number());
                Ok(self.is_ours(lease))
            }
            None => self.wait_for_another().await,
        }
    }

    fn is_ours(&mut self, lease: Lease) -> Duration {
        self.renewed = Instant::now();
        self.other = None;
        self.lease = Some(lease.clone());
        let charge = Charge::Ours(lease);
        if *self.charge.borrow() != charge {
            self.charge.send_replace(charge);
        }
        self.duration / RENEWALS
    }

    async fn wait_for_another(&mut self) -> Result<Duration, DbError> {
        let (row, now) = self.db.lease(JANITOR_LEASE).await?;
        let (holder, expiry) = row.map(|row| (row.holder, row.expiry)).unwrap_or_default();
        let first_seen = match self.other.take() {
            Some((known, end)) if known == holder => (known, end),
            _ => {
                info!("waiting: the janitor {holder} is in charge");
                (holder.clone(), expiry)
            }
        };
        let is_alive = expiry > first_seen.1;
        self.other = Some(first_seen);
        let charge = Charge::Theirs { holder, is_alive };
        if *self.charge.borrow() != charge {
            self.charge.send_replace(charge);
        }
        let left = expiry.map_or(Duration::ZERO, |expiry| expiry.since(now));
        Ok(left.clamp(Duration::from_millis(100), LOOK_EVERY))
    }

    /// After a whole lease without a renewal, another may be in charge. Whatever keeps a janitor from its work is said when
    /// it begins and when it changes; of a lost database others tell.
    fn doubt(&self, error: &DbError) {
        let is_ours = matches!(*self.charge.borrow(), Charge::Ours(_));
        let unknown = Charge::Unknown { obstacle: Some(error.into()) };
        let is_news = *self.charge.borrow() != unknown && !(is_ours && self.renewed.elapsed() <= self.duration);
        if is_news && !error.is_connection_loss() {
            warn!("nothing is done, because the lease cannot be had: {error}");
        } else {
            debug!("{error}");
        }
        if is_news {
            self.charge.send_replace(unknown);
        }
    }
}

#[cfg(test)]
mod tests {
    use authdb_shared::actor::Actor;
    use authdb_shared::clock;
    use authdb_shared::config::Sources;
    use authdb_shared::demo::Demo;

    use super::*;

    #[tokio::test]
    async fn whoever_has_no_permit_is_told_whether_another_works_or_nobody_knows() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let file = folder.path().join("authdb.sqlite3");
        let config = Demo::configuration(Sources::default(), &file).expect("a valid configuration").database;
        let db = AuthDb::create(&config, clock::host_now()).await.expect("it is made");
        let refusal = |charge: Charge| {
            let tenure = Tenure { charge: watch::channel(charge).1, ..Tenure::none() };
            tenure.permit(db.write_permit(&Actor::of_this_process()).expect("it can be written to")).err()
        };
        let theirs = Charge::Theirs { holder: "two.example:7".to_owned(), is_alive: true };
        assert_eq!(refusal(theirs).as_deref(), Some("the janitor two.example:7 has taken over"));
        let reason = "renewing the lease: no answer".to_owned();
        let obstacle = Some(Obstacle { reason, is_connection_loss: false, is_passing: true });
        let unknown = refusal(Charge::Unknown { obstacle }).expect("nobody knows");
        assert!(unknown.ends_with("cannot be told: renewing the lease: no answer"), "{unknown}");
        assert_eq!(refusal(Charge::Nobody), None);
    }
}
