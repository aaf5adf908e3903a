//! From a key to the screen that it changes, while everything is read anew all the time.
//!
//! What is awaited is not any drawing, of which the refresh makes many by itself, but the one that shows what the key is
//! for: the cursor on another line, another screen, another order, the letter in its field.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use authdb_shared::clock;
use authdb_tests::measure::{Figure, Report, Samples, peak_memory};
use authdb_tests::pseudo_terminal::PseudoTerminal;
use rand::{Rng, RngExt as _};

use crate::console::{LIMIT, Refresh, SCREENS, is_on, line, start, visit_every_screen};
use crate::installation::Installation;
use crate::{KEY, MEMORY};

/// How often everything is typed.
const ROUNDS: u32 = 5;

/// Milliseconds between a change of the screen and the next key: a quick hand, that meets every moment of the refresh.
const PAUSES: std::ops::Range<u64> = 20..60;

/// Lists to work in, by their digits.
const LISTS: [char; 3] = ['2', '4', '5'];

/// What is typed on each list.
const DOWN: usize = 20;
const UP: usize = 10;
const SORTS: usize = 3;
const FILTER: &str = "lhcb";

const DOWN_KEY: &str = "\x1b[B";
const UP_KEY: &str = "\x1b[A";
const HOME_KEY: &str = "\x1b[H";
const ESC: &str = "\x1b";

/// What stands in front of the row under the cursor, and what begins the filter's field.
const MARK: &str = "▶";
const FIELD: &str = " /";

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Cursor,
    Screen,
    Sort,
    Filter,
}

const PURPOSES: [(Purpose, &str); 4] = [
    (Purpose::Cursor, "the cursor up or down"),
    (Purpose::Screen, "another screen"),
    (Purpose::Sort, "another order"),
    (Purpose::Filter, "the filter"),
];

/// Somebody at the keyboard.
struct Typist<'a, R> {
    terminal: &'a mut PseudoTerminal,
    random: R,
    taken: Vec<(Purpose, Duration)>,
}

/// Types on every screen, and looks at what the program weighs in the end.
///
/// # Errors
/// If a key does not do what it should.
pub(crate) fn measure(installation: &Installation, program: &Path, report: &mut Report) -> Result<()> {
    let mut terminal = start(installation, program, Refresh::Continuous)?;
    terminal.wait_for_drawing("the first screen is drawn", LIMIT, |_| true)?;
    visit_every_screen(&mut terminal)?;
    let mut typist = Typist { terminal: &mut terminal, random: clock::randomness(), taken: Vec::new() };
    for _ in 0..ROUNDS {
        typist.work()?;
    }
    let of = |is_meant: &dyn Fn(Purpose) -> bool| -> Samples {
        typist.taken.iter().filter(|(purpose, _)| is_meant(*purpose)).map(|(_, took)| *took).collect()
    };
    for (purpose, name) in PURPOSES {
        report.timing(format!("key to {name}"), of(&|it| it == purpose));
    }
    let all = of(&|_| true);
    report.check("key to changed screen: 99th percentile", Figure::Time(all.p99()), KEY);
    report.timing("key to changed screen", all);
    report.check("memory at its most, after all screens", Figure::Bytes(peak_memory(terminal.process()?)?), MEMORY);
    Ok(())
}

impl<R: Rng> Typist<'_, R> {
    fn work(&mut self) -> Result<()> {
        for (digit, tab) in SCREENS {
            self.pause();
            self.press(Purpose::Screen, &digit.to_string(), |screen| is_on(screen, tab))?;
            if LISTS.contains(&digit) {
                self.work_in_list()?;
            }
        }
        Ok(())
    }

    fn work_in_list(&mut self) -> Result<()> {
        // From the top, so that the cursor moves and not the rows under it.
        self.terminal.type_keys(HOME_KEY)?;
        self.pause();
        for key in [[DOWN_KEY; DOWN].as_slice(), &[UP_KEY; UP]].concat() {
            let before = marked_line(self.pause());
            self.press(Purpose::Cursor, key, |screen| marked_line(screen) != before)?;
        }
        for _ in 0..SORTS {
            let before = heads(self.pause());
            self.press(Purpose::Sort, "s", |screen| heads(screen) != before)?;
        }
        self.pause();
        self.press(Purpose::Filter, "/", has_field)?;
        for letter in FILTER.chars() {
            let (row, column) = self.pause().cursor_position();
            let behind = (row, column + 1);
            self.press(Purpose::Filter, &letter.to_string(), |screen| screen.cursor_position() == behind)?;
        }
        self.pause();
        self.press(Purpose::Filter, ESC, |screen| !has_field(screen))
    }

    /// Lets a moment pass, and gives what stands there then.
    fn pause(&mut self) -> &vt100::Screen {
        self.terminal.look_on(Duration::from_millis(self.random.random_range(PAUSES)));
        self.terminal.shown()
    }

    fn press(&mut self, purpose: Purpose, key: &str, shows: impl FnMut(&vt100::Screen) -> bool) -> Result<()> {
        let typed = self.terminal.type_keys(key)?;
        let what = format!("the key {key:?} gives {purpose:?}");
        let drawn = self.terminal.wait_for_drawing(&what, LIMIT, shows).context("a key did nothing")?;
        self.taken.push((purpose, drawn.saturating_duration_since(typed)));
        Ok(())
    }
}

fn marked_line(screen: &vt100::Screen) -> Option<u16> {
    (0..screen.size().0.get()).find(|row| screen.cell(*row, 0).is_some_and(|cell| cell.contents() == MARK))
}

/// The line with the heads of the columns.
fn heads(screen: &vt100::Screen) -> Option<String> {
    (2..8).map(|row| line(screen, row)).find(|line| line.contains("SUBJECT") || line.contains("STATE"))
}

/// Whether the field of the filter stands at the foot.
fn has_field(screen: &vt100::Screen) -> bool {
    line(screen, screen.size().0.get() - 1).starts_with(FIELD)
}
