//! A panic, on whichever thread: the terminal is whole, and what went wrong can be read on it.

use crate::program::Program;

#[test]
fn a_panic_leaves_a_terminal_on_which_it_can_be_read() {
    for (thread, named, status) in [("main", "thread 'main'", 101), ("other", "thread 'other'", 1)] {
        let ended = Program::named("panics-on-screen").arguments(&[thread]).start().exit().leaves_whole(status);
        let view = &ended.view;
        assert!(crate::terminal::contains(&ended.output, b"\x1b[?1049h"), "it never took the terminal over:\n{view}");
        // Lines that begin at the left margin: in raw mode each would begin where the last one ended.
        let rows = view.rows();
        assert!(rows.iter().any(|row| row.starts_with(named)), "{view}");
        assert!(rows.iter().any(|row| row == "the test has told it to"), "{view}");
        assert!(!view.contains("on the screen"), "the dashboard is left on the screen:\n{view}");
    }
}
