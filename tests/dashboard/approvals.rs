//! Approving a code that a user reads out, and everything that can be wrong with it.

use std::time::Duration;

use authdb_tests::world::DeviceFlowRow;
use authdb_tests::{Engine, World};

use crate::terminal::{ENTER, ESC, Terminal};
use crate::{CODE, SHOWN, TableLock, add_pending, dashboard, dashboard_that_waits, status, world};

/// Types a code into the dialog and presses Enter.
pub(crate) fn look_up(terminal: &Terminal, typed: &str) {
    terminal.type_and_wait("a", "Code that the user reads out");
    terminal.type_keys(typed);
    terminal.wait_for(&format!("reads out: {typed}"));
    terminal.type_keys(ENTER);
}

pub(crate) async fn id_token(world: &World) -> Option<serde_json::Value> {
    let token = world.column("SELECT IDToken FROM DeviceFlows WHERE IDToken IS NOT NULL").await.pop()?;
    Some(serde_json::from_str(&token).expect("it is JSON"))
}

#[tokio::test]
async fn a_code_is_approved_for_the_subject_and_the_name_that_were_typed() {
    let world = world().await;
    add_pending(&world, CODE, Duration::from_mins(1)).await;
    let terminal = dashboard(&world);
    look_up(&terminal, "bcdf ghjk");
    let view = terminal.wait_for("Subject, without the VO");
    assert!(view.contains("client myDIRACClientID") && view.contains("scope vo:lhcb group:lhcb_user"), "{view}");
    terminal.type_keys("amélie.東");
    terminal.type_and_wait(ENTER, "User name (may stay empty)");
    terminal.type_keys("Amélie 東");
    terminal.wait_for("Amélie 東");
    terminal.type_keys(ENTER);
    let view = terminal.wait_for("y approve it");
    assert!(view.says("Whoever holds this code is logged in as lhcb:amélie.東."), "{view}");
    assert!(view.says("a member of the group lhcb_user"), "{view}");
    terminal.type_keys("y");
    terminal.wait_for_sentence(&format!("{SHOWN} is approved for lhcb:amélie.東."));
    assert_eq!(status(&world, CODE).await.as_deref(), Some("READY"));
    let token = id_token(&world).await.expect("it is stored");
    assert_eq!((&token["sub"], &token["preferred_username"]), (&"amélie.東".into(), &"Amélie 東".into()));
    assert!(token["authdb_approval"]["actor"].is_string(), "the row says that a person vouched for it: {token}");
    terminal.type_keys("q");
    terminal.exit().leaves_whole(0);
}

#[tokio::test]
async fn codes_that_cannot_be_approved_are_refused_with_the_reason() {
    let world = world().await;
    let rows = [
        ("CCCCCCCC", "ERROR", 30, "is in state ERROR and can no longer be approved"),
        ("DDDDDDDD", "READY", 30, "is already READY: somebody has been approved with it (bjorn)"),
        ("FFFFFFFF", "DONE", 30, "is already DONE: somebody has been approved with it (bjorn)"),
        ("GGGGGGGG", "PENDING", 660, "expired 1m"),
    ];
    for (code, status, seconds, _) in rows {
        let id_token = ["READY", "DONE"].contains(&status).then_some(r#"{"sub": "bjorn"}"#);
        let age = Duration::from_secs(seconds);
        world.add_device_flow(DeviceFlowRow { code, status, age, id_token, ..DeviceFlowRow::default() }).await;
    }
    let table = "SELECT UserCode, Status, IDToken FROM DeviceFlows ORDER BY UserCode";
    let before = world.rows(table).await;
    let terminal = dashboard(&world);
    let unknown = ("ZZZZZZZZ", "", 0, "there is no device flow with the code ZZZZ-ZZZZ");
    let too_long = ("BCDFGHJKL", "", 0, "is too long for a user code");
    let empty = (" ", "", 0, "type the code that the user reads out");
    for (code, _, _, reason) in rows.into_iter().chain([unknown, too_long, empty]) {
        look_up(&terminal, &code.to_lowercase());
        let view = terminal.wait_for_sentence(reason);
        assert!(!view.contains("Subject, without the VO"), "{view}");
        terminal.type_keys(ESC);
        terminal.wait_until("the dialog is closed", |view| !view.contains("Approve a device code"));
    }
    assert_eq!(world.rows(table).await, before);
}

#[tokio::test]
async fn a_subject_with_its_vo_or_none_at_all_is_refused() {
    let world = world().await;
    add_pending(&world, CODE, Duration::from_mins(1)).await;
    let terminal = dashboard(&world);
    look_up(&terminal, SHOWN);
    terminal.wait_for("Subject, without the VO");
    terminal.type_keys(ENTER);
    terminal.wait_for_sentence("name the subject that is approved");
    terminal.type_keys("lhcb:amara");
    terminal.wait_for("lhcb:amara");
    terminal.type_keys(ENTER);
    let view =
        terminal.wait_for_sentence("give the subject without `lhcb:`; DiracX adds the VO of the scope by itself");
    assert!(!view.contains("y approve it") && !view.contains("User name"), "{view}");
    assert_eq!(status(&world, CODE).await.as_deref(), Some("PENDING"));
    assert_eq!(id_token(&world).await, None);
}

/// While the subject is typed, somebody else denies the flow.
#[tokio::test]
async fn a_flow_that_ends_before_the_answer_is_not_approved() {
    let world = world().await;
    add_pending(&world, CODE, Duration::from_mins(1)).await;
    let terminal = dashboard(&world);
    look_up(&terminal, SHOWN);
    terminal.wait_for("Subject, without the VO");
    terminal.type_keys("amara");
    terminal.type_and_wait(ENTER, "User name");
    terminal.type_and_wait(ENTER, "y approve it");
    world.execute("UPDATE DeviceFlows SET Status = 'ERROR'").await;
    terminal.type_keys("y");
    terminal.wait_for_sentence(&format!("Nothing was changed: the code {SHOWN} is in state ERROR"));
    assert_eq!((status(&world, CODE).await.as_deref(), id_token(&world).await), (Some("ERROR"), None));
}

#[tokio::test]
async fn neither_enter_nor_the_key_that_asked_approves() {
    let world = world().await;
    add_pending(&world, CODE, Duration::from_mins(1)).await;
    let terminal = dashboard(&world);
    look_up(&terminal, SHOWN);
    terminal.wait_for("Subject, without the VO");
    terminal.type_keys("amara");
    terminal.type_and_wait(ENTER, "User name");
    terminal.type_and_wait(ENTER, "y approve it");
    terminal.type_keys(&format!("{ENTER}a{ENTER}"));
    // One step back at a time, and everything that was typed is still there.
    for step in ["User name (may stay empty)", "Subject, without the VO", "Code that the user reads out"] {
        terminal.type_keys(ESC);
        terminal.wait_until("the dialog goes back", |view| {
            let last = view.rows().into_iter().rfind(|row| row.contains(": ") && row.contains('│'));
            last.is_some_and(|row| row.contains(step)) && !view.contains("y approve it")
        });
    }
    terminal.type_keys(ESC);
    terminal.wait_until("the dialog is closed", |view| !view.contains("Approve a device code"));
    terminal.type_keys("q");
    terminal.exit().leaves_whole(0);
    assert_eq!(status(&world, CODE).await.as_deref(), Some("PENDING"));
}

/// An admin who types ahead of a slow database, or pastes, must not get a code or a subject with letters of the other.
#[tokio::test]
async fn what_is_typed_ahead_of_a_slow_database_lands_in_no_wrong_field() {
    let world = World::create(Engine::MariaDb).await;
    add_pending(&world, CODE, Duration::from_mins(1)).await;
    let terminal = dashboard_that_waits(&world);
    terminal.type_and_wait("a", "Code that the user reads out");
    terminal.type_keys(SHOWN);
    terminal.wait_for(&format!("reads out: {SHOWN}"));
    let lock = TableLock::take(&world).await;
    // In one piece, so that the letters have been read when what Enter does is shown.
    terminal.type_and_wait(&format!("{ENTER}amara"), "looking the code up…");
    lock.release().await;
    let view = terminal.wait_for("Subject, without the VO: amara");
    let is_whole = view.says(&format!("reads out: {SHOWN} client"));
    assert!(is_whole, "the code has letters that were not meant for it:\n{view}");
}
