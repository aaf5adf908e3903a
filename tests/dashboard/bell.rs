//! The bell of the terminal.

use std::time::Duration;

use crate::program::Program;
use crate::terminal::contains;
use crate::{CODE, add_pending, world};

const BELL: &[u8] = b"\x07";

/// Everything the dashboard wrote while a code came in front of it.
async fn output_while_a_code_comes(bell: &'static str) -> Vec<u8> {
    let world = world().await;
    add_pending(&world, "CCCCCCCC", Duration::from_secs(5)).await;
    let program = Program::on(world.database.url()).with("AUTHDB_DASHBOARD_BELL", bell);
    let terminal = program.start_on_device_flows();
    terminal.wait_for("CCCC-CCCC");
    add_pending(&world, CODE, Duration::from_secs(1)).await;
    terminal.wait_for("+ 1 new; n goes there");
    terminal.type_keys("q");
    terminal.exit().leaves_whole(0).output
}

#[tokio::test]
async fn the_bell_rings_for_a_new_code_only_where_it_is_wanted() {
    assert!(contains(&output_while_a_code_comes("true").await, BELL));
    assert!(!contains(&output_while_a_code_comes("false").await, BELL));
}
