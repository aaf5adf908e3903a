//! Where a walk stands: from which key it goes on, and by which times.

use std::collections::VecDeque;

use super::{Sweep, Walk};
use crate::clock::Timestamp;
use crate::ids::KeyBound;
use crate::policy::Policy;

/// How far a walk has come.
///
/// # Examples
/// ```
/// use authdb_shared::db::{SweepCursor, Walk};
///
/// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
/// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
/// # let permit = db.write_permit(&Actor::of_this_process())?;
/// let mut cursor = SweepCursor::start(Walk::DeviceFlows, db.now().await?, &config.policy);
/// while !db.sweep(&permit, &mut cursor, 1_000).await?.is_last {
///     // Between two batches there is time for everybody else.
///     tokio::task::yield_now().await;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SweepCursor {
    pub(super) walk: Walk,
    pub(super) expiry: Option<Due>,
    pub(super) purge: Option<Due>,
    /// What is still to be swept, in this order.
    pub(super) stretches: VecDeque<Stretch>,
    /// Whether everything was deleted that the last batch came by, so that it probably goes on like that.
    pub(super) is_dense: bool,
    has_begun: bool,
}

/// What is due for a sweep.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    pub(super) sweep: Sweep,
    pub(super) cutoff: Timestamp,
    /// The cut-off of the purge, for a sweep that leaves to it what is older.
    pub(super) retention: Option<Timestamp>,
}

/// Keys between two others.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    /// The last key that was looked at; empty below every key.
    pub(super) after: String,
    pub(super) below: String,
}

/// Above every key.
const HIGHEST: &str = "ffffffffffffffffffffffffffffffff";
/// Below every key, and still a key: `MariaDB` compares its `uuid` columns with nothing else.
pub(in crate::db) const LOWEST_KEY: &str = "00000000000000000000000000000000";

impl SweepCursor {
    /// The beginning of a walk as of `now`, which must be the database's time: what was due then is swept, and nothing
    /// else. Before it begins, the caller makes sure that the clocks agree
    /// ([`ClockWitnesses::disagreements`](crate::db::ClockWitnesses::disagreements)).
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
    /// let long_ago = db.now().await?.before(config.policy.completed_flow_retention * 100);
    /// let mut cursor = SweepCursor::start(Walk::OldAuthorizationFlows, long_ago, &config.policy);
    /// let batch = db.sweep(&permit, &mut cursor, 1_000).await?;
    /// assert_eq!((batch.expired, batch.deleted), (0, 0), "what is stale now was not there yet");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn start(walk: Walk, now: Timestamp, policy: &Policy) -> Self {
        let due = |sweep: &Sweep| {
            let retention = sweep.expires().then(|| now.before(policy.completed_flow_retention));
            Due { sweep: *sweep, cutoff: sweep.cutoff(now, policy), retention }
        };
        let (expiry, purge) = (
            walk.sweeps().iter().find(|sweep| sweep.expires()).map(due),
            walk.sweeps().iter().find(|sweep| !sweep.expires()).map(due),
        );
        // The service's host dates a key and the database the row, so the key may be a little younger.
        let bound = |time| KeyBound::at(policy.latest_credible(time));
        let old = bound(Sweep::PurgeAuthorizationFlows.cutoff(now, policy));
        let stretch = |after: String, below: String| Stretch { after, below };
        let stretches = match walk {
            Walk::DeviceFlows => vec![stretch(String::new(), String::new())],
            Walk::YoungAuthorizationFlows => {
                let below = bound(Sweep::ExpireAuthorizationFlows.cutoff(now, policy));
                vec![stretch(old.highest_below().hex(), below.hex())]
            }
            Walk::OldAuthorizationFlows => {
                vec![stretch(String::new(), old.hex()), stretch(bound(now).hex(), HIGHEST.to_owned())]
            }
            Walk::RefreshTokens => {
                let below = KeyBound::at(Sweep::PurgeTokens.cutoff(now, policy));
                vec![stretch(String::new(), below.hex())]
            }
        };
        Self { walk, expiry, purge, stretches: stretches.into(), is_dense: false, has_begun: false }
    }

    /// The same walk as of a later `now`, from where this one stopped: what it has passed is not looked at again before
    /// the rest has had its turn.
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
    /// let now = db.now().await?;
    /// let mut stopped = SweepCursor::start(Walk::DeviceFlows, now, &config.policy);
    /// let first = db.sweep(&permit, &mut stopped, 30).await?;
    /// let mut resumed = stopped.resumed(now, &config.policy);
    /// let rest = db.sweep(&permit, &mut resumed, 10_000).await?;
    /// assert!(!first.is_last && rest.is_last);
    /// assert_eq!(first.expired + rest.expired, 5, "nothing is missed");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn resumed(&self, now: Timestamp, policy: &Policy) -> Self {
        let mut fresh = Self::start(self.walk, now, policy);
        let passed = fresh.stretches.len().saturating_sub(self.stretches.len());
        fresh.stretches.drain(..passed);
        if let (Some(next), Some(stopped)) = (fresh.stretches.front_mut(), self.stretches.front()) {
            next.after.clone_from(&stopped.after);
        }
        fresh.has_begun = self.has_begun;
        fresh
    }

    /// Which rows are swept.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::{SweepCursor, Walk};
    /// use authdb_shared::{Policy, clock};
    ///
    /// let cursor = SweepCursor::start(Walk::DeviceFlows, clock::host_now(), &Policy::default());
    /// assert_eq!(cursor.walk(), Walk::DeviceFlows);
    /// ```
    #[must_use]
    pub fn walk(&self) -> Walk {
        self.walk
    }

    /// Whether it has come by any rows.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::{SweepCursor, Walk};
    /// use authdb_shared::{Policy, clock};
    ///
    /// let cursor = SweepCursor::start(Walk::DeviceFlows, clock::host_now(), &Policy::default());
    /// assert!(!cursor.has_begun());
    /// ```
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// What is due for each thing that happens to the rows.
    pub(super) fn dues(&self) -> impl Iterator<Item = Due> {
        self.expiry.into_iter().chain(self.purge)
    }

    /// Moves behind the last key that was seen. True if nothing is left.
    pub(super) fn advance(&mut self, last: Option<String>, is_exhausted: bool) -> bool {
        self.has_begun = true;
        if is_exhausted {
            self.stretches.pop_front();
            self.is_dense = false;
        } else if let (Some(stretch), Some(last)) = (self.stretches.front_mut(), last) {
            stretch.after = last;
        }
        self.stretches.is_empty()
    }
}
