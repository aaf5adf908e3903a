//! The sections of the overview that are rows: codes that wait, subjects, and what was changed by hand.

use std::time::Duration;

use authdb_shared::db::{AdminAction, Outcome};
use authdb_shared::liveness::FlowState;
use authdb_shared::model::DeviceFlow;

use super::super::format::{fit, gauge, harmless, number, padded, span};
use super::super::page::{head, head_of_list, line};
use super::super::{sparks, style};
use super::{GAP, INDENT, Section};
use crate::app::{App, Browse};
use crate::look::Look;
use crate::table::{BAR, LEFT, Role};

/// Device codes that wait for their users, those with the least time left first, in at most so many rows.
pub(super) fn codes(app: &App, width: usize, rows: usize) -> Section {
    let list = &app.device_flows;
    let is_whole = list.filter().is_empty() && !list.is_behind();
    let title = if is_whole { "Pending device codes" } else { "Pending device codes within their filter" };
    let mut lines = vec![head_of_list(app, title, list.reading())];
    let mut pending: Vec<(Duration, &DeviceFlow)> = list
        .rows
        .iter()
        .filter_map(|flow| match flow.state(app.now(), &app.policy) {
            FlowState::Pending { left } => Some((left, flow)),
            _ => None,
        })
        .collect();
    pending.sort_by_key(|(left, _)| *left);
    // The last row says how many there is no room for.
    let shown = if pending.len() > rows { rows.saturating_sub(1) } else { pending.len() };
    lines.extend(pending.iter().take(shown).map(|(left, flow)| code(app, *left, flow, width)));
    let rest = pending.len() - shown;
    if rest > 0 {
        let more = if list.has_more() { " at least" } else { "" };
        lines.push(line(format!("and{more} {} more", number(rest as u64)), style::FAINT));
    } else if pending.is_empty() && list.reading.read_at.is_some() {
        lines.push(line("none", style::FAINT));
    }
    lines
}

fn code(app: &App, left: Duration, flow: &DeviceFlow, width: usize) -> ratatui::text::Line<'static> {
    let bar = gauge(left, app.policy.device_flow_expiration, BAR);
    let odd = if flow.anomalies(app.now(), &app.policy).is_empty() { " " } else { "!" };
    let code = padded(&app.veil.alias(&flow.user_code.to_string()), 9);
    let what = format!("{code} {odd} {bar} {:>LEFT$}", span(left));
    let rest = width.saturating_sub(INDENT + GAP + what.chars().count() + 4);
    let client = padded(&harmless(&flow.client_id), (rest / 2).min(30));
    let group = flow.scope.group().or(flow.scope.vo()).map_or_else(|| "-".to_owned(), harmless);
    line(format!("{what}  {client}  {}", fit(&group, rest / 2)), style::of(Role::Waiting))
}

/// Who has most live tokens, in at most so many rows.
pub(super) fn top(app: &App, width: usize, rows: usize) -> Section {
    let mut lines = vec![head(app, "Subjects with most live tokens", Look::Top)];
    let Some(top) = &app.looks.top.value else { return lines };
    let most = top.rows.first().map_or(0, |row| row.live);
    let room = (width / 2).clamp(12, 44);
    // Before the bar stand three blanks, the name, and the number between two blanks.
    let cells = (width / 4).clamp(4, 30).min(width.saturating_sub(GAP + INDENT + room + 9));
    for row in top.rows.iter().take(rows) {
        let name = padded(&app.veil.alias(row.subject.as_str()), room);
        let bar = sparks::bar(row.live, most, cells);
        lines.push(line(format!("{name} {:>7} {bar}", number(row.live)), style::PLAIN));
    }
    if top.rows.is_empty() {
        lines.push(line("nobody has a live token", style::FAINT));
    }
    lines
}

/// What was changed by hand, the newest first, in at most so many rows.
pub(super) fn deeds(app: &App, width: usize, rows: usize) -> Section {
    let mut lines = vec![head(app, "Changed by hand, the newest first", Look::Deeds)];
    match &app.looks.deeds.value {
        None => {}
        Some(None) => lines.push(line("no journal here (authdb init makes one)", style::FAINT)),
        Some(Some(page)) if page.rows.is_empty() => lines.push(line("nothing yet", style::FAINT)),
        Some(Some(page)) => lines.extend(page.rows.iter().take(rows).map(|action| deed(app, action, width))),
    }
    lines
}

fn deed(app: &App, action: &AdminAction, width: usize) -> ratatui::text::Line<'static> {
    let when = action.time.map_or_else(|| "?".to_owned(), |time| app.telling.past_in_short(time, app.now()));
    let who = app.veil.alias(&action.actor);
    // What `init` was done to is the database itself, which the head names.
    let target = if action.action == "init" { String::new() } else { format!(" {}", app.veil.alias(&action.target)) };
    let outcome = match &action.outcome {
        Outcome::Done => String::new(),
        other => format!(" {other}"),
    };
    let why = if action.reason.is_empty() { String::new() } else { format!(": {}", app.veil.hide(&action.reason)) };
    let what = format!("{}{target}{outcome}{why}", harmless(&action.action));
    let begin = format!("{:>11}  {}  ", when, padded(&who, 10));
    let room = width.saturating_sub(INDENT + GAP + begin.chars().count());
    let role = if action.outcome == Outcome::Done { Role::Plain } else { Role::Waiting };
    line(format!("{begin}{}", fit(&what, room)), style::of(role))
}
