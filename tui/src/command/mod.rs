//! The one table of commands: what the keys do, what the hint line offers, what the help says and what the palette finds
//! all come from here, and so does why a command is not available now.

mod table;

pub use table::COMMANDS;

use crate::app::{App, Screen};
use crate::key::Key;

/// Something the admin can tell the dashboard to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Leave the program.
    Quit,
    /// Stop the program until the shell continues it.
    Suspend,
    /// Show or hide the help.
    Help,
    /// Find a command by a few letters.
    Palette,
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
    /// Show every field of the row under the cursor.
    Details,
    /// Show every field of the subject under the cursor: its row, where `Open` shows what stands behind it.
    SubjectDetails,
    /// Open the subject under the cursor.
    Open,
    /// Open the subject whose row is under the cursor.
    OpenOwner,
    /// Move the cursor to the next new row.
    GoToNew,
    /// Sort by the next column.
    Sort,
    /// Turn the order around.
    ReverseSort,
    /// Mark the row under the cursor.
    Mark,
    /// Mark every row from the last mark to the cursor.
    MarkRange,
    /// Mark every row that is shown.
    MarkAll,
    /// Copy the keys of the marked rows, or of the row under the cursor.
    CopyKey,
    /// Copy the same rows as JSON.
    CopyRow,
    /// Write the marked rows, or all that are shown, to a file.
    Export,
    /// Go back: take marks away, clear the filter, leave the subject, let go of the row.
    Back,
    /// Type a filter.
    Filter,
    /// Read everything anew.
    Refresh,
    /// Read nothing any more, or go on reading.
    Pause,
    /// Choose another database of the configured ones.
    Contexts,
    /// Switch to the next theme.
    SwitchTheme,
    /// Take the mouse, or leave it to the terminal.
    SwitchMouse,
    /// Hide who people are, or show it again.
    SwitchPrivacy,
    /// Tell times in the next way.
    SwitchTimes,
    /// Step through how far back the tokens reach.
    SwitchRange,
    /// Approve a device code by hand.
    Approve,
    /// Deny the marked device flows, or the one under the cursor.
    Deny,
    /// Cancel the marked authorization flows, or the one under the cursor.
    Cancel,
    /// Revoke the marked tokens, or the one under the cursor.
    Revoke,
    /// Revoke all tokens of the marked subjects, or of the one under the cursor.
    RevokeSubject,
    /// Show who is watched after a revocation.
    Watches,
    /// Show again what the last work did and did not do.
    LastReport,
    /// Say yes in a dialog.
    Confirm,
    /// Say no in a dialog.
    Dismiss,
}

impl Command {
    /// Whether it moves the rows under the eye, or the lines of a dialog.
    #[must_use]
    pub fn scrolls(self) -> bool {
        matches!(self, Self::Down | Self::Up | Self::PageDown | Self::PageUp | Self::First | Self::Last)
    }
}

/// What a command is for: what the help says together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Changing the database.
    Changing,
    /// Seeing more, less or otherwise.
    Looking,
    /// Getting somewhere.
    Moving,
    /// The program itself.
    Program,
}

impl Group {
    /// All of them, in the order of the help.
    pub const ALL: [Self; 4] = [Self::Changing, Self::Looking, Self::Moving, Self::Program];

    /// What stands above its commands.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Changing => "To change",
            Self::Looking => "To look",
            Self::Moving => "To move",
            Self::Program => "The program",
        }
    }
}

/// Why a command is not available now; `None` if it is.
pub type Refusal = fn(&App) -> Option<String>;

/// Where and how a command is given.
#[derive(Debug)]
pub struct Entry {
    /// The command.
    pub command: Command,
    /// Its name in the configuration.
    pub name: &'static str,
    /// The keys that give it unless the configuration names others; the first is the one shown.
    pub keys: &'static [Key],
    /// A word or two for the hint line; empty if it is not shown there.
    pub hint: &'static str,
    /// A line for the help and the palette.
    pub help: &'static str,
    /// What it is for.
    pub group: Group,
    /// Whether it shares its line of the help with the next command.
    pub is_paired: bool,
    /// The screens on which it means something; all if empty.
    pub screens: &'static [Screen],
    /// Whether it changes the database in the end.
    pub is_change: bool,
    /// Why it is not available now.
    pub refusal: Refusal,
}

impl Entry {
    const fn new(command: Command, name: &'static str, keys: &'static [Key], help: &'static str) -> Self {
        Self {
            command,
            name,
            keys,
            hint: "",
            help,
            group: Group::Looking,
            is_paired: false,
            screens: &[],
            is_change: false,
            refusal: |_| None,
        }
    }

    /// The same with a word or two in the hint line.
    const fn hint(mut self, hint: &'static str) -> Self {
        self.hint = hint;
        self
    }

    /// The same for getting somewhere.
    const fn moves(mut self) -> Self {
        self.group = Group::Moving;
        self
    }

    /// The same for the program itself.
    const fn of_the_program(mut self) -> Self {
        self.group = Group::Program;
        self
    }

    /// The same on one line of the help with the next command.
    const fn paired(mut self) -> Self {
        self.is_paired = true;
        self
    }

    /// The same on these screens only.
    const fn on(mut self, screens: &'static [Screen]) -> Self {
        self.screens = screens;
        self
    }

    /// The same, unavailable where this says so.
    const fn unless(mut self, refusal: Refusal) -> Self {
        self.refusal = refusal;
        self
    }

    /// The same for a command that changes the database.
    const fn changes(mut self) -> Self {
        self.is_change = true;
        self.group = Group::Changing;
        self
    }

    /// Whether the command means something on `screen`.
    #[must_use]
    pub fn is_on(&self, screen: Screen) -> bool {
        self.screens.is_empty() || self.screens.contains(&screen)
    }

    /// Why the command is not available now; `None` if it is.
    #[must_use]
    pub fn refusal(&self, app: &App) -> Option<String> {
        let of_changes = if self.is_change { app.cannot_change() } else { None };
        of_changes.or_else(|| (self.refusal)(app))
    }
}

/// The entry of a command; dialogs' own answers have none.
#[must_use]
pub fn entry(command: Command) -> Option<&'static Entry> {
    COMMANDS.iter().find(|entry| entry.command == command)
}
