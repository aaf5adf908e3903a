//! A program in a pseudo-terminal, and what stands on it. Every piece of its output comes with the moment at which it
//! arrived, so that whoever looks late still knows when something was drawn.
//!
//! Screens are judged between two drawings only: between these a row may be half drawn.

use std::io::{Read as _, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;

/// ratatui ends a drawing by hiding the cursor, or by showing and placing it.
const HIDE_CURSOR: &[u8] = b"\x1b[?25l";
const SHOW_CURSOR: &[u8] = b"\x1b[?25h";

/// Of the output before a piece, as much as the end of a drawing may lie in.
const TAIL: usize = 32;

/// A program that runs in a terminal of its own, in an empty folder and without the variables of whoever starts it: what is
/// configured there is nobody's business. It is killed on drop.
pub struct PseudoTerminal {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    output: Receiver<(Instant, Vec<u8>)>,
    emulator: vt100::Parser,
    /// The end of the output so far.
    tail: Vec<u8>,
    /// Dropped after the program that works in it.
    _master: Box<dyn MasterPty + Send>,
    _folder: TempDir,
}

/// Whether a drawing is complete with the last byte of `output`.
#[must_use]
pub fn ends_a_drawing(output: &[u8]) -> bool {
    output.ends_with(HIDE_CURSOR) || ends_with_cursor(output)
}

/// Shows the cursor, and places it: `ESC [ ROW ; COLUMN H`.
fn ends_with_cursor(output: &[u8]) -> bool {
    let Some(rest) = output.strip_suffix(b"H") else { return false };
    let digits = rest.iter().rev().take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
    rest[..rest.len() - digits].strip_suffix(b"\x1b[").is_some_and(|rest| rest.ends_with(SHOW_CURSOR))
}

impl PseudoTerminal {
    /// Starts a program in a terminal of so many columns and rows.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(
        program: &Path,
        arguments: &[&str],
        variables: &[(&str, &str)],
        (columns, rows): (u16, u16),
    ) -> Result<Self> {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).context("cannot open a pseudo-terminal")?;
        let folder = tempfile::tempdir().context("cannot make a folder")?;
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.cwd(folder.path());
        command.env_clear();
        for (name, value) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("USER", "admin")] {
            command.env(name, value);
        }
        command.env("HOME", folder.path());
        command.env("TMPDIR", folder.path());
        for (name, value) in variables {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command);
        let child = child.with_context(|| format!("cannot start {}", program.display()))?;
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().context("cannot read from the pseudo-terminal")?;
        let keyboard = pair.master.take_writer().context("cannot write to the pseudo-terminal")?;
        let (sender, output) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 16_384];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send((Instant::now(), buffer[..count].to_vec())).is_err() {
                    return;
                }
            }
        });
        let cells = |count| NonZeroU16::new(count).context("a terminal has a row and a column at least");
        let emulator = vt100::Parser::new(cells(rows)?, cells(columns)?, 0);
        Ok(Self { child, keyboard, output, emulator, tail: Vec::new(), _master: pair.master, _folder: folder })
    }

    /// Its process.
    ///
    /// # Errors
    /// If it has ended.
    pub fn process(&self) -> Result<u32> {
        self.child.process_id().context("the program has ended")
    }

    /// Types keys as a terminal sends them, and says when.
    ///
    /// # Errors
    /// If the program has ended.
    pub fn type_keys(&mut self, keys: &str) -> Result<Instant> {
        let typed = Instant::now();
        self.keyboard.write_all(keys.as_bytes()).and_then(|()| self.keyboard.flush()).context("nobody takes keys")?;
        Ok(typed)
    }

    /// What stood on it when it was last looked at.
    #[must_use]
    pub fn shown(&self) -> &vt100::Screen {
        self.emulator.screen()
    }

    /// Waits for a drawing that shows something, and says when that drawing was complete.
    ///
    /// # Errors
    /// If none comes within `limit`, with what stands there instead.
    pub fn wait_for_drawing(
        &mut self,
        what: &str,
        limit: Duration,
        mut shows: impl FnMut(&vt100::Screen) -> bool,
    ) -> Result<Instant> {
        let deadline = Instant::now() + limit;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok((arrived, bytes)) = self.output.recv_timeout(left) else {
                bail!("it did not happen within {limit:?} that {what}:\n{}", self.emulator.screen().contents());
            };
            self.take_in(&bytes);
            if ends_a_drawing(&self.tail) && shows(self.emulator.screen()) {
                return Ok(arrived);
            }
        }
    }

    /// Takes in whatever is drawn for so long.
    pub fn look_on(&mut self, span: Duration) {
        let deadline = Instant::now() + span;
        while let Ok((_, bytes)) = self.output.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            self.take_in(&bytes);
        }
    }

    fn take_in(&mut self, bytes: &[u8]) {
        self.emulator.process(bytes);
        self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(TAIL)..]);
        self.tail.drain(..self.tail.len().saturating_sub(TAIL));
    }
}

impl Drop for PseudoTerminal {
    fn drop(&mut self) {
        // A program that has ended needs no end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::ends_a_drawing;

    #[test]
    fn a_drawing_ends_with_the_cursor_hidden_or_placed() {
        for whole in ["row\x1b[?25l", "row\x1b[?25h\x1b[60;12H"] {
            assert!(ends_a_drawing(whole.as_bytes()), "{whole:?}");
        }
        for part in ["row", "\x1b[?25lrow", "row\x1b[60;12H", "row\x1b[?25h\x1b[60;12"] {
            assert!(!ends_a_drawing(part.as_bytes()), "{part:?}");
        }
    }
}
