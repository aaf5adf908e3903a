//! Tables for people: aligned by the cells that letters really take, and never cut, since what is cut cannot be copied.

use std::time::Duration;

use authdb_shared::text;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde_json::Value;

use super::Cell;

/// Stands where there is nothing.
const NOTHING: &str = "-";

/// A value as a table shows it.
pub(super) fn shown(value: &Value, cell: Cell) -> String {
    match (value, cell) {
        (Value::Null, _) => NOTHING.to_owned(),
        (Value::String(stored), Cell::Time) => {
            text::harmless(stored).replace('T', " ").split('.').next().unwrap_or_default().to_owned()
        }
        (Value::Number(seconds), Cell::Span) => {
            let span = Duration::from_secs(seconds.as_u64().unwrap_or_default());
            humantime::format_duration(span).to_string()
        }
        (Value::String(stored), _) if stored.is_empty() => NOTHING.to_owned(),
        (Value::String(stored), _) => text::harmless(stored),
        (Value::Bool(true), _) => "yes".to_owned(),
        (Value::Bool(false), _) => "no".to_owned(),
        (Value::Array(items), _) if items.is_empty() => NOTHING.to_owned(),
        (Value::Array(items), _) => items.iter().map(|item| shown(item, Cell::Plain)).collect::<Vec<_>>().join(", "),
        (other, _) => text::harmless(&other.to_string()),
    }
}

/// Rows under their names.
pub(super) fn columns(titles: &[String], rows: &[Vec<String>]) -> String {
    let mut table = bare();
    table.set_header(titles.iter().map(|title| title.to_uppercase()));
    table.add_rows(rows);
    text_of(&table)
}

/// One row, a line for each field.
pub(super) fn lines(fields: &[(String, String)]) -> String {
    let mut table = bare();
    table.add_rows(fields.iter().map(|(title, value)| [title, value]));
    text_of(&table)
}

fn bare() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table
}

fn text_of(table: &Table) -> String {
    let mut table = table.clone();
    for column in table.column_iter_mut() {
        column.set_padding((0, 2)).set_cell_alignment(CellAlignment::Left);
    }
    table.trim_fmt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_letters_keep_the_columns_aligned() {
        let rows = [vec!["東京".to_owned(), "x".to_owned()], vec!["ab".to_owned(), "y".to_owned()]];
        let table = columns(&["sub".to_owned(), "left".to_owned()], &rows);
        assert_eq!(table, "SUB   LEFT\n東京  x\nab    y");
    }

    #[test]
    fn people_read_times_and_spans_and_no_escape_sequences() {
        assert_eq!(shown(&"2026-11-18T11:06:40.123Z".into(), Cell::Time), "2026-11-18 11:06:40");
        assert_eq!(shown(&272.into(), Cell::Span), "4m 32s");
        assert_eq!(shown(&"\u{1b}[2J".into(), Cell::Plain), "␛[2J");
        assert_eq!(shown(&Value::Null, Cell::Time), "-");
    }
}
