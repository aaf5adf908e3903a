//! Text that runs from right to left, kept in the cells that it was painted in.
//!
//! Some terminals order the letters of such a text by themselves, by Unicode's bidirectional algorithm, and do so with whole
//! lines. To them a number behind a Hebrew name belongs to that name, and whatever stands between two of them changes sides
//! with them: one column would be read as another, in a program that asks how many tokens somebody has. A left-to-right mark
//! behind every run of such letters ends it where it ends for us, and one in the first cell says which way the line runs. The
//! mark has no width, terminals that order nothing show nothing of it, and lines without such letters have none.

use ratatui::buffer::{Buffer, Cell};

/// Stands for no text. Whoever selects a name on the screen may paste one with it.
pub const LEFT_TO_RIGHT: char = '\u{200e}';

/// Puts the marks into what was painted.
pub(super) fn keep(buffer: &mut Buffer) {
    let width = usize::from(buffer.area.width).max(1);
    for line in buffer.content.chunks_mut(width).filter(|line| line.iter().any(runs_left)) {
        for place in 0..line.len() {
            let is_end = runs_left(&line[place]) && !line.get(place + 1).is_some_and(runs_left);
            if place == 0 || is_end {
                let marked = format!("{}{LEFT_TO_RIGHT}", line[place].symbol());
                line[place].set_symbol(&marked);
            }
        }
    }
}

fn runs_left(cell: &Cell) -> bool {
    let symbol = cell.symbol();
    !symbol.is_ascii() && symbol.chars().any(is_of_a_script_that_runs_left)
}

/// The blocks whose letters, also those that are not assigned yet, run from right to left; and the digits among them, which
/// draw what stands between them along.
fn is_of_a_script_that_runs_left(letter: char) -> bool {
    matches!(letter,
        '\u{590}'..='\u{8ff}'           // Hebrew, Arabic, Syriac, Thaana, NKo, Samaritan, Mandaic
        | '\u{fb1d}'..='\u{fdff}'       // presentation forms
        | '\u{fe70}'..='\u{feff}'
        | '\u{10800}'..='\u{10fff}'     // scripts of old
        | '\u{1e800}'..='\u{1efff}'     // Mende Kikakui, Adlam, Arabic in mathematics
    )
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn marked(text: &str) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 1));
        buffer.set_string(0, 0, text, Style::new());
        keep(&mut buffer);
        let symbols: String = buffer.content.iter().map(Cell::symbol).collect();
        symbols.trim_end_matches(' ').replace(LEFT_TO_RIGHT, "|")
    }

    #[test]
    fn every_run_of_such_letters_ends_with_a_mark_and_its_line_begins_with_one() {
        assert_eq!(marked("  שלום 42  عمر"), " | שלום| 42  عمر|");
        assert_eq!(marked(" a שָלוֹם:٤٢ 7"), " |a שָלוֹם|:٤٢| 7", "points belong to their letters");
    }

    #[test]
    fn lines_without_such_letters_are_left_alone() {
        for text in ["", " plain", " Ελένη Zoë 山", " e\u{301} ▶● …"] {
            assert_eq!(marked(text), text);
        }
    }
}
