//! From keys to actions, by what is open.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::action::Action;
use crate::app::{App, Dialog, Mode};
use crate::command::{COMMANDS, Command, entry};
use crate::key::Key;

/// Which keys give which command.
#[derive(Debug)]
pub struct Keymap {
    bindings: Vec<(Command, Vec<Key>)>,
}

impl Default for Keymap {
    fn default() -> Self {
        Self { bindings: COMMANDS.iter().map(|entry| (entry.command, entry.keys.to_vec())).collect() }
    }
}

impl Keymap {
    /// The keys that give a command; the first is the one to show.
    #[must_use]
    pub fn keys_of(&self, command: Command) -> &[Key] {
        self.bindings.iter().find(|(bound, _)| *bound == command).map_or(&[], |(_, keys)| keys)
    }

    /// The first key of a command, as it is written on the screen.
    #[must_use]
    pub fn shown(&self, command: Command) -> String {
        self.keys_of(command).first().map(ToString::to_string).unwrap_or_default()
    }
}

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
            _ => scroll(key).or_else(|| of_details(app, key)),
        },
    }
}

/// The details show the row under the cursor, so what changes it can be asked for from there.
fn of_details(app: &App, key: KeyEvent) -> Option<Action> {
    let action = in_table(app, key).filter(|_| matches!(app.dialog, Some(Dialog::Details)))?;
    match action {
        Action::Command(command) if entry(command).is_some_and(|entry| entry.is_change) => Some(action),
        _ => None,
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
    let key = Key::pressed(key);
    COMMANDS
        .iter()
        .filter(|entry| entry.is_on(app.screen))
        .find(|entry| app.keys.keys_of(entry.command).contains(&key))
        .map(|entry| Action::Command(entry.command))
}
