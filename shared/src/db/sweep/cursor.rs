//! Where a sweep stands: from which key it goes on, and by which times.

use super::Sweep;
use crate::clock::Timestamp;
use crate::ids::KeyBound;
use crate::partition::Month;
use crate::policy::Policy;

/// How far a sweep has come.
///
/// # Examples
/// ```
/// use authdb_shared::db::{Sweep, SweepCursor};
///
/// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
/// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
/// # let permit = db.write_permit(&Actor::of_this_process())?;
/// let mut cursor = SweepCursor::start(Sweep::PurgeDeviceFlows, db.now().await?, &config.policy);
/// while !db.sweep(&permit, &mut cursor, 1_000).await?.is_last {
///     // Between two batches there is time for everybody else.
///     tokio::task::yield_now().await;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SweepCursor {
    pub(super) sweep: Sweep,
    pub(super) cutoff: Timestamp,
    /// The cut-off of the purge, for a sweep that leaves to it what is older.
    pub(super) retention: Option<Timestamp>,
    /// The last key that was looked at; empty at the beginning.
    pub(super) after: String,
    pub(super) below: String,
    /// Where the keys that carry no credible time begin, while they are still to be swept.
    pub(super) beyond: Option<String>,
    /// Whether everything was due that the last batch came by, so that it probably goes on like that.
    pub(super) is_dense: bool,
}

/// Above every key.
const HIGHEST: &str = "ffffffffffffffffffffffffffffffff";
/// Below every key, and still a key: `MariaDB` compares its `uuid` columns with nothing else.
pub(in crate::db) const LOWEST_KEY: &str = "00000000000000000000000000000000";

impl SweepCursor {
    /// The beginning of a sweep as of `now`, which must be the database's time: what was due then is swept, and nothing
    /// else. Before it begins, the caller makes sure that the clocks agree
    /// ([`ClockWitnesses::disagreements`](crate::db::ClockWitnesses::disagreements)).
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::{Sweep, SweepCursor};
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// let now = db.now().await?;
    /// let purge = SweepCursor::start(Sweep::PurgeAuthorizationFlows, now, &config.policy);
    /// assert_eq!(purge.cutoff(), now.before(config.policy.completed_flow_retention));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn start(sweep: Sweep, now: Timestamp, policy: &Policy) -> Self {
        let kept_since = now.before(policy.completed_flow_retention);
        let (cutoff, retention) = match sweep {
            Sweep::ExpireDeviceFlows => (now.before(policy.device_flow_expiration), Some(kept_since)),
            Sweep::ExpireAuthorizationFlows => (now.before(policy.authorization_flow_expiration), Some(kept_since)),
            Sweep::PurgeDeviceFlows | Sweep::PurgeAuthorizationFlows => (kept_since, None),
            Sweep::PurgeTokens => (Month::of(policy.token_horizon(now)).start(), None),
        };
        let (below, beyond) = match sweep {
            Sweep::ExpireDeviceFlows | Sweep::PurgeDeviceFlows => (String::new(), None),
            // The service's host dates the key and the database the row, so the key may be a little younger.
            Sweep::ExpireAuthorizationFlows | Sweep::PurgeAuthorizationFlows => {
                let beyond = KeyBound::at(policy.latest_credible(now)).hex();
                (KeyBound::at(policy.latest_credible(cutoff)).hex(), Some(beyond))
            }
            Sweep::PurgeTokens => (KeyBound::at(cutoff).hex(), None),
        };
        Self { sweep, cutoff, retention, after: String::new(), below, beyond, is_dense: false }
    }

    /// The same sweep as of a later `now`, from where this one stopped: what it has passed is not looked at again before
    /// the rest has had its turn.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use authdb_shared::db::{Sweep, SweepCursor};
    /// use authdb_shared::{Policy, Timestamp};
    ///
    /// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let (policy, later) = (Policy::default(), now.after(Duration::from_mins(5)));
    /// let stopped = SweepCursor::start(Sweep::PurgeDeviceFlows, now, &policy);
    /// assert_eq!(stopped.resumed(later, &policy).cutoff(), later.before(policy.completed_flow_retention));
    /// ```
    #[must_use]
    pub fn resumed(&self, now: Timestamp, policy: &Policy) -> Self {
        let fresh = Self::start(self.sweep, now, policy);
        let is_beyond = self.beyond.is_none() && fresh.beyond.is_some();
        let (below, beyond) = if is_beyond { (HIGHEST.to_owned(), None) } else { (fresh.below, fresh.beyond) };
        Self { after: self.after.clone(), below, beyond, ..fresh }
    }

    /// What is swept.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::Policy;
    /// use authdb_shared::clock;
    /// use authdb_shared::db::{Sweep, SweepCursor};
    ///
    /// let cursor = SweepCursor::start(Sweep::ExpireDeviceFlows, clock::host_now(), &Policy::default());
    /// assert_eq!(cursor.sweep().to_string(), "device flows expired");
    /// ```
    #[must_use]
    pub fn sweep(&self) -> Sweep {
        self.sweep
    }

    /// Rows older than this are swept.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::{Sweep, SweepCursor};
    /// use authdb_shared::{Policy, Timestamp};
    ///
    /// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let cursor = SweepCursor::start(Sweep::PurgeTokens, now, &Policy::default());
    /// assert_eq!(cursor.cutoff().sql_text(), "2026-05-01 00:00:00", "whole months, as partitions go");
    /// ```
    #[must_use]
    pub fn cutoff(&self) -> Timestamp {
        self.cutoff
    }

    /// Moves behind the last key that was seen. True if nothing is left.
    pub(super) fn advance(&mut self, last: Option<String>, is_exhausted: bool) -> bool {
        if let Some(last) = last {
            self.after = last;
        }
        if is_exhausted && let Some(beyond) = self.beyond.take() {
            self.after = beyond;
            HIGHEST.clone_into(&mut self.below);
            return false;
        }
        is_exhausted
    }
}
