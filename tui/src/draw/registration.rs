//! What an approval shows of DiracX's registry: candidates, where they are from, and what speaks against one.

use authdb_shared::Timestamp;
use ratatui::text::Line;

use super::format::{fit, harmless, padded, span};
use super::style;
use crate::app::{App, Approve, CANDIDATES, Registration, Tone};

/// Cells for a subject.
const SUB: usize = 36;
/// Cells for a name.
const NAME: usize = 26;

/// The users that may be meant, and where they are from.
pub(super) fn candidates(app: &App, approve: &Approve) -> Vec<Line<'static>> {
    let mut lines = source(app, approve);
    let users = app.registration.candidates(approve);
    if users.is_empty() {
        lines.push(Line::styled("  nobody that is known matches", style::FAINT));
    }
    let is_cut = users.len() >= CANDIDATES;
    for user in &users {
        let is_chosen = approve.choice.as_ref() == Some(&user.sub);
        let mark = if is_chosen { "›" } else { " " };
        let sub = padded(&app.veil.alias(&user.sub), SUB);
        let text = format!(" {mark} {sub} {}", fit(&app.veil.alias(&user.preferred_username), NAME));
        lines.push(Line::styled(text, if is_chosen { style::SELECTED } else { style::PLAIN }));
    }
    if is_cut {
        lines.push(Line::styled("     more may match: type a part of the name", style::FAINT));
    }
    lines
}

fn source(app: &App, approve: &Approve) -> Vec<Line<'static>> {
    let Registration { source, registry, error, subjects, .. } = &app.registration;
    let mut lines = Vec::new();
    if let Some(error) = error {
        lines.push(Line::styled(format!("  {}", harmless(error)), style::of_tone(Tone::Bad)));
    }
    let vo = approve.flow.as_ref().and_then(|flow| flow.scope.vo()).map(harmless).unwrap_or_default();
    let text = match (registry, subjects) {
        (Some((_, read)), _) => {
            format!("  users of {vo} in the registry, read {} ago", span(app.host_now.since(*read)))
        }
        (None, _) if app.registration.is_awaited() => "  reading the registry…".to_owned(),
        (None, Some((_, Err(reason)))) => format!("  subjects are not known: {}", harmless(reason)),
        (None, Some(_)) => format!("  subjects of {vo} with live tokens"),
        (None, None) if source.is_some() => "  the registry has not been read".to_owned(),
        (None, None) => "  looking for subjects…".to_owned(),
    };
    lines.push(Line::styled(text, style::FAINT));
    lines
}

/// What speaks against the approval; or that nothing does any more, since the registry may be read while the admin types.
pub(super) fn warning(mismatch: Option<&str>) -> [Line<'static>; 2] {
    let line = match mismatch {
        Some(mismatch) => Line::styled(format!("Warning: {mismatch}"), style::of_tone(Tone::Bad)),
        None => Line::raw("The registry has been read anew and speaks against it no longer. Enter goes on."),
    };
    [Line::raw(""), line]
}

/// Whether the registry was asked, as it was `read` then.
pub(super) fn held_against(app: &App, read: Option<Timestamp>) -> Vec<Line<'static>> {
    if app.registration.source.is_none() {
        return Vec::new();
    }
    let text = match read {
        Some(read) => format!("Held against the registry as it was {} ago.", span(app.host_now.since(read))),
        None => "NOT held against the registry, which cannot be read.".to_owned(),
    };
    vec![Line::raw(""), Line::raw(text)]
}
