//! What looks mean. The colours here are tokens, to which [`Appearance`](super::Appearance) gives those of the theme in the
//! end. Nothing is told by colour alone: under `NO_COLOR` every word and mark still stands.

use authdb_shared::config::Colour;
use ratatui::style::{Color, Modifier, Style};

use crate::app::Tone;
use crate::table::Role;

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

/// What a role looks like.
pub(super) fn of(role: Role) -> Style {
    match role {
        Role::Plain => PLAIN,
        Role::Faint => FAINT,
        Role::Strong => STRONG,
        Role::Good => GOOD,
        Role::Waiting => WAITING,
        Role::Active => Style::new().fg(Color::Cyan),
        Role::Bad => BAD,
        Role::Urgent => BAD.add_modifier(Modifier::BOLD),
        Role::Odd => ODD,
    }
}

/// The head line in a context of this colour.
pub(super) fn of_context(colour: Option<Colour>) -> Style {
    SELECTED.patch(of_colour(colour))
}

/// The name of a context of this colour.
pub(super) fn of_colour(colour: Option<Colour>) -> Style {
    let Some(colour) = colour else { return PLAIN };
    PLAIN.fg(match colour {
        Colour::Red => Color::LightRed,
        Colour::Green => Color::LightGreen,
        Colour::Yellow => Color::LightYellow,
        Colour::Blue => Color::LightBlue,
        Colour::Magenta => Color::LightMagenta,
        Colour::Cyan => Color::LightCyan,
    })
}

pub(super) fn of_tone(tone: Tone) -> Style {
    match tone {
        Tone::Good => GOOD.add_modifier(Modifier::BOLD),
        Tone::Plain => WAITING,
        Tone::Bad => BAD.add_modifier(Modifier::BOLD),
    }
}
