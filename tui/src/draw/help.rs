//! The help: every key of the screen in view, by what it is for.

use ratatui::text::{Line, Span, Text};

use super::dialogs::{self, Content};
use super::style;
use super::wrapping::hanging;
use crate::app::App;
use crate::command::{COMMANDS, Command, Entry, Group};

/// Keys of a command that the help shows; the rest are for those who know them from elsewhere.
const KEYS_SHOWN: usize = 2;
/// Of more keys than this on one line, as those of the screens, the first and the last are enough.
const MANY: usize = 4;
/// Cells for keys.
const KEY_CELLS: usize = 11;

/// What can be done on the screen in view.
pub(super) fn content(app: &App) -> Content {
    let mut lines = Vec::new();
    for group in Group::ALL {
        let entries = COMMANDS.iter().filter(|entry| entry.group == group && entry.is_on(app.screen));
        let of_group = together(entries);
        if of_group.is_empty() {
            continue;
        }
        if !lines.is_empty() {
            lines.push(Line::raw(""));
        }
        lines.push(Line::styled(group.title(), style::STRONG));
        let width = dialogs::inner_width(app);
        lines.extend(of_group.iter().flat_map(|entries| hanging(line(app, entries), width, KEY_CELLS + 2)));
    }
    Content {
        title: format!("Keys on {}", app.screen.title()),
        text: Text::from(lines),
        keys: vec![("Esc".to_owned(), "back to the screen")],
        ..Content::default()
    }
}

/// What belongs together shares a line, and so do the screens.
fn together<'a>(entries: impl Iterator<Item = &'a Entry>) -> Vec<Vec<&'a Entry>> {
    let mut lines: Vec<Vec<&Entry>> = Vec::new();
    let is_screen = |entry: &Entry| matches!(entry.command, Command::Show(_));
    for entry in entries {
        match lines.last_mut() {
            Some(line) if line.last().is_some_and(|it| it.is_paired || (is_screen(it) && is_screen(entry))) => {
                line.push(entry);
            }
            _ => lines.push(vec![entry]),
        }
    }
    lines
}

fn line(app: &App, entries: &[&Entry]) -> Line<'static> {
    let keys = match entries {
        [alone] => app.keys.all_shown(alone.command).into_iter().take(KEYS_SHOWN).collect(),
        several => several.iter().map(|entry| app.keys.shown(entry.command)).collect::<Vec<_>>(),
    };
    let keys: Vec<String> = keys.into_iter().filter(|key| !key.is_empty()).collect();
    let helps: Vec<&str> = entries.iter().map(|entry| entry.help).collect();
    let keys = match keys.as_slice() {
        [first, .., last] if keys.len() > MANY => format!("{first} … {last}"),
        keys => keys.join(" "),
    };
    let keys = Span::styled(format!("{keys:>KEY_CELLS$}  "), style::KEY);
    Line::from(vec![keys, Span::raw(helps.join(", "))])
}
