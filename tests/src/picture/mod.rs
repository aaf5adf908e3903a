//! A picture of the dashboard, for people who have not installed it: what the real program shows in a pseudo-terminal,
//! written down as SVG, which stays sharp and can be read and searched.

mod svg;

use std::io::Read as _;
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};

pub use svg::svg;

/// How long the demo may take until it shows something of everything.
const LIMIT: Duration = Duration::from_mins(1);

/// What ends each drawing; between two of these a row may be half drawn.
const HIDE_CURSOR: &[u8] = b"\x1b[?25l";

/// What stands where something has not been read yet.
const UNREAD: &str = "reading…";

/// The overview of the demo, once everything on it has been read, on a terminal of so many columns and rows.
///
/// # Errors
/// If the program cannot be started, or does not come so far.
pub fn of_demo(program: &Path, (columns, rows): (u16, u16)) -> Result<vt100::Screen> {
    let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).context("cannot open a pseudo-terminal")?;
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    let mut command = CommandBuilder::new(program);
    command.arg("demo");
    // In an empty folder, and without the variables of whoever draws: what is configured there is nobody's business.
    command.cwd(folder.path());
    command.env_clear();
    for (name, value) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("USER", "admin")] {
        command.env(name, value);
    }
    command.env("HOME", folder.path());
    command.env("TMPDIR", folder.path());
    let mut child = pair.slave.spawn_command(command).with_context(|| {
        format!("cannot start {}: build it first, with cargo build -p authdb-tui", program.display())
    })?;
    drop(pair.slave);
    let mut output = pair.master.try_clone_reader().context("cannot read from the pseudo-terminal")?;
    let (sender, received) = mpsc::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 16_384];
        while let Ok(count @ 1..) = output.read(&mut buffer) {
            if sender.send(buffer[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    let screen = read_until_whole(&received, (columns, rows));
    child.kill().context("cannot end the demo")?;
    child.wait().context("cannot wait for the end of the demo")?;
    screen
}

/// Shows what comes in, until nothing of the overview is missing any more.
fn read_until_whole(received: &mpsc::Receiver<Vec<u8>>, (columns, rows): (u16, u16)) -> Result<vt100::Screen> {
    let cells = |count| NonZeroU16::new(count).context("a terminal has a row and a column at least");
    let mut emulator = vt100::Parser::new(cells(rows)?, cells(columns)?, 0);
    let deadline = Instant::now() + LIMIT;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let Ok(bytes) = received.recv_timeout(left) else {
            bail!("the demo did not show everything within {LIMIT:?}:\n{}", emulator.screen().contents());
        };
        emulator.process(&bytes);
        let shown = emulator.screen().contents();
        let is_drawn = bytes.ends_with(HIDE_CURSOR);
        if is_drawn && shown.contains("Alarms") && shown.contains("Janitor") && !shown.contains(UNREAD) {
            return Ok(emulator.screen().clone());
        }
    }
}
