//! Plans: what they are made for, what keys say yes to them, and what does not.

use authdb_shared::session_plan::Unfit;

use super::*;
use crate::request::Request;

const CODE: &str = "BCDFGHJK";

fn code(text: &str) -> UserCode {
    UserCode::from_stored(text.to_owned())
}

fn policy() -> Policy {
    Policy::default()
}

/// The dashboard with pending flows, the first of which is under the cursor.
fn on_flows(codes: &[&str]) -> Harness {
    let mut harness = Harness::with_flows(codes.iter().map(|code| flow(code, FlowStatus::Pending, 60)).collect());
    harness.press(KeyCode::Down);
    harness
}

fn denial(codes: &[&str]) -> SessionPlan {
    let flows = codes.iter().map(|code| flow(code, FlowStatus::Pending, 60)).collect();
    SessionPlan::deny(flows, at(NOW), &policy())
}

fn held(name: &str, created: u64) -> HeldTokens {
    HeldTokens { subject: subject(name), created, live: 1, has_more: false }
}

#[test]
fn a_denial_is_planned_and_needs_another_key() {
    let mut harness = on_flows(&[CODE]);
    harness.key('d');
    assert!(
        matches!(harness.effects.last(), Some(Effect::Plan { request: Request::Deny(codes), .. }) if *codes == [code(CODE)])
    );
    harness.planned(denial(&[CODE]));
    let screen = harness.screen(80, 24);
    assert!(screen.contains("Deny BCDF-GHJK?") && screen.contains("y deny it"), "{screen}");
    harness.key('d');
    harness.press(KeyCode::Enter);
    assert_eq!(harness.changes(), Vec::<&PlanStep>::new(), "neither the trigger nor Enter says yes");
    harness.key('y');
    assert_eq!(harness.changes(), [&PlanStep::Deny(code(CODE))]);
}

#[test]
fn while_a_plan_is_made_nothing_but_escape_counts() {
    let mut harness = on_flows(&[CODE]);
    harness.key('d');
    harness.type_in("y\ty1");
    harness.press(KeyCode::Enter);
    harness.planned(denial(&[CODE]));
    assert_eq!(harness.changes(), Vec::<&PlanStep>::new(), "what was typed ahead confirms nothing");
    assert!(harness.screen(80, 24).contains("Why, such as a ticket: "), "and stands in no field");
    harness.press(KeyCode::Esc);
    harness.key('d');
    harness.press(KeyCode::Esc);
    assert!(harness.app.dialog.is_none());
}

#[test]
fn a_plan_that_comes_too_late_opens_nothing_and_is_no_answer_to_another() {
    let mut harness = on_flows(&[CODE]);
    harness.key('d');
    harness.press(KeyCode::Esc);
    harness.planned(denial(&[CODE]));
    assert!(harness.app.dialog.is_none());
    harness.key('d');
    harness.answer(Answer::Planned { generation: 1, plan: Ok(denial(&["XXXXXXXX"])) });
    harness.key('y');
    assert_eq!(harness.changes(), Vec::<&PlanStep>::new(), "the plan of the first question is none of the second");
    assert!(harness.screen(80, 24).contains("Making the plan"));
}

#[test]
fn a_plan_that_cannot_be_made_says_why_and_changes_nothing() {
    let mut harness = on_flows(&[CODE]);
    harness.key('d');
    harness.answer(Answer::Planned { generation: 1, plan: Err(lost()) });
    assert!(
        harness.app.dialog.is_none() && harness.notice().starts_with("Nothing was changed: "),
        "{}",
        harness.notice()
    );
}

#[test]
fn escape_and_y_in_one_packet_are_no_yes() {
    let mut harness = on_flows(&[CODE]);
    harness.key('d');
    harness.planned(denial(&[CODE]));
    for modifiers in [KeyModifiers::ALT, KeyModifiers::CONTROL] {
        let event = Event::Key(KeyEvent::new(KeyCode::Char('y'), modifiers));
        assert!(keymap::action(&harness.app, &event).is_none(), "{modifiers:?}");
    }
}

#[test]
fn marked_rows_are_what_an_action_is_about_and_their_number_is_the_yes() {
    let mut harness = on_flows(&[CODE, "CCCCCCCC", "DDDDDDDD"]);
    harness.key('*');
    harness.key('d');
    let request = harness.effects.last();
    assert!(
        matches!(request, Some(Effect::Plan { request: Request::Deny(codes), .. }) if codes.len() == 3),
        "{request:?}"
    );
    // One of them has ended meanwhile.
    let mut plan = denial(&[CODE, "CCCCCCCC"]);
    plan.unfit.push(Unfit { key: "DDDD-DDDD".to_owned(), reason: "it is DONE".to_owned() });
    harness.planned(plan);
    let screen = harness.screen(80, 24);
    for part in ["Deny 2 device flows?", "Left out, 1:", "DDDD-DDDD: it is DONE", "CCCC-CCCC", "Type 2 to go on"] {
        assert!(screen.contains(part), "{part}: {screen}");
    }
    for wrong in ["y", "3", ""] {
        harness.type_in(wrong);
        harness.press(KeyCode::Enter);
        assert!(harness.changes().is_empty(), "{wrong:?} is no yes");
        assert!(harness.says("That is not 2, so nothing was done."));
        wrong.chars().for_each(|_| harness.press(KeyCode::Backspace));
    }
    harness.type_in("2");
    harness.press(KeyCode::Enter);
    assert_eq!(harness.changes(), [&PlanStep::Deny(code(CODE)), &PlanStep::Deny(code("CCCCCCCC"))]);
}

#[test]
fn all_of_a_subject_takes_its_name_and_nothing_shorter() {
    let mut harness = Harness::with_tokens(vec![token(TokenStatus::Created, "lhcb:alice")]);
    harness.press(KeyCode::Down);
    harness.key('R');
    let alice = subject("lhcb:alice");
    let request = harness.effects.last();
    assert!(
        matches!(request, Some(Effect::Plan { request: Request::RevokeSubjects(who), .. }) if *who == [alice.clone()])
    );
    harness.planned(SessionPlan::revoke_subject(held("lhcb:alice", 1234), at(NOW), &policy()));
    assert!(harness.says("1,234 tokens that are not revoked yet") && harness.says("until 11:26:40 UTC"));
    for wrong in ["y", "1234", "lhcb:Alice"] {
        harness.type_in(wrong);
        harness.press(KeyCode::Enter);
        wrong.chars().for_each(|_| harness.press(KeyCode::Backspace));
    }
    assert!(harness.changes().is_empty());
    harness.type_in("lhcb:alice");
    harness.press(KeyCode::Enter);
    assert_eq!(harness.changes(), [&PlanStep::RevokeSubject(alice)]);
}

#[test]
fn several_subjects_and_everything_in_production_take_the_name_of_the_context() {
    let mut harness = on_flows(&[CODE]);
    (harness.app.context_name, harness.app.is_production) = ("lhcb-prod".to_owned(), true);
    harness.key('d');
    harness.planned(denial(&[CODE]));
    harness.key('y');
    harness.press(KeyCode::Enter);
    assert!(harness.changes().is_empty() && harness.says("Type lhcb-prod to go on"));
    harness.press(KeyCode::Backspace);
    harness.type_in("lhcb-prod");
    harness.press(KeyCode::Enter);
    assert_eq!(harness.changes().len(), 1);

    let mut harness = Harness::new(false);
    harness.key('4');
    let summary = |name: &str| SubjectSummary { subject: subject(name), live: 1, revoked: 0, first: None, last: None };
    let generation = harness.last_generation();
    let rows = page(vec![summary("lhcb:alice"), summary("lhcb:bjorn")]);
    harness.answer(Answer::Rows { generation, rows: Rows::Subjects(Ok(rows)) });
    harness.key('*');
    harness.key('R');
    harness.planned(SessionPlan::revoke_subjects(
        vec![held("lhcb:alice", 2), held("lhcb:bjorn", 3)],
        at(NOW),
        &policy(),
    ));
    assert!(harness.says("Revoke ALL tokens of 2 subjects?") && harness.says("Type default to go on"));
    harness.type_in("default");
    harness.press(KeyCode::Enter);
    assert_eq!(harness.changes().len(), 2);
}

#[test]
fn all_of_a_subject_takes_the_name_of_the_context_in_production_and_says_whose_it_is() {
    let mut harness = Harness::with_tokens(vec![token(TokenStatus::Created, "lhcb:alice")]);
    (harness.app.context_name, harness.app.is_production) = ("lhcb-prod".to_owned(), true);
    harness.press(KeyCode::Down);
    harness.key('R');
    harness.planned(SessionPlan::revoke_subject(held("lhcb:alice", 3), at(NOW), &policy()));
    assert!(harness.says("Revoke ALL tokens of lhcb:alice?") && harness.says("Type lhcb-prod to go on"));
    harness.type_in("lhcb:alice");
    harness.press(KeyCode::Enter);
    assert!(harness.changes().is_empty(), "the subject is the same word in test");
    (0..10).for_each(|_| harness.press(KeyCode::Backspace));
    harness.type_in("lhcb-prod");
    harness.press(KeyCode::Enter);
    assert_eq!(harness.changes(), [&PlanStep::RevokeSubject(subject("lhcb:alice"))]);
}

#[test]
fn tokens_that_are_marked_are_not_taken_for_their_subject() {
    let mut harness = Harness::with_tokens(vec![token(TokenStatus::Created, "lhcb:alice")]);
    harness.key('*');
    harness.key('R');
    assert!(harness.app.dialog.is_none() && harness.notice().contains("Tokens are marked"), "{}", harness.notice());
}

#[test]
fn the_details_of_one_row_are_no_place_to_change_the_marked_ones() {
    let mut harness = on_flows(&[CODE, "CCCCCCCC"]);
    harness.press(KeyCode::Down);
    harness.key(' ');
    harness.key('k');
    harness.press(KeyCode::Enter);
    harness.key('d');
    assert!(harness.notice().contains("Other rows are marked"), "{}", harness.notice());
    assert!(!harness.effects.iter().any(|effect| matches!(effect, Effect::Plan { .. })));
}

#[test]
fn where_nothing_can_be_done_there_is_no_yes() {
    let mut harness = on_flows(&[CODE]);
    harness.key('d');
    harness.planned(SessionPlan::deny(vec![flow(CODE, FlowStatus::Done, 60)], at(NOW), &policy()));
    assert!(harness.says("Nothing can be done") && harness.says("BCDF-GHJK: it is DONE"));
    harness.key('y');
    assert!(harness.changes().is_empty() && harness.app.dialog.is_some());
    harness.press(KeyCode::Esc);
    assert!(harness.app.dialog.is_none());
}

#[test]
fn a_reason_is_handed_on_and_y_in_its_field_is_a_letter() {
    let mut harness = on_flows(&[CODE]);
    harness.key('d');
    harness.planned(denial(&[CODE]));
    harness.press(KeyCode::Tab);
    harness.type_in("why: ticket 7");
    assert!(harness.changes().is_empty());
    harness.press(KeyCode::Enter);
    harness.key('y');
    let reason =
        harness.effects.iter().find_map(|it| if let Effect::Work { reason, .. } = it { reason.clone() } else { None });
    assert_eq!(reason.as_deref(), Some("why: ticket 7"));
}

#[test]
fn a_reason_that_is_required_comes_first_and_cannot_be_left_out() {
    let mut harness = on_flows(&[CODE]);
    harness.app.reasons = Reasons::Required;
    harness.key('d');
    harness.planned(denial(&[CODE]));
    harness.type_in(" y ");
    (0..3).for_each(|_| harness.press(KeyCode::Backspace));
    harness.press(KeyCode::Enter);
    assert!(harness.says("Say why first"));
    harness.press(KeyCode::Tab);
    harness.key('y');
    assert!(harness.changes().is_empty() && harness.says("Say why first"));
    harness.type_in("ticket 7");
    harness.press(KeyCode::Enter);
    harness.key('y');
    assert_eq!(harness.changes().len(), 1);
}

#[test]
fn the_target_is_frozen_when_the_question_is_asked() {
    let mut harness = on_flows(&[CODE]);
    harness.key('d');
    harness.flows(Ok(page(vec![flow("XXXXXXXX", FlowStatus::Pending, 1)])));
    harness.planned(denial(&[CODE]));
    harness.key('y');
    assert_eq!(harness.changes(), [&PlanStep::Deny(code(CODE))]);
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
fn read_only_asks_for_no_plan_at_all() {
    let mut harness = Harness::new(true);
    harness.key('2');
    harness.flows(Ok(page(vec![flow(CODE, FlowStatus::Pending, 60)])));
    harness.press(KeyCode::Down);
    for key in ['a', 'd'] {
        harness.key(key);
        assert!(harness.app.dialog.is_none() && harness.notice().contains("read-only"), "{key}");
    }
    assert!(!harness.effects.iter().any(|effect| matches!(effect, Effect::Plan { .. })));
    assert!(harness.screen(80, 24).contains("READ-ONLY"));
}

#[test]
fn the_yes_stays_in_sight_on_a_low_terminal() {
    let mut harness = Harness::with_tokens(vec![token(TokenStatus::Created, "lhcb:alice")]);
    harness.press(KeyCode::Down);
    harness.key('R');
    harness.planned(SessionPlan::revoke_subject(held("lhcb:alice", 3), at(NOW), &policy()));
    let screen = harness.screen(50, 13);
    assert!(screen.contains("Type lhcb:alice") && screen.contains("↓ more"), "{screen}");
}

/// The screen, and the letter before the cursor.
fn with_cursor(harness: &mut Harness, width: u16, height: u16) -> (String, String) {
    harness.act(Action::Resized { width, height });
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal in memory");
    terminal.draw(|frame| draw::draw(&harness.app, frame)).expect("drawing in memory");
    let cursor = terminal.get_cursor_position().expect("there is a cursor");
    let before = terminal.backend().buffer()[(cursor.x - 1, cursor.y)].symbol().to_owned();
    (terminal.backend().to_string(), before)
}

#[test]
fn what_is_typed_for_a_long_subject_is_seen_beside_or_below_what_must_be_typed() {
    let name = "lhcb:b824d4dc-1f9d-4ee8-8df5-c0ae55d46041";
    let mut harness = Harness::with_tokens(vec![token(TokenStatus::Created, name)]);
    harness.press(KeyCode::Down);
    harness.key('R');
    harness.planned(SessionPlan::revoke_subject(held(name, 3), at(NOW), &policy()));
    let letters = |text: &str| text.replace(|it: char| it.is_whitespace() || "│\"".contains(it), "");
    let (typed, last) = name.split_at(name.len() - 1);
    harness.type_in(typed);
    for (width, height) in [(50, 15), (80, 24), (120, 40)] {
        let (screen, before) = with_cursor(&mut harness, width, height);
        assert!(letters(&screen).contains(&letters(&format!("Type {name} to go on:"))), "{screen}");
        assert!(screen.contains(&format!("› {typed} ")), "{screen}");
        assert_eq!(before, &typed[typed.len() - 1..], "{screen}");
    }
    harness.press(KeyCode::Enter);
    let (screen, _) = with_cursor(&mut harness, 50, 15);
    assert!(letters(&screen).contains(&letters(&format!("That is not {name}, so nothing was done."))), "{screen}");
    assert!(screen.contains("↓ more") && screen.contains("revoke them all"), "{screen}");
    harness.type_in(last);
    assert!(with_cursor(&mut harness, 50, 15).0.contains(&format!("› {name} ")));
    harness.press(KeyCode::Enter);
    assert_eq!(harness.changes(), [&PlanStep::RevokeSubject(subject(name))]);
}

#[test]
fn the_end_of_a_long_reason_is_seen_whatever_letters_it_has() {
    let mut harness = on_flows(&[CODE]);
    harness.key('d');
    harness.planned(denial(&[CODE]));
    harness.press(KeyCode::Tab);
    harness.type_in(&"山田".repeat(40));
    harness.type_in("end");
    for (width, height) in [(30, 20), (50, 15), (80, 24)] {
        let (screen, before) = with_cursor(&mut harness, width, height);
        assert!(screen.contains("end ") && before == "d", "{screen}");
        harness.press(KeyCode::Home);
        assert!(with_cursor(&mut harness, width, height).0.contains("山"), "{screen}");
        harness.press(KeyCode::End);
    }
}

#[test]
fn a_reason_ends_where_the_journal_would_cut_it() {
    let mut harness = on_flows(&[CODE]);
    harness.key('d');
    harness.planned(denial(&[CODE]));
    harness.press(KeyCode::Tab);
    harness.type_in(&"é".repeat(1024));
    assert!(!harness.says("The journal keeps"));
    harness.key('x');
    assert!(harness.says("The journal keeps 1,024 characters, and no more."), "{}", harness.screen(80, 24));
    harness.press(KeyCode::Backspace);
    harness.key('z');
    harness.press(KeyCode::Enter);
    harness.key('y');
    let reason =
        harness.effects.iter().find_map(|it| if let Effect::Work { reason, .. } = it { reason.clone() } else { None });
    assert_eq!(reason, Some(format!("{}z", "é".repeat(1023))), "nothing that was typed is lost without a word");
}
