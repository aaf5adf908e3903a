//! What reaches the clipboard of the terminal.

use std::time::Duration;

use crate::terminal::DOWN;
use crate::{CODE, SHOWN, add_pending, dashboard, world};

/// `BCDF-GHJK` as a terminal is told to take it into its clipboard: OSC 52, in base64.
const SEQUENCE: &[u8] = b"\x1b]52;c;QkNERi1HSEpL\x1b\\";

#[tokio::test]
async fn the_key_of_a_row_reaches_the_clipboard_of_the_terminal() {
    let world = world().await;
    add_pending(&world, CODE, Duration::from_secs(5)).await;
    let terminal = dashboard(&world);
    terminal.type_keys(DOWN);
    terminal.wait_until("the cursor is on the row", |view| view.is_on(SHOWN));
    terminal.type_keys("y");
    terminal.wait_for_sentence("Copied 1 key to the terminal's clipboard.");
    terminal.type_keys("q");
    let ended = terminal.exit();
    assert!(ended.output.windows(SEQUENCE.len()).any(|part| part == SEQUENCE), "{:?}", ended.output);
    ended.leaves_whole(0);
}

/// As a terminal sends it that was asked to tell a paste from keys.
fn pasted(text: &str) -> String {
    format!("\x1b[200~{text}\x1b[201~")
}

#[tokio::test]
async fn a_paste_is_no_command_but_the_text_of_a_field() {
    let world = world().await;
    add_pending(&world, CODE, Duration::from_secs(5)).await;
    let terminal = dashboard(&world);
    terminal.type_keys(DOWN);
    terminal.wait_until("the cursor is on the row", |view| view.is_on(SHOWN));
    terminal.type_keys(&pasted("deny yes"));
    terminal.wait_for_sentence("What is pasted is no command: it is taken in fields only.");
    terminal.type_keys("/");
    terminal.type_keys(&pasted("no such code\n"));
    terminal.wait_for("no such code");
    assert_eq!(world.column("SELECT Status FROM DeviceFlows").await, ["PENDING"]);
    terminal.type_keys("\r");
    terminal.wait_for("q quit");
    terminal.type_keys("q");
    terminal.exit().leaves_whole(0);
}
