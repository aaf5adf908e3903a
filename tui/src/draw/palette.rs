//! The palette: a line to type into, and the commands that it finds.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span, Text};

use super::dialogs::Content;
use super::format::{fit, harmless};
use super::style;
use crate::app::{App, Found, Palette, Way};

/// Cells that the box around it takes.
const BORDERS: usize = 6;
/// Cells of the widest line.
const WIDTH: usize = 68;
/// Lines that are not commands: the box, what is typed, the reason, and the keys.
const OTHER_LINES: usize = 9;
/// Commands that are shown at once, at most.
const MOST: usize = 14;

pub(super) fn content(app: &App, palette: &Palette) -> Content {
    let (width, height) = (usize::from(app.size.0), usize::from(app.size.1));
    let room = WIDTH.min(width.saturating_sub(BORDERS));
    let shown = MOST.min(height.saturating_sub(OTHER_LINES)).max(1);
    let found = app.found(palette.input.value());
    let selected = palette.selected.min(found.len().saturating_sub(1));
    let first = selected.saturating_sub(shown - 1);
    let mut lines = vec![Line::from(vec![Span::styled(": ", style::KEY), Span::raw(harmless(palette.input.value()))])];
    for (index, it) in found.iter().enumerate().skip(first).take(shown) {
        lines.push(line(it, index == selected, room));
    }
    let said = match found.get(selected).map(|it| &it.way) {
        None => "No command is called so.".to_owned(),
        Some(Way::Here) => String::new(),
        Some(Way::Refused(reason)) => format!("Not now: {reason}"),
        Some(Way::Elsewhere(screen)) => format!("Not on this screen. Enter shows {}.", screen.title()),
    };
    lines.push(Line::styled(said, style::of_tone(crate::app::Tone::Plain)));
    Content {
        title: "Commands".to_owned(),
        text: Text::from(lines),
        keys: vec![
            (super::dialogs::arrows(app), "choose"),
            ("Enter".to_owned(), "give the command"),
            ("Esc".to_owned(), "back to the screen"),
        ],
        cursor: Some((0, ": ".len() + palette.input.visual_cursor())),
        ..Content::default()
    }
}

/// A command, with the letters found underlined; one that cannot be given is faint and says so by a mark.
fn line(found: &Found, is_selected: bool, room: usize) -> Line<'static> {
    let (mark, base) = match found.way {
        Way::Here => (' ', style::PLAIN),
        Way::Refused(_) => ('-', style::FAINT),
        Way::Elsewhere(_) => ('>', style::FAINT),
    };
    let cursor = if is_selected { "▶" } else { " " };
    let mut spans = vec![Span::styled(format!("{cursor}{mark}"), base)];
    let text = fit(&found.text, room.saturating_sub(2));
    for (index, letter) in text.chars().enumerate() {
        let is_found = found.letters.binary_search(&index).is_ok();
        spans.push(Span::styled(letter.to_string(), if is_found { underlined(base) } else { base }));
    }
    let line = Line::from(spans);
    if is_selected { line.patch_style(style::SELECTED) } else { line }
}

fn underlined(style: Style) -> Style {
    style.add_modifier(Modifier::UNDERLINED).add_modifier(Modifier::BOLD)
}
