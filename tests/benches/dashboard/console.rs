//! The dashboard in a terminal, and what to look for on it.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use authdb_tests::pseudo_terminal::PseudoTerminal;

use crate::installation::Installation;

/// Columns and rows of the terminal.
pub(crate) const SIZE: (u16, u16) = (200, 60);

/// How long anything may take before the benchmark gives up.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// What stands where something has not been read yet.
const UNREAD: &str = "reading…";
/// What stands where something could not be read.
const FAILED: &str = "not read";

/// The screens by their digits, as they are called in the line of tabs.
pub(crate) const SCREENS: [(char, &str); 8] = [
    ('1', "1 Overview"),
    ('2', "2 Device flows"),
    ('3', "3 Authorization flows"),
    ('4', "4 Subjects"),
    ('5', "5 Tokens"),
    ('6', "6 Partitions"),
    ('7', "7 Janitor"),
    ('8', "8 Journal"),
];

/// The line of the screen with the tabs.
const TABS: u16 = 1;

/// How often the dashboard reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refresh {
    /// As config.toml has it by default.
    Usual,
    /// As often as it can.
    Continuous,
}

/// Starts the dashboard.
///
/// # Errors
/// If it cannot be started.
pub(crate) fn start(installation: &Installation, program: &Path, refresh: Refresh) -> Result<PseudoTerminal> {
    let mut variables = vec![("AUTHDB_DATABASE_URL", installation.world.database.url())];
    if refresh == Refresh::Continuous {
        variables.push(("AUTHDB_DASHBOARD_REFRESH_INTERVAL", "1ms"));
    }
    PseudoTerminal::start(program, &[], &variables, SIZE)
}

/// Shows every screen until it has been read.
///
/// # Errors
/// If one is not read.
pub(crate) fn visit_every_screen(terminal: &mut PseudoTerminal) -> Result<()> {
    for (digit, tab) in SCREENS {
        terminal.type_keys(&digit.to_string())?;
        terminal.wait_for_drawing(&format!("{tab} has been read"), LIMIT, |screen| {
            is_on(screen, tab) && !screen.contents().contains(UNREAD)
        })?;
    }
    Ok(())
}

/// Whether this screen is in view.
pub(crate) fn is_on(screen: &vt100::Screen, tab: &str) -> bool {
    let line = line(screen, TABS);
    let Some(position) = line.find(tab) else { return false };
    let column = u16::try_from(line[..position].chars().count()).unwrap_or(u16::MAX);
    screen.cell(TABS, column).is_some_and(vt100::Cell::inverse)
}

/// What has become of a section of the overview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    /// It is awaited.
    Awaited,
    /// It has been read.
    Read,
    /// It could not be read, or not in time.
    Failed,
}

/// What has become of the section that stands under this title.
pub(crate) fn section(screen: &vt100::Screen, title: &str) -> Section {
    let title = format!(" {title}  ");
    let mut lines = screen.rows(0, SIZE.0).map(|line| line + "  ");
    let behind = lines.find_map(|line| line.split_once(&title).map(|(_, behind)| behind.to_owned()));
    match behind {
        Some(text) if text.starts_with(FAILED) => Section::Failed,
        Some(text) if !text.starts_with(UNREAD) => Section::Read,
        _ => Section::Awaited,
    }
}

/// A line of the screen.
pub(crate) fn line(screen: &vt100::Screen, row: u16) -> String {
    screen.rows(0, SIZE.0).nth(row.into()).unwrap_or_default()
}
