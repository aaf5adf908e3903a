//! A plan as text, for a terminal.

use std::fmt;

use super::{Plan, PlannedJob, PlannedStep, PlannedSweep};
use crate::text;

/// For a terminal.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "plan as of {} for {} ({})", self.made_at, self.database, self.server)?;
        for clock in &self.clocks {
            writeln!(f, "refused, because the clocks disagree: {}", text::harmless(clock))?;
        }
        for job in &self.jobs {
            write!(f, "{job}")?;
        }
        if !self.layout.is_empty() {
            writeln!(f, "layout of the partitions: {}", self.layout)?;
        }
        Ok(())
    }
}

impl fmt::Display for PlannedJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:", self.job)?;
        for sweep in &self.sweeps {
            write!(f, "{sweep}")?;
        }
        for step in &self.steps {
            write!(f, "{step}")?;
        }
        for refusal in &self.refused {
            writeln!(f, "  refused: {}", text::harmless(refusal))?;
        }
        for note in &self.notes {
            writeln!(f, "  {}", text::harmless(note))?;
        }
        Ok(())
    }
}

impl fmt::Display for PlannedSweep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let least = if self.is_at_least { "at least " } else { "" };
        let oldest = self.oldest.as_ref().map(|oldest| format!("; the oldest of {oldest}")).unwrap_or_default();
        writeln!(f, "  {}: {least}{} rows older than {}{oldest}", self.effect, self.rows, self.older_than)?;
        if self.rows > 0 {
            writeln!(f, "    {}", self.statement)?;
        }
        Ok(())
    }
}

impl fmt::Display for PlannedStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = text::harmless(&self.partitions.join(", "));
        write!(f, "  {} {names}", self.change)?;
        if let (Some(oldest), Some(newest)) = (&self.oldest, &self.newest) {
            let rows = self.rows;
            write!(f, ": {rows} rows{} issued from {oldest} to {newest}, about {} bytes", self.fate(), self.bytes)?;
        } else if self.rows > 0 {
            write!(f, ": {} rows{}", self.rows, self.fate())?;
        }
        if let (Some(oldest), Some(newest)) = (&self.oldest_key, &self.newest_key) {
            write!(f, "\n    keys from {} to {}", text::harmless(oldest), text::harmless(newest))?;
        }
        if self.undated > 0 {
            write!(f, "\n    {} keys that carry no time", self.undated)?;
        }
        writeln!(f, "\n    {}", text::harmless(&self.statement))
    }
}

impl PlannedStep {
    /// What becomes of its rows, where they do not go.
    fn fate(&self) -> &'static str {
        if self.change.starts_with("add") { " of p_future to copy" } else { "" }
    }
}
