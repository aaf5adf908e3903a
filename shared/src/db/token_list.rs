//! The list of refresh tokens: everybody's by key range, so that a table of millions costs no more than the page; those of
//! one subject by the index on it.

use std::time::Duration;

use super::backend::{Session, on_backend};
use super::error::nothing_if_unstorable;
use super::key_scan::{Direction, KeyRange, KeyedList};
use super::refresh_tokens::TokenRow;
use super::statements::Statement;
use super::{AuthDb, DbError, Horizon, LivenessFilter, Order, Page, PageRequest, TokenFilter, statements};
use crate::clock::Timestamp;
use crate::ids::{KeyBound, Subject};
use crate::liveness::Liveness;
use crate::model::RefreshToken;
use crate::policy::Policy;

/// The list, with what its filter and order need.
pub(super) struct List<'a> {
    filter: &'a TokenFilter,
    subject: Option<&'a Subject>,
    policy: &'a Policy,
    order: Order,
    now: Timestamp,
    /// When the first page was read.
    as_of: Timestamp,
    patterns: [String; 5],
}

impl<'a> List<'a> {
    /// The list of what a filter wants.
    pub(super) fn new(filter: &'a TokenFilter, policy: &'a Policy, order: Order, now: Timestamp) -> Self {
        let (subject, patterns) = (filter.exact_subject(), filter.patterns());
        Self { filter, subject, policy, order, now, as_of: now, patterns }
    }

    /// The list's order as key ranges.
    fn segments(&self, lowest: &str) -> Vec<KeyRange> {
        let (filter, now) = (self.filter, self.as_of);
        if filter.liveness == Some(LivenessFilter::Nothing) {
            return Vec::new();
        }
        let bound = |time| KeyBound::at(time).hex();
        // The first instant that no credible key carries.
        let end = self.policy.latest_credible(now).after(Duration::from_millis(1));
        let (since, until) = filter.age.span(now);
        let horizon = match filter.horizon {
            Horizon::Live => Some(self.policy.live_since(now)),
            Horizon::Last(span) => Some(now.before(span.max(self.policy.refresh_token_lifetime))),
            Horizon::All => None,
        };
        let needs_life = self.order == Order::TimeLeft || filter.liveness == Some(LivenessFilter::Live);
        let alive = needs_life.then(|| self.policy.live_since(now));
        let low = [since, horizon, alive].into_iter().flatten().max().map_or_else(|| lowest.to_owned(), bound);
        let high = bound(until.unwrap_or(end).min(end));
        let reaches_beyond = filter.horizon != Horizon::Live && !needs_life && filter.age.older_than.is_none();
        let beyond = reaches_beyond.then(|| KeyRange::up(bound(end), None));
        let dated = match self.order {
            Order::NewestFirst => KeyRange::down(low, high),
            Order::OldestFirst | Order::TimeLeft => KeyRange::up(low, Some(high)),
        };
        // What is from the future stands beyond all else, and the rest may be long.
        let dated = (filter.liveness != Some(LivenessFilter::FromTheFuture)).then_some(dated);
        dated.into_iter().chain(beyond).collect()
    }

    /// The list and the window of a range.
    fn statements_for(&self, range: &KeyRange) -> [Statement; 2] {
        let shape = (range.direction, range.high.is_some(), range.includes_high);
        if self.subject.is_some() {
            return match shape {
                (Direction::Down, _, _) => [statements::TOKENS_OF_ONE_DOWN, statements::TOKEN_OF_ONE_WINDOW_DOWN],
                (Direction::Up, true, true) => [statements::TOKENS_OF_ONE_UP_TO, statements::TOKEN_OF_ONE_WINDOW_UP],
                (Direction::Up, true, false) => [statements::TOKENS_OF_ONE_UP, statements::TOKEN_OF_ONE_WINDOW_UP],
                (Direction::Up, false, _) => [statements::TOKENS_OF_ONE_ON, statements::TOKEN_OF_ONE_WINDOW_ON],
            };
        }
        match shape {
            (Direction::Down, _, _) => [statements::TOKENS_DOWN, statements::TOKEN_WINDOW_DOWN],
            (Direction::Up, true, true) => [statements::TOKENS_UP_TO, statements::TOKEN_WINDOW_UP],
            (Direction::Up, true, false) => [statements::TOKENS_UP, statements::TOKEN_WINDOW_UP],
            (Direction::Up, false, _) => [statements::TOKENS_ON, statements::TOKEN_WINDOW_ON],
        }
    }
}

impl KeyedList for List<'_> {
    type Row = RefreshToken;

    const ATTEMPT: &'static str = "listing the refresh tokens";

    async fn window_end(
        &self,
        session: &mut Session,
        range: &KeyRange,
        width: u32,
    ) -> Result<(Option<String>, i64), sqlx::Error> {
        let [_, window] = self.statements_for(range);
        let result: Result<Option<(Option<String>, i64)>, _> = on_backend!(session, |connection, text| {
            let mut query = sqlx::query_as(text(window)).bind(&range.low);
            if let Some(high) = &range.high {
                query = query.bind(high);
            }
            if let Some(subject) = self.subject {
                query = query.bind(subject.as_str()).bind(subject.as_str());
            }
            query.bind(width).fetch_optional(connection).await
        });
        Ok(nothing_if_unstorable(result)?.unwrap_or_default())
    }

    async fn rows(
        &self,
        session: &mut Session,
        range: &KeyRange,
        limit: u32,
    ) -> Result<Vec<(String, RefreshToken)>, sqlx::Error> {
        let [list, _] = self.statements_for(range);
        let containing = &self.filter.containing;
        let rows: Vec<TokenRow> = nothing_if_unstorable(on_backend!(session, |connection, text| {
            let mut query = sqlx::query_as(text(list)).bind(&range.low);
            if let Some(high) = &range.high {
                query = query.bind(high);
            }
            if let Some(subject) = self.subject {
                query = query.bind(subject.as_str()).bind(subject.as_str());
            }
            query = query.bind(i64::from(self.filter.may_want_revoked()));
            for pattern in &self.patterns {
                query = query.bind(pattern);
            }
            query.bind(containing.key_pattern()).bind(containing.pattern()).bind(limit).fetch_all(connection).await
        }))?;
        Ok(rows.into_iter().map(|row| (row.key(), RefreshToken::from(row))).collect())
    }

    fn admits(&self, _: usize, token: &RefreshToken) -> bool {
        let has_time_left =
            self.order != Order::TimeLeft || matches!(token.liveness(self.now, self.policy), Liveness::Live { .. });
        has_time_left && self.filter.admits(token, self.now, self.policy)
    }
}

impl AuthDb {
    /// Refresh tokens, in the order and the part of `request`.
    ///
    /// # Errors
    /// If the database cannot be asked, or takes too long.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::{Order, PageRequest, TokenFilter};
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
    /// let request = PageRequest::first(Order::NewestFirst, 100);
    /// let page = db.refresh_tokens(&TokenFilter::live(), &config.policy, &request).await?;
    /// let token = &page.rows[0];
    /// assert_eq!(token.subject, Some(alice));
    /// assert!(token.liveness(page.now, &config.policy).is_active());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn refresh_tokens(
        &self,
        filter: &TokenFilter,
        policy: &Policy,
        request: &PageRequest,
    ) -> Result<Page<RefreshToken>, DbError> {
        let (mut session, now) = self.reading_now(List::ATTEMPT).await?;
        let list = List { as_of: request.as_of(now), ..List::new(filter, policy, request.order, now) };
        let segments = list.segments(self.facts.lowest_key);
        self.read_page(&mut session, &list, &segments, filter.is_dense(), request, now).await
    }
}
