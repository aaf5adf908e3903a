//! Subjects: what one person holds, and ending all of it at once.

use std::time::Duration;

use authdb_tests::world::DeviceFlowRow;

use crate::terminal::{DOWN, ENTER, ESC};
use crate::{dashboard, world};

const SUBJECT: &str = "lhcb:amara";
/// Somebody else to `SQLite`, and the same to a collation that does not care.
const NAMESAKE: &str = "lhcb:Amara";

#[tokio::test]
async fn all_tokens_of_a_subject_are_revoked_at_once() {
    let world = world().await;
    for minutes in [1, 2, 3] {
        world.add_token("CREATED", SUBJECT, Duration::from_mins(minutes)).await;
    }
    // Expired, and so neither live nor revoked.
    world.add_token("CREATED", SUBJECT, Duration::from_hours(3)).await;
    world.add_token("REVOKED", SUBJECT, Duration::from_mins(4)).await;
    world.add_token("CREATED", NAMESAKE, Duration::from_mins(5)).await;
    let terminal = dashboard(&world);
    terminal.type_and_wait("4", NAMESAKE);
    terminal.type_keys(DOWN);
    let view = terminal.wait_until("the cursor is on the subject with most tokens", |view| view.is_on(SUBJECT));
    let (_, row) = view.selected().expect("it was awaited");
    assert_eq!(row.split_whitespace().collect::<Vec<_>>()[1..4], [SUBJECT, "3", "1"], "{row}");

    terminal.type_keys("R");
    let view = terminal.wait_for(&format!("Revoke ALL tokens of {SUBJECT}?"));
    assert!(view.says("4 tokens that are not revoked yet, 3 of them live. All of them become REVOKED"), "{view}");
    assert!(view.says("every client of lhcb:amara has to log in again"), "{view}");
    terminal.type_keys(&format!("{NAMESAKE}{ENTER}"));
    terminal.wait_for_sentence(&format!("That is not {SUBJECT}, so nothing was done."));
    terminal.type_keys(&"\x7f".repeat(NAMESAKE.len()));
    terminal.type_keys(&format!("{SUBJECT}{ENTER}"));
    terminal.wait_for_sentence("4 tokens of lhcb:amara revoked.");
    terminal.wait_for("Watching lhcb:amara: no new token");
    terminal.wait_until("the subject leaves the list, and its namesake stays", |view| {
        let rows = view.rows();
        view.contains("Subjects with live tokens 1") && rows.iter().any(|row| row.contains(NAMESAKE))
    });
    let query = "SELECT Sub FROM RefreshTokens WHERE Status = 'CREATED'";
    assert_eq!(world.column(query).await, [NAMESAKE]);
    terminal.type_keys("q");
    terminal.exit().leaves_whole(0);
}

#[tokio::test]
async fn enter_shows_every_token_of_a_subject_and_escape_leads_back() {
    let world = world().await;
    world.add_token("CREATED", SUBJECT, Duration::from_mins(1)).await;
    world.add_token("CREATED", SUBJECT, Duration::from_hours(3)).await;
    world.add_token("REVOKED", SUBJECT, Duration::from_hours(50)).await;
    world.add_token("CREATED", NAMESAKE, Duration::from_mins(1)).await;
    let terminal = dashboard(&world);
    terminal.type_and_wait("4", SUBJECT);
    terminal.type_keys(&format!("/amara{ENTER}"));
    terminal.wait_for("/ amara");
    terminal.type_keys(DOWN);
    let chosen = terminal.wait_until("the cursor is on a subject", |view| view.selected().is_some());
    let is_namesake = chosen.is_on(NAMESAKE);
    if is_namesake {
        terminal.type_keys(DOWN);
        terminal.wait_until("the cursor is on the subject", |view| view.is_on(SUBJECT));
    }
    let view = terminal.type_and_wait(ENTER, &format!("All tokens of {SUBJECT} 3"));
    for state in [" live ", " expired ", " revoked "] {
        assert!(view.contains(state), "{state}:\n{view}");
    }
    assert!(!view.contains(NAMESAKE), "{view}");
    terminal.type_keys(ESC);
    terminal.wait_until("the subjects are shown, with the filter and the cursor as they were", |view| {
        view.contains("Subjects with live tokens") && view.contains("/ amara") && view.is_on(SUBJECT)
    });
}

#[tokio::test]
async fn a_subject_without_anything_to_revoke_is_said_to_be_done() {
    let world = world().await;
    world.add_token("REVOKED", SUBJECT, Duration::from_mins(1)).await;
    let terminal = dashboard(&world);
    terminal.type_and_wait("5", "no tokens");
    terminal.type_and_wait("l", SUBJECT);
    terminal.type_keys(DOWN);
    terminal.wait_until("the cursor is on the token", |view| view.is_on(SUBJECT));
    terminal.type_keys("r");
    terminal.wait_for_sentence("This token is already revoked.");
    terminal.type_keys("R");
    let view = terminal.wait_for_sentence(&format!("{SUBJECT}: every token of this subject is revoked already"));
    assert!(!view.asks() && view.contains("Nothing can be done"), "{view}");
}

#[tokio::test]
async fn one_subject_is_seen_across_all_tables() {
    let world = world().await;
    world.db.create_ledger(&world.permit).await.expect("the journal is made");
    for minutes in [45, 25] {
        world.add_token("REVOKED", SUBJECT, Duration::from_mins(minutes)).await;
    }
    world.add_token("CREATED", SUBJECT, Duration::from_mins(5)).await;
    let stolen = world.add_token("CREATED", SUBJECT, Duration::from_mins(3)).await;
    let revoked = world.db.revoke_token(&world.permit.clone().because("laptop stolen"), &stolen).await;
    revoked.expect("it works").expect("it is CREATED");
    let id_token = Some(r#"{"sub": "amara"}"#);
    world.add_device_flow(DeviceFlowRow { status: "READY", id_token, ..DeviceFlowRow::default() }).await;
    world.add_device_flow(DeviceFlowRow { code: "LLLLLLLL", ..DeviceFlowRow::default() }).await;
    let terminal = dashboard(&world);
    terminal.type_and_wait("4", SUBJECT);
    terminal.type_keys(DOWN);
    terminal.wait_until("the cursor is on the subject", |view| view.is_on(SUBJECT));
    terminal.type_and_wait("i", "no longer live");
    terminal.type_keys(ESC);
    terminal.wait_until("the details are closed", |view| !view.contains("no longer live"));
    terminal.type_keys(ENTER);
    terminal.wait_for("Likely sessions: 1 of 2 live");
    terminal.wait_for("device BCDF-GHJK  ready");
    let view = terminal.wait_for("revoke done by");
    assert!(view.says("laptop stolen") && view.says("first seen 45m"), "{view}");
    let rows = view.rows();
    let session = rows.iter().find(|row| row.contains("live, 5")).expect("the session that lives");
    assert!(session.contains("3 tokens"), "{view}");
    assert!(!view.contains("LLLL-LLLL"), "nobody is named there: {view}");
}
