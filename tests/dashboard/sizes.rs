//! Terminals of every size, and terminals without colour.

use std::time::Duration;

use authdb_tests::World;

use crate::program::Program;
use crate::terminal::{DOWN, ESC, PAGE_DOWN, Terminal};
use crate::view::View;
use crate::{CODE, SHOWN, add_pending, dashboard, world};

async fn seeded() -> (World, Terminal) {
    let world = world().await;
    add_pending(&world, CODE, Duration::from_mins(1)).await;
    world.add_token("CREATED", "lhcb:amara", Duration::from_mins(1)).await;
    let terminal = dashboard(&world);
    terminal.type_keys(DOWN);
    terminal.wait_until("the cursor is on the row", |view| view.is_on(SHOWN));
    (world, terminal)
}

#[tokio::test]
async fn a_terminal_of_any_size_is_drawn_and_the_usual_one_again() {
    let (_world, terminal) = seeded().await;
    let sizes = [(1, 1), (20, 5), (3, 40), (200, 2), (400, 100), (80, 24)];
    for ((columns, rows), is_mouse_taken) in sizes.into_iter().zip([true, false].into_iter().cycle()) {
        terminal.resize(columns, rows);
        if rows > 3 {
            terminal.wait_until("the head is drawn", |view| view.is_inverse(0));
        }
        // Each key is drawn before the next is taken in. What the last one does can be seen at any size.
        terminal.type_keys("5??2jM");
        terminal.wait_until_the_mouse_is_taken(is_mouse_taken);
    }
    terminal.wait_until("everything is as it was", |view| {
        view.is_on(SHOWN) && view.contains("2 Device flows 1") && view.contains("q quit")
    });
    terminal.type_keys("q");
    terminal.exit().leaves_whole(0);
}

/// Faster than the program can look: its size is what it was, and what stood on the terminal is gone.
#[tokio::test]
async fn a_terminal_that_shrinks_and_grows_in_one_breath_is_drawn_whole() {
    let (_world, terminal) = seeded().await;
    for _ in 0..10 {
        terminal.resize(1, 1);
        terminal.resize(80, 24);
        terminal.wait_until("everything is as it was", |view| {
            view.is_on(SHOWN) && view.contains("2 Device flows 1") && view.contains("q quit")
        });
    }
}

#[tokio::test]
async fn a_key_that_comes_together_with_another_size_counts() {
    let (_world, terminal) = seeded().await;
    for columns in 80..280 {
        terminal.resize(columns, 24);
        // Only typed once, so one that is lost is missed here and by the admin.
        let screen = if columns % 2 == 0 { ("5", "TOKEN") } else { ("2", "CODE") };
        terminal.type_and_wait(screen.0, screen.1);
    }
}

#[tokio::test]
async fn questions_can_be_read_and_answered_in_a_small_terminal() {
    let (_world, terminal) = seeded().await;
    for (columns, rows) in [(80, 24), (50, 15)] {
        terminal.resize(columns, rows);
        for (screen, title, row, key, yes) in [
            ("2", "Device flows 1", SHOWN, "d", "y deny it"),
            ("4", "Subjects with live tokens 1", "lhcb:", "R", "Type lhcb:amara to go on"),
            ("5", "Live tokens 1", "lhcb:", "r", "y revoke it"),
        ] {
            terminal.type_and_wait(screen, title);
            terminal.type_keys("g");
            terminal.wait_until("the cursor is on the row", |view| view.is_on(row));
            terminal.type_keys(key);
            let view = terminal.wait_until("the question and its answers are in view", |view| {
                view.contains("┌") && view.contains("└") && view.asks()
            });
            assert!(view.contains(yes), "{view}");
            terminal.type_keys(ESC);
            terminal.wait_until("the question is withdrawn", |view| !view.asks());
        }
    }
}

#[tokio::test]
async fn the_help_names_every_key_in_a_terminal_of_the_usual_size() {
    let (_world, terminal) = seeded().await;
    for screen in ["2", "3", "4", "5"] {
        terminal.type_keys(screen);
        terminal.type_and_wait("?", "Keys on");
        let mut view = terminal.wait_for("To look");
        let mut seen = view.to_string();
        // What does not fit must come into view by going down.
        while view.contains("↓ more") {
            let before = inside(&view);
            terminal.type_keys(PAGE_DOWN);
            view = terminal.wait_until("the help goes on", |view| inside(view) != before);
            seen.push_str(&view.to_string());
        }
        for help in ["rows with: word", "next screen", "read everything anew", "leave"] {
            assert!(seen.contains(help), "{help:?} is nowhere in the help of screen {screen}:\n{seen}");
        }
        terminal.type_keys("?");
        terminal.wait_until("the help is closed", |view| !view.contains("Keys on"));
    }
}

/// The text of a dialog: around it the screen changes whatever is typed.
fn inside(view: &View) -> Vec<String> {
    view.rows().iter().filter_map(|row| row.split('│').nth(1)).map(str::to_owned).collect()
}

#[tokio::test]
async fn without_colour_the_chosen_row_is_still_marked() {
    let world = world().await;
    add_pending(&world, CODE, Duration::from_mins(1)).await;
    let terminal = Program::on(world.database.url()).with("NO_COLOR", "1").start_on_device_flows();
    terminal.wait_for(SHOWN);
    terminal.type_keys(DOWN);
    let view = terminal.wait_until("the cursor is on the row", |view| view.is_on(SHOWN));
    let (line, _) = view.selected().expect("it was awaited");
    assert!(view.is_inverse(line), "the row is not shown in reverse:\n{view}");
    for (screen, head) in [("3", "FLOW  "), ("4", "NO LONGER LIVE"), ("5", "TOKEN")] {
        terminal.type_and_wait(screen, head);
    }
    terminal.type_keys("q");
    let ended = terminal.exit().leaves_whole(0);
    let text = String::from_utf8(ended.output).expect("the program writes UTF-8");
    for sequence in text.split("\x1b[").skip(1) {
        let Some((attributes, _)) = sequence.split_once('m') else { continue };
        let is_colour = attributes.split(';').any(|code| COLOURS.contains(&code.parse().unwrap_or(0)));
        let is_attributes = attributes.chars().all(|letter| letter.is_ascii_digit() || letter == ';');
        assert!(!(is_attributes && is_colour), "a colour was set: {attributes:?}");
    }
}

/// Attributes that choose a colour; 39 and 49 go back to the terminal's own.
const COLOURS: [u8; 34] = [
    30, 31, 32, 33, 34, 35, 36, 37, 38, 40, 41, 42, 43, 44, 45, 46, 47, 48, 90, 91, 92, 93, 94, 95, 96, 97, 100, 101,
    102, 103, 104, 105, 106, 107,
];
