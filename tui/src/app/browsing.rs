//! Moving about: screens, rows, filters, and why a command is not available now.

use authdb_shared::db::{TokenRange, TokenSelection};
use authdb_shared::ids::Subject;
use authdb_shared::liveness::FlowState;
use authdb_shared::model::TokenStatus;
use tui_input::Input;

use super::{App, Dialog, Screen};
use crate::command::Command;
use crate::effect::Effect;

impl App {
    /// Why a command cannot be given now; `None` if it can.
    #[must_use]
    pub fn unavailable(&self, command: Command) -> Option<String> {
        if command.is_change() {
            if self.read_only {
                return Some("This session is read-only. Start without --read-only to change things.".to_owned());
            }
            if self.changing.is_some() {
                return Some("The last change is still under way.".to_owned());
            }
            if self.lost.is_some() {
                return Some("The database does not answer. Wait until it is back.".to_owned());
            }
        }
        let no_row = || "Choose a row first, with ↓.".to_owned();
        match command {
            Command::Deny => {
                let Some(flow) = self.device_flows.selected() else { return Some(no_row()) };
                ended(flow.state(self.now(), &self.policy), &flow.user_code.to_string())
            }
            Command::Cancel => {
                let Some(flow) = self.authorization_flows.selected() else { return Some(no_row()) };
                ended(flow.state(self.now(), &self.policy), "This flow")
            }
            Command::Revoke => {
                let Some(token) = self.tokens.selected() else { return Some(no_row()) };
                (token.status == TokenStatus::Revoked).then(|| "This token is already revoked.".to_owned())
            }
            Command::RevokeSubject | Command::Open if self.subject_at_cursor().is_none() => Some(no_row()),
            Command::SwitchRange if matches!(self.selection, TokenSelection::Of(_)) => {
                Some("All tokens of this subject are shown. Esc leaves the subject.".to_owned())
            }
            _ => None,
        }
    }

    /// Whether a command has no use in the present view, so that it is not offered.
    #[must_use]
    pub fn is_pointless(&self, command: Command) -> bool {
        let shows_one_subject = self.screen == Screen::Tokens && matches!(self.selection, TokenSelection::Of(_));
        shows_one_subject && matches!(command, Command::Open | Command::SwitchRange)
    }

    /// The subject that a command on the screen in view is about.
    #[must_use]
    pub fn subject_at_cursor(&self) -> Option<&Subject> {
        match self.screen {
            Screen::Subjects => self.subjects.selected().map(|summary| &summary.subject),
            Screen::Tokens => {
                let at_cursor = self.tokens.selected().and_then(|token| token.subject.as_ref());
                match &self.selection {
                    TokenSelection::Of(subject) => Some(subject),
                    TokenSelection::Everybody(_) => at_cursor,
                }
            }
            Screen::DeviceFlows | Screen::AuthorizationFlows => None,
        }
    }

    /// Gives a command that is available.
    pub(super) fn browse(&mut self, command: Command) -> Vec<Effect> {
        self.dialog_scroll = 0;
        self.type_ahead.clear();
        let page = isize::try_from(self.list_height().max(2) - 1).unwrap_or(1);
        match command {
            Command::Help => {
                self.dialog = Some(Dialog::Help);
                Vec::new()
            }
            Command::Show(screen) => self.show(screen),
            Command::NextScreen => self.show(self.screen.step(1)),
            Command::PreviousScreen => self.show(self.screen.step(Screen::ALL.len() - 1)),
            Command::Down => self.step(1),
            Command::Up => self.step(-1),
            Command::PageDown => self.step(page),
            Command::PageUp => self.step(-page),
            Command::First => self.select(0),
            Command::Last => self.select(usize::MAX),
            Command::Open => self.open_subject(),
            Command::Back => self.back(),
            Command::Filter => {
                self.filter_input = Some(Input::new(self.filter().clone()));
                Vec::new()
            }
            Command::Refresh => Screen::ALL.iter().map(|screen| self.fetch(*screen)).collect(),
            Command::SwitchRange => self.switch_range(),
            Command::Approve => self.open_approval(),
            Command::Deny => self.ask_deny(),
            Command::Cancel => self.ask_cancel(),
            Command::Revoke => self.ask_revoke(),
            Command::RevokeSubject => self.ask_revoke_subject(),
            Command::Quit | Command::Confirm | Command::Dismiss => Vec::new(),
        }
    }

    fn show(&mut self, screen: Screen) -> Vec<Effect> {
        self.screen = screen;
        vec![self.fetch(screen)]
    }

    fn step(&mut self, count: isize) -> Vec<Effect> {
        let height = self.list_height();
        match self.screen {
            Screen::DeviceFlows => self.device_flows.step(count, height),
            Screen::AuthorizationFlows => self.authorization_flows.step(count, height),
            Screen::Subjects => self.subjects.step(count, height),
            Screen::Tokens => self.tokens.step(count, height),
        }
        Vec::new()
    }

    fn select(&mut self, index: usize) -> Vec<Effect> {
        let height = self.list_height();
        match self.screen {
            Screen::DeviceFlows => self.device_flows.select(index, height),
            Screen::AuthorizationFlows => self.authorization_flows.select(index, height),
            Screen::Subjects => self.subjects.select(index, height),
            Screen::Tokens => self.tokens.select(index, height),
        }
        Vec::new()
    }

    fn open_subject(&mut self) -> Vec<Effect> {
        let Some(subject) = self.subject_at_cursor().cloned() else { return Vec::new() };
        self.screen = Screen::Tokens;
        self.show_tokens(TokenSelection::Of(subject))
    }

    fn switch_range(&mut self) -> Vec<Effect> {
        let range = match self.selection {
            TokenSelection::Everybody(TokenRange::Live) => TokenRange::LastDay,
            _ => TokenRange::Live,
        };
        self.show_tokens(TokenSelection::Everybody(range))
    }

    fn show_tokens(&mut self, selection: TokenSelection) -> Vec<Effect> {
        self.selection = selection;
        self.tokens.filter.clear();
        self.tokens.clear();
        vec![self.fetch(Screen::Tokens)]
    }

    /// One step back at a time: the filter, then the subject, then the row.
    fn back(&mut self) -> Vec<Effect> {
        if !self.filter().is_empty() {
            self.filter_mut().clear();
            return vec![self.fetch(self.screen)];
        }
        if self.screen == Screen::Tokens && matches!(self.selection, TokenSelection::Of(_)) {
            let mut effects = self.show_tokens(TokenSelection::Everybody(TokenRange::Live));
            effects.extend(self.show(Screen::Subjects));
            return effects;
        }
        match self.screen {
            Screen::DeviceFlows => self.device_flows.release(),
            Screen::AuthorizationFlows => self.authorization_flows.release(),
            Screen::Subjects => self.subjects.release(),
            Screen::Tokens => self.tokens.release(),
        };
        Vec::new()
    }
}

fn ended(state: FlowState, what: &str) -> Option<String> {
    match state {
        FlowState::Done => Some(format!("{what} is done: its tokens have been issued. Revoke them on screen 4.")),
        FlowState::Error => Some(format!("{what} has already ended in an error.")),
        FlowState::Pending { .. } | FlowState::Ready { .. } | FlowState::Stale { .. } => None,
        FlowState::Unrecognised => Some(format!("{what} is in a state that DiracX does not know.")),
    }
}
