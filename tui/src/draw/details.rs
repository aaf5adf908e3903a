//! The details: every field of the row under the cursor, whole, and what can be done with it.

use ratatui::text::{Line, Span, Text};

use super::dialogs::Content;
use super::format::{harmless, span};
use super::style;
use crate::app::App;
use crate::command::COMMANDS;
use crate::table::{Value, Viewpoint};

pub(super) fn content(app: &App) -> Content {
    let viewpoint = app.viewpoint();
    let fields = app.list().and_then(|list| Some(list.fields(list.selected_index()?, &viewpoint))).unwrap_or_default();
    let width = fields.iter().map(|(head, _)| head.title.len()).max().unwrap_or_default();
    let line = |(head, value): &(crate::table::Head, Value)| {
        let title = Span::styled(format!("{:width$}  ", head.title.to_lowercase()), style::FAINT);
        Line::from(vec![title, Span::raw(whole(value, head.absent, &viewpoint))])
    };
    let mut lines: Vec<Line> = fields.iter().map(line).collect();
    if lines.is_empty() {
        lines.push(Line::raw("The row is no longer in the list."));
    }
    let offered =
        COMMANDS.iter().filter(|entry| entry.is_change && entry.is_on(app.screen) && entry.refusal(app).is_none());
    let mut keys: Vec<(String, &'static str)> =
        offered.map(|entry| (app.keys.way_to(entry.command), entry.hint)).collect();
    keys.push(("Esc".to_owned(), "back to the list"));
    Content { title: format!("{}: one row", app.screen.title()), text: Text::from(lines), keys, cursor: None }
}

/// A value with nothing cut off, and a time also as people reckon it.
fn whole(value: &Value, absent: &str, at: &Viewpoint) -> String {
    match value {
        Value::Absent if absent.is_empty() => "-".to_owned(),
        Value::Time(time) => format!("{} ({} ago)", at.telling.whole(*time), span(at.now.since(*time))),
        Value::Key(key) => harmless(key),
        value => value.shown(absent, usize::MAX),
    }
}
