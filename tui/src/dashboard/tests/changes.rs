//! Acting: from the key that asks, by the plan and the yes, to what became of it.

use authdb_shared::clock;
use authdb_shared::ids::Jti;
use authdb_shared::model::{DeviceFlow, FlowStatus, RefreshToken, TokenStatus};

use super::super::Leaving;
use super::*;
use crate::app::tests::{NOW, at, flow, subject, token};

const CODES: [&str; 5] = ["BCDFGHJK", "CCCCCCCC", "DDDDDDDD", "FFFFFFFF", "GGGGGGGG"];

fn pending() -> Vec<DeviceFlow> {
    CODES.iter().map(|code| flow(code, FlowStatus::Pending, 60)).collect()
}

fn of_alice(count: usize) -> Vec<RefreshToken> {
    (0..count).map(|_| token(TokenStatus::Created, "lhcb:alice")).collect()
}

/// The dashboard once it shows the tokens, the cursor on the first.
async fn on_tokens(store: &FakeStore) -> Console {
    let mut console = Console::on(store);
    console.press(KeyCode::Char('5'));
    console.wait_until("the rows", |it| it.contains("Tokens") && it.contains("lhcb:alice")).await;
    console.press(KeyCode::Down);
    console
}

/// The dashboard while it denies all five codes, of which each takes a second.
async fn denying(store: &FakeStore) -> Console {
    store.content().step_takes = Duration::from_secs(1);
    let mut console = Console::on(store);
    console.press(KeyCode::Char('2'));
    console.wait_for("BCDF-GHJK").await;
    console.type_in("*d");
    console.wait_for("Type 5 to go on").await;
    console.type_in("5");
    console.press(KeyCode::Enter);
    console.wait_for("2 of 5 device flows").await;
    console
}

#[tokio::test(start_paused = true)]
async fn a_token_is_revoked_by_its_plan_and_another_key_and_its_subject_is_watched() {
    let store = FakeStore::with_tokens(of_alice(2));
    let mut console = on_tokens(&store).await;
    console.type_in("r");
    console.wait_for("Revoke one token of lhcb:alice?").await;
    console.wait_for_at_once("2 tokens that are not revoked yet, 2 of them live.").await;
    console.type_in("r");
    console.press(KeyCode::Enter);
    console.press(KeyCode::Tab);
    console.type_in("ticket 7");
    console.press(KeyCode::Enter);
    console.wait_for("ticket 7").await;
    assert!(store.changes().is_empty(), "neither the key that asked nor Enter is a yes");
    console.type_in("y");
    console.wait_for("One token of lhcb:alice is revoked.").await;
    let changed = store.content().tokens.iter().filter(|it| it.status == TokenStatus::Revoked).count();
    assert_eq!((changed, store.changes()[0].1.as_deref()), (1, Some("ticket 7")));
    console.wait_for("Watching lhcb:alice: no new token").await;
    let jti = Jti::issue(at(NOW + 3_600_000), &mut clock::randomness());
    store.content().tokens.push(RefreshToken { jti, ..of_alice(1).remove(0) });
    console.wait_for("ALARM lhcb:alice has a new live token").await;
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_is_refused_changes_nothing() {
    let store = FakeStore::with_tokens(of_alice(1));
    let mut console = on_tokens(&store).await;
    console.type_in("r");
    console.wait_for("Revoke one token of lhcb:alice?").await;
    console.press(KeyCode::Esc);
    console.wait_until("the plan is closed", |it| !it.contains("Revoke one token")).await;
    // What became of it meanwhile is decided by the row, not by the plan.
    console.type_in("r");
    console.wait_for("Revoke one token of lhcb:alice?").await;
    store.content().tokens[0].status = TokenStatus::Revoked;
    console.type_in("y");
    console.wait_for("Nothing was changed: it is already REVOKED").await;
    assert!(store.changes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_code_is_approved_step_by_step() {
    let store = FakeStore::with_flows(pending());
    let mut console = Console::on(&store);
    console.press(KeyCode::Char('2'));
    console.wait_for("BCDF-GHJK").await;
    console.type_in("abcdfghjk");
    console.press(KeyCode::Enter);
    console.wait_for("Subject, without the VO:").await;
    console.type_in("alice");
    console.press(KeyCode::Enter);
    console.wait_for("User name (may stay empty):").await;
    console.press(KeyCode::Enter);
    console.wait_for("Whoever holds this code is logged in as lhcb:alice.").await;
    console.type_in("y");
    console.wait_for("BCDF-GHJK is approved for lhcb:alice.").await;
    let content = store.content();
    let ready: Vec<_> = content.device_flows.iter().filter(|it| it.status == FlowStatus::Ready).collect();
    assert_eq!((ready.len(), ready[0].sub.as_deref()), (1, Some("alice")));
}

#[tokio::test(start_paused = true)]
async fn bulk_work_that_is_stopped_midway_says_exactly_what_it_has_done() {
    let store = FakeStore::with_flows(pending());
    let mut console = denying(&store).await;
    console.press(KeyCode::Esc);
    console.wait_for_at_once("Stopping after the step in hand…").await;
    let report = console.wait_for("3 of 5 device flows denied, 2 not tried.").await;
    let done: Vec<String> = store.changes().into_iter().map(|(key, _)| key).collect();
    assert_eq!(done.len(), 3);
    for flow in &store.content().device_flows {
        let (code, is_denied) = (flow.user_code.to_string(), flow.status == FlowStatus::Error);
        assert_eq!(is_denied, done.contains(&code));
        let told = if is_denied { format!("done       {code}") } else { format!("not tried  {code}") };
        assert!(report.contains(&told), "{told}:\n{report}");
    }
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(store.changes().len(), 3, "nothing is done behind the report");
}

#[tokio::test(start_paused = true)]
async fn all_of_a_subject_is_stopped_between_two_batches() {
    let store = FakeStore::with_tokens(of_alice(600));
    store.content().step_takes = Duration::from_millis(10);
    let mut console = on_tokens(&store).await;
    console.type_in("R");
    console.wait_for("Type lhcb:alice to go on").await;
    console.type_in("lhcb:alice");
    console.press(KeyCode::Enter);
    console.wait_until("some are gone", |it| it.contains("of about 600 tokens revoked")).await;
    console.press(KeyCode::Esc);
    console.wait_for("the rest is NOT revoked: it was stopped.").await;
    let revoked = store.content().tokens.iter().filter(|it| it.status == TokenStatus::Revoked).count();
    assert!((1..600).contains(&revoked), "{revoked}");
    console.wait_for(&format!("{revoked} token{} revoked;", if revoked == 1 { "" } else { "s" })).await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_midway_leaves_one_step_unknown_and_the_rest_untried() {
    let store = FakeStore::with_flows(pending());
    store.content().breaks_after = Some(3);
    let mut console = denying(&store).await;
    let report = console.wait_for("3 of 5 device flows denied, 1 not known, 1 not tried.").await;
    assert!(report.contains("NOT KNOWN  FFFF-FFFF: the server has gone"), "{report}");
    assert!(report.contains("not tried  GGGG-GGGG: the connection broke before"), "{report}");
}

#[tokio::test(start_paused = true)]
async fn whoever_leaves_during_a_change_is_told_what_became_of_it() {
    let store = FakeStore::with_flows(pending());
    let mut console = denying(&store).await;
    console.type_in("q");
    console.wait_for_at_once("Leaving as soon as the change is done.").await;
    let ended = console.ended().await;
    assert!(ended.result.is_ok());
    assert_eq!(ended.app.last_words()[0], "5 of 5 device flows denied.");
    assert_eq!(store.changes().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_change_is_made_whole_when_its_terminal_goes_away() {
    let store = FakeStore::with_flows(pending());
    let console = denying(&store).await;
    console.lose_terminal();
    // The kernel tells of it, and so does the shell.
    console.signal(Leaving::HungUp);
    console.signal(Leaving::HungUp);
    let ended = console.ended().await;
    assert!(ended.result.is_err_and(|it| it.to_string() == "reading from the terminal"));
    assert_eq!(ended.app.last_words()[0], "5 of 5 device flows denied.");
    assert_eq!(store.changes().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn being_told_twice_that_the_terminal_is_gone_breaks_no_change_off() {
    let store = FakeStore::with_flows(pending());
    let console = denying(&store).await;
    console.signal(Leaving::HungUp);
    console.signal(Leaving::HungUp);
    assert_eq!(console.ended().await.app.last_words()[0], "5 of 5 device flows denied.");
}

#[tokio::test(start_paused = true)]
async fn being_asked_twice_to_end_leaves_at_once_with_or_without_a_terminal() {
    for is_lost in [false, true] {
        let store = FakeStore::with_flows(pending());
        let console = denying(&store).await;
        if is_lost {
            console.lose_terminal();
        } else {
            console.signal(Leaving::Terminated);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        console.signal(Leaving::Terminated);
        let words = console.ended().await.app.last_words();
        assert_eq!(words, ["2 of 5 device flows were tried. Look again what became of the rest."], "{is_lost}");
        assert!(store.changes().len() < 5);
    }
}

/// Whatever the screen believes, a connection that can change nothing gives no permit.
#[tokio::test(start_paused = true)]
async fn a_store_without_a_permit_changes_nothing() {
    let store = FakeStore::with_flows(pending());
    store.content().is_read_only = true;
    let mut console = Console::on(&store);
    console.press(KeyCode::Char('2'));
    console.wait_for("BCDF-GHJK").await;
    console.press(KeyCode::Down);
    console.type_in("d");
    console.wait_for("Deny BCDF-GHJK?").await;
    console.type_in("y");
    console.wait_for("Nothing was changed:").await;
    assert!(store.changes().is_empty() && store.content().device_flows == pending());
}

#[tokio::test(start_paused = true)]
async fn several_subjects_end_as_the_store_has_them() {
    let mut tokens = of_alice(2);
    tokens.extend((0..3).map(|_| RefreshToken { subject: Some(subject("lhcb:bjorn")), ..of_alice(1).remove(0) }));
    let store = FakeStore::with_tokens(tokens);
    let mut console = Console::on(&store);
    console.press(KeyCode::Char('4'));
    console.wait_for("lhcb:bjorn").await;
    console.type_in("*R");
    console.wait_for("Type default to go on").await;
    console.type_in("default");
    console.press(KeyCode::Enter);
    console.wait_for("2 of 2 subjects revoked, 5 tokens.").await;
    assert!(store.content().tokens.iter().all(|it| it.status == TokenStatus::Revoked));
}
