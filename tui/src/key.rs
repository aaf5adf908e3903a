//! Keys: how they are compared, written in the help and read from the configuration.

use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key with its modifiers, in the one form that every terminal's report of it comes down to.
///
/// A capital letter is one with or without a reported Shift, and so is a tab backwards: terminals disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

/// A text that names no key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is no key; write a letter, enter, esc, tab, space, up, pgdn, home, f5 …, with ctrl-, alt- or shift- before it"
)]
pub struct KeyError;

/// Keys that are not letters, as they are written in the configuration and as they are shown.
const NAMED: &[(KeyCode, &str, &str)] = &[
    (KeyCode::Enter, "enter", "Enter"),
    (KeyCode::Esc, "esc", "Esc"),
    (KeyCode::Tab, "tab", "Tab"),
    (KeyCode::BackTab, "shift-tab", "S-Tab"),
    (KeyCode::Backspace, "backspace", "Bksp"),
    (KeyCode::Delete, "delete", "Del"),
    (KeyCode::Insert, "insert", "Ins"),
    (KeyCode::Char(' '), "space", "Space"),
    (KeyCode::Up, "up", "↑"),
    (KeyCode::Down, "down", "↓"),
    (KeyCode::Left, "left", "←"),
    (KeyCode::Right, "right", "→"),
    (KeyCode::PageUp, "pgup", "PgUp"),
    (KeyCode::PageDown, "pgdn", "PgDn"),
    (KeyCode::Home, "home", "Home"),
    (KeyCode::End, "end", "End"),
];

impl Key {
    /// A key without modifiers.
    #[must_use]
    pub const fn plain(code: KeyCode) -> Self {
        Self { code, modifiers: KeyModifiers::NONE }
    }

    /// A letter, a digit or a sign; capitals and signs as they are typed.
    #[must_use]
    pub const fn letter(letter: char) -> Self {
        Self::plain(KeyCode::Char(letter))
    }

    /// A letter with Control.
    #[must_use]
    pub const fn control(letter: char) -> Self {
        Self { code: KeyCode::Char(letter), modifiers: KeyModifiers::CONTROL }
    }

    /// What was pressed.
    #[must_use]
    pub fn pressed(event: KeyEvent) -> Self {
        let is_shifted_already = matches!(event.code, KeyCode::Char(_) | KeyCode::BackTab);
        let modifiers = if is_shifted_already { event.modifiers - KeyModifiers::SHIFT } else { event.modifiers };
        Self { code: event.code, modifiers }
    }
}

impl Key {
    /// As it is shown where the terminal has ASCII only: arrows as words.
    #[must_use]
    pub fn in_ascii(&self) -> String {
        let word = match self.code {
            KeyCode::Up => "Up",
            KeyCode::Down => "Down",
            KeyCode::Left => "Left",
            KeyCode::Right => "Right",
            _ => return self.to_string(),
        };
        let shown = self.to_string();
        format!("{}{word}", shown.trim_end_matches(['↑', '↓', '←', '→']))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = NAMED.iter().find(|(code, ..)| *code == self.code).map(|(.., shown)| (*shown).to_owned());
        let name = named.unwrap_or_else(|| match self.code {
            KeyCode::Char(letter) => letter.to_string(),
            KeyCode::F(number) => format!("F{number}"),
            other => other.to_string(),
        });
        for (modifier, prefix) in [(KeyModifiers::CONTROL, "^"), (KeyModifiers::ALT, "M-"), (KeyModifiers::SHIFT, "S-")]
        {
            if self.modifiers.contains(modifier) {
                f.write_str(prefix)?;
            }
        }
        f.write_str(&name)
    }
}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (mut modifiers, mut rest) = (KeyModifiers::NONE, text.trim());
        for (prefix, modifier) in
            [("ctrl-", KeyModifiers::CONTROL), ("alt-", KeyModifiers::ALT), ("shift-", KeyModifiers::SHIFT)]
        {
            if rest.len() > prefix.len() && rest.get(..prefix.len()).is_some_and(|it| it.eq_ignore_ascii_case(prefix)) {
                modifiers |= modifier;
                rest = &rest[prefix.len()..];
            }
        }
        let lower = rest.to_ascii_lowercase();
        let mut letters = rest.chars();
        let code = match (NAMED.iter().find(|(_, name, _)| *name == lower), letters.next(), letters.next()) {
            (Some((code, ..)), ..) => *code,
            (None, Some(letter), None) if !letter.is_control() => KeyCode::Char(letter),
            (None, Some('f' | 'F'), Some(_)) => match lower[1..].parse() {
                Ok(number @ 1..=24) => KeyCode::F(number),
                _ => return Err(KeyError),
            },
            _ => return Err(KeyError),
        };
        let shifted = modifiers.contains(KeyModifiers::SHIFT);
        let code = match code {
            KeyCode::Tab if shifted => KeyCode::BackTab,
            KeyCode::Char(letter) if shifted => KeyCode::Char(letter.to_ascii_uppercase()),
            code => code,
        };
        Ok(Self::pressed(KeyEvent::new(code, modifiers)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_people_write_them() {
        for (text, key, shown) in [
            ("R", Key::letter('R'), "R"),
            ("shift-r", Key::letter('R'), "R"),
            ("ctrl-f", Key::control('f'), "^f"),
            ("Ctrl-F", Key::control('F'), "^F"),
            ("F5", Key::plain(KeyCode::F(5)), "F5"),
            ("f", Key::letter('f'), "f"),
            ("-", Key::letter('-'), "-"),
            ("space", Key::letter(' '), "Space"),
            ("shift-tab", Key::plain(KeyCode::BackTab), "S-Tab"),
            ("PgDn", Key::plain(KeyCode::PageDown), "PgDn"),
            ("é", Key::letter('é'), "é"),
        ] {
            assert_eq!(text.parse(), Ok(key), "{text}");
            assert_eq!(key.to_string(), shown);
        }
        for text in ["", "ctrl-", "f0", "f99", "enterr", "ctrl-xx", "\u{1b}"] {
            assert!(text.parse::<Key>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn arrows_are_words_where_there_is_ascii_only() {
        for (text, shown) in [("down", "Down"), ("ctrl-left", "^Left"), ("pgdn", "PgDn"), ("j", "j")] {
            assert_eq!(text.parse::<Key>().map(|key| key.in_ascii()), Ok(shown.to_owned()));
        }
    }

    #[test]
    fn a_capital_is_one_key_whatever_the_terminal_says_of_shift() {
        let with = |modifiers| Key::pressed(KeyEvent::new(KeyCode::Char('R'), modifiers));
        assert_eq!(with(KeyModifiers::SHIFT), with(KeyModifiers::NONE));
        assert_ne!(with(KeyModifiers::SHIFT), with(KeyModifiers::CONTROL));
    }
}
