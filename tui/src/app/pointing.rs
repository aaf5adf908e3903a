//! The mouse: optional, and left to the terminal until the admin says otherwise, so that text can be selected and copied.
//!
//! A click shows, sorts and chooses. It never answers a question: what changes something is asked for and confirmed by keys.

use super::{App, Dialog, Sort, Tone};
use crate::command::{Command, entry};
use crate::draw::{self, Spot};
use crate::effect::Effect;

/// Whose the mouse is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mouse {
    /// The terminal's, which selects text with it.
    Left,
    /// The dashboard's.
    Taken,
}

/// Rows that a turn of the wheel moves by.
const TURN: isize = 3;

impl App {
    /// Takes the mouse, or leaves it to the terminal.
    pub(super) fn switch_mouse(&mut self) -> Vec<Effect> {
        let (mouse, text) = match self.mouse {
            Mouse::Left => {
                let key = self.keys.way_to(Command::SwitchMouse);
                let text = "The mouse shows screens, sorts and chooses rows.";
                (Mouse::Taken, format!("{text} {key} leaves it to the terminal, to select text."))
            }
            Mouse::Taken => (Mouse::Left, "The mouse is the terminal's again: it selects text.".to_owned()),
        };
        self.mouse = mouse;
        self.say(Tone::Good, text);
        vec![Effect::TakeMouse(mouse)]
    }

    /// A click on a cell of the terminal.
    pub(super) fn clicked(&mut self, x: u16, y: u16) -> Vec<Effect> {
        if matches!(self.dialog, Some(Dialog::Help | Dialog::Details)) {
            return self.dismiss();
        }
        // While something is asked or typed, a click elsewhere would take it away from under the hand.
        if self.dialog.is_some() || self.filter_input.is_some() {
            return Vec::new();
        }
        self.notice = None;
        match draw::spot(self, x, y) {
            Some(Spot::Tab(screen)) => self.command(Command::Show(screen)),
            Some(Spot::Head(column)) => self.sort_by(column),
            Some(Spot::Row(index)) if self.list().and_then(super::Browse::selected_index) == Some(index) => {
                self.unfold()
            }
            Some(Spot::Row(index)) => self.select(index),
            None => Vec::new(),
        }
    }

    /// A turn of the wheel over something that is no dialog.
    pub(super) fn turned(&mut self, is_down: bool) -> Vec<Effect> {
        self.notice = None;
        self.step(if is_down { TURN } else { -TURN })
    }

    /// Sorts by a column; once more turns the order around.
    fn sort_by(&mut self, column: usize) -> Vec<Effect> {
        let viewpoint = self.viewpoint();
        if let Some(list) = self.list_mut() {
            let is_descending = list.sort().is_some_and(|sort| sort.column == column && !sort.is_descending);
            list.set_sort(Some(Sort { column, is_descending }), &viewpoint);
        }
        Vec::new()
    }

    /// Shows what is behind the row under the cursor, as Enter does.
    fn unfold(&mut self) -> Vec<Effect> {
        let is_here = |command: &Command| entry(*command).is_some_and(|entry| entry.is_on(self.screen));
        match [Command::Details, Command::Open].into_iter().find(is_here) {
            Some(command) => self.command(command),
            None => Vec::new(),
        }
    }
}
