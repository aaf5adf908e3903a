//! What is exported, and what is not.

use std::path::PathBuf;

use super::*;
use crate::export::{Export, ExportError, Form};

fn exports(harness: &Harness) -> Vec<Export> {
    let export = |effect: &Effect| if let Effect::Export(export) = effect { Some(export.clone()) } else { None };
    harness.effects.iter().filter_map(export).collect()
}

fn codes(export: &Export) -> Vec<&str> {
    export.rows.iter().map(|row| row[0].1.as_str().expect("a code")).collect()
}

fn pending(codes: &[&str]) -> Vec<DeviceFlow> {
    codes.iter().map(|code| flow(code, FlowStatus::Pending, 60)).collect()
}

fn rename(harness: &mut Harness, name: &str) {
    (0..60).for_each(|_| harness.press(KeyCode::Backspace));
    harness.type_in(name);
}

#[test]
fn what_is_shown_is_exported_in_its_order_as_it_was_when_the_dialog_opened() {
    let mut harness = Harness::with_flows(pending(&["CCCCCCCC", "BBBBBBBB"]));
    harness.key('s');
    harness.key('e');
    let screen = harness.screen(80, 24);
    assert!(screen.contains("Export 2 rows") && screen.contains("device-flows-20261118T110640Z.csv"), "{screen}");
    harness.flows(Ok(page(pending(&["DDDDDDDD"]))));
    harness.press(KeyCode::Enter);
    let [export] = &exports(&harness)[..] else { panic!("{:?}", harness.effects) };
    assert_eq!((codes(export), export.form), (vec!["BBBB-BBBB", "CCCC-CCCC"], Form::Csv));
    let result = Ok(PathBuf::from("/srv/flows.csv"));
    harness.answer(Answer::Exported { export: export.clone(), result });
    assert!(harness.app.dialog.is_none());
    assert_eq!(harness.notice(), "2 rows exported to /srv/flows.csv.");
}

#[test]
fn marked_rows_are_exported_alone_and_never_in_part() {
    let mut harness = Harness::with_flows(pending(&["BBBBBBBB", "CCCCCCCC", "DDDDDDDD"]));
    harness.press(KeyCode::Down);
    harness.key(' ');
    harness.key(' ');
    harness.key('e');
    assert!(harness.screen(80, 24).contains("Export 2 marked rows"));
    harness.press(KeyCode::Enter);
    assert_eq!(codes(&exports(&harness)[0]), ["BBBB-BBBB", "CCCC-CCCC"]);
    harness.press(KeyCode::Esc);
    harness.flows(Ok(page(pending(&["BBBBBBBB"]))));
    harness.key('e');
    assert!(
        harness.app.dialog.is_none() && harness.notice().contains("1 marked row no longer"),
        "{}",
        harness.notice()
    );
}

#[test]
fn a_name_without_a_form_is_refused_and_kept() {
    let mut harness = Harness::with_flows(pending(&["BBBBBBBB"]));
    harness.key('e');
    rename(&mut harness, "flows.xlsx");
    harness.press(KeyCode::Enter);
    let screen = harness.screen(80, 24);
    assert!(exports(&harness).is_empty());
    assert!(screen.contains("File: flows.xlsx") && screen.contains("must end in .csv"), "{screen}");
    rename(&mut harness, "flows.jsonl");
    assert!(!harness.screen(80, 24).contains("must end in"), "it is said until the name changes");
    harness.press(KeyCode::Enter);
    assert_eq!(exports(&harness)[0].form, Form::JsonLines);
}

#[test]
fn a_file_that_exists_is_said_and_another_name_can_be_typed() {
    let mut harness = Harness::with_flows(pending(&["BBBBBBBB"]));
    harness.key('e');
    rename(&mut harness, "taken.csv");
    harness.press(KeyCode::Enter);
    // Neither keys nor a second Enter do anything while the file is written.
    harness.type_in("x");
    harness.press(KeyCode::Enter);
    let [export] = &exports(&harness)[..] else { panic!("{:?}", harness.effects) };
    let result = Err(ExportError::Exists(PathBuf::from("/srv/taken.csv")));
    harness.answer(Answer::Exported { export: export.clone(), result });
    let screen = harness.screen(80, 24);
    assert!(screen.contains("/srv/taken.csv exists already") && screen.contains("File: taken.csv"), "{screen}");
    rename(&mut harness, "free.csv");
    harness.press(KeyCode::Enter);
    assert_eq!(exports(&harness)[1].name, "free.csv");
}

#[test]
fn what_becomes_of_an_export_is_said_also_when_its_dialog_is_gone() {
    let mut harness = Harness::with_flows(pending(&["BBBBBBBB"]));
    harness.key('e');
    harness.press(KeyCode::Enter);
    harness.press(KeyCode::Esc);
    harness.key('e');
    let export = exports(&harness).remove(0);
    let result = Err(ExportError::NoFolder(PathBuf::from("/nowhere")));
    harness.answer(Answer::Exported { export, result });
    assert_eq!(harness.notice(), "Nothing was exported. The folder /nowhere does not exist.");
    assert!(!harness.screen(80, 24).contains("writing"), "the dialog that is open now is another");
}

#[test]
fn a_list_that_is_cut_off_says_so_before_and_after() {
    let mut harness = Harness::new(false);
    harness.flows(Ok(Page { has_more: true, ..page(pending(&["BBBBBBBB"])) }));
    harness.key('e');
    assert!(harness.screen(80, 24).contains("These are not all"));
    harness.press(KeyCode::Enter);
    let export = exports(&harness).remove(0);
    harness.answer(Answer::Exported { export, result: Ok(PathBuf::from("/srv/flows.csv")) });
    assert!(harness.notice().contains("These are not all: the database holds more"), "{}", harness.notice());
}

#[test]
fn without_rows_there_is_nothing_to_export() {
    let mut harness = Harness::with_flows(Vec::new());
    harness.key('e');
    assert!(harness.app.dialog.is_none());
    assert_eq!(harness.notice(), "There is nothing to export: no row is shown.");
}
