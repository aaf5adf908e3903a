//! Times, counts and names as people read them.

use std::time::Duration;

pub use authdb_shared::text::{fit, harmless};
use unicode_width::UnicodeWidthStr;

/// What was read so long ago is shown with its age.
pub(super) const OLD: Duration = Duration::from_secs(10);

/// Two units at most: `45s`, `9m31s`, `1h12m`, `3d4h`.
#[must_use]
pub fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    if minutes == 0 {
        format!("{seconds}s")
    } else if hours == 0 {
        with_rest(minutes, "m", seconds % 60, "s")
    } else if days == 0 {
        with_rest(hours, "h", minutes % 60, "m")
    } else {
        format!("{days}d{}h", hours % 24)
    }
}

/// A whole number of units needs no second one.
fn with_rest(whole: u64, unit: &str, rest: u64, smaller: &str) -> String {
    if rest == 0 { format!("{whole}{unit}") } else { format!("{whole}{unit}{rest:02}{smaller}") }
}

/// A text in exactly so many cells: cut where it is too long, with blanks behind it where it is short.
#[must_use]
pub fn padded(text: &str, cells: usize) -> String {
    let text = fit(text, cells);
    let blanks = " ".repeat(cells.saturating_sub(text.width()));
    text + &blanks
}

/// What is left of a whole as a bar of so many cells: full at the beginning, a trace at the end.
#[must_use]
pub fn gauge(left: Duration, whole: Duration, cells: usize) -> String {
    let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    format!("{:cells$}", super::sparks::bar(millis(left), millis(whole), cells))
}

/// `12,345`.
#[must_use]
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 token`, `12 tokens`.
#[must_use]
pub fn counted(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", number(count), if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_two_units() {
        for (seconds, shown) in
            [(0, "0s"), (59, "59s"), (61, "1m01s"), (1_200, "20m"), (3_660, "1h01m"), (90_000, "1d1h")]
        {
            assert_eq!(span(Duration::from_secs(seconds)), shown);
        }
    }

    #[test]
    fn a_gauge_is_as_long_as_what_is_left_and_its_room_never_changes() {
        let shown = [600, 300, 60, 1, 0].map(|left| gauge(Duration::from_secs(left), Duration::from_mins(10), 5));
        assert_eq!(shown, ["█████", "██▌  ", "▌    ", "▏    ", "     "]);
    }

    #[test]
    fn a_padded_text_has_its_cells_whatever_it_holds() {
        for text in ["", "alice", "山田太郎", "山田太郎山田太郎", "e\u{301}e\u{301}"] {
            assert_eq!(padded(text, 9).width(), 9, "{text}");
        }
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([number(7), number(1234), number(1_234_567)], ["7", "1,234", "1,234,567"]);
        assert_eq!([counted(1, "token"), counted(2, "token")], ["1 token", "2 tokens"]);
    }
}
