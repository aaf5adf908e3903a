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
        matches!(effect, Fetch { .. } | Look { .. } | LookAtSubject { .. } | FetchMonths { .. })
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

/// Probes that were asked for since.
fn probes(harness: &mut Harness) -> Vec<u64> {
    let probe = |it: Effect| if let Effect::Probe { generation } = it { Some(generation) } else { None };
    std::mem::take(&mut harness.effects).into_iter().filter_map(probe).collect()
}

/// Changes are refused while it is lost, so it must be found again however long the admin pauses.
#[test]
fn a_lost_database_is_tried_while_paused_and_what_is_shown_stays() {
    let mut harness = looking();
    harness.flows(Err(lost()));
    harness.key('p');
    later(&mut harness, 5);
    assert!(!reads(&harness), "{:?}", harness.effects);
    let asked = probes(&mut harness);
    assert_eq!(asked.len(), 1);
    later(&mut harness, 10);
    assert!(probes(&mut harness).is_empty(), "not twice while an answer is awaited");
    harness.answer(Answer::Probed { generation: asked[0], now: Err(lost()) });
    assert!(harness.screen(80, 24).contains("DATABASE LOST: no answer for 10s"));
    later(&mut harness, 15);
    let asked = probes(&mut harness);
    harness.answer(Answer::Probed { generation: asked[0], now: Ok(at(NOW + 15_000)) });
    assert_eq!(harness.notice(), "The database is back. Reading stays paused.");
    let screen = harness.screen(80, 24);
    assert!(screen.contains("BCDF-GHJK") && screen.contains("from 15s ago"), "{screen}");
    assert!(!screen.contains("connection refused"), "{screen}");
    later(&mut harness, 60);
    assert!(!reads(&harness) && probes(&mut harness).is_empty(), "it is not tried any more");
    harness.press(KeyCode::Down);
    harness.key('d');
    assert!(matches!(harness.effects.last(), Some(Effect::Plan { .. })), "{:?}", harness.effects);
}

#[test]
fn what_was_asked_for_in_vain_while_paused_is_asked_for_again_when_the_database_is_back() {
    let mut harness = looking();
    harness.flows(Err(lost()));
    harness.key('p');
    harness.key('4');
    let Some(Effect::Fetch { generation, .. }) = harness.effects.last().cloned() else { panic!("it is read once") };
    harness.answer(Answer::Rows { generation, rows: Rows::Subjects(Err(lost())) });
    assert!(harness.screen(80, 24).contains("not read yet"), "{}", harness.screen(80, 24));
    later(&mut harness, 5);
    let asked = probes(&mut harness);
    harness.effects.clear();
    harness.answer(Answer::Probed { generation: asked[0], now: Ok(at(NOW + 5_000)) });
    let is_of_subjects = |effect: &Effect| matches!(effect, Effect::Fetch { query: Query::Subjects(_), .. });
    assert!(harness.effects.iter().any(is_of_subjects), "{:?}", harness.effects);
    assert_eq!(harness.effects.len(), 1, "what is shown stays as it is");
    assert!(harness.screen(80, 24).contains("reading…"));
}

#[test]
fn whoever_stops_the_program_while_paused_finds_what_was_shown() {
    let mut harness = looking();
    harness.key('p');
    harness.effects.clear();
    harness.act(Action::Resumed);
    assert!(!reads(&harness), "{:?}", harness.effects);
    harness.key('p');
    harness.effects.clear();
    harness.act(Action::Resumed);
    assert!(reads(&harness), "otherwise everything is read anew");
}
