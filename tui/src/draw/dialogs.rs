//! Dialogs: a box over the screen that says what will happen.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, Borders, Clear, Padding, Paragraph, Wrap};
use tui_input::Input;

use super::format::{harmless, span};
use super::style;
use crate::app::{App, Approve, Confirm, Dialog, Step, Tone};
use crate::command::COMMANDS;

/// Wide enough for a sentence, narrow enough to be read at a glance.
const WIDTH: u16 = 74;
const PADDING: u16 = 2;

pub(super) fn draw(app: &App, frame: &mut Frame) {
    match &app.dialog {
        Some(Dialog::Help) => help(app, frame),
        Some(Dialog::Confirm(confirm)) => question(frame, confirm),
        Some(Dialog::Approve(approve)) => approval(app, frame, approve),
        None => {}
    }
}

/// Opens a box as high as `text` needs, with `keys` at its foot however little room there is, and says where the text is.
fn open(frame: &mut Frame, title: &str, text: &Text<'static>, keys: Line<'static>) -> Rect {
    let screen = frame.area();
    let width = WIDTH.min(screen.width);
    let inside = usize::from(width.saturating_sub(2 + 2 * PADDING).max(1));
    let lines: usize = text.lines.iter().map(|line| wrapped_height(line, inside)).sum();
    let foot = u16::try_from(wrapped_height(&keys, inside)).unwrap_or(1);
    let height = u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(foot + 3).min(screen.height);
    let area =
        Rect { x: screen.x + (screen.width - width) / 2, y: screen.y + (screen.height - height) / 2, width, height };
    let block = Block::new()
        .borders(Borders::ALL)
        .padding(Padding::horizontal(PADDING))
        .title(Span::styled(format!(" {title} "), style::STRONG));
    let inner = block.inner(area);
    let [body, _, foot] =
        Layout::vertical([Constraint::Fill(1), Constraint::Max(1), Constraint::Length(foot)]).areas(inner);
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    frame.render_widget(Paragraph::new(text.clone()).wrap(Wrap { trim: false }), body);
    frame.render_widget(Paragraph::new(keys).wrap(Wrap { trim: true }), foot);
    body
}

/// Lines that a line takes when its words are wrapped at `width` cells.
fn wrapped_height(line: &Line, width: usize) -> usize {
    let mut lines = 1;
    let mut used = 0;
    for word in line.to_string().split_inclusive(' ') {
        let length = Line::raw(word.to_owned()).width();
        if used > 0 && used + Line::raw(word.trim_end().to_owned()).width() > width {
            lines += 1;
            used = 0;
        }
        used += length;
        // A word longer than the line is broken.
        while used > width + 1 {
            lines += 1;
            used -= width;
        }
    }
    lines
}

fn keys(pairs: &[(&'static str, &'static str)]) -> Line<'static> {
    let spans =
        pairs.iter().flat_map(|(key, what)| [Span::styled(*key, style::KEY), Span::raw(format!(" {what}    "))]);
    Line::from(spans.collect::<Vec<_>>())
}

fn question(frame: &mut Frame, confirm: &Confirm) {
    let mut lines: Vec<Line> = Vec::new();
    for consequence in &confirm.consequences {
        if !lines.is_empty() {
            lines.push(Line::raw(""));
        }
        lines.push(Line::raw(harmless(consequence)));
    }
    let yes = if confirm.is_counting { "counting…" } else { confirm.verb };
    let keys = keys(&[("y", yes), ("Esc", "leave everything as it is")]);
    open(frame, &harmless(&confirm.title), &Text::from(lines), keys);
}

fn approval(app: &App, frame: &mut Frame, approve: &Approve) {
    let mut lines = Vec::new();
    let mut cursor = None;
    let fields = [
        (Step::Code, "Code that the user reads out", &approve.code),
        (Step::Subject, "Subject, without the VO", &approve.sub),
        (Step::Name, "User name (may stay empty)", &approve.name),
    ];
    for (step, label, input) in fields {
        if (approve.step as u8) < (step as u8) {
            continue;
        }
        if approve.step == step {
            cursor = Some((lines.len(), label.len(), input));
        }
        let style = if approve.step == step { style::KEY } else { style::FAINT };
        lines.push(Line::from(vec![Span::styled(format!("{label}: "), style), Span::raw(harmless(input.value()))]));
        if step == Step::Code && approve.step != Step::Code {
            lines.extend(about_flow(app, approve));
        }
    }
    if approve.step == Step::Confirm {
        lines.push(Line::raw(""));
        lines.extend(consequences(approve));
    }
    if let Some(error) = &approve.error {
        lines.push(Line::raw(""));
        lines.push(Line::styled(harmless(error), style::of_tone(Tone::Bad)));
    }
    let keys = match approve.step {
        _ if approve.looking_up.is_some() => Line::raw("looking it up…"),
        Step::Code => keys(&[("Enter", "look it up"), ("Esc", "cancel")]),
        Step::Confirm => keys(&[("y", "approve it"), ("Esc", "back")]),
        Step::Subject | Step::Name => keys(&[("Enter", "next"), ("Esc", "back")]),
    };
    let inner = open(frame, "Approve a device code", &Text::from(lines), keys);
    if let Some((line, label, input)) = cursor {
        place_cursor(frame, inner, line, label, input);
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

fn consequences(approve: &Approve) -> Vec<Line<'static>> {
    let subject = approve.full_subject();
    let group = approve.flow.as_ref().and_then(|flow| flow.scope.group()).map(harmless);
    let member = group.map_or_else(|| "its default group".to_owned(), |group| format!("the group {group}"));
    vec![
        Line::styled(format!("Whoever holds this code is logged in as {subject}."), style::STRONG),
        Line::raw(""),
        Line::raw(format!(
            "DiracX mints a token for {subject} at the client's next poll, if that is a registered user and a member of \
             {member}; otherwise the login fails there."
        )),
    ]
}

fn place_cursor(frame: &mut Frame, inner: Rect, line: usize, label: usize, input: &Input) {
    let column = label + 2 + input.visual_cursor();
    let x = inner.x + u16::try_from(column).unwrap_or(u16::MAX).min(inner.width.saturating_sub(1));
    let y = inner.y + u16::try_from(line).unwrap_or(u16::MAX).min(inner.height.saturating_sub(1));
    frame.set_cursor_position(Position::new(x, y));
}

fn help(app: &App, frame: &mut Frame) {
    let here = COMMANDS.iter().filter(|entry| entry.is_on(app.screen));
    let lines: Vec<Line> = here
        .map(|entry| Line::from(vec![Span::styled(format!("{:>8}  ", entry.shown), style::KEY), Span::raw(entry.help)]))
        .collect();
    let title = format!("Keys on {}", app.screen.title());
    open(frame, &title, &Text::from(lines), keys(&[("Esc", "back to the screen")]));
}
