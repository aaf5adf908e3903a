//! What should not be is marked in the list and said in the details.

use super::*;

#[test]
fn an_odd_row_has_a_mark_that_needs_no_colour_and_its_details_say_why() {
    let mut odd = flow("BCDFGHJK", FlowStatus::Pending, 60);
    odd.scope = Scope::from_stored("openid".to_owned());
    let mut harness = Harness::with_flows(vec![flow("CCCCCCCC", FlowStatus::Pending, 60), odd]);
    let screen = harness.screen(80, 24);
    let line = |code: &str| screen.lines().find(|line| line.contains(code)).expect("the row is shown").to_owned();
    assert!(line("BCDF-GHJK").contains("pending  !"), "{screen}");
    assert!(!line("CCCC-CCCC").contains('!'), "{screen}");
    harness.press(KeyCode::Down);
    harness.press(KeyCode::Enter);
    assert!(harness.screen(80, 24).contains("nothing odd"));
    harness.press(KeyCode::Esc);
    harness.press(KeyCode::Down);
    harness.press(KeyCode::Enter);
    let screen = harness.screen(80, 24);
    assert!(screen.contains("The scope names no VO."), "{screen}");
}

#[test]
fn sorting_by_the_mark_brings_what_is_odd_to_the_top() {
    let odd = flow("a1-e9", FlowStatus::Pending, 60);
    let mut harness = Harness::with_flows(vec![flow("CCCCCCCC", FlowStatus::Pending, 60), odd]);
    (0..3).for_each(|_| harness.key('s'));
    let first = harness.app.device_flows.shown_at(0).map(|flow| flow.user_code.to_string());
    assert_eq!(first.as_deref(), Some("a1-e9"));
    assert!(harness.screen(80, 24).contains("!↑"));
}
