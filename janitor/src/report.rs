//! What a run did, for people and for the log.

use std::fmt;
use std::time::Duration;

use authdb_shared::db::{DbError, Sweep};
use authdb_shared::janitor::Job;
use authdb_shared::text;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Everything that was due has been done.
    Done,
    /// Something was due and was not done, for the reasons given in the notes.
    Refused,
    /// Stopped by a signal or at the end of its time; the next run carries on.
    Unfinished,
    /// An error ended it; what was done before stays done.
    Failed {
        /// What went wrong.
        reason: String,
        /// Whether the database could not be reached.
        is_connection_loss: bool,
    },
}

/// What a run did.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) job: Job,
    pub(crate) outcome: Outcome,
    /// Rows by what happened to them, in the order in which it is told.
    pub(crate) swept: Vec<(Sweep, u64)>,
    /// Changes of the partition layout, each in words.
    pub(crate) changes: Vec<String>,
    /// What a reader should know, each in a sentence.
    pub(crate) notes: Vec<String>,
    /// Why the clocks were not believed, each in a sentence.
    pub(crate) disagreements: Vec<String>,
    /// How long the run left a busy server in peace, and why at last.
    pub(crate) waited: Option<(Duration, String)>,
    pub(crate) took: Duration,
    /// Whether it is tried again soon, and not at the next trigger.
    pub(crate) tries_again: bool,
    /// Whether it must not be, whatever else comes.
    pub(crate) has_done_enough: bool,
}

impl Report {
    pub(crate) fn new(job: Job) -> Self {
        Self {
            job,
            outcome: Outcome::Done,
            swept: Vec::new(),
            changes: Vec::new(),
            notes: Vec::new(),
            disagreements: Vec::new(),
            waited: None,
            took: Duration::ZERO,
            tries_again: false,
            has_done_enough: false,
        }
    }

    /// Tells a reader something, but not twice.
    pub(crate) fn note_once(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Notes that as much was done as may be done until the next trigger.
    pub(crate) fn has_done_enough(&mut self) {
        self.has_done_enough = true;
        self.tries_again = false;
    }

    fn try_again(&mut self) {
        self.tries_again = !self.has_done_enough;
    }

    /// Notes that something due was not done, and would not be done if it were tried again soon.
    pub(crate) fn refuse(&mut self, reason: String) {
        self.outcome = Outcome::Refused;
        self.notes.push(reason);
    }

    /// Notes that something due was not done for a reason that may be gone in a minute.
    pub(crate) fn refuse_for_now(&mut self, reason: String) {
        self.refuse(reason);
        self.try_again();
    }

    /// Notes that nothing was done because of these disagreements of the clocks.
    pub(crate) fn distrust(&mut self, disagreements: Vec<String>) {
        self.refuse_for_now("nothing was changed, because the clocks disagree".to_owned());
        self.notes.extend(disagreements.iter().cloned());
        self.disagreements = disagreements;
    }

    /// There is nothing to be gained by trying again soon.
    pub(crate) fn wait_for_trigger(&mut self) {
        self.tries_again = false;
    }

    /// Notes a pause that a busy server was given.
    pub(crate) fn waited(&mut self, pause: Duration, reason: String) {
        let before = self.waited.take().map_or(Duration::ZERO, |(before, _)| before);
        self.waited = Some((before + pause, reason));
    }

    /// The same as a sentence.
    fn patience(&self) -> Option<String> {
        let (waited, reason) = self.waited.as_ref()?;
        Some(format!("left the busy server in peace for {:.1} s: {reason}", waited.as_secs_f64()))
    }

    /// Notes that work is left.
    pub(crate) fn unfinished(&mut self) {
        self.outcome = Outcome::Unfinished;
        self.try_again();
    }

    /// Notes that another janitor goes on with the work.
    pub(crate) fn hand_over(&mut self) {
        self.unfinished();
        self.notes.push("another janitor has taken over, and carries on".to_owned());
    }

    pub(crate) fn fail(&mut self, error: &DbError) {
        if matches!(error, DbError::LeaseLost { .. }) {
            return self.hand_over();
        }
        self.outcome = Outcome::Failed { reason: error.to_string(), is_connection_loss: error.is_connection_loss() };
        self.try_again();
    }

    /// Rows changed or deleted in all.
    pub(crate) fn rows(&self) -> u64 {
        self.swept.iter().map(|(_, rows)| rows).sum()
    }

    /// One line for the log.
    pub(crate) fn summary(&self) -> String {
        let mut parts: Vec<String> =
            self.swept.iter().filter(|(_, rows)| *rows > 0).map(|(sweep, rows)| format!("{rows} {sweep}")).collect();
        parts.extend(self.changes.iter().cloned());
        parts.extend(self.notes.iter().cloned());
        parts.extend(self.patience());
        if let Outcome::Failed { reason, .. } = &self.outcome {
            parts.push(reason.clone());
        }
        if parts.is_empty() {
            parts.push("nothing was due".to_owned());
        }
        text::harmless(&parts.join("; "))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Unfinished => "unfinished",
            Self::Failed { .. } => "failed",
        })
    }
}

/// Several lines, for a terminal.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {} in {:.1} s", self.job, self.outcome, self.took.as_secs_f64())?;
        for (sweep, rows) in &self.swept {
            writeln!(f, "  {sweep:<40} {rows:>9}")?;
        }
        for change in &self.changes {
            writeln!(f, "  {}", text::harmless(change))?;
        }
        for note in self.notes.iter().cloned().chain(self.patience()) {
            writeln!(f, "  {}", text::harmless(&note))?;
        }
        if let Outcome::Failed { reason, .. } = &self.outcome {
            writeln!(f, "  {}", text::harmless(reason))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_run_says_that_nothing_was_due() {
        let mut report = Report::new(Job::Flows);
        report.swept.push((Sweep::ExpireDeviceFlows, 0));
        assert_eq!(report.summary(), "nothing was due");
    }

    #[test]
    fn a_report_names_counts_changes_and_reasons() {
        let mut report = Report::new(Job::Tokens);
        report.swept.push((Sweep::PurgeTokens, 12));
        report.changes.push("added p_2027_11".to_owned());
        report.refuse("p_2026_4 is\u{1b}[2J held".to_owned());
        let printed = report.to_string();
        assert!(printed.starts_with("tokens: refused"), "{printed}");
        assert!(printed.contains("refresh tokens of old months deleted            12"), "{printed}");
        assert!(printed.contains("added p_2027_11") && !printed.contains('\u{1b}'), "{printed}");
    }
}
