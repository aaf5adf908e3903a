//! Approving a device code: what the code belongs to, the fields, and whom it may be approved for.
//!
//! An approval lets somebody in, so whatever decides about it stays in sight on the smallest terminal: the field with its
//! cursor, the candidate that Enter would take, what is wrong, and what speaks against it. Only what is known already gives
//! way, and can be scrolled to.

use authdb_shared::ids::USER_CODE_LENGTH;
use crossterm::event::KeyCode;
use ratatui::text::{Line, Span, Text};
use unicode_width::UnicodeWidthStr;

use super::dialogs::{Content, arrows, height_of, inner_width};
use super::fields::{Field, Fields};
use super::format::{harmless, span};
use super::wrapping::hanging;
use super::{registration, style};
use crate::app::{App, Approve, Step, Tone};

/// Lines of the box and its keys.
const OTHER_LINES: u16 = 4;
/// Lines of candidates that are in sight before what the code belongs to is.
const CANDIDATE_LINES: u16 = 3;
/// Cells that a code needs, with its dash.
const CODE: usize = USER_CODE_LENGTH + 1;
/// Cells that a subject and a name need at least: a UUID has as many.
const SUBJECT: usize = 36;
/// What follows from a line is set in below it by so many cells.
const INDENT: usize = 4;

/// What is known so far. The fields stand below it.
pub(super) fn content(app: &App, approve: &Approve) -> Content {
    let keys = match approve.step {
        _ if approve.looking_up.is_some() => vec![("Esc".to_owned(), "cancel; looking the code up…")],
        Step::Code => vec![("Enter".to_owned(), "look it up"), ("Esc".to_owned(), "cancel")],
        Step::Subject => vec![(arrows(app), "choose"), ("Enter".to_owned(), "next"), ("Esc".to_owned(), "back")],
        Step::Name | Step::Insist => vec![("Enter".to_owned(), "next"), ("Esc".to_owned(), "back")],
    };
    Content {
        title: "Approve a device code".to_owned(),
        text: Text::from(known(app, approve)),
        keys,
        cursor: fields(app, approve).cursor,
        // The arrows choose.
        more: Some(app.keys.fixed(KeyCode::PageDown)),
        chosen: None,
    }
}

/// What has been answered, and what the code belongs to. What speaks against the approval comes first.
fn known(app: &App, approve: &Approve) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if approve.step == Step::Insist {
        let mismatch = app.registration.mismatch(approve).map(|mismatch| mismatch.to_string());
        lines.push(registration::warning(mismatch.as_deref()));
    }
    let answers = [(Step::Code, &approve.code), (Step::Subject, &approve.sub), (Step::Name, &approve.name)];
    for (step, answer) in answers.into_iter().filter(|(step, _)| *step < approve.step) {
        let answer = app.veil.typed(answer.value());
        lines.push(Line::from(vec![Span::styled(label(app, approve, step), style::FAINT), Span::raw(answer)]));
        if step == Step::Code {
            lines.extend(about_flow(app, approve));
        }
    }
    if approve.step == Step::Subject {
        lines.extend(registration::troubles(app));
    }
    // A name that is broken in two would not be known for one.
    app.veil.lines(lines).into_iter().flat_map(|line| hanging(line, inner_width(app), INDENT)).collect()
}

fn label(app: &App, approve: &Approve, step: Step) -> String {
    match step {
        Step::Code => "Code that the user reads out: ".to_owned(),
        Step::Subject => "Subject, without the VO: ".to_owned(),
        Step::Name => "User name (may stay empty): ".to_owned(),
        Step::Insist => format!("Type {} to insist: ", app.veil.text(&approve.full_subject())),
    }
}

/// What a typed code belongs to.
fn about_flow(app: &App, approve: &Approve) -> Vec<Line<'static>> {
    let Some(flow) = &approve.flow else { return Vec::new() };
    let state = flow.state(app.now(), &app.policy);
    let left = state.left().map_or_else(|| "no time".to_owned(), span);
    let age = flow.created.map_or_else(|| "?".to_owned(), |created| span(app.now().since(created)));
    vec![
        Line::raw(format!("  client {}", harmless(&flow.client_id))),
        Line::raw(format!("  scope {}", flow.scope)),
        Line::raw(format!("  started {age} ago, {left} left")),
    ]
}

/// The field of this step, whom it may mean, and what is wrong with it.
pub(super) fn fields(app: &App, approve: &Approve) -> Fields {
    let width = inner_width(app);
    let label = label(app, approve, approve.step);
    let (input, least) = match approve.step {
        Step::Code => (&approve.code, CODE),
        Step::Subject => (&approve.sub, SUBJECT),
        Step::Name => (&approve.name, SUBJECT),
        Step::Insist => (&approve.insistence, approve.full_subject().width()),
    };
    let typed = app.veil.typed(input.value());
    let mut fields = Fields::default();
    let field = Field { mark: "", label: &label, least, input, typed: &typed, is_focused: true };
    fields.add(&field, width);
    let wrong: Vec<Line> = approve.error.iter().map(|error| wrong(app, error)).collect();
    if approve.step == Step::Subject {
        fields.lines.extend(registration::source(app, approve, width));
        let taken = OTHER_LINES + height_of(&fields.lines, width) + height_of(&wrong, width);
        let room = app.size.1.saturating_sub(taken);
        let besides = room.saturating_sub(height_of(&known(app, approve), width));
        let room = besides.max(CANDIDATE_LINES.min(room)).max(1);
        fields.lines.extend(registration::candidates(app, approve, usize::from(room), width));
    }
    fields.lines.extend(wrong);
    fields
}

fn wrong(app: &App, error: &str) -> Line<'static> {
    Line::styled(app.veil.text(&harmless(error)).into_owned(), style::of_tone(Tone::Bad))
}
