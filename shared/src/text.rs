//! Text from the database is hostile: anybody can put an escape sequence into a client name and wait for an
//! administrator to look at it. Everything shown or printed passes through here.
//!
//! The types of [`crate::ids`] and [`crate::model`] do so by themselves in their `Display` form. Plain texts (a client,
//! a redirect URI, what the journal holds) are given as they are stored, so that they can be compared; whoever shows
//! one calls [`harmless`] first, and [`fit`] where a column is narrow.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// More marks than this on one letter only serve to paint over neighbouring lines.
const MARKS_PER_LETTER: usize = 3;

/// `text` with everything that could move the cursor, reorder or overpaint replaced by something visible.
///
/// Control characters become their Unicode pictures (`ESC` → `␛`); bidirectional controls, invisible characters, line
/// separators and stacked combining marks become `�` or go. Ordinary text of any script comes back as it was.
///
/// # Examples
/// ```
/// use authdb_shared::text::harmless;
///
/// assert_eq!(harmless("\u{1b}[2Jinnocent"), "␛[2Jinnocent");
/// assert_eq!(harmless("nimda\u{202e}"), "nimda�", "nothing runs from right to left unasked");
/// assert_eq!(harmless("Zoë 王 Ålesund"), "Zoë 王 Ålesund");
/// ```
#[must_use]
pub fn harmless(text: &str) -> String {
    let mut marks = 0;
    text.chars()
        .filter_map(|character| {
            let shown = match character {
                '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(character)),
                '\u{7f}' => Some('\u{2421}'),
                _ if is_treacherous(character) => Some('\u{fffd}'),
                _ => Some(character),
            }?;
            marks = if shown.width() == Some(0) { marks + 1 } else { 0 };
            (marks <= MARKS_PER_LETTER).then_some(shown)
        })
        .collect()
}

fn is_treacherous(character: char) -> bool {
    matches!(character,
        '\u{80}'..='\u{9f}'                         // C1 controls: one-byte escape sequences to some terminals
        | '\u{ad}' | '\u{34f}' | '\u{61c}'          // soft hyphen, grapheme joiner, Arabic letter mark
        | '\u{115f}' | '\u{1160}' | '\u{3164}'      // Hangul fillers: blank letters
        | '\u{180e}' | '\u{200b}'..='\u{200f}'      // zero-width blanks and joiners, direction marks
        | '\u{2028}'..='\u{202e}'                   // line separators, bidirectional embeddings and overrides
        | '\u{2060}'..='\u{206f}'                   // invisible operators, bidirectional isolates
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'      // variation selectors: terminals disagree about the width
        | '\u{fff9}'..='\u{fffb}'                   // interlinear annotations
        | '\u{e0000}'..='\u{e0fff}'                 // tags and more variation selectors
    )
}

/// `text`, already harmless, cut to at most `width` terminal cells, with `…` where something was cut off.
///
/// # Examples
/// ```
/// use authdb_shared::text::{fit, harmless};
///
/// assert_eq!(fit(&harmless("lhcb:alice"), 8), "lhcb:al…");
/// assert_eq!(fit("王王王", 4), "王…", "a wide letter takes two cells");
/// ```
#[must_use]
pub fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut shown = String::new();
    let mut used = 0;
    for character in text.chars() {
        let cells = character.width().unwrap_or(0);
        if used + cells + 1 > width {
            break;
        }
        shown.push(character);
        used += cells;
    }
    if width > 0 {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_become_pictures() {
        assert_eq!(harmless("\u{1b}[2J\u{7}x\r\n"), "␛[2J␇x␍␊");
        assert!(!harmless("a\u{9b}31mb").contains('\u{9b}'));
    }

    #[test]
    fn text_cannot_be_reordered_or_hidden() {
        assert_eq!(harmless("admin\u{202e}nimda"), "admin\u{fffd}nimda");
        assert_eq!(harmless("al\u{200b}ice"), "al\u{fffd}ice");
    }

    #[test]
    fn ordinary_text_of_any_script_stays() {
        for text in ["Zoë Müller", "山田太郎", "Ελένη", "e\u{301}", ""] {
            assert_eq!(harmless(text), text);
        }
    }

    #[test]
    fn stacked_marks_are_cut() {
        assert_eq!(harmless(&format!("a{}b", "\u{301}".repeat(50))).chars().count(), 2 + MARKS_PER_LETTER);
    }

    #[test]
    fn fitting_counts_cells_not_characters() {
        assert_eq!(fit("山田太郎", 5), "山田…");
        assert_eq!(fit("alice", 5), "alice");
        assert_eq!(fit("alice", 0), "");
    }
}
