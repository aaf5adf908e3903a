//! Stopping the program, and going on.

use super::*;

fn control_z(harness: &mut Harness) {
    let event = Event::Key(KeyEvent::new(KeyCode::Char('z'), KeyModifiers::CONTROL));
    let action = keymap::action(&harness.app, &event).expect("it means something everywhere");
    harness.act(action);
}

#[test]
fn the_program_stops_from_everywhere_and_reads_everything_anew_afterwards() {
    for keys in ["", "a", "/", "?", ":"] {
        let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
        harness.type_in(keys);
        control_z(&mut harness);
        assert_eq!(harness.effects.last(), Some(&Effect::Suspend), "{keys:?}");
        harness.effects.clear();
        harness.act(Action::Resumed);
        let lists = harness.effects.iter().filter(|effect| matches!(effect, Effect::Fetch { .. })).count();
        assert_eq!(lists, Screen::ALL.iter().filter(|screen| harness.app.list_of(**screen).is_some()).count());
    }
}

#[test]
fn a_change_under_way_is_not_stopped_in_the_middle() {
    let mut harness = super::work::at_work(&["BCDFGHJK"]);
    control_z(&mut harness);
    assert!(!harness.effects.contains(&Effect::Suspend) && harness.notice().contains("under way"));
}
