//! What a benchmark prints: the timings, and the figures beside their targets.
//!
//! A missed target stands in the table like any other line, in capitals. Nothing is measured again until it fits.

use std::fmt;
use std::time::Duration;

use crate::measure::samples::Samples;

/// A number that may have a target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Figure {
    /// How many times as much as something else.
    Ratio(f64),
    /// A duration.
    Time(Duration),
    /// A number of things.
    Count(u64),
    /// Memory, in bytes.
    Bytes(u64),
    /// A part of one.
    Share(f64),
}

/// Everything that was measured, in order.
#[derive(Debug, Default)]
pub struct Report {
    timings: Vec<Timing>,
    checks: Vec<Check>,
}

#[derive(Debug)]
struct Timing {
    what: String,
    samples: Samples,
}

#[derive(Debug)]
struct Check {
    what: String,
    figure: Figure,
    at_most: Option<Figure>,
}

impl Figure {
    /// Whether it is no more than `target`; never if the two cannot be compared, as after a division by nothing.
    fn is_within(self, target: Self) -> bool {
        match (self, target) {
            (Self::Ratio(figure), Self::Ratio(target)) | (Self::Share(figure), Self::Share(target)) => figure <= target,
            (Self::Time(figure), Self::Time(target)) => figure <= target,
            (Self::Count(figure), Self::Count(target)) | (Self::Bytes(figure), Self::Bytes(target)) => figure <= target,
            _ => false,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Ratio(ratio) if *ratio >= 100.0 => format!("{ratio:.0} ×"),
            Self::Ratio(ratio) => format!("{ratio:.2} ×"),
            Self::Time(time) => milliseconds(*time),
            Self::Count(count) => count.to_string(),
            Self::Bytes(bytes) => mebibytes(*bytes),
            Self::Share(share) => format!("{:.2} %", share * 100.0),
        };
        formatter.pad(&text)
    }
}

impl Report {
    /// Durations of one thing.
    pub fn timing(&mut self, what: impl Into<String>, samples: Samples) {
        self.timings.push(Timing { what: what.into(), samples });
    }

    /// A figure that must not exceed its target.
    pub fn check(&mut self, what: impl Into<String>, figure: Figure, at_most: Figure) {
        self.checks.push(Check { what: what.into(), figure, at_most: Some(at_most) });
    }

    /// A figure that nobody has set a target for.
    pub fn compare(&mut self, what: impl Into<String>, figure: Figure) {
        self.checks.push(Check { what: what.into(), figure, at_most: None });
    }

    /// How many targets were missed.
    #[must_use]
    pub fn missed(&self) -> usize {
        self.checks.iter().filter(|check| check.verdict() == MISSED).count()
    }
}

const MISSED: &str = "MISSED";

impl Check {
    fn verdict(&self) -> &'static str {
        match self.at_most {
            None => "",
            Some(target) if self.figure.is_within(target) => "ok",
            Some(_) => MISSED,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = self.timings.iter().map(|timing| &timing.what).chain(self.checks.iter().map(|check| &check.what));
        let width = texts.map(|text| text.chars().count()).max().unwrap_or(0);
        writeln!(formatter, "{:width$} {:>12} {:>12} {:>12} {:>7}", "timing", "median", "p99", "max", "n")?;
        for Timing { what, samples } in &self.timings {
            let [median, p99, max] = [samples.median(), samples.p99(), samples.max()].map(milliseconds);
            writeln!(formatter, "{what:width$} {median:>12} {p99:>12} {max:>12} {:>7}", samples.count())?;
        }
        writeln!(formatter, "\n{:width$} {:>12} {:>12}", "figure", "", "at most")?;
        for check in &self.checks {
            let target = check.at_most.map_or_else(String::new, |target| target.to_string());
            let line = format!("{:width$} {:>12} {target:>12} {}", check.what, check.figure, check.verdict());
            writeln!(formatter, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "it is printed")]
fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / 1_048_576.0)
}

fn milliseconds(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1000.0;
    let decimals = if milliseconds < 100.0 { 2 } else { 0 };
    format!("{milliseconds:.decimals$} ms")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Figure, Report};

    #[test]
    fn a_missed_target_is_counted_and_shown() {
        let mut report = Report::default();
        report.check("met", Figure::Ratio(1.2), Figure::Ratio(1.2));
        report.check("too long", Figure::Time(Duration::from_millis(101)), Figure::Time(Duration::from_millis(100)));
        report.check("one too many", Figure::Count(1), Figure::Count(0));
        report.check("too large", Figure::Bytes(41 << 20), Figure::Bytes(40 << 20));
        report.check("light", Figure::Share(0.004), Figure::Share(0.01));
        report.compare("of interest", Figure::Ratio(1000.0));
        assert_eq!(report.missed(), 3);
        let lines = report.to_string();
        assert_eq!(lines.lines().filter(|line| line.ends_with("MISSED")).count(), 3, "{lines}");
        assert!(lines.contains("41.0 MiB") && lines.contains("0.40 %"), "{lines}");
        assert!(lines.lines().any(|line| line.starts_with("met") && line.ends_with("ok")), "{lines}");
    }

    #[test]
    fn a_division_by_nothing_meets_no_target() {
        let mut report = Report::default();
        report.check("nothing was measured", Figure::Ratio(f64::NAN), Figure::Ratio(2.0));
        assert_eq!(report.missed(), 1);
    }
}
