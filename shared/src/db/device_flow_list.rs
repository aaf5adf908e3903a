//! The list of device flows.
//!
//! Their key is random letters and their time has no index, so whatever order a list has, all of the table must be looked
//! at. That is done in windows by key, each a statement of its own that gives its best rows, of which the best of all are
//! kept. When the time is up, what was found is given, and said to be cut short.

use std::cmp::Ordering;

use sqlx::FromRow;

use super::backend::{Session, on_backend};
use super::device_flows::DeviceFlowRow;
use super::page::Budget;
use super::{AuthDb, DbError, FlowFilter, Order, Page, PageCursor, PageRequest, statements};
use crate::clock::Timestamp;
use crate::model::DeviceFlow;
use crate::policy::Policy;

/// Codes per window.
const WINDOW: u32 = 20_000;

const LISTING: &str = "listing the device flows";

/// More than any time in seconds: puts one rank behind another. What has no time counts as this.
const RANK: i64 = 1_000_000_000_000;

#[derive(FromRow)]
struct WeighedRow {
    #[sqlx(flatten)]
    row: DeviceFlowRow,
    weight: i64,
}

/// A row with its place in the list.
struct Weighed {
    weight: i64,
    code: String,
    flow: DeviceFlow,
}

impl Weighed {
    fn place(&self) -> (i64, &str) {
        (self.weight, &self.code)
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }
}

/// What is added to, and multiplied with, the time of pending, ready and other flows.
fn weights(order: Order) -> [(i64, i64); 3] {
    match order {
        Order::NewestFirst => [(0, -1); 3],
        Order::OldestFirst => [(0, 1); 3],
        Order::TimeLeft => [(0, 1), (2 * RANK, -1), (4 * RANK, -1)],
    }
}

/// The next part of the table.
pub(super) struct Window {
    /// The first code in it.
    first: String,
    /// The last code in it.
    pub(super) last: String,
    /// Whether nothing comes behind it.
    pub(super) is_final: bool,
}

/// What a list asks for.
struct Wanted<'a> {
    filter: &'a FlowFilter,
    policy: &'a Policy,
    request: &'a PageRequest,
    now: Timestamp,
    as_of: Timestamp,
    budget: Budget,
}

/// The best rows of a window, and whether it has been read to its end.
struct Best {
    rows: Vec<Weighed>,
    is_complete: bool,
}

impl AuthDb {
    /// Device flows, in the order and the part of `request`.
    ///
    /// # Errors
    /// If the database cannot be asked, or not even the first part of the table could be read in time.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::{FlowFilter, Order, PageRequest};
    /// use authdb_shared::model::FlowStatus;
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
    /// let pending = FlowFilter { status: Some(FlowStatus::Pending), ..FlowFilter::default() };
    /// let request = PageRequest::first(Order::TimeLeft, 100);
    /// let page = db.device_flows(&pending, &config.policy, &request).await?;
    /// for flow in &page.rows {
    ///     println!("{}  {}  {:?} left", flow.user_code, flow.scope, flow.state(page.now, &config.policy).left());
    /// }
    /// assert_eq!(page.rows[0].user_code, code);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn device_flows(
        &self,
        filter: &FlowFilter,
        policy: &Policy,
        request: &PageRequest,
    ) -> Result<Page<DeviceFlow>, DbError> {
        let budget = Budget::of(self.facts.statement_timeout);
        let (mut session, now) = self.reading_now(LISTING).await?;
        if filter.wants_nothing() {
            return Ok(Page::whole(Vec::new(), now));
        }
        let wanted = Wanted { filter, policy, request, now, as_of: request.as_of(now), budget };
        let mut best: Vec<Weighed> = Vec::new();
        let mut after: Option<String> = None;
        let is_cut_short = loop {
            let (window, found) = match self.next_best(&mut session, after.as_deref(), &wanted).await {
                Ok(Some(next)) => next,
                Ok(None) => break false,
                Err(DbError::TimeLimit { .. }) if after.is_some() => break true,
                Err(error) => return Err(error),
            };
            best.extend(found.rows);
            best.sort_by(Weighed::compare);
            best.truncate(request.limit as usize + 1);
            if !found.is_complete {
                break true;
            }
            if window.is_final {
                break false;
            }
            if budget.is_spent() {
                break true;
            }
            after = Some(window.last);
        };
        let mut page = Page::cut(best, request.limit, now);
        // Behind an incomplete page there is no certain place to go on from.
        page.next = page.rows.last().filter(|_| page.has_more && !is_cut_short).map(|row| PageCursor {
            place: row.weight,
            key: row.code.clone(),
            as_of: wanted.as_of,
        });
        page.is_cut_short = is_cut_short;
        page.has_more |= is_cut_short;
        Ok(page.map(|row| row.flow))
    }

    async fn next_best(
        &self,
        session: &mut Session,
        after: Option<&str>,
        wanted: &Wanted<'_>,
    ) -> Result<Option<(Window, Best)>, DbError> {
        let Some(window) = self.window(session, after).await? else { return Ok(None) };
        let best = self.best_of_window(session, &window, wanted).await?;
        Ok(Some((window, best)))
    }

    /// The window behind a code; none if there is nothing.
    pub(super) async fn next_window(&self, session: &mut Session, after: &str) -> Result<Option<Window>, DbError> {
        self.window(session, Some(after)).await
    }

    /// The window behind a code, or the first of all, which no code is too low for.
    async fn window(&self, session: &mut Session, after: Option<&str>) -> Result<Option<Window>, DbError> {
        let (first, last, count): (Option<String>, Option<String>, i64) = self
            .limited(LISTING, async {
                on_backend!(session, |connection, text| {
                    let query = match after {
                        None => sqlx::query_as(text(statements::DEVICE_FLOW_FIRST_WINDOW)),
                        Some(after) => sqlx::query_as(text(statements::DEVICE_FLOW_WINDOW)).bind(after),
                    };
                    query.bind(WINDOW).fetch_one(connection).await
                })
            })
            .await?;
        let is_final = count < i64::from(WINDOW);
        Ok(first.zip(last).map(|(first, last)| Window { first, last, is_final }))
    }

    /// The rows of a window that come first in the list. Where the statement lets through what is not wanted, it is asked
    /// again, behind what it gave, for as long as there is time.
    async fn best_of_window(
        &self,
        session: &mut Session,
        window: &Window,
        wanted: &Wanted<'_>,
    ) -> Result<Best, DbError> {
        let limit = wanted.request.limit as usize;
        let mut asked = wanted.request.limit.saturating_add(1);
        let mut best = Vec::new();
        let beginning = PageCursor { place: i64::MIN, key: String::new(), as_of: wanted.as_of };
        let mut behind = wanted.request.after.clone().unwrap_or(beginning);
        loop {
            let reading = rows(session, window, wanted, &behind, asked);
            let found = self.limited(LISTING, reading).await?;
            let is_last = found.len() < asked as usize;
            for WeighedRow { row, weight } in found {
                let code = row.code();
                (behind.place, behind.key) = (weight, code.clone());
                let flow = DeviceFlow::from(row);
                if wanted.filter.admits_device_flow(&flow, wanted.now, wanted.policy) {
                    best.push(Weighed { weight, code, flow });
                }
            }
            let is_complete = is_last || best.len() > limit;
            if is_complete || wanted.budget.is_spent() {
                return Ok(Best { rows: best, is_complete });
            }
            asked = asked.saturating_mul(2).min(WINDOW);
        }
    }
}

async fn rows(
    session: &mut Session,
    window: &Window,
    wanted: &Wanted<'_>,
    behind: &PageCursor,
    limit: u32,
) -> Result<Vec<WeighedRow>, sqlx::Error> {
    let cutoff = wanted.as_of.before(wanted.policy.device_flow_expiration);
    let [pending, ready, rest] = weights(wanted.request.order);
    let filter = wanted.filter;
    let patterns = filter.patterns();
    on_backend!(session, |connection, text| {
        let mut query = sqlx::query_as(text(statements::DEVICE_FLOWS));
        for (sum, factor) in [pending, ready] {
            query = query.bind(cutoff).bind(sum).bind(factor).bind(RANK);
        }
        query = query.bind(rest.0).bind(rest.1).bind(RANK).bind(&window.first).bind(&window.last);
        for pattern in &patterns {
            query = query.bind(pattern);
        }
        query
            .bind(filter.containing.key_pattern())
            .bind(filter.containing.pattern())
            .bind(behind.place)
            .bind(behind.place)
            .bind(&behind.key)
            .bind(limit)
            .fetch_all(connection)
            .await
    })
}
