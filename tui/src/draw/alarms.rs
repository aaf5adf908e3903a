//! The alarms: what somebody should look at, from whatever was read last.

use authdb_shared::db::EndedSubject;
use authdb_shared::health::Level;
use authdb_shared::janitor::Job;
use ratatui::text::Line;

use super::format::{counted, harmless, number};
use super::page::{are_known, head_of, line};
use super::style;
use crate::app::{App, Screen};
use crate::command::Command;
use crate::look::Look;
use crate::table::Role;

/// What somebody should look at, the worst first.
pub(super) fn lines(app: &App) -> Vec<Line<'static>> {
    let mut alarms: Vec<(Level, String)> = Vec::new();
    if let Some(status) = &app.looks.status.value {
        let worrying = status.findings.iter().filter(|finding| finding.level > Level::Ok);
        alarms.extend(worrying.map(|finding| {
            // Without the janitor's own screen around it, the name of a job says little.
            let is_job = Job::ALL.iter().any(|job| job.name() == finding.subject);
            let whose = if is_job { "janitor, " } else { "" };
            let text = app.telling.of_finding(finding, app.now());
            (finding.level, format!("{whose}{}: {text}", finding.subject))
        }));
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
    alarms.extend(journal(app));
    alarms.sort_by_key(|(level, _)| std::cmp::Reverse(*level));
    let parts = [Look::Status, Look::Flows, Look::Ended, Look::Chain];
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

/// A journal that is not as it was written.
fn journal(app: &App) -> Option<(Level, String)> {
    let check = app.looks.chain.value.as_ref()?.as_ref()?;
    let key = app.keys.way_to(Command::Show(Screen::Journal));
    let text =
        |fault| format!("journal: its chain is BROKEN after {}: {fault} ({key})", counted(check.sound, "action"));
    check.fault.as_ref().map(|fault| (Level::Critical, text(fault)))
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
