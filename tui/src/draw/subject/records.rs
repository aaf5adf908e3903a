//! The logins of a subject, and what was done to it by hand, a row each.

use authdb_shared::Timestamp;
use authdb_shared::db::AdminAction;
use authdb_shared::liveness::FlowState;

use super::super::format::{harmless, span};
use super::{awaited, past, stale};
use crate::app::App;
use crate::look::{SubjectFlows, SubjectLook};
use crate::table::{Role, tail};

/// A row of a section, and how it looks.
pub(super) type Told = (String, Role);

/// What stands in a section before anything was read for it.
fn nothing_yet(app: &App, look: SubjectLook) -> Vec<Told> {
    let reading = app.subject.reading(look);
    let role = if reading.freshness(app.host_now).error.is_some() { Role::Bad } else { Role::Faint };
    vec![(awaited(app, reading).content.into_owned(), role)]
}

/// The first row of a section that could not be read anew.
fn staleness(app: &App, look: SubjectLook) -> Vec<Told> {
    stale(app, app.subject.reading(look)).map(|text| (text, Role::Bad)).into_iter().collect()
}

/// Its logins, those that can still be completed first.
pub(super) fn logins(app: &App) -> Vec<Told> {
    let Some(SubjectFlows { device, browser }) = &app.subject.flows.value else {
        return nothing_yet(app, SubjectLook::Flows);
    };
    let (now, policy) = (app.now(), &app.policy);
    let mut logins: Vec<(FlowState, Option<Timestamp>, String)> = Vec::new();
    for flow in &device.rows {
        let of = format!("{}  {}", harmless(flow.scope.group().unwrap_or("(default)")), harmless(&flow.client_id));
        let (state, code) = (flow.state(now, policy), app.veil.alias(&flow.user_code.to_string()));
        logins.push((state, flow.created, format!("device {code}  {}  {of}", standing(app, state, flow.created))));
    }
    for flow in &browser.rows {
        let of = format!("{}  {}", harmless(flow.scope.group().unwrap_or("(default)")), harmless(&flow.client_id));
        let (state, id) = (flow.state(now, policy), flow.id.to_string());
        let key = tail(&id, 12);
        logins.push((state, flow.created, format!("browser …{key}  {}  {of}", standing(app, state, flow.created))));
    }
    // The newest first among equals, and what has no time last.
    logins.sort_by_key(|(state, created, _)| (state.rank(), std::cmp::Reverse(*created)));
    let mut told = staleness(app, SubjectLook::Flows);
    let is_cut_short = device.is_cut_short || browser.is_cut_short;
    let end = match (logins.is_empty(), is_cut_short) {
        (true, false) => Some(("no login that is still kept names it", Role::Faint)),
        (true, true) => Some(("none was found, but time was up, and not all were searched", Role::Waiting)),
        (false, true) => Some(("time was up, not all were searched", Role::Waiting)),
        (false, false) => (device.has_more || browser.has_more).then_some(("and older ones", Role::Faint)),
    };
    told.extend(logins.into_iter().map(|(state, _, text)| (text, Role::of_flow(state))));
    told.extend(end.map(|(text, role)| (text.to_owned(), role)));
    told
}

/// Where a login stands, and since when or for how long.
fn standing(app: &App, state: FlowState, created: Option<Timestamp>) -> String {
    match (state.left(), created) {
        (Some(left), _) => format!("{state}, {} left", span(left)),
        (None, Some(created)) => format!("{state}, begun {}", past(app, created)),
        (None, None) => format!("{state}, begun at an unknown time"),
    }
}

/// What was done to it by hand, the newest first.
pub(super) fn deeds(app: &App) -> Vec<Told> {
    let actions = match &app.subject.journal.value {
        None => return nothing_yet(app, SubjectLook::Journal),
        Some(None) => return vec![("no journal here (authdb init makes one)".to_owned(), Role::Faint)],
        Some(Some(page)) => page,
    };
    let mut told = staleness(app, SubjectLook::Journal);
    let end = match (actions.rows.is_empty(), actions.has_more, actions.is_cut_short) {
        (true, _, false) => Some("nothing was done to it by hand"),
        (true, _, true) => Some("nothing by hand lately; older entries are not searched"),
        (false, true, _) => Some("and older ones"),
        (false, false, true) => Some("older entries are not searched"),
        (false, false, false) => None,
    };
    told.extend(actions.rows.iter().map(|action| (deed(app, action), Role::Plain)));
    told.extend(end.map(|text| (text.to_owned(), Role::Faint)));
    told
}

fn deed(app: &App, action: &AdminAction) -> String {
    let when = action.time.map_or_else(|| "at an unknown time".to_owned(), |time| past(app, time));
    let (did, by) = (harmless(&action.action), app.veil.alias(&action.actor));
    let outcome = harmless(&action.outcome.to_string());
    let why = if action.reason.is_empty() { String::new() } else { format!(": {}", app.veil.hide(&action.reason)) };
    format!("{when}  {did} {outcome} by {by}{why}")
}
