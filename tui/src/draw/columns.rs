//! Columns of text whose cells are cut to fit, in terminal cells and not in characters, so that wide and hostile text
//! leaves everything beside it where it belongs.

use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::format::fit;
use super::style;
use crate::app::{Cell, Sort};
use crate::table::{Head, Role, WIDE, Width};

/// What stands in front of a row.
#[derive(Clone, Copy, Default)]
pub(super) struct Marks {
    pub(super) is_selected: bool,
    pub(super) is_marked: bool,
}

impl Marks {
    /// Cells that they take.
    const WIDTH: usize = 2;

    fn shown(self) -> &'static str {
        match (self.is_selected, self.is_marked) {
            (false, false) => "  ",
            (true, false) => "▶ ",
            (false, true) => " ●",
            (true, true) => "▶●",
        }
    }
}

/// The widths of columns in `total` cells; `None` for a column that is not shown there.
pub(super) fn widths(heads: &[Head], total: u16) -> Vec<Option<usize>> {
    let is_shown = |head: &Head| total >= head.from && head.width != Width::Unlisted;
    let fixed = |head: &Head| match head.width {
        Width::CellsOrWide(cells, _) if total < WIDE => cells,
        Width::Cells(cells) | Width::CellsOrWide(_, cells) => cells,
        Width::Rest(_) | Width::Unlisted => 0,
    };
    let share = |head: &Head| if let Width::Rest(share) = head.width { share } else { 0 };
    let shown = || heads.iter().filter(|head| is_shown(head));
    let gaps = Marks::WIDTH + shown().count().saturating_sub(1);
    let rest = usize::from(total).saturating_sub(gaps + shown().map(fixed).sum::<usize>());
    let shares = shown().map(share).sum::<usize>().max(1);
    heads.iter().map(|head| is_shown(head).then(|| fixed(head) + rest * share(head) / shares)).collect()
}

/// The heads of the columns.
pub(super) fn heads(heads: &[Head], widths: &[Option<usize>], sort: Option<Sort>) -> Line<'static> {
    let arrow = |column| match sort {
        Some(sort) if sort.column == column && sort.is_descending => "↓",
        Some(sort) if sort.column == column => "↑",
        _ => "",
    };
    let shown = heads.iter().enumerate().zip(widths).filter_map(|(head, width)| Some((head, (*width)?)));
    let cells = shown
        .map(|((column, head), width)| {
            let arrow = arrow(column);
            let role = if arrow.is_empty() { Role::Faint } else { Role::Strong };
            (format!("{}{arrow}", fit(head.title, width.saturating_sub(arrow.width()))), role)
        })
        .collect();
    line(heads, widths, cells, Marks::default())
}

/// One row.
pub(super) fn row(heads: &[Head], widths: &[Option<usize>], cells: Vec<Cell>, marks: Marks) -> Line<'static> {
    let line = line(heads, widths, cells, marks);
    if marks.is_selected { line.patch_style(style::SELECTED) } else { line }
}

fn line(heads: &[Head], widths: &[Option<usize>], cells: Vec<Cell>, marks: Marks) -> Line<'static> {
    let mut spans = vec![Span::raw(marks.shown())];
    let shown = heads.iter().zip(widths).filter_map(|(head, width)| Some((head, (*width)?)));
    for ((head, width), (text, role)) in shown.zip(cells) {
        let shown = fit(&text, width);
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

    const HEADS: [Head; 3] = [
        head("CODE", Width::Cells(6), false),
        head("CLIENT", Width::Rest(1), false),
        head("LEFT", Width::Cells(5), true),
    ];

    #[test]
    fn rows_are_as_wide_as_the_terminal_whatever_they_hold() {
        let widths = widths(&HEADS, 40);
        for text in ["plain", "山田太郎山田太郎山田太郎山田太郎", "e\u{301}e\u{301}", ""] {
            let cells = ["ABCDEFGHI", text, "9m"].map(|text| (text.to_owned(), Role::Plain)).to_vec();
            let line = row(&HEADS, &widths, cells, Marks { is_selected: true, is_marked: true });
            assert_eq!(line.width(), 41, "{text}: one gap behind the last column");
            assert!(line.to_string().ends_with("   9m "), "{line}");
        }
    }

    #[test]
    fn a_narrow_terminal_leaves_nothing_for_the_rest() {
        assert_eq!(widths(&HEADS, 5), [Some(6), Some(0), Some(5)]);
    }
}
