//! The details: every field of the row under the cursor, whole, and what can be done with it.

use ratatui::text::{Line, Span, Text};

use super::dialogs::{self, Content};
use super::format::{harmless, span};
use super::style;
use super::wrapping::hanging;
use crate::app::App;
use crate::command::COMMANDS;
use crate::table::{Head, Value, Viewpoint};

pub(super) fn content(app: &App) -> Content {
    let viewpoint = app.viewpoint();
    let fields = app.list().and_then(|list| Some(list.fields(list.selected_index()?, &viewpoint))).unwrap_or_default();
    let width = fields.iter().map(|(head, _)| name(head).len()).max().unwrap_or_default();
    let line = |(head, value): &(Head, Value)| {
        let name = Span::styled(format!("{:width$}  ", name(head)), style::FAINT);
        let line = Line::from(vec![name, Span::raw(whole(value, head.absent, &viewpoint))]);
        hanging(app.veil.line(line), dialogs::inner_width(app), width + 2)
    };
    let mut lines: Vec<Line> = fields.iter().flat_map(line).collect();
    if lines.is_empty() {
        lines.push(Line::raw("The row is no longer in the list."));
    }
    let offered =
        COMMANDS.iter().filter(|entry| entry.is_change && entry.is_on(app.screen) && entry.refusal(app).is_none());
    let mut keys: Vec<(String, &'static str)> =
        offered.map(|entry| (app.keys.way_to(entry.command), entry.hint)).collect();
    keys.push(("Esc".to_owned(), "back to the list"));
    Content { title: format!("{}: one row", app.screen.title()), text: Text::from(lines), keys, ..Content::default() }
}

/// What a field is called: by the head of its column, and by the name that a filter and the configuration know.
fn name(head: &Head) -> String {
    let title = head.title.to_lowercase();
    let is_clear = title.replace(' ', "_") == head.field || !title.contains(char::is_alphabetic);
    if is_clear { head.field.to_owned() } else { format!("{title} ({})", head.field) }
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
