//! Colours and what they mean. Nothing is told by colour alone: under `NO_COLOR` every word and mark still stands.

use authdb_shared::liveness::{FlowState, Liveness};
use ratatui::style::{Color, Modifier, Style};

use crate::app::Tone;

pub(super) const PLAIN: Style = Style::new();
pub(super) const FAINT: Style = Style::new().fg(Color::DarkGray);
pub(super) const STRONG: Style = Style::new().add_modifier(Modifier::BOLD);
pub(super) const SELECTED: Style = Style::new().add_modifier(Modifier::REVERSED);
pub(super) const BANNER: Style =
    Style::new().fg(Color::Red).add_modifier(Modifier::REVERSED).add_modifier(Modifier::BOLD);
pub(super) const KEY: Style = Style::new().fg(Color::Cyan).add_modifier(Modifier::BOLD);
pub(super) const STALE_ROWS: Style = Style::new().add_modifier(Modifier::DIM);

const GOOD: Style = Style::new().fg(Color::Green);
const WAITING: Style = Style::new().fg(Color::Yellow);
const BAD: Style = Style::new().fg(Color::Red);
const ODD: Style = Style::new().fg(Color::Magenta);

pub(super) fn of_flow(state: FlowState) -> Style {
    match state {
        FlowState::Pending { .. } => WAITING,
        FlowState::Ready { .. } => Style::new().fg(Color::Cyan),
        FlowState::Done => GOOD,
        FlowState::Error => BAD,
        FlowState::Stale { .. } => FAINT,
        FlowState::Unrecognised => ODD,
    }
}

pub(super) fn of_token(liveness: Liveness) -> Style {
    match liveness {
        Liveness::Live { .. } => GOOD,
        Liveness::Expired { .. } | Liveness::Revoked => FAINT,
        Liveness::Undated | Liveness::Unrecognised => ODD,
        Liveness::FromTheFuture { .. } => BAD,
    }
}

/// Time that is running out.
pub(super) fn of_left(left: std::time::Duration) -> Style {
    if left.as_secs() < 60 { BAD.add_modifier(Modifier::BOLD) } else { PLAIN }
}

pub(super) fn of_tone(tone: Tone) -> Style {
    match tone {
        Tone::Good => GOOD.add_modifier(Modifier::BOLD),
        Tone::Plain => WAITING,
        Tone::Bad => BAD.add_modifier(Modifier::BOLD),
    }
}
