//! A screen as SVG: a rectangle for each run of cells with a background of its own, and a text for each run of one style,
//! stretched to the width of its cells, so that columns stand below each other in whatever font a browser has.

use std::fmt::Write as _;

use vt100::{Cell, Color, Screen};

/// The size of a cell, and of the letters in it, in pixels.
const WIDTH: f64 = 8.4;
const HEIGHT: f64 = 18.0;
const LETTERS: f64 = 14.0;
/// Where the letters of a line stand, below its upper edge.
const BASELINE: f64 = 13.5;
/// Room around the screen.
const MARGIN: f64 = 12.0;

const BACKGROUND: &str = "#1c1f26";
const FOREGROUND: &str = "#d8dce4";

/// The sixteen colours that a terminal chooses itself, as dark terminals usually have them.
const PALETTE: [&str; 16] = [
    "#2a2e37", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d8dce4", "#7f8794", "#ff7b86",
    "#b5e08f", "#ffd68a", "#7cc4ff", "#dd94f0", "#6fd3df", "#ffffff",
];

/// How the letters of a run look.
#[derive(Clone, PartialEq)]
struct Look {
    colour: String,
    background: String,
    is_bold: bool,
    is_dim: bool,
    is_underlined: bool,
}

impl Look {
    fn of(cell: &Cell) -> Self {
        let (front, back) = (colour(cell.fgcolor(), FOREGROUND), colour(cell.bgcolor(), BACKGROUND));
        let (colour, background) = if cell.inverse() { (back, front) } else { (front, back) };
        Self { colour, background, is_bold: cell.bold(), is_dim: cell.dim(), is_underlined: cell.underline() }
    }
}

/// Cells side by side that look alike.
struct Run {
    look: Look,
    column: u16,
    cells: u16,
    text: String,
}

/// A screen as SVG.
#[must_use]
pub fn svg(screen: &Screen) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let (width, height) = (f64::from(columns) * WIDTH + 2.0 * MARGIN, f64::from(rows) * HEIGHT + 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.1} {height:.1}\" \
         font-family=\"ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"{LETTERS}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n"
    );
    for row in 0..rows {
        for run in runs(screen, row, columns) {
            push(&mut svg, row, &run);
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn runs(screen: &Screen, row: u16, columns: u16) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for column in 0..columns {
        let Some(cell) = screen.cell(row, column).filter(|cell| !cell.is_wide_continuation()) else { continue };
        let (look, cells) = (Look::of(cell), if cell.is_wide() { 2 } else { 1 });
        let text = if cell.has_contents() { cell.contents() } else { " " };
        match runs.last_mut() {
            Some(run) if run.look == look => {
                run.cells += cells;
                run.text.push_str(text);
            }
            _ => runs.push(Run { look, column, cells, text: text.to_owned() }),
        }
    }
    runs
}

fn push(svg: &mut String, row: u16, run: &Run) {
    let (x, y) = (MARGIN + f64::from(run.column) * WIDTH, MARGIN + f64::from(row) * HEIGHT);
    let width = f64::from(run.cells) * WIDTH;
    // Writing into a text cannot fail.
    if run.look.background != BACKGROUND {
        let background = &run.look.background;
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{HEIGHT}\" fill=\"{background}\"/>"
        );
    }
    if run.text.trim().is_empty() {
        return;
    }
    let attributes = [
        (run.look.is_bold, " font-weight=\"bold\""),
        (run.look.is_dim, " opacity=\"0.6\""),
        (run.look.is_underlined, " text-decoration=\"underline\""),
    ];
    let attributes: String = attributes.into_iter().filter(|(has, _)| *has).map(|(_, text)| text).collect();
    let (colour, text) = (&run.look.colour, escaped(&run.text));
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{:.1}\" textLength=\"{width:.1}\" lengthAdjust=\"spacingAndGlyphs\" \
         xml:space=\"preserve\" fill=\"{colour}\"{attributes}>{text}</text>",
        y + BASELINE
    );
}

fn colour(colour: Color, usual: &str) -> String {
    match colour {
        Color::Default => usual.to_owned(),
        Color::Idx(index @ 0..16) => PALETTE[usize::from(index)].to_owned(),
        Color::Idx(index @ 16..232) => {
            let level = |part: u8| if part == 0 { 0 } else { 55 + 40 * part };
            let cube = index - 16;
            format!("#{:02x}{:02x}{:02x}", level(cube / 36), level(cube / 6 % 6), level(cube % 6))
        }
        Color::Idx(index) => {
            let grey = 8 + 10 * (index - 232);
            format!("#{grey:02x}{grey:02x}{grey:02x}")
        }
        Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;

    use super::*;

    fn picture(output: &[u8]) -> String {
        let cells = |count| NonZeroU16::new(count).expect("more than none");
        let mut emulator = vt100::Parser::new(cells(2), cells(20), 0);
        emulator.process(output);
        svg(emulator.screen())
    }

    #[test]
    fn each_run_of_a_style_is_a_text_of_the_width_of_its_cells() {
        let picture = picture(b"ab\x1b[31;1m<c>\x1b[0m");
        assert!(picture.contains("textLength=\"25.2\""), "three cells: {picture}");
        assert!(picture.contains("fill=\"#e06c75\" font-weight=\"bold\">&lt;c&gt;</text>"), "{picture}");
    }

    #[test]
    fn what_is_selected_has_a_background() {
        let picture = picture("\u{1b}[7m山\u{1b}[0m".as_bytes());
        assert!(picture.contains("width=\"16.8\" height=\"18\" fill=\"#d8dce4\""), "two cells: {picture}");
        assert!(picture.contains(&format!("fill=\"{BACKGROUND}\">山</text>")), "{picture}");
    }
}
