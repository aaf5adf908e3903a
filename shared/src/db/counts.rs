//! Counts by state: how many flows and tokens wait, work, or are done with.
//!
//! Counting reads what it counts. So it goes window by window from the young end of a table, stops when its time is up, and
//! says so; the numbers are then those of the young end.

use std::collections::BTreeMap;

use sqlx::FromRow;

use super::backend::{Session, on_backend};
use super::filter::{FlowStateFilter, LivenessFilter};
use super::key_scan::{KeyRange, KeyedList};
use super::page::Budget;
use super::statements::Statement;
use super::{AuthDb, DbError, FlowFilter, Order, TokenFilter, authorization_flow_list, statements, token_list};
use crate::clock::Timestamp;
use crate::ids::KeyBound;
use crate::liveness::FlowState;
use crate::model::{FlowStatus, TokenStatus};
use crate::policy::Policy;

/// Rows per window.
const WINDOW: u32 = 50_000;

/// Of rows whose key carries no credible time, no more than this are counted.
const BEYOND: u32 = 100_000;

/// How many rows are in each state; a state that is not named has none.
///
/// # Examples
/// ```
/// use authdb_shared::db::{FlowStateFilter, StateCounts};
///
/// let rows = [(FlowStateFilter::Pending, 12), (FlowStateFilter::Stale, 40)].into_iter().collect();
/// let counts = StateCounts { rows, is_cut_short: true };
/// let at_least = if counts.is_cut_short { "at least " } else { "" };
/// assert_eq!(format!("{at_least}{} pending", counts.of(FlowStateFilter::Pending)), "at least 12 pending");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateCounts<S> {
    /// Rows by state.
    pub rows: BTreeMap<S, u64>,
    /// Whether counting was stopped before the end: there are at least so many.
    pub is_cut_short: bool,
}

impl<S: Ord + Copy> StateCounts<S> {
    pub(super) fn none() -> Self {
        Self { rows: BTreeMap::new(), is_cut_short: false }
    }

    pub(super) fn add(&mut self, state: S, rows: i64) {
        *self.rows.entry(state).or_default() += rows.unsigned_abs();
    }

    /// How many rows are in a state.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::FlowStateFilter;
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// # let scope = authdb_shared::model::Scope::from_stored("vo:lhcb group:lhcb_user".to_owned());
    /// # let mut work = db.begin(&permit).await?;
    /// # let (code, device_code) = work.insert_device_flow("dirac-cli", &scope, &mut clock::randomness()).await?;
    /// # work.commit().await?;
    /// let counts = db.device_flow_counts(&config.policy).await?;
    /// assert_eq!((counts.of(FlowStateFilter::Pending), counts.of(FlowStateFilter::Done)), (1, 0));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn of(&self, state: S) -> u64 {
        self.rows.get(&state).copied().unwrap_or(0)
    }
}

#[derive(FromRow)]
struct FlowCountRow {
    status: Option<String>,
    is_young: i64,
    has_time: i64,
    rows: i64,
}

impl FlowCountRow {
    /// The state of these flows, none of which is of any time in particular.
    fn state(&self, now: Timestamp, expiration: std::time::Duration) -> FlowStateFilter {
        let created = if self.is_young == 0 { now.before(expiration) } else { now };
        let created = (self.has_time != 0).then_some(created);
        FlowStateFilter::of(FlowState::of(&FlowStatus::from_stored(self.status.clone()), created, now, expiration))
    }
}

#[derive(FromRow)]
struct TokenCountRow {
    status: Option<String>,
    is_dated: i64,
    rows: i64,
}

impl TokenCountRow {
    /// The liveness of these tokens, where `dated` is that of a CREATED token with a time.
    fn liveness(&self, dated: LivenessFilter) -> LivenessFilter {
        match TokenStatus::from_stored(self.status.clone()) {
            TokenStatus::Revoked => LivenessFilter::Revoked,
            TokenStatus::Other(_) => LivenessFilter::Unrecognised,
            TokenStatus::Created if self.is_dated == 0 => LivenessFilter::Undated,
            TokenStatus::Created => dated,
        }
    }
}

impl AuthDb {
    /// How many device flows are in each state.
    ///
    /// # Errors
    /// If the database cannot be asked, or not even the first part of the table could be read in time.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::FlowStateFilter;
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// # let scope = authdb_shared::model::Scope::from_stored("vo:lhcb group:lhcb_user".to_owned());
    /// # let mut work = db.begin(&permit).await?;
    /// # let (code, device_code) = work.insert_device_flow("dirac-cli", &scope, &mut clock::randomness()).await?;
    /// # work.commit().await?;
    /// db.deny_device_flow(&permit, &code).await??;
    /// let counts = db.device_flow_counts(&config.policy).await?;
    /// assert_eq!((counts.of(FlowStateFilter::Error), counts.is_cut_short), (1, false));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn device_flow_counts(&self, policy: &Policy) -> Result<StateCounts<FlowStateFilter>, DbError> {
        let attempt = "counting the device flows";
        let budget = Budget::of(self.facts.statement_timeout);
        let (mut session, now) = self.reading_now(attempt).await?;
        let cutoff = now.before(policy.device_flow_expiration);
        let mut counts = StateCounts::none();
        let mut after = self.facts.lowest_code.to_owned();
        while let Some(window) = self.next_window(&mut session, &after).await? {
            let reading = async {
                on_backend!(&mut session, |connection, text| {
                    sqlx::query_as(text(statements::COUNT_DEVICE_FLOWS))
                        .bind(cutoff)
                        .bind(&after)
                        .bind(&window.last)
                        .fetch_all(connection)
                        .await
                })
            };
            let rows: Vec<FlowCountRow> = self.limited(attempt, reading).await?;
            for row in rows {
                counts.add(row.state(now, policy.device_flow_expiration), row.rows);
            }
            if window.is_final {
                break;
            }
            after = window.last;
            if budget.is_spent() {
                counts.is_cut_short = true;
                break;
            }
        }
        Ok(counts)
    }

    /// How many authorization flows are in each state.
    ///
    /// # Errors
    /// As for [`AuthDb::device_flow_counts`].
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::FlowStateFilter;
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// # let scope = authdb_shared::model::Scope::from_stored("vo:lhcb group:lhcb_user".to_owned());
    /// # let (code_challenge, code_challenge_method) = ("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "S256");
    /// # let (client_id, redirect_uri) = ("dirac-web", "https://dirac.example/");
    /// # let new = authdb_shared::db::NewAuthorizationFlow {
    /// #     client_id, scope: &scope, code_challenge, code_challenge_method, redirect_uri,
    /// # };
    /// # let mut work = db.begin(&permit).await?;
    /// # let id = work.insert_authorization_flow(&new, &mut clock::randomness()).await?;
    /// # work.commit().await?;
    /// let counts = db.authorization_flow_counts(&config.policy).await?;
    /// assert_eq!(counts.of(FlowStateFilter::Pending), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn authorization_flow_counts(&self, policy: &Policy) -> Result<StateCounts<FlowStateFilter>, DbError> {
        let (mut session, now) = self.reading_now(COUNTING_FLOWS).await?;
        let (filter, expiration) = (FlowFilter::default(), policy.authorization_flow_expiration);
        let list = authorization_flow_list::List::new(&filter, policy, Order::NewestFirst, now);
        let end = KeyBound::at(policy.latest_credible(now)).hex();
        let cutoff = now.before(expiration);
        let mut counts = StateCounts::none();
        let mut windows = Windows::down(self, &list, WINDOW, self.facts.lowest_key, &end);
        while let Some((low, high)) = windows.next(&mut session).await? {
            let reading =
                in_range(&mut session, statements::COUNT_AUTHORIZATION_FLOWS, Some(cutoff), &low, Some(&high));
            let rows: Vec<FlowCountRow> = self.limited(COUNTING_FLOWS, reading).await?;
            for row in &rows {
                counts.add(row.state(now, expiration), row.rows);
            }
        }
        let is_cut_short = windows.is_cut_short;
        let reading = in_range(&mut session, statements::COUNT_AUTHORIZATION_FLOWS_BEYOND, Some(cutoff), &end, None);
        let rows: Vec<FlowCountRow> = self.limited(COUNTING_FLOWS, reading).await?;
        let beyond: i64 = rows.iter().map(|row| row.rows).sum();
        for row in &rows {
            counts.add(row.state(now, expiration), row.rows);
        }
        counts.is_cut_short = is_cut_short || beyond >= i64::from(BEYOND);
        Ok(counts)
    }

    /// How many tokens of the last `span`, and of those that carry no credible time, are of each liveness. The span is at
    /// least the lifetime.
    ///
    /// # Errors
    /// As for [`AuthDb::device_flow_counts`].
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use authdb_shared::db::LivenessFilter;
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
    /// let counts = db.token_counts(Duration::from_hours(24), &config.policy).await?;
    /// assert_eq!((counts.of(LivenessFilter::Live), counts.of(LivenessFilter::Revoked)), (1, 0));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn token_counts(
        &self,
        span: std::time::Duration,
        policy: &Policy,
    ) -> Result<StateCounts<LivenessFilter>, DbError> {
        let (mut session, now) = self.reading_now(COUNTING_TOKENS).await?;
        let bound = |time| KeyBound::at(time).hex();
        let (alive, end) = (bound(policy.live_since(now)), bound(policy.latest_credible(now)));
        let since = bound(now.before(span.max(policy.refresh_token_lifetime)));
        let filter = TokenFilter::default();
        let list = token_list::List::new(&filter, policy, Order::NewestFirst, now);
        let mut counts = StateCounts::none();
        for (low, high, dated) in [(&alive, &end, LivenessFilter::Live), (&since, &alive, LivenessFilter::Expired)] {
            let mut windows = Windows::down(self, &list, WINDOW, low, high);
            while let Some((low, high)) = windows.next(&mut session).await? {
                let reading = in_range(&mut session, statements::COUNT_TOKENS_BY_STATUS, None, &low, Some(&high));
                let rows: Vec<TokenCountRow> = self.limited(COUNTING_TOKENS, reading).await?;
                for row in &rows {
                    counts.add(row.liveness(dated), row.rows);
                }
            }
            counts.is_cut_short |= windows.is_cut_short;
        }
        self.count_beyond(&mut session, &end, &mut counts).await?;
        Ok(counts)
    }

    /// Adds those whose key carries no credible time: the bound and what lies behind it.
    pub(super) async fn count_beyond(
        &self,
        session: &mut Session,
        bound: &str,
        counts: &mut StateCounts<LivenessFilter>,
    ) -> Result<(), DbError> {
        let reading = in_range(session, statements::COUNT_TOKENS_BEYOND, None, bound, None);
        let rows: Vec<TokenCountRow> = self.limited(COUNTING_TOKENS, reading).await?;
        for row in &rows {
            counts.add(row.liveness(LivenessFilter::FromTheFuture), row.rows);
        }
        counts.is_cut_short |= rows.iter().map(|row| row.rows).sum::<i64>() >= i64::from(BEYOND);
        Ok(())
    }
}

const COUNTING_FLOWS: &str = "counting the authorization flows";
const COUNTING_TOKENS: &str = "counting the refresh tokens";

/// A range, cut into windows from its upper end.
pub(super) struct Windows<'a, L> {
    db: &'a AuthDb,
    list: &'a L,
    /// Rows per window.
    width: u32,
    low: String,
    /// The upper end of the next window; none when all have been given.
    high: Option<String>,
    budget: Budget,
    /// Whether the time was up before the end.
    pub(super) is_cut_short: bool,
}

impl<'a, L: KeyedList> Windows<'a, L> {
    pub(super) fn down(db: &'a AuthDb, list: &'a L, width: u32, low: &str, high: &str) -> Self {
        let budget = Budget::of(db.facts.statement_timeout);
        Self { db, list, width, low: low.to_owned(), high: Some(high.to_owned()), budget, is_cut_short: false }
    }

    /// The next window: its lower end is in it, its upper end is not.
    pub(super) async fn next(&mut self, session: &mut Session) -> Result<Option<(String, String)>, DbError> {
        let Some(high) = self.high.take() else { return Ok(None) };
        if self.budget.is_spent() {
            self.is_cut_short = true;
            return Ok(None);
        }
        let range = KeyRange::down(self.low.clone(), high.clone());
        let (end, count) = self.db.limited(L::ATTEMPT, self.list.window_end(session, &range, self.width)).await?;
        let end = end.filter(|_| count >= i64::from(self.width));
        self.high.clone_from(&end);
        Ok(Some((end.unwrap_or_else(|| self.low.clone()), high)))
    }
}

/// Counts a range; without an upper end, no more than [`BEYOND`] rows of it.
async fn in_range<R>(
    session: &mut Session,
    statement: Statement,
    cutoff: Option<Timestamp>,
    low: &str,
    high: Option<&str>,
) -> Result<Vec<R>, sqlx::Error>
where
    R: for<'r> FromRow<'r, sqlx::mysql::MySqlRow> + for<'r> FromRow<'r, sqlx::sqlite::SqliteRow> + Send + Unpin,
{
    on_backend!(session, |connection, text| {
        let mut query = sqlx::query_as(text(statement));
        if let Some(cutoff) = cutoff {
            query = query.bind(cutoff);
        }
        query = query.bind(low);
        let limit = if let Some(high) = high {
            query = query.bind(high);
            WINDOW + 1
        } else {
            BEYOND
        };
        query.bind(limit).fetch_all(connection).await
    })
}
