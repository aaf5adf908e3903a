//! The contexts: which databases there are, which of them is in use, and what is to be known before one is entered.

use authdb_shared::config::ContextConfig;
use ratatui::text::{Line, Span, Text};
use unicode_width::UnicodeWidthStr;

use super::dialogs::Content;
use super::format::{fit, harmless};
use super::style;
use crate::app::{App, Contexts, Tone};

/// Cells that the box around it takes.
const BORDERS: usize = 6;
/// Cells of the widest line.
const WIDTH: usize = 68;
/// Cells of the longest name that is shown whole.
const NAME: usize = 24;
/// Lines that are not contexts: the box, what is said below them, and the keys.
const OTHER_LINES: usize = 9;

pub(super) fn content(app: &App, contexts: &Contexts) -> Content {
    let (width, height) = (usize::from(app.size.0), usize::from(app.size.1));
    let shown = height.saturating_sub(OTHER_LINES).max(1);
    let first = contexts.selected.saturating_sub(shown - 1);
    let name = app.contexts.iter().map(|it| it.name.width()).max().unwrap_or_default().min(NAME);
    let widths = (name, WIDTH.min(width.saturating_sub(BORDERS)));
    let mut lines: Vec<Line> = (app.contexts.iter().enumerate().skip(first).take(shown))
        .map(|(index, context)| {
            let line = line(context, context.name == app.context_name, widths);
            let cursor = Span::raw(if index == contexts.selected { "▶" } else { " " });
            let line = Line::from([vec![cursor], line].concat());
            if index == contexts.selected { line.patch_style(style::SELECTED) } else { line }
        })
        .collect();
    lines.push(Line::raw(""));
    lines.extend(said(app, contexts));
    let keys = if contexts.connecting.is_some() {
        vec![("Esc".to_owned(), "stay where you are")]
    } else {
        vec![
            (super::dialogs::arrows(app), "choose"),
            ("Enter".to_owned(), "go there"),
            ("Esc".to_owned(), "stay where you are"),
        ]
    };
    Content { title: "Contexts".to_owned(), text: Text::from(lines), keys, ..Content::default() }
}

/// A context: whether it is the one in use, its name, what is special about it, and where its database is.
fn line(context: &ContextConfig, is_here: bool, (name, room): (usize, usize)) -> Vec<Span<'static>> {
    let mark = if is_here { "● " } else { "  " };
    let shown = fit(&harmless(&context.name), name);
    let padding = " ".repeat(name.saturating_sub(shown.width()));
    let special = match (context.is_production, context.read_only) {
        (true, true) => "PRODUCTION READ-ONLY  ",
        (true, false) => "PRODUCTION  ",
        (false, true) => "READ-ONLY  ",
        (false, false) => "",
    };
    let room = room.saturating_sub(1 + mark.width() + name + 2 + special.width());
    vec![
        Span::raw(mark),
        Span::styled(format!("{shown}{padding}  "), style::of_colour(context.colour)),
        Span::styled(special, style::STRONG),
        Span::raw(fit(&harmless(&context.place), room)),
    ]
}

/// What became of the choice, or what follows from it.
fn said(app: &App, contexts: &Contexts) -> Vec<Line<'static>> {
    let here = harmless(&app.context_name);
    let mut lines = Vec::new();
    if let Some(error) = &contexts.error {
        let text = format!("You are still in {here}. {}", harmless(error));
        return vec![Line::styled(text, style::of_tone(Tone::Bad))];
    }
    if let Some(context) = app.contexts.get(contexts.selected).filter(|_| contexts.connecting.is_some()) {
        lines.push(Line::raw(format!("Connecting to {}…", harmless(&context.name))));
    } else {
        lines.push(Line::raw("● is where you are. Its rows, marks and filters stay behind."));
    }
    if let Some(watched) = app.watched() {
        let text = format!("Nobody will look after {watched} of {here} any more.");
        lines.push(Line::styled(text, style::of_tone(Tone::Plain)));
    }
    lines
}
