//! What an approval shows of DiracX's registry: candidates, where they are from, and what speaks against one.

use authdb_shared::Timestamp;
use authdb_shared::registry::RegisteredUser;
use ratatui::style::Style;
use ratatui::text::Line;
use unicode_width::UnicodeWidthStr;

use super::format::{fit, harmless, padded, span};
use super::style;
use crate::app::{App, Approve, CANDIDATES, Registration, Tone};

/// Cells for a subject: a UUID has as many.
const SUB: usize = 36;
/// Cells for a name.
const NAME: usize = 26;
/// Cells before them: what lies beyond the lines in sight, the cursor, and a blank.
const MARGIN: usize = 3;

/// The users that may be meant, one on each of at most so many `lines` of so many cells: those around the chosen one.
pub(super) fn candidates(app: &App, approve: &Approve, lines: usize, width: usize) -> Vec<Line<'static>> {
    let users = app.registration.candidates(approve);
    if users.is_empty() {
        return vec![Line::styled(fit("  nobody that is known matches", width), style::FAINT)];
    }
    let chosen = users.iter().position(|user| approve.choice.as_ref() == Some(&user.sub));
    let columns = Columns::of(app, &users, width.saturating_sub(MARGIN));
    let mut all: Vec<(String, Style)> = users
        .iter()
        .enumerate()
        .map(|(index, user)| {
            let (cursor, style) = if chosen == Some(index) { ("›", style::SELECTED) } else { (" ", style::PLAIN) };
            (format!("{cursor} {}", columns.line(app, user)), style)
        })
        .collect();
    if users.len() >= CANDIDATES {
        all.push(("    more may match: type a part of the name".to_owned(), style::FAINT));
    }
    // One below the chosen one, so that it is seen where the arrow leads.
    let first = chosen.map_or(0, |chosen| (chosen + 2).min(all.len()).saturating_sub(lines).min(chosen));
    let end = all.len().min(first + lines);
    let beyond = |index| match index {
        _ if index == first && first > 0 => "↑",
        _ if index + 1 == end && end < all.len() => "↓",
        _ => " ",
    };
    let line = |(index, (text, style)): (usize, &(String, Style))| {
        Line::styled(fit(&format!("{}{text}", beyond(index)), width), *style)
    };
    all.iter().enumerate().skip(first).take(lines).map(line).collect()
}

/// How the cells of a line are shared between subjects and names.
struct Columns {
    sub: usize,
    name: usize,
}

impl Columns {
    /// Names get what subjects leave, or a third where that is too little to tell people apart.
    fn of(app: &App, users: &[RegisteredUser], room: usize) -> Self {
        let longest =
            users.iter().map(|user| app.veil.alias(&user.preferred_username).width()).max().unwrap_or_default();
        match longest.min(NAME).min(room.saturating_sub(SUB + 1).max(room / 3)) {
            0 => Self { sub: room, name: 0 },
            name => Self { sub: room.saturating_sub(name + 1).min(SUB), name },
        }
    }

    fn line(&self, app: &App, user: &RegisteredUser) -> String {
        let (sub, name) = (app.veil.alias(&user.sub), app.veil.alias(&user.preferred_username));
        format!("{} {}", padded(&sub, self.sub), fit(&name, self.name)).trim_end().to_owned()
    }
}

/// What keeps users from being known.
pub(super) fn troubles(app: &App) -> Vec<Line<'static>> {
    let Registration { registry, error, subjects, .. } = &app.registration;
    let subjects = match subjects {
        Some((_, Err(reason))) if registry.is_none() => Some(format!("  subjects are not known: {reason}")),
        _ => None,
    };
    let error = error.as_ref().map(|error| format!("  {error}"));
    error.iter().chain(&subjects).map(|text| Line::styled(harmless(text), style::of_tone(Tone::Bad))).collect()
}

/// Where the candidates are from, in a line of so many cells; nowhere, where they are not known.
pub(super) fn source(app: &App, approve: &Approve, width: usize) -> Option<Line<'static>> {
    let Registration { source, registry, subjects, .. } = &app.registration;
    let vo = approve.flow.as_ref().and_then(|flow| flow.scope.vo()).unwrap_or_default();
    // Those of another VO were asked for an approval before.
    let subjects = subjects.as_ref().filter(|(of, _)| of == vo).map(|(_, found)| found);
    let vo = harmless(vo);
    let text = match (registry, subjects) {
        (Some((_, read)), _) => {
            format!("  users of {vo} in the registry, read {} ago", span(app.host_now.since(*read)))
        }
        (None, _) if app.registration.is_awaited() => "  reading the registry…".to_owned(),
        (None, Some(Err(_))) => return None,
        (None, Some(Ok(_))) => format!("  subjects of {vo} with live tokens"),
        (None, None) if source.is_some() => "  the registry has not been read".to_owned(),
        (None, None) => "  looking for subjects…".to_owned(),
    };
    Some(Line::styled(fit(&text, width), style::FAINT))
}

/// What speaks against the approval; or that nothing does any more, since the registry may be read while the admin types.
pub(super) fn warning(mismatch: Option<&str>) -> Line<'static> {
    match mismatch {
        Some(mismatch) => Line::styled(format!("Warning: {mismatch}"), style::of_tone(Tone::Bad)),
        None => Line::raw("The registry has been read anew and speaks against it no longer. Enter goes on."),
    }
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
