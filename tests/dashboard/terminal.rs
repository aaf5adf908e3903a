//! A terminal with a program in it: keys go in, and what a person would see is awaited and looked at.
//!
//! A thread reads what the program writes into a terminal emulator and wakes whoever waits for the screen to change.
//! Screens are judged between two drawings only: ratatui ends each by hiding the cursor or by placing it, so a row that
//! is half drawn is never mistaken for a whole one.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use authdb_tests::pseudo_terminal::ends_a_drawing;
use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use rustix::termios::{LocalModes, Termios, tcgetattr};

use crate::program::Folders;
use crate::view::View;

pub(crate) const ENTER: &str = "\r";
pub(crate) const ESC: &str = "\x1b";
pub(crate) const TAB: &str = "\t";
pub(crate) const DOWN: &str = "\x1b[B";
pub(crate) const END: &str = "\x1b[F";
pub(crate) const PAGE_DOWN: &str = "\x1b[6~";
pub(crate) const CONTROL_C: &str = "\x03";

/// Long enough for what takes a moment on a machine that does nothing else.
const LIMIT: Duration = Duration::from_secs(20);

/// How much of the output is shown when something did not happen.
const TAIL: usize = 400;

/// What a terminal is told by a program that takes it over.
const ENTER_ALTERNATE_SCREEN: &[u8] = b"\x1b[?1049h";
const ASK_POSITION: &[u8] = b"\x1b[6n";
const REPLACEMENT: &str = "\u{fffd}";

const SOUND: &str = "nobody panics while holding the lock";

/// A program that runs in a terminal, killed on drop.
pub(crate) struct Terminal {
    shared: Arc<Shared>,
    /// Our side of the terminal; gone once the program has lost it.
    ours: Option<Ours>,
    /// The program's side of the terminal, held open to see in which state it is left.
    tty: Option<OwnedFd>,
    before: String,
    process: OwnedFd,
    folders: Option<Folders>,
}

struct Ours {
    master: Box<dyn MasterPty + Send>,
    keyboard: Arc<Keyboard>,
}

type Keyboard = Mutex<Box<dyn Write + Send>>;

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    emulator: vt100::Parser,
    output: Vec<u8>,
    is_hanging_up: bool,
    is_closed: bool,
    status: Option<ExitStatus>,
}

/// A program that has ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// What stands on the terminal now.
    pub(crate) view: View,
    /// Every byte that the program wrote.
    pub(crate) output: Vec<u8>,
    pub(crate) folders: Folders,
    is_whole: Result<(), String>,
}

impl Terminal {
    /// Starts a program in a terminal that answers questions about itself, or in one that is silent.
    pub(crate) fn start(
        command: CommandBuilder,
        (columns, rows): (u16, u16),
        folders: Folders,
        is_silent: bool,
    ) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).expect("the system has a pseudo-terminal left");
        let name = pair.master.tty_name().expect("the terminal has a name");
        // Without NOCTTY it could become the terminal of the tests themselves.
        let tty = rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())
            .expect("the terminal can be opened");
        let before = modes(&tcgetattr(&tty).expect("it is a terminal"));
        let child = pair.slave.spawn_command(command).expect("the program can be started");
        drop(pair.slave);
        let id = child.process_id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let process = pidfd_open(id.expect("a child has an id"), PidfdFlags::empty())
            .expect("a child that nobody has waited for is there");
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                emulator: vt100::Parser::new(cells(rows), cells(columns), 0),
                output: Vec::new(),
                is_hanging_up: false,
                is_closed: false,
                status: None,
            }),
            changed: Condvar::new(),
        });
        let keyboard = Arc::new(Mutex::new(pair.master.take_writer().expect("the terminal takes keys")));
        let output = pair.master.try_clone_reader().expect("the terminal can be read");
        read(Arc::clone(&shared), output, (!is_silent).then(|| Arc::clone(&keyboard)));
        reap(Arc::clone(&shared), child);
        let ours = Some(Ours { master: pair.master, keyboard });
        Self { shared, ours, tty: Some(tty), before, process, folders: Some(folders) }
    }

    /// Types keys as they are sent by a terminal.
    pub(crate) fn type_keys(&self, keys: &str) {
        send(&self.ours().keyboard, keys);
    }

    fn ours(&self) -> &Ours {
        self.ours.as_ref().expect("nothing is done with a terminal that was taken away")
    }

    /// Waits until the screen satisfies a condition, and gives that screen.
    #[track_caller]
    pub(crate) fn wait_until(&self, what: &str, holds: impl Fn(&View) -> bool) -> View {
        let deadline = Instant::now() + LIMIT;
        let mut state = self.state();
        loop {
            if state.is_drawn() {
                let view = View::of(state.emulator.screen());
                if holds(&view) {
                    return view;
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || state.is_closed || state.status.is_some() {
                let until =
                    state.status.as_ref().map_or(format!("within {LIMIT:?}"), |status| format!("before {status}"));
                let view = View::of(state.emulator.screen());
                let tail =
                    String::from_utf8_lossy(&state.output[state.output.len().saturating_sub(TAIL)..]).into_owned();
                // A lock that is held while this panics would be poisoned for the reading thread.
                drop(state);
                panic!("it did not happen {until} that {what}. The screen:\n{view}\nThe last output: {tail:?}");
            }
            state = self.shared.changed.wait_timeout(state, left).expect(SOUND).0;
        }
    }

    /// Waits until a text is on the screen.
    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) -> View {
        self.wait_until(&format!("{text:?} is shown"), |view| view.contains(text))
    }

    /// Waits until a line that begins with a text stands on the terminal outside of any dashboard.
    #[track_caller]
    pub(crate) fn wait_for_line(&self, text: &str) {
        self.wait_for_state(&format!("a line begins with {text:?}"), |state| {
            let screen = state.emulator.screen();
            let has_line = View::of(screen).rows().iter().any(|row| row.starts_with(text));
            (!screen.alternate_screen() && !screen.hide_cursor() && has_line).then_some(())
        });
    }

    /// Waits until a sentence is on the screen, however its words are wrapped.
    #[track_caller]
    pub(crate) fn wait_for_sentence(&self, sentence: &str) -> View {
        self.wait_until(&format!("{sentence:?} is said"), |view| view.says(sentence))
    }

    /// Types keys, then waits until a text is on the screen.
    #[track_caller]
    pub(crate) fn type_and_wait(&self, keys: &str, text: &str) -> View {
        self.type_keys(keys);
        self.wait_for(text)
    }

    /// Gives the terminal another size.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        self.state().emulator.set_size(cells(rows), cells(columns));
        self.ours().master.resize(size(columns, rows)).expect("the terminal can be resized");
    }

    /// Clicks on a text where it stands on the screen.
    #[track_caller]
    pub(crate) fn click_on(&self, text: &str) {
        let (row, column) = self.wait_for(text).position(text).expect("it was awaited");
        self.click(column, row);
    }

    /// Clicks on a cell, as a terminal reports it that was asked for the mouse.
    pub(crate) fn click(&self, column: usize, row: usize) {
        let (column, row) = (column + 1, row + 1);
        self.type_keys(&format!("\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m"));
    }

    /// Whether the program has asked the terminal for the mouse.
    pub(crate) fn has_given_the_mouse(&self) -> bool {
        self.state().is_mouse_taken()
    }

    /// Waits until the program has asked for the mouse, or left it.
    #[track_caller]
    pub(crate) fn wait_until_the_mouse_is_taken(&self, is_taken: bool) {
        let what = if is_taken { "the mouse is taken" } else { "the mouse is left" };
        self.wait_for_state(what, |state| (state.is_mouse_taken() == is_taken).then_some(()));
    }

    pub(crate) fn signal(&self, signal: Signal) {
        pidfd_send_signal(&self.process, signal).expect("the program still runs");
    }

    /// Takes the terminal away from the program, as a line does that breaks.
    #[track_caller]
    pub(crate) fn hang_up(&mut self) {
        self.state().is_hanging_up = true;
        // It is read from until the program draws again.
        self.wait_for_state("the program draws", |state| state.is_closed.then_some(()));
        self.ours = None;
    }

    /// Waits for the end of a program that has no terminal any more.
    #[track_caller]
    pub(crate) fn status(&self) -> ExitStatus {
        self.wait_for_state("the program ends", |state| state.status.clone())
    }

    /// Waits for the end of the program, and for the last of its output.
    #[track_caller]
    pub(crate) fn exit(mut self) -> Ended {
        let status = self.wait_for_state("the program ends", |state| state.status.clone());
        let tty = self.tty.take().expect("only this function takes it, and it takes the terminal itself");
        let after = tcgetattr(&tty).expect("it is a terminal");
        // The program's side is closed once nobody holds it, and what was written last can be read to its end.
        drop(tty);
        self.wait_for_state("nobody holds the terminal", |state| state.is_closed.then_some(()));
        let state = self.state();
        let is_whole = is_whole(&self.before, &after, state.emulator.screen());
        let (view, output) = (View::of(state.emulator.screen()), state.output.clone());
        drop(state);
        let folders = self.folders.take().expect("only this function takes them, and it takes the terminal itself");
        Ended { status, view, output, folders, is_whole }
    }

    /// Waits for something that is told by more than a screen.
    #[track_caller]
    fn wait_for_state<T>(&self, what: &str, outcome: impl Fn(&State) -> Option<T>) -> T {
        let is_missing = |state: &mut State| outcome(state).is_none();
        let waited = self.shared.changed.wait_timeout_while(self.state(), LIMIT, is_missing);
        let state = waited.expect(SOUND).0;
        let view = View::of(state.emulator.screen());
        let outcome = outcome(&state);
        drop(state);
        outcome.unwrap_or_else(|| panic!("it did not happen within {LIMIT:?} that {what}. The screen:\n{view}"))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().expect(SOUND)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A program that has ended needs no end, and its handle never means another process.
        let _ = pidfd_send_signal(&self.process, Signal::KILL);
    }
}

impl State {
    /// Whether the program has drawn, and finished its last drawing.
    fn is_drawn(&self) -> bool {
        self.emulator.screen().alternate_screen() && ends_a_drawing(&self.output)
    }

    fn is_mouse_taken(&self) -> bool {
        self.emulator.screen().mouse_protocol_mode() != vt100::MouseProtocolMode::None
    }
}

impl Ended {
    /// Asserts that the program ended with a status and left the terminal as it had found it.
    #[track_caller]
    pub(crate) fn leaves_whole(self, code: u32) -> Self {
        let view = &self.view;
        assert_eq!((self.status.signal(), self.status.exit_code()), (None, code), "it said:\n{view}");
        if let Err(reason) = &self.is_whole {
            panic!("the terminal is not whole: {reason}. The screen:\n{view}");
        }
        self
    }

    /// Asserts that the program ended with a status before it touched the terminal.
    #[track_caller]
    pub(crate) fn never_took_over(self, code: u32) -> Self {
        let ended = self.leaves_whole(code);
        assert!(!contains(&ended.output, ENTER_ALTERNATE_SCREEN), "it took the terminal over:\n{}", ended.view);
        ended
    }

    /// Asserts that nothing is left of the program's temporary files.
    #[track_caller]
    pub(crate) fn leaves_no_files(&self) {
        assert_eq!(self.folders.temporary_files(), Vec::<std::path::PathBuf>::new());
    }
}

/// Whether `bytes` contain `part` somewhere.
pub(crate) fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn is_whole(before: &str, after: &Termios, screen: &vt100::Screen) -> Result<(), String> {
    let wrong = [
        ("it still shows the alternate screen", screen.alternate_screen()),
        ("the cursor is hidden", screen.hide_cursor()),
        ("the mouse is captured", screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None),
        ("pasted text is bracketed", screen.bracketed_paste()),
        ("the arrow keys are in application mode", screen.application_cursor()),
        ("text is in reverse", screen.inverse()),
        ("text is bold", screen.bold()),
        ("text is coloured", screen.fgcolor() != vt100::Color::Default),
        ("keys are not echoed", !after.local_modes.contains(LocalModes::ECHO)),
        ("input does not come in lines", !after.local_modes.contains(LocalModes::ICANON)),
    ];
    if let Some((what, _)) = wrong.into_iter().find(|(_, is_wrong)| *is_wrong) {
        return Err(what.to_owned());
    }
    let after = modes(after);
    if before == after { Ok(()) } else { Err(format!("its modes were {before} and are {after}")) }
}

/// Everything that can be set of a terminal.
fn modes(termios: &Termios) -> String {
    format!("{termios:?}")
}

fn send(keyboard: &Keyboard, bytes: &str) {
    let mut keyboard = keyboard.lock().expect(SOUND);
    keyboard.write_all(bytes.as_bytes()).and_then(|()| keyboard.flush()).expect("the terminal takes keys");
}

/// Feeds the emulator with what the program writes, and answers the one question that programs ask: where the cursor is.
fn read(shared: Arc<Shared>, mut output: Box<dyn Read + Send>, answers: Option<Arc<Keyboard>>) {
    thread::spawn(move || {
        let mut buffer = [0; 16_384];
        let mut fed = 0;
        loop {
            let count = output.read(&mut buffer).unwrap_or(0);
            let mut state = shared.state.lock().expect(SOUND);
            state.output.extend_from_slice(&buffer[..count]);
            state.is_closed = count == 0 || state.is_hanging_up;
            let is_closed = state.is_closed;
            // The beginning of a character waits for the rest of it.
            let whole = state.output.len() - if count == 0 { 0 } else { unfinished(&state.output) };
            let shown = visible(&state.output[fed.min(whole)..whole]);
            state.emulator.process(&shown);
            fed = whole;
            let (row, column) = state.emulator.screen().cursor_position();
            drop(state);
            shared.changed.notify_all();
            if let Some(keyboard) = answers.as_ref().filter(|_| contains(&buffer[..count], ASK_POSITION)) {
                send(keyboard, &format!("\x1b[{};{}R", row + 1, column + 1));
            }
            if is_closed {
                return;
            }
        }
    });
}

/// How many bytes at the end of `output` begin a replacement character.
fn unfinished(output: &[u8]) -> usize {
    let replacement = REPLACEMENT.as_bytes();
    (1..replacement.len()).rev().find(|&length| output.ends_with(&replacement[..length])).unwrap_or(0)
}

/// `output` with a visible character in place of the replacement character, which a terminal shows and the emulator,
/// which takes it for broken UTF-8, does not.
fn visible(output: &[u8]) -> Vec<u8> {
    let mut shown = Vec::with_capacity(output.len());
    let mut rest = output;
    while let Some((first, others)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(REPLACEMENT.as_bytes()) {
            shown.extend_from_slice("¿".as_bytes());
            rest = after;
        } else {
            shown.push(*first);
            rest = others;
        }
    }
    shown
}

fn reap(shared: Arc<Shared>, mut child: Box<dyn Child + Send + Sync>) {
    thread::spawn(move || {
        let status = child.wait().expect("a child can be waited for");
        shared.state.lock().expect(SOUND).status = Some(status);
        shared.changed.notify_all();
    });
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("a terminal has a row and a column at least")
}
