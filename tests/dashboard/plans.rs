//! Plans of several rows: the number that is their yes, work that is stopped between two of them, and the report.

use std::time::Duration;

use authdb_tests::{Engine, World};

use crate::terminal::{ENTER, ESC};
use crate::{TableLock, add_pending, dashboard, dashboard_that_waits, world};

const CODES: [&str; 3] = ["CCCCCCCC", "DDDDDDDD", "FFFFFFFF"];

async fn with_flows(world: &World) {
    for code in CODES {
        add_pending(world, code, Duration::from_mins(1)).await;
    }
}

async fn pending(world: &World) -> i64 {
    world.number("SELECT COUNT(*) FROM DeviceFlows WHERE Status = 'PENDING'").await
}

#[tokio::test]
async fn several_rows_take_their_number_and_are_reported_one_by_one() {
    let world = world().await;
    with_flows(&world).await;
    let terminal = dashboard(&world);
    terminal.type_and_wait("*", "3 marked");
    terminal.type_and_wait("d", "Deny 3 device flows?");
    terminal.type_keys(&format!("y{ENTER}"));
    terminal.wait_for_sentence("That is not 3, so nothing was done.");
    assert_eq!(pending(&world).await, 3);
    // Somebody else is quicker with one of them.
    world.execute("UPDATE DeviceFlows SET Status = 'DONE' WHERE UserCode = 'DDDDDDDD'").await;
    terminal.type_keys(&format!("\x7f3{ENTER}"));
    let view = terminal.wait_for("2 of 3 device flows denied, 1 refused.");
    assert!(view.says("refused DDDD-DDDD: the code DDDD-DDDD is already DONE"), "{view}");
    assert!(view.contains("done       CCCC-CCCC") && view.contains("done       FFFF-FFFF"), "{view}");
    assert_eq!(pending(&world).await, 0);
    terminal.type_keys(ESC);
    terminal.wait_until("the list is back, and nothing is marked", |view| {
        !view.contains("What was done") && !view.contains("marked")
    });
}

#[tokio::test]
async fn work_that_is_stopped_leaves_the_rest_as_it_is_and_says_so() {
    let world = World::create(Engine::MariaDb).await;
    with_flows(&world).await;
    let terminal = dashboard_that_waits(&world);
    terminal.type_and_wait("*", "3 marked");
    terminal.type_and_wait("d", "Type 3 to go on");
    // The first of them waits for whoever holds the table.
    let lock = TableLock::take(&world).await;
    terminal.type_keys(&format!("3{ENTER}"));
    terminal.wait_for("0 of 3 device flows");
    terminal.type_and_wait(ESC, "Stopping after the step in hand");
    lock.release().await;
    let view = terminal.wait_for("1 of 3 device flows denied, 2 not tried.");
    assert!(view.says("the work was stopped"), "{view}");
    assert_eq!(pending(&world).await, 2);
}

/// A client that comes back after all of its subject was revoked.
#[tokio::test]
async fn a_new_token_of_a_revoked_subject_is_an_alarm_on_every_screen() {
    let world = world().await;
    world.add_token("CREATED", "lhcb:amara", Duration::from_mins(1)).await;
    let terminal = dashboard(&world);
    terminal.type_and_wait("4", "lhcb:amara");
    terminal.type_keys("g");
    terminal.wait_until("the cursor is on the subject", |view| view.is_on("lhcb:amara"));
    terminal.type_and_wait("R", "Type lhcb:amara to go on");
    terminal.type_keys(&format!("lhcb:amara{ENTER}"));
    terminal.wait_for("Watching lhcb:amara: no new token");
    world.add_token("CREATED", "lhcb:amara", Duration::ZERO).await;
    terminal.wait_for("ALARM lhcb:amara has a new live token");
    terminal.type_and_wait("2", "ALARM lhcb:amara");
    terminal.type_and_wait("w", "After revocations");
    terminal.type_keys("x");
    terminal.wait_until("the alarm is dismissed", |view| !view.contains("ALARM"));
}
