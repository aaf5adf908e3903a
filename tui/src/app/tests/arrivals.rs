//! New rows: what is announced, until when, and when the bell rings.

use authdb_shared::config::Bell;

use super::*;

const CODES: [&str; 6] = ["BBBBBBBB", "CCCCCCCC", "DDDDDDDD", "FFFFFFFF", "GGGGGGGG", "HHHHHHHH"];

fn pending(count: usize) -> Vec<DeviceFlow> {
    CODES[..count].iter().map(|code| flow(code, FlowStatus::Pending, 60)).collect()
}

fn rings(harness: &Harness) -> usize {
    harness.effects.iter().filter(|effect| **effect == Effect::Ring).count()
}

#[test]
fn new_rows_are_announced_until_a_key_is_pressed_in_front_of_them() {
    let mut harness = Harness::with_flows(pending(2));
    assert!(!harness.screen(80, 24).contains("new;"), "what is read first is not new");
    harness.flows(Ok(page(pending(3))));
    let screen = harness.screen(80, 24);
    assert!(screen.contains("+ 1 new; n goes there") && screen.contains(" +DDDD-DDDD"), "{screen}");
    assert!(screen.contains("  BBBB-BBBB"), "{screen}");
    harness.press(KeyCode::Down);
    let screen = harness.screen(80, 24);
    assert!(!screen.contains("new;") && screen.contains(" +DDDD-DDDD"), "it is seen, but bears its sign:\n{screen}");
    harness.now = at(NOW + 30_000);
    harness.act(Action::Tick);
    assert!(!harness.screen(80, 24).contains('+'), "and for a while only");
}

#[test]
fn what_is_out_of_sight_stays_new_until_it_is_gone_to() {
    let mut harness = Harness::with_flows(pending(3));
    harness.screen(80, 7);
    harness.flows(Ok(page(pending(6))));
    let height = draw::list_height(&harness.app);
    assert!(height < 4, "there is room for {height} rows");
    harness.press(KeyCode::Down);
    harness.now = at(NOW + 60_000);
    assert_eq!(harness.app.device_flows.unseen(), 3, "nobody has seen them, however long they are there");
    for (seen, code) in [(1, "FFFF-FFFF"), (2, "GGGG-GGGG"), (3, "HHHH-HHHH")] {
        harness.key('n');
        let selected = harness.app.device_flows.selected().expect("the cursor is on a row");
        assert_eq!((selected.user_code.to_string().as_str(), harness.app.device_flows.unseen()), (code, 3 - seen));
    }
    harness.key('n');
    assert!(harness.notice().contains("No row has come"), "{}", harness.notice());
}

#[test]
fn rows_under_a_dialog_are_not_seen_and_rows_that_go_are_no_news() {
    let mut harness = Harness::with_flows(pending(1));
    harness.key('?');
    harness.flows(Ok(page(pending(3))));
    harness.press(KeyCode::Esc);
    assert_eq!(harness.app.device_flows.unseen(), 2);
    harness.flows(Ok(page(pending(2))));
    assert_eq!(harness.app.device_flows.unseen(), 1);
}

#[test]
fn another_filter_brings_other_rows_and_not_new_ones() {
    let mut harness = Harness::with_flows(pending(1));
    harness.app.bell = Bell::Rings;
    harness.key('/');
    harness.type_in("vo=lhcb");
    harness.press(KeyCode::Enter);
    harness.flows(Ok(page(pending(3))));
    assert_eq!((harness.app.device_flows.unseen(), rings(&harness)), (0, 0));
    harness.flows(Ok(page(pending(4))));
    assert_eq!((harness.app.device_flows.unseen(), rings(&harness)), (1, 1));
}

#[test]
fn what_moves_up_from_behind_the_end_of_the_list_is_not_called_new() {
    let mut harness = Harness::new(false);
    harness.flows(Ok(Page { has_more: true, ..page(pending(3)) }));
    let mut flows = pending(5);
    flows.remove(0);
    flows.insert(1, flow("JJJJJJJJ", FlowStatus::Pending, 1));
    harness.flows(Ok(Page { has_more: true, ..page(flows) }));
    assert_eq!(harness.app.device_flows.unseen(), 1, "only the one that stands before rows that were known");
}

#[test]
fn the_bell_rings_once_a_refresh_for_codes_that_wait_and_only_where_it_is_wanted() {
    let mut harness = Harness::with_flows(pending(1));
    harness.flows(Ok(page(pending(2))));
    assert_eq!(rings(&harness), 0, "it is off unless it is configured");
    harness.app.bell = Bell::Rings;
    harness.flows(Ok(page(pending(4))));
    assert_eq!(rings(&harness), 1, "once, for two codes");
    harness.flows(Ok(page(pending(4))));
    assert_eq!(rings(&harness), 1, "nothing has come");
    let mut flows = pending(4);
    flows.push(flow("HHHHHHHH", FlowStatus::Done, 60));
    harness.flows(Ok(page(flows)));
    assert_eq!(rings(&harness), 1, "what is done waits for nobody");
    harness.flows(Err(lost()));
    assert_eq!(rings(&harness), 1);
}
