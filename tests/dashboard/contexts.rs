//! Several databases under one dashboard: going from one to another, and what tells production from the rest.

use std::time::Duration;

use authdb_tests::world::on_engines;
use authdb_tests::{Engine, World, engines};

use crate::program::Program;
use crate::terminal::{DOWN, END, ENTER, ESC, Terminal, contains};
use crate::{CODE, SHOWN, add_pending, status, world};

const PASSWORD: &str = "hunter2";
/// The code in the other database.
const OTHER: &str = "ZXWVTSRQ";
const OTHER_SHOWN: &str = "ZXWV-TSRQ";

/// The dashboard on a database in a file, from which two others can be reached, or only tried.
fn on_contexts(first: &World, second: &World) -> Program {
    let config = format!(
        "[database]\nurl = \"{}\"\n[dashboard]\nrefresh_interval = \"200ms\"\n[contexts.production]\nurl = \"{}\"\n\
         production = true\nread_only = true\n[contexts.gone]\nurl = \"mysql://operator:{PASSWORD}@127.0.0.1:1/AuthDB\"\n",
        first.database.url(),
        second.database.url(),
    );
    Program::authdb().file("config.toml", &config)
}

fn choose(terminal: &Terminal, row: &str) {
    terminal.wait_for(row);
    terminal.type_keys("g");
    terminal.wait_until("the cursor is on the row", |view| view.is_on(row));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_dashboard_goes_from_one_database_to_another_and_takes_nothing_along() {
    // Each engine is left once and entered once.
    on_engines(engines(), |from| go_and_come_back(from, after(from))).await;
}

/// The engine that stands behind another, around the end.
fn after(engine: Engine) -> Engine {
    let engines = engines();
    let place = engines.iter().position(|it| *it == engine).expect("it is one of them");
    engines[(place + 1) % engines.len()]
}

async fn go_and_come_back(from: Engine, to: Engine) {
    let (first, second) = (World::create(from).await, World::create(to).await);
    add_pending(&first, CODE, Duration::from_mins(1)).await;
    add_pending(&second, OTHER, Duration::from_mins(1)).await;
    let terminal = on_contexts(&first, &second).start_on_device_flows();
    choose(&terminal, SHOWN);
    terminal.type_and_wait(" ", "1 marked");

    terminal.type_and_wait("C", "Contexts");
    terminal.type_keys(END);
    terminal.type_keys(ENTER);
    terminal.wait_for_sentence("You are still in default. connecting: no connection to AuthDB at 127.0.0.1:1");
    terminal.type_keys(ESC);
    terminal.wait_until("everything is as it was", |view| {
        view.contains(SHOWN) && view.contains("1 marked") && !view.contains("Contexts")
    });

    terminal.type_and_wait("C", "Contexts");
    terminal.type_keys(DOWN);
    terminal.type_keys(ENTER);
    let view = terminal.wait_until("the rows of the other database are there", |view| view.contains(OTHER_SHOWN));
    let head = &view.rows()[0];
    assert!(head.contains("PRODUCTION production") && head.contains("READ-ONLY"), "{view}");
    assert!(!view.contains(SHOWN) && !view.contains("marked"), "{view}");
    choose(&terminal, OTHER_SHOWN);
    terminal.type_keys("d");
    terminal.wait_for_sentence("The context production is read-only.");

    terminal.type_and_wait("C", "Contexts");
    terminal.type_keys("g");
    terminal.type_keys(ENTER);
    terminal.wait_until("it is back", |view| view.contains(SHOWN) && !view.rows()[0].contains("READ-ONLY"));
    choose(&terminal, SHOWN);
    terminal.type_and_wait("d", &format!("Deny {SHOWN}?"));
    terminal.type_keys("y");
    terminal.wait_for_sentence(&format!("{SHOWN} is denied."));
    assert_eq!(status(&first, CODE).await.as_deref(), Some("ERROR"));
    assert_eq!(status(&second, OTHER).await.as_deref(), Some("PENDING"));
    terminal.type_keys("q");
    let ended = terminal.exit().leaves_whole(0);
    assert!(!contains(&ended.output, PASSWORD.as_bytes()), "the password was shown");
}

/// A server that takes the connection and says nothing.
#[tokio::test]
async fn the_database_in_use_stays_in_use_while_another_is_awaited() {
    let world = world().await;
    add_pending(&world, CODE, Duration::from_mins(2)).await;
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let port = silent.local_addr().expect("it is bound").port();
    let config = format!(
        "[database]\nurl = \"{}\"\n[dashboard]\nrefresh_interval = \"200ms\"\n\
         [contexts.silent]\nurl = \"mysql://operator@127.0.0.1:{port}/AuthDB\"\n",
        world.database.url()
    );
    let terminal = Program::authdb().file("config.toml", &config).start_on_device_flows();
    choose(&terminal, SHOWN);
    terminal.type_and_wait("C", "Contexts");
    terminal.type_keys(END);
    terminal.type_and_wait(ENTER, "Connecting to silent…");
    add_pending(&world, OTHER, Duration::from_mins(3)).await;
    terminal.wait_for(OTHER_SHOWN);
    terminal.type_keys(ESC);
    terminal.wait_until("it is not awaited any more", |view| !view.contains("Contexts") && view.is_on(SHOWN));
    terminal.type_and_wait("d", &format!("Deny {SHOWN}?"));
    terminal.type_keys("y");
    terminal.wait_for_sentence(&format!("{SHOWN} is denied."));
    terminal.type_keys("q");
    terminal.exit().leaves_whole(0);
}

#[tokio::test]
async fn production_is_told_by_its_head_and_takes_its_name() {
    let world = world().await;
    add_pending(&world, CODE, Duration::from_mins(1)).await;
    let config = format!("[contexts.lhcb]\nurl = \"{}\"\nproduction = true\n", world.database.url());
    let program = Program::authdb().file("config.toml", &config).arguments(&["--context", "lhcb"]);
    let terminal = program.start_on_device_flows();
    choose(&terminal, SHOWN);
    let view = terminal.type_and_wait("d", "Type lhcb to go on");
    assert!(view.rows()[0].contains("PRODUCTION lhcb"), "{view}");
    terminal.type_keys("y");
    terminal.type_keys(ENTER);
    terminal.wait_for_sentence("That is not lhcb, so nothing was done.");
    assert_eq!(status(&world, CODE).await.as_deref(), Some("PENDING"));
    terminal.type_keys("\x7flhcb");
    terminal.type_keys(ENTER);
    terminal.wait_for_sentence(&format!("{SHOWN} is denied."));
    assert_eq!(status(&world, CODE).await.as_deref(), Some("ERROR"));
}
