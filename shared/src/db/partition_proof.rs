//! Reading what is really in a partition, before it is dropped.
//!
//! The keys are read in windows, by the primary key of the one partition, without locks and each within the limit of a
//! statement: a month of millions of tokens is read while everybody else works on.

use sqlx::{AssertSqlSafe, FromRow};

use super::backend::Backend;
use super::partitions::identifier;
use super::{AuthDb, DbError, HeldMonth};
use crate::clock::Timestamp;
use crate::ids::Jti;
use crate::partition::{Partition, PartitionBound, PartitionProof};
use crate::policy::Policy;

/// Keys per window.
const WINDOW: u32 = 20_000;

const PROVING: &str = "reading what is in a partition";

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
        let source = format!("RefreshTokens PARTITION ({})", identifier(&partition.name));
        self.prove(partition, &source, policy.token_horizon(now)).await
    }

    /// The same of a month in a table of its own.
    pub(super) async fn prove_held_month(
        &self,
        held: &HeldMonth,
        now: Timestamp,
        policy: &Policy,
    ) -> Result<PartitionProof, DbError> {
        let bound = PartitionBound::Below(held.bound);
        let partition = Partition { name: held.table.clone(), bound, rows: held.rows, bytes: held.bytes };
        self.prove(&partition, &identifier(&held.table), policy.token_horizon(now)).await
    }

    /// The same of rows that stand in `source`, as they would be written behind FROM.
    async fn prove(&self, partition: &Partition, source: &str, horizon: Timestamp) -> Result<PartitionProof, DbError> {
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
        }
    }
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
