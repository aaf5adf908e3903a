//! Ways out: whichever is taken, the terminal is whole afterwards and the status says how it went.

use std::time::Duration;

use authdb_tests::{Engine, World};
use rustix::process::Signal;

use crate::program::Program;
use crate::terminal::{CONTROL_C, DOWN, ENTER, Terminal};
use crate::{CODE, SHOWN, TableLock, add_pending, dashboard, dashboard_that_waits, status, world};

async fn with_a_row() -> (World, Terminal) {
    let world = world().await;
    add_pending(&world, CODE, Duration::from_mins(1)).await;
    let terminal = dashboard(&world);
    terminal.type_keys(DOWN);
    terminal.wait_until("the cursor is on the row", |view| view.is_on(SHOWN));
    (world, terminal)
}

#[tokio::test]
async fn q_and_control_c_leave() {
    for key in ["q", CONTROL_C] {
        let (_world, terminal) = with_a_row().await;
        terminal.type_keys(key);
        let ended = terminal.exit().leaves_whole(0);
        assert!(ended.view.rows().iter().all(String::is_empty), "something is left on the screen:\n{}", ended.view);
        ended.leaves_no_files();
    }
}

/// Who confirms and leaves at once has confirmed: what was promised is done before the program ends.
#[tokio::test]
async fn a_confirmed_change_is_carried_out_even_if_the_admin_leaves_at_once() {
    let leave: [fn(&Terminal); 3] = [
        |terminal| terminal.type_keys("q"),
        |terminal| terminal.signal(Signal::TERM),
        |terminal| terminal.signal(Signal::HUP),
    ];
    for leave in leave {
        let world = World::create(Engine::MariaDb).await;
        add_pending(&world, CODE, Duration::from_mins(1)).await;
        let terminal = dashboard_that_waits(&world);
        terminal.type_keys(DOWN);
        terminal.wait_until("the cursor is on the row", |view| view.is_on(SHOWN));
        terminal.type_and_wait("d", &format!("Deny {SHOWN}?"));
        let lock = TableLock::take(&world).await;
        terminal.type_keys("y");
        terminal.wait_until("the question is answered", |view| !view.asks());
        leave(&terminal);
        terminal.wait_for_sentence("Leaving as soon as the change is done.");
        lock.release().await;
        let ended = terminal.exit().leaves_whole(0);
        assert!(ended.view.contains(&format!("{SHOWN} is denied.")), "{}", ended.view);
        assert_eq!(status(&world, CODE).await.as_deref(), Some("ERROR"));
    }
}

/// The line breaks while three codes are denied. Whoever said yes cannot be told any more; the journal can.
#[tokio::test]
async fn a_confirmed_change_is_made_whole_and_journalled_although_the_terminal_goes_away() {
    let world = World::create(Engine::MariaDb).await;
    world.db.create_ledger(&world.permit).await.expect("the journal is made");
    for code in [CODE, "CCCCCCCC", "DDDDDDDD"] {
        add_pending(&world, code, Duration::from_mins(1)).await;
    }
    let mut terminal = dashboard_that_waits(&world);
    terminal.type_and_wait("*", "3 marked");
    terminal.type_and_wait("d", "Type 3 to go on");
    let lock = TableLock::take(&world).await;
    terminal.type_keys(&format!("3{ENTER}"));
    terminal.wait_for("0 of 3 device flows");
    terminal.hang_up();
    lock.release().await;
    let status = terminal.status();
    assert_eq!((status.signal(), status.exit_code()), (None, 1), "it says that its terminal failed, to nobody");
    assert_eq!(world.number("SELECT COUNT(*) FROM DeviceFlows WHERE Status = 'ERROR'").await, 3);
    assert_eq!(world.number("SELECT COUNT(*) FROM AdminActions WHERE Action = 'deny'").await, 3);
}

#[tokio::test]
async fn signals_end_the_program_in_good_order() {
    for signal in [Signal::TERM, Signal::HUP] {
        let (_world, terminal) = with_a_row().await;
        terminal.signal(signal);
        terminal.exit().leaves_whole(0).leaves_no_files();
    }
}

#[tokio::test]
async fn a_signal_ends_the_program_while_a_field_is_typed_into() {
    let (_world, terminal) = with_a_row().await;
    terminal.type_and_wait("a", "Code that the user reads out");
    terminal.type_keys("bcd");
    terminal.wait_for("bcd");
    // The cursor is visible now, and stays so.
    terminal.signal(Signal::TERM);
    terminal.exit().leaves_whole(0);
}

/// In a field the letter is a letter; only Ctrl-C leaves.
#[tokio::test]
async fn q_in_a_field_is_a_letter() {
    let (_world, terminal) = with_a_row().await;
    terminal.type_and_wait("a", "Code that the user reads out");
    terminal.type_and_wait("q", "reads out: q");
    terminal.type_keys(CONTROL_C);
    terminal.exit().leaves_whole(0);
}

#[tokio::test]
async fn the_program_survives_being_stopped_and_continued() {
    let (world, terminal) = with_a_row().await;
    terminal.signal(Signal::STOP);
    add_pending(&world, "ZXWVTSRQ", Duration::from_mins(2)).await;
    terminal.signal(Signal::CONT);
    terminal.wait_for("ZXWV-TSRQ");
    terminal.type_keys("q");
    terminal.exit().leaves_whole(0);
}

#[tokio::test]
async fn control_z_gives_the_terminal_back_until_the_shell_goes_on() {
    let world = world().await;
    add_pending(&world, CODE, Duration::from_mins(1)).await;
    let terminal = Program::on(world.database.url()).start_in_shell();
    terminal.wait_until("the screens are there", |view| view.contains("2 Device"));
    terminal.type_and_wait("2", SHOWN);
    terminal.type_keys("\x1a");
    terminal.wait_for_line("[1]+  Stopped");
    terminal.type_keys("echo the shell lives\r");
    terminal.wait_for_line("the shell lives");
    add_pending(&world, "ZXWVTSRQ", Duration::from_mins(2)).await;
    terminal.type_keys("fg\r");
    terminal.wait_until("everything is drawn and read anew", |view| view.contains(SHOWN) && view.contains("ZXWV-TSRQ"));
    terminal.type_keys("q");
    terminal.wait_for_line("[1]+  Stopped");
    terminal.type_keys("exit\r");
    terminal.exit().leaves_whole(0);
}

#[test]
fn help_and_version_need_no_terminal_and_no_database() {
    let help = Program::authdb().arguments(&["--help"]).pipe();
    let text = String::from_utf8_lossy(&help.stdout).into_owned();
    for word in ["demo", "init", "--read-only", "--config", "DIRACX_DB_URL_AUTHDB"] {
        assert!(text.contains(word), "{word} is not explained:\n{text}");
    }
    let version = Program::authdb().arguments(&["--version"]).pipe();
    assert!((help.status.success() && version.status.success()) && version.stdout.starts_with(b"authdb "));
}
