//! The export: how many rows, and to which file.

use crossterm::event::KeyCode;
use ratatui::text::{Line, Span, Text};

use super::dialogs::Content;
use super::format::harmless;
use super::style;
use crate::app::{App, Exporting, Tone};

/// Cells that the box around it takes.
const BORDERS: u16 = 6;
/// Cells of the widest line.
const WIDTH: u16 = 68;

pub(super) fn content(app: &App, exporting: &Exporting) -> Content {
    let label = "File: ";
    let room = usize::from(WIDTH.min(app.size.0.saturating_sub(BORDERS))).saturating_sub(label.len() + 1);
    // A long path is seen where it is typed.
    let scroll = exporting.name.visual_scroll(room);
    let shown: String = harmless(exporting.name.value()).chars().skip(scroll).take(room).collect();
    let mut lines = vec![Line::from(vec![Span::styled(label, style::KEY), Span::raw(shown)]), Line::raw("")];
    lines.push(Line::raw(format!(
        "{} as .csv, .json or .jsonl, readable by you alone. Nothing is overwritten.",
        exporting.what
    )));
    if let Some(lacks) = exporting.lacks {
        lines.push(Line::styled(lacks, style::of_tone(Tone::Plain)));
    }
    if let Some(error) = &exporting.error {
        lines.extend([Line::raw(""), Line::styled(harmless(error), style::of_tone(Tone::Bad))]);
    }
    let keys = if exporting.is_writing() {
        vec![("Esc".to_owned(), "back to the screen; writing…")]
    } else {
        vec![("Enter".to_owned(), "write the file"), ("Esc".to_owned(), "back to the screen")]
    };
    let cursor = Some((0, label.len() + exporting.name.visual_cursor().saturating_sub(scroll)));
    Content {
        title: format!("Export {}", exporting.what),
        text: Text::from(lines),
        keys,
        cursor,
        more: Some(app.keys.fixed(KeyCode::PageDown)),
        ..Content::default()
    }
}
