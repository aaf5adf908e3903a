//! The fields of a plan: why it is done, and the yes.

use authdb_shared::session_plan::Confirmation;
use ratatui::text::Line;
use unicode_width::UnicodeWidthStr;

use super::dialogs::inner_width;
use super::fields::{Field, Fields};
use super::format::harmless;
use super::style;
use crate::app::{App, PlanDialog, PlanField, Tone};

const REASON: &str = "Why, such as a ticket: ";
/// Cells that a reason needs at least.
const REASON_WIDTH: usize = 12;
/// What stands before the field that keys go to, and before the others.
const MARKS: [&str; 2] = ["› ", "  "];

/// The fields of the plan, the one that keys go to marked.
pub(super) fn fields(app: &App, dialog: &PlanDialog) -> Fields {
    let Some((_, confirmation)) = dialog.proposal() else { return Fields::default() };
    let width = inner_width(app);
    let is_reason = dialog.field == PlanField::Reason;
    let mut fields = Fields { lines: vec![Line::raw("")], cursor: None };
    // Whatever is written about somebody may name them.
    let reason = app.veil.typed(dialog.reason.value());
    let (label, least, input) = (REASON, REASON_WIDTH, &dialog.reason);
    fields.add(&Field { mark: mark(is_reason), label, least, input, typed: &reason, is_focused: is_reason }, width);
    if let Some(answer) = answer(app, confirmation) {
        let typed = match confirmation {
            // The words may be somebody's name.
            Confirmation::Words(_) => app.veil.typed(dialog.answer.value()),
            Confirmation::Key | Confirmation::Number(_) => harmless(dialog.answer.value()),
        };
        let (label, least, input) = (format!("Type {answer} to go on: "), answer.width(), &dialog.answer);
        let (mark, is_focused) = (mark(!is_reason), !is_reason);
        fields.add(&Field { mark, label: &label, least, input, typed: &typed, is_focused }, width);
    }
    if let Some(error) = &dialog.error {
        fields.lines.push(Line::styled(app.veil.text(&harmless(error)).into_owned(), style::of_tone(Tone::Bad)));
    }
    fields
}

fn mark(is_focused: bool) -> &'static str {
    let [focused, other] = MARKS;
    if is_focused { focused } else { other }
}

/// What must be typed, if more than a key is.
fn answer(app: &App, confirmation: &Confirmation) -> Option<String> {
    match confirmation {
        Confirmation::Key => None,
        Confirmation::Number(number) => Some(number.to_string()),
        Confirmation::Words(words) => Some(app.veil.text(&harmless(&words.join(" or "))).into_owned()),
    }
}
