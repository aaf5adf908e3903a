//! Dialogs: a box over the screen that says what will happen.

use crossterm::event::KeyCode;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, Borders, Clear, Padding, Paragraph, Wrap};

use unicode_width::UnicodeWidthStr;

use super::format::{harmless, span};
use super::style;
use crate::app::{App, Approve, Dialog, Step, Tone};

/// Wide enough for a sentence, narrow enough to be read at a glance.
pub(super) const WIDTH: u16 = 74;
const PADDING: u16 = 2;

pub(super) fn draw(app: &App, frame: &mut Frame) {
    let Some(content) = content(app) else { return };
    let pinned = pinned(app);
    let down = app.keys.fixed(KeyCode::Down);
    let (body, fields) = open(frame, &content, &pinned, app.dialog_scroll, &down);
    if let Some((line, column)) = content.cursor {
        let body = if pinned.is_empty() { body } else { fields };
        let x = body.x + u16::try_from(column).unwrap_or(u16::MAX).min(body.width.saturating_sub(1));
        let y = body.y + u16::try_from(line).unwrap_or(u16::MAX).min(body.height.saturating_sub(1));
        frame.set_cursor_position(Position::new(x, y));
    }
}

/// Lines of the open dialog that a terminal of this size cannot show.
pub(super) fn hidden_lines(app: &App) -> u16 {
    let (width, height) = app.size;
    let (screen, down) = (Rect::new(0, 0, width, height), app.keys.fixed(KeyCode::Down));
    content(app).map_or(0, |content| Shape::of(&content, &pinned(app), screen, &down).hidden)
}

/// Lines that stay in sight while the text above them is scrolled: the fields of a plan.
fn pinned(app: &App) -> Vec<Line<'static>> {
    let lines = match &app.dialog {
        Some(Dialog::Plan(plan)) => super::plan_fields::fields(app, plan).lines,
        _ => Vec::new(),
    };
    app.veil.lines(lines)
}

/// How many lines these are once they are wrapped.
pub(super) fn height_of(lines: &[Line<'static>], width: usize) -> u16 {
    let width = u16::try_from(width).unwrap_or(u16::MAX);
    let height = if lines.is_empty() { 0 } else { wrapped(lines).line_count(width) };
    u16::try_from(height).unwrap_or(u16::MAX)
}

fn wrapped(lines: &[Line<'static>]) -> Paragraph<'static> {
    Paragraph::new(lines.to_vec()).wrap(Wrap { trim: false })
}

/// What a dialog says.
pub(super) struct Content {
    pub(super) title: String,
    pub(super) text: Text<'static>,
    pub(super) keys: Vec<(String, &'static str)>,
    /// Line and column of the cursor in the text, or in the pinned lines where there are some, while something is typed.
    pub(super) cursor: Option<(usize, usize)>,
}

/// What the open dialog says, with nobody named in it while the veil is drawn.
fn content(app: &App) -> Option<Content> {
    let content = said(app)?;
    let title = app.veil.text(&content.title).into_owned();
    Some(Content { title, text: app.veil.paragraphs(content.text), ..content })
}

fn said(app: &App) -> Option<Content> {
    match &app.dialog {
        Some(Dialog::Help) => Some(super::help::content(app)),
        Some(Dialog::Palette(palette)) => Some(super::palette::content(app, palette)),
        Some(Dialog::Contexts(contexts)) => Some(super::contexts::content(app, contexts)),
        Some(Dialog::Export(exporting)) => Some(super::exporting::content(app, exporting)),
        Some(Dialog::Details) => Some(super::details::content(app)),
        Some(Dialog::Approve(approve)) => Some(approval(app, approve)),
        Some(Dialog::Plan(plan)) => Some(super::plan::content(app, plan)),
        Some(Dialog::Work) => app.work.as_ref().map(super::work::content),
        Some(Dialog::Ended(ended)) => Some(super::work::report(ended)),
        Some(Dialog::Watches) => Some(super::watches::content(app)),
        None => None,
    }
}

/// Cells that a line of a dialog has.
pub(super) fn inner_width(app: &App) -> usize {
    usize::from(WIDTH.min(app.size.0).saturating_sub(2 + 2 * PADDING).max(1))
}

/// Where a dialog goes, and how much of it there is room for.
struct Shape {
    area: Rect,
    pinned: u16,
    /// The line above the keys, where there is room for one.
    gap: u16,
    foot: u16,
    hidden: u16,
}

impl Shape {
    fn of(content: &Content, pinned: &[Line<'static>], screen: Rect, down: &str) -> Self {
        let width = WIDTH.min(screen.width);
        let inside = width.saturating_sub(2 + 2 * PADDING).max(1);
        let lines_of = |paragraph: Paragraph| u16::try_from(paragraph.line_count(inside)).unwrap_or(u16::MAX);
        let lines = lines_of(body(content));
        let pinned = height_of(pinned, usize::from(inside));
        let is_cut = lines.saturating_add(pinned + lines_of(foot(content, 0, down)) + 2) > screen.height;
        let foot = lines_of(foot(content, u16::from(is_cut), down));
        let height = lines.saturating_add(pinned + foot + 3).min(screen.height);
        let area = Rect {
            x: screen.x + (screen.width - width) / 2,
            y: screen.y + (screen.height - height) / 2,
            width,
            height,
        };
        // Without room, the gap above the keys goes first.
        let body = height.saturating_sub(pinned + foot + 2);
        let gap = body.saturating_sub(lines).min(1);
        Self { area, pinned, gap, foot, hidden: lines.saturating_sub(body) }
    }
}

/// Opens a box as high as the content needs, with its keys at the foot however little room there is, and says where the
/// text is.
fn open(frame: &mut Frame, content: &Content, pinned: &[Line<'static>], scroll: u16, down: &str) -> (Rect, Rect) {
    let shape = Shape::of(content, pinned, frame.area(), down);
    let Shape { area, pinned: pinned_height, gap, foot: foot_height, hidden } = shape;
    let scroll = scroll.min(hidden);
    let block = Block::new()
        .borders(Borders::ALL)
        .padding(Padding::horizontal(PADDING))
        .title(Span::styled(format!(" {} ", content.title), style::STRONG));
    let inner = block.inner(area);
    let [text_area, pinned_area, _, key_area] = Layout::vertical([
        Constraint::Fill(1),
        Constraint::Length(pinned_height),
        Constraint::Length(gap),
        Constraint::Length(foot_height),
    ])
    .areas(inner);
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    frame.render_widget(body(content).scroll((scroll, 0)), text_area);
    frame.render_widget(wrapped(pinned), pinned_area);
    frame.render_widget(foot(content, hidden - scroll, down), key_area);
    (text_area, pinned_area)
}

/// The keys that choose among lines, however the keys are bound.
pub(super) fn arrows(app: &App) -> String {
    format!("{} {}", app.keys.fixed(KeyCode::Down), app.keys.fixed(KeyCode::Up))
}

fn body(content: &Content) -> Paragraph<'static> {
    Paragraph::new(content.text.clone()).wrap(Wrap { trim: false })
}

/// The keys of a dialog; first of all the one that shows the `hidden` lines below.
fn foot(content: &Content, hidden: u16, down: &str) -> Paragraph<'static> {
    let more = (hidden > 0).then(|| (down.to_owned(), "more"));
    let mut line = Line::default();
    for (key, what) in more.iter().chain(&content.keys) {
        let gap = if line.spans.is_empty() { "" } else { "    " };
        line.extend([Span::raw(gap), Span::styled(key.clone(), style::KEY), Span::raw(format!(" {what}"))]);
    }
    Paragraph::new(line).wrap(Wrap { trim: true })
}

fn approval(app: &App, approve: &Approve) -> Content {
    let mut lines = Vec::new();
    let mut cursor = None;
    let insistence = format!("Type {} to insist", app.veil.text(&approve.full_subject()));
    let mismatch = app.registration.mismatch(approve).map(|mismatch| mismatch.to_string());
    let fields = [
        (Step::Code, "Code that the user reads out", &approve.code),
        (Step::Subject, "Subject, without the VO", &approve.sub),
        (Step::Name, "User name (may stay empty)", &approve.name),
        (Step::Insist, insistence.as_str(), &approve.insistence),
    ];
    for (step, label, input) in fields {
        if (approve.step as u8) < (step as u8) {
            continue;
        }
        if step == Step::Insist {
            lines.extend(super::registration::warning(mismatch.as_deref()));
        }
        if approve.step == step {
            cursor = Some((lines.len(), label.width() + 2 + input.visual_cursor()));
        }
        let style = if approve.step == step { style::KEY } else { style::FAINT };
        lines.push(Line::from(vec![
            Span::styled(format!("{label}: "), style),
            Span::raw(app.veil.typed(input.value())),
        ]));
        if step == Step::Code && approve.step != Step::Code {
            lines.extend(about_flow(app, approve));
        }
        if step == Step::Subject && approve.step == Step::Subject {
            lines.extend(super::registration::candidates(app, approve));
        }
    }
    if let Some(error) = &approve.error {
        lines.push(Line::raw(""));
        lines.push(Line::styled(harmless(error), style::of_tone(Tone::Bad)));
    }
    let keys = match approve.step {
        _ if approve.looking_up.is_some() => vec![("Esc".to_owned(), "cancel; looking the code up…")],
        Step::Code => vec![("Enter".to_owned(), "look it up"), ("Esc".to_owned(), "cancel")],
        Step::Subject => {
            vec![(arrows(app), "choose"), ("Enter".to_owned(), "next"), ("Esc".to_owned(), "back")]
        }
        Step::Name | Step::Insist => vec![("Enter".to_owned(), "next"), ("Esc".to_owned(), "back")],
    };
    Content { title: "Approve a device code".to_owned(), text: Text::from(lines), keys, cursor }
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
