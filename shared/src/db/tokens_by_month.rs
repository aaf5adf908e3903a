//! How many refresh tokens each month holds, for charts.

use super::backend::on_backend;
use super::{AuthDb, DbError, statements};
use crate::clock::Timestamp;
use crate::ids::KeyBound;
use crate::partition::{Layout, Month, PartitionBound};
use crate::policy::Policy;

/// Counting a month stops here.
const COUNTED_AT_MOST: u32 = 100_000;

/// The tokens issued in one month.
///
/// # Examples
/// ```
/// use authdb_shared::Timestamp;
/// use authdb_shared::db::MonthRows;
/// use authdb_shared::partition::Month;
///
/// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
/// let bar = MonthRows { month: Month::of(now), rows: 48_211 };
/// assert_eq!(format!("{}  {}", bar.month, bar.rows), "2026-11  48211");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthRows {
    /// The month.
    pub month: Month,
    /// How many.
    pub rows: u64,
}

/// The tokens of the retention, month by month, oldest first.
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
/// let chart = db.tokens_by_month(&config.policy).await?;
/// let title = if chart.is_estimate { "tokens per month (about)" } else { "tokens per month" };
/// assert_eq!(title, "tokens per month", "without partitions they are counted");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokensByMonth {
    /// One entry per month, the present one last.
    pub months: Vec<MonthRows>,
    /// Whether the numbers are the server's estimate, as they are of partitions; otherwise they were counted, up to
    /// 100,000 a month.
    pub is_estimate: bool,
}

impl AuthDb {
    /// Tokens per month over the retention.
    ///
    /// # Errors
    /// If the database cannot be asked, or takes too long.
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
    /// let chart = db.tokens_by_month(&config.policy).await?;
    /// assert_eq!(chart.months.len(), 7, "six months of retention, and the present one");
    /// assert_eq!(chart.months.iter().map(|month| month.rows).sum::<u64>(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn tokens_by_month(&self, policy: &Policy) -> Result<TokensByMonth, DbError> {
        let now = self.now().await?;
        let layout = self.partition_layout().await?;
        if layout.is_partitioned() {
            return Ok(estimated(&layout, now, policy));
        }
        let mut counted = Vec::new();
        for month in months(now, policy) {
            counted.push(MonthRows { month, rows: self.count_tokens(month).await? });
        }
        Ok(TokensByMonth { months: counted, is_estimate: false })
    }

    async fn count_tokens(&self, month: Month) -> Result<u64, DbError> {
        self.limited("counting the tokens of a month", async {
            let mut session = self.reading().await?;
            let count: i64 = on_backend!(&mut session, |connection, text| {
                sqlx::query_scalar(text(statements::COUNT_TOKENS))
                    .bind(KeyBound::at(month.start()).hex())
                    .bind(month.upper_bound().hex())
                    .bind(COUNTED_AT_MOST)
                    .fetch_one(connection)
                    .await
            })?;
            Ok(count.unsigned_abs())
        })
        .await
    }
}

/// The months of the retention and the present one.
fn months(now: Timestamp, policy: &Policy) -> impl Iterator<Item = Month> {
    let first = Month::of(policy.token_horizon(now));
    first.through(Month::of(now))
}

fn estimated(layout: &Layout, now: Timestamp, policy: &Policy) -> TokensByMonth {
    let rows_of = |month: Month| {
        layout
            .partitions
            .iter()
            .filter(|partition| partition.bound == PartitionBound::Below(month.upper_bound()))
            .map(|partition| partition.rows)
            .sum()
    };
    let months = months(now, policy).map(|month| MonthRows { month, rows: rows_of(month) }).collect();
    TokensByMonth { months, is_estimate: true }
}
