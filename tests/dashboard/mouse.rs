//! The mouse, as a terminal reports it: off until it is asked for, and given back at the end and in between. That a panic
//! gives it back is told by `panics`.

use std::time::Duration;

use crate::program::Program;
use crate::terminal::ESC;
use crate::{CODE, SHOWN, add_pending, dashboard, status, world};

const OTHER: &str = "ZXWVTSRQ";
const OTHER_SHOWN: &str = "ZXWV-TSRQ";

#[tokio::test]
async fn one_key_takes_the_mouse_and_gives_it_back() {
    let world = world().await;
    add_pending(&world, CODE, Duration::from_mins(1)).await;
    add_pending(&world, OTHER, Duration::from_mins(2)).await;
    world.add_token("CREATED", "lhcb:amara", Duration::from_mins(1)).await;
    let terminal = dashboard(&world);
    terminal.wait_for(OTHER_SHOWN);
    assert!(!terminal.has_given_the_mouse(), "text can be selected");
    terminal.type_keys("M");
    terminal.wait_for_sentence("M leaves it to the terminal, to select text.");
    assert!(terminal.has_given_the_mouse());

    terminal.click_on(OTHER_SHOWN);
    terminal.wait_until("the row is chosen", |view| view.is_on(OTHER_SHOWN));
    terminal.type_keys("\x1b[<65;10;6M");
    terminal.wait_until("the wheel moves on", |view| view.is_on(SHOWN));
    terminal.click_on(SHOWN);
    terminal.wait_for("Device flows: one row");
    terminal.type_keys(ESC);
    terminal.wait_until("the details are closed", |view| !view.contains("one row"));
    terminal.click_on("CODE");
    terminal.wait_for("CODE↑");

    terminal.type_and_wait("d", &format!("Deny {SHOWN}?"));
    terminal.click_on("leave everything as it is");
    terminal.click_on("y deny it");
    terminal.type_keys(ESC);
    terminal.wait_until("no click was an answer", |view| !view.asks() && view.is_on(SHOWN));
    assert_eq!(status(&world, CODE).await.as_deref(), Some("PENDING"));

    terminal.resize(1, 1);
    terminal.click(0, 0);
    terminal.resize(80, 24);
    terminal.click_on("5 Tok");
    terminal.wait_for("lhcb:amara");
    terminal.type_keys("M");
    terminal.wait_for_sentence("The mouse is the terminal's again");
    assert!(!terminal.has_given_the_mouse());
}

#[tokio::test]
async fn the_mouse_is_given_back_at_the_end_and_while_the_program_is_stopped() {
    let world = world().await;
    let program = Program::on(world.database.url()).with("AUTHDB_DASHBOARD_MOUSE", "true");
    let terminal = program.start_in_shell();
    terminal.wait_for("Alarms");
    assert!(terminal.has_given_the_mouse());
    terminal.type_keys("\x1a");
    terminal.wait_for_line("[1]+  Stopped");
    assert!(!terminal.has_given_the_mouse(), "the shell's terminal selects text");
    terminal.type_keys("fg\r");
    terminal.wait_for("Alarms");
    assert!(terminal.has_given_the_mouse());
    terminal.type_keys("q");
    terminal.wait_for_line("[1]+  Stopped");
    assert!(!terminal.has_given_the_mouse());
    terminal.type_keys("exit\r");
    terminal.exit().leaves_whole(0);
}
