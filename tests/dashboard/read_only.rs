//! `--read-only`: everything can be looked at, nothing can be changed, and the program says so.

use std::time::Duration;

use authdb_tests::world::AuthorizationFlowRow;

use crate::program::Program;
use crate::terminal::DOWN;
use crate::{CODE, SHOWN, add_pending, world};

#[tokio::test]
async fn a_read_only_session_changes_nothing_and_says_why() {
    let world = world().await;
    add_pending(&world, CODE, Duration::from_mins(1)).await;
    let flow = world.add_authorization_flow(AuthorizationFlowRow::default()).await;
    world.add_token("CREATED", "lhcb:amara", Duration::from_mins(1)).await;
    let rows = "SELECT UserCode, Status, IDToken FROM DeviceFlows UNION ALL SELECT UUID, Status, IDToken \
                FROM AuthorizationFlows UNION ALL SELECT JTI, Status, Sub FROM RefreshTokens";
    let before = world.rows(rows).await;

    let terminal = Program::on(world.database.url()).arguments(&["--read-only"]).start_on_device_flows();
    terminal.wait_for(SHOWN);
    let tail = flow.to_string().chars().skip(24).collect::<String>();
    let keys = [("2", SHOWN, "ad"), ("3", tail.as_str(), "c"), ("4", "lhcb:amara", "R"), ("5", "lhcb:amara", "rR")];
    for (screen, row, keys) in keys {
        terminal.type_and_wait(screen, row);
        terminal.type_keys(DOWN);
        terminal.wait_until("the cursor is on the row", |view| view.is_on(row));
        for key in keys.chars() {
            terminal.type_keys(&key.to_string());
            let view = terminal.wait_for_sentence("This session is read-only. Start without --read-only to change");
            assert!(view.rows()[0].contains("READ-ONLY"), "{view}");
            assert!(!view.asks() && !view.contains("Approve a device code"), "{key} opens a dialog:\n{view}");
            // Moving about makes the message go, so that the next one is a new one.
            terminal.type_keys("k");
            terminal.wait_until("the message is gone", |view| !view.contains("This session is read-only"));
        }
    }
    terminal.type_keys("q");
    terminal.exit().leaves_whole(0);
    assert_eq!(world.rows(rows).await, before);
}

#[tokio::test]
async fn the_configuration_can_demand_it() {
    let world = world().await;
    let program = Program::on(world.database.url()).file("config.toml", "[dashboard]\nread_only = true\n");
    let terminal = program.start();
    terminal.wait_for("READ-ONLY");
}
