//! Approving a device code, step by step.

use super::*;

#[test]
fn approving_takes_the_typed_code_and_shows_whom_it_logs_in() {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    harness.press(KeyCode::Down);
    harness.key('a');
    assert!(!harness.screen(80, 24).contains("out: BCDF"), "the code must be typed, not taken from the list");
    harness.type_in("bcdf-ghjk");
    harness.press(KeyCode::Enter);
    let code = UserCode::from_stored("BCDFGHJK".to_owned());
    assert_eq!(harness.effects.last(), Some(&Effect::LookUp(code.clone())));
    let found = Ok((Some(flow("BCDFGHJK", FlowStatus::Pending, 60)), at(NOW)));
    harness.answer(Answer::Flow { code: code.clone(), found });
    harness.type_in("lhcb:alice");
    harness.press(KeyCode::Enter);
    assert!(harness.screen(80, 24).contains("without `lhcb:`"));
    (0..10).for_each(|_| harness.press(KeyCode::Backspace));
    harness.type_in("alice");
    harness.press(KeyCode::Enter);
    harness.press(KeyCode::Enter);
    assert!(harness.screen(80, 24).contains("logged in as lhcb:alice"));
    harness.press(KeyCode::Enter);
    assert_eq!(harness.changes(), Vec::<&PlanStep>::new());
    harness.key('y');
    let [PlanStep::Approve(approved, claims)] = harness.changes()[..] else { panic!("{:?}", harness.effects) };
    assert_eq!((approved, claims.sub.as_str(), claims.preferred_username.as_deref()), (&code, "alice", None));
}

#[test]
fn a_code_that_cannot_be_approved_is_refused_before_anybody_is_named() {
    for (found, expected) in [
        (None, "no device flow"),
        (Some(flow("BCDFGHJK", FlowStatus::Pending, 601)), "expired 1s ago"),
        (Some(flow("BCDFGHJK", FlowStatus::Ready, 60)), "already READY"),
        (Some(flow("BCDFGHJK", FlowStatus::Error, 60)), "state ERROR"),
    ] {
        let mut harness = Harness::with_flows(Vec::new());
        harness.key('a');
        harness.type_in("BCDFGHJK");
        harness.press(KeyCode::Enter);
        let code = UserCode::from_stored("BCDFGHJK".to_owned());
        harness.answer(Answer::Flow { code, found: Ok((found, at(NOW))) });
        let screen = harness.screen(80, 24);
        assert!(screen.contains(expected), "{expected}: {screen}");
        assert!(!screen.contains("Subject, without"), "{screen}");
    }
}

#[test]
fn a_code_that_is_found_at_the_second_try_is_refused_no_longer() {
    let mut harness = Harness::with_flows(Vec::new());
    harness.key('a');
    harness.type_in("BCDFGHJK");
    let code = UserCode::from_stored("BCDFGHJK".to_owned());
    for found in [None, Some(flow("BCDFGHJK", FlowStatus::Pending, 60))] {
        harness.press(KeyCode::Enter);
        harness.answer(Answer::Flow { code: code.clone(), found: Ok((found, at(NOW))) });
    }
    let screen = harness.screen(80, 24);
    assert!(screen.contains("Subject, without") && !screen.contains("there is no device flow"), "{screen}");
    assert!(harness.effects.iter().any(|it| matches!(it, Effect::LookForSubjects(_))), "{:?}", harness.effects);
}

#[test]
fn a_code_that_expires_while_the_name_is_typed_is_not_approved() {
    let mut harness = Harness::with_flows(Vec::new());
    harness.key('a');
    harness.type_in("BCDFGHJK");
    harness.press(KeyCode::Enter);
    let code = UserCode::from_stored("BCDFGHJK".to_owned());
    harness.answer(Answer::Flow { code, found: Ok((Some(flow("BCDFGHJK", FlowStatus::Pending, 590)), at(NOW))) });
    harness.type_in("alice");
    harness.press(KeyCode::Enter);
    harness.press(KeyCode::Enter);
    harness.now = at(NOW + 11_000);
    harness.key('y');
    assert_eq!(harness.changes(), Vec::<&PlanStep>::new());
    assert!(harness.screen(80, 24).contains("expired 1s ago"));
}

#[test]
fn an_answer_about_another_code_is_not_taken_for_this_one() {
    let mut harness = Harness::with_flows(Vec::new());
    harness.key('a');
    harness.type_in("BCDFGHJK");
    harness.press(KeyCode::Enter);
    let other = UserCode::from_stored("XXXXXXXX".to_owned());
    let found = Ok((Some(flow("XXXXXXXX", FlowStatus::Pending, 1)), at(NOW)));
    harness.answer(Answer::Flow { code: other, found });
    assert!(harness.screen(80, 24).contains("looking the code up"));
}

#[test]
fn what_is_typed_ahead_goes_where_it_was_meant_and_confirms_nothing() {
    let mut harness = Harness::with_flows(Vec::new());
    harness.key('a');
    harness.type_in("BCDFGHJK");
    harness.press(KeyCode::Enter);
    harness.type_in("amara");
    (0..4).for_each(|_| harness.press(KeyCode::Enter));
    harness.key('y');
    let code = UserCode::from_stored("BCDFGHJK".to_owned());
    harness.answer(Answer::Flow { code, found: Ok((Some(flow("BCDFGHJK", FlowStatus::Pending, 60)), at(NOW))) });
    assert_eq!(harness.changes(), Vec::<&PlanStep>::new());
    assert!(harness.screen(80, 24).contains("logged in as lhcb:amara."));
}

#[test]
fn what_is_typed_ahead_is_no_name_of_the_context_either() {
    let mut harness = Harness::with_flows(Vec::new());
    (harness.app.context_name, harness.app.is_production) = ("lhcb-prod".to_owned(), true);
    harness.key('a');
    harness.type_in("BCDFGHJK");
    harness.press(KeyCode::Enter);
    harness.type_in("amara");
    (0..2).for_each(|_| harness.press(KeyCode::Enter));
    harness.type_in("lhcb-prod");
    harness.press(KeyCode::Enter);
    let code = UserCode::from_stored("BCDFGHJK".to_owned());
    harness.answer(Answer::Flow { code, found: Ok((Some(flow("BCDFGHJK", FlowStatus::Pending, 60)), at(NOW))) });
    assert_eq!(harness.changes(), Vec::<&PlanStep>::new(), "nobody has seen the plan");
    assert!(harness.says("logged in as lhcb:amara.") && harness.says("Type lhcb-prod to go on"));
    harness.type_in("lhcb-prod");
    harness.press(KeyCode::Enter);
    assert_eq!(harness.changes().len(), 1, "and it stands in no field");
}

#[test]
fn an_answer_about_an_older_code_takes_nothing_of_what_is_typed_ahead() {
    let mut harness = Harness::with_flows(Vec::new());
    let found = |code: &str| Answer::Flow {
        code: UserCode::from_stored(code.to_owned()),
        found: Ok((Some(flow(code, FlowStatus::Pending, 60)), at(NOW))),
    };
    for code in ["XXXXXXXX", "BCDFGHJK"] {
        harness.press(KeyCode::Esc);
        harness.key('a');
        harness.type_in(code);
        harness.press(KeyCode::Enter);
    }
    harness.type_in("ama");
    harness.answer(found("XXXXXXXX"));
    harness.type_in("ra");
    harness.answer(found("BCDFGHJK"));
    let screen = harness.screen(80, 24);
    assert!(screen.contains("without the VO: amara") && screen.contains("reads out: BCDFGHJK"), "{screen}");
}

#[test]
fn what_is_typed_ahead_of_a_refusal_is_forgotten() {
    let mut harness = Harness::with_flows(Vec::new());
    harness.key('a');
    harness.type_in("BCDFGHJK");
    harness.press(KeyCode::Enter);
    harness.type_in("amara");
    let code = UserCode::from_stored("BCDFGHJK".to_owned());
    harness.answer(Answer::Flow { code, found: Ok((None, at(NOW))) });
    let screen = harness.screen(80, 24);
    assert!(screen.contains("no device flow") && !screen.contains("amara"), "{screen}");
}
