//! A list on its way out, row by row, so that a million rows need the memory of a page.

use std::io;

use serde_json::Value;

use super::json::Object;
use super::{Cell, Field, Format, Moment, Sink, csv, json, table, values};

/// Rows of one kind.
pub(crate) struct List<'a, T: 'static> {
    sink: &'a mut Sink,
    format: Format,
    fields: &'static [Field<T>],
    /// How many rows were added.
    rows: u64,
    /// The rows of a table, which must all be known before its columns are.
    cells: Vec<Vec<String>>,
}

impl<'a, T> List<'a, T> {
    pub(crate) fn begin(sink: &'a mut Sink, format: Format, fields: &'static [Field<T>]) -> io::Result<Self> {
        match format {
            Format::Table | Format::Jsonl => {}
            Format::Json => sink.attempt(|out| write!(out, "["))?,
            Format::Csv => {
                let names = csv::names(fields.iter().map(|field| field.name))?;
                sink.attempt(|out| write!(out, "{names}"))?;
            }
        }
        Ok(Self { sink, format, fields, rows: 0, cells: Vec::new() })
    }

    /// Adds a row.
    pub(crate) fn add(&mut self, row: &T, moment: &Moment<'_>) -> io::Result<()> {
        let values = values(self.fields, row, moment);
        match self.format {
            Format::Table => self.cells.push(cells(self.fields, &values)),
            Format::Json => {
                let (line, comma) = (json::line(&Object(&values))?, if self.rows > 0 { "," } else { "" });
                self.sink.attempt(|out| write!(out, "{comma}\n  {line}"))?;
            }
            Format::Jsonl => {
                let line = json::line(&Object(&values))?;
                self.sink.line(&line)?;
            }
            Format::Csv => {
                let line = csv::line(values.iter().map(|(_, value)| value))?;
                self.sink.attempt(|out| write!(out, "{line}"))?;
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// How many rows were added.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Hands on what was added so far. True while somebody reads it.
    pub(crate) fn hand_on(&mut self) -> io::Result<bool> {
        self.sink.finish()?;
        Ok(!self.sink.is_closed())
    }

    /// Ends the list.
    pub(crate) fn end(self) -> io::Result<u64> {
        match self.format {
            Format::Table if self.rows == 0 => {}
            Format::Table => {
                let shown = self.fields.iter().filter(|field| field.cell != Cell::Hidden);
                let titles: Vec<String> = shown.map(title).collect();
                self.sink.line(&table::columns(&titles, &self.cells))?;
            }
            Format::Json => {
                let line_end = if self.rows > 0 { "\n" } else { "" };
                self.sink.attempt(|out| writeln!(out, "{line_end}]"))?;
            }
            Format::Jsonl | Format::Csv => {}
        }
        self.sink.finish()?;
        Ok(self.rows)
    }
}

/// Prints one row by itself: all of its fields.
pub(crate) fn print_one<T>(
    sink: &mut Sink,
    format: Format,
    fields: &'static [Field<T>],
    row: &T,
    moment: &Moment<'_>,
) -> io::Result<()> {
    let values = values(fields, row, moment);
    match format {
        Format::Table => {
            let shown = |(field, (_, value)): (&Field<T>, &(&'static str, Value))| {
                let cell = if field.cell == Cell::Hidden { Cell::Plain } else { field.cell };
                (title(field), table::shown(value, cell))
            };
            let lines: Vec<(String, String)> = fields.iter().zip(&values).map(shown).collect();
            sink.line(&table::lines(&lines))?;
        }
        Format::Json | Format::Jsonl => {
            let line = json::line(&Object(&values))?;
            sink.line(&line)?;
        }
        Format::Csv => {
            let mut list = List::begin(sink, format, fields)?;
            list.add(row, moment)?;
            list.end()?;
        }
    }
    sink.finish()
}

/// What a table calls a field.
fn title<T>(field: &Field<T>) -> String {
    let words = field.name.trim_end_matches("_seconds").replace('_', " ");
    if field.cell == Cell::Time { format!("{words} (UTC)") } else { words }
}

fn cells<T>(fields: &[Field<T>], values: &[(&'static str, Value)]) -> Vec<String> {
    let shown = fields.iter().zip(values).filter(|(field, _)| field.cell != Cell::Hidden);
    shown.map(|(field, (_, value))| table::shown(value, field.cell)).collect()
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::io::Write;
    use std::rc::Rc;

    use authdb_shared::{Policy, Timestamp};

    use super::*;

    const FIELDS: &[Field<(&str, u64)>] = &[
        Field::new("code", Cell::Plain, |row, _| row.0.into()),
        Field::new("left_seconds", Cell::Span, |row, _| row.1.into()),
        Field::new("long", Cell::Hidden, |_, moment| moment.now.rfc3339().into()),
    ];

    #[derive(Clone, Default)]
    struct Page(Rc<RefCell<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn printed(format: Format, rows: &[(&'static str, u64)]) -> String {
        let page = Page::default();
        let mut sink = Sink::to(page.clone());
        let moment = Moment {
            now: Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar"),
            policy: &Policy::default(),
        };
        let mut list = List::begin(&mut sink, format, FIELDS).expect("memory takes everything");
        for row in rows {
            list.add(row, &moment).expect("memory takes everything");
        }
        assert_eq!(list.end().expect("memory takes everything"), rows.len() as u64);
        let bytes = page.0.borrow().clone();
        String::from_utf8(bytes).expect("it is UTF-8")
    }

    const ROWS: [(&str, u64); 2] = [("BCDF-GHJK", 61), ("LMNP-QRST", 2)];

    #[test]
    fn every_form_says_the_same() {
        assert_eq!(printed(Format::Table, &ROWS), "CODE       LEFT\nBCDF-GHJK  1m 1s\nLMNP-QRST  2s\n");
        let lines = "{\"code\":\"BCDF-GHJK\",\"left_seconds\":61,\"long\":\"2026-11-18T11:06:40.000Z\"}\n\
                     {\"code\":\"LMNP-QRST\",\"left_seconds\":2,\"long\":\"2026-11-18T11:06:40.000Z\"}\n";
        assert_eq!(printed(Format::Jsonl, &ROWS), lines);
        let array: Value = serde_json::from_str(&printed(Format::Json, &ROWS)).expect("one array");
        assert_eq!(array[1]["code"], "LMNP-QRST");
        let csv = "code,left_seconds,long\nBCDF-GHJK,61,2026-11-18T11:06:40.000Z\n\
                   LMNP-QRST,2,2026-11-18T11:06:40.000Z\n";
        assert_eq!(printed(Format::Csv, &ROWS), csv);
    }

    #[test]
    fn an_empty_list_is_still_what_a_program_can_read() {
        assert_eq!(printed(Format::Json, &[]), "[]\n");
        assert_eq!(printed(Format::Csv, &[]), "code,left_seconds,long\n");
        assert_eq!(printed(Format::Jsonl, &[]), "");
        assert_eq!(printed(Format::Table, &[]), "");
    }
}
