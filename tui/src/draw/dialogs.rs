//! Dialogs: a box over the screen that says what will happen.

use std::ops::Range;

use crossterm::event::KeyCode;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, Borders, Clear, Padding, Paragraph, Wrap};

use super::style;
use crate::app::{App, Dialog};

/// Wide enough for a sentence, narrow enough to be read at a glance.
pub(super) const WIDTH: u16 = 74;
const PADDING: u16 = 2;

pub(super) fn draw(app: &App, frame: &mut Frame) {
    let Some(content) = content(app) else { return };
    let pinned = pinned(app);
    let Opened { body, fields, scroll } = open(frame, &content, &pinned, app.dialog_scroll);
    if let Some((line, column)) = content.cursor {
        let (body, scroll) = if pinned.is_empty() { (body, usize::from(scroll)) } else { (fields, 0) };
        // A field that is scrolled away has no cursor.
        let Some(line) = line.checked_sub(scroll) else { return };
        let x = body.x + u16::try_from(column).unwrap_or(u16::MAX).min(body.width.saturating_sub(1));
        let y = body.y + u16::try_from(line).unwrap_or(u16::MAX).min(body.height.saturating_sub(1));
        frame.set_cursor_position(Position::new(x, y));
    }
}

/// Lines of the open dialog that a terminal of this size cannot show.
pub(super) fn hidden_lines(app: &App) -> u16 {
    let (width, height) = app.size;
    let screen = Rect::new(0, 0, width, height);
    content(app).map_or(0, |content| Shape::of(&content, &pinned(app), screen).hidden)
}

/// Lines that stay in sight while the text above them is scrolled: the fields of a plan or an approval.
fn pinned(app: &App) -> Vec<Line<'static>> {
    let lines = match &app.dialog {
        Some(Dialog::Plan(plan)) => super::plan_fields::fields(app, plan).lines,
        Some(Dialog::Approve(approve)) => super::approval::fields(app, approve).lines,
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
#[derive(Default)]
pub(super) struct Content {
    pub(super) title: String,
    pub(super) text: Text<'static>,
    pub(super) keys: Vec<(String, &'static str)>,
    /// Line and column of the cursor in the text, or in the pinned lines where there are some, while something is typed.
    pub(super) cursor: Option<(usize, usize)>,
    /// What moves the text where it does not fit.
    pub(super) more: Option<String>,
    /// The lines that are chosen: whatever the text is scrolled to, they are in sight.
    pub(super) chosen: Option<Range<usize>>,
}

impl Content {
    /// The line that the text begins with, of so many that are hidden from sight.
    fn first_line(&self, scroll: u16, hidden: u16, body: Rect) -> u16 {
        let Some(chosen) = &self.chosen else { return scroll.min(hidden) };
        let before = |line: usize| {
            let lines = &self.text.lines[..line.min(self.text.lines.len())];
            height_of(lines, usize::from(body.width))
        };
        let last = before(chosen.end).saturating_sub(body.height);
        last.min(before(chosen.start))
    }
}

/// What the open dialog says, with nobody named in it while the veil is drawn.
fn content(app: &App) -> Option<Content> {
    let content = said(app)?;
    let title = app.veil.text(&content.title).into_owned();
    // Where arrows choose, they have to be told once only.
    let more = content.more.or_else(|| content.chosen.is_none().then(|| app.keys.fixed(KeyCode::Down)));
    Some(Content { title, text: app.veil.paragraphs(content.text), more, ..content })
}

fn said(app: &App) -> Option<Content> {
    match &app.dialog {
        Some(Dialog::Help) => Some(super::help::content(app)),
        Some(Dialog::Palette(palette)) => Some(super::palette::content(app, palette)),
        Some(Dialog::Contexts(contexts)) => Some(super::contexts::content(app, contexts)),
        Some(Dialog::Export(exporting)) => Some(super::exporting::content(app, exporting)),
        Some(Dialog::Details) => Some(super::details::content(app)),
        Some(Dialog::Approve(approve)) => Some(super::approval::content(app, approve)),
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
    fn of(content: &Content, pinned: &[Line<'static>], screen: Rect) -> Self {
        let width = WIDTH.min(screen.width);
        let inside = width.saturating_sub(2 + 2 * PADDING).max(1);
        let lines_of = |paragraph: Paragraph| u16::try_from(paragraph.line_count(inside)).unwrap_or(u16::MAX);
        let lines = lines_of(body(content));
        let pinned = height_of(pinned, usize::from(inside));
        let is_cut = lines.saturating_add(pinned + lines_of(foot(content, 0, inside)) + 2) > screen.height;
        let foot = lines_of(foot(content, u16::from(is_cut), inside));
        let height = lines.saturating_add(pinned + foot + 3).min(screen.height);
        let pinned = pinned.min(height.saturating_sub(foot + 2));
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

/// Where a dialog was opened.
struct Opened {
    body: Rect,
    fields: Rect,
    /// The first line of the body that is shown.
    scroll: u16,
}

/// Opens a box as high as the content needs, with its keys at the foot however little room there is.
fn open(frame: &mut Frame, content: &Content, pinned: &[Line<'static>], scroll: u16) -> Opened {
    let shape = Shape::of(content, pinned, frame.area());
    let Shape { area, pinned: pinned_height, gap, foot: foot_height, hidden } = shape;
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
    let scroll = content.first_line(scroll, hidden, text_area);
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    frame.render_widget(body(content).scroll((scroll, 0)), text_area);
    frame.render_widget(wrapped(pinned), pinned_area);
    frame.render_widget(foot(content, hidden.saturating_sub(scroll), key_area.width), key_area);
    Opened { body: text_area, fields: pinned_area, scroll }
}

/// The keys that choose among lines, however the keys are bound.
pub(super) fn arrows(app: &App) -> String {
    format!("{} {}", app.keys.fixed(KeyCode::Down), app.keys.fixed(KeyCode::Up))
}

fn body(content: &Content) -> Paragraph<'static> {
    Paragraph::new(content.text.clone()).wrap(Wrap { trim: false })
}

/// The keys of a dialog, each on one line with what it does; first of all the one that shows the `hidden` lines below.
fn foot(content: &Content, hidden: u16, width: u16) -> Paragraph<'static> {
    const GAP: &str = "    ";
    let more = content.more.clone().filter(|_| hidden > 0).map(|key| (key, "more"));
    let mut lines = vec![Line::default()];
    for (key, what) in more.iter().chain(&content.keys) {
        let hint = [Span::styled(key.clone(), style::KEY), Span::raw(format!(" {what}"))];
        let cells: usize = hint.iter().map(Span::width).sum();
        match lines.last_mut() {
            Some(line) if line.spans.is_empty() => line.extend(hint),
            Some(line) if line.width() + GAP.len() + cells <= usize::from(width) => {
                line.extend(std::iter::once(Span::raw(GAP)).chain(hint));
            }
            _ => lines.push(Line::from(hint.to_vec())),
        }
    }
    Paragraph::new(lines).wrap(Wrap { trim: true })
}
