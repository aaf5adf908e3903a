//! A server that dies, or falls silent, under an open dashboard: what was read stays, keys go on working, and it comes
//! back by itself.

use authdb_shared::clock;
use authdb_tests::world::{key_at, on_engines, servers};
use authdb_tests::{Flavour, Server, TestDatabase};

use crate::program::Program;
use crate::terminal::{DOWN, ESC, Terminal};
use crate::view::View;

const LOST: &str = "DATABASE LOST";

/// A code for each round, so that a fresh row can be told from a remembered one.
const FIRST: (&str, &str) = ("BBBBBBBB", "BBBB-BBBB");
const SECOND: (&str, &str) = ("CCCCCCCC", "CCCC-CCCC");
const THIRD: (&str, &str) = ("DDDDDDDD", "DDDD-DDDD");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_server_is_told_and_comes_back_by_itself() {
    on_engines(servers(), |engine| async move {
        let flavour = engine.flavour().expect("a server has a flavour");
        lose_and_find(flavour).await;
    })
    .await;
}

async fn lose_and_find(flavour: Flavour) {
    let starting = tokio::task::spawn_blocking(move || Server::start(flavour));
    let mut server = starting.await.expect("starting a server gives errors").expect("the server starts");
    let database = TestDatabase::create_on(&server).await.expect("a database is made");
    create_tables(database.url());
    add_flow(&database, FIRST.0).await;
    let statement = format!(
        "INSERT INTO RefreshTokens (JTI, Scope, Sub) VALUES ('{}', 'vo:lhcb group:lhcb_user', 'lhcb:amara')",
        key_at(clock::host_now())
    );
    database.execute(&statement).await.expect("a token is written");

    let terminal = Program::on(database.url())
        .with("AUTHDB_DATABASE_CONNECT_TIMEOUT", "1s")
        .with("AUTHDB_DATABASE_STATEMENT_TIMEOUT", "1s")
        .with("AUTHDB_DATABASE_LOCK_TIMEOUT", "1s")
        .start_on_device_flows();
    terminal.wait_for(FIRST.1);
    terminal.type_keys(DOWN);
    terminal.wait_until("the cursor is on the flow", |view| view.is_on(FIRST.1));
    visit_the_tokens(&terminal, |_| true);

    terminal.type_and_wait("d", &format!("Deny {}?", FIRST.1));
    server.kill().expect("the server can be killed");
    terminal.type_keys("y");
    terminal.wait_for_sentence("Nothing was changed: asking the database for its time: no connection to");
    terminal.wait_until("the loss is told, and so is what became of the change", |view| {
        view.contains(LOST) && view.contains("What was done") && view.says("not tried")
    });
    terminal.type_keys(ESC);
    terminal.wait_until("the rows have stayed", |view| view.contains(LOST) && view.is_on(FIRST.1));
    visit_the_tokens(&terminal, |view| view.contains(LOST));
    terminal.type_keys("d");
    terminal.wait_for_sentence("The database does not answer. Wait until it is back.");

    tokio::task::block_in_place(|| server.restart()).expect("the server starts again");
    add_flow(&database, SECOND.0).await;
    terminal.wait_until("fresh rows are shown, and the cursor has stayed", |view| {
        !view.contains(LOST) && view.contains(SECOND.1) && view.is_on(FIRST.1)
    });

    server.suspend().expect("the server can be suspended");
    visit_the_tokens(&terminal, |_| true);
    terminal.wait_until("the silence is told", |view| view.contains(LOST) && view.is_on(FIRST.1));
    server.resume().expect("the server can go on");
    add_flow(&database, THIRD.0).await;
    terminal.wait_until("fresh rows are shown", |view| !view.contains(LOST) && view.contains(THIRD.1));

    // One that is lost for good does not hold the admin up.
    server.kill().expect("the server can be killed");
    terminal.wait_for(LOST);
    terminal.type_keys("q");
    let ended = terminal.exit().leaves_whole(0);
    let password = database.url().split(['@', ':']).nth(2).expect("the URL has a password");
    assert!(!crate::terminal::contains(&ended.output, password.as_bytes()), "the password was shown");
}

fn create_tables(url: &str) {
    let ended = Program::on(url).arguments(&["init"]).start().exit().never_took_over(0);
    assert!(ended.view.says("now holds DiracX's tables"), "{}", ended.view);
}

async fn add_flow(database: &TestDatabase, code: &str) {
    let statement = format!(
        "INSERT INTO DeviceFlows (UserCode, ClientID, Scope, DeviceCode) \
         VALUES ('{code}', 'myDIRACClientID', 'vo:lhcb group:lhcb_user', 'digest of {code}')"
    );
    // The first connections after a restart are those that have died with the server.
    for _ in 0..10 {
        if database.execute(&statement).await.is_ok() {
            return;
        }
    }
    database.execute(&statement).await.expect("a flow is written");
}

/// Switches to another screen and back, which no loss may hinder.
fn visit_the_tokens(terminal: &Terminal, holds: impl Fn(&View) -> bool) {
    terminal.type_keys("5");
    terminal.wait_until("the tokens are shown", |view| view.contains("lhcb:amara") && holds(view));
    terminal.type_keys("2");
    terminal.wait_until("the flows are shown", |view| view.is_on(FIRST.1) && holds(view));
}
