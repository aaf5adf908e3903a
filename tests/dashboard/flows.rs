//! Denying a device flow, cancelling an authorization flow, and why what has ended can be neither.

use std::time::Duration;

use authdb_tests::world::{AuthorizationFlowRow, DeviceFlowRow};

use crate::program::Program;
use crate::terminal::{DOWN, END};
use crate::{CODE, SHOWN, add_pending, dashboard, status, world};

#[tokio::test]
async fn a_pending_flow_is_denied() {
    let world = world().await;
    add_pending(&world, CODE, Duration::from_mins(1)).await;
    add_pending(&world, "ZXWVTSRQ", Duration::from_secs(1)).await;
    let terminal = dashboard(&world);
    terminal.type_keys(DOWN);
    terminal.wait_until("the cursor is on the most urgent flow", |view| view.is_on(SHOWN));
    terminal.type_and_wait("d", &format!("Deny {SHOWN}?"));
    terminal.type_keys("y");
    terminal.wait_for_sentence(&format!("{SHOWN} is denied."));
    terminal.wait_until("its row says so, and the cursor is still on it", |view| {
        view.is_on(SHOWN) && view.selected().is_some_and(|(_, row)| row.contains(" error "))
    });
    assert_eq!(status(&world, CODE).await.as_deref(), Some("ERROR"));
    assert_eq!(status(&world, "ZXWVTSRQ").await.as_deref(), Some("PENDING"));

    terminal.type_keys("d");
    terminal.wait_for_sentence(&format!("{SHOWN} has already ended in an error."));
    terminal.type_keys("q");
    terminal.exit().leaves_whole(0);
}

#[tokio::test]
async fn denying_an_approved_flow_names_who_was_approved() {
    let world = world().await;
    let id_token = Some(r#"{"sub": "bjorn"}"#);
    world.add_device_flow(DeviceFlowRow { code: CODE, status: "READY", id_token, ..DeviceFlowRow::default() }).await;
    let terminal = dashboard(&world);
    terminal.type_keys(DOWN);
    terminal.wait_until("the cursor is on the flow", |view| view.is_on(SHOWN));
    terminal.type_keys("d");
    terminal
        .wait_for_sentence(&format!("{SHOWN} has been approved for bjorn, but its tokens have not been fetched yet."));
    terminal.type_keys("y");
    terminal.wait_for_sentence(&format!("{SHOWN} is denied."));
    assert_eq!(status(&world, CODE).await.as_deref(), Some("ERROR"));
}

#[tokio::test]
async fn a_flow_that_is_done_is_not_denied() {
    let world = world().await;
    world.add_device_flow(DeviceFlowRow { code: CODE, status: "DONE", ..DeviceFlowRow::default() }).await;
    let terminal = dashboard(&world);
    terminal.type_keys("d");
    terminal.wait_for_sentence("Choose a row first");
    terminal.type_keys(DOWN);
    terminal.wait_until("the cursor is on the flow", |view| view.is_on(SHOWN));
    terminal.type_keys("d");
    let view = terminal.wait_for_sentence(&format!("{SHOWN} is done: its tokens have been issued."));
    assert!(!view.asks(), "{view}");
    assert_eq!(status(&world, CODE).await.as_deref(), Some("DONE"));
}

/// Between the question and the answer somebody else ends the flow: the database decides, and its answer is told.
#[tokio::test]
async fn a_flow_that_ends_while_the_question_stands_is_not_denied() {
    let world = world().await;
    add_pending(&world, CODE, Duration::from_mins(1)).await;
    let terminal = dashboard(&world);
    terminal.type_keys(DOWN);
    terminal.wait_until("the cursor is on the flow", |view| view.is_on(SHOWN));
    terminal.type_and_wait("d", &format!("Deny {SHOWN}?"));
    world.execute("UPDATE DeviceFlows SET Status = 'DONE'").await;
    terminal.type_keys("y");
    terminal.wait_for_sentence(&format!("Nothing was changed: the code {SHOWN} is already DONE"));
    assert_eq!(status(&world, CODE).await.as_deref(), Some("DONE"));
}

#[tokio::test]
async fn an_authorization_flow_is_cancelled() {
    let world = world().await;
    let urgent = AuthorizationFlowRow { age: Duration::from_mins(4), ..AuthorizationFlowRow::default() };
    let id = world.add_authorization_flow(urgent).await;
    let done = AuthorizationFlowRow { age: Duration::from_mins(2), status: "DONE", ..AuthorizationFlowRow::default() };
    let done = world.add_authorization_flow(done).await;
    let terminal = Program::on(world.database.url()).size(120, 30).start();
    terminal.type_and_wait("3", &id.to_string());
    terminal.type_keys(DOWN);
    terminal.wait_until("the cursor is on the pending flow", |view| view.is_on(&id.to_string()));
    terminal.type_and_wait("c", "Cancel this authorization flow?");
    terminal.wait_for(&format!("Flow {id}"));
    terminal.type_keys("y");
    terminal.wait_for_sentence("The authorization flow is cancelled.");
    terminal.wait_until("its row says so", |view| {
        view.row_with(&format!("{id} error")).is_some() && view.row_with(&format!("{done} done")).is_some()
    });
    assert_eq!(world.column("SELECT Status FROM AuthorizationFlows ORDER BY UUID").await, ["ERROR", "DONE"]);

    for (flow, reason) in [(&id, "has already ended in an error"), (&done, "is done: its tokens have been issued")] {
        terminal.type_keys(END);
        terminal.wait_until("the cursor is on the last row", |view| view.selected().is_some());
        if !terminal.wait_for("FLOW").is_on(&flow.to_string()) {
            terminal.type_keys("g");
        }
        terminal.wait_until("the cursor is on the flow", |view| view.is_on(&flow.to_string()));
        terminal.type_keys("c");
        terminal.wait_for_sentence(&format!("This flow {reason}"));
    }
    terminal.type_keys("q");
    terminal.exit().leaves_whole(0);
}
