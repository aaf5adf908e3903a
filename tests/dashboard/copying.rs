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
