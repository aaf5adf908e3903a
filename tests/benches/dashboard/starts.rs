//! From the start of the program to its first useful screen.
//!
//! The first screen is useful when it says how many flows wait for somebody. Sums of all tokens come when they are done, each
//! section by itself; how long those take is told beside it.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use authdb_tests::Engine;
use authdb_tests::measure::{Figure, Report, Samples};

use crate::console::{LIMIT, Refresh, Section, section, start};
use crate::installation::Installation;
use crate::{FIRST_SCREEN_OF_FILE, FIRST_SCREEN_OF_SERVER};

const STARTS: usize = 10;

/// What stands behind the number of flows that wait.
const COUNTED: &str = " pending";

/// Sections of the overview, by their titles.
const SECTIONS: [&str; 4] = ["Alarms", "Now", "Last hour, minute by minute", "Subjects with most live tokens"];

/// Starts the program again and again.
///
/// # Errors
/// If it does not show what it should.
pub(crate) fn measure(installation: &Installation, program: &Path, report: &mut Report) -> Result<()> {
    let mut drawn = Samples::default();
    let mut useful = Samples::default();
    let mut sections = SECTIONS.map(|_| Samples::default());
    for _ in 0..STARTS {
        let begin = Instant::now();
        let mut terminal = start(installation, program, Refresh::Usual)?;
        drawn.push(terminal.wait_for_drawing("the first screen is drawn", LIMIT, |_| true)?.duration_since(begin));
        let says_how_many = |screen: &vt100::Screen| screen.contents().contains(COUNTED);
        useful.push(terminal.wait_for_drawing("flows are counted", LIMIT, says_how_many)?.duration_since(begin));
        let mut awaited: Vec<usize> = (0..SECTIONS.len()).collect();
        while !awaited.is_empty() {
            let is_new =
                |screen: &vt100::Screen| awaited.iter().any(|it| section(screen, SECTIONS[*it]) != Section::Awaited);
            let after = terminal.wait_for_drawing("the overview is read", LIMIT, is_new)?.duration_since(begin);
            awaited.retain(|it| match section(terminal.shown(), SECTIONS[*it]) {
                Section::Awaited => true,
                Section::Failed => false,
                Section::Read => {
                    sections[*it].push(after);
                    false
                }
            });
        }
    }
    report.timing("start to the first drawing", drawn);
    for (title, samples) in SECTIONS.into_iter().zip(sections) {
        // What could not be read within the time limit of a statement is missing.
        let failed = STARTS - samples.count();
        report.timing(format!("start to {title:?}"), samples);
        if failed > 0 {
            report.compare(format!("starts after which {title:?} could not be read"), Figure::Count(failed as u64));
        }
    }
    let is_file = installation.world.engine() == Engine::Sqlite;
    let target = if is_file { FIRST_SCREEN_OF_FILE } else { FIRST_SCREEN_OF_SERVER };
    report.check("start to the first useful screen: median", Figure::Time(useful.median()), target);
    report.check("start to the first useful screen: longest", Figure::Time(useful.max()), target);
    report.timing("start to the first useful screen", useful);
    Ok(())
}
