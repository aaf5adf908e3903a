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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthRows {
    /// The month.
    pub month: Month,
    /// How many.
    pub rows: u64,
}

/// The tokens of the retention, month by month, oldest first.
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
