//! Reading what is really in a partition, before it is dropped.
//!
//! The keys are read in windows, by the primary key of the one partition, without locks and each within the limit of a
//! statement: a month of millions of tokens is read while everybody else works on. That takes minutes, so whoever waits
//! for it hears of each window, and can say stop ([`Proving`]).
//!
//! Nothing keeps rows from coming to a partition behind the window that is read. None do: DiracX dates its keys by the
//! present, and of a key that is there only the status changes, from CREATED to REVOKED.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, FromRow};

use super::backend::Backend;
use super::partitions::identifier;
use super::{AuthDb, DbError, HeldMonth, RollTerms};
use crate::clock::Timestamp;
use crate::ids::Jti;
use crate::partition::{Layout, Partition, PartitionBound, PartitionProof};
use crate::policy::Policy;

/// Keys per window.
const WINDOW: u32 = 20_000;

const PROVING: &str = "reading what is in a partition";

/// How long a proof serves the tries of the step that it was made for, at most.
const SERVES_FOR: Duration = Duration::from_mins(1);

/// How months are proven to be old: whoever waits hears of each window, and a step that is tried again because somebody
/// held the table does not read its month again.
///
/// A proof serves again for as long as reading took, and for a minute at most, on the layout that it was made on: what can
/// be read in a moment is read again, and of a month that takes minutes the last window is never much older at the drop than
/// the first one is in any case.
///
/// # Examples
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// use authdb_shared::db::{Proving, RollTerms};
/// use authdb_shared::{Policy, Timestamp};
///
/// let windows = AtomicU32::new(0);
/// let goes_on = || windows.fetch_add(1, Ordering::Relaxed) < 1000;
/// let proving = Proving::while_told(&goes_on);
/// let policy = Policy::default();
/// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
/// let terms = RollTerms { now, policy: &policy, copy_limit: 10_000, proving: Some(&proving) };
/// assert!(terms.proving.is_some(), "a month of more windows is not read to its end");
/// ```
pub struct Proving<'a> {
    goes_on: &'a (dyn Fn() -> bool + Send + Sync),
    kept: Mutex<Option<Kept>>,
}

/// What was read, on which layout, and up to which time its tokens may be dropped.
type ProofKey = (String, String, Timestamp);

/// A proof that may serve again.
struct Kept {
    key: ProofKey,
    until: Instant,
    proof: PartitionProof,
}

impl<'a> Proving<'a> {
    /// Asks after each window whether to go on; a proof that is not to go on ends in [`DbError::Stopped`].
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::Proving;
    ///
    /// let proving = Proving::while_told(&|| true);
    /// assert!(format!("{proving:?}").contains("Proving"));
    /// ```
    #[must_use]
    pub fn while_told(goes_on: &'a (dyn Fn() -> bool + Send + Sync)) -> Self {
        Self { goes_on, kept: Mutex::new(None) }
    }

    fn find(&self, key: &ProofKey) -> Option<PartitionProof> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let serves = |kept: &&Kept| kept.key == *key && Instant::now() < kept.until;
        kept.as_ref().filter(serves).map(|kept| kept.proof.clone())
    }

    fn keep(&self, key: ProofKey, proof: PartitionProof, took: Duration) {
        let until = Instant::now() + took.min(SERVES_FOR);
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(Kept { key, until, proof });
    }
}

impl fmt::Debug for Proving<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proving").finish_non_exhaustive()
    }
}

/// What is in a window.
#[derive(FromRow)]
struct WindowRow {
    last: Option<String>,
    count: i64,
    oldest: Option<String>,
    newest: Option<String>,
    undated: i64,
    undated_created: i64,
    first_undated_created: Option<String>,
}

impl AuthDb {
    /// Reads what is in a partition, and so whether it may be dropped at `now`, the database's time. It is no proof of the
    /// clock: whoever asks hears the witnesses first ([`AuthDb::clock_witnesses`]).
    ///
    /// # Errors
    /// If the database cannot be asked, or one window takes too long.
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
    /// let now = db.now().await?;
    /// for partition in db.partition_layout().await?.partitions {
    ///     let proof = db.prove_partition(&partition, now, &config.policy).await?;
    ///     println!("{}: {}", proof.name, proof.objection().unwrap_or_else(|| format!("{} old rows", proof.rows)));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn prove_partition(
        &self,
        partition: &Partition,
        now: Timestamp,
        policy: &Policy,
    ) -> Result<PartitionProof, DbError> {
        self.prove(partition, &of_tokens(partition), policy.token_horizon(now), None).await
    }

    /// The same of a month in a table of its own.
    ///
    /// # Errors
    /// If the database cannot be asked, or one window takes too long.
    ///
    /// # Examples
    /// ```
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// let now = db.now().await?;
    /// for held in db.held_months().await?.months {
    ///     let proof = db.prove_held_month(&held, now, &config.policy).await?;
    ///     println!("{}: {}", held.month(), proof.objection().unwrap_or_else(|| "may go for good".to_owned()));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn prove_held_month(
        &self,
        held: &HeldMonth,
        now: Timestamp,
        policy: &Policy,
    ) -> Result<PartitionProof, DbError> {
        self.prove(&as_partition(held), &identifier(&held.table), policy.token_horizon(now), None).await
    }

    /// Proves a partition of this layout for a step, unless that was done for a try of it just before. Where it can be seen
    /// that somebody holds the table, so that the step would be given up, nothing is read.
    pub(super) async fn prove_for_step(
        &self,
        attempt: &'static str,
        layout: &Layout,
        partition: &Partition,
        terms: &RollTerms<'_>,
    ) -> Result<PartitionProof, DbError> {
        let key = (of_tokens(partition), layout.fingerprint(), terms.policy.token_horizon(terms.now));
        if let Some(proof) = terms.proving.and_then(|proving| proving.find(&key)) {
            return Ok(proof);
        }
        self.await_nobody(attempt).await?;
        self.prove_and_keep(partition, key, terms).await
    }

    /// Proves a held month for the step that drops it for good.
    pub(super) async fn prove_for_release(
        &self,
        held: &HeldMonth,
        terms: &RollTerms<'_>,
    ) -> Result<PartitionProof, DbError> {
        let key = (identifier(&held.table), held.since.to_string(), terms.policy.token_horizon(terms.now));
        if let Some(proof) = terms.proving.and_then(|proving| proving.find(&key)) {
            return Ok(proof);
        }
        self.prove_and_keep(&as_partition(held), key, terms).await
    }

    async fn prove_and_keep(
        &self,
        partition: &Partition,
        key: ProofKey,
        terms: &RollTerms<'_>,
    ) -> Result<PartitionProof, DbError> {
        let (source, _, horizon) = &key;
        let begun = Instant::now();
        let proof = self.prove(partition, source, *horizon, terms.proving).await?;
        if let Some(proving) = terms.proving {
            proving.keep(key, proof.clone(), begun.elapsed());
        }
        Ok(proof)
    }

    /// Reads what stands in `source`, as it would be written behind FROM.
    async fn prove(
        &self,
        partition: &Partition,
        source: &str,
        horizon: Timestamp,
        proving: Option<&Proving<'_>>,
    ) -> Result<PartitionProof, DbError> {
        let mut proof = PartitionProof {
            name: partition.name.clone(),
            bound: partition.bound.clone(),
            horizon,
            rows: 0,
            oldest: None,
            newest: None,
            undated: 0,
            undated_created: 0,
            first_undated_created: None,
        };
        let Backend::MySql(pool) = &self.reader else { return Ok(proof) };
        let mut after: Option<String> = None;
        loop {
            let statement = AssertSqlSafe(window(source, after.is_some()));
            let reading = async {
                let query = sqlx::query_as::<_, WindowRow>(statement);
                let query = if let Some(after) = &after { query.bind(after.clone()) } else { query };
                query.bind(WINDOW).fetch_one(pool).await
            };
            let row = self.limited(PROVING, reading).await?;
            let count = row.count.unsigned_abs();
            take(&mut proof, &row);
            after = row.last;
            if after.is_none() || count < u64::from(WINDOW) {
                return Ok(proof);
            }
            if proving.is_some_and(|proving| !(proving.goes_on)()) {
                return Err(DbError::Stopped { attempt: PROVING });
            }
        }
    }
}

/// A partition as it is written behind FROM.
fn of_tokens(partition: &Partition) -> String {
    format!("RefreshTokens PARTITION ({})", identifier(&partition.name))
}

fn as_partition(held: &HeldMonth) -> Partition {
    let bound = PartitionBound::Below(held.bound);
    Partition { name: held.table.clone(), bound, rows: held.rows, bytes: held.bytes }
}

/// The statement that reads a window. Times are compared as text, because `MariaDB` orders its `uuid` keys by their
/// version first.
fn window(source: &str, has_beginning: bool) -> String {
    let beginning = if has_beginning { "WHERE JTI > ? " } else { "" };
    format!(
        "SELECT CAST(MAX(JTI) AS CHAR) AS last, COUNT(*) AS count, \
         MIN(CASE WHEN is_dated THEN digits END) AS oldest, MAX(CASE WHEN is_dated THEN digits END) AS newest, \
         COUNT(CASE WHEN NOT is_dated THEN 1 END) AS undated, \
         COUNT(CASE WHEN NOT is_dated AND Status = 'CREATED' THEN 1 END) AS undated_created, \
         MIN(CASE WHEN NOT is_dated AND Status = 'CREATED' THEN digits END) AS first_undated_created \
         FROM (SELECT JTI, Status, digits, \
         SUBSTR(digits, 13, 1) = '7' AND SUBSTR(digits, 17, 1) IN ('8', '9', 'a', 'b') AS is_dated \
         FROM (SELECT JTI, Status, LOWER(REPLACE(CAST(JTI AS CHAR), '-', '')) AS digits \
         FROM {source} {beginning}ORDER BY JTI LIMIT ?) AS k) AS w"
    )
}

fn take(proof: &mut PartitionProof, row: &WindowRow) {
    let key = |stored: &Option<String>| stored.clone().map(Jti::from_stored);
    let (oldest, newest) = (key(&row.oldest), key(&row.newest));
    proof.rows += row.count.unsigned_abs();
    if oldest.is_some() && (proof.oldest.is_none() || issued(oldest.as_ref()) < issued(proof.oldest.as_ref())) {
        proof.oldest = oldest;
    }
    if issued(newest.as_ref()) > issued(proof.newest.as_ref()) {
        proof.newest = newest;
    }
    proof.undated += row.undated.unsigned_abs();
    proof.undated_created += row.undated_created.unsigned_abs();
    if proof.first_undated_created.is_none() {
        proof.first_undated_created = key(&row.first_undated_created);
    }
}

fn issued(jti: Option<&Jti>) -> Option<Timestamp> {
    jti.and_then(Jti::issued_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proof(horizon: Timestamp) -> PartitionProof {
        PartitionProof {
            name: "p_2026_4".to_owned(),
            bound: PartitionBound::Unbounded,
            horizon,
            rows: 0,
            oldest: None,
            newest: None,
            undated: 0,
            undated_created: 0,
            first_undated_created: None,
        }
    }

    #[test]
    fn a_proof_serves_again_for_the_same_step_and_as_long_as_it_took() {
        let goes_on = || true;
        let proving = Proving::while_told(&goes_on);
        let horizon = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
        let key = |source: &str, layout: &str| (source.to_owned(), layout.to_owned(), horizon);
        assert_eq!(proving.find(&key("p_2026_4", "as it was")), None);

        proving.keep(key("p_2026_4", "as it was"), proof(horizon), Duration::from_mins(5));
        assert_eq!(proving.find(&key("p_2026_4", "as it was")), Some(proof(horizon)));
        assert_eq!(proving.find(&key("p_2026_4", "another")), None, "rows may have come from another partition");
        assert_eq!(proving.find(&key("p_2026_5", "as it was")), None);

        proving.keep(key("p_2026_4", "as it was"), proof(horizon), Duration::ZERO);
        assert_eq!(proving.find(&key("p_2026_4", "as it was")), None, "it is read again in no time");
    }
}
