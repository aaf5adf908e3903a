//! The one table of commands: what the keys do, what the hint line offers and what the help says all come from here.

use crossterm::event::{KeyCode, KeyModifiers};

use crate::app::Screen;

/// Something the admin can tell the dashboard to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Leave the program.
    Quit,
    /// Show or hide the help.
    Help,
    /// Show a screen.
    Show(Screen),
    /// Show the next screen.
    NextScreen,
    /// Show the previous screen.
    PreviousScreen,
    /// Move the cursor down.
    Down,
    /// Move the cursor up.
    Up,
    /// Move the cursor down a page.
    PageDown,
    /// Move the cursor up a page.
    PageUp,
    /// Move the cursor to the first row.
    First,
    /// Move the cursor to the last row.
    Last,
    /// Open what the cursor is on.
    Open,
    /// Go back: clear the filter, leave the subject, let go of the row.
    Back,
    /// Type a filter.
    Filter,
    /// Read everything anew.
    Refresh,
    /// Switch between live tokens and all of the last day.
    SwitchRange,
    /// Approve a device code by hand.
    Approve,
    /// Deny the device flow under the cursor.
    Deny,
    /// Cancel the authorization flow under the cursor.
    Cancel,
    /// Revoke the token under the cursor.
    Revoke,
    /// Revoke all tokens of the subject under the cursor.
    RevokeSubject,
    /// Say yes in a dialog.
    Confirm,
    /// Say no in a dialog.
    Dismiss,
}

impl Command {
    /// Whether it changes the database in the end.
    #[must_use]
    pub fn is_change(self) -> bool {
        matches!(self, Self::Approve | Self::Deny | Self::Cancel | Self::Revoke | Self::RevokeSubject)
    }
}

/// A key that gives a command.
pub type Key = (KeyCode, KeyModifiers);

/// Where and how a command is given.
pub struct Entry {
    /// The command.
    pub command: Command,
    /// The keys that give it; the first is the one shown.
    pub keys: &'static [Key],
    /// How the keys are written.
    pub shown: &'static str,
    /// A word or two for the hint line; empty if it is not shown there.
    pub hint: &'static str,
    /// A line for the help.
    pub help: &'static str,
    /// The screens on which it means something; all if empty.
    pub screens: &'static [Screen],
}

impl Entry {
    /// Whether the command means something on `screen`.
    #[must_use]
    pub fn is_on(&self, screen: Screen) -> bool {
        self.screens.is_empty() || self.screens.contains(&screen)
    }
}

const NONE: KeyModifiers = KeyModifiers::NONE;
const SHIFT: KeyModifiers = KeyModifiers::SHIFT;
const CONTROL: KeyModifiers = KeyModifiers::CONTROL;

const fn letter(letter: char) -> Key {
    (KeyCode::Char(letter), NONE)
}

const TOKENS: &[Screen] = &[Screen::Tokens];
const OF_SUBJECTS: &[Screen] = &[Screen::Subjects, Screen::Tokens];

macro_rules! entry {
    ($command:expr, $keys:expr, $shown:literal, $hint:literal, $help:literal) => {
        entry!($command, $keys, $shown, $hint, $help, &[])
    };
    ($command:expr, $keys:expr, $shown:literal, $hint:literal, $help:literal, $screens:expr) => {
        Entry { command: $command, keys: $keys, shown: $shown, hint: $hint, help: $help, screens: $screens }
    };
}

/// Every command with its keys, in the order in which the help shows them.
pub const COMMANDS: &[Entry] = &[
    entry!(
        Command::Approve,
        &[letter('a')],
        "a",
        "approve",
        "approve a device code that a user reads out",
        &[Screen::DeviceFlows]
    ),
    entry!(Command::Deny, &[letter('d')], "d", "deny", "deny the device flow under the cursor", &[Screen::DeviceFlows]),
    entry!(
        Command::Cancel,
        &[letter('c')],
        "c",
        "cancel flow",
        "cancel the authorization flow under the cursor",
        &[Screen::AuthorizationFlows]
    ),
    entry!(
        Command::Open,
        &[(KeyCode::Enter, NONE)],
        "Enter",
        "tokens",
        "show all tokens of the subject under the cursor",
        OF_SUBJECTS
    ),
    entry!(Command::Revoke, &[letter('r')], "r", "revoke", "revoke the token under the cursor", TOKENS),
    entry!(
        Command::RevokeSubject,
        &[(KeyCode::Char('R'), SHIFT), (KeyCode::Char('R'), NONE)],
        "R",
        "revoke all",
        "revoke all tokens of the subject under the cursor",
        OF_SUBJECTS
    ),
    entry!(
        Command::SwitchRange,
        &[letter('l')],
        "l",
        "live/all",
        "switch between live tokens and everything of the last day",
        TOKENS
    ),
    entry!(Command::Down, &[(KeyCode::Down, NONE), letter('j')], "↓ j", "", "next row"),
    entry!(Command::Up, &[(KeyCode::Up, NONE), letter('k')], "↑ k", "", "previous row"),
    entry!(
        Command::PageDown,
        &[(KeyCode::PageDown, NONE), (KeyCode::Char('f'), CONTROL), (KeyCode::Char('d'), CONTROL)],
        "PgDn ^f",
        "",
        "next page"
    ),
    entry!(
        Command::PageUp,
        &[(KeyCode::PageUp, NONE), (KeyCode::Char('b'), CONTROL), (KeyCode::Char('u'), CONTROL)],
        "PgUp ^b",
        "",
        "previous page"
    ),
    entry!(Command::First, &[(KeyCode::Home, NONE), letter('g')], "Home g", "", "first row"),
    entry!(
        Command::Last,
        &[(KeyCode::End, NONE), (KeyCode::Char('G'), SHIFT), (KeyCode::Char('G'), NONE)],
        "End G",
        "",
        "last row"
    ),
    entry!(Command::Filter, &[letter('/')], "/", "filter", "show only rows that contain a text"),
    entry!(
        Command::Back,
        &[(KeyCode::Esc, NONE), (KeyCode::Backspace, NONE)],
        "Esc",
        "",
        "clear the filter, leave the subject, let go of the row"
    ),
    entry!(Command::Show(Screen::DeviceFlows), &[letter('1')], "1", "", "device flows"),
    entry!(Command::Show(Screen::AuthorizationFlows), &[letter('2')], "2", "", "authorization flows"),
    entry!(Command::Show(Screen::Subjects), &[letter('3')], "3", "", "subjects and their live tokens"),
    entry!(Command::Show(Screen::Tokens), &[letter('4')], "4", "", "refresh tokens"),
    entry!(Command::NextScreen, &[(KeyCode::Tab, NONE), (KeyCode::Right, NONE)], "Tab →", "", "next screen"),
    entry!(
        Command::PreviousScreen,
        &[(KeyCode::BackTab, SHIFT), (KeyCode::BackTab, NONE), (KeyCode::Left, NONE), letter('h')],
        "S-Tab ←",
        "",
        "previous screen"
    ),
    entry!(
        Command::Refresh,
        &[(KeyCode::F(5), NONE), (KeyCode::Char('r'), CONTROL)],
        "F5",
        "",
        "read everything anew, now"
    ),
    entry!(Command::Help, &[letter('?'), (KeyCode::F(1), NONE)], "?", "help", "show or hide this help"),
    entry!(Command::Quit, &[letter('q'), (KeyCode::Char('c'), CONTROL)], "q", "quit", "leave"),
];

/// The entry of a command; dialogs' own answers have none.
#[must_use]
pub fn entry(command: Command) -> Option<&'static Entry> {
    COMMANDS.iter().find(|entry| entry.command == command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_on_one_screen() {
        for screen in Screen::ALL {
            let entries: Vec<&Entry> = COMMANDS.iter().filter(|entry| entry.is_on(screen)).collect();
            for (index, entry) in entries.iter().enumerate() {
                for other in &entries[index + 1..] {
                    let shared = entry.keys.iter().find(|key| other.keys.contains(key));
                    assert!(shared.is_none(), "{shared:?} gives {:?} and {:?}", entry.command, other.command);
                }
            }
        }
    }
}
