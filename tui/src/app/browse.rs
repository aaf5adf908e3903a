//! What can be done with a list whatever its rows are: the screens, the keys and the drawing know lists only so.

use std::collections::HashMap;
use std::ops::Range;

use authdb_shared::Timestamp;

use super::list::{List, Sort};
use super::reading::Reading;
use crate::draw::format::gauge;
use crate::filter::Filter;
use crate::table::{BAR, Column, Head, LEFT, LEFT_WITH_BAR, Record, Role, Row, Value, Viewpoint};

/// A cell of a list: harmless text, not cut yet, and what its look says.
pub type Cell = (String, Role);

/// A list of rows of any kind.
pub trait Browse {
    /// The state of reading it.
    fn reading(&self) -> &Reading;
    /// The same, to change.
    fn reading_mut(&mut self) -> &mut Reading;
    /// Begins reading what its filter asks for, and says which generation the answer must carry.
    fn ask(&mut self, now: Timestamp) -> u64;
    /// How many rows are shown.
    fn len(&self) -> usize;
    /// Whether no row is shown.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// How many rows were read: those that are shown, and those that only the filter hides.
    fn read(&self) -> usize;
    /// Whether the database holds more.
    fn has_more(&self) -> bool;
    /// Whether the rows answer a narrower question than its filter asks by now, so that there may be more of them.
    fn is_behind(&self) -> bool;
    /// Whether the time limit ended the reading, so that the database was not searched to its end.
    fn is_cut_short(&self) -> bool;
    /// What the rows that are shown fulfil.
    fn filter(&self) -> &Filter;
    /// Shows those of the rows that were read that fulfil what was typed.
    fn set_filter(&mut self, text: &str, viewpoint: &Viewpoint);
    /// Where the row under the cursor stands.
    fn selected_index(&self) -> Option<usize>;
    /// The first row that a viewport of `height` lines shows.
    fn offset(&self, height: usize) -> usize;
    /// Moves the cursor to a row.
    fn select(&mut self, index: usize, height: usize);
    /// Moves the cursor by so many rows.
    fn step(&mut self, count: isize, height: usize);
    /// Lets go of the row. False if there was none.
    fn release(&mut self) -> bool;
    /// By what it is sorted.
    fn sort(&self) -> Option<Sort>;
    /// Sorts it; the row under the cursor stays on its line.
    fn set_sort(&mut self, sort: Option<Sort>, viewpoint: &Viewpoint);
    /// Marks the row under the cursor, or takes its mark away.
    fn toggle_mark(&mut self);
    /// Marks every row from the last one that was marked to the one under the cursor.
    fn mark_range(&mut self);
    /// Marks every row that is shown, or takes their marks away.
    fn mark_all(&mut self);
    /// Takes all marks away. False if there were none.
    fn unmark(&mut self) -> bool;
    /// How many rows are marked, and how many of those are not shown.
    fn marks(&self) -> (usize, usize);
    /// Whether the row shown at `index` is marked.
    fn is_marked(&self, index: usize) -> bool;
    /// Whether the row shown at `index` bears the sign of a new one.
    fn is_new(&self, index: usize, now: Timestamp) -> bool;
    /// How many of the rows that are shown are new and have not been seen.
    fn unseen(&self) -> usize;
    /// Takes the rows in these places for seen.
    fn see(&mut self, places: Range<usize>);
    /// Moves the cursor to the first new row that has not been seen.
    fn choose_unseen(&mut self, height: usize);
    /// Every field of the row shown at `index`.
    fn fields(&self, index: usize, viewpoint: &Viewpoint) -> Vec<(Head, Value)>;
    /// The keys of the marked rows, or of the row under the cursor, as people write them.
    fn target_keys(&self) -> Vec<String>;
    /// The same rows by the fields of the verbs' output, without those that the list no longer holds.
    fn target_records(&self, viewpoint: &Viewpoint) -> Vec<Record>;
    /// Every row that is shown, in the order in which it is shown, by the same fields.
    fn shown_records(&self, viewpoint: &Viewpoint) -> Vec<Record>;
    /// What is known of its columns.
    fn heads(&self, viewpoint: &Viewpoint) -> Vec<Head>;
    /// The cells of the row shown at `index`, for the columns at these places of its table, of these widths.
    fn cells(&self, index: usize, columns: &[(usize, usize)], viewpoint: &Viewpoint) -> Vec<Cell>;
}

impl<R: Row> Browse for List<R> {
    fn reading(&self) -> &Reading {
        &self.reading
    }

    fn reading_mut(&mut self) -> &mut Reading {
        &mut self.reading
    }

    fn ask(&mut self, now: Timestamp) -> u64 {
        self.ask(now)
    }

    fn len(&self) -> usize {
        self.shown().len()
    }

    fn read(&self) -> usize {
        self.rows.len()
    }

    fn has_more(&self) -> bool {
        self.has_more
    }

    fn is_behind(&self) -> bool {
        self.is_behind()
    }

    fn is_cut_short(&self) -> bool {
        self.is_cut_short
    }

    fn filter(&self) -> &Filter {
        self.filter()
    }

    fn set_filter(&mut self, text: &str, viewpoint: &Viewpoint) {
        self.set_filter(text, viewpoint);
    }

    fn selected_index(&self) -> Option<usize> {
        self.selected_index()
    }

    fn offset(&self, height: usize) -> usize {
        self.offset(height)
    }

    fn select(&mut self, index: usize, height: usize) {
        self.select(index, height);
    }

    fn step(&mut self, count: isize, height: usize) {
        self.step(count, height);
    }

    fn release(&mut self) -> bool {
        self.release()
    }

    fn sort(&self) -> Option<Sort> {
        self.sort()
    }

    fn set_sort(&mut self, sort: Option<Sort>, viewpoint: &Viewpoint) {
        self.set_sort(sort, viewpoint);
    }

    fn toggle_mark(&mut self) {
        self.toggle_mark();
    }

    fn mark_range(&mut self) {
        self.mark_range();
    }

    fn mark_all(&mut self) {
        self.mark_all();
    }

    fn unmark(&mut self) -> bool {
        self.unmark()
    }

    fn marks(&self) -> (usize, usize) {
        (self.marked(), if self.marked() == 0 { 0 } else { self.hidden_marks() })
    }

    fn is_marked(&self, index: usize) -> bool {
        self.shown_at(index).is_some_and(|row| self.is_marked(row))
    }

    fn is_new(&self, index: usize, now: Timestamp) -> bool {
        self.shown_at(index).is_some_and(|row| self.is_new(row, now))
    }

    fn unseen(&self) -> usize {
        self.unseen()
    }

    fn see(&mut self, places: Range<usize>) {
        self.see(places);
    }

    fn choose_unseen(&mut self, height: usize) {
        self.choose_unseen(height);
    }

    fn fields(&self, index: usize, viewpoint: &Viewpoint) -> Vec<(Head, Value)> {
        let Some(row) = self.shown_at(index) else { return Vec::new() };
        R::COLUMNS.iter().map(|column| (column.head, column.shown(row, viewpoint))).collect()
    }

    fn target_keys(&self) -> Vec<String> {
        self.targets().iter().map(R::key_text).collect()
    }

    fn target_records(&self, viewpoint: &Viewpoint) -> Vec<Record> {
        let rows: HashMap<R::Key, &R> = self.rows.iter().map(|row| (row.key(), row)).collect();
        self.targets().iter().filter_map(|key| Some(rows.get(key)?.record(viewpoint))).collect()
    }

    fn shown_records(&self, viewpoint: &Viewpoint) -> Vec<Record> {
        self.shown().map(|row| row.record(viewpoint)).collect()
    }

    fn heads(&self, viewpoint: &Viewpoint) -> Vec<Head> {
        R::COLUMNS.iter().map(|column| column.head_at(viewpoint)).collect()
    }

    fn cells(&self, index: usize, columns: &[(usize, usize)], viewpoint: &Viewpoint) -> Vec<Cell> {
        let Some(row) = self.shown_at(index) else { return Vec::new() };
        columns.iter().map(|(place, width)| cell(&R::COLUMNS[*place], row, *width, viewpoint)).collect()
    }
}

/// What a column of this width shows of a row.
fn cell<R: Row>(column: &Column<R>, row: &R, width: usize, viewpoint: &Viewpoint) -> Cell {
    let value = column.shown(row, viewpoint);
    let in_short = |time| viewpoint.telling.zone().in_short(time, viewpoint.now);
    let text = match (column.mark, &value) {
        (Some(_), Value::Absent) => String::new(),
        (Some(mark), _) => mark.to_owned(),
        (None, Value::Time(time)) => in_short(*time),
        (None, value) => match column.time_at(row, viewpoint) {
            Some(time) => in_short(time),
            None => value.shown(column.head.absent, width),
        },
    };
    let text = match (column.gauge)(row, viewpoint) {
        Some((left, whole)) if width >= LEFT_WITH_BAR => format!("{} {text:>LEFT$}", gauge(left, whole, BAR)),
        _ => text,
    };
    (text, (column.role)(row, viewpoint))
}
