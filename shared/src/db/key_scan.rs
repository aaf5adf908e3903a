//! Reading a list by key ranges, in windows, until a page is full.
//!
//! A list whose key begins with its time is read from the end of the key that is wanted first, so that the size of the
//! table does not matter. A filter that few rows pass would still make one statement read all of the table; so it is given
//! a window of so many keys at a time, and between two windows the time that is left is looked at. Whoever waits gets what
//! was found until then, and a cursor to go on from.

use super::backend::Session;
use super::page::{Budget, Page, PageCursor, PageRequest};
use super::{AuthDb, DbError};
use crate::clock::Timestamp;

/// Keys per window.
const WINDOW: u32 = 10_000;

/// Which way a range is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Up,
    Down,
}

/// Keys from `low` on, which is included, and below `high`, which is not: two ranges that meet have no key in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyRange {
    pub(super) low: String,
    /// None: without end, which only makes sense upwards.
    pub(super) high: Option<String>,
    pub(super) direction: Direction,
    /// Whether `high` is the last key of a window, which is included.
    pub(super) includes_high: bool,
}

impl KeyRange {
    pub(super) fn up(low: String, high: Option<String>) -> Self {
        Self { low, high, direction: Direction::Up, includes_high: false }
    }

    pub(super) fn down(low: String, high: String) -> Self {
        Self { low, high: Some(high), direction: Direction::Down, includes_high: false }
    }

    /// What is left of it from a key on, in its direction. Upwards, that key is still in it.
    fn from(&self, key: Option<&str>) -> Self {
        let mut rest = self.clone();
        match (key, self.direction) {
            (None, _) => {}
            (Some(key), Direction::Up) => key.clone_into(&mut rest.low),
            (Some(key), Direction::Down) => rest.high = Some(key.to_owned()),
        }
        rest
    }

    /// The beginning of it up to a key, in its direction.
    fn until(&self, key: &str) -> Self {
        let mut part = self.clone();
        match self.direction {
            Direction::Up => (part.high, part.includes_high) = (Some(key.to_owned()), true),
            Direction::Down => key.clone_into(&mut part.low),
        }
        part
    }
}

/// A list that can be read by key ranges.
pub(super) trait KeyedList {
    /// A row of it.
    type Row;

    /// What is being attempted, for errors.
    const ATTEMPT: &'static str;

    /// The last of the next `width` keys of a range, and how many there are.
    async fn window_end(
        &self,
        session: &mut Session,
        range: &KeyRange,
        width: u32,
    ) -> Result<(Option<String>, i64), sqlx::Error>;

    /// The first rows of a range, in its order, with their keys; narrowed by the statement's patterns.
    async fn rows(
        &self,
        session: &mut Session,
        range: &KeyRange,
        limit: u32,
    ) -> Result<Vec<(String, Self::Row)>, sqlx::Error>;

    /// Whether a row of a segment, counted from zero, is wanted.
    fn admits(&self, segment: usize, row: &Self::Row) -> bool;
}

/// A page that is being filled.
struct Scan<'a, L: KeyedList> {
    db: &'a AuthDb,
    session: &'a mut Session,
    list: &'a L,
    limit: usize,
    budget: Budget,
    as_of: Timestamp,
    rows: Vec<L::Row>,
    /// The last row that was looked at, with its segment.
    seen: Option<PageCursor>,
    /// The key behind which the present segment goes on.
    behind: Option<String>,
}

/// Why reading a segment ended.
enum Ended {
    /// There is nothing more in it.
    Through,
    /// The page is full, and there is another row.
    Full,
    /// The time is up.
    OutOfTime,
}

impl<L: KeyedList> Scan<'_, L> {
    async fn segment(&mut self, place: usize, segment: &KeyRange, is_dense: bool) -> Result<Ended, DbError> {
        loop {
            let rest = segment.from(self.behind.as_deref());
            let end = if is_dense { None } else { self.end_of_window(&rest).await? };
            let window = end.as_deref().map_or_else(|| rest.clone(), |end| rest.until(end));
            match self.window(place, &window).await? {
                Ended::Through => {}
                other => return Ok(other),
            }
            let Some(end) = end else { return Ok(Ended::Through) };
            self.seen = Some(self.cursor(place, end.clone()));
            self.behind = Some(end);
            if self.budget.is_spent() {
                return Ok(Ended::OutOfTime);
            }
        }
    }

    /// The last key of the next window; none if what is left fits into it.
    async fn end_of_window(&mut self, rest: &KeyRange) -> Result<Option<String>, DbError> {
        let reading = self.list.window_end(self.session, rest, WINDOW);
        let (end, count) = self.db.limited(L::ATTEMPT, reading).await?;
        Ok(end.filter(|_| count >= i64::from(WINDOW)))
    }

    async fn window(&mut self, place: usize, window: &KeyRange) -> Result<Ended, DbError> {
        let missing = u32::try_from(self.limit.saturating_sub(self.rows.len())).unwrap_or(WINDOW);
        // One more row proves that there is a next page, and the first may be the one before.
        let mut wanted = missing.saturating_add(2);
        let mut rest = window.clone();
        loop {
            let reading = self.list.rows(self.session, &rest, wanted);
            let found = self.db.limited(L::ATTEMPT, reading).await?;
            let is_last = found.len() < wanted as usize;
            for (key, row) in found {
                if self.behind.as_ref() == Some(&key) {
                    continue;
                }
                if self.list.admits(place, &row) {
                    if self.rows.len() == self.limit {
                        return Ok(Ended::Full);
                    }
                    self.rows.push(row);
                }
                self.seen = Some(self.cursor(place, key.clone()));
                self.behind = Some(key);
            }
            if is_last {
                return Ok(Ended::Through);
            }
            if self.budget.is_spent() {
                return Ok(Ended::OutOfTime);
            }
            rest = window.from(self.behind.as_deref());
            // The patterns let through much that is not wanted.
            wanted = wanted.saturating_mul(2).min(WINDOW);
        }
    }

    fn cursor(&self, place: usize, key: String) -> PageCursor {
        PageCursor { place: i64::try_from(place).unwrap_or(i64::MAX), key, as_of: self.as_of }
    }

    fn ends(self, has_more: bool, is_cut_short: bool, now: Timestamp) -> Page<L::Row> {
        let next = self.seen.filter(|_| has_more);
        Page { rows: self.rows, has_more, next, is_cut_short, now }
    }
}

impl AuthDb {
    /// Reads a page of a list whose order is that of `segments`, one after the other.
    ///
    /// `is_dense` says that most rows are wanted, so that windows would only cost time.
    pub(super) async fn read_page<L: KeyedList>(
        &self,
        session: &mut Session,
        list: &L,
        segments: &[KeyRange],
        is_dense: bool,
        request: &PageRequest,
        now: Timestamp,
    ) -> Result<Page<L::Row>, DbError> {
        let mut scan = Scan {
            db: self,
            session,
            list,
            limit: request.limit as usize,
            budget: Budget::of(self.facts.statement_timeout),
            as_of: request.as_of(now),
            rows: Vec::new(),
            seen: request.after.clone(),
            behind: request.after.as_ref().map(|cursor| cursor.key.clone()),
        };
        let first = request.after.as_ref().map_or(0, |cursor| usize::try_from(cursor.place).unwrap_or(0));
        for (place, segment) in segments.iter().enumerate().skip(first) {
            match scan.segment(place, segment, is_dense).await {
                Ok(Ended::Through) => scan.behind = None,
                Ok(Ended::Full) => return Ok(scan.ends(true, false, now)),
                Ok(Ended::OutOfTime) => return Ok(scan.ends(true, true, now)),
                // What was found before the server stopped the statement is worth having.
                Err(DbError::TimeLimit { .. }) if scan.seen != request.after => return Ok(scan.ends(true, true, now)),
                Err(error) => return Err(error),
            }
        }
        Ok(scan.ends(false, false, now))
    }
}
