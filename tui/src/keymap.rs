//! From keys to actions, by what is open.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::action::Action;
use crate::app::{App, Mode};
use crate::command::{COMMANDS, Command};

/// What an event means now; `None` if it means nothing.
#[must_use]
pub fn action(app: &App, event: &Event) -> Option<Action> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => of_key(app, *key),
        Event::Resize(width, height) => Some(Action::Resized { width: *width, height: *height }),
        _ => None,
    }
}

fn of_key(app: &App, key: KeyEvent) -> Option<Action> {
    let is_interrupt = key.code == KeyCode::Char('c') && key.modifiers == KeyModifiers::CONTROL;
    match app.mode() {
        _ if is_interrupt => Some(Action::Command(Command::Quit)),
        Mode::Browsing => in_table(app, key),
        Mode::Typing => match key.code {
            KeyCode::Enter => Some(Action::Command(Command::Confirm)),
            KeyCode::Esc => Some(Action::Command(Command::Dismiss)),
            _ => Some(Action::Typed(key)),
        },
        // Never the key that opened the dialog, and never Enter: neither is pressed on purpose at this moment.
        Mode::Confirming => match key.code {
            // Over a slow line Esc and `y` arrive as one Alt-y, and that is no yes.
            _ if !key.modifiers.is_empty() => None,
            KeyCode::Char('y') => Some(Action::Command(Command::Confirm)),
            KeyCode::Esc | KeyCode::Char('n' | 'q') => Some(Action::Command(Command::Dismiss)),
            _ => scroll(key),
        },
        Mode::Reading => match key.code {
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char('?' | 'q') | KeyCode::F(1) => {
                Some(Action::Command(Command::Dismiss))
            }
            _ => scroll(key),
        },
    }
}

/// What moves a dialog that is higher than the terminal.
fn scroll(key: KeyEvent) -> Option<Action> {
    match key.code {
        KeyCode::Down | KeyCode::PageDown | KeyCode::Char('j') => Some(Action::Command(Command::Down)),
        KeyCode::Up | KeyCode::PageUp | KeyCode::Char('k') => Some(Action::Command(Command::Up)),
        _ => None,
    }
}

fn in_table(app: &App, key: KeyEvent) -> Option<Action> {
    COMMANDS
        .iter()
        .filter(|entry| entry.is_on(app.screen))
        .find(|entry| entry.keys.contains(&(key.code, key.modifiers)))
        .map(|entry| Action::Command(entry.command))
}
