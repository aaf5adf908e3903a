//! A list that is read again and again under a cursor.
//!
//! The cursor holds the *key* of a row, and the line of the screen it stands on. Whatever comes or goes above it, the
//! row under the cursor stays the same row at the same place, so that a key pressed in the moment of a refresh hits what
//! the admin was looking at. When the row itself goes, the cursor lets go: it never slides onto a neighbour by itself.

use std::collections::HashSet;

use authdb_shared::Timestamp;
use authdb_shared::db::{DbError, Page};
use indexmap::IndexSet;

use super::arrivals::Arrivals;
use super::reading::Reading;
use crate::filter::{Filter, Narrowing};
use crate::table::{Row, Value, Viewpoint};

/// By which column a list is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// The place of the column in its table.
    pub column: usize,
    /// Whether the largest comes first.
    pub is_descending: bool,
}

/// Rows, a cursor on one of them, and the state of reading them.
#[derive(Debug)]
pub struct List<R: Row> {
    /// The rows as last read, in the database's order; they stay when reading fails.
    pub rows: Vec<R>,
    /// Whether the database holds more.
    pub has_more: bool,
    /// Whether the time limit ended the reading before the page was full.
    pub is_cut_short: bool,
    /// Only rows that fulfil this are shown.
    filter: Filter,
    /// What the database was asked for last.
    asked: Narrowing,
    /// What the rows are the answer to.
    answered: Narrowing,
    /// The state of reading the rows.
    pub reading: Reading,
    /// By what the rows are sorted, if not as the database gives them.
    sort: Option<Sort>,
    /// The rows that an action is about, whether they are shown at the moment or not.
    pub(super) marks: IndexSet<R::Key>,
    /// Where a range of marks begins.
    pub(super) anchor: Option<R::Key>,
    /// Rows that came by a refresh.
    pub(super) arrivals: Arrivals<R::Key>,
    /// The rows that are shown, in their order, as places in `rows`.
    shown: Vec<usize>,
    cursor: Option<R::Key>,
    /// The line of the viewport that the cursor stands on.
    line: usize,
    /// Where the cursor was when it let go.
    resume_at: usize,
}

impl<R: Row> Default for List<R> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            has_more: false,
            is_cut_short: false,
            filter: Filter::default(),
            asked: Narrowing::default(),
            answered: Narrowing::default(),
            reading: Reading::default(),
            sort: None,
            marks: IndexSet::new(),
            anchor: None,
            arrivals: Arrivals::default(),
            shown: Vec::new(),
            cursor: None,
            line: 0,
            resume_at: 0,
        }
    }
}

impl<R: Row> List<R> {
    /// The rows that are shown, in their order.
    pub fn shown(&self) -> impl ExactSizeIterator<Item = &R> {
        self.shown.iter().map(|place| &self.rows[*place])
    }

    /// The row that is shown at `index`.
    #[must_use]
    pub fn shown_at(&self, index: usize) -> Option<&R> {
        self.shown.get(index).map(|place| &self.rows[*place])
    }

    /// The row under the cursor.
    #[must_use]
    pub fn selected(&self) -> Option<&R> {
        self.selected_index().and_then(|index| self.shown_at(index))
    }

    /// Where the row under the cursor stands among those shown.
    #[must_use]
    pub fn selected_index(&self) -> Option<usize> {
        let cursor = self.cursor.as_ref()?;
        self.shown().position(|row| row.key() == *cursor)
    }

    /// The first row that a viewport of `height` lines shows.
    #[must_use]
    pub fn offset(&self, height: usize) -> usize {
        let index = self.selected_index().unwrap_or(self.resume_at);
        let line = self.line.min(height.saturating_sub(1));
        index.saturating_sub(line).min(self.shown.len().saturating_sub(height))
    }

    /// Moves the cursor to `index`, or the last row, scrolling a viewport of `height` lines no more than needed.
    pub fn select(&mut self, index: usize, height: usize) {
        let Some(last) = self.shown.len().checked_sub(1) else { return };
        // A terminal may be too low for any row; the cursor moves all the same.
        let height = height.max(1);
        let index = index.min(last);
        let offset = self.offset(height).min(index).max((index + 1).saturating_sub(height));
        self.cursor = self.shown_at(index).map(Row::key);
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
        self.reading.forget();
        let reading = std::mem::take(&mut self.reading);
        *self = Self { reading, filter: std::mem::take(&mut self.filter), sort: self.sort, ..Self::default() };
    }

    /// Begins reading what the filter asks for, and says which generation the answer must carry.
    pub fn ask(&mut self, now: Timestamp) -> u64 {
        self.asked = self.filter.narrowing().clone();
        self.reading.ask(now)
    }

    /// Whether the rows answer a narrower question than the filter asks by now: those that are shown are not all then.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        let is_asked = self.reading.read_at.is_some() && self.filter.complaint().is_none();
        // Of everything, a filter finds here what the database would.
        is_asked && !self.answered.is_of_all() && !self.answered.asks_as(self.filter.narrowing())
    }

    /// Takes an answer in, unless it answers an older question. False if it was dropped.
    pub fn answer(
        &mut self,
        generation: u64,
        page: Result<Page<R>, DbError>,
        viewpoint: &Viewpoint,
        now: Timestamp,
    ) -> bool {
        if !self.reading.is_answered(generation, &page, now) {
            return false;
        }
        if let Ok(page) = page {
            self.keep_place();
            let before: HashSet<R::Key> = self.rows.iter().map(Row::key).collect();
            let was_whole = !self.has_more && !self.is_cut_short;
            self.arrivals.take_in(&before, page.rows.iter().map(Row::key).collect(), was_whole, now);
            self.answered = self.asked.clone();
            self.rows = page.rows;
            self.has_more = page.has_more;
            self.is_cut_short = page.is_cut_short;
            self.arrange(viewpoint);
        }
        true
    }

    /// What the rows that are shown fulfil.
    #[must_use]
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Shows those of the rows that were read that fulfil what was typed.
    pub fn set_filter(&mut self, text: &str, viewpoint: &Viewpoint) {
        self.keep_place();
        if self.filter.text() != text {
            self.arrivals.forget();
        }
        self.filter = Filter::of::<R>(text);
        self.arrange(viewpoint);
    }

    /// By what the rows are sorted.
    #[must_use]
    pub fn sort(&self) -> Option<Sort> {
        self.sort
    }

    /// Sorts the rows; the row under the cursor stays on its line.
    pub fn set_sort(&mut self, sort: Option<Sort>, viewpoint: &Viewpoint) {
        self.sort = sort.filter(|sort| sort.column < R::COLUMNS.len());
        self.arrange(viewpoint);
    }

    /// Remembers where the cursor is, in case its row goes.
    fn keep_place(&mut self) {
        if let Some(index) = self.selected_index() {
            self.resume_at = index;
        }
    }

    /// Finds the rows that are shown, and their order.
    fn arrange(&mut self, viewpoint: &Viewpoint) {
        let admitted = |place: &usize| self.filter.admits(&self.rows[*place], viewpoint);
        self.shown = (0..self.rows.len()).filter(admitted).collect();
        if let Some(Sort { column, is_descending }) = self.sort {
            let value = |place: &usize| (R::COLUMNS[column].value)(&self.rows[*place], viewpoint);
            let mut valued: Vec<(usize, Value)> = self.shown.iter().map(|place| (*place, value(place))).collect();
            valued.sort_by(|(_, one), (_, two)| {
                // What is absent has no place in either order, and comes last in both.
                let order = if is_descending { two.order(one) } else { one.order(two) };
                one.is_absent().cmp(&two.is_absent()).then(order)
            });
            self.shown = valued.into_iter().map(|(place, _)| place).collect();
        }
        if self.selected_index().is_none() {
            self.cursor = None;
        }
    }
}
