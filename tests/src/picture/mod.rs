//! A picture of the dashboard, for people who have not installed it: what the real program shows in a pseudo-terminal,
//! written down as SVG, which stays sharp and can be read and searched.

mod svg;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

pub use svg::svg;

use crate::pseudo_terminal::PseudoTerminal;

/// How long the demo may take until it shows something of everything.
const LIMIT: Duration = Duration::from_mins(1);

/// What stands where something has not been read yet.
const UNREAD: &str = "reading…";

/// The overview of the demo, once everything on it has been read, on a terminal of so many columns and rows.
///
/// # Errors
/// If the program cannot be started, or does not come so far.
pub fn of_demo(program: &Path, size: (u16, u16)) -> Result<vt100::Screen> {
    let mut demo = PseudoTerminal::start(program, &["demo"], &[], size)
        .context("build the program first, with cargo build -p authdb-tui")?;
    let is_whole = |screen: &vt100::Screen| {
        let shown = screen.contents();
        shown.contains("Alarms") && shown.contains("Janitor") && !shown.contains(UNREAD)
    };
    demo.wait_for_drawing("the demo shows everything", LIMIT, is_whole)?;
    Ok(demo.shown().clone())
}
