//! The plan: what would be done and to which rows, what is left out and why, what follows, and how a yes is given.

use authdb_shared::Timestamp;
use authdb_shared::liveness::Liveness;
use authdb_shared::session_plan::{Confirmation, PlannedWork, SessionPlan};
use ratatui::text::{Line, Text};

use super::dialogs::Content;
use super::format::{counted, harmless, span};
use super::plan_fields::fields;
use crate::app::{App, PlanDialog, PlanField};

pub(super) fn content(app: &App, dialog: &PlanDialog) -> Content {
    let mut lines = Vec::new();
    if let Some((plan, _)) = &dialog.plan {
        if !plan.is_empty() {
            add(&mut lines, of_the_only_row(app, plan));
            for consequence in &plan.consequences {
                add(&mut lines, vec![harmless(&consequence.told(app.telling.zone()))]);
            }
        }
        if matches!(plan.work, PlannedWork::Approve(..)) {
            lines.extend(super::registration::held_against(app, dialog.held_against()));
        }
        add(&mut lines, left_out(plan));
        add(&mut lines, targets(app, plan));
    } else {
        lines.push(Line::raw("Making the plan: reading the rows as they are now…"));
    }
    let cursor = fields(app, dialog).cursor;
    Content {
        title: harmless(&dialog.title),
        text: Text::from(lines),
        keys: keys(dialog),
        cursor,
        ..Content::default()
    }
}

/// Adds a paragraph.
fn add(lines: &mut Vec<Line<'static>>, paragraph: Vec<String>) {
    if !lines.is_empty() && !paragraph.is_empty() {
        lines.push(Line::raw(""));
    }
    lines.extend(paragraph.into_iter().map(Line::raw));
}

fn keys(dialog: &PlanDialog) -> Vec<(String, &'static str)> {
    let key = |key: &str, what| (key.to_owned(), what);
    let Some((plan, confirmation)) = dialog.proposal() else {
        return vec![key("Esc", if dialog.plan.is_some() { "back" } else { "cancel" })];
    };
    let esc = key("Esc", "leave everything as it is");
    match (dialog.field, confirmation) {
        (PlanField::Reason, _) => vec![key("Enter", "next"), esc],
        (PlanField::Answer, Confirmation::Key) => vec![key("y", verb(plan)), key("Tab", "why"), esc],
        (PlanField::Answer, _) => vec![key("Enter", verb(plan)), key("Tab", "why"), esc],
    }
}

/// What a yes does.
fn verb(plan: &SessionPlan) -> &'static str {
    let is_one = plan.work.count() == 1;
    match &plan.work {
        PlannedWork::Approve(..) => "approve it",
        PlannedWork::Deny(_) if is_one => "deny it",
        PlannedWork::Deny(_) => "deny them",
        PlannedWork::Cancel(_) if is_one => "cancel it",
        PlannedWork::Cancel(_) => "cancel them",
        PlannedWork::Revoke(_) if is_one => "revoke it",
        PlannedWork::Revoke(_) | PlannedWork::RevokeSubjects(_) => "revoke them all",
    }
}

/// What is known of the row, where it is only one.
fn of_the_only_row(app: &App, plan: &SessionPlan) -> Vec<String> {
    match &plan.work {
        PlannedWork::Approve(flow, _) => {
            vec![flow_line(&flow.client_id, &flow.scope.to_string(), &age(app, flow.created))]
        }
        PlannedWork::Deny(flows) => match flows.as_slice() {
            [flow] => vec![flow_line(&flow.client_id, &flow.scope.to_string(), &age(app, flow.created))],
            _ => Vec::new(),
        },
        PlannedWork::Cancel(flows) => match flows.as_slice() {
            [flow] => {
                vec![
                    format!("Flow {}", flow.id),
                    flow_line(&flow.client_id, &flow.scope.to_string(), &age(app, flow.created)),
                ]
            }
            _ => Vec::new(),
        },
        PlannedWork::Revoke(tokens) => match tokens.as_slice() {
            [token] => {
                let liveness = match token.liveness(app.now(), &app.policy) {
                    Liveness::Live { left } => format!("live for another {}", span(left)),
                    Liveness::Expired { ago } => format!("expired {} ago", span(ago)),
                    other => other.to_string(),
                };
                let age = age(app, token.jti.issued_at());
                vec![format!("Token {}", token.jti), format!("Issued {age} ago; {liveness}. Scope {}.", token.scope)]
            }
            _ => Vec::new(),
        },
        PlannedWork::RevokeSubjects(_) => Vec::new(),
    }
}

fn flow_line(client: &str, scope: &str, age: &str) -> String {
    format!("Client {}, scope {scope}, started {age} ago.", harmless(client))
}

fn age(app: &App, since: Option<Timestamp>) -> String {
    since.map_or_else(|| "an unknown time".to_owned(), |since| span(app.now().since(since)))
}

/// What was asked for and cannot be done.
fn left_out(plan: &SessionPlan) -> Vec<String> {
    if plan.unfit.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![format!("Left out, {}:", plan.unfit.len())];
    lines.extend(plan.unfit.iter().map(|unfit| format!("  {}", harmless(&unfit.to_string()))));
    lines
}

/// Every row that would be changed, where there are several.
fn targets(app: &App, plan: &SessionPlan) -> Vec<String> {
    let rows: Vec<String> = match &plan.work {
        PlannedWork::Deny(flows) => flows
            .iter()
            .map(|flow| format!("{}  {}  {} ago", flow.user_code, harmless(&flow.client_id), age(app, flow.created)))
            .collect(),
        PlannedWork::Cancel(flows) => flows
            .iter()
            .map(|flow| format!("{}  {}  {} ago", flow.id, harmless(&flow.client_id), age(app, flow.created)))
            .collect(),
        PlannedWork::Revoke(tokens) => tokens
            .iter()
            .map(|token| {
                let subject = token.subject.as_ref().map_or_else(|| "nobody".to_owned(), ToString::to_string);
                format!("{}  {subject}", token.jti)
            })
            .collect(),
        PlannedWork::Approve(..) | PlannedWork::RevokeSubjects(_) => Vec::new(),
    };
    if rows.len() < 2 {
        return Vec::new();
    }
    let mut lines = vec![format!(
        "These {}, as they were at {}:",
        counted(rows.len() as u64, "row"),
        app.telling.whole(plan.made_at)
    )];
    lines.extend(rows.into_iter().map(|row| format!("  {row}")));
    lines
}
