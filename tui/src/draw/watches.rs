//! The watches after revocations: one line on every screen, and a dialog with all of them.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Text};
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthStr;

use super::dialogs::{Content, inner_width};
use super::format::{counted, fit, harmless, span};
use super::style;
use super::wrapping::hanging;
use crate::app::{App, Blindness, Sight, Tone, Watch};
use crate::command::Command;

/// One line while anything is watched, or was and has not been dismissed.
pub(super) fn height(app: &App) -> u16 {
    u16::from(!app.watches.list().is_empty())
}

pub(super) fn draw(app: &App, frame: &mut Frame, area: Rect) {
    let Some((text, style)) = line(app) else { return };
    let key = format!("   {} shows more ", app.keys.way_to(Command::Watches));
    let room = usize::from(area.width).saturating_sub(key.chars().count());
    let text = format!("{}{key}", fit(&format!(" {}", app.veil.text(&text)), room));
    frame.render_widget(Paragraph::new(text).style(style), area);
}

/// What matters most: an alarm, then what is still watched, then what is over.
fn line(app: &App) -> Option<(String, Style)> {
    let watches = &app.watches;
    let alarms: Vec<&Watch> = watches.alarms().collect();
    if let Some(alarm) = alarms.last() {
        let others = if alarms.len() > 1 { format!(", and {} more", alarms.len() - 1) } else { String::new() };
        return Some((format!("ALARM {}{others}", told(app, alarm)), style::BANNER));
    }
    let looking: Vec<&Watch> = watches.looking().collect();
    let blind: Vec<Blindness> = looking.iter().filter_map(|watch| watches.blindness(watch, app.host_now)).collect();
    let tone = if blind.is_empty() { Tone::Plain } else { Tone::Bad };
    if let [only] = looking.as_slice() {
        return Some((told(app, only), style::of_tone(tone)));
    }
    if let Some(last) = looking.iter().max_by_key(|watch| watch.until) {
        let who = counted(looking.len() as u64, "subject");
        if let Some(longest) = blind.iter().max_by_key(|blindness| blindness.span) {
            let who = format!("{} of {who}", blind.len());
            return Some((not_looked(&who, *longest, &clocks(app, last)), style::of_tone(tone)));
        }
        return Some((format!("Watching {who}: no new tokens; {}", clocks(app, last)), style::of_tone(Tone::Plain)));
    }
    let over = match watches.list() {
        [] => return None,
        [only] => told(app, only),
        several => format!(
            "{} have no new tokens, and their access tokens have expired",
            counted(several.len() as u64, "subject")
        ),
    };
    Some((over, style::of_tone(Tone::Good)))
}

/// One watch in a sentence.
fn told(app: &App, watch: &Watch) -> String {
    let Watch { subject, revoked_at, .. } = watch;
    let clock = |time| app.telling.clock(time);
    match &watch.sight {
        Sight::Nothing => match app.watches.blindness(watch, app.host_now) {
            Some(blindness) => not_looked(&subject.to_string(), blindness, &clocks(app, watch)),
            None => format!("Watching {subject}: no new token; {}", clocks(app, watch)),
        },
        Sight::NewToken { issued_at, .. } => {
            let issued = issued_at.map_or_else(|| "at an unknown time".to_owned(), clock);
            format!("{subject} has a new live token, issued {issued}; revoked {}", clock(*revoked_at))
        }
        Sight::Over => format!("{subject} has no new token, and its access tokens have expired"),
    }
}

/// Nothing is said about new tokens where nobody could look.
fn not_looked(who: &str, blindness: Blindness, clocks: &str) -> String {
    let reason = blindness.reason.map(|reason| format!(": {}", harmless(reason))).unwrap_or_default();
    format!("NOT LOOKED at {who} for {}; {clocks}{reason}", span(blindness.span))
}

/// How long access tokens go on working.
fn clocks(app: &App, watch: &Watch) -> String {
    let now = app.now();
    if now < watch.until {
        format!("access tokens work {} more, until {}", span(watch.until.since(now)), app.telling.clock(watch.until))
    } else {
        "access tokens have expired; waiting for a last look".to_owned()
    }
}

pub(super) fn content(app: &App) -> Content {
    let watches = app.watches.shown();
    let place = app.watches.chosen();
    let revoke = app.keys.way_to(Command::RevokeSubject);
    let (mut lines, mut chosen, width) = (Vec::new(), 0..0, inner_width(app));
    for (index, watch) in watches.iter().enumerate() {
        let is_chosen = index == place;
        let mark = if is_chosen { "› " } else { "  " };
        let (word, style) = match watch.sight {
            Sight::NewToken { .. } => ("ALARM ", style::of_tone(Tone::Bad)),
            Sight::Nothing if app.watches.blindness(watch, app.host_now).is_some() => ("", style::of_tone(Tone::Bad)),
            Sight::Nothing => ("", style::of_tone(Tone::Plain)),
            Sight::Over => ("", style::of_tone(Tone::Good)),
        };
        let style = if is_chosen { style.patch(style::SELECTED) } else { style };
        let first = lines.len();
        // A name that is broken in two would not be known for one.
        let told = format!("{mark}{word}{}", app.veil.text(&told(app, watch)));
        lines.extend(hanging(Line::styled(told, style), width, mark.width()));
        if is_chosen && let Sight::NewToken { jti, .. } = &watch.sight {
            let advice = Line::raw(format!("    token {jti}. {revoke} on its subject revokes all again."));
            lines.extend(hanging(advice, width, 4));
        }
        if is_chosen {
            chosen = first..lines.len();
        }
    }
    if lines.is_empty() {
        lines.push(Line::raw("Nobody is watched."));
    }
    let mut title = format!("After revocations: {}", counted(watches.len() as u64, "subject"));
    let alarms = app.watches.alarms().count();
    if alarms > 0 {
        title = format!("{title}, {}", counted(alarms as u64, "ALARM"));
    }
    Content {
        title,
        text: Text::from(lines),
        keys: vec![(super::dialogs::arrows(app), "choose"), ("x".to_owned(), "dismiss"), ("Esc".to_owned(), "back")],
        chosen: Some(chosen),
        ..Content::default()
    }
}
