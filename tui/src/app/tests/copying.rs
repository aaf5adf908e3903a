//! What is copied, and what is not.

use super::*;

fn copied(harness: &Harness) -> Vec<&str> {
    let text = |effect: &'_ Effect| matches!(effect, Effect::Copy(_));
    let copies = harness.effects.iter().filter(|effect| text(effect));
    copies.filter_map(|effect| if let Effect::Copy(text) = effect { Some(text.as_str()) } else { None }).collect()
}

#[test]
fn a_key_is_copied_whole_and_as_people_write_it() {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    harness.key('y');
    assert!(copied(&harness).is_empty() && harness.notice().contains("Choose a row"), "{}", harness.notice());
    harness.press(KeyCode::Down);
    harness.key('y');
    assert_eq!(copied(&harness), ["BCDF-GHJK"]);
    assert!(harness.notice().starts_with("Copied 1 key "), "{}", harness.notice());
}

#[test]
fn marked_rows_are_copied_one_per_line_in_the_order_of_their_marks() {
    let codes = ["BBBBBBBB", "CCCCCCCC", "DDDDDDDD"];
    let mut harness = Harness::with_flows(codes.map(|code| flow(code, FlowStatus::Pending, 60)).to_vec());
    harness.key('*');
    harness.key('y');
    assert_eq!(copied(&harness), ["BBBB-BBBB\nCCCC-CCCC\nDDDD-DDDD"]);
    harness.flows(Ok(page(vec![flow("CCCCCCCC", FlowStatus::Pending, 60)])));
    harness.key('Y');
    assert_eq!(copied(&harness).len(), 1, "a part of what was marked is not what was asked for");
    assert!(harness.notice().contains("2 marked rows are no longer in the list"), "{}", harness.notice());
}

#[test]
fn a_row_is_copied_with_the_fields_of_the_verbs() {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    harness.press(KeyCode::Down);
    harness.key('Y');
    let row: serde_json::Value = serde_json::from_str(copied(&harness)[0]).expect("one line of JSON");
    assert_eq!((&row["code"], &row["left_seconds"], &row["sub"]), (&"BCDF-GHJK".into(), &540.into(), &().into()));
}

#[test]
fn a_subject_that_would_do_harm_when_pasted_is_copied_as_json_only() {
    let mut harness = Harness::new(false);
    harness.key('4');
    let hostile = "lhcb:x\nrm -rf ~\u{1b}[2J";
    let row = SubjectSummary { subject: subject(hostile), live: 2, revoked: 0, first: None, last: None };
    let generation = harness.last_generation();
    harness.answer(Answer::Rows { generation, rows: Rows::Subjects(Ok(page(vec![row]))) });
    harness.press(KeyCode::Down);
    harness.key('y');
    assert!(copied(&harness).is_empty() && harness.notice().starts_with("Nothing was copied"), "{}", harness.notice());
    harness.key('Y');
    let [line] = copied(&harness)[..] else { panic!("{:?}", harness.effects) };
    assert!(!line.contains(|letter: char| letter.is_control()), "{line:?}");
    let row: serde_json::Value = serde_json::from_str(line).expect("one line of JSON");
    assert_eq!(row["sub"], hostile);
}
