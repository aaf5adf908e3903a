//! CSV for spreadsheets. They take a text that begins like a formula for one, so such a text gets an apostrophe before it,
//! as spreadsheets themselves mark what is text.

use std::io;

use authdb_shared::text;
use serde_json::Value;

/// A line, with its end.
pub(super) fn line<'a>(values: impl IntoIterator<Item = &'a Value>) -> io::Result<String> {
    record(values.into_iter().map(cell))
}

/// The line of names.
pub(super) fn names(names: impl IntoIterator<Item = &'static str>) -> io::Result<String> {
    record(names.into_iter().map(str::to_owned))
}

fn record(cells: impl IntoIterator<Item = String>) -> io::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(cells)?;
    let line = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
    String::from_utf8(line).map_err(io::Error::other)
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(stored) => {
            let shown = text::harmless(stored);
            if shown.starts_with(['=', '+', '-', '@', '\t']) { format!("'{shown}") } else { shown }
        }
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join("; "),
        other => text::harmless(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_and_quotes_are_quoted_and_formulas_are_no_formulas() {
        let values = ["a,b".into(), "say \"hi\"".into(), "=cmd|'/C calc'!A0".into(), Value::Null, (-3).into()];
        let line = line(&values).expect("memory takes everything");
        assert_eq!(line, "\"a,b\",\"say \"\"hi\"\"\",'=cmd|'/C calc'!A0,,-3\n");
    }

    #[test]
    fn escape_sequences_do_not_pass() {
        let line = line(&["\u{1b}]0;owned\u{7}".into(), serde_json::json!(["a\u{9b}", "b"])]).expect("it is written");
        assert_eq!(line, "␛]0;owned␇,a\u{fffd}; b\n");
    }
}
