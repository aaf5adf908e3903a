//! Fields of a dialog, which stay in sight at its foot while the text above them is scrolled.
//!
//! What has to be typed is seen whole, and so is what is typed: where a terminal is too narrow for both on one line, the
//! field stands below its label. Where the cursor is, is counted in lines as they are wrapped.

use ratatui::text::{Line, Span};
use tui_input::Input;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::dialogs::height_of;
use super::style;

/// The fields as lines, which may be longer than the dialog is wide.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) lines: Vec<Line<'static>>,
    /// Line and column of the cursor, once the lines are wrapped.
    pub(super) cursor: Option<(usize, usize)>,
}

/// A line to type into.
pub(super) struct Field<'a> {
    /// What stands before it.
    pub(super) mark: &'static str,
    pub(super) label: &'a str,
    /// Cells that what is typed needs at least.
    pub(super) least: usize,
    pub(super) input: &'a Input,
    /// What was typed, as it is shown.
    pub(super) typed: &'a str,
    /// Whether keys go to it.
    pub(super) is_focused: bool,
}

impl Fields {
    /// Adds a field beside its label, or below where a dialog of this width leaves too little beside it and the cursor.
    pub(super) fn add(&mut self, field: &Field, width: usize) {
        let Field { mark, label, least, input, typed, is_focused } = *field;
        let style = if is_focused { style::KEY } else { style::FAINT };
        let is_beside = mark.width() + label.width() + least < width;
        let before = if is_beside {
            format!("{mark}{label}")
        } else {
            let margin = " ".repeat(mark.width());
            self.lines.push(Line::styled(format!("{margin}{}", label.trim_end()), style));
            mark.to_owned()
        };
        let room = width.saturating_sub(before.width() + 1).max(1);
        if is_focused {
            let column = before.width() + input.visual_cursor().saturating_sub(input.visual_scroll(room));
            self.cursor = Some((usize::from(height_of(&self.lines, width)), column));
        }
        self.lines.push(Line::from(vec![Span::styled(before, style), Span::raw(tail(input, typed, room))]));
    }
}

/// As much of what was typed as there is room for, up to the cursor.
fn tail(input: &Input, typed: &str, room: usize) -> String {
    let cells = |letter: &char| letter.width().unwrap_or(0);
    let (scroll, mut passed, mut used) = (input.visual_scroll(room), 0, 0);
    let rest = typed.chars().skip_while(|letter| {
        let is_before = passed < scroll;
        passed += cells(letter);
        is_before
    });
    rest.take_while(|letter| {
        used += cells(letter);
        used <= room
    })
    .collect()
}
