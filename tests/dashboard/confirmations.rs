//! Questions: the key that asks never answers, and neither does any key that is pressed by habit.

use std::time::Duration;

use authdb_tests::World;
use authdb_tests::world::AuthorizationFlowRow;

use crate::terminal::{CONTROL_C, DOWN, ENTER, ESC, Terminal};
use crate::view::View;
use crate::{CODE, SHOWN, add_pending, dashboard, status, world};

const SUBJECT: &str = "lhcb:amara";

/// A world with one row of each kind, and the dashboard on it.
async fn seeded() -> (World, Terminal) {
    let world = world().await;
    add_pending(&world, CODE, Duration::from_secs(30)).await;
    world.add_authorization_flow(AuthorizationFlowRow::default()).await;
    world.add_token("CREATED", SUBJECT, Duration::from_mins(1)).await;
    world.add_token("CREATED", SUBJECT, Duration::from_mins(2)).await;
    let terminal = dashboard(&world);
    (world, terminal)
}

/// Everything that a key could have changed.
async fn statuses(world: &World) -> Vec<String> {
    world
        .column(
            "SELECT Status FROM DeviceFlows UNION ALL SELECT Status FROM AuthorizationFlows \
             UNION ALL SELECT Status FROM RefreshTokens",
        )
        .await
}

/// Shows a screen, puts the cursor on its first row, and presses the key that asks.
fn ask(terminal: &Terminal, screen: &str, head: &str, key: &str) {
    terminal.type_keys(screen);
    terminal.wait_until("its rows are shown", |view| view.contains(head) && !view.contains("reading…"));
    terminal.type_keys(DOWN);
    terminal.wait_until("the cursor is on a row", |view| view.selected().is_some());
    terminal.type_keys(key);
    terminal.wait_until("a question is asked", View::asks);
}

/// The screens with their heads, and the keys that ask on them.
const QUESTIONS: [(&str, &str, &str); 5] = [
    ("2", "CODE  ", "d"),
    ("3", "FLOW  ", "c"),
    ("4", "NO LONGER LIVE", "R"),
    ("5", "TOKEN", "r"),
    ("5", "TOKEN", "R"),
];

#[tokio::test]
async fn neither_the_key_that_asks_nor_enter_confirms() {
    let (world, terminal) = seeded().await;
    let before = statuses(&world).await;
    for (screen, head, key) in QUESTIONS {
        ask(&terminal, screen, head, key);
        // Were one of these a yes, the dialog would be gone, and Enter or Esc would leave the screen or the row.
        terminal.type_keys(&format!("{key}{key}{ENTER} Y\t"));
        terminal.type_keys(ESC);
        let view = terminal.wait_until("the question is withdrawn", |view| !view.asks());
        assert!(view.selected().is_some() && view.contains(head), "the row stays chosen:\n{view}");
        assert!(!view.contains("revoked") && !view.contains("ERROR") && !view.contains("denied"), "{view}");
    }
    assert_eq!(statuses(&world).await, before);
    terminal.type_keys("q");
    terminal.exit().leaves_whole(0);
    assert_eq!(statuses(&world).await, before);
}

#[tokio::test]
async fn no_and_q_withdraw_the_question_and_stay_in_the_program() {
    let (world, terminal) = seeded().await;
    let before = statuses(&world).await;
    for no in ["n", "q"] {
        ask(&terminal, "5", "TOKEN", "r");
        terminal.type_keys(no);
        terminal.wait_until("the question is withdrawn", |view| !view.asks() && view.is_on(SUBJECT));
    }
    assert_eq!(statuses(&world).await, before);
}

/// Over a slow line, Esc and the next key arrive together, and mean Alt and that key to a terminal program.
#[tokio::test]
async fn escape_and_y_in_one_breath_is_no_yes() {
    let (world, terminal) = seeded().await;
    ask(&terminal, "2", "CODE  ", "d");
    terminal.type_keys("\x1by");
    // Ctrl-Y is no y either.
    terminal.type_keys("\x19");
    terminal.type_keys("n");
    terminal.wait_until("the question is withdrawn", |view| !view.asks());
    // Had the flow been denied, this would be refused instead of asked.
    terminal.type_and_wait("d", &format!("Deny {SHOWN}?"));
    assert_eq!(status(&world, CODE).await.as_deref(), Some("PENDING"));
}

#[tokio::test]
async fn a_question_keeps_its_target_while_rows_come_and_go() {
    let (world, terminal) = seeded().await;
    ask(&terminal, "2", "CODE  ", "d");
    // More urgent ones, which the list shows above.
    for code in ["CCCCCCCC", "DDDDDDDD", "FFFFFFFF"] {
        add_pending(&world, code, Duration::from_mins(9)).await;
    }
    terminal.wait_for("Device flows 4");
    terminal.type_keys("y");
    terminal.wait_for_sentence(&format!("{SHOWN} is denied."));
    assert_eq!(status(&world, CODE).await.as_deref(), Some("ERROR"));
    let pending = world.number("SELECT COUNT(*) FROM DeviceFlows WHERE Status = 'PENDING'").await;
    assert_eq!(pending, 3);
}

#[tokio::test]
async fn control_c_leaves_from_within_a_question() {
    let (world, terminal) = seeded().await;
    let before = statuses(&world).await;
    ask(&terminal, "4", "NO LONGER LIVE", "R");
    terminal.type_keys(CONTROL_C);
    terminal.exit().leaves_whole(0);
    assert_eq!(statuses(&world).await, before);
}
