//! Work under way as a bar and figures, and the report of work that has ended.

use ratatui::text::{Line, Span, Text};

use super::dialogs::Content;
use super::format::{harmless, number};
use super::{sparks, style};
use crate::app::{Ended, Tone, Work};

const BAR: usize = 40;

pub(super) fn content(work: &Work) -> Content {
    let report = &work.report;
    let (tried, steps) = (report.tried() as u64, work.steps() as u64);
    let bar = sparks::bar(tried, steps, BAR);
    let gap = "·".repeat(BAR.saturating_sub(bar.chars().count()));
    let figures = [
        (report.done.len(), work.done()),
        (report.refused.len(), "refused"),
        (report.failed.len(), "failed"),
        (report.stopped.len(), "stopped"),
        (report.unknown.len(), "not known"),
        (report.untried.len(), "left"),
    ];
    let figures = figures.iter().filter(|(count, what)| *count > 0 || *what != "stopped");
    let figures: Vec<String> = figures.map(|(count, what)| format!("{} {what}", number(*count as u64))).collect();
    let mut lines = vec![
        Line::from(vec![
            Span::raw(bar),
            Span::styled(gap, style::FAINT),
            Span::styled(format!("  {} of {} {}s", number(tried), number(steps), work.noun()), style::STRONG),
        ]),
        Line::raw(""),
        Line::raw(figures.join("   ")),
    ];
    if work.has_batches() {
        let (rows, count) = (number(work.rows()), number(work.plan.work.count()));
        let of = if work.plan.work.is_count_complete() { "about" } else { "more than" };
        lines.push(Line::raw(format!("{rows} of {of} {count} tokens revoked")));
    }
    let in_hand = if work.has_batches() { "batch" } else { "step" };
    let keys = if work.is_stopping {
        lines.push(Line::raw(""));
        lines.push(Line::styled(format!("Stopping after the {in_hand} in hand…"), style::of_tone(Tone::Plain)));
        vec![("q".to_owned(), "leave")]
    } else {
        let stop = if work.has_batches() { "stop after the batch in hand" } else { "stop after the step in hand" };
        vec![("Esc".to_owned(), stop), ("q".to_owned(), "leave when it is done")]
    };
    Content { title: "At work".to_owned(), text: Text::from(lines), keys, ..Content::default() }
}

pub(super) fn report(ended: &Ended) -> Content {
    let tone = if ended.report.is_complete() { Tone::Good } else { Tone::Bad };
    let mut lines = vec![Line::styled(harmless(&ended.summary), style::of_tone(tone)), Line::raw("")];
    lines.extend(ended.lines().into_iter().map(Line::raw));
    Content {
        title: "What was done".to_owned(),
        text: Text::from(lines),
        keys: vec![("Esc".to_owned(), "back to the list")],
        ..Content::default()
    }
}
