//! The overview: alarms first, because somebody who is woken at night looks here.

use authdb_shared::db::{FlowStateFilter, LivenessFilter, StateCounts};
use authdb_shared::health::Level;
use authdb_shared::text::fit;
use ratatui::text::{Line, Span};

use super::format::{harmless, number, span};
use super::page::{head, line};
use super::{sparks, style};
use crate::app::App;
use crate::look::Look;
use crate::table::Role;

/// Terminals of this height have room for days that are more than one line high.
const HIGH: usize = 30;

/// Everything on it.
pub(super) fn lines(app: &App, width: usize, height: usize) -> Vec<Line<'static>> {
    let mut lines = alarms(app);
    lines.extend(counts(app));
    lines.extend(last_hour(app, width));
    lines.extend(days(app, width, if height >= HIGH { 4 } else { 1 }));
    lines.extend(janitor(app));
    lines.extend(top(app, width));
    lines
}

/// What somebody should look at, the worst first.
pub(super) fn alarms(app: &App) -> Vec<Line<'static>> {
    let mut alarms: Vec<(Level, String)> = Vec::new();
    if let Some(status) = &app.looks.status.value {
        let worrying = status.findings.iter().filter(|finding| finding.level > Level::Ok);
        alarms.extend(worrying.map(|finding| (finding.level, format!("{}: {}", finding.subject, finding.text))));
    }
    if let Some(figures) = &app.looks.figures.value {
        let floods = figures.clients.iter().filter(|codes| codes.is_flood());
        alarms.extend(floods.map(|codes| {
            let (pending, completed) = (number(codes.pending), number(codes.completed));
            let text = format!(
                "codes: {} has {pending} pending device codes, and {completed} were completed. A script gone wrong, or \
                 somebody who hopes for a mistyped code; look before you approve any",
                codes.client
            );
            (Level::Warning, text)
        }));
    }
    alarms.sort_by_key(|(level, _)| std::cmp::Reverse(*level));
    let mut lines = vec![head(app, "Alarms", Look::Status)];
    if alarms.is_empty() && app.looks.status.value.is_some() {
        lines.push(line("none", style::of(Role::Good)));
    }
    for (level, text) in alarms {
        let (mark, role) = if level == Level::Critical { ("!!", Role::Urgent) } else { ("! ", Role::Waiting) };
        lines.push(line(format!("{mark} {}", harmless(&text)), style::of(role)));
    }
    lines
}

fn counts(app: &App) -> Vec<Line<'static>> {
    let mut lines = vec![head(app, "Now", Look::Figures)];
    let Some(figures) = &app.looks.figures.value else { return lines };
    let flows = [("device flows", &figures.device_flows), ("authorization flows", &figures.authorization_flows)];
    for (name, counts) in flows {
        let states = [
            ("pending", FlowStateFilter::Pending, Role::Waiting),
            ("ready", FlowStateFilter::Ready, Role::Active),
            ("stale", FlowStateFilter::Stale, Role::Faint),
            ("done", FlowStateFilter::Done, Role::Good),
            ("error", FlowStateFilter::Error, Role::Bad),
            ("unknown", FlowStateFilter::Unrecognised, Role::Odd),
        ];
        lines.push(counted(name, counts, &states));
    }
    let states = [
        ("live", LivenessFilter::Live, Role::Good),
        ("revoked", LivenessFilter::Revoked, Role::Faint),
        ("undated", LivenessFilter::Undated, Role::Odd),
        ("from the future", LivenessFilter::FromTheFuture, Role::Bad),
        ("unknown", LivenessFilter::Unrecognised, Role::Odd),
    ];
    lines.push(counted("tokens", &figures.tokens, &states));
    lines
}

/// The counts of one table; what there is none of is left out, but for the first.
fn counted<S: Ord + Copy>(name: &str, counts: &StateCounts<S>, states: &[(&str, S, Role)]) -> Line<'static> {
    let least = if counts.is_cut_short { "at least " } else { "" };
    let mut line = Line::raw(format!("   {name:<20}{least}"));
    for (index, (word, state, role)) in states.iter().enumerate() {
        let count = counts.of(*state);
        if count > 0 || index == 0 {
            line.push_span(Span::styled(format!("{} {word}  ", number(count)), style::of(*role)));
        }
    }
    line
}

/// Minute by minute, the present one at the right.
fn last_hour(app: &App, width: usize) -> Vec<Line<'static>> {
    let mut lines = vec![head(app, "Last hour, minute by minute", Look::Minutes)];
    let Some(activity) = &app.looks.minutes.value else { return lines };
    let oldest_first: Vec<_> = activity.buckets.iter().rev().collect();
    let logins: Vec<u64> = oldest_first.iter().map(|it| it.authorization_flows + it.device_flows).collect();
    let tokens: Vec<u64> = oldest_first.iter().map(|it| it.tokens).collect();
    let room = width.saturating_sub(36).clamp(10, 60);
    for (name, values) in [("logins begun", logins), ("tokens issued", tokens)] {
        let (sum, peak) = (values.iter().sum(), values.iter().copied().max().unwrap_or(0));
        let shown = sparks::columns(&values, room, 1).pop().unwrap_or_default();
        let text = format!("{name:<14}{shown} {} in all, peak {}", number(sum), number(peak));
        lines.push(line(text, style::of(Role::Active)));
    }
    lines
}

/// Day by day, today at the right.
fn days(app: &App, width: usize, height: usize) -> Vec<Line<'static>> {
    let mut lines = vec![head(app, "Tokens issued per day", Look::Days)];
    let Some(activity) = &app.looks.days.value else { return lines };
    let values: Vec<u64> = activity.buckets.iter().rev().map(|day| day.tokens).collect();
    let (Some(first), Some(busiest)) = (activity.buckets.last(), activity.buckets.iter().max_by_key(|day| day.tokens))
    else {
        return lines;
    };
    let bars = sparks::columns(&values, width.saturating_sub(4), height);
    lines.extend(bars.into_iter().map(|bar| line(bar, style::of(Role::Good))));
    let day = |time: authdb_shared::Timestamp| time.calendar().format("%Y-%m-%d").to_string();
    let least = if busiest.is_capped { "at least " } else { "" };
    let cut = if activity.is_cut_short { "; older days took too long to count" } else { "" };
    let text = format!(
        "since {}, busiest {} with {least}{}{cut}",
        day(first.start),
        day(busiest.start),
        number(busiest.tokens)
    );
    lines.push(line(text, style::FAINT));
    lines
}

fn janitor(app: &App) -> Vec<Line<'static>> {
    let mut lines = vec![head(app, "Janitor", Look::Status)];
    let Some(status) = &app.looks.status.value else { return lines };
    if status.jobs.is_empty() {
        lines.push(line("has never run here", style::FAINT));
    }
    for job in &status.jobs {
        let ago = |time: authdb_shared::Timestamp| format!("{} ago", span(app.now().since(time)));
        let done = job.last_done.map_or_else(|| "never".to_owned(), ago);
        let next = job.next_due.map_or_else(|| "never".to_owned(), |due| format!("in {}", span(due.since(app.now()))));
        lines.push(line(format!("{:<8} last good run {done}, next due {next}", job.job.name()), style::PLAIN));
    }
    lines
}

fn top(app: &App, width: usize) -> Vec<Line<'static>> {
    let mut lines = vec![head(app, "Subjects with most live tokens", Look::Figures)];
    let Some(figures) = &app.looks.figures.value else { return lines };
    let most = figures.top.rows.first().map_or(0, |row| row.live);
    let room = (width / 2).clamp(12, 44);
    for row in &figures.top.rows {
        let name = fit(&row.subject.to_string(), room);
        let padding = " ".repeat(room.saturating_sub(unicode_width::UnicodeWidthStr::width(name.as_str())));
        let bar = sparks::bar(row.live, most, (width / 4).clamp(4, 30));
        lines.push(line(format!("{name}{padding} {:>7} {bar}", number(row.live)), style::PLAIN));
    }
    if figures.top.rows.is_empty() {
        lines.push(line("nobody has a live token", style::FAINT));
    }
    lines
}
