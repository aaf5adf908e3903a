//! What an export leaves in the folder that the program was started in.

use std::fs;
use std::time::Duration;

use crate::program::Program;
use crate::terminal::ENTER;
use crate::{CODE, SHOWN, add_pending, world};

/// Takes the whole line out of a field.
const CONTROL_U: &str = "\x15";

#[tokio::test]
async fn what_is_shown_is_written_to_a_file_and_an_older_file_stays_as_it_is() {
    let world = world().await;
    add_pending(&world, CODE, Duration::from_secs(5)).await;
    let program = Program::on(world.database.url()).file("taken.csv", "precious");
    let work = program.work();
    let terminal = program.start_on_device_flows();
    terminal.wait_for(SHOWN);
    terminal.type_and_wait("e", "Export 1 row");
    terminal.type_keys(CONTROL_U);
    terminal.type_keys("taken.csv");
    terminal.type_keys(ENTER);
    terminal.wait_for_sentence("exists already, and nothing is ever overwritten.");
    terminal.type_keys(CONTROL_U);
    terminal.type_keys("flows.jsonl");
    terminal.type_keys(ENTER);
    terminal.wait_for_sentence("1 row exported to");
    let line = fs::read_to_string(work.join("flows.jsonl")).expect("the file is there");
    assert!(line.starts_with(&format!("{{\"code\":\"{SHOWN}\",")) && line.ends_with("}\n"), "{line}");
    assert_eq!(fs::read_to_string(work.join("taken.csv")).expect("it is still there"), "precious");
    assert_eq!(fs::read_dir(&work).expect("the folder is there").count(), 2, "no temporary file is left");
    terminal.type_keys("q");
    terminal.exit().leaves_whole(0);
}
