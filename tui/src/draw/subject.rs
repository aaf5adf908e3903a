//! One subject, above the list of its tokens: what is odd about it and since when it is here, its sessions as chains of
//! rotations on a line of time, its logins, and what was done to it by hand.
//!
//! The lines of this part depend on the terminal alone, never on what was read, so that no row of the list below moves when
//! an answer comes. Where there is more than there are lines, each section says how much more.

use authdb_shared::Timestamp;
use authdb_shared::liveness::Liveness;
use authdb_shared::model::SubjectSummary;
use authdb_shared::rotation::Chain;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};
use unicode_width::UnicodeWidthStr;

use super::format::{counted, fit, harmless, number, span};
use super::page::broken;
use super::style;
use crate::app::{App, Reading};
use crate::look::Sessions;
use crate::table::Role;

mod records;
mod time_line;

use records::{Told, deeds, logins};
use time_line::TimeLine;

/// Terminals narrower than this have room for the list alone.
const NARROW: u16 = 60;
/// Lines of this part, and the least height of the terminal for each.
const HEIGHTS: [(u16, u16); 4] = [(48, 20), (super::HIGH, 13), (22, 8), (super::LOW, 6)];
/// Of the lines of this part, so many are left to sessions, logins and journal, however much is odd.
const REST: u16 = 3;
/// Cells for the words that say what a section is, or what became of a session.
const LABEL: usize = 10;
const FATE: usize = 27;
/// Cells for the number of tokens of a session.
const COUNT: usize = 12;
/// A group has at least and at most so many cells.
const GROUP: (usize, usize) = (17, 40);
/// The line of time has at least so many cells, wherever there is room for them.
const LINE: usize = 13;

/// Whether the screen in view is about one subject, and has room for this.
pub(super) fn is_shown(app: &App) -> bool {
    app.subject_in_view().is_some() && app.size.0 >= NARROW && app.size.1 >= super::LOW
}

/// Lines of this part.
pub(super) fn height(app: &App) -> u16 {
    let fitting = HEIGHTS.iter().find(|(terminal, _)| app.size.1 >= *terminal);
    fitting.filter(|_| is_shown(app)).map_or(0, |(_, height)| *height)
}

pub(super) fn draw(app: &App, frame: &mut Frame, area: Rect) {
    if area.is_empty() || !is_shown(app) {
        return;
    }
    let width = usize::from(area.width);
    let about = app.veil.lines(about(app, width)).into_iter().flat_map(|line| broken(line, width));
    let about = Paragraph::new(about.collect::<Vec<Line>>()).wrap(Wrap { trim: false });
    let needed = u16::try_from(about.line_count(area.width)).unwrap_or(u16::MAX);
    let most = area.height.saturating_sub(REST).max(1);
    let [top, rest] = Layout::vertical([Constraint::Length(needed.min(most)), Constraint::Min(0)]).areas(area);
    let looks = if app.lost.is_some() { style::STALE_ROWS } else { style::PLAIN };
    frame.render_widget(about.style(looks), top);
    let lines = sections(app, usize::from(rest.width), usize::from(rest.height));
    frame.render_widget(Paragraph::new(app.veil.lines(lines)).style(looks), rest);
}

/// What is odd about it, and since when it is here.
fn about(app: &App, width: usize) -> Vec<Line<'static>> {
    let Some(subject) = app.subject_in_view() else { return Vec::new() };
    let name = Span::styled(format!("  {}", app.veil.alias(subject.as_str())), style::STRONG);
    let looks = &app.subject.sessions;
    let sessions = match &looks.value {
        None => return vec![Line::from(vec![name, Span::raw("  "), awaited(app, &looks.reading)])],
        Some(None) => {
            let text = "  no token of it is kept";
            return vec![Line::from(vec![name, Span::styled(text, style::FAINT)])];
        }
        Some(Some(sessions)) => sessions,
    };
    let odd = sessions.one.lately.anomalies(&app.policy).into_iter();
    let mut lines: Vec<Line> =
        odd.map(|anomaly| Line::styled(format!("  ! {anomaly}"), style::of(Role::Odd))).collect();
    let mut line = Line::from(vec![name, Span::raw(format!("  {}", told(app, sessions)))]);
    if line.width() > width {
        // A long name has a line of its own, so that none of the rest is torn apart.
        let rest = line.spans.split_off(1);
        lines.push(std::mem::replace(&mut line, Line::from(rest)));
    }
    if let Some(reason) = stale(app, &looks.reading) {
        line.push_span(Span::styled(format!("  {reason}"), style::of(Role::Bad)));
    }
    lines.push(line);
    lines
}

fn told(app: &App, sessions: &Sessions) -> String {
    let one = &sessions.one;
    let seen = |time: Option<Timestamp>| match time {
        Some(time) => past(app, time),
        None => "at an unknown time".to_owned(),
    };
    let vo = one.lately.subject.vo().map_or_else(|| "no VO".to_owned(), |vo| format!("VO {}", harmless(vo)));
    let (first, last) = (seen(one.first_seen), seen(one.last_seen));
    // One "ago" is enough for both.
    let first = if last.ends_with(" ago") { first.trim_end_matches(" ago") } else { &first };
    format!("{vo}  first seen {first}, last {last}  {}", rate(&one.lately, app))
}

/// When something was, as times are told.
fn past(app: &App, time: Timestamp) -> String {
    app.telling.past_in_short(time, app.now())
}

fn rate(lately: &SubjectSummary, app: &App) -> String {
    let rate = lately.rotations_per_hour(&app.policy);
    let is_whole = rate >= 10.0 || (rate - rate.round()).abs() < 0.05;
    if is_whole { format!("{rate:.0} rotations/h") } else { format!("{rate:.1} rotations/h") }
}

/// How old what is shown is, and why, where reading it anew fails.
fn stale(app: &App, reading: &Reading) -> Option<String> {
    let freshness = reading.freshness(app.host_now);
    let error = harmless(freshness.error?);
    Some(format!("from {} ago: {}", span(freshness.age?), app.veil.text(&error)))
}

/// That something is awaited, or why it could not be read.
fn awaited(app: &App, reading: &Reading) -> Span<'static> {
    match reading.freshness(app.host_now).error {
        Some(error) => Span::styled(format!("not read: {}", app.veil.text(&harmless(error))), style::of(Role::Bad)),
        None => Span::styled("reading…", style::FAINT),
    }
}

/// Sessions, logins and journal, each with as many lines as there are for it.
fn sections(app: &App, width: usize, height: usize) -> Vec<Line<'static>> {
    let sessions = app.subject.sessions.value.as_ref().and_then(Option::as_ref);
    let (live, ended): (Vec<&Chain>, Vec<&Chain>) =
        sessions.into_iter().flat_map(|it| &it.chains).partition(|chain| is_live(app, chain));
    let chains: Vec<&Chain> = live.iter().chain(&ended).copied().collect();
    let (flows, journal) = (logins(app), deeds(app));
    let given = shares([chains.len(), flows.len(), journal.len()], height.saturating_sub(1));
    let shown = &chains[..given[0]];
    let columns = Columns::of(shown, width);
    let times = TimeLine::of(shown, live.len().min(shown.len()), app.now(), &app.policy, columns.line);
    let mut lines = Vec::with_capacity(height);
    if let Some(sessions) = sessions {
        lines.push(heading(app, sessions, live.len(), shown, &columns, &times));
    }
    lines.extend(shown.iter().map(|chain| of_chain(app, chain, &columns, &times)));
    lines.extend(section("Logins", flows, given[1], width));
    lines.extend(section("Journal", journal, given[2], width));
    lines
}

/// How many of so many lines each section gets: one in any case, and of the rest the sessions more than the others.
fn shares(wanted: [usize; 3], lines: usize) -> [usize; 3] {
    let mut given = [0; 3];
    let mut left = lines;
    for place in [0, 1, 2].into_iter().chain([0, 0, 1, 0, 2].into_iter().cycle().take(5 * lines)) {
        if left > 0 && given[place] < wanted[place] {
            given[place] += 1;
            left -= 1;
        }
    }
    given
}

fn end(app: &App, chain: &Chain) -> Liveness {
    chain.newest.liveness(app.now(), &app.policy)
}

fn is_live(app: &App, chain: &Chain) -> bool {
    matches!(end(app, chain), Liveness::Live { .. })
}

/// Cells of the parts of a session's line.
struct Columns {
    group: usize,
    line: usize,
}

impl Columns {
    fn of(shown: &[&Chain], width: usize) -> Self {
        let widest = shown.iter().map(|chain| group(chain).width()).max().unwrap_or(0);
        // Two blanks before the group, and one before the line and the fate.
        let beside = 2 + COUNT + 1 + FATE + 1;
        let most = width.saturating_sub(beside + LINE).clamp(GROUP.0, GROUP.1);
        let group = widest.clamp(GROUP.0, most);
        Self { group, line: width.saturating_sub(beside + group) }
    }
}

fn group(chain: &Chain) -> String {
    chain.newest.scope.group().map_or_else(|| "(default)".to_owned(), harmless)
}

/// How many sessions there are, and from when to when the line of time goes.
fn heading(
    app: &App,
    sessions: &Sessions,
    live: usize,
    shown: &[&Chain],
    columns: &Columns,
    times: &TimeLine,
) -> Line<'static> {
    let count = sessions.chains.len();
    let text = format!("  Likely sessions: {live} of {}{} live", number(count as u64), more(!sessions.is_whole));
    let mut heading = Line::styled(text, style::STRONG);
    let start = 2 + columns.group + COUNT + 1;
    // Where the words reach into the line of time, its beginning is told behind them.
    let (from, end) = (start.max(heading.width() + 1), start + columns.line);
    let since = past(app, times.from);
    let is_told = !shown.is_empty() && end >= from + since.width() + " now".len();
    let axis = if is_told { format!("{since}{:>1$}", "now", end - from - since.width()) } else { String::new() };
    let mut besides = Vec::new();
    if shown.len() < count {
        besides.push(format!("+{} more", count - shown.len()));
    }
    if sessions.undated > 0 {
        besides.push(format!("{} without a time", counted(sessions.undated as u64, "token")));
    }
    let gap = " ".repeat(from.saturating_sub(heading.width()));
    let room = end.saturating_sub(from);
    heading.push_span(Span::styled(format!("{gap}{axis:room$} {}", besides.join(", ")), style::FAINT));
    heading
}

fn more(is_more: bool) -> &'static str {
    if is_more { "+" } else { "" }
}

/// A session: its group, its tokens, where they stand in time, and what became of it.
fn of_chain(app: &App, chain: &Chain, columns: &Columns, times: &TimeLine) -> Line<'static> {
    let state = end(app, chain);
    let issued = chain.issued.last().map(|issued| past(app, *issued)).unwrap_or_default();
    let (mark, fate) = match state {
        Liveness::Live { left } => ('▶', format!("live, {} left", span(left))),
        Liveness::Expired { ago } => ('○', format!("expired {}", past(app, app.now().before(ago)))),
        Liveness::Revoked => ('×', format!("revoked, issued {issued}")),
        Liveness::FromTheFuture { ahead } => ('?', format!("{} ahead of the clock", span(ahead))),
        Liveness::Undated | Liveness::Unrecognised => ('?', format!("status {}", chain.newest.status)),
    };
    let Columns { group: room, line: cells } = *columns;
    let count = counted(chain.issued.len() as u64, "token");
    let name = fit(&group(chain), room);
    let padding = " ".repeat(room.saturating_sub(name.width()));
    let drawn = if cells > 0 { times.drawn(chain, mark) } else { String::new() };
    Line::from(vec![
        Span::raw(format!("  {name}{padding}{count:>COUNT$} ")),
        Span::styled(drawn, style::of(Role::Active)),
        Span::styled(format!(" {}", fit(&fate, FATE)), style::of(Role::of_token(state))),
    ])
}

/// The rows of a section that there is room for, the first behind its name; the last says how many more there are.
fn section(name: &str, rows: Vec<Told>, lines: usize, width: usize) -> Vec<Line<'static>> {
    let hidden = rows.len().saturating_sub(lines);
    let line = |(index, (text, role)): (usize, Told)| {
        let label = if index == 0 { name } else { "" };
        let rest = if index + 1 == lines && hidden > 0 { format!("  +{hidden} more") } else { String::new() };
        let text = fit(&text, width.saturating_sub(2 + LABEL + rest.width()));
        Line::from(vec![
            Span::styled(format!("  {label:<LABEL$}"), style::STRONG),
            Span::styled(text, style::of(role)),
            Span::styled(rest, style::FAINT),
        ])
    };
    rows.into_iter().take(lines).enumerate().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_has_a_line_before_any_has_two_and_no_line_is_wasted() {
        assert_eq!(shares([5, 3, 2], 3), [1, 1, 1]);
        assert_eq!(shares([5, 3, 2], 7), [4, 2, 1]);
        assert_eq!(shares([5, 3, 2], 20), [5, 3, 2]);
        assert_eq!(shares([0, 1, 9], 6), [0, 1, 5]);
        assert_eq!(shares([5, 3, 2], 1), [1, 0, 0]);
    }
}
