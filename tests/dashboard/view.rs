//! A screenful, as text and attributes, at a moment when the program had finished drawing.

use std::fmt;

/// What stands in front of the row under the cursor.
const MARK: char = '▶';

/// What a person sees.
#[derive(Clone, Debug)]
pub(crate) struct View {
    cells: Vec<Vec<Cell>>,
}

#[derive(Clone, Debug)]
struct Cell {
    text: String,
    is_inverse: bool,
    foreground: vt100::Color,
    background: vt100::Color,
}

impl View {
    pub(crate) fn of(screen: &vt100::Screen) -> Self {
        let (rows, columns) = screen.size();
        let cell = |row, column| {
            let cell = screen.cell(row, column).expect("the cell lies within the screen");
            // The second half of a wide character is no cell of its own to the eye.
            let is_blank = !cell.has_contents() && !cell.is_wide_continuation();
            let text = if is_blank { " ".to_owned() } else { cell.contents().to_owned() };
            let (foreground, background) = (cell.fgcolor(), cell.bgcolor());
            Cell { text, is_inverse: cell.inverse(), foreground, background }
        };
        let cells = (0..rows.get()).map(|row| (0..columns.get()).map(|column| cell(row, column)).collect()).collect();
        Self { cells }
    }

    /// The rows as text, without the blanks at their ends.
    pub(crate) fn rows(&self) -> Vec<String> {
        (0..self.cells.len()).map(|row| self.text_from(row, 0)).collect()
    }

    /// What stands in a row from a column of the screen on.
    pub(crate) fn text_from(&self, row: usize, column: usize) -> String {
        let cells = self.cells[row].iter().skip(column);
        cells.map(|cell| cell.text.as_str()).collect::<String>().trim_end().to_owned()
    }

    /// The row and the column, in cells, at which a text stands for the first time.
    pub(crate) fn position(&self, text: &str) -> Option<(usize, usize)> {
        self.cells.iter().enumerate().find_map(|(row, cells)| {
            let column = (0..cells.len()).find(|&column| self.text_from(row, column).starts_with(text))?;
            Some((row, column))
        })
    }

    pub(crate) fn contains(&self, text: &str) -> bool {
        self.rows().iter().any(|row| row.contains(text))
    }

    /// Whether a sentence is shown, however its words are wrapped, also inside of a box.
    pub(crate) fn says(&self, sentence: &str) -> bool {
        let words = |text: &str| -> String {
            let is_frame = |letter: char| "│┌┐└┘─".contains(letter);
            text.split(|letter: char| letter.is_whitespace() || is_frame(letter)).collect()
        };
        // Beside a box stand the rows below it, so only what is inside counts where there is a box.
        let inside = |row: &String| -> String {
            let parts: Vec<&str> = row.split('│').collect();
            if let [_, inside, _] = parts.as_slice() { (*inside).to_owned() } else { row.clone() }
        };
        words(&self.rows().iter().map(inside).collect::<Vec<_>>().join(" ")).contains(&words(sentence))
    }

    /// The row of the screen that contains a text.
    pub(crate) fn row_with(&self, text: &str) -> Option<String> {
        self.rows().into_iter().find(|row| row.contains(text))
    }

    /// The row under the cursor, and the line of the screen it stands on.
    pub(crate) fn selected(&self) -> Option<(usize, String)> {
        self.rows().into_iter().enumerate().find(|(_, row)| row.starts_with(MARK))
    }

    /// That line: unlike the text of the row, it changes by nothing but the cursor and rows that come or go.
    pub(crate) fn selected_line(&self) -> Option<usize> {
        self.selected().map(|(line, _)| line)
    }

    /// Whether the cursor is on a row that contains a text.
    pub(crate) fn is_on(&self, text: &str) -> bool {
        self.selected().is_some_and(|(_, row)| row.contains(text))
    }

    /// Whether a line of the screen is shown in reverse.
    pub(crate) fn is_inverse(&self, line: usize) -> bool {
        self.cells[line].iter().any(|cell| cell.is_inverse)
    }

    /// The colour of a text where it stands for the first time.
    pub(crate) fn colour_of(&self, text: &str) -> Option<vt100::Color> {
        self.position(text).map(|(row, column)| self.cells[row][column].foreground)
    }

    /// Whether every cell has this background.
    pub(crate) fn is_all_on(&self, background: vt100::Color) -> bool {
        self.cells.iter().flatten().all(|cell| cell.background == background)
    }

    /// Whether a question waits for an answer.
    pub(crate) fn asks(&self) -> bool {
        self.says("leave everything as it is")
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rows().iter().try_for_each(|row| writeln!(f, "  {row}"))
    }
}
