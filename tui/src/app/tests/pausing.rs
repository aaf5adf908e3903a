//! Pausing and going on.

use super::*;

fn later(harness: &mut Harness, seconds: i64) {
    harness.now = at(NOW + seconds * 1000);
    harness.effects.clear();
    harness.act(Action::Tick);
}

fn reads(harness: &Harness) -> bool {
    let is_read = |effect: &Effect| {
        use Effect::{Fetch, FetchMonths, Look, LookAtSubject};
        matches!(effect, Fetch { .. } | Look { .. } | LookAtSubject { .. } | FetchMonths)
    };
    harness.effects.iter().any(is_read)
}

/// On a list that has been read, with nothing on its way.
fn looking() -> Harness {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    harness.app.screen = Screen::DeviceFlows;
    harness
}

#[test]
fn nothing_is_read_by_itself_while_paused_and_time_goes_on() {
    let mut harness = looking();
    later(&mut harness, 60);
    assert!(reads(&harness), "it reads of itself before");
    harness.key('p');
    assert!(harness.notice().contains("until p is pressed again"), "{}", harness.notice());
    later(&mut harness, 665);
    assert!(!reads(&harness), "{:?}", harness.effects);
    let screen = harness.screen(80, 24);
    assert!(screen.contains("PAUSED 10m05s") && screen.contains("BCDF-GHJK"), "{screen}");
}

#[test]
fn what_was_read_stays_as_it_is_on_the_other_screens_too() {
    let mut harness = looking();
    harness.key('p');
    harness.effects.clear();
    harness.key('5');
    assert!(reads(&harness), "nothing of it has ever been read");
    harness.effects.clear();
    harness.key('2');
    assert!(!reads(&harness), "{:?}", harness.effects);
}

#[test]
fn what_is_asked_for_is_read_all_the_same() {
    let mut harness = looking();
    harness.key('p');
    harness.effects.clear();
    harness.press(KeyCode::F(5));
    assert!(reads(&harness), "everything anew");
    harness.effects.clear();
    harness.type_in("/abc");
    assert!(reads(&harness), "a filter");
}

#[test]
fn going_on_reads_at_once() {
    let mut harness = looking();
    harness.key('p');
    harness.effects.clear();
    harness.key('p');
    assert!(reads(&harness) && !harness.screen(80, 24).contains("PAUSED"));
    later(&mut harness, 600);
    assert!(reads(&harness), "and goes on reading");
}
