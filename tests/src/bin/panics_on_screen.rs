//! `panics-on-screen main|other` takes the terminal over as the dashboard does, and panics on its main thread or on
//! another one. A test looks at what is left of the terminal.

use std::env;
use std::process::ExitCode;
use std::thread;

use authdb_tui::app::Mouse;
use authdb_tui::terminal::{Display as _, Screen};

fn main() -> ExitCode {
    let is_other = env::args().nth(1).is_some_and(|argument| argument == "other");
    let mut screen = Screen::take().expect("this program is run in a terminal");
    screen.take_mouse(Mouse::Taken).expect("the terminal can be written to");
    screen.draw(|frame| frame.render_widget("on the screen", frame.area())).expect("the terminal can be drawn on");
    if is_other {
        let thread = thread::Builder::new().name("other".to_owned()).spawn(|| panic!("the test has told it to"));
        let ended = thread.expect("another thread can be started").join();
        assert!(ended.is_err() && !screen.is_taken(), "the panic has given the terminal back");
        return ExitCode::FAILURE;
    }
    panic!("the test has told it to");
}
