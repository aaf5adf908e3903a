//! What the verbs print: one description of the fields of a row feeds the table, JSON, CSV and the help.
//!
//! The names of the fields are an interface that scripts stand on: they are added to, and never renamed. Text from the
//! database is hostile, so none of the forms lets an escape sequence through; JSON writes such letters as `\u…`, and so
//! still says exactly what is stored.

mod csv;
mod document;
mod json;
mod list;
mod sink;
mod table;

use std::io::IsTerminal;

use authdb_shared::anomaly::Anomaly;
use authdb_shared::{Policy, Timestamp};
use clap::ValueEnum;
use serde_json::Value;

pub(crate) use document::document;
pub(crate) use list::{List, print_one};
pub(crate) use sink::Sink;

/// The form in which rows are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for people; long values are whole, some fields are left out
    Table,
    /// One array of objects
    Json,
    /// One object per line
    Jsonl,
    /// RFC 4180 with a line of names; letters that could harm a terminal or a spreadsheet are replaced
    Csv,
}

impl Format {
    /// What was asked for; else a table where somebody looks at it, and lines of JSON where a program does.
    pub(crate) fn chosen(asked: Option<Self>) -> Self {
        let usual = if std::io::stdout().is_terminal() { Self::Table } else { Self::Jsonl };
        asked.unwrap_or(usual)
    }
}

/// How a table shows a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    /// Not at all: it stands in another column already, or is too long.
    Hidden,
    /// As it is.
    Plain,
    /// A time.
    Time,
    /// A number of seconds.
    Span,
}

/// When rows were read, and by what they are judged.
pub(crate) struct Moment<'a> {
    /// The database's time.
    pub(crate) now: Timestamp,
    /// The policy in force.
    pub(crate) policy: &'a Policy,
}

/// One field of a kind of row.
pub(crate) struct Field<T: 'static> {
    /// Its name, in every form of output.
    pub(crate) name: &'static str,
    /// How a table shows it.
    pub(crate) cell: Cell,
    /// Its value.
    pub(crate) value: fn(&T, &Moment<'_>) -> Value,
}

impl<T> Field<T> {
    pub(crate) const fn new(name: &'static str, cell: Cell, value: fn(&T, &Moment<'_>) -> Value) -> Self {
        Self { name, cell, value }
    }
}

/// The names and values of a row.
pub(crate) fn values<T>(fields: &[Field<T>], row: &T, moment: &Moment<'_>) -> Vec<(&'static str, Value)> {
    fields.iter().map(|field| (field.name, (field.value)(row, moment))).collect()
}

/// A row as one line of JSON, exactly as the verbs print it.
pub(crate) fn json_line(values: &[(&'static str, Value)]) -> std::io::Result<String> {
    json::line(&json::Object(values))
}

/// A time as every form but the table has it.
pub(crate) fn time(time: Option<Timestamp>) -> Value {
    time.map_or(Value::Null, |time| time.rfc3339().into())
}

/// A span in whole seconds.
pub(crate) fn seconds(span: Option<std::time::Duration>) -> Value {
    span.map_or(Value::Null, |span| span.as_secs().into())
}

/// What should not be about a row, a sentence each; mostly none.
pub(crate) fn sentences(anomalies: &[Anomaly]) -> Value {
    anomalies.iter().map(ToString::to_string).collect()
}

/// The names of the fields for a help text, one of which says what should not be.
pub(crate) fn names_with_anomalies<T>(fields: &[Field<T>]) -> String {
    format!("{}\nanomalies are sentences about what should not be; mostly there are none.", names(fields))
}

/// The names of the fields for a help text.
pub(crate) fn names<T>(fields: &[Field<T>]) -> String {
    let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
    names.join(", ")
}
