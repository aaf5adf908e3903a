//! Work: its progress, stopping it, leaving it, and what is said of each step.

use super::*;

const CODES: [&str; 3] = ["BCDFGHJK", "CCCCCCCC", "DDDDDDDD"];

fn deny(code: &str) -> PlanStep {
    PlanStep::Deny(UserCode::from_stored(code.to_owned()))
}

/// Work on these flows, confirmed.
pub(super) fn at_work(codes: &[&str]) -> Harness {
    let flows: Vec<DeviceFlow> = codes.iter().map(|code| flow(code, FlowStatus::Pending, 60)).collect();
    let mut harness = Harness::with_flows(flows.clone());
    harness.key('*');
    harness.key('d');
    harness.planned(SessionPlan::deny(flows, at(NOW), &Policy::default()));
    if codes.len() == 1 {
        harness.key('y');
    } else {
        harness.type_in(&codes.len().to_string());
        harness.press(KeyCode::Enter);
    }
    harness
}

#[test]
fn progress_is_shown_and_then_exactly_what_was_and_was_not_done() {
    let mut harness = at_work(&CODES);
    assert!(harness.says("0 of 3 device flows") && harness.says("3 left"));
    harness.step(&deny(CODES[0]), StepFate::Done(1));
    harness.step(&deny(CODES[1]), StepFate::Refused("it is already DONE".to_owned()));
    assert!(
        harness.says("2 of 3 device flows") && harness.says("1 denied   1 refused   0 failed   0 not known   1 left")
    );
    harness.step(&deny(CODES[2]), StepFate::Failed(0, "a lock was held".to_owned()));
    harness.end_work(None);
    let screen = harness.screen(80, 24);
    for part in [
        "1 of 3 device flows denied, 1 refused, 1 failed.",
        "refused    CCCC-CCCC: it is already DONE",
        "failed     DDDD-DDDD: a lock was held",
        "done       BCDF-GHJK",
    ] {
        assert!(screen.contains(part), "{part}: {screen}");
    }
    assert_eq!(harness.app.device_flows.targets().len(), 1, "what failed stays marked, to try again");
    harness.press(KeyCode::Esc);
    assert!(harness.app.dialog.is_none());
}

#[test]
fn escape_stops_before_the_next_step_and_no_other_key_does() {
    let mut harness = at_work(&CODES);
    harness.press(KeyCode::Enter);
    harness.key('y');
    assert!(!harness.effects.iter().any(|effect| matches!(effect, Effect::StopWork(_))));
    harness.press(KeyCode::Esc);
    assert_eq!(harness.effects.last(), Some(&Effect::StopWork(harness.work_number())));
    assert!(harness.says("Stopping after the step in hand"));
    harness.step(&deny(CODES[0]), StepFate::Done(1));
    harness.end_work(None);
    assert!(harness.says("1 of 3 device flows denied, 2 not tried."));
    assert!(harness.says("not tried  DDDD-DDDD: the work was stopped"));
}

#[test]
fn a_connection_that_breaks_leaves_one_step_unknown_and_the_rest_untried() {
    let mut harness = at_work(&CODES);
    harness.step(&deny(CODES[0]), StepFate::Done(1));
    harness.step(&deny(CODES[1]), StepFate::Unknown(0, "the server has gone".to_owned()));
    harness.end_work(Some("the connection broke before"));
    assert!(harness.says("1 of 3 device flows denied, 1 not known, 1 not tried."));
    assert!(harness.says("NOT KNOWN  CCCC-CCCC: the server has gone"));
    assert!(harness.says("not tried  DDDD-DDDD: the connection broke before"));
}

#[test]
fn one_change_that_was_made_needs_no_report_and_any_other_has_one() {
    let mut harness = at_work(&CODES[..1]);
    assert!(harness.app.dialog.is_none() && harness.screen(80, 24).contains("changing…"));
    harness.step(&deny(CODES[0]), StepFate::Done(1));
    harness.end_work(None);
    assert_eq!((harness.notice(), harness.app.dialog.is_none()), ("BCDF-GHJK is denied.", true));
    for (fate, said, line) in [
        (StepFate::Refused("it is DONE".to_owned()), "Nothing was changed: it is DONE", "refused    BCDF-GHJK"),
        (StepFate::Failed(0, "denying the device flow: no".to_owned()), "denying the device flow: no", "failed"),
        (StepFate::Unknown(0, "gone".to_owned()), "gone. Whether it was done is not known: look again", "NOT KNOWN"),
    ] {
        let mut harness = at_work(&CODES[..1]);
        harness.step(&deny(CODES[0]), fate);
        harness.end_work(None);
        assert!(harness.notice().starts_with(said), "{}", harness.notice());
        assert!(harness.says("What was done") && harness.says(line), "{}", harness.screen(80, 24));
    }
    let mut harness = at_work(&CODES[..1]);
    harness.end_work(Some("no connection"));
    assert_eq!(harness.notice(), "Nothing was changed: no connection");
    assert!(harness.says("not tried  BCDF-GHJK: no connection"), "{}", harness.screen(80, 24));
}

/// The only step breaks with the connection, and nothing but this says so.
fn with_one_unknown() -> Harness {
    let mut harness = at_work(&CODES[..1]);
    harness.step(&deny(CODES[0]), StepFate::Unknown(0, "the server has gone".to_owned()));
    harness
}

#[test]
fn what_is_not_known_stays_on_the_screen_when_the_database_is_back_and_while_keys_are_pressed() {
    let mut harness = with_one_unknown();
    harness.end_work(None);
    harness.flows(Err(lost()));
    harness.flows(Ok(page(vec![flow(CODES[0], FlowStatus::Pending, 60)])));
    assert!(harness.app.lost.is_none() && harness.notice().contains("is not known"), "{}", harness.notice());
    for key in ["j", "x", "2", " "] {
        harness.type_in(key);
        let screen = harness.screen(50, 15);
        assert!(screen.contains("NOT KNOWN  BCDF-GHJK"), "after {key:?}: {screen}");
    }
    harness.press(KeyCode::Esc);
    assert!(harness.app.dialog.is_none(), "until it has been read");
}

#[test]
fn a_report_waits_for_the_dialog_or_the_field_that_is_open() {
    for (opens, closes) in [("?", KeyCode::Esc), (":", KeyCode::Esc), ("/", KeyCode::Enter)] {
        let mut harness = with_one_unknown();
        harness.type_in(opens);
        harness.end_work(None);
        assert!(!harness.says("NOT KNOWN"), "{opens}: {}", harness.screen(80, 24));
        harness.press(closes);
        assert!(harness.says("NOT KNOWN  BCDF-GHJK"), "{opens}: {}", harness.screen(80, 24));
    }
    let mut harness = with_one_unknown();
    harness.key('q');
    harness.key('?');
    harness.end_work(None);
    assert_eq!(harness.effects.iter().filter(|it| **it == Effect::Quit).count(), 1);
    let words = harness.app.last_words();
    assert!(words.iter().any(|line| line.contains("NOT KNOWN  BCDF-GHJK")), "also for whoever leaves: {words:?}");
}

#[test]
fn a_report_that_a_key_for_something_else_has_closed_comes_back() {
    let mut harness = with_one_unknown();
    harness.key('L');
    assert_eq!(
        (harness.notice(), harness.app.dialog.is_none()),
        ("Nothing has been done that would need a report.", true)
    );
    harness.end_work(None);
    for _ in 0..2 {
        harness.press(KeyCode::Esc);
        assert!(
            harness.app.dialog.is_none() && harness.notice().starts_with("L shows once more"),
            "{}",
            harness.notice()
        );
        harness.key('L');
        assert!(harness.says("NOT KNOWN  BCDF-GHJK: the server has gone"), "{}", harness.screen(80, 24));
    }
}

#[test]
fn a_second_change_waits_for_the_first() {
    let mut harness = at_work(&CODES[..1]);
    harness.key('d');
    assert!(harness.app.dialog.is_none());
    assert!(harness.notice().contains("still under way"), "{}", harness.notice());
}

#[test]
fn leaving_waits_for_the_work_under_way_and_tells_what_became_of_it() {
    let mut harness = at_work(&CODES);
    harness.key('q');
    assert_ne!(harness.effects.last(), Some(&Effect::Quit));
    harness.step(&deny(CODES[0]), StepFate::Done(1));
    assert!(
        harness.app.last_words()[0].starts_with("1 of 3 device flows were tried"),
        "{:?}",
        harness.app.last_words()
    );
    harness.press(KeyCode::Esc);
    harness.end_work(None);
    assert_eq!(harness.effects.last(), Some(&Effect::Quit));
    let words = harness.app.last_words();
    assert_eq!(words[0], "1 of 3 device flows denied, 2 not tried.");
    assert!(words.iter().any(|line| line.contains("not tried  DDDD-DDDD")), "{words:?}");
}

#[test]
fn a_second_q_does_not_wait() {
    for codes in [&CODES[..1], &CODES] {
        let mut harness = at_work(codes);
        harness.key('q');
        assert_ne!(harness.effects.last(), Some(&Effect::Quit));
        harness.key('q');
        assert_eq!(harness.effects.last(), Some(&Effect::Quit));
    }
}

#[test]
fn answers_of_another_work_are_dropped() {
    let mut harness = at_work(&CODES);
    harness.answer(Answer::WorkEnded { number: harness.work_number() + 1, broken_by: None });
    assert!(harness.app.work.is_some());
}

/// All of a subject with so many tokens, confirmed.
fn revoking(tokens: u64) -> (Harness, PlanStep) {
    let alice = subject("lhcb:alice");
    let held = HeldTokens { subject: alice.clone(), created: tokens, live: 1, has_more: false };
    let mut harness = Harness::with_tokens(vec![token(TokenStatus::Created, "lhcb:alice")]);
    harness.press(KeyCode::Down);
    harness.key('R');
    harness.planned(SessionPlan::revoke_subject(held, at(NOW), &Policy::default()));
    harness.type_in("lhcb:alice");
    harness.press(KeyCode::Enter);
    (harness, PlanStep::RevokeSubject(alice))
}

#[test]
fn all_of_a_subject_shows_its_batches_and_stops_between_them() {
    let (mut harness, step) = revoking(1234);
    let number = harness.work_number();
    harness.answer(Answer::StepGoesOn { number, rows: 400 });
    assert!(harness.says("400 of about 1,234 tokens revoked"), "{}", harness.screen(80, 24));
    assert!(harness.says("stop after the batch in hand") && harness.says("changing… 400 tokens"));
    harness.press(KeyCode::Esc);
    assert_eq!(harness.effects.last(), Some(&Effect::StopWork(number)));
    assert!(harness.says("Stopping after the batch in hand"));
    harness.step(&step, StepFate::Stopped(600));
    harness.end_work(None);
    assert!(harness.says("STOPPED    lhcb:alice: 600 tokens revoked, the rest is NOT"), "{}", harness.screen(80, 24));
    let told = "600 tokens revoked; the rest is NOT revoked: it was stopped.";
    assert_eq!((harness.notice(), harness.app.notice.as_ref().map(|it| it.tone)), (told, Some(Tone::Bad)));
    assert_eq!(harness.app.watches.list().len(), 1, "whose access tokens work on is watched all the same");
}

#[test]
fn a_few_tokens_of_a_subject_are_gone_before_a_dialog_could_be_read() {
    let (harness, _) = revoking(12);
    assert!(harness.app.dialog.is_none() && harness.app.work.is_some());
}

#[test]
fn a_subject_that_was_stopped_on_the_way_is_reported_with_what_it_has_lost() {
    let names = ["lhcb:alice", "lhcb:bjorn", "lhcb:cleo"].map(subject);
    let held: Vec<HeldTokens> =
        names.iter().map(|it| HeldTokens { subject: it.clone(), created: 500, live: 1, has_more: false }).collect();
    let mut harness = Harness::with_tokens(vec![token(TokenStatus::Created, "lhcb:alice")]);
    harness.press(KeyCode::Down);
    harness.key('R');
    harness.planned(SessionPlan::revoke_subjects(held, at(NOW), &Policy::default()));
    let context = harness.app.context_name.clone();
    harness.type_in(&context);
    harness.press(KeyCode::Enter);
    harness.step(&PlanStep::RevokeSubject(names[0].clone()), StepFate::Done(500));
    harness.step(&PlanStep::RevokeSubject(names[1].clone()), StepFate::Stopped(200));
    harness.end_work(None);
    for part in [
        "1 of 3 subjects revoked, 700 tokens, 1 stopped on the way, 1 not tried.",
        "STOPPED    lhcb:bjorn: 200 tokens revoked, the rest is NOT",
        "not tried  lhcb:cleo",
        "done       lhcb:alice",
    ] {
        assert!(harness.says(part), "{part}: {}", harness.screen(80, 24));
    }
}
