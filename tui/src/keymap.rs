//! From keys to actions, by what is open.

use authdb_shared::config::{ConfigError, NamedEntry};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use crate::action::Action;
use crate::app::{App, Dialog, Mode, Mouse, Screen};
use crate::command::{COMMANDS, Command, Entry, entry};
use crate::draw;
use crate::key::Key;

/// Which keys give which command.
#[derive(Debug)]
pub struct Keymap {
    bindings: Vec<(Command, Vec<Key>)>,
    /// Whether keys are written in ASCII.
    is_ascii: bool,
}

impl Default for Keymap {
    fn default() -> Self {
        Self { bindings: COMMANDS.iter().map(|entry| (entry.command, entry.keys.to_vec())).collect(), is_ascii: false }
    }
}

/// What leaves however the keys are bound.
const INTERRUPT: Key = Key::control('c');
/// What says yes to a plan.
const YES: Key = Key::letter('y');
/// What takes a watch off its list.
const DISMISS: Key = Key::letter('x');

impl Keymap {
    /// The usual keys, but for the commands that `[keys]` gives others.
    ///
    /// # Errors
    /// If it names no command or no key, or gives two commands one key on one screen.
    pub fn configured(entries: &[NamedEntry]) -> Result<Self, ConfigError> {
        let mut keymap = Self::default();
        let mut chosen = Vec::new();
        for configured in entries {
            let Some(entry) = COMMANDS.iter().find(|entry| entry.name == configured.name) else {
                let names: Vec<&str> = COMMANDS.iter().map(|entry| entry.name).collect();
                return Err(configured.unknown(format!("The commands are {}", names.join(", "))));
            };
            let key = |text: &String| text.parse::<Key>().map_err(|error| configured.refuse(text, error.to_string()));
            let keys = configured.values.iter().map(key).collect::<Result<Vec<_>, _>>()?;
            if let Some((_, bound)) = keymap.bindings.iter_mut().find(|(command, _)| *command == entry.command) {
                bound.clone_from(&keys);
            }
            chosen.push((configured, entry, keys));
        }
        for (configured, entry, keys) in &chosen {
            for (key, text) in keys.iter().zip(&configured.values) {
                if let Some(advice) = keymap.obstacle(entry, *key) {
                    return Err(configured.refuse(text, advice));
                }
            }
        }
        Ok(keymap)
    }

    /// Why a command cannot have a key.
    fn obstacle(&self, entry: &Entry, key: Key) -> Option<String> {
        if key == INTERRUPT && entry.command != Command::Quit {
            return Some("it leaves on every screen; choose another key".to_owned());
        }
        if key == YES && entry.is_change {
            return Some("it says yes to the question that the command asks, so that two presses would do it; choose another key".to_owned());
        }
        if key == YES && entry.command.scrolls() {
            return Some("it says yes to a plan, which this command scrolls, so that reading on would carry it out; choose another key".to_owned());
        }
        if key == DISMISS && entry.command.scrolls() {
            return Some("it takes what is chosen off the list of what came after revocations, in which this command moves; choose another key".to_owned());
        }
        let meets = |other: &&Entry| {
            other.command != entry.command
                && self.keys_of(other.command).contains(&key)
                && Screen::ALL.iter().any(|screen| entry.is_on(*screen) && other.is_on(*screen))
        };
        let other = COMMANDS.iter().find(meets)?;
        let name = other.name;
        Some(format!("it gives `{name}` on the same screen; choose another key, or give `{name}` one as well"))
    }

    /// The keys that give a command; the first is the one to show.
    #[must_use]
    pub fn keys_of(&self, command: Command) -> &[Key] {
        self.bindings.iter().find(|(bound, _)| *bound == command).map_or(&[], |(_, keys)| keys)
    }

    /// The first key of a command, as it is written on the screen.
    #[must_use]
    pub fn shown(&self, command: Command) -> String {
        self.all_shown(command).into_iter().next().unwrap_or_default()
    }

    /// How a command is given, for a sentence: its first key, or its name in the palette where it has none.
    #[must_use]
    pub fn way_to(&self, command: Command) -> String {
        let key = self.shown(command);
        match entry(command) {
            Some(entry) if key.is_empty() => {
                format!("{} {}", self.shown(Command::Palette), entry.name).trim().to_owned()
            }
            _ => key,
        }
    }

    /// Every key of a command, as it is written on the screen.
    #[must_use]
    pub fn all_shown(&self, command: Command) -> Vec<String> {
        self.keys_of(command).iter().map(|key| self.written(*key)).collect()
    }

    /// A key that means the same however the keys are bound, as it is written on the screen.
    #[must_use]
    pub fn fixed(&self, code: KeyCode) -> String {
        self.written(Key::plain(code))
    }

    fn written(&self, key: Key) -> String {
        if self.is_ascii { key.in_ascii() } else { key.to_string() }
    }

    /// The same keys for a terminal that may show ASCII only.
    #[must_use]
    pub fn in_ascii(self, is_ascii: bool) -> Self {
        Self { is_ascii, ..self }
    }
}

/// What an event means now; `None` if it means nothing.
#[must_use]
pub fn action(app: &App, event: &Event) -> Option<Action> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => of_key(app, *key),
        Event::Mouse(mouse) if app.mouse == Mouse::Taken => of_mouse(app, *mouse),
        Event::Paste(text) => Some(Action::Pasted(text.clone())),
        Event::Resize(width, height) => Some(Action::Resized { width: *width, height: *height }),
        _ => None,
    }
}

/// What the mouse means: a click is one, and the wheel is an arrow key wherever rows are not what it turns.
fn of_mouse(app: &App, mouse: MouseEvent) -> Option<Action> {
    let is_down = match mouse.kind {
        MouseEventKind::Down(MouseButton::Left) => return Some(Action::Clicked { x: mouse.column, y: mouse.row }),
        MouseEventKind::ScrollDown => true,
        MouseEventKind::ScrollUp => false,
        _ => return None,
    };
    let arrow = if is_down { KeyCode::Down } else { KeyCode::Up };
    match app.mode() {
        Mode::Browsing => Some(Action::Wheel { is_down }),
        _ => of_key(app, KeyEvent::new(arrow, KeyModifiers::NONE)),
    }
}

fn gives(app: &App, command: Command, key: KeyEvent) -> bool {
    app.keys.keys_of(command).contains(&Key::pressed(key))
}

fn of_key(app: &App, key: KeyEvent) -> Option<Action> {
    match app.mode() {
        _ if Key::pressed(key) == INTERRUPT => Some(Action::Command(Command::Quit)),
        // No text holds a letter with Control, so this one means the same in every field and dialog.
        _ if key.modifiers == KeyModifiers::CONTROL && gives(app, Command::Suspend, key) => {
            Some(Action::Command(Command::Suspend))
        }
        Mode::Browsing => in_table(app, key),
        Mode::Typing => match key.code {
            KeyCode::Enter => Some(Action::Command(Command::Confirm)),
            KeyCode::Esc => Some(Action::Command(Command::Dismiss)),
            // It comes along with a name that was selected on the screen, and is no part of it.
            KeyCode::Char(draw::LEFT_TO_RIGHT) => None,
            // These stand for no text, and the arrows may choose.
            KeyCode::PageDown | KeyCode::PageUp
                if matches!(app.dialog, Some(Dialog::Approve(_) | Dialog::Export(_))) =>
            {
                scroll(app, key)
            }
            _ => Some(Action::Typed(key)),
        },
        // Never the key that opened the dialog, and never Enter: neither is pressed on purpose at this moment.
        Mode::Confirming => match key.code {
            // Over a slow line Esc and `y` arrive as one Alt-y, and that is no yes.
            _ if !key.modifiers.is_empty() => None,
            KeyCode::Char('y') => Some(Action::Command(Command::Confirm)),
            KeyCode::Esc | KeyCode::Char('n' | 'q') => Some(Action::Command(Command::Dismiss)),
            KeyCode::Tab => Some(Action::Typed(key)),
            _ => scroll(app, key),
        },
        Mode::Reading => match key.code {
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char('?' | 'q') | KeyCode::F(1) => {
                Some(Action::Command(Command::Dismiss))
            }
            KeyCode::Char('x') | KeyCode::Delete if matches!(app.dialog, Some(Dialog::Watches)) => {
                Some(Action::Typed(key))
            }
            _ => scroll(app, key).or_else(|| of_details(app, key)),
        },
        Mode::Working => match key.code {
            _ if !key.modifiers.is_empty() => None,
            KeyCode::Esc => Some(Action::Command(Command::Dismiss)),
            KeyCode::Char('q') => Some(Action::Command(Command::Quit)),
            _ => None,
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
fn scroll(app: &App, key: KeyEvent) -> Option<Action> {
    let command = match key.code {
        KeyCode::Down => Command::Down,
        KeyCode::Up => Command::Up,
        KeyCode::PageDown => Command::PageDown,
        KeyCode::PageUp => Command::PageUp,
        KeyCode::Home => Command::First,
        KeyCode::End => Command::Last,
        _ => COMMANDS.iter().map(|entry| entry.command).find(|it| it.scrolls() && gives(app, *it, key))?,
    };
    Some(Action::Command(command))
}

fn in_table(app: &App, key: KeyEvent) -> Option<Action> {
    let key = Key::pressed(key);
    COMMANDS
        .iter()
        .filter(|entry| entry.is_on(app.screen))
        .find(|entry| app.keys.keys_of(entry.command).contains(&key))
        .map(|entry| Action::Command(entry.command))
}

#[cfg(test)]
mod tests {
    use authdb_shared::config::Origin;

    use super::*;

    fn configured(entries: &[(&str, &[&str])]) -> Result<Keymap, String> {
        let entry = |(line, (name, keys)): (usize, &(&str, &[&str]))| NamedEntry {
            table: "keys",
            name: (*name).to_owned(),
            values: keys.iter().map(|key| (*key).to_owned()).collect(),
            origin: Origin::File { path: "config.toml".into(), line: line + 2 },
        };
        let entries: Vec<NamedEntry> = entries.iter().enumerate().map(entry).collect();
        Keymap::configured(&entries).map_err(|error| error.to_string())
    }

    #[test]
    fn keys_are_exchanged_and_taken_away() {
        let keymap = configured(&[("deny", &["a", "f9"]), ("approve", &["d"]), ("sort", &[])]).expect("nothing meets");
        assert_eq!(keymap.keys_of(Command::Deny), [Key::letter('a'), "f9".parse().expect("a key")]);
        assert_eq!((keymap.shown(Command::Approve), keymap.shown(Command::Sort)), ("d".to_owned(), String::new()));
        assert_eq!(keymap.shown(Command::Filter), "/", "what is not named stays");
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_its_line_and_what_to_write() {
        for (entries, said) in [
            (&[("sort", &["f3"][..]), ("rewoke", &["r"])][..], ["line 3", "`keys.rewoke`", "revoke_subject"]),
            (&[("revoke", &["f99"])], ["line 2", "keys.revoke cannot be `f99`", "write a letter"]),
            (&[("deny", &["a"])], ["line 2", "keys.deny cannot be `a`", "gives `approve` on the same screen"]),
            (&[("deny", &["f9"]), ("filter", &["f9"])], ["line 2", "`f9`", "gives `filter`"]),
            (&[("filter", &["ctrl-c"]), ("quit", &["Q"])], ["line 2", "leaves on every screen", "another key"]),
        ] {
            let refused = configured(entries).expect_err("it must be refused");
            assert!(said.iter().all(|part| refused.contains(part)), "{refused}");
        }
    }

    #[test]
    fn nothing_is_asked_for_or_scrolled_with_the_key_that_says_yes_to_it() {
        for entry in COMMANDS {
            let is_taken = configured(&[("copy_key", &[]), (entry.name, &["f9", "y"])]);
            match is_taken {
                Err(refused) if entry.is_change => {
                    assert!(refused.contains("cannot be `y`: it says yes to the question"), "{refused}");
                }
                Err(refused) if entry.command.scrolls() => {
                    assert!(refused.contains("cannot be `y`: it says yes to a plan, which this"), "{refused}");
                }
                is_taken => {
                    assert!(!entry.is_change && !entry.command.scrolls() && is_taken.is_ok(), "{}", entry.name);
                }
            }
        }
    }

    #[test]
    fn no_watch_is_dismissed_by_the_key_that_moves_among_them() {
        for entry in COMMANDS {
            let is_taken = configured(&[(entry.name, &["f9", "x"])]);
            assert_eq!(is_taken.is_err(), entry.command.scrolls(), "{}: {is_taken:?}", entry.name);
        }
    }

    #[test]
    fn a_command_without_keys_is_named_in_sentences() {
        let keymap = configured(&[("back", &["f9"]), ("filter", &[])]).expect("nothing meets");
        assert_eq!(
            (keymap.way_to(Command::Back), keymap.way_to(Command::Filter)),
            ("F9".to_owned(), ": filter".to_owned())
        );
    }

    #[test]
    fn one_key_may_give_two_commands_on_screens_that_never_meet() {
        assert!(configured(&[("cancel", &["a"])]).is_ok(), "one is of device flows, the other of authorization flows");
    }
}
