//! The filter: what it shows, what it keeps, and that nothing can be done with one that cannot be read.

use super::*;

fn two_flows() -> Harness {
    let flows = vec![flow("BBBBBBBB", FlowStatus::Pending, 60), flow("CCCCCCCC", FlowStatus::Done, 600)];
    Harness::with_flows(flows)
}

#[test]
fn rows_are_filtered_as_it_is_typed_without_waiting_for_the_database() {
    let mut harness = two_flows();
    harness.key('/');
    harness.type_in("age<5m !state:done");
    let screen = harness.screen(80, 24);
    assert!(screen.contains("BBBB-BBBB") && !screen.contains("CCCC-CCCC"), "{screen}");
    assert!(screen.contains("Device flows 1  / age<5m !state:done"), "{screen}");
}

#[test]
fn bad_syntax_is_said_and_selects_nothing() {
    let mut harness = two_flows();
    harness.press(KeyCode::Down);
    harness.key('/');
    harness.type_in("age<5");
    let screen = harness.screen(80, 24);
    assert!(screen.contains("5 has no unit: write 5s, 5m, 5h or 5d"), "{screen}");
    assert!(screen.contains("selects nothing") && !screen.contains("BBBB-BBBB"), "{screen}");
    harness.press(KeyCode::Enter);
    assert_eq!((harness.app.mode(), harness.filter()), (Mode::Typing, "age<5"), "it is neither kept nor lost");
    harness.key('m');
    harness.press(KeyCode::Enter);
    assert_eq!(harness.app.mode(), Mode::Browsing);
    let screen = harness.screen(80, 24);
    assert!(screen.contains("BBBB-BBBB") && !screen.contains("has no unit"), "{screen}");
}

#[test]
fn nothing_can_be_done_while_the_filter_cannot_be_read() {
    let mut harness = two_flows();
    harness.press(KeyCode::Down);
    harness.key(' ');
    harness.app.narrow("age<5");
    harness.act(Action::Command(Command::MarkAll));
    assert_eq!(harness.app.device_flows.marked(), 1, "all of no rows are none, and the mark from before stays");
    for command in [Command::Deny, Command::Approve, Command::CopyKey] {
        harness.act(Action::Command(command));
        assert!(harness.app.dialog.is_none() && harness.notice().contains("The filter selects nothing"), "{command:?}");
    }
    assert!(harness.changes().is_empty());
    assert!(harness.screen(80, 24).contains("1 marked, 1 of them not shown"));
}

#[test]
fn a_new_answer_is_filtered_too() {
    let mut harness = two_flows();
    harness.app.narrow("state:pending");
    harness.flows(Ok(page(vec![flow("DDDDDDDD", FlowStatus::Done, 6), flow("FFFFFFFF", FlowStatus::Pending, 6)])));
    let screen = harness.screen(80, 24);
    assert!(screen.contains("FFFF-FFFF") && !screen.contains("DDDD-DDDD"), "{screen}");
    let Some(Effect::Fetch { generation, .. }) = harness.app.fetch(Screen::DeviceFlows) else { panic!("it is a list") };
    harness.app.narrow("state:");
    let rows = Rows::DeviceFlows(Ok(page(vec![flow("DDDDDDDD", FlowStatus::Done, 6)])));
    harness.answer(Answer::Rows { generation, rows });
    assert!(!harness.screen(80, 24).contains("DDDD-DDDD"), "nothing arrives in a list whose filter cannot be read");
}

#[test]
fn a_filter_that_cannot_be_read_asks_nothing_neither_at_once_nor_later() {
    let mut harness = two_flows();
    harness.key('/');
    harness.type_in("age<5");
    let is_asked = |it: &Effect| matches!(it, Effect::Fetch { query: Query::DeviceFlows(_), .. });
    harness.effects.clear();
    harness.key('x');
    harness.now = at(NOW + 3_600_000);
    harness.act(Action::Tick);
    assert!(!harness.effects.iter().any(is_asked), "{:?}", harness.effects);
    harness.press(KeyCode::Backspace);
    harness.key('m');
    assert!(harness.effects.iter().any(is_asked), "{:?}", harness.effects);
}

#[test]
fn a_hidden_row_lets_the_cursor_go_and_a_mark_stays() {
    let mut harness = two_flows();
    harness.press(KeyCode::Down);
    harness.key(' ');
    harness.app.narrow("code:CC");
    assert!(harness.screen(80, 24).contains("Device flows 1  / code:CC  1 marked, 1 of them not shown"));
    harness.app.narrow("!state:pending age>1d");
    assert_eq!(harness.app.device_flows.selected(), None);
}

#[test]
fn a_list_that_was_cut_off_says_when_only_what_was_read_is_searched() {
    let mut harness = two_flows();
    let cut = || Page { has_more: true, ..page(vec![flow("BBBBBBBB", FlowStatus::Pending, 60)]) };
    harness.app.narrow("left<1h");
    harness.flows(Ok(cut()));
    assert!(harness.screen(80, 24).contains("1 of the 1 that were read; there are more"));
    harness.app.narrow("mydirac");
    harness.flows(Ok(cut()));
    assert!(harness.screen(80, 24).contains("first 1; / narrows"), "the database searches for a word");
}

#[test]
fn a_list_whose_time_was_up_claims_no_more_rows() {
    let mut harness = two_flows();
    let late = || Page { is_cut_short: true, ..page(vec![flow("BBBBBBBB", FlowStatus::Pending, 60)]) };
    harness.app.narrow("left<1h");
    harness.flows(Ok(late()));
    assert!(harness.screen(80, 24).contains("1 of the 1 that were read; time was up, not all was searched"));
    harness.app.narrow("mydirac");
    harness.flows(Ok(late()));
    assert!(harness.screen(80, 24).contains("Device flows 1; time was up, not all was searched"));
}

#[test]
fn ages_are_those_of_the_databases_clock_from_the_first_answer_on() {
    let mut harness = Harness::new(false);
    harness.app.narrow("age<5m");
    harness.now = at(NOW + 3_600_000);
    harness.flows(Ok(page(vec![flow("BBBBBBBB", FlowStatus::Pending, 60)])));
    assert!(harness.app.device_flows.shown().len() == 1, "the host's clock is an hour ahead");
}

#[test]
fn the_journal_can_be_filtered() {
    let mut harness = Harness::new(false);
    harness.key('8');
    harness.key('/');
    harness.type_in("outcome:refused");
    assert_eq!(harness.filter(), "outcome:refused");
}

/// On the tokens of one of two subjects, as the database found them.
fn narrowed_to_alice() -> Harness {
    let mut harness = Harness::new(false);
    let row = |name: &str| SubjectSummary { subject: subject(name), live: 3, revoked: 0, first: None, last: None };
    harness.key('4');
    harness.key('/');
    harness.type_in("subject=\"lhcb:alice\"");
    harness.press(KeyCode::Enter);
    let generation = harness.last_generation();
    harness.answer(Answer::Rows { generation, rows: Rows::Subjects(Ok(page(vec![row("lhcb:alice")]))) });
    harness.key('5');
    harness.key('/');
    harness.type_in("subject=\"lhcb:alice\"");
    harness.press(KeyCode::Enter);
    let tokens = (0..3).map(|_| token(TokenStatus::Created, "lhcb:alice")).collect();
    let generation = harness.last_generation();
    harness.answer(Answer::Rows { generation, rows: Rows::Tokens(Ok(page(tokens))) });
    harness
}

#[test]
fn the_rows_of_a_narrower_filter_are_not_taken_for_all_when_it_is_loosened() {
    let mut harness = narrowed_to_alice();
    assert!(harness.screen(80, 24).contains("Live tokens 3  / subject"), "{}", harness.screen(80, 24));
    harness.press(KeyCode::Esc);
    assert!(harness.screen(80, 24).contains("Live tokens 3 so far; not all was read yet"));
    harness.key('e');
    assert!(harness.says("These are not all: the filter was changed"), "{}", harness.screen(80, 24));
    harness.press(KeyCode::Esc);
    harness.key('*');
    let screen = harness.screen(80, 24);
    assert!(screen.contains("3 so far; not all was read yet  3 marked"), "what is marked is what is shown: {screen}");
    harness.press(KeyCode::Esc);
    let generation = harness.last_generation();
    harness.answer(Answer::Rows { generation, rows: Rows::Tokens(Err(lost())) });
    assert!(harness.screen(80, 24).contains("3 so far"), "an answer that fails has brought nothing");
    let tokens = (0..7).map(|_| token(TokenStatus::Created, "lhcb:bjorn")).collect();
    let Some(Effect::Fetch { generation, .. }) = harness.app.fetch(Screen::Tokens) else { panic!("it is a list") };
    harness.answer(Answer::Rows { generation, rows: Rows::Tokens(Ok(page(tokens))) });
    let screen = harness.screen(80, 24);
    assert!(screen.contains("Live tokens 7") && !screen.contains("so far"), "{screen}");
}

#[test]
fn nothing_is_counted_in_a_tab_nor_called_empty_before_the_loosened_question_is_answered() {
    let mut harness = narrowed_to_alice();
    harness.key('4');
    harness.press(KeyCode::Esc);
    let screen = harness.screen(200, 60);
    assert!(screen.contains("4 Subjects  5 Tokens") || screen.contains(" 4 Subjects   5 Tokens "), "{screen}");
    let mut harness = narrowed_to_alice();
    let generation = harness.last_generation();
    harness.answer(Answer::Rows { generation, rows: Rows::Tokens(Ok(page(Vec::new()))) });
    assert!(harness.screen(80, 24).contains("no row matches the filter"));
    harness.press(KeyCode::Esc);
    let screen = harness.screen(80, 24);
    assert!(screen.contains("reading…") && !screen.contains("no tokens"), "{screen}");
}
