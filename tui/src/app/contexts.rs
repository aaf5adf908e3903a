//! Contexts: the dialog that offers the configured databases, and going from one to another while the dashboard runs.
//!
//! The database in use stays in use until the other has answered. Then the whole state is made anew, and only what belongs
//! to the admin or the terminal is carried over: whatever is added to [`App`] is forgotten here unless somebody says
//! otherwise. Answers that are still on their way carry the number of the connection they were asked on, and those of a
//! database that was left are dropped.

use crossterm::event::{KeyCode, KeyEvent};

use super::{App, Dialog, Tone};
use crate::action::Answer;
use crate::connecting::{Arrival, ConnectionNumber, ContextError};
use crate::draw::format::{counted, harmless};
use crate::effect::Effect;

/// The dialog while it is open.
#[derive(Debug, Default)]
pub struct Contexts {
    /// Which of the contexts is chosen.
    pub selected: usize,
    /// The connection that is awaited.
    pub connecting: Option<ConnectionNumber>,
    /// Why the last one that was chosen cannot be entered.
    pub error: Option<String>,
}

impl App {
    /// Why no other database can be worked on now.
    pub(crate) fn cannot_switch_context(&self) -> Option<String> {
        let text = match self.contexts.len() {
            0 => "The demo leads to no other database.",
            1 => "No other database is configured: [contexts.NAME] in config.toml adds one.",
            _ if self.work.is_some() => {
                "A change is still under way here. Another context can be entered when it has ended."
            }
            _ => return None,
        };
        Some(text.to_owned())
    }

    /// Whose watches end with the database that is left.
    #[must_use]
    pub fn watched(&self) -> Option<String> {
        let count = self.watches.list().len();
        (count > 0).then(|| counted(count as u64, "watched subject"))
    }

    pub(super) fn open_contexts(&mut self) -> Vec<Effect> {
        let selected = self.contexts.iter().position(|it| it.name == self.context_name).unwrap_or_default();
        self.dialog = Some(Dialog::Contexts(Contexts { selected, ..Contexts::default() }));
        Vec::new()
    }

    /// A key in the dialog. While a connection is awaited, what was chosen stays chosen.
    pub(super) fn typed_into_contexts(&mut self, key: KeyEvent) -> Vec<Effect> {
        let last = self.contexts.len().saturating_sub(1);
        let Some(Dialog::Contexts(dialog)) = &mut self.dialog else { return Vec::new() };
        match key.code {
            KeyCode::Char('q') => return self.dismiss(),
            _ if dialog.connecting.is_some() => return Vec::new(),
            KeyCode::Down | KeyCode::Char('j') => dialog.selected = (dialog.selected + 1).min(last),
            KeyCode::Up | KeyCode::Char('k') => dialog.selected = dialog.selected.saturating_sub(1),
            KeyCode::Home | KeyCode::Char('g') => dialog.selected = 0,
            KeyCode::End | KeyCode::Char('G') => dialog.selected = last,
            _ => return Vec::new(),
        }
        dialog.error = None;
        Vec::new()
    }

    /// Enter in the dialog.
    pub(super) fn choose_context(&mut self) -> Vec<Effect> {
        let Some(Dialog::Contexts(dialog)) = &mut self.dialog else { return Vec::new() };
        let Some(context) = self.contexts.get(dialog.selected).filter(|_| dialog.connecting.is_none()).cloned() else {
            return Vec::new();
        };
        if context.name == self.context_name {
            self.dialog = None;
            return self.say(Tone::Plain, format!("This is {} already.", harmless(&context.name)));
        }
        self.last_connection = self.last_connection.next();
        let number = self.last_connection;
        (dialog.connecting, dialog.error) = (Some(number), None);
        vec![Effect::Connect { number, context }]
    }

    /// Takes in what became of a connection. One that nobody waits for any more is closed.
    pub(super) fn connected(
        &mut self,
        number: ConnectionNumber,
        arrival: Result<Box<Arrival>, ContextError>,
    ) -> Vec<Effect> {
        let refusal = self.cannot_switch_context();
        let awaiting = match &mut self.dialog {
            Some(Dialog::Contexts(dialog)) if dialog.connecting == Some(number) => Some(dialog),
            _ => None,
        };
        match (arrival, awaiting, refusal) {
            (Ok(arrival), Some(_), None) => self.enter(number, *arrival),
            (Ok(_), None, _) => vec![Effect::Disconnect(number)],
            (Ok(_), Some(dialog), Some(reason)) => {
                (dialog.connecting, dialog.error) = (None, Some(reason));
                vec![Effect::Disconnect(number)]
            }
            (Err(error), Some(dialog), _) => {
                (dialog.connecting, dialog.error) = (None, Some(error.to_string()));
                Vec::new()
            }
            (Err(_), None, _) => Vec::new(),
        }
    }

    /// Begins anew on another database.
    fn enter(&mut self, number: ConnectionNumber, arrival: Arrival) -> Vec<Effect> {
        let Arrival { place, server, read_only, config } = arrival;
        let here = harmless(&self.context_name);
        let farewell = self.watched().map(|watched| format!(" Nobody looks after {watched} of {here} any more."));
        let there = Self::unconnected(&place, &server, read_only, &config, self.size, self.host_now);
        let left = std::mem::replace(self, there);
        self.connection = number;
        self.last_connection = left.last_connection;
        self.screen = left.screen;
        self.keys = left.keys;
        self.appearance = left.appearance;
        self.telling = left.telling;
        self.veil = left.veil;
        self.columns = left.columns;
        self.mouse = left.mouse;
        // A number that was used is never used again.
        self.plans_asked = left.plans_asked;
        self.reports = left.reports;
        self.reports.leave_context();
        self.works_begun = left.works_begun;
        let tone = if farewell.is_some() { Tone::Plain } else { Tone::Good };
        let name = harmless(&self.context_name);
        self.say(tone, format!("Now in {name}: {place}.{}", farewell.unwrap_or_default()));
        let mut effects = vec![Effect::Adopt(number)];
        effects.extend(self.read_what_is_due());
        effects
    }

    /// What an answer of a database that was left still means: nothing that could be shown or acted on.
    pub(super) fn late(&mut self, answer: Answer) -> Vec<Effect> {
        match answer {
            Answer::Connected { number, arrival: Ok(_) } => vec![Effect::Disconnect(number)],
            // The file has been written, or not, wherever the dashboard is by now.
            Answer::Exported { export, result } => self.exported_elsewhere(&export, result),
            Answer::Defect(_) => self.answer(answer),
            _ => Vec::new(),
        }
    }
}
