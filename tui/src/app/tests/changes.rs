//! Questions, the changes behind them, and what is said about both.

use super::*;

#[test]
fn a_denial_is_asked_for_and_needs_another_key() {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    harness.press(KeyCode::Down);
    harness.key('d');
    assert!(harness.screen(80, 24).contains("Deny BCDF-GHJK?"));
    harness.key('d');
    harness.press(KeyCode::Enter);
    assert_eq!(harness.changes(), Vec::<&Change>::new(), "neither the trigger nor Enter says yes");
    harness.key('y');
    assert_eq!(harness.changes(), [&Change::Deny(UserCode::from_stored("BCDFGHJK".to_owned()))]);
}

#[test]
fn escape_and_y_in_one_packet_are_no_yes() {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    harness.press(KeyCode::Down);
    harness.key('d');
    for modifiers in [KeyModifiers::ALT, KeyModifiers::CONTROL] {
        let event = Event::Key(KeyEvent::new(KeyCode::Char('y'), modifiers));
        assert!(keymap::action(&harness.app, &event).is_none(), "{modifiers:?}");
    }
}

#[test]
fn leaving_waits_for_the_change_under_way_and_tells_what_became_of_it() {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    harness.press(KeyCode::Down);
    harness.key('d');
    harness.key('y');
    harness.key('q');
    assert_ne!(harness.effects.last(), Some(&Effect::Quit));
    let code = UserCode::from_stored("BCDFGHJK".to_owned());
    harness.answer(Answer::Changed(Change::Deny(code), Changed::Denied(Ok(Ok(())))));
    assert_eq!(harness.effects.last(), Some(&Effect::Quit));
    assert_eq!(harness.notice(), "BCDF-GHJK is denied.");
}

#[test]
fn a_second_q_does_not_wait() {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    harness.press(KeyCode::Down);
    harness.key('d');
    harness.key('y');
    harness.key('q');
    harness.key('q');
    assert_eq!(harness.effects.last(), Some(&Effect::Quit));
}

#[test]
fn the_target_is_frozen_when_the_question_is_asked() {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    harness.press(KeyCode::Down);
    harness.key('d');
    harness.flows(Ok(page(vec![flow("XXXXXXXX", FlowStatus::Pending, 1)])));
    harness.key('y');
    assert_eq!(harness.changes(), [&Change::Deny(UserCode::from_stored("BCDFGHJK".to_owned()))]);
}

#[test]
fn a_second_change_waits_for_the_first() {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    harness.press(KeyCode::Down);
    harness.key('d');
    harness.key('y');
    harness.key('d');
    assert!(harness.app.dialog.is_none());
    assert!(harness.notice().contains("still under way"), "{}", harness.notice());
}

#[test]
fn revoking_all_waits_for_the_count_and_says_it() {
    let mut harness = Harness::with_tokens(vec![token(TokenStatus::Created, "lhcb:alice")]);
    harness.press(KeyCode::Down);
    harness.key('R');
    assert_eq!(harness.effects.last(), Some(&Effect::Count(subject("lhcb:alice"))));
    harness.key('y');
    assert_eq!(harness.changes(), Vec::<&Change>::new(), "the count is part of the question");
    harness.answer(Answer::Revocable { subject: subject("lhcb:alice"), count: Ok(1234) });
    assert!(harness.screen(80, 24).contains("1,234"));
    harness.key('y');
    assert_eq!(harness.changes(), [&Change::RevokeSubject(subject("lhcb:alice"))]);
    let stopped_by = Some(lost());
    let done = Changed::RevokedSubject(Ok(RevokedSubject { revoked: 200, stopped_by }));
    harness.answer(Answer::Changed(Change::RevokeSubject(subject("lhcb:alice")), done));
    assert!(
        harness.notice().contains("200 tokens") && harness.notice().contains("NOT revoked"),
        "{}",
        harness.notice()
    );
}

#[test]
fn a_question_that_was_closed_is_not_reopened_by_its_count() {
    let mut harness = Harness::with_tokens(vec![token(TokenStatus::Created, "lhcb:alice")]);
    harness.press(KeyCode::Down);
    harness.key('R');
    harness.press(KeyCode::Esc);
    harness.answer(Answer::Revocable { subject: subject("lhcb:alice"), count: Ok(3) });
    harness.key('y');
    assert!(harness.app.dialog.is_none() && harness.changes().is_empty());
}

#[test]
fn what_cannot_be_done_says_why() {
    let mut harness = Harness::with_tokens(vec![token(TokenStatus::Revoked, "lhcb:alice")]);
    harness.key('r');
    assert!(harness.notice().contains("Choose a row"), "{}", harness.notice());
    harness.press(KeyCode::Down);
    harness.key('r');
    assert!(harness.notice().contains("already revoked"), "{}", harness.notice());
}

#[test]
fn read_only_opens_no_question_at_all() {
    let mut harness = Harness::new(true);
    harness.flows(Ok(page(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)])));
    harness.press(KeyCode::Down);
    for key in ['a', 'd'] {
        harness.key(key);
        assert!(harness.app.dialog.is_none() && harness.notice().contains("read-only"), "{key}");
    }
    assert!(harness.screen(80, 24).contains("READ-ONLY"));
}

#[test]
fn a_refusal_says_that_nothing_was_changed() {
    let mut harness = Harness::with_flows(Vec::new());
    let code = UserCode::from_stored("BCDFGHJK".to_owned());
    let claims = authdb_shared::model::IdTokenClaims { sub: "alice".to_owned(), preferred_username: None };
    let refused = Changed::Approved(Ok(Err(ApproveRefusal::Unknown(code.clone()))));
    harness.answer(Answer::Changed(Change::Approve(code, claims), refused));
    assert!(harness.notice().starts_with("Nothing was changed: there is no device flow"), "{}", harness.notice());
}
