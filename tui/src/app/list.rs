//! A list that is read again and again under a cursor.
//!
//! The cursor holds the *key* of a row, and the line of the screen it stands on. Whatever comes or goes above it, the
//! row under the cursor stays the same row at the same place, so that a key pressed in the moment of a refresh hits what
//! the admin was looking at. When the row itself goes, the cursor lets go: it never slides onto a neighbour by itself.

use std::time::Duration;

use authdb_shared::Timestamp;
use authdb_shared::db::{DbError, Page};
use authdb_shared::model::{AuthorizationFlow, DeviceFlow, RefreshToken, SubjectSummary};

/// A row that can be told from others.
pub trait Row {
    /// What identifies it.
    type Key: Clone + PartialEq;

    /// Its key.
    fn key(&self) -> Self::Key;
}

impl Row for DeviceFlow {
    type Key = authdb_shared::ids::UserCode;

    fn key(&self) -> Self::Key {
        self.user_code.clone()
    }
}

impl Row for AuthorizationFlow {
    type Key = authdb_shared::ids::FlowId;

    fn key(&self) -> Self::Key {
        self.id.clone()
    }
}

impl Row for SubjectSummary {
    type Key = authdb_shared::ids::Subject;

    fn key(&self) -> Self::Key {
        self.subject.clone()
    }
}

impl Row for RefreshToken {
    type Key = authdb_shared::ids::Jti;

    fn key(&self) -> Self::Key {
        self.jti.clone()
    }
}

/// How fresh the rows of a list are.
#[derive(Clone, Copy, Debug)]
pub struct Freshness<'a> {
    /// For how long an answer has been awaited.
    pub waiting: Option<Duration>,
    /// How long ago they were read; `None` before the first answer.
    pub age: Option<Duration>,
    /// Why the last reading failed, if it did.
    pub error: Option<&'a str>,
}

/// Rows, a cursor on one of them, and the state of reading them.
#[derive(Debug)]
pub struct List<R: Row> {
    /// The rows as last read; they stay when reading fails.
    pub rows: Vec<R>,
    /// Whether the database holds more.
    pub has_more: bool,
    /// Only rows containing this text are read.
    pub filter: String,
    /// Why the last reading failed, if it did.
    error: Option<String>,
    /// When the rows were read, by the host's clock; `None` before the first answer.
    pub read_at: Option<Timestamp>,
    cursor: Option<R::Key>,
    /// The line of the viewport that the cursor stands on.
    line: usize,
    /// Where the cursor was when it let go.
    resume_at: usize,
    generation: u64,
    asked_at: Option<Timestamp>,
    is_waiting: bool,
}

impl<R: Row> Default for List<R> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            has_more: false,
            filter: String::new(),
            error: None,
            read_at: None,
            cursor: None,
            line: 0,
            resume_at: 0,
            generation: 0,
            asked_at: None,
            is_waiting: false,
        }
    }
}

impl<R: Row> List<R> {
    /// The row under the cursor.
    #[must_use]
    pub fn selected(&self) -> Option<&R> {
        self.selected_index().map(|index| &self.rows[index])
    }

    /// Where the row under the cursor stands in the list.
    #[must_use]
    pub fn selected_index(&self) -> Option<usize> {
        let cursor = self.cursor.as_ref()?;
        self.rows.iter().position(|row| row.key() == *cursor)
    }

    /// The first row that a viewport of `height` lines shows.
    #[must_use]
    pub fn offset(&self, height: usize) -> usize {
        let index = self.selected_index().unwrap_or(self.resume_at);
        let line = self.line.min(height.saturating_sub(1));
        index.saturating_sub(line).min(self.rows.len().saturating_sub(height))
    }

    /// Moves the cursor to `index`, or the last row, scrolling a viewport of `height` lines no more than needed.
    pub fn select(&mut self, index: usize, height: usize) {
        let Some(last) = self.rows.len().checked_sub(1) else { return };
        // A terminal may be too low for any row; the cursor moves all the same.
        let height = height.max(1);
        let index = index.min(last);
        let offset = self.offset(height).min(index).max((index + 1).saturating_sub(height));
        self.cursor = Some(self.rows[index].key());
        self.resume_at = index;
        self.line = index - offset;
    }

    /// Moves the cursor by `count` rows; from no row at all to where it last was.
    pub fn step(&mut self, count: isize, height: usize) {
        let index = match self.selected_index() {
            Some(index) => index.saturating_add_signed(count),
            None => self.resume_at,
        };
        self.select(index, height);
    }

    /// Lets go of the row. False if there was none.
    pub fn release(&mut self) -> bool {
        self.resume_at = 0;
        self.line = 0;
        self.cursor.take().is_some()
    }

    /// Forgets everything that was read, for a list that is about something else from now on.
    pub fn clear(&mut self) {
        let generation = self.generation;
        *self = Self { generation, filter: std::mem::take(&mut self.filter), ..Self::default() };
    }

    /// Begins reading, and says which generation the answer must carry.
    pub fn ask(&mut self, now: Timestamp) -> u64 {
        self.generation += 1;
        self.asked_at = Some(now);
        self.is_waiting = true;
        self.generation
    }

    /// Whether it is time to read again: never while an answer is awaited.
    #[must_use]
    pub fn is_due(&self, now: Timestamp, interval: Duration) -> bool {
        !self.is_waiting && self.asked_at.is_none_or(|asked| now.since(asked) >= interval || now < asked)
    }

    /// How fresh the rows are.
    #[must_use]
    pub fn freshness(&self, now: Timestamp) -> Freshness<'_> {
        Freshness {
            waiting: self.asked_at.filter(|_| self.is_waiting).map(|asked| now.since(asked)),
            age: self.read_at.map(|read| now.since(read)),
            error: self.error.as_deref(),
        }
    }

    /// Takes an answer in, unless it answers an older question. False if it was dropped.
    pub fn answer(&mut self, generation: u64, page: Result<Page<R>, &DbError>, now: Timestamp) -> bool {
        if generation != self.generation {
            return false;
        }
        self.is_waiting = false;
        match page {
            Ok(page) => {
                if let Some(index) = self.selected_index() {
                    self.resume_at = index;
                }
                self.rows = page.rows;
                self.has_more = page.has_more;
                self.error = None;
                self.read_at = Some(now);
                if self.selected_index().is_none() {
                    self.cursor = None;
                }
            }
            Err(error) => self.error = Some(error.to_string()),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Numbered(u32);

    impl Row for Numbered {
        type Key = u32;

        fn key(&self) -> u32 {
            self.0
        }
    }

    fn now() -> Timestamp {
        Timestamp::from_unix_millis(0).expect("the epoch")
    }

    fn fill(list: &mut List<Numbered>, numbers: impl IntoIterator<Item = u32>) {
        let generation = list.ask(now());
        let rows = numbers.into_iter().map(Numbered).collect();
        assert!(list.answer(generation, Ok(Page { rows, has_more: false, now: now() }), now()));
    }

    #[test]
    fn rows_that_arrive_above_move_neither_the_cursor_nor_its_line() {
        let mut list = List::default();
        fill(&mut list, 10..40);
        list.select(3, 8);
        let line = 3 - list.offset(8);
        fill(&mut list, 0..40);
        assert_eq!(list.selected(), Some(&Numbered(13)));
        assert_eq!(13 - list.offset(8), line);
    }

    #[test]
    fn without_a_cursor_the_top_stays_in_view() {
        let mut list = List::default();
        fill(&mut list, 10..40);
        fill(&mut list, 0..40);
        assert_eq!((list.selected(), list.offset(8)), (None, 0));
    }

    #[test]
    fn a_row_that_goes_takes_the_cursor_with_it_and_leaves_its_place() {
        let mut list = List::default();
        fill(&mut list, 0..10);
        list.select(4, 8);
        fill(&mut list, (0..10).filter(|number| *number != 4));
        assert_eq!(list.selected(), None, "the cursor must not slide onto a neighbour");
        list.step(1, 8);
        assert_eq!(list.selected(), Some(&Numbered(5)));
    }

    #[test]
    fn the_view_scrolls_no_more_than_needed() {
        let mut list = List::default();
        fill(&mut list, 0..100);
        for _ in 0..9 {
            list.step(1, 8);
        }
        assert_eq!((list.selected_index(), list.offset(8)), (Some(8), 1));
        list.step(-3, 8);
        assert_eq!((list.selected_index(), list.offset(8)), (Some(5), 1));
        list.select(usize::MAX, 8);
        assert_eq!((list.selected_index(), list.offset(8)), (Some(99), 92));
    }

    #[test]
    fn the_cursor_moves_where_no_row_can_be_seen() {
        let mut list = List::default();
        fill(&mut list, 0..10);
        list.step(1, 0);
        list.step(1, 0);
        assert_eq!(list.selected_index(), Some(1));
    }

    #[test]
    fn a_stale_answer_is_dropped() {
        let mut list: List<Numbered> = List::default();
        let old = list.ask(now());
        list.ask(now());
        assert!(!list.answer(old, Ok(Page { rows: vec![Numbered(1)], has_more: false, now: now() }), now()));
        assert!(list.rows.is_empty());
    }

    #[test]
    fn rows_stay_when_reading_fails() {
        let mut list = List::default();
        fill(&mut list, 0..3);
        let generation = list.ask(now());
        let error = DbError::ReadOnly;
        assert!(list.answer(generation, Err(&error), now()));
        assert_eq!((list.rows.len(), list.error.is_some()), (3, true));
    }
}
