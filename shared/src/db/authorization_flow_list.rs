//! The list of authorization flows, by key: however many old flows wait to be purged, only the page is read.

use std::time::Duration;

use super::authorization_flows::AuthorizationFlowRow;
use super::backend::{Session, on_backend};
use super::key_scan::{Direction, KeyRange, KeyedList};
use super::statements::Statement;
use super::{AuthDb, DbError, FlowFilter, FlowStateFilter, Order, Page, PageRequest, statements};
use crate::clock::Timestamp;
use crate::ids::KeyBound;
use crate::model::AuthorizationFlow;
use crate::policy::Policy;

/// The list, with what its filter and order need.
pub(super) struct List<'a> {
    filter: &'a FlowFilter,
    policy: &'a Policy,
    order: Order,
    now: Timestamp,
    /// When the first page was read.
    as_of: Timestamp,
    patterns: [String; 5],
}

impl<'a> List<'a> {
    /// The list of what a filter wants.
    pub(super) fn new(filter: &'a FlowFilter, policy: &'a Policy, order: Order, now: Timestamp) -> Self {
        Self { filter, policy, order, now, as_of: now, patterns: filter.patterns() }
    }

    /// The list's order as key ranges. By time left: pending flows whose key tells no credible time, pending ones, ready
    /// ones, the rest of those that are so young, the older ones, and the rest of those whose key tells no credible time.
    fn segments(&self, lowest: &str) -> Vec<KeyRange> {
        if self.filter.wants_nothing() {
            return Vec::new();
        }
        let bound = |time| KeyBound::at(time).hex();
        let (since, until) = self.filter.age.span(self.as_of);
        let low = since.map_or_else(|| lowest.to_owned(), |time| bound(time.before(self.policy.max_clock_skew)));
        let end = first_incredible(self.policy, self.as_of);
        let high = bound(until.map_or(end, |time| first_incredible(self.policy, time).min(end)));
        // Keys that carry no credible time may belong to a row of any age.
        let beyond = KeyRange::up(bound(end), None);
        // The service's host dates the key and the database the row, so the key may be a little older.
        let lifetime = self.policy.authorization_flow_expiration + self.policy.max_clock_skew;
        let young = bound(self.as_of.before(lifetime)).max(low.clone());
        match self.order {
            Order::NewestFirst => vec![KeyRange::down(low, high), beyond],
            Order::OldestFirst => vec![KeyRange::up(low, Some(high)), beyond],
            Order::TimeLeft => vec![
                beyond.clone(),
                KeyRange::up(young.clone(), Some(high.clone())),
                KeyRange::down(young.clone(), high.clone()),
                KeyRange::down(young.clone(), high.clone()),
                KeyRange::down(low, young.min(high)),
                beyond,
            ],
        }
    }

    fn state(&self, flow: &AuthorizationFlow) -> FlowStateFilter {
        FlowStateFilter::of(flow.state(self.as_of, self.policy))
    }
}

/// The first instant that no key of `now` can carry.
fn first_incredible(policy: &Policy, now: Timestamp) -> Timestamp {
    policy.latest_credible(now).after(Duration::from_millis(1))
}

impl KeyedList for List<'_> {
    type Row = AuthorizationFlow;

    const ATTEMPT: &'static str = "listing the authorization flows";

    async fn window_end(
        &self,
        session: &mut Session,
        range: &KeyRange,
        width: u32,
    ) -> Result<(Option<String>, i64), sqlx::Error> {
        let [_, window] = statements_for(range);
        on_backend!(session, |connection, text| {
            let mut query = sqlx::query_as(text(window)).bind(&range.low);
            if let Some(high) = &range.high {
                query = query.bind(high);
            }
            query.bind(width).fetch_one(connection).await
        })
    }

    async fn rows(
        &self,
        session: &mut Session,
        range: &KeyRange,
        limit: u32,
    ) -> Result<Vec<(String, AuthorizationFlow)>, sqlx::Error> {
        let [list, _] = statements_for(range);
        let containing = &self.filter.containing;
        let rows: Vec<AuthorizationFlowRow> = on_backend!(session, |connection, text| {
            let mut query = sqlx::query_as(text(list)).bind(&range.low);
            if let Some(high) = &range.high {
                query = query.bind(high);
            }
            for pattern in &self.patterns {
                query = query.bind(pattern);
            }
            query.bind(containing.key_pattern()).bind(containing.pattern()).bind(limit).fetch_all(connection).await
        })?;
        Ok(rows.into_iter().map(|row| (row.key(), AuthorizationFlow::from(row))).collect())
    }

    fn admits(&self, segment: usize, flow: &AuthorizationFlow) -> bool {
        let is_here = match (self.order, segment) {
            (Order::TimeLeft, 0 | 1) => self.state(flow) == FlowStateFilter::Pending,
            (Order::TimeLeft, 2) => self.state(flow) == FlowStateFilter::Ready,
            (Order::TimeLeft, 3) => !matches!(self.state(flow), FlowStateFilter::Pending | FlowStateFilter::Ready),
            (Order::TimeLeft, 5) => self.state(flow) != FlowStateFilter::Pending,
            _ => true,
        };
        is_here && self.filter.admits_authorization_flow(flow, self.now, self.policy)
    }
}

/// The list and the window of a range.
fn statements_for(range: &KeyRange) -> [Statement; 2] {
    match (range.direction, &range.high) {
        (Direction::Down, _) => [statements::AUTHORIZATION_FLOWS_DOWN, statements::AUTHORIZATION_FLOW_WINDOW_DOWN],
        (Direction::Up, Some(_)) if range.includes_high => {
            [statements::AUTHORIZATION_FLOWS_UP_TO, statements::AUTHORIZATION_FLOW_WINDOW_UP]
        }
        (Direction::Up, Some(_)) => [statements::AUTHORIZATION_FLOWS_UP, statements::AUTHORIZATION_FLOW_WINDOW_UP],
        (Direction::Up, None) => [statements::AUTHORIZATION_FLOWS_ON, statements::AUTHORIZATION_FLOW_WINDOW_ON],
    }
}

impl AuthDb {
    /// Authorization flows, in the order and the part of `request`.
    ///
    /// # Errors
    /// If the database cannot be asked, or takes too long.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use authdb_shared::db::{AgeFilter, FlowFilter, Order, PageRequest};
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
    /// let age = AgeFilter { younger_than: Some(Duration::from_mins(5)), ..AgeFilter::default() };
    /// let recent = FlowFilter { age, ..FlowFilter::default() };
    /// let request = PageRequest::first(Order::NewestFirst, 100);
    /// let page = db.authorization_flows(&recent, &config.policy, &request).await?;
    /// assert_eq!(page.rows[0].id, id);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn authorization_flows(
        &self,
        filter: &FlowFilter,
        policy: &Policy,
        request: &PageRequest,
    ) -> Result<Page<AuthorizationFlow>, DbError> {
        let (mut session, now) = self.reading_now(List::ATTEMPT).await?;
        let list = List { as_of: request.as_of(now), ..List::new(filter, policy, request.order, now) };
        let segments = list.segments(self.facts.lowest_key);
        self.read_page(&mut session, &list, &segments, filter.is_dense(), request, now).await
    }
}
