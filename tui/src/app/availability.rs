//! Why a command is not available now. The table of commands names these, so that the keys, the hint line, the help and the
//! palette all say the same.

use authdb_shared::ids::Subject;
use authdb_shared::liveness::FlowState;
use authdb_shared::model::TokenStatus;

use super::{App, Browse, Dialog, Screen};
use crate::command::{self, Command};
use crate::effect::TokenView;

impl App {
    /// Why a command cannot be given now; `None` if it can.
    #[must_use]
    pub fn unavailable(&self, command: Command) -> Option<String> {
        command::entry(command).and_then(|entry| entry.refusal(self))
    }

    /// What is wrong with the filter of the list in view, if it cannot be read.
    #[must_use]
    pub fn unreadable_filter(&self) -> Option<&str> {
        self.list().and_then(|list| list.filter().complaint())
    }

    /// The same to be shown: it quotes what was typed, which may be somebody's name.
    #[must_use]
    pub fn complaint(&self) -> Option<&str> {
        let hidden = "It cannot be read; while privacy is on, what is wrong with it is hidden.";
        self.unreadable_filter().map(|complaint| if self.veil.is_drawn() { hidden } else { complaint })
    }

    /// Marks outlive the sight of their rows, but whoever typed what cannot be read does not see what they act on.
    fn selects_nothing(&self) -> Option<String> {
        self.complaint().map(|complaint| format!("The filter selects nothing. {complaint}"))
    }

    /// Why nothing can be changed now.
    pub(crate) fn cannot_change(&self) -> Option<String> {
        if let Some(reason) = self.selects_nothing() {
            return Some(reason);
        }
        if self.read_only {
            return Some(self.why_read_only());
        }
        if self.work.is_some() {
            return Some("The last change is still under way.".to_owned());
        }
        self.lost.as_ref().map(|_| "The database does not answer. Wait until it is back.".to_owned())
    }

    fn why_read_only(&self) -> String {
        if self.contexts.iter().all(|context| context.read_only) {
            return "This session is read-only. Start without --read-only to change things.".to_owned();
        }
        format!("The context {} is read-only.", authdb_shared::text::harmless(&self.context_name))
    }

    /// A program that is stopped in a change would keep its rows locked, and logins would wait for them.
    pub(crate) fn cannot_suspend(&self) -> Option<String> {
        let text = "A change is still under way, and must not be stopped in the middle.";
        self.work.as_ref().map(|_| text.to_owned())
    }

    /// Whether rows are marked. Then the plan says which of them are unfit; of one row that is said at once.
    fn has_marks(&self) -> bool {
        self.list().is_some_and(|list| list.marks().0 > 0)
    }

    /// The details show one row: whoever has marked others must not take it for what a change there is about.
    fn marks_beside_details(&self) -> Option<String> {
        let is_hidden = matches!(self.dialog, Some(Dialog::Details)) && self.has_marks();
        is_hidden.then(|| {
            let back = self.keys.way_to(Command::Back);
            format!("Other rows are marked than the one shown here. In the list, {back} drops the marks.")
        })
    }

    pub(crate) fn cannot_deny(&self) -> Option<String> {
        if self.has_marks() {
            return self.marks_beside_details();
        }
        let Some(flow) = self.device_flows.selected() else { return self.no_row() };
        self.ended(flow.state(self.now(), &self.policy), &flow.user_code.to_string())
    }

    pub(crate) fn cannot_cancel(&self) -> Option<String> {
        if self.has_marks() {
            return self.marks_beside_details();
        }
        let Some(flow) = self.authorization_flows.selected() else { return self.no_row() };
        self.ended(flow.state(self.now(), &self.policy), "This flow")
    }

    pub(crate) fn cannot_revoke(&self) -> Option<String> {
        if self.has_marks() {
            return self.marks_beside_details();
        }
        let Some(token) = self.tokens.selected() else { return self.no_row() };
        (token.status == TokenStatus::Revoked).then(|| "This token is already revoked.".to_owned())
    }

    pub(crate) fn has_no_row(&self) -> Option<String> {
        if self.list().is_some_and(|list| list.selected_index().is_some()) { None } else { self.no_row() }
    }

    /// Why nothing can be copied.
    pub(crate) fn cannot_copy(&self) -> Option<String> {
        self.hides_values().or_else(|| self.has_no_target())
    }

    /// Marked rows are enough, also where the cursor is on none.
    pub(crate) fn has_no_target(&self) -> Option<String> {
        if let Some(reason) = self.selects_nothing() {
            return Some(reason);
        }
        if self.list().is_some_and(|list| list.marks().0 > 0) { None } else { self.has_no_row() }
    }

    pub(crate) fn has_nothing_to_export(&self) -> Option<String> {
        if let Some(reason) = self.hides_values() {
            return Some(reason);
        }
        let has_rows = self.list().is_some_and(|list| !list.is_empty() || list.marks().0 > 0);
        (!has_rows).then(|| "There is nothing to export: no row is shown.".to_owned())
    }

    pub(crate) fn cannot_revoke_subject(&self) -> Option<String> {
        match (self.has_marks(), self.screen) {
            (true, Screen::Subjects) => None,
            (true, _) => {
                let (back, subjects) =
                    (self.keys.way_to(Command::Back), self.keys.way_to(Command::Show(Screen::Subjects)));
                Some(format!(
                    "Tokens are marked, but this is about all of one subject. {back} drops the marks; several subjects \
                     are marked on the screen of subjects ({subjects})."
                ))
            }
            (false, _) => self.has_no_subject(),
        }
    }

    pub(crate) fn has_no_subject(&self) -> Option<String> {
        if self.subject_at_cursor().is_none() { self.no_row() } else { None }
    }

    pub(crate) fn cannot_switch_range(&self) -> Option<String> {
        matches!(self.selection, TokenView::Of(_)).then(|| {
            format!("All tokens of this subject are shown. {} leaves the subject.", self.keys.way_to(Command::Back))
        })
    }

    /// Whether a command has no use in the present view, so that it is not offered.
    #[must_use]
    pub fn is_pointless(&self, command: Command) -> bool {
        let shows_one_subject = self.screen == Screen::Tokens && matches!(self.selection, TokenView::Of(_));
        shows_one_subject && matches!(command, Command::OpenOwner | Command::SwitchRange)
    }

    #[expect(clippy::unnecessary_wraps, reason = "every refusal has this form")]
    fn no_row(&self) -> Option<String> {
        if self.list().is_some_and(Browse::is_empty) {
            return Some("There is no row here.".to_owned());
        }
        Some(format!("Choose a row first, with {}.", self.keys.way_to(Command::Down)))
    }

    fn ended(&self, state: FlowState, what: &str) -> Option<String> {
        match state {
            FlowState::Done => {
                let tokens = self.keys.way_to(Command::Show(Screen::Tokens));
                Some(format!(
                    "{what} is done: its tokens have been issued. Revoke them on the screen of tokens ({tokens})."
                ))
            }
            FlowState::Error => Some(format!("{what} has already ended in an error.")),
            FlowState::Pending { .. } | FlowState::Ready { .. } | FlowState::Stale { .. } => None,
            FlowState::Unrecognised => Some(format!("{what} is in a state that DiracX does not know.")),
        }
    }

    /// The subject that a command on the screen in view is about.
    #[must_use]
    pub fn subject_at_cursor(&self) -> Option<&Subject> {
        match self.screen {
            Screen::Subjects => self.subjects.selected().map(|summary| &summary.subject),
            Screen::Tokens => {
                let at_cursor = self.tokens.selected().and_then(|token| token.subject.as_ref());
                match &self.selection {
                    TokenView::Of(subject) => Some(subject),
                    TokenView::Live | TokenView::LastDay | TokenView::LastWeek | TokenView::NotRevoked => at_cursor,
                }
            }
            _ => None,
        }
    }
}
