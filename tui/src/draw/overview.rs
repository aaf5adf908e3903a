//! The overview: alarms first, because somebody who is woken at night looks here. A low terminal shows what matters most; a
//! high one also the codes that wait, what was changed by hand lately, and higher bars.

use authdb_shared::db::{ActivityBucket, FlowStateFilter, LivenessFilter, StateCounts};
use ratatui::text::{Line, Span};

use super::format;
use super::page::{beside, head, head_of, height_of, line};
use super::{alarms, sparks, style};
use crate::app::{App, Looks};
use crate::look::Look;
use crate::table::Role;

mod rows;

use rows::{codes, deeds, top};

/// So many lines below the alarms are room for everything, with a blank line between two sections.
const ROOMY: usize = 28;
/// Areas of this width have room for two columns.
const WIDE: usize = 100;
/// Cells between two columns.
const GAP: usize = 2;
/// Cells before a row.
const INDENT: usize = 3;
/// Cells for what is counted in the last hour.
const NAME: usize = 13;
/// However low the terminal is, so many subjects are named.
const LEAST_SUBJECTS: usize = 3;
/// Bars of days are not higher than this.
const HIGHEST_DAYS: usize = 16;
/// Changes by hand are shown where there is room for their head and so many of them.
const LEAST_DEEDS: usize = 3;

/// A part of the screen: its head, and what stands below.
type Section = Vec<Line<'static>>;

/// Everything on it: what matters most first, so that a low terminal shows that without scrolling.
pub(super) fn lines(app: &App, width: usize, height: usize) -> Vec<Line<'static>> {
    let mut lines = alarms::lines(app);
    let mut room = height.saturating_sub(height_of(app, &lines, width));
    if room > ROOMY {
        lines.push(Line::default());
        room -= 1;
    }
    if width < WIDE {
        lines.extend(one_column(app, width, room));
    } else {
        let column = width / 2;
        lines.extend(beside(left(app, column, room), right(app, width - column, room), column));
    }
    lines
}

fn one_column(app: &App, width: usize, room: usize) -> Section {
    let is_roomy = room >= ROOMY;
    let mut sections = vec![
        counts(app, width),
        last_hour(app, width, 1),
        days(app, width, if is_roomy { 4 } else { 1 }),
        janitor(app, width, is_roomy),
    ];
    if !is_roomy {
        let left = room.saturating_sub(taken(&sections, room) + 1);
        sections.push(top(app, width, left.max(LEAST_SUBJECTS)));
        return stacked(sections, room);
    }
    sections.push(codes(app, width, room / 6));
    // Two sections share the rest, with a head and a blank line each.
    let left = room.saturating_sub(taken(&sections, room) + 4);
    let done = deeds(app, width, left / 2);
    let subjects = left.saturating_sub(done.len() - 1);
    sections.extend([top(app, width, subjects.max(LEAST_SUBJECTS)), done]);
    stacked(sections, room)
}

/// What is: counts, the janitor, who waits, and who is logged in.
fn left(app: &App, width: usize, room: usize) -> Section {
    let is_roomy = room >= ROOMY;
    let mut sections = vec![counts(app, width), janitor(app, width, is_roomy)];
    if is_roomy {
        sections.push(codes(app, width, room / 4));
    }
    let left = room.saturating_sub(taken(&sections, room) + 1 + usize::from(is_roomy));
    sections.push(top(app, width, left.max(LEAST_SUBJECTS)));
    stacked(sections, room)
}

/// What happened: the last hour, the days, and what was changed by hand. The days take what the rest leaves.
fn right(app: &App, width: usize, room: usize) -> Section {
    let hour = last_hour(app, width, if room >= ROOMY { 1 + room / 20 } else { 1 });
    let gaps = if room >= ROOMY { 2 } else { 0 };
    // The days have a head, and at least a third of the rest.
    let left = room.saturating_sub(hour.len() + 1 + gaps);
    let least_days = (left / 3).clamp(1, HIGHEST_DAYS);
    let for_deeds = left.saturating_sub(least_days + 1);
    let done = if for_deeds < LEAST_DEEDS { Vec::new() } else { deeds(app, width, for_deeds) };
    let days = days(app, width, left.saturating_sub(done.len()).clamp(1, HIGHEST_DAYS));
    stacked(vec![hour, days, done], room)
}

/// Lines that sections take, each with the blank line above the next.
fn taken(sections: &[Section], room: usize) -> usize {
    sections.iter().map(|section| section.len() + usize::from(room >= ROOMY)).sum()
}

/// Sections below each other, with a blank line between two where there is room for it.
fn stacked(sections: Vec<Section>, room: usize) -> Section {
    let mut lines = Section::new();
    for section in sections.into_iter().filter(|section| !section.is_empty()) {
        if !lines.is_empty() && room >= ROOMY {
            lines.push(Line::default());
        }
        lines.extend(section);
    }
    lines
}

/// With the whole names of the tables where every count fits beside them.
fn counts(app: &App, width: usize) -> Section {
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
            line.push_span(Span::styled(format!("{gap}{} {word}", format::number(count)), style::of(*role)));
        }
    }
    line
}

/// Minute by minute, the present one at the right, each kind as high as said.
fn last_hour(app: &App, width: usize, height: usize) -> Section {
    let mut lines = vec![head(app, "Last hour, minute by minute", Look::Minutes)];
    let Some(activity) = &app.looks.minutes.value else { return lines };
    let of = |pick: fn(&ActivityBucket) -> u64| activity.buckets.iter().rev().map(pick).collect::<Vec<u64>>();
    let kinds = [
        ("logins begun", of(|it| it.authorization_flows + it.device_flows)),
        ("logins done", of(|it| it.completed)),
        ("rotations ~", of(ActivityBucket::rotations)),
    ];
    let kinds = kinds.map(|(name, values)| {
        let (sum, peak) = (values.iter().sum(), values.iter().copied().max().unwrap_or(0));
        (name, values, format!(" {}, peak {}", format::number(sum), format::number(peak)))
    });
    let longest = kinds.iter().map(|(_, _, figures)| figures.len()).max().unwrap_or(0);
    let room = width.saturating_sub(INDENT + NAME + longest + 1).clamp(10, 60);
    for (index, (name, values, figures)) in kinds.into_iter().enumerate() {
        let mut shown = sparks::columns(&values, room, height);
        let foot = shown.pop().unwrap_or_default();
        // Where they are high, the peak of one would touch the foot of the other.
        if height > 1 && index > 0 {
            lines.push(Line::default());
        }
        lines.extend(shown.into_iter().map(|above| line(format!("{:NAME$}{above}", ""), style::of(Role::Active))));
        lines.push(line(format!("{name:NAME$}{foot}{figures}"), style::of(Role::Active)));
    }
    lines
}

/// Day by day, today at the right.
fn days(app: &App, width: usize, height: usize) -> Section {
    let busiest =
        app.looks.days.value.as_ref().and_then(|it| Some((it, it.buckets.iter().max_by_key(|it| it.tokens)?)));
    let Some((activity, busiest)) = busiest else { return vec![head(app, "Tokens issued per day", Look::Days)] };
    let day = |time: authdb_shared::Timestamp| time.calendar().format("%Y-%m-%d").to_string();
    let since = activity.buckets.last().map_or_else(String::new, |first| format!(" since {}", day(first.start)));
    let least = if busiest.is_capped { "at least " } else { "" };
    let cut = if activity.is_cut_short { "; older ones took too long" } else { "" };
    let title = format!("Tokens issued per day{since}{cut}");
    if busiest.tokens == 0 {
        return vec![head(app, &title, Look::Days), line("none", style::FAINT)];
    }
    let values: Vec<u64> = activity.buckets.iter().rev().map(|day| day.tokens).collect();
    let most = format!(" {least}{} on {}", format::number(busiest.tokens), day(busiest.start));
    let mut bars = sparks::columns(&values, width.saturating_sub(4 + most.len()), height);
    // The highest bar reaches the first line, and what it stands for is said beside it.
    if let Some(first) = bars.first_mut() {
        first.push_str(&most);
    }
    // The same of today, at whose foot there is room for it.
    if height > 1
        && let (Some(last), Some(today)) = (bars.last_mut(), activity.buckets.first())
    {
        let of_today = format!(" {} today", format::number(today.tokens));
        last.push_str(&of_today);
    }
    let bars = bars.into_iter().map(|bar| line(bar, style::of(Role::Good)));
    std::iter::once(head(app, &title, Look::Days)).chain(bars).collect()
}

/// Who works and when; where there is room, also who holds the lease, what waits, and how far the months reach.
fn janitor(app: &App, width: usize, is_whole: bool) -> Section {
    let mut lines = vec![head(app, "Janitor", Look::Status)];
    let Some(status) = &app.looks.status.value else { return lines };
    // Where there is no ledger, the line about the lease says so as well.
    if status.jobs.is_empty() && !is_whole {
        lines.push(line("has never run here", style::FAINT));
    }
    for job in &status.jobs {
        let next = super::janitor::next(app, job.next_due);
        let told = |ran: &str| {
            let done = job.last_done.map_or_else(
                || "no good run yet".to_owned(),
                |time| format!("{ran} {}", app.telling.past_in_short(time, app.now())),
            );
            line(format!("{:<7} {done}, {next}", job.job.name()), style::PLAIN)
        };
        let whole = told("last good run");
        lines.push(if whole.width() <= width.saturating_sub(GAP) { whole } else { told("good run") });
    }
    if is_whole {
        let (who, role) = super::janitor::lease(app, status);
        lines.push(line(who, style::of(role)));
        lines.extend(super::janitor::backlog(status).map(|(waiting, rows)| {
            let since = waiting.backlog.oldest.map(|time| app.telling.past_in_short(time, app.now()));
            let oldest = since.map_or_else(String::new, |since| format!(", from {since}"));
            line(format!("{}: {rows} due{oldest}", waiting.sweep.name()), style::FAINT)
        }));
        lines.extend(status.runway_months.map(|months| {
            line(format!("{} partitioned ahead", format::counted(u64::from(months), "month")), style::FAINT)
        }));
    }
    lines
}
