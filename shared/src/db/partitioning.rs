//! Partitioning a `RefreshTokens` that never was: tables that held rows before partitioning came stay as they are until
//! somebody says so, because the server copies every row and nobody can log in meanwhile.
//!
//! So the cost is told first, and the exact statement. It asks for the table exclusively *before* it copies
//! (`LOCK=EXCLUSIVE`): left to itself, either server copies first, needs the table for itself at the end, and throws the
//! copy away if somebody is reading just then.
//!
//! Keys from before DiracX used `UUIDv7` sort at random, mostly above every month, and so into `p_future`. There nothing ever
//! drops them, and each month that is added later copies them: that is told too.

use std::time::Duration;

use sqlx::FromRow;

use super::backend::{Backend, on_backend};
use super::partitions::clause;
use super::statements::{self, Statement};
use super::{AuthDb, DbError, RollOutcome, WritePermit};
use crate::clock::Timestamp;
use crate::config::JanitorConfig;
use crate::ids::{Jti, KeyBound};
use crate::partition::{Month, NewPartition};
use crate::policy::Policy;

/// Up to so many rows are counted; of more, the server's estimate is told.
const COUNTED_AT_MOST: u32 = 10_000;

const LOOKING: &str = "looking at the tokens that partitioning would copy";
const PARTITIONING: &str = "partitioning RefreshTokens";

/// What partitioning the table would do and cost.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use authdb_shared::db::Partitioning;
///
/// let cost = Partitioning {
///     months: Vec::new(),
///     rows: 6_000_000,
///     is_estimate: true,
///     bytes: 2_000_000_000,
///     oldest: None,
///     newest: None,
///     beyond: 0,
///     statement: String::new(),
/// };
/// assert_eq!(cost.blocked_for(), Duration::from_secs(100), "at 60,000 rows a second");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partitioning {
    /// The months that would be made, in ascending order; `p_future` comes after them.
    pub months: Vec<NewPartition>,
    /// How many rows would be copied.
    pub rows: u64,
    /// Whether that is the server's estimate; a few rows are counted.
    pub is_estimate: bool,
    /// Bytes of data and indexes, by the server's estimate: the copy needs as much again on its disk.
    pub bytes: u64,
    /// When the oldest token was issued, of those whose key is dated.
    pub oldest: Option<Timestamp>,
    /// When the newest token was issued, of those whose key is dated.
    pub newest: Option<Timestamp>,
    /// Rows whose keys sort above every month, and so into `p_future`, counted up to the copy limit and one more.
    pub beyond: u64,
    /// What would be run.
    pub statement: String,
}

impl Partitioning {
    /// The rows per second by which [`blocked_for`](Self::blocked_for) is reckoned: what the slower server copied on two
    /// cores (300,000 rows in 4.7 seconds, `MySQL` 9.7).
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::Partitioning;
    ///
    /// let minutes = 10_000_000_u64.div_ceil(Partitioning::ROWS_PER_SECOND) / 60;
    /// assert_eq!(minutes, 2, "ten million tokens, roughly");
    /// ```
    pub const ROWS_PER_SECOND: u64 = 60_000;

    /// How long nobody could log in, roughly.
    ///
    /// # Examples
    /// ```
    /// # use authdb_shared::db::Partitioning;
    /// # let (months, oldest, newest, beyond, statement) = Default::default();
    /// let few = Partitioning { rows: 1, months, is_estimate: false, bytes: 0, oldest, newest, beyond, statement };
    /// assert_eq!(few.blocked_for().as_secs(), 1, "it is never nothing");
    /// ```
    #[must_use]
    pub fn blocked_for(&self) -> Duration {
        Duration::from_secs(self.rows.div_ceil(Self::ROWS_PER_SECOND).max(1))
    }
}

/// Why a table cannot be partitioned.
///
/// # Examples
/// ```
/// use authdb_shared::db::PartitioningRefusal;
///
/// let refusal = PartitioningRefusal::AlreadyPartitioned { partitions: 25 };
/// assert!(refusal.to_string().contains("25 partitions"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartitioningRefusal {
    /// `SQLite`.
    #[error("SQLite has no partitions; old months are deleted row by row there")]
    NotPossible,
    /// There is nothing to do.
    #[error(
        "RefreshTokens is partitioned already: it has {partitions} partitions. `authdb-janitor plan tokens` shows \
             what is due there"
    )]
    AlreadyPartitioned {
        /// How many.
        partitions: usize,
    },
}

#[derive(FromRow)]
struct SizeRow {
    estimated_rows: i64,
    bytes: i64,
}

impl AuthDb {
    /// What it would take to partition `RefreshTokens` by month as DiracX does, at `now`, the database's time.
    ///
    /// Months begin with that of the oldest dated token that is not past the horizon of the policy, and end
    /// `janitor.months_ahead` after the present one; then comes `p_future`. Whatever sorts below goes into the first partition. Keys that carry no
    /// date fall where they sort.
    ///
    /// # Errors
    /// If the database cannot be asked, takes too long, or the table is partitioned by something else.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::PartitioningRefusal;
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// let planned = db.plan_partitioning(db.now().await?, &config.policy, &config.janitor).await?;
    /// assert_eq!(planned, Err(PartitioningRefusal::NotPossible), "this is SQLite");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn plan_partitioning(
        &self,
        now: Timestamp,
        policy: &Policy,
        settings: &JanitorConfig,
    ) -> Result<Result<Partitioning, PartitioningRefusal>, DbError> {
        if !self.can_partition() {
            return Ok(Err(PartitioningRefusal::NotPossible));
        }
        let layout = self.partition_layout().await?;
        if layout.is_partitioned() {
            return Ok(Err(PartitioningRefusal::AlreadyPartitioned { partitions: layout.partitions.len() }));
        }
        let beginning = self.facts.lowest_key.to_owned();
        let end = KeyBound::at(policy.latest_credible(now).after(Duration::from_millis(1))).hex();
        let first_kept = KeyBound::at(Month::of(policy.token_horizon(now)).start()).hex();
        let oldest_kept = self.dated_key(statements::OLDEST_DATED_KEY, &first_kept, &end).await?;
        let months = months(oldest_kept, now, policy, settings.roll.months_ahead);
        let clause = clause(&months, self.key_form().await?, Some("p_future"));
        let (rows, is_estimate, bytes) = self.tokens_size().await?;
        Ok(Ok(Partitioning {
            rows,
            is_estimate,
            bytes,
            oldest: self.dated_key(statements::OLDEST_DATED_KEY, &beginning, &end).await?,
            newest: self.dated_key(statements::NEWEST_DATED_KEY, &beginning, &end).await?,
            beyond: self.tokens_beyond(months.last(), settings.p_future_copy_limit).await?,
            statement: format!("ALTER TABLE RefreshTokens LOCK=EXCLUSIVE PARTITION BY RANGE COLUMNS (JTI) ({clause})"),
            months,
        }))
    }

    /// Partitions the table as planned, if it still has no partitions. Nobody can use it meanwhile.
    ///
    /// It does not wait for the table: where somebody holds it, nothing is begun and nothing is changed.
    ///
    /// # Errors
    /// [`DbError::Locked`] if somebody holds the table, [`DbError::LeaseLost`] if the permit is fenced by a lease that is
    /// lost; anything else if the database cannot do it.
    ///
    /// # Examples
    /// ```no_run
    /// # use authdb_shared::{actor::Actor, config::{Config, Sources}, db::AuthDb};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let config = Config::load(&Sources::from_process())?;
    /// # let db = AuthDb::connect(&config.database).await?;
    /// let planned = db.plan_partitioning(db.now().await?, &config.policy, &config.janitor).await??;
    /// println!("nobody can log in for about {} s", planned.blocked_for().as_secs());
    /// let permit = db.write_permit(&Actor::of_this_process())?;
    /// db.partition_tokens(&permit, &planned).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn partition_tokens(&self, permit: &WritePermit, planned: &Partitioning) -> Result<RollOutcome, DbError> {
        let layout = self.partition_layout().await?;
        if layout.is_partitioned() {
            return Ok(RollOutcome::Refused("somebody else has partitioned RefreshTokens meanwhile".to_owned()));
        }
        self.alter_tokens(permit, PARTITIONING, &layout, planned.statement.clone()).await?;
        Ok(RollOutcome::Done)
    }

    async fn dated_key(&self, statement: Statement, from: &str, below: &str) -> Result<Option<Timestamp>, DbError> {
        self.limited(LOOKING, async {
            let mut session = self.reading().await?;
            let key: Option<String> = on_backend!(&mut session, |connection, text| {
                sqlx::query_scalar(text(statement)).bind(from).bind(below).fetch_optional(connection).await
            })?;
            Ok(key.and_then(|key| Jti::from_stored(key).issued_at()))
        })
        .await
    }

    /// Rows above the last month, counted up to `limit` and one more.
    async fn tokens_beyond(&self, last: Option<&NewPartition>, limit: u32) -> Result<u64, DbError> {
        let (Backend::MySql(pool), Some(last)) = (&self.reader, last) else { return Ok(0) };
        self.limited(LOOKING, async {
            let counting = sqlx::query_scalar(statements::COUNT_TOKENS_FROM.mysql).bind(last.bound.hex());
            let counted: i64 = counting.bind(limit.saturating_add(1)).fetch_one(pool).await?;
            Ok(counted.unsigned_abs())
        })
        .await
    }

    /// Rows, whether they are estimated, and bytes.
    async fn tokens_size(&self) -> Result<(u64, bool, u64), DbError> {
        let Backend::MySql(pool) = &self.reader else { return Ok((0, false, 0)) };
        self.limited(LOOKING, async {
            let size: Option<SizeRow> = sqlx::query_as(statements::TOKENS_SIZE.mysql).fetch_optional(pool).await?;
            let size = size.unwrap_or(SizeRow { estimated_rows: 0, bytes: 0 });
            let counting = sqlx::query_scalar(statements::COUNT_FEW_TOKENS.mysql).bind(COUNTED_AT_MOST + 1);
            let counted: i64 = counting.fetch_one(pool).await?;
            let (counted, estimated) = (counted.unsigned_abs(), size.estimated_rows.unsigned_abs());
            let is_estimate = counted > u64::from(COUNTED_AT_MOST);
            let rows = if is_estimate { estimated.max(counted) } else { counted };
            Ok((rows, is_estimate, size.bytes.unsigned_abs()))
        })
        .await
    }
}

/// The months to make: from that of the oldest token that is still kept, `oldest`, or the present one where there is none.
fn months(oldest: Option<Timestamp>, now: Timestamp, policy: &Policy, months_ahead: u32) -> Vec<NewPartition> {
    let (present, horizon) = (Month::of(now), Month::of(policy.token_horizon(now)));
    let first = oldest.map_or(present, Month::of).clamp(horizon.min(present), present);
    let partition = |month: Month| NewPartition { name: month.partition_name(), bound: month.upper_bound() };
    first.through(present.plus(months_ahead)).map(partition).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::partition::initial_months;

    fn at(text: &str) -> Timestamp {
        Timestamp::from(chrono::DateTime::parse_from_rfc3339(text).expect("a time written in this test").to_utc())
    }

    fn names(oldest: Option<&str>) -> (String, usize) {
        let months = months(oldest.map(at), at("2026-11-23T00:00:00Z"), &Policy::default(), 12);
        (months[0].name.clone(), months.len())
    }

    #[test]
    fn months_begin_with_the_oldest_token_that_is_kept() {
        assert_eq!(names(None), ("p_2026_11".to_owned(), 13));
        assert_eq!(names(Some("2026-09-30T23:59:59Z")), ("p_2026_9".to_owned(), 15));
        assert_eq!(names(Some("2026-05-02T00:00:00Z")), ("p_2026_5".to_owned(), 19));
    }

    #[test]
    fn tokens_past_the_horizon_make_no_months() {
        assert_eq!(names(Some("2020-01-01T00:00:00Z")), ("p_2026_5".to_owned(), 19));
    }

    #[test]
    fn a_clock_within_its_tolerance_of_the_next_month_makes_no_gap() {
        assert_eq!(names(Some("2026-12-01T00:00:10Z")), ("p_2026_11".to_owned(), 13));
    }

    #[test]
    fn names_and_bounds_are_those_of_a_new_table() {
        let now = at("2026-11-23T00:00:00Z");
        assert_eq!(months(None, now, &Policy::default(), 23), initial_months(now));
    }
}
