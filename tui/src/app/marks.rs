//! Marks: the rows that an action is about when it is about several.
//!
//! A mark holds a key, so it stays with its row wherever that goes, also out of sight: the count that is shown is the
//! count that an action is about.

use std::collections::HashSet;

use super::list::List;
use crate::table::Row;

impl<R: Row> List<R> {
    /// Marks the row under the cursor, or takes its mark away. A range can go on from there.
    pub fn toggle_mark(&mut self) {
        let Some(key) = self.selected().map(Row::key) else { return };
        if self.marks.shift_remove(&key) {
            self.anchor = None;
        } else {
            self.marks.insert(key.clone());
            self.anchor = Some(key);
        }
    }

    /// Marks every row from the last one that was marked to the one under the cursor.
    pub fn mark_range(&mut self) {
        let Some(here) = self.selected_index() else { return };
        let anchor = self.anchor.as_ref();
        let there = anchor.and_then(|anchor| self.shown().position(|row| row.key() == *anchor)).unwrap_or(here);
        let keys: Vec<R::Key> =
            self.shown().skip(here.min(there)).take(here.abs_diff(there) + 1).map(Row::key).collect();
        self.anchor = self.selected().map(Row::key);
        self.marks.extend(keys);
    }

    /// Marks every row that is shown; if all of them are, takes their marks away.
    pub fn mark_all(&mut self) {
        let keys: Vec<R::Key> = self.shown().map(Row::key).collect();
        self.anchor = None;
        if keys.iter().all(|key| self.marks.contains(key)) {
            let shown: HashSet<R::Key> = keys.into_iter().collect();
            self.marks.retain(|key| !shown.contains(key));
        } else {
            self.marks.extend(keys);
        }
    }

    /// Takes all marks away. False if there were none.
    pub fn unmark(&mut self) -> bool {
        self.anchor = None;
        !std::mem::take(&mut self.marks).is_empty()
    }

    /// How many rows are marked.
    #[must_use]
    pub fn marked(&self) -> usize {
        self.marks.len()
    }

    /// Whether a row is marked.
    #[must_use]
    pub fn is_marked(&self, row: &R) -> bool {
        !self.marks.is_empty() && self.marks.contains(&row.key())
    }

    /// How many marked rows are not shown at the moment.
    #[must_use]
    pub fn hidden_marks(&self) -> usize {
        self.marks.len() - self.shown().filter(|row| self.is_marked(row)).count()
    }

    /// What an action is about: the marked rows, in the order in which they were marked, or else the row under the
    /// cursor.
    #[must_use]
    pub fn targets(&self) -> Vec<R::Key> {
        if self.marks.is_empty() {
            self.selected().map(Row::key).into_iter().collect()
        } else {
            self.marks.iter().cloned().collect()
        }
    }
}
