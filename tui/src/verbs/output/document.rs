//! Rows that are known already as one text, for a file: the same, letter by letter, as the verbs print them.

use std::io;

use serde_json::Value;

use super::{Format, csv, json_line};

/// Rows in a form that a program reads. A table is for people, and never the form of a file.
pub(crate) fn document(format: Format, rows: &[Vec<(&'static str, Value)>]) -> io::Result<String> {
    let lines = |begin: &str, between: &str, end: &str| {
        let lines: Vec<String> = rows.iter().map(|row| json_line(row)).collect::<io::Result<_>>()?;
        Ok(format!("{begin}{}{end}", lines.join(between)))
    };
    match format {
        _ if rows.is_empty() => Ok(String::new()),
        Format::Json => lines("[\n  ", ",\n  ", "\n]\n"),
        Format::Jsonl | Format::Table => lines("", "\n", "\n"),
        Format::Csv => {
            let names = rows.first().into_iter().flatten().map(|(name, _)| *name);
            let mut text = csv::names(names)?;
            for row in rows {
                text.push_str(&csv::line(row.iter().map(|(_, value)| value))?);
            }
            Ok(text)
        }
    }
}
