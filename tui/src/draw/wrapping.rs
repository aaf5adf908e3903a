//! Lines that are too long: broken between two words, with the rest set in, so that what belongs together stands together.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// A narrow place leaves at least so many cells to what is set in.
const LEAST: usize = 16;

/// A line as one or several of at most `width` cells, all but the first of which begin with `indent` blanks. What ends in
/// blanks, as bars do, ends where they begin; only a word that is too long for any line is broken itself.
pub(super) fn hanging(line: Line<'static>, width: usize, indent: usize) -> Vec<Line<'static>> {
    if line.width() <= width {
        return vec![line];
    }
    let indent = indent.min(width.saturating_sub(LEAST));
    let style = line.style;
    let mut rows = Rows { width, indent, done: vec![Vec::new()], used: 0 };
    let mut gap: Option<(String, Style)> = None;
    for (word, style) in words(line) {
        if word.starts_with(' ') {
            gap = Some((word, style));
            continue;
        }
        let blanks = gap.as_ref().map_or(0, |(blanks, _)| blanks.len());
        let is_endless = word.width() > width - indent;
        if !rows.has_room(blanks + if is_endless { 1 } else { word.width() }) {
            rows.begin();
        } else if let Some((blanks, style)) = gap.take() {
            rows.push(blanks, style);
        }
        gap = None;
        if is_endless {
            word.chars().for_each(|letter| rows.push(letter.to_string(), style));
        } else {
            rows.push(word, style);
        }
    }
    rows.done.into_iter().map(|spans| Line::from(spans).style(style)).collect()
}

/// The rows so far, the last of which is still filled.
struct Rows {
    width: usize,
    indent: usize,
    done: Vec<Vec<Span<'static>>>,
    used: usize,
}

impl Rows {
    fn has_room(&self, cells: usize) -> bool {
        self.used + cells <= self.width
    }

    fn begin(&mut self) {
        self.done.push(vec![Span::raw(" ".repeat(self.indent))]);
        self.used = self.indent;
    }

    fn push(&mut self, text: String, style: Style) {
        let cells = text.width();
        if !self.has_room(cells) {
            self.begin();
        }
        self.used += cells;
        let Some(row) = self.done.last_mut() else { return };
        match row.last_mut() {
            Some(last) if last.style == style => last.content.to_mut().push_str(&text),
            _ => row.push(Span::styled(text, style)),
        }
    }
}

/// The words of a line and the blanks between them, each as it looks.
fn words(line: Line<'static>) -> Vec<(String, Style)> {
    let mut words: Vec<(String, Style)> = Vec::new();
    for span in line.spans {
        for letter in span.content.chars() {
            let is_blank = letter == ' ';
            match words.last_mut() {
                Some((word, style)) if *style == span.style && word.ends_with(' ') == is_blank => word.push(letter),
                _ => words.push((letter.to_string(), span.style)),
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(text: &str, width: usize, indent: usize) -> Vec<String> {
        hanging(Line::raw(text.to_owned()), width, indent).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_rest_of_a_line_is_set_in() {
        let text = "   age   one two three four five six seven";
        assert_eq!(
            broken(text, 25, 9),
            ["   age   one two three", "         four five six", "         seven"],
            "below what it goes on with"
        );
        assert_eq!(broken(text, 80, 9), [text]);
    }

    #[test]
    fn blanks_at_the_end_add_no_line() {
        assert_eq!(broken("   bar        ", 8, 4), ["   bar"]);
    }

    #[test]
    fn a_word_that_is_too_long_for_any_line_is_broken_where_it_stands() {
        let endless = "0123456789".repeat(4);
        assert_eq!(
            broken(&format!("client  {endless} end"), 24, 8),
            ["client  0123456789012345", "        6789012345678901", "        23456789 end"]
        );
        let wide = broken(&format!("client  {}", "山田".repeat(12)), 24, 8);
        assert!(wide.len() == 3 && wide.iter().all(|row| row.width() <= 24), "{wide:?}");
        assert_eq!(broken("0123456789", 4, 9), ["0123", "4567", "89"], "there is no room to set anything in");
    }

    #[test]
    fn each_word_keeps_its_look() {
        let faint = crate::draw::style::FAINT;
        let line = Line::from(vec![Span::styled("key  ", faint), Span::raw("a value that is long")]);
        let rows = hanging(line, 20, 5);
        assert_eq!(rows.len(), 2);
        assert!(rows[0].spans[0].style == faint && rows[1].spans.iter().all(|span| span.style != faint));
        assert!(rows.iter().all(|row| row.width() <= 20), "{rows:?}");
    }
}
