//! Columns of text whose cells are cut to fit, in terminal cells and not in characters, so that wide and hostile text
//! leaves everything beside it where it belongs.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::format::fit;
use super::style;

/// A column.
#[derive(Clone, Copy)]
pub(super) struct Column {
    pub(super) title: &'static str,
    width: Width,
    is_right: bool,
    /// Terminals narrower than this do without it.
    from: u16,
}

#[derive(Clone, Copy)]
enum Width {
    Cells(usize),
    /// A share of what the others leave.
    Rest(usize),
}

/// A cell: text that is already harmless, and its style.
pub(super) type Cell = (String, Style);

impl Column {
    pub(super) const fn cells(title: &'static str, width: usize) -> Self {
        Self { title, width: Width::Cells(width), is_right: false, from: 0 }
    }

    pub(super) const fn right(title: &'static str, width: usize) -> Self {
        Self { title, width: Width::Cells(width), is_right: true, from: 0 }
    }

    pub(super) const fn rest(title: &'static str, share: usize) -> Self {
        Self { title, width: Width::Rest(share), is_right: false, from: 0 }
    }

    /// The same for terminals of at least this width only.
    pub(super) const fn from(self, width: u16) -> Self {
        Self { from: width, ..self }
    }

    /// Whether a terminal of this width shows it.
    pub(super) fn is_shown(&self, width: u16) -> bool {
        width >= self.from
    }
}

/// The mark in front of the row under the cursor, and the blank in front of the others.
const MARK: [&str; 2] = ["  ", "▶ "];

/// The widths of `columns` in `total` cells.
pub(super) fn widths(columns: &[Column], total: usize) -> Vec<usize> {
    let gaps = MARK[0].len() + columns.len().saturating_sub(1);
    let fixed: usize =
        columns.iter().map(|column| if let Width::Cells(cells) = column.width { cells } else { 0 }).sum();
    let shares: usize =
        columns.iter().map(|column| if let Width::Rest(share) = column.width { share } else { 0 }).sum();
    let rest = total.saturating_sub(gaps + fixed);
    columns
        .iter()
        .map(|column| match column.width {
            Width::Cells(cells) => cells,
            Width::Rest(share) => rest * share / shares.max(1),
        })
        .collect()
}

/// The heads of the columns.
pub(super) fn heads(columns: &[Column], widths: &[usize]) -> Line<'static> {
    let cells = columns.iter().map(|column| (column.title.to_owned(), style::FAINT)).collect();
    line(columns, widths, cells, false)
}

/// One row.
pub(super) fn row(columns: &[Column], widths: &[usize], cells: Vec<Cell>, is_selected: bool) -> Line<'static> {
    let line = line(columns, widths, cells, is_selected);
    if is_selected { line.patch_style(style::SELECTED) } else { line }
}

fn line(columns: &[Column], widths: &[usize], cells: Vec<Cell>, is_selected: bool) -> Line<'static> {
    let mut spans = vec![Span::raw(MARK[usize::from(is_selected)])];
    for ((column, width), (text, style)) in columns.iter().zip(widths).zip(cells) {
        let shown = fit(&text, *width);
        let padding = " ".repeat(width.saturating_sub(shown.width()));
        let padded = if column.is_right { format!("{padding}{shown} ") } else { format!("{shown}{padding} ") };
        spans.push(Span::styled(padded, style));
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [Column::cells("CODE", 6), Column::rest("CLIENT", 1), Column::right("LEFT", 5)];

    #[test]
    fn rows_are_as_wide_as_the_terminal_whatever_they_hold() {
        let widths = widths(&COLUMNS, 40);
        for text in ["plain", "山田太郎山田太郎山田太郎山田太郎", "e\u{301}e\u{301}", ""] {
            let cells = vec![
                ("ABCDEFGHI".to_owned(), style::PLAIN),
                (text.to_owned(), style::PLAIN),
                ("9m".to_owned(), style::PLAIN),
            ];
            let line = row(&COLUMNS, &widths, cells, true);
            assert_eq!(line.width(), 41, "{text}: one gap behind the last column");
            assert!(line.to_string().ends_with("   9m "), "{line}");
        }
    }

    #[test]
    fn a_narrow_terminal_leaves_nothing_for_the_rest() {
        assert_eq!(widths(&COLUMNS, 5), [6, 0, 5]);
    }
}
