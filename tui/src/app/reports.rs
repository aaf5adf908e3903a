//! Reports: what became of work, in front of the admin until it was read, and again for whoever asks.
//!
//! A report comes by itself, perhaps into the middle of a word that is typed, and the next key may close it. So the last
//! one is kept.

use std::collections::VecDeque;

use authdb_shared::session_plan::{PlanStep, WorkReport};

use super::{App, Dialog, Work};
use crate::command::Command;
use crate::draw::format::{counted, harmless};
use crate::effect::Effect;

/// Work that has ended, in front of the admin.
#[derive(Debug)]
pub struct Ended {
    /// What became of it, in a sentence or two.
    pub summary: String,
    /// What became of each step.
    pub report: WorkReport,
    /// Why steps were not tried, if some were not.
    pub why_untried: String,
}

/// All reports.
#[derive(Debug, Default)]
pub struct Reports {
    /// Those that wait until nothing else lies over the screen or is typed.
    waiting: VecDeque<Ended>,
    /// The last one that was closed.
    last: Option<Box<Ended>>,
}

impl Reports {
    /// Says of each that it is of a database that has been left.
    pub(super) fn leave_context(&mut self) {
        for report in self.waiting.iter_mut().chain(self.last.as_deref_mut()) {
            report.summary = format!("Of the context before: {}", report.summary);
        }
    }
}

impl App {
    /// Reports what was and what was not done.
    pub(super) fn report_on(&mut self, work: &Work, summary: String, broken_by: Option<String>) {
        let why_untried = match broken_by {
            Some(reason) => reason,
            None if work.is_stopping => "the work was stopped".to_owned(),
            None => "the connection broke".to_owned(),
        };
        self.reports.waiting.push_back(Ended { summary, report: work.report.clone(), why_untried });
    }

    /// Puts the next report before the admin, who must not lose it to a key that was meant for another dialog or a field.
    pub(super) fn show_report(&mut self) {
        if self.dialog.is_none()
            && self.filter_input.is_none()
            && let Some(ended) = self.reports.waiting.pop_front()
        {
            self.dialog_scroll = 0;
            self.dialog = Some(Dialog::Ended(Box::new(ended)));
        }
    }

    /// Closes the report if one is open, and says how it comes back.
    pub(super) fn close_report(&mut self) -> bool {
        let Some(Dialog::Ended(ended)) = self.dialog.take_if(|it| matches!(it, Dialog::Ended(_))) else { return false };
        self.reports.last = Some(ended);
        let key = self.keys.way_to(Command::LastReport);
        self.say_in_passing(&format!("{key} shows once more what was and what was not done."));
        true
    }

    /// Shows the last report again.
    pub(super) fn open_last_report(&mut self) -> Vec<Effect> {
        self.dialog = self.reports.last.take().map(Dialog::Ended);
        Vec::new()
    }

    /// Why there is no report to show.
    pub(crate) fn has_no_report(&self) -> Option<String> {
        self.reports.last.is_none().then(|| "Nothing has been done that would need a report.".to_owned())
    }

    /// Those that nobody can have read to their end yet.
    pub(super) fn unread_reports(&self) -> impl Iterator<Item = &Ended> {
        let open = match &self.dialog {
            Some(Dialog::Ended(ended)) => Some(&**ended),
            _ => None,
        };
        open.into_iter().chain(&self.reports.waiting)
    }
}

impl Ended {
    /// What was not done, a line each, and then what was.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let report = &self.report;
        let with_reason = |what: &str, steps: &[(PlanStep, String)]| -> Vec<String> {
            steps.iter().map(|(step, reason)| format!("{what}  {step}: {}", harmless(reason))).collect()
        };
        let mut lines = with_reason("NOT KNOWN", &report.unknown);
        lines.extend(
            report
                .stopped
                .iter()
                .map(|(step, rows)| format!("STOPPED    {step}: {} revoked, the rest is NOT", counted(*rows, "token"))),
        );
        lines.extend(with_reason("failed   ", &report.failed));
        lines.extend(with_reason("refused  ", &report.refused));
        let why = harmless(&self.why_untried);
        lines.extend(report.untried.iter().map(|step| format!("not tried  {step}: {why}")));
        lines.extend(report.done.iter().map(|step| format!("done       {step}")));
        lines
    }
}
