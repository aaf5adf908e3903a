//! The terminal: taken over for the dashboard, and given back whole however the dashboard ends.
//!
//! Four ways lead out: leaving, an error, a panic and a signal. Errors and signals unwind through [`Screen`]'s drop;
//! a panic, also one on another thread, restores the terminal before its message is printed, so that the message stands
//! on a screen where it can be read.

use std::io::{self, IsTerminal, Write, stdout};
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use authdb_shared::error::EXIT_USAGE;
use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::style::Print;
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Frame, Terminal};
use rustix::process::{Signal, kill_current_process_group};

use crate::app::Mouse;

/// The terminal cannot show a dashboard.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// Input or output is not a terminal.
    #[error("the dashboard needs a terminal, but {0} is not one. Run it in a terminal, not in a pipe")]
    NotATerminal(&'static str),
    /// It is one that only goes forward, line by line.
    #[error(
        "the dashboard needs a terminal whose cursor can be placed, and TERM says that this one is dumb. Run it in another, \
         or set TERM to what it is, such as xterm-256color; verbs such as `authdb token list` work in any"
    )]
    Dumb,
}

impl TerminalError {
    /// The exit code that says what kind of failure this is.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        EXIT_USAGE
    }
}

/// Checks that a dashboard can be shown, before anything else is done.
///
/// # Errors
/// If input or output is not a terminal, or a dumb one.
pub fn require() -> Result<(), TerminalError> {
    if !io::stdout().is_terminal() {
        Err(TerminalError::NotATerminal("standard output"))
    } else if !io::stdin().is_terminal() {
        Err(TerminalError::NotATerminal("standard input"))
    } else if std::env::var_os("TERM").is_some_and(|term| term == "dumb") {
        Err(TerminalError::Dumb)
    } else {
        Ok(())
    }
}

/// Reports clicks and the wheel, in a form that knows no largest column. Not what crossterm's capture asks for: that has every
/// movement reported as well, and wakes the program for nothing.
const TAKE_MOUSE: &str = "\x1b[?1000h\x1b[?1006h";
const LEAVE_MOUSE: &str = "\x1b[?1006l\x1b[?1000l";

/// Set while the mouse is taken.
static HAS_MOUSE: AtomicBool = AtomicBool::new(false);
/// Set while the terminal is taken over.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

/// What the dashboard does with a terminal that it has taken over.
pub trait Display {
    /// Its columns and rows.
    ///
    /// # Errors
    /// If the terminal cannot be asked.
    fn size(&self) -> io::Result<(u16, u16)>;

    /// Has a frame painted, and shows it.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    fn draw(&mut self, paint: impl FnOnce(&mut Frame)) -> io::Result<()>;

    /// Has everything drawn anew: a terminal of another size has cut or wrapped what stood on it, also where it has its old
    /// size again before anybody looked.
    ///
    /// # Errors
    /// If the terminal cannot be asked or written to.
    fn redraw(&mut self) -> io::Result<()>;

    /// Gives the terminal back and stops the program, as Ctrl-Z does with any other; takes the terminal again when the
    /// shell continues it. The whole group is stopped, so that what started the program comes to know.
    ///
    /// # Errors
    /// If the terminal does not let itself be set.
    fn suspend(&mut self) -> io::Result<()>;

    /// Takes the mouse, or leaves it to the terminal, which selects text with it.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    fn take_mouse(&mut self, mouse: Mouse) -> io::Result<()>;

    /// Hands a text to the clipboard of the terminal by OSC 52, which also reaches it over SSH. It is written plainly:
    /// tmux, told by its `set-clipboard`, takes it and hands it on by itself.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    fn copy(&mut self, text: &str) -> io::Result<()>;

    /// Rings the terminal's bell.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    fn ring(&mut self) -> io::Result<()>;

    /// Whether the terminal is still ours: a panic on another thread gives it back under our feet.
    fn is_taken(&self) -> bool;
}

/// The terminal while it is taken over.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<WhileTaken>>,
}

/// Standard output while the terminal is taken, and nothing once it was given back. What draws puts the cursor right when it is
/// dropped, and panics where a terminal that is gone can neither be written to nor told of that.
struct WhileTaken;

impl Write for WhileTaken {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if IS_TAKEN.load(Ordering::SeqCst) { stdout().write(bytes) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        if IS_TAKEN.load(Ordering::SeqCst) { stdout().flush() } else { Ok(()) }
    }
}

impl Screen {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// If the terminal does not let itself be set.
    pub fn take() -> io::Result<Self> {
        HOOK.call_once(|| {
            let print = panic::take_hook();
            panic::set_hook(Box::new(move |panic| {
                give_back();
                print(panic);
            }));
        });
        let mut screen = Self { terminal: Terminal::new(CrosstermBackend::new(WhileTaken))? };
        screen.take_over()?;
        Ok(screen)
    }

    fn take_over(&mut self) -> io::Result<()> {
        IS_TAKEN.store(true, Ordering::SeqCst);
        enable_raw_mode()?;
        // Not `Terminal::clear`: it asks the terminal where its cursor is, and a slow line answers too late.
        // A paste that is not told apart from keys would be taken for commands, letter by letter.
        execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste, Clear(ClearType::All))?;
        self.terminal.hide_cursor()
    }
}

impl Display for Screen {
    fn size(&self) -> io::Result<(u16, u16)> {
        self.terminal.size().map(|size| (size.width, size.height))
    }

    fn draw(&mut self, paint: impl FnOnce(&mut Frame)) -> io::Result<()> {
        self.terminal.draw(paint).map(drop)
    }

    fn redraw(&mut self) -> io::Result<()> {
        let size = self.terminal.size()?;
        self.terminal.resize(Rect::new(0, 0, size.width, size.height))
    }

    fn suspend(&mut self) -> io::Result<()> {
        let mouse = if HAS_MOUSE.load(Ordering::SeqCst) { Mouse::Taken } else { Mouse::Left };
        give_back();
        kill_current_process_group(Signal::TSTP)?;
        // Nothing of what was drawn is there any more.
        self.terminal = Terminal::new(CrosstermBackend::new(WhileTaken))?;
        self.take_over()?;
        self.take_mouse(mouse)
    }

    fn take_mouse(&mut self, mouse: Mouse) -> io::Result<()> {
        let had_mouse = HAS_MOUSE.swap(mouse == Mouse::Taken, Ordering::SeqCst);
        match mouse {
            Mouse::Taken => execute!(stdout(), Print(TAKE_MOUSE)),
            Mouse::Left if had_mouse => execute!(stdout(), Print(LEAVE_MOUSE)),
            Mouse::Left => Ok(()),
        }
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(stdout(), CopyToClipboard::to_clipboard_from(text))
    }

    fn ring(&mut self) -> io::Result<()> {
        execute!(stdout(), Print('\u{7}'))
    }

    fn is_taken(&self) -> bool {
        IS_TAKEN.load(Ordering::SeqCst)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back, once.
fn give_back() {
    if IS_TAKEN.swap(false, Ordering::SeqCst) {
        // A terminal that is gone cannot be restored, and there is nobody left to tell.
        if HAS_MOUSE.swap(false, Ordering::SeqCst) {
            let _ = execute!(stdout(), Print(LEAVE_MOUSE));
        }
        let _ = disable_raw_mode();
        let _ = execute!(stdout(), DisableBracketedPaste, LeaveAlternateScreen, Show);
    }
}
