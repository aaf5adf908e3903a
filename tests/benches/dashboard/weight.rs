//! What the dashboard costs while nobody types, with the refresh that it has by default.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use authdb_tests::measure::{Figure, Report, processor_time};

use crate::IDLE;
use crate::console::{LIMIT, Refresh, SCREENS, is_on, start, visit_every_screen};
use crate::installation::Installation;

/// How long it is left alone on a screen, which is longer than sums of many tokens rest, and how long before that until
/// whoever pressed the last key is taken to have gone.
const SPAN: Duration = Duration::from_secs(130);
const SETTLING: Duration = Duration::from_secs(20);

/// The screens to leave it on, by their digits.
const LEFT_ON: [char; 4] = ['1', '2', '4', '5'];

/// Leaves the dashboard alone, on one screen after the other.
///
/// # Errors
/// If it does not come up.
pub(crate) fn measure(installation: &Installation, program: &Path, report: &mut Report) -> Result<()> {
    let mut terminal = start(installation, program, Refresh::Usual)?;
    terminal.wait_for_drawing("the first screen is drawn", LIMIT, |_| true)?;
    visit_every_screen(&mut terminal)?;
    let process = terminal.process()?;
    for digit in LEFT_ON {
        let (_, tab) = SCREENS.into_iter().find(|(other, _)| *other == digit).context("it is one of the screens")?;
        terminal.type_keys(&digit.to_string())?;
        terminal.wait_for_drawing(&format!("{tab} is shown"), LIMIT, |screen| is_on(screen, tab))?;
        terminal.look_on(SETTLING);
        let (begin, before) = (Instant::now(), processor_time(process)?);
        terminal.look_on(SPAN);
        let worked = processor_time(process)?.saturating_sub(before);
        let share = worked.as_secs_f64() / begin.elapsed().as_secs_f64();
        report.check(format!("processor while idle on {tab}"), Figure::Share(share), IDLE);
    }
    Ok(())
}
