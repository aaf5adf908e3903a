//! The demo, as somebody tries it who has just cloned the repository.

use crate::program::Program;
use crate::terminal::{DOWN, ENTER, TAB, Terminal};

fn demo() -> Terminal {
    let terminal = Program::authdb().arguments(&["demo"]).size(120, 40).start_on_device_flows();
    terminal.wait_until("the flows are read", |view| view.contains("CODE") && view.contains(" pending "));
    terminal
}

/// The code of the pending flow that has the most time left of those that nobody completes at the identity provider, and
/// its VO.
fn youngest_pending(terminal: &Terminal) -> (String, String) {
    let is_young = |row: &String| {
        let minutes = row.split_whitespace().find_map(|cell| cell.split_once('m')?.0.parse::<u32>().ok());
        minutes.is_some_and(|left| left >= 5)
    };
    let is_meant = |row: &String| row.contains(" pending ") && row.contains(" diracx-cli ") && is_young(row);
    let view = terminal.wait_until("somebody needs the help desk", |view| view.rows().iter().any(is_meant));
    let row = view.rows().into_iter().rfind(is_meant).expect("it was awaited");
    // The bar of the time left is no field.
    let cells: Vec<&str> = row.split_whitespace().filter(|cell| cell.contains(char::is_alphanumeric)).collect();
    let [code, "pending", _left, _age, _client, vo, ..] = cells.as_slice() else { panic!("no flow: {row}") };
    ((*code).to_owned(), (*vo).to_owned())
}

#[test]
fn an_approved_code_becomes_a_token_that_can_be_revoked() {
    let terminal = demo();
    let (code, vo) = youngest_pending(&terminal);
    assert_eq!((code.len(), code.find('-')), (9, Some(4)), "{code}");

    terminal.type_and_wait("a", "Code that the user reads out");
    terminal.type_keys(&code.to_lowercase());
    terminal.type_and_wait(ENTER, "Subject, without the VO");
    terminal.type_keys("e2e.tester");
    terminal.type_and_wait(ENTER, "User name (may stay empty)");
    terminal.type_keys(ENTER);
    // Nobody of that name is in the demo's registry.
    terminal.wait_for_sentence(&format!("Type {vo}:e2e.tester to insist"));
    terminal.type_keys(&format!("{vo}:e2e.tester"));
    terminal.type_keys(ENTER);
    terminal.wait_for_sentence(&format!("Whoever holds this code is logged in as {vo}:e2e.tester."));
    terminal.type_keys("y");
    terminal.wait_for_sentence(&format!("{code} is approved for {vo}:e2e.tester."));
    terminal.wait_until("the client has fetched its tokens", |view| {
        view.row_with(&code).is_some_and(|row| row.contains(" done ") && row.contains("e2e.tester"))
    });

    let subject = format!("{vo}:e2e.tester");
    terminal.type_and_wait("5", "Live tokens");
    terminal.type_keys("/e2e.tester");
    terminal.wait_until("the filter has found the token", |view| {
        view.contains("/ e2e.tester")
            && view.row_with(&subject).is_some_and(|row| row.contains(" live "))
            && view.contains("Live tokens 1 ")
    });
    terminal.type_and_wait(ENTER, "r revoke");
    terminal.type_keys(DOWN);
    terminal.wait_until("the cursor is on the token", |view| view.is_on(&subject));
    terminal.type_and_wait("r", &format!("Revoke one token of {subject}?"));
    terminal.type_keys("y");
    terminal.wait_for_sentence(&format!("One token of {subject} is revoked."));
    terminal.wait_for("no row matches the filter");

    terminal.type_keys("q");
    terminal.exit().leaves_whole(0).leaves_no_files();
}

#[test]
fn every_screen_is_reached_by_its_digit_and_by_tab() {
    let terminal = demo();
    // The heads of columns that only one screen has.
    let heads = ["CODE  ", "FLOW  ", "NO LONGER LIVE", "TOKEN"];
    for (digit, head) in ["2", "3", "4", "5"].into_iter().zip(heads) {
        terminal.type_keys(digit);
        terminal.wait_until("the screen of the digit is shown, with rows", |view| {
            view.contains(head) && !view.contains("reading…") && view.contains("lhcb")
        });
    }
    // What only these say, whatever they have found; the journal of the demo begins with its own making.
    let screens =
        ["Next roll", "Runs, the newest first", "chain of 1 action verified", "Subjects with most live tokens"];
    for (digit, said) in ["6", "7", "8", "1"].into_iter().zip(screens) {
        terminal.type_and_wait(digit, said);
    }
    for said in heads.into_iter().chain(screens) {
        terminal.type_and_wait(TAB, said);
    }
    terminal.type_keys("q");
    terminal.exit().leaves_whole(0);
}

#[test]
fn the_installation_moves() {
    let terminal = demo();
    let before = terminal.wait_for("Device flows").rows()[3..].to_vec();
    let codes = |rows: &[String]| -> Vec<String> {
        let words = rows.iter().flat_map(|row| row.split_whitespace().take(2).map(str::to_owned).collect::<Vec<_>>());
        words.collect()
    };
    // Codes and states, without the seconds that count down by themselves.
    terminal.wait_until("a flow has come or changed", |view| codes(&view.rows()[3..]) != codes(&before));
    terminal.type_keys("q");
    terminal.exit().leaves_whole(0);
}

#[test]
fn a_demo_that_is_ended_from_outside_leaves_nothing_behind() {
    let terminal = demo();
    terminal.signal(rustix::process::Signal::TERM);
    terminal.exit().leaves_whole(0).leaves_no_files();
}

#[test]
fn a_read_only_demo_can_be_looked_at() {
    let terminal = Program::authdb().arguments(&["demo", "--read-only"]).start_on_device_flows();
    terminal.wait_until("the flows are read", |view| view.contains(" pending ") && view.contains("READ-ONLY"));
    terminal.type_keys("q");
    terminal.exit().leaves_whole(0).leaves_no_files();
}
