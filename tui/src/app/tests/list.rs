//! A list under a cursor: what moves with which row, in what order rows stand, and what is marked.

use super::*;
use crate::table::{Column, Record, Row, Value, Width};
use crate::telling::Telling;

#[derive(Debug, PartialEq)]
struct Numbered(u32);

impl Row for Numbered {
    type Key = u32;

    const COLUMNS: &'static [Column<Self>] =
        &[Column::<Self>::new("last_digit", "LAST DIGIT", Width::Cells(1), |row, _| match row.0 % 10 {
            9 => Value::Absent,
            digit => Value::Count(u64::from(digit)),
        })];

    fn key(&self) -> u32 {
        self.0
    }

    fn key_text(key: &u32) -> String {
        key.to_string()
    }

    fn record(&self, _: &Viewpoint) -> Record {
        vec![("number", self.0.into())]
    }
}

fn now() -> Timestamp {
    Timestamp::from_unix_millis(0).expect("the epoch")
}

fn viewpoint() -> Viewpoint {
    Viewpoint {
        now: now(),
        policy: authdb_shared::Policy::default(),
        telling: Telling::default(),
        veil: std::sync::Arc::default(),
    }
}

fn fill(list: &mut List<Numbered>, numbers: impl IntoIterator<Item = u32>) {
    let generation = list.reading.ask(now());
    let rows = numbers.into_iter().map(Numbered).collect();
    assert!(list.answer(generation, Ok(Page::whole(rows, now())), &viewpoint(), now()));
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
    let old = list.reading.ask(now());
    list.reading.ask(now());
    assert!(!list.answer(old, Ok(Page::whole(vec![Numbered(1)], now())), &viewpoint(), now()));
    assert!(list.rows.is_empty());
}

#[test]
fn rows_stay_when_reading_fails() {
    let mut list = List::default();
    fill(&mut list, 0..3);
    let generation = list.reading.ask(now());
    assert!(list.answer(generation, Err(DbError::ReadOnly), &viewpoint(), now()));
    assert_eq!((list.rows.len(), list.reading.freshness(now()).error.is_some()), (3, true));
}

fn shown(list: &List<Numbered>) -> Vec<u32> {
    list.shown().map(|row| row.0).collect()
}

#[test]
fn sorting_keeps_the_order_of_equals_and_puts_what_is_absent_last() {
    let mut list = List::default();
    fill(&mut list, [21, 9, 12, 11, 22]);
    list.set_sort(Some(Sort { column: 0, is_descending: false }), &viewpoint());
    assert_eq!(shown(&list), [21, 11, 12, 22, 9]);
    list.set_sort(Some(Sort { column: 0, is_descending: true }), &viewpoint());
    assert_eq!(shown(&list), [12, 22, 21, 11, 9]);
    list.set_sort(None, &viewpoint());
    assert_eq!(shown(&list), [21, 9, 12, 11, 22]);
}

proptest::proptest! {
    #[test]
    fn sorting_is_a_stable_permutation(rows in proptest::collection::vec(0..60_u32, 0..40), is_descending: bool) {
        let mut list = List::default();
        let rows: Vec<u32> = rows.into_iter().collect::<indexmap::IndexSet<u32>>().into_iter().collect();
        fill(&mut list, rows.iter().copied());
        list.set_sort(Some(Sort { column: 0, is_descending }), &viewpoint());
        let mut expected = rows;
        // The absent last; `sort_by_key` is stable.
        expected.sort_by_key(|row| match row % 10 {
            9 => (1, 0),
            digit => (0, if is_descending { 9 - digit } else { digit }),
        });
        proptest::prop_assert_eq!(shown(&list), expected);
    }
}

#[test]
fn sorting_leaves_the_row_under_the_cursor_on_its_line() {
    let mut list = List::default();
    fill(&mut list, (0..40).map(|number| (number * 7) % 40));
    list.select(25, 8);
    let (row, line) = (list.selected().map(|row| row.0), 25 - list.offset(8));
    list.set_sort(Some(Sort { column: 0, is_descending: false }), &viewpoint());
    let index = list.selected_index().expect("the cursor holds on");
    assert_eq!((list.selected().map(|row| row.0), index - list.offset(8)), (row, line));
}

#[test]
fn marks_outlive_the_sight_of_their_rows() {
    let mut list = List::default();
    fill(&mut list, 0..10);
    list.select(2, 8);
    list.toggle_mark();
    list.select(5, 8);
    list.mark_range();
    assert_eq!(list.targets(), [2, 3, 4, 5]);
    fill(&mut list, 4..10);
    assert_eq!((list.targets(), list.hidden_marks()), (vec![2, 3, 4, 5], 2));
    assert!(list.unmark());
    assert_eq!(list.targets(), [5], "without marks it is the row under the cursor");
}

#[test]
fn marking_all_marks_what_is_shown_and_again_unmarks_it() {
    let mut list = List::default();
    fill(&mut list, 0..3);
    list.mark_all();
    fill(&mut list, 2..6);
    list.mark_all();
    assert_eq!(list.targets(), [0, 1, 2, 3, 4, 5]);
    list.mark_all();
    assert_eq!(list.targets(), [0, 1]);
}
