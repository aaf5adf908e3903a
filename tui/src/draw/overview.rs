//! The overview: alarms first, because somebody who is woken at night looks here.

use authdb_shared::db::{ActivityBucket, EndedSubject, FlowStateFilter, LivenessFilter, StateCounts};
use authdb_shared::health::Level;
use authdb_shared::text::fit;
use ratatui::text::{Line, Span};

use super::format::{harmless, number};
use super::page::{are_known, beside, head, head_of, line};
use super::{sparks, style};
use crate::app::{App, Looks};
use crate::look::Look;
use crate::table::Role;

/// Areas of this height have room for days that are more than one line high.
const HIGH: usize = 30;
/// Areas of this width have room for two columns.
const WIDE: usize = 100;
/// Cells between two columns.
const GAP: usize = 2;
/// However low the terminal is, so many subjects are named.
const LEAST_SUBJECTS: usize = 3;

/// Everything on it: what matters most first, so that a low terminal shows that without scrolling.
pub(super) fn lines(app: &App, width: usize, height: usize) -> Vec<Line<'static>> {
    let mut lines = alarms(app);
    if width < WIDE {
        lines.extend(counts(app, width));
        lines.extend(last_hour(app, width));
        lines.extend(days(app, width, if height >= HIGH { 4 } else { 1 }));
        lines.extend(janitor(app, width));
        let room = height.saturating_sub(lines.len() + 1).max(LEAST_SUBJECTS);
        lines.extend(top(app, width, room));
        return lines;
    }
    let column = width / 2;
    let room = height.saturating_sub(lines.len());
    let (mut left, mut right) = (counts(app, column), last_hour(app, column));
    left.extend(janitor(app, column));
    // The days are as high as what is left beside them lets them be.
    let used = right.len() + 2;
    right.extend(days(app, column, room.saturating_sub(used).clamp(1, 8)));
    left.extend(top(app, column, room.saturating_sub(left.len() + 1).max(LEAST_SUBJECTS)));
    lines.extend(beside(left, right, column));
    lines
}

/// What somebody should look at, the worst first.
pub(super) fn alarms(app: &App) -> Vec<Line<'static>> {
    let mut alarms: Vec<(Level, String)> = Vec::new();
    if let Some(status) = &app.looks.status.value {
        let worrying = status.findings.iter().filter(|finding| finding.level > Level::Ok);
        alarms.extend(
            worrying.map(|it| (it.level, format!("{}: {}", it.subject, app.telling.of_finding(it, app.now())))),
        );
    }
    if let Some(flows) = &app.looks.flows.value {
        let floods = flows.clients.iter().filter(|codes| codes.is_flood());
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
    alarms.extend(ended(app));
    alarms.sort_by_key(|(level, _)| std::cmp::Reverse(*level));
    let parts = [Look::Status, Look::Flows, Look::Ended];
    let mut lines = vec![head_of(app, "Alarms", &parts)];
    if alarms.is_empty() && are_known(app, &parts) {
        lines.push(line("none", style::of(Role::Good)));
    }
    for (level, text) in alarms {
        let (mark, role) = match level {
            Level::Critical => ("!!", Role::Urgent),
            Level::Warning => ("! ", Role::Waiting),
            Level::Ok => ("- ", Role::Plain),
        };
        lines.push(line(format!("{mark} {}", harmless(&text)), style::of(role)));
    }
    lines
}

/// Subjects that had several sessions and have none left. The rows cannot tell a theft from a logout, so neither can this.
fn ended(app: &App) -> Vec<(Level, String)> {
    let Some(ended) = &app.looks.ended.value else { return Vec::new() };
    let alarm = |row: &EndedSubject| {
        let (subject, tokens) = (&row.subject, number(row.tokens));
        let since = row.newest.map_or_else(String::new, |time| format!(" since {}", app.telling.clock(time)));
        match &row.revoked_by {
            Some(actor) => (Level::Ok, format!("sessions: {subject} has none left, revoked here by {actor}{since}")),
            None => (
                Level::Warning,
                format!(
                    "sessions: all {tokens} tokens of {subject} are revoked{since}. Perhaps DiracX saw a revoked one \
                     again, as of a thief; or its sessions were logged out"
                ),
            ),
        }
    };
    let mut alarms: Vec<(Level, String)> = ended.rows.iter().map(alarm).collect();
    if ended.has_more {
        alarms.push((Level::Warning, "sessions: more subjects have lost all their sessions".to_owned()));
    }
    alarms
}

/// With the whole names of the tables where every count fits beside them.
fn counts(app: &App, width: usize) -> Vec<Line<'static>> {
    let mut lines = vec![head_of(app, "Now", &[Look::Flows, Look::Tokens])];
    let ways = [["device flows       ", "authorization flows", "tokens             "], ["device", "auth", "tokens"]];
    let [whole, short] = ways.map(|names| counts_by_state(&app.looks, names));
    let fits = |line: &Line| line.width() <= width.saturating_sub(GAP);
    lines.extend(if whole.iter().all(fits) { whole } else { short });
    lines
}

fn counts_by_state(looks: &Looks, [device, authorization, tokens]: [&str; 3]) -> Vec<Line<'static>> {
    let of_flows = [
        ("pending", FlowStateFilter::Pending, Role::Waiting),
        ("ready", FlowStateFilter::Ready, Role::Active),
        ("stale", FlowStateFilter::Stale, Role::Faint),
        ("done", FlowStateFilter::Done, Role::Good),
        ("error", FlowStateFilter::Error, Role::Bad),
        ("unknown", FlowStateFilter::Unrecognised, Role::Odd),
    ];
    let of_tokens = [
        ("live", LivenessFilter::Live, Role::Good),
        ("revoked", LivenessFilter::Revoked, Role::Faint),
        ("undated", LivenessFilter::Undated, Role::Odd),
        ("from the future", LivenessFilter::FromTheFuture, Role::Bad),
        ("unknown", LivenessFilter::Unrecognised, Role::Odd),
    ];
    let mut lines = Vec::new();
    if let Some(flows) = &looks.flows.value {
        lines.push(counted(device, &flows.device_flows, &of_flows));
        lines.push(counted(authorization, &flows.authorization_flows, &of_flows));
    }
    lines.extend(looks.tokens.value.as_ref().map(|counts| counted(tokens, counts, &of_tokens)));
    lines
}

/// The counts of one table; what there is none of is left out, but for the first.
fn counted<S: Ord + Copy>(name: &str, counts: &StateCounts<S>, states: &[(&str, S, Role)]) -> Line<'static> {
    let least = if counts.is_cut_short { "at least " } else { "" };
    let mut line = Line::raw(format!("   {name:<6} {least}"));
    for (index, (word, state, role)) in states.iter().enumerate() {
        let count = counts.of(*state);
        if count > 0 || index == 0 {
            let gap = if line.spans.len() > 1 { "  " } else { "" };
            line.push_span(Span::styled(format!("{gap}{} {word}", number(count)), style::of(*role)));
        }
    }
    line
}

/// Minute by minute, the present one at the right.
fn last_hour(app: &App, width: usize) -> Vec<Line<'static>> {
    let mut lines = vec![head(app, "Last hour, minute by minute", Look::Minutes)];
    let Some(activity) = &app.looks.minutes.value else { return lines };
    let of = |pick: fn(&ActivityBucket) -> u64| activity.buckets.iter().rev().map(pick).collect::<Vec<u64>>();
    let rows = [
        ("logins begun", of(|it| it.authorization_flows + it.device_flows)),
        ("logins done", of(|it| it.completed)),
        ("rotations ~", of(ActivityBucket::rotations)),
    ];
    let room = width.saturating_sub(38).clamp(10, 60);
    for (name, values) in rows {
        let (sum, peak) = (values.iter().sum(), values.iter().copied().max().unwrap_or(0));
        let shown = sparks::columns(&values, room, 1).pop().unwrap_or_default();
        let text = format!("{name:<13}{shown} {}, peak {}", number(sum), number(peak));
        lines.push(line(text, style::of(Role::Active)));
    }
    lines
}

/// Day by day, today at the right.
fn days(app: &App, width: usize, height: usize) -> Vec<Line<'static>> {
    let busiest =
        app.looks.days.value.as_ref().and_then(|it| Some((it, it.buckets.iter().max_by_key(|it| it.tokens)?)));
    let Some((activity, busiest)) = busiest else { return vec![head(app, "Tokens issued per day", Look::Days)] };
    let day = |time: authdb_shared::Timestamp| time.calendar().format("%Y-%m-%d").to_string();
    let since = activity.buckets.last().map_or_else(String::new, |first| format!(" since {}", day(first.start)));
    let least = if busiest.is_capped { "at least " } else { "" };
    let cut = if activity.is_cut_short { "; older ones took too long" } else { "" };
    let title = format!("Tokens issued per day{since}{cut}");
    let values: Vec<u64> = activity.buckets.iter().rev().map(|day| day.tokens).collect();
    let most = format!(" {least}{} on {}", number(busiest.tokens), day(busiest.start));
    let mut bars = sparks::columns(&values, width.saturating_sub(4 + most.len()), height);
    // The highest bar reaches the first line, and what it stands for is said beside it.
    if let Some(first) = bars.first_mut() {
        first.push_str(&most);
    }
    let bars = bars.into_iter().map(|bar| line(bar, style::of(Role::Good)));
    std::iter::once(head(app, &title, Look::Days)).chain(bars).collect()
}

fn janitor(app: &App, width: usize) -> Vec<Line<'static>> {
    let mut lines = vec![head(app, "Janitor", Look::Status)];
    let Some(status) = &app.looks.status.value else { return lines };
    if status.jobs.is_empty() {
        lines.push(line("has never run here", style::FAINT));
    }
    for job in &status.jobs {
        let never = || "never".to_owned();
        let done = job.last_done.map_or_else(never, |time| app.telling.past_in_short(time, app.now()));
        let next = job.next_due.map_or_else(never, |due| app.telling.future_in_short(due, app.now()));
        let told = |ran| line(format!("{:<7} {ran} {done}, next {next}", job.job.name()), style::PLAIN);
        let whole = told("last good run");
        lines.push(if whole.width() <= width.saturating_sub(GAP) { whole } else { told("good run") });
    }
    lines
}

fn top(app: &App, width: usize, rows: usize) -> Vec<Line<'static>> {
    let mut lines = vec![head(app, "Subjects with most live tokens", Look::Top)];
    let Some(top) = &app.looks.top.value else { return lines };
    let most = top.rows.first().map_or(0, |row| row.live);
    let room = (width / 2).clamp(12, 44);
    // Before the bar stand three blanks, the name, and the number between two blanks.
    let cells = (width / 4).clamp(4, 30).min(width.saturating_sub(GAP + 3 + room + 9));
    for row in top.rows.iter().take(rows) {
        let name = fit(&app.veil.alias(row.subject.as_str()), room);
        let padding = " ".repeat(room.saturating_sub(unicode_width::UnicodeWidthStr::width(name.as_str())));
        let bar = sparks::bar(row.live, most, cells);
        lines.push(line(format!("{name}{padding} {:>7} {bar}", number(row.live)), style::PLAIN));
    }
    if top.rows.is_empty() {
        lines.push(line("nobody has a live token", style::FAINT));
    }
    lines
}
