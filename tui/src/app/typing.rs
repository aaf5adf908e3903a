//! Keys in fields, and the yes and no of dialogs.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::backend::crossterm::EventHandler;

use super::{App, Dialog, Mode, Step, Tone};
use crate::action::Action;
use crate::command::Command;
use crate::draw;
use crate::effect::Effect;

impl App {
    pub(super) fn typed(&mut self, key: crossterm::event::KeyEvent) -> Vec<Effect> {
        if let Some(Dialog::Palette(_)) = self.dialog {
            return self.typed_into_palette(key);
        }
        match self.dialog {
            Some(Dialog::Plan(_)) => return self.typed_into_plan(key),
            Some(Dialog::Watches) => return self.dismiss_watch(),
            Some(Dialog::Contexts(_)) => return self.typed_into_contexts(key),
            _ => {}
        }
        let event = crossterm::event::Event::Key(key);
        if let Some(Dialog::Export(exporting)) = &mut self.dialog {
            exporting.typed(&event);
            return Vec::new();
        }
        if let Some(Dialog::Approve(approve)) = &mut self.dialog {
            // Which field it belongs to is known when the code has been looked up.
            if approve.looking_up.is_some() {
                self.type_ahead.push(Action::Typed(key));
                return Vec::new();
            }
            approve.error = None;
            let is_arrow = matches!(key.code, KeyCode::Down | KeyCode::Up);
            if approve.step == Step::Subject && is_arrow {
                self.choose(key.code == KeyCode::Down);
                return Vec::new();
            }
            approve.choice = None;
            if let Some(field) = approve.field() {
                field.handle_event(&event);
            }
            return Vec::new();
        }
        let Some(input) = &mut self.filter_input else { return Vec::new() };
        input.handle_event(&event);
        let filter = input.value().to_owned();
        let mut effects = self.narrow(&filter);
        for effect in &mut effects {
            if let Effect::Fetch { is_typed, .. } = effect {
                *is_typed = true;
            }
        }
        effects
    }

    /// What is pasted goes into fields and is never a command: a text from a chat could ask for a change and say yes to it.
    pub(super) fn pasted(&mut self, text: &str) -> Vec<Effect> {
        if self.mode() != Mode::Typing {
            return self.say(Tone::Plain, "What is pasted is no command: it is taken in fields only.".to_owned());
        }
        // A line is what a field holds. The mark comes along with a name that was selected on the screen.
        let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
        let letters = line.chars().filter(|letter| !letter.is_control() && *letter != draw::LEFT_TO_RIGHT);
        letters.flat_map(|letter| self.typed(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE))).collect()
    }

    pub(super) fn confirm(&mut self) -> Vec<Effect> {
        match &self.dialog {
            Some(Dialog::Plan(_)) => self.confirm_plan(),
            Some(Dialog::Work) => Vec::new(),
            Some(Dialog::Approve(approve)) if approve.looking_up.is_some() => {
                self.type_ahead.push(Action::Command(Command::Confirm));
                Vec::new()
            }
            Some(Dialog::Approve(_)) => {
                // The next question is read from its beginning.
                self.dialog_scroll = 0;
                self.approval_step()
            }
            Some(Dialog::Palette(_)) => self.give_from_palette(),
            Some(Dialog::Export(_)) => self.export(),
            Some(Dialog::Contexts(_)) => self.choose_context(),
            Some(Dialog::Help | Dialog::Details | Dialog::Ended(_) | Dialog::Watches) => self.dismiss(),
            // A filter that cannot be read is not kept: it stays in its field, with what is wrong with it.
            None if self.unreadable_filter().is_some() => Vec::new(),
            None => {
                self.filter_input = None;
                Vec::new()
            }
        }
    }

    pub(super) fn dismiss(&mut self) -> Vec<Effect> {
        self.type_ahead.clear();
        self.dialog_scroll = 0;
        if let Some(Dialog::Approve(approve)) = &mut self.dialog
            && approve.back()
        {
            return Vec::new();
        }
        if matches!(self.dialog, Some(Dialog::Work)) {
            return self.stop_work();
        }
        if self.withdraw_plan() {
            return Vec::new();
        }
        if self.close_report() || self.dialog.take().is_some() {
            return Vec::new();
        }
        if self.filter_input.take().is_some() { self.narrow("") } else { Vec::new() }
    }

    /// Narrows the list in view to what was typed, and asks for its rows if that is something else than before.
    pub(super) fn narrow(&mut self, filter: &str) -> Vec<Effect> {
        let viewpoint = self.viewpoint();
        match self.list_mut() {
            Some(list) if list.filter().text() != filter => list.set_filter(filter, &viewpoint),
            _ => return Vec::new(),
        }
        self.fetch(self.screen).into_iter().collect()
    }
}
