//! The foot: what just happened, and what can be done here.

use ratatui::Frame;
use ratatui::layout::{Margin, Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::format::harmless;
use super::style;
use crate::app::{App, Tone};
use crate::command::{self, COMMANDS, Command};

/// Messages get as many lines as they need, up to this.
const NOTICE_LINES: u16 = 4;
/// Cells left free on either side of a message.
const MARGIN: u16 = 1;

/// What stands above the hints: what is wrong with the filter while one is typed, or else what just happened.
fn notice(app: &App) -> Option<Paragraph<'static>> {
    let complaint = app.filter_input.as_ref().and_then(|_| app.complaint());
    let (text, tone) = match (complaint, &app.notice) {
        (Some(complaint), _) => (complaint, Tone::Bad),
        (None, Some(notice)) => (notice.text.as_str(), notice.tone),
        (None, None) => return None,
    };
    let text = harmless(text);
    let text = app.veil.text(&text).into_owned();
    Some(Paragraph::new(text).wrap(Wrap { trim: true }).style(style::of_tone(tone)))
}

/// Lines that the present message needs at this width.
pub(super) fn notice_height(app: &App, width: u16) -> u16 {
    let lines = notice(app).map_or(0, |notice| notice.line_count(width.saturating_sub(2 * MARGIN)));
    u16::try_from(lines).unwrap_or(NOTICE_LINES).min(NOTICE_LINES)
}

pub(super) fn draw(app: &App, frame: &mut Frame, notice_area: Rect, hints: Rect) {
    if let Some(notice) = notice(app) {
        frame.render_widget(notice, notice_area.inner(Margin::new(MARGIN, 0)));
    }
    match &app.filter_input {
        Some(input) => {
            let prompt = " / ";
            let room = usize::from(hints.width).saturating_sub(prompt.len() + 1);
            let scroll = input.visual_scroll(room);
            let shown: String = app.veil.typed(input.value()).chars().skip(scroll).collect();
            // What can be typed, as long as nothing is.
            let advice = command::entry(Command::Filter).filter(|_| input.value().is_empty()).map_or("", |it| it.help);
            let line = Line::from(vec![
                Span::styled(prompt, style::KEY),
                Span::raw(shown),
                Span::styled(format!("{advice}   Enter keeps, Esc clears"), style::FAINT),
            ]);
            frame.render_widget(Paragraph::new(line), hints);
            let column = prompt.len() + input.visual_cursor().saturating_sub(scroll);
            let x = hints.x + u16::try_from(column).unwrap_or(u16::MAX).min(hints.width.saturating_sub(1));
            frame.set_cursor_position(Position::new(x, hints.y));
        }
        None => frame.render_widget(Paragraph::new(hint_line(app, usize::from(hints.width))), hints),
    }
}

/// As many hints as fit; the last two, help and quit, always do.
fn hint_line(app: &App, width: usize) -> Line<'static> {
    let hints: Vec<[Span; 2]> = COMMANDS
        .iter()
        .filter(|entry| !entry.hint.is_empty() && !app.keys.keys_of(entry.command).is_empty())
        .filter(|entry| entry.is_on(app.screen) && !app.is_pointless(entry.command))
        .map(|entry| {
            // What needs a row and has none yet is still worth knowing; what can never be done here is only faint.
            let is_possible = !(app.read_only && entry.is_change);
            let (key, hint) = if is_possible { (style::KEY, style::PLAIN) } else { (style::FAINT, style::FAINT) };
            [Span::styled(app.keys.shown(entry.command), key), Span::styled(format!(" {}  ", entry.hint), hint)]
        })
        .collect();
    let is_cut = super::hidden_page_lines(app) > app.page_scroll;
    let more = is_cut
        .then(|| [Span::styled(app.keys.shown(Command::Down), style::KEY), Span::styled(" more  ", style::PLAIN)]);
    let hints: Vec<[Span; 2]> = more.into_iter().chain(hints).collect();
    let (optional, always) = hints.split_at(hints.len().saturating_sub(2));
    let length = |hint: &[Span; 2]| hint.iter().map(Span::width).sum::<usize>();
    let mut room = width.saturating_sub(1 + always.iter().map(length).sum::<usize>());
    let fitting = optional.iter().take_while(|hint| {
        let fits = length(hint) <= room;
        room = room.saturating_sub(length(hint));
        fits
    });
    let spans = fitting.chain(always).flatten().cloned();
    std::iter::once(Span::raw(" ")).chain(spans).collect()
}
