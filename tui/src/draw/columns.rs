//! Columns of text whose cells are cut to fit, in terminal cells and not in characters, so that wide and hostile text
//! leaves everything beside it where it belongs.

use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::format::fit;
use super::style;
use crate::app::{Cell, Shown, Sort};
use crate::table::{Head, Role, WIDE, Width};

/// What stands in front of a row.
#[derive(Clone, Copy, Default)]
pub(super) struct Marks {
    pub(super) is_selected: bool,
    pub(super) is_marked: bool,
    pub(super) is_new: bool,
}

impl Marks {
    /// Cells that they take.
    const WIDTH: usize = 2;

    fn shown(self) -> &'static str {
        match (self.is_selected, self.is_marked, self.is_new) {
            (false, false, false) => "  ",
            (true, false, false) => "▶ ",
            (false, false, true) => " +",
            (true, false, true) => "▶+",
            // That a row is about to be acted on matters more than that it is new.
            (false, true, _) => " ●",
            (true, true, _) => "▶●",
        }
    }
}

/// A column where it is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed {
    /// Its place in the table.
    pub(super) place: usize,
    /// Its first cell.
    x: usize,
    /// Its cells, without the gap behind it.
    pub(super) width: usize,
    head: Head,
}

/// The columns that `total` cells have room for, from left to right.
pub(super) fn place(shown: &[Shown], total: u16) -> Vec<Placed> {
    let fixed = |head: &Head| match head.width {
        Width::CellsOrWide(cells, _) if total < WIDE => cells,
        Width::Cells(cells) | Width::CellsOrWide(_, cells) => cells,
        Width::Rest(_) | Width::Unlisted => 0,
    };
    let share = |head: &Head| if let Width::Rest(share) = head.width { share } else { 0 };
    let shown: Vec<&Shown> = shown.iter().filter(|it| total >= it.head.from).collect();
    let gaps = Marks::WIDTH + shown.len().saturating_sub(1);
    let rest = usize::from(total).saturating_sub(gaps + shown.iter().map(|it| fixed(&it.head)).sum::<usize>());
    let shares = shown.iter().map(|it| share(&it.head)).sum::<usize>().max(1);
    let mut x = Marks::WIDTH;
    let placed = shown.into_iter().map(|Shown { place, head }| {
        let column = Placed { place: *place, x, width: fixed(head) + rest * share(head) / shares, head: *head };
        x += column.width + 1;
        column
    });
    placed.collect()
}

/// Those of the columns, by their places in the table, that a terminal of so many cells shows whole.
pub(super) fn visible(columns: &[Placed], total: u16) -> Vec<usize> {
    let visible = columns.iter().filter(|column| column.width > 0 && column.x + column.width <= usize::from(total));
    visible.map(|column| column.place).collect()
}

/// The column that a cell of a line belongs to, by its place in the table; the gap behind a column is part of it.
pub(super) fn at(columns: &[Placed], x: usize) -> Option<usize> {
    columns.iter().find(|column| (column.x..=column.x + column.width).contains(&x)).map(|column| column.place)
}

/// The heads of the columns.
pub(super) fn heads(columns: &[Placed], sort: Option<Sort>) -> Line<'static> {
    let head = |column: &Placed| {
        let arrow = match sort {
            Some(sort) if sort.column == column.place && sort.is_descending => "↓",
            Some(sort) if sort.column == column.place => "↑",
            _ => "",
        };
        let role = if arrow.is_empty() { Role::Faint } else { Role::Strong };
        (format!("{}{arrow}", fit(column.head.title, column.width.saturating_sub(arrow.width()))), role)
    };
    line(columns, columns.iter().map(head).collect(), Marks::default())
}

/// One row.
pub(super) fn row(columns: &[Placed], cells: Vec<Cell>, marks: Marks) -> Line<'static> {
    let line = line(columns, cells, marks);
    if marks.is_selected { line.patch_style(style::SELECTED) } else { line }
}

fn line(columns: &[Placed], cells: Vec<Cell>, marks: Marks) -> Line<'static> {
    let mut spans = vec![Span::raw(marks.shown())];
    for (Placed { width, head, .. }, (text, role)) in columns.iter().zip(cells) {
        let shown = fit(&text, *width);
        let padding = " ".repeat(width.saturating_sub(shown.width()));
        let padded = if head.is_right { format!("{padding}{shown} ") } else { format!("{shown}{padding} ") };
        spans.push(Span::styled(padded, style::of(role)));
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Kind;

    const fn head(title: &'static str, width: Width, is_right: bool) -> Head {
        Head { field: "", title, width, kind: Kind::Text, is_right, from: 0, absent: "" }
    }

    fn placed(total: u16) -> Vec<Placed> {
        let heads = [
            head("CODE", Width::Cells(6), false),
            head("CLIENT", Width::Rest(1), false),
            head("LEFT", Width::Cells(5), true),
        ];
        let shown = heads.into_iter().enumerate().map(|(place, head)| Shown { place, head }).collect::<Vec<_>>();
        place(&shown, total)
    }

    #[test]
    fn rows_are_as_wide_as_the_terminal_whatever_they_hold() {
        for text in ["plain", "山田太郎山田太郎山田太郎山田太郎", "e\u{301}e\u{301}", ""] {
            let cells = ["ABCDEFGHI", text, "9m"].map(|text| (text.to_owned(), Role::Plain)).to_vec();
            let line = row(&placed(40), cells, Marks { is_selected: true, is_marked: true, is_new: true });
            assert_eq!(line.width(), 41, "{text}: one gap behind the last column");
            assert!(line.to_string().ends_with("   9m "), "{line}");
        }
    }

    #[test]
    fn a_narrow_terminal_leaves_nothing_for_the_rest() {
        let widths: Vec<usize> = placed(5).iter().map(|column| column.width).collect();
        assert_eq!(widths, [6, 0, 5]);
    }

    #[test]
    fn every_cell_below_a_head_belongs_to_its_column() {
        let columns = placed(40);
        let heads = heads(&columns, None).to_string();
        for (title, place) in [("CODE", 0), ("CLIENT", 1), ("LEFT", 2)] {
            let x = heads.find(title).expect("it is shown");
            assert!((x..x + title.len()).all(|x| at(&columns, x) == Some(place)), "{title}");
        }
        assert_eq!((at(&columns, 0), at(&columns, 41)), (None, None), "marks and what lies beyond are no column");
    }
}
