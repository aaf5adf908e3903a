//! The help: every key of the screen in view.

use ratatui::text::{Line, Span, Text};

use super::dialogs::Content;
use super::style;
use crate::app::App;
use crate::command::{COMMANDS, Command};

/// Keys of a command that the help shows; the rest are for those who know them from elsewhere.
const KEYS_SHOWN: usize = 2;

/// Every key of the screen in view; what belongs together shares a line, and so do the digits.
pub(super) fn content(app: &App) -> Content {
    let mut lines = Vec::new();
    let mut entries = COMMANDS.iter().filter(|entry| entry.is_on(app.screen)).peekable();
    while let Some(entry) = entries.next() {
        let is_digit = matches!(entry.command, Command::Show(_));
        let mut line = vec![entry];
        while let Some(next) = entries.next_if(|next| {
            line.last().is_some_and(|last| last.is_paired) || (is_digit && matches!(next.command, Command::Show(_)))
        }) {
            line.push(next);
        }
        let keys = match line.as_slice() {
            [alone] => app.keys.keys_of(alone.command).iter().take(KEYS_SHOWN).map(ToString::to_string).collect(),
            several => several.iter().map(|entry| app.keys.shown(entry.command)).collect::<Vec<_>>(),
        };
        let helps: Vec<&str> = line.iter().map(|entry| entry.help).collect();
        lines.push(Line::from(vec![
            Span::styled(format!("{:>10}  ", keys.join(" ")), style::KEY),
            Span::raw(helps.join(", ")),
        ]));
    }
    Content {
        title: format!("Keys on {}", app.screen.title()),
        text: Text::from(lines),
        keys: vec![("Esc".to_owned(), "back to the screen")],
        cursor: None,
    }
}
