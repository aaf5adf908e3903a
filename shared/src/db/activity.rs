//! Activity: how many tokens and flows each minute, hour or day brought.
//!
//! Tokens and authorization flows carry their time in their keys, so a span of time is a range of the primary key, and
//! only what lies in it is read. Device flows are read as a whole, window by window. The youngest span comes first: when
//! the time is up, the older ones are missing.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::FromRow;

use super::backend::{Session, on_backend};
use super::page::Budget;
use super::{AuthDb, DbError, statements};
use crate::clock::Timestamp;
use crate::ids::KeyBound;

/// Rows of one span are counted up to here.
const COUNTED_AT_MOST: u32 = 100_000;

const ADDING_UP: &str = "adding up the activity";

/// How long the spans are.
///
/// # Examples
/// ```
/// use authdb_shared::db::Bucket;
///
/// let zoomed_in = |bucket| match bucket {
///     Bucket::Day => Bucket::Hour,
///     Bucket::Hour | Bucket::Minute => Bucket::Minute,
/// };
/// assert!(zoomed_in(Bucket::Day).length() < Bucket::Day.length());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bucket {
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day of UTC.
    Day,
}

impl Bucket {
    /// Its length.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use authdb_shared::db::Bucket;
    ///
    /// assert_eq!(Bucket::Hour.length() * 24, Bucket::Day.length());
    /// assert_eq!(Bucket::Minute.length(), Duration::from_secs(60));
    /// ```
    #[must_use]
    pub fn length(self) -> Duration {
        match self {
            Self::Minute => Duration::from_mins(1),
            Self::Hour => Duration::from_hours(1),
            Self::Day => Duration::from_hours(24),
        }
    }

    fn seconds(self) -> i64 {
        i64::try_from(self.length().as_secs()).unwrap_or(i64::MAX)
    }

    /// The number of the span that a time lies in, counted from 1970.
    fn number(self, time: Timestamp) -> i64 {
        time.unix_millis().div_euclid(1000 * self.seconds())
    }

    fn start(self, number: i64) -> Option<Timestamp> {
        Timestamp::from_unix_millis(number.checked_mul(1000 * self.seconds())?)
    }
}

/// What one span brought.
///
/// # Examples
/// ```
/// use authdb_shared::db::Bucket;
///
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
/// let hours = db.activity(Bucket::Hour, 24).await?.buckets;
/// let busiest = hours.iter().max_by_key(|hour| hour.tokens).expect("24 hours");
/// assert_eq!((busiest.tokens, busiest.is_capped), (1, false));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActivityBucket {
    /// Its beginning; it is as long as the others.
    pub start: Timestamp,
    /// Refresh tokens issued: logins and rotations together.
    pub tokens: u64,
    /// Authorization flows begun.
    pub authorization_flows: u64,
    /// Device flows begun; those that have been purged since are not in it.
    pub device_flows: u64,
    /// Logins of either kind that were begun in it and whose tokens have been issued since, mostly within minutes; as far
    /// as their flows have not been purged.
    pub completed: u64,
    /// Whether one of the numbers is at least so much, because counting stops at 100,000 a span.
    pub is_capped: bool,
}

impl ActivityBucket {
    /// About how many tokens were issued in exchange for another one: those that no login accounts for. No row says which a
    /// token was, and a login counts where it was begun, so the number is good for a sum or a trend, and not for one
    /// minute.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::Timestamp;
    /// use authdb_shared::db::ActivityBucket;
    ///
    /// let start = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let minute = ActivityBucket {
    ///     start,
    ///     tokens: 12,
    ///     authorization_flows: 4,
    ///     device_flows: 1,
    ///     completed: 3,
    ///     is_capped: false,
    /// };
    /// assert_eq!(minute.rotations(), 9);
    /// ```
    #[must_use]
    pub fn rotations(&self) -> u64 {
        self.tokens.saturating_sub(self.completed)
    }
}

/// What the last spans brought.
///
/// # Examples
/// ```
/// use authdb_shared::db::Bucket;
///
/// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
/// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
/// # let permit = db.write_permit(&Actor::of_this_process())?;
/// let activity = db.activity(Bucket::Minute, 60).await?;
/// assert_eq!(activity.buckets.len(), 60, "nothing is missing: it was not cut short");
/// assert!(!activity.is_cut_short && activity.buckets[0].start > activity.buckets[59].start);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// The spans, the present one first.
    pub buckets: Vec<ActivityBucket>,
    /// Whether spans are missing at the end, or device flows everywhere, because the time was up.
    pub is_cut_short: bool,
}

#[derive(FromRow)]
struct FlowsRow {
    begun: i64,
    completed: i64,
}

#[derive(FromRow)]
struct BucketRow {
    bucket: i64,
    rows: i64,
    completed: i64,
}

/// Logins that were begun in a span, and those of them that are completed.
#[derive(Clone, Copy, Default)]
struct Logins {
    begun: u64,
    completed: u64,
}

impl AuthDb {
    /// What the last `count` spans brought, the present one among them.
    ///
    /// # Errors
    /// If the database cannot be asked, or a single span takes too long.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::Bucket;
    ///
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
    /// let week = db.activity(Bucket::Day, 7).await?;
    /// let issued: u64 = week.buckets.iter().map(|day| day.tokens).sum();
    /// assert_eq!(issued, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn activity(&self, bucket: Bucket, count: u32) -> Result<Activity, DbError> {
        let budget = Budget::of(self.facts.statement_timeout);
        let (mut session, now) = self.reading_now(ADDING_UP).await?;
        let newest = bucket.number(now);
        let oldest = newest - i64::from(count) + 1;
        let (device_flows, mut is_cut_short) = self.device_flows_since(&mut session, bucket, oldest, budget).await?;
        let mut buckets = Vec::new();
        for number in (oldest..=newest).rev() {
            if budget.is_spent() {
                is_cut_short = true;
                break;
            }
            let (Some(start), Some(end)) = (bucket.start(number), bucket.start(number + 1)) else { break };
            let flows = device_flows.get(&number).copied().unwrap_or_default();
            buckets.push(self.span(&mut session, start, end, flows).await?);
        }
        Ok(Activity { buckets, is_cut_short })
    }

    async fn span(
        &self,
        session: &mut Session,
        start: Timestamp,
        end: Timestamp,
        device_flows: Logins,
    ) -> Result<ActivityBucket, DbError> {
        let (low, high) = (KeyBound::at(start).hex(), KeyBound::at(end).hex());
        let (tokens, flows): (i64, FlowsRow) = self
            .limited(ADDING_UP, async {
                let tokens = on_backend!(session, |connection, text| {
                    sqlx::query_scalar(text(statements::TOKENS_IN_SPAN))
                        .bind(&low)
                        .bind(&high)
                        .bind(COUNTED_AT_MOST)
                        .fetch_one(connection)
                        .await
                })?;
                let flows = on_backend!(session, |connection, text| {
                    sqlx::query_as(text(statements::AUTHORIZATION_FLOWS_IN_SPAN))
                        .bind(&low)
                        .bind(&high)
                        .bind(COUNTED_AT_MOST)
                        .fetch_one(connection)
                        .await
                })?;
                Ok((tokens, flows))
            })
            .await?;
        Ok(ActivityBucket {
            start,
            tokens: tokens.unsigned_abs(),
            authorization_flows: flows.begun.unsigned_abs(),
            device_flows: device_flows.begun,
            completed: flows.completed.unsigned_abs() + device_flows.completed,
            is_capped: tokens.max(flows.begun) >= i64::from(COUNTED_AT_MOST),
        })
    }

    /// Device flows by the number of their span, and whether some are missing.
    async fn device_flows_since(
        &self,
        session: &mut Session,
        bucket: Bucket,
        oldest: i64,
        budget: Budget,
    ) -> Result<(BTreeMap<i64, Logins>, bool), DbError> {
        let mut counts: BTreeMap<i64, Logins> = BTreeMap::new();
        let Some(since) = bucket.start(oldest) else { return Ok((counts, false)) };
        let mut after = self.facts.lowest_code.to_owned();
        while let Some(window) = self.next_window(session, &after).await? {
            let reading = async {
                on_backend!(&mut *session, |connection, text| {
                    sqlx::query_as(text(statements::DEVICE_FLOWS_PER_BUCKET))
                        .bind(bucket.seconds())
                        .bind(&after)
                        .bind(&window.last)
                        .bind(since)
                        .fetch_all(connection)
                        .await
                })
            };
            let rows: Vec<BucketRow> = self.limited(ADDING_UP, reading).await?;
            for row in rows {
                let logins = counts.entry(row.bucket).or_default();
                logins.begun += row.rows.unsigned_abs();
                logins.completed += row.completed.unsigned_abs();
            }
            if window.is_final {
                break;
            }
            after = window.last;
            if budget.is_spent() {
                return Ok((counts, true));
            }
        }
        Ok((counts, false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_begin_where_their_unit_does() {
        let time = Timestamp::from_unix_millis(1_795_000_000_123).expect("within the calendar");
        for (bucket, start) in [(Bucket::Minute, "11:06:00"), (Bucket::Hour, "11:00:00"), (Bucket::Day, "00:00:00")] {
            let first = bucket.start(bucket.number(time)).expect("within the calendar");
            assert_eq!(first.calendar().format("%H:%M:%S").to_string(), start);
            assert!(first <= time && time < first.after(bucket.length()));
        }
    }
}
