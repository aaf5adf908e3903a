//! The fields of a plan, which stay in sight at its foot: why it is done, and the yes.
//!
//! What has to be typed is seen whole, and so is what is typed: where a terminal is too narrow for both on one line, the
//! field stands below its label.

use authdb_shared::session_plan::Confirmation;
use ratatui::text::{Line, Span};
use tui_input::Input;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::dialogs::{height_of, inner_width};
use super::format::harmless;
use super::style;
use crate::app::{App, PlanDialog, PlanField, Tone};

const REASON: &str = "Why, such as a ticket: ";
/// Cells that a reason needs at least.
const REASON_WIDTH: usize = 12;
/// What stands before the field that keys go to, and before the others.
const MARKS: [&str; 2] = ["› ", "  "];
const MARK_WIDTH: usize = 2;

/// The fields as lines, which may be longer than the dialog is wide.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) lines: Vec<Line<'static>>,
    /// Line and column of the cursor, once the lines are wrapped.
    pub(super) cursor: Option<(usize, usize)>,
}

/// The fields of the plan, the one that keys go to marked.
pub(super) fn fields(app: &App, dialog: &PlanDialog) -> Fields {
    let Some((_, confirmation)) = dialog.proposal() else { return Fields::default() };
    let width = inner_width(app);
    let is_reason = dialog.field == PlanField::Reason;
    let mut fields = Fields { lines: vec![Line::raw("")], cursor: None };
    // Whatever is written about somebody may name them.
    let reason = app.veil.typed(dialog.reason.value());
    fields.add(REASON, REASON_WIDTH, &dialog.reason, &reason, is_reason, width);
    if let Some(answer) = answer(app, confirmation) {
        let typed = match confirmation {
            // The words may be somebody's name.
            Confirmation::Words(_) => app.veil.typed(dialog.answer.value()),
            Confirmation::Key | Confirmation::Number(_) => harmless(dialog.answer.value()),
        };
        fields.add(&format!("Type {answer} to go on: "), answer.width(), &dialog.answer, &typed, !is_reason, width);
    }
    if let Some(error) = &dialog.error {
        fields.lines.push(Line::styled(app.veil.text(&harmless(error)).into_owned(), style::of_tone(Tone::Bad)));
    }
    fields
}

/// What must be typed, if more than a key is.
fn answer(app: &App, confirmation: &Confirmation) -> Option<String> {
    match confirmation {
        Confirmation::Key => None,
        Confirmation::Number(number) => Some(number.to_string()),
        Confirmation::Words(words) => Some(app.veil.text(&harmless(&words.join(" or "))).into_owned()),
    }
}

impl Fields {
    /// Adds a field beside its label, or below where that leaves less than `least` cells and one for the cursor.
    fn add(&mut self, label: &str, least: usize, input: &Input, typed: &str, is_focused: bool, width: usize) {
        let [focused, other] = MARKS;
        let (mark, style) = if is_focused { (focused, style::KEY) } else { (other, style::FAINT) };
        let is_beside = MARK_WIDTH + label.width() + least < width;
        let before = if is_beside {
            format!("{mark}{label}")
        } else {
            self.lines.push(Line::styled(format!("{other}{}", label.trim_end()), style));
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
