//! The cursor: it stays on its row, and the row on its line, whatever comes and goes around it.

use std::time::Duration;

use crate::terminal::{DOWN, END, Terminal};
use crate::{add_pending, dashboard, world};

/// Puts the cursor on the row that contains a text, and gives the line of the screen that it stands on.
fn choose(terminal: &Terminal, text: &str) -> usize {
    terminal.wait_for(text);
    while !terminal.wait_for(text).is_on(text) {
        let before = terminal.wait_for(text).selected_line();
        terminal.type_keys(DOWN);
        terminal.wait_until("the cursor has moved", |view| view.selected_line() != before);
    }
    terminal.wait_for(text).selected().expect("the cursor is on a row").0
}

#[tokio::test]
async fn rows_that_arrive_above_do_not_move_the_row_under_the_cursor() {
    let world = world().await;
    let codes = ["BBBBBBBB", "CCCCCCCC", "DDDDDDDD", "FFFFFFFF", "GGGGGGGG", "HHHHHHHH"];
    for (code, minute) in codes.iter().zip(1..) {
        add_pending(&world, code, Duration::from_secs(300 - 30 * minute)).await;
    }
    let terminal = dashboard(&world);
    let line = choose(&terminal, "FFFF-FFFF");
    // Older, and so more urgent: they belong above.
    let arriving = ["JJJJJJJJ", "KKKKKKKK", "LLLLLLLL", "MMMMMMMM"];
    for (index, code) in arriving.iter().enumerate() {
        add_pending(&world, code, Duration::from_secs(400)).await;
        let view = terminal.wait_for(&format!("Device flows {}", codes.len() + index + 1));
        let (now, row) = view.selected().expect("the cursor holds on");
        assert!(row.contains("FFFF-FFFF"), "the cursor slid onto {row}");
        if view.contains("more above") {
            assert_eq!(now, line, "the row moved:\n{view}");
        }
    }
    terminal.type_and_wait("d", "Deny FFFF-FFFF?");
}

#[tokio::test]
async fn a_row_that_goes_takes_the_cursor_with_it() {
    let world = world().await;
    for (code, seconds) in [("BBBBBBBB", 90), ("CCCCCCCC", 60), ("DDDDDDDD", 30)] {
        add_pending(&world, code, Duration::from_secs(seconds)).await;
    }
    let terminal = dashboard(&world);
    choose(&terminal, "CCCC-CCCC");
    world.execute("DELETE FROM DeviceFlows WHERE UserCode = 'CCCCCCCC'").await;
    terminal.wait_until("the row is gone", |view| view.contains("Device flows 2") && view.selected().is_none());
    // A key that is pressed in this moment must not hit the neighbour.
    terminal.type_keys("d");
    terminal.wait_for_sentence("Choose a row first");
    terminal.type_keys(DOWN);
    terminal.wait_until("the cursor goes on where it was", |view| view.is_on("DDDD-DDDD"));
}

#[tokio::test]
async fn a_long_list_scrolls_to_its_end_and_back() {
    let world = world().await;
    for index in 0..60 {
        let code: String = [index / 10, index % 10].into_iter().map(letter).collect();
        add_pending(&world, &code.repeat(4), Duration::from_secs(60 + index)).await;
    }
    let terminal = dashboard(&world);
    let view = terminal.wait_for("Device flows 60");
    let first = view.row_with(" pending ").expect("rows are shown");
    terminal.type_keys(END);
    terminal.wait_until("the youngest flow is shown, and how many are above", |view| {
        view.is_on("BBBB-BBBB") && view.contains("more above")
    });
    terminal.type_keys("\x1b[5~\x1b[5~k");
    terminal.wait_until("the cursor is further up", |view| view.selected().is_some() && !view.contains("BBBB-BBBB"));
    terminal.type_keys("g");
    let code = first.split_whitespace().next().expect("a row begins with its code").to_owned();
    terminal.wait_until("the most urgent flow is shown", |view| view.is_on(&code) && !view.contains("more above"));
}

/// The letters of codes, by digit.
fn letter(digit: u64) -> char {
    char::from(b"BCDFGHJKLM"[usize::try_from(digit).expect("a digit is small")])
}
