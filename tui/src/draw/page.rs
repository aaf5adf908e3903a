//! The screens that are no lists: sections of lines, which scroll where the terminal is low.

use std::time::Duration;

use authdb_shared::db::JournalCheck;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};
use unicode_width::UnicodeWidthStr;

use super::format::{OLD, counted, fit, harmless, number, span};
use super::wrapping::hanging;
use super::{janitor, overview, partitions, style};
use crate::app::{App, MONTHS_INTERVAL, Reading, Screen};
use crate::look::Look;
use crate::table::Role;

/// How much further in than its first row the rest of a long line stands.
const FURTHER_IN: usize = 2;

/// Paints the screen in view.
pub(super) fn draw(app: &App, frame: &mut Frame, area: Rect) {
    let scroll = app.page_scroll.min(hidden_lines(app, area));
    let style = if app.lost.is_some() { style::STALE_ROWS } else { style::PLAIN };
    frame.render_widget(paragraph(app, area).style(style).scroll((scroll, 0)), area);
}

/// Lines that this area cannot show.
pub(super) fn hidden_lines(app: &App, area: Rect) -> u16 {
    let lines = u16::try_from(paragraph(app, area).line_count(area.width.max(1))).unwrap_or(u16::MAX);
    lines.saturating_sub(area.height)
}

fn paragraph(app: &App, area: Rect) -> Paragraph<'static> {
    let lines = match app.screen {
        Screen::Overview => overview::lines(app, usize::from(area.width), usize::from(area.height)),
        Screen::Partitions => partitions::lines(app, usize::from(area.width)),
        Screen::Janitor => janitor::lines(app, usize::from(area.width)),
        _ => Vec::new(),
    };
    let width = usize::from(area.width);
    let lines: Vec<Line> = app.veil.lines(lines).into_iter().flat_map(|line| broken(line, width)).collect();
    Paragraph::new(lines).wrap(Wrap { trim: false })
}

/// How many lines of this width these are, once too long ones are broken.
pub(super) fn height_of(app: &App, lines: &[Line<'static>], width: usize) -> usize {
    app.veil.lines(lines.to_vec()).into_iter().map(|line| broken(line, width).len()).sum()
}

/// A line that is too long, as several, of which all but the first are set in.
pub(super) fn broken(line: Line<'static>, width: usize) -> Vec<Line<'static>> {
    let text = line.to_string();
    let begin = text.len() - text.trim_start().len();
    hanging(line, width, begin + FURTHER_IN)
}

/// The head of a section, with what is wrong with what stands in it.
pub(super) fn head(app: &App, title: &str, look: Look) -> Line<'static> {
    head_of(app, title, &[look])
}

/// The head of a section that is read in parts: the worst of what is wrong with them, the first of several that are as bad.
pub(super) fn head_of(app: &App, title: &str, looks: &[Look]) -> Line<'static> {
    let wrongs = looks.iter().rev().filter_map(|look| staleness(app, *look));
    head_with(title, wrongs.max_by_key(|(staleness, _)| *staleness))
}

/// The head of a section about what is now: however seldom that is read, its age is said as soon as it is worth a word.
pub(super) fn head_of_now(app: &App, title: &str, look: Look) -> Line<'static> {
    head_with(title, staleness_of(app, app.looks.reading(look), OLD))
}

/// The head of a section that is made of a list, which is read less often than the screen in view.
pub(super) fn head_of_list(app: &App, title: &str, reading: &Reading) -> Line<'static> {
    head_with(title, staleness_of(app, reading, app.background_interval() + OLD))
}

fn head_with(title: &str, wrong: Option<(Staleness, String)>) -> Line<'static> {
    let mut line = Line::styled(format!(" {title}"), style::STRONG);
    line.spans.extend(wrong.map(remark));
    line
}

/// What is wrong with the chart of months, if something is.
pub(super) fn remark_on_months(app: &App) -> Option<Span<'static>> {
    staleness_of(app, &app.months.reading, MONTHS_INTERVAL + OLD).map(remark)
}

fn remark((staleness, text): (Staleness, String)) -> Span<'static> {
    let style = if staleness == Staleness::Failed { style::of(Role::Bad) } else { style::FAINT };
    Span::styled(text, style)
}

/// Whether each of them has been read, and the last reading of none failed.
pub(super) fn are_known(app: &App, looks: &[Look]) -> bool {
    let freshness = |look: &Look| app.looks.reading(*look).freshness(app.host_now);
    looks.iter().map(freshness).all(|freshness| freshness.age.is_some() && freshness.error.is_none())
}

/// What is wrong with a section, the worst last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Staleness {
    /// It takes long, so it is read less often than it should be.
    Old,
    /// It is read for the first time.
    Awaited,
    /// Reading it fails.
    Failed,
}

/// What is wrong with a section, and the words for it.
fn staleness(app: &App, look: Look) -> Option<(Staleness, String)> {
    staleness_of(app, app.looks.reading(look), look.interval_on(app.screen) + OLD)
}

/// The same for what is old from such an age on.
fn staleness_of(app: &App, reading: &Reading, old: Duration) -> Option<(Staleness, String)> {
    let freshness = reading.freshness(app.host_now);
    Some(match (freshness.error, freshness.age) {
        (Some(error), Some(age)) => {
            (Staleness::Failed, format!("  from {} ago: {}", span(age), app.veil.text(&harmless(error))))
        }
        (Some(error), None) => (Staleness::Failed, format!("  not read: {}", app.veil.text(&harmless(error)))),
        (None, None) => (Staleness::Awaited, "  reading…".to_owned()),
        (None, Some(age)) if age >= old => (Staleness::Old, format!("  from {} ago", span(age))),
        (None, Some(_)) => return None,
    })
}

/// A line of a section.
pub(super) fn line(text: impl Into<String>, style: Style) -> Line<'static> {
    Line::styled(format!("   {}", text.into()), style)
}

/// Two columns of lines as one, the left of which is `width` cells wide; what is too wide for its column is cut.
pub(super) fn beside(left: Vec<Line<'static>>, right: Vec<Line<'static>>, width: usize) -> Vec<Line<'static>> {
    let (height, right_width) = (left.len().max(right.len()), width.saturating_sub(1));
    let (mut left, mut right) = (left.into_iter(), right.into_iter());
    let row = |_| {
        let mut line = cut(left.next().unwrap_or_default(), width.saturating_sub(2));
        line.push_span(Span::raw(" ".repeat(width.saturating_sub(line.width()))));
        line.spans.extend(cut(right.next().unwrap_or_default(), right_width).spans);
        line
    };
    (0..height).map(row).collect()
}

/// A line of at most so many cells, each of whose spans has the whole style.
fn cut(line: Line<'static>, width: usize) -> Line<'static> {
    let mut room = width;
    let mut spans = Vec::new();
    for span in line.spans {
        let text = fit(&span.content, room);
        room = room.saturating_sub(text.width());
        spans.push(Span::styled(text, line.style.patch(span.style)));
    }
    Line::from(spans)
}

/// What is known of the journal's chain, in a few words, of which the worst comes first.
pub(super) fn chain(app: &App) -> Span<'static> {
    let slot = &app.looks.chain;
    let freshness = slot.reading.freshness(app.host_now);
    let error = freshness.error.map(harmless);
    let is_old = |age: &Duration| error.is_some() || *age >= Look::Chain.interval_on(Screen::Journal) + OLD;
    let ago = freshness.age.filter(is_old).map_or_else(String::new, |age| format!(" {} ago", span(age)));
    match (&slot.value, &error) {
        (Some(Some(JournalCheck { sound, fault: Some(fault), .. })), _) => {
            let seen = if ago.is_empty() { ago } else { format!(" (seen{ago})") };
            Span::styled(format!("CHAIN BROKEN after {}: {fault}{seen}", number(*sound)), style::of(Role::Urgent))
        }
        (_, Some(error)) => {
            let since = freshness.age.map_or_else(String::new, |age| format!(" for {}", span(age)));
            Span::styled(format!("chain NOT VERIFIED{since}: {error}"), style::of(Role::Bad))
        }
        (None, None) => Span::styled("chain not verified yet", style::STRONG),
        (Some(None), None) => Span::styled("no journal here", style::STRONG),
        (Some(Some(JournalCheck { sound, fault: None, .. })), None) => {
            Span::styled(format!("chain of {} verified{ago}", counted(*sound, "action")), style::STRONG)
        }
    }
}
