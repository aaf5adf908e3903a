//! How the screen looks: one last pass over what was painted, cell by cell.
//!
//! Whatever paints uses the role styles of [`style`](super::style), whose named colours are *tokens* for a meaning and not
//! colours yet: dark grey is what is faint, cyan a key or something on its way, green good, yellow waiting, red bad, and
//! magenta odd; the bright ones are the colours of contexts. The pass gives each token the colour of the theme, or none under `NO_COLOR`; bold, dim and reverse stay, so
//! that whatever is chosen or wrong is told without colour too. Where the terminal shows ASCII only, the same pass
//! replaces every other character by one that takes its cell, so that no column moves.

use authdb_shared::config::{Ascii, DashboardConfig, Theme};
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

/// How the screen looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Appearance {
    /// The colours.
    pub theme: Theme,
    /// Whether there are none: what `NO_COLOR` asks for.
    pub is_colourless: bool,
    /// Whether only ASCII is drawn.
    pub is_ascii: bool,
}

impl Appearance {
    /// As the configuration and the environment ask for it.
    #[must_use]
    pub fn of(config: &DashboardConfig, variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let is_ascii = match config.ascii {
            Ascii::Always => true,
            Ascii::Never => false,
            Ascii::Auto => shows_ascii_only(&set),
        };
        Self { theme: config.theme, is_colourless: set("NO_COLOR").is_some(), is_ascii }
    }

    /// The theme after the present one, around the end.
    pub(crate) fn next_theme(self) -> Theme {
        let place = Theme::ALL.iter().position(|theme| *theme == self.theme).unwrap_or_default();
        Theme::ALL[(place + 1) % Theme::ALL.len()]
    }

    /// Gives what was painted its looks.
    pub(super) fn apply(self, buffer: &mut Buffer) {
        for cell in &mut buffer.content {
            if self.is_ascii && !cell.symbol().is_ascii() {
                cell.set_char(ascii(cell.symbol()));
            }
            let (fg, bg) = (cell.fg, cell.bg);
            if self.is_colourless {
                (cell.fg, cell.bg) = (Color::Reset, Color::Reset);
                continue;
            }
            cell.fg = of_theme(self.theme, fg);
            cell.bg = of_theme(self.theme, bg);
            match self.theme {
                Theme::HighContrast => {
                    // Contrast is sure only where both sides are set.
                    if cell.fg == Color::Reset {
                        cell.fg = WHITE;
                    }
                    if cell.bg == Color::Reset {
                        cell.bg = BLACK;
                    }
                    cell.modifier.remove(Modifier::DIM);
                }
                Theme::Sixteen if fg == Color::DarkGray => cell.modifier.insert(Modifier::DIM),
                Theme::Sixteen | Theme::Dark | Theme::Light => {}
            }
        }
    }
}

/// Black and white of the fixed part of the palette, which no terminal's settings change.
const BLACK: Color = Color::Indexed(16);
const WHITE: Color = Color::Indexed(231);

/// The colour of a token. On a light background everything is dark enough to be read, on a dark one light enough; the
/// terminal's own sixteen are what its user has chosen to be readable, but for the grey, which many palettes hide.
fn of_theme(theme: Theme, token: Color) -> Color {
    let [dark, light, high_contrast] = match token {
        Color::DarkGray => [245, 240, 231],
        Color::Cyan | Color::LightCyan => [80, 24, 51],
        Color::Green | Color::LightGreen => [114, 22, 46],
        Color::Yellow | Color::LightYellow => [221, 94, 226],
        Color::Red | Color::LightRed => [203, 124, 210],
        Color::Magenta | Color::LightMagenta => [176, 90, 219],
        Color::LightBlue => [75, 25, 117],
        other => return other,
    };
    match theme {
        Theme::Dark => Color::Indexed(dark),
        Theme::Light => Color::Indexed(light),
        Theme::HighContrast => Color::Indexed(high_contrast),
        Theme::Sixteen if token == Color::DarkGray => Color::Reset,
        Theme::Sixteen => token,
    }
}

/// Whether the locale or, where nothing is said of it, the terminal shows ASCII only.
fn shows_ascii_only(variable: &impl Fn(&str) -> Option<String>) -> bool {
    let terminal = variable("TERM").unwrap_or_default();
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable);
    match locale {
        Some(locale) => !locale.to_ascii_lowercase().replace('-', "").contains("utf8"),
        None => ["", "linux", "ansi", "cons25"].contains(&terminal.as_str()) || terminal.starts_with("vt"),
    }
}

/// What stands for a character that is not of ASCII.
fn ascii(symbol: &str) -> char {
    let mut letters = symbol.chars();
    let (Some(letter), None) = (letters.next(), letters.next()) else { return '?' };
    match letter {
        '─' | '━' | '═' | '–' | '—' | '▏' | '▎' | '▍' => '-',
        '│' | '┃' | '║' => '|',
        '┌' | '┐' | '└' | '┘' | '├' | '┤' | '┬' | '┴' | '┼' | '╭' | '╮' | '╰' | '╯' | '╔' | '╗' | '╚' | '╝' | '▅' => {
            '+'
        }
        '↑' | '▲' => '^',
        '↓' | '▼' => 'v',
        '←' | '◀' => '<',
        '→' | '▶' | '▸' => '>',
        '●' | '•' | '▆' => '*',
        '○' => 'o',
        '…' => '~',
        '▁' => '_',
        '▂' | '·' => '.',
        '▃' => ':',
        '▄' | '▌' | '▋' | '▊' | '▉' => '=',
        '▇' => '%',
        '█' => '#',
        '×' => 'x',
        '“' | '”' => '"',
        '‘' | '’' => '\'',
        '\u{a0}' => ' ',
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn painted(appearance: Appearance, text: &str, style: Style) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        buffer.set_string(0, 0, text, style);
        appearance.apply(&mut buffer);
        buffer
    }

    fn text(buffer: &Buffer) -> String {
        buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect()
    }

    #[test]
    fn ascii_takes_the_cells_of_what_it_replaces() {
        let appearance = Appearance { is_ascii: true, ..Appearance::default() };
        assert_eq!(text(&painted(appearance, "▶●│█山é…x", Style::new())), ">*|#? ?~x   ");
    }

    #[test]
    fn without_colour_every_modifier_stays() {
        let style = Style::new().fg(Color::Red).bg(Color::Cyan).add_modifier(Modifier::REVERSED | Modifier::BOLD);
        for theme in Theme::ALL {
            let appearance = Appearance { theme, is_colourless: true, is_ascii: false };
            let cell = painted(appearance, "x", style).content[0].clone();
            assert_eq!((cell.fg, cell.bg, cell.modifier), (Color::Reset, Color::Reset, style.add_modifier));
        }
    }

    #[test]
    fn no_two_tokens_look_the_same_and_none_is_left_to_the_palette() {
        let tokens = [Color::DarkGray, Color::Cyan, Color::Green, Color::Yellow, Color::Red, Color::Magenta];
        for theme in [Theme::Dark, Theme::Light, Theme::HighContrast] {
            let colours = tokens.map(|token| of_theme(theme, token));
            for (index, colour) in colours.iter().enumerate() {
                assert!(matches!(colour, Color::Indexed(16..)), "{theme:?}: {colour:?}");
                assert!(!colours[index + 1..].contains(colour), "{theme:?}: {colour:?} is there twice");
            }
        }
    }

    #[test]
    fn the_locale_decides_and_where_it_says_nothing_the_terminal() {
        for (variables, expected) in [
            (&[("LANG", "en_GB.UTF-8")][..], false),
            (&[("LANG", "en_GB.UTF-8"), ("LC_ALL", "C")], true),
            (&[("LANG", "C"), ("LC_CTYPE", "C.utf8")], false),
            (&[("TERM", "xterm-256color")], false),
            (&[("TERM", "linux")], true),
            (&[("TERM", "linux"), ("LANG", "C.UTF-8")], false),
        ] {
            let variable =
                |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(shows_ascii_only(&variable), expected, "{variables:?}");
        }
    }
}
