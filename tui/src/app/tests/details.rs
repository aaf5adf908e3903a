//! The details: whatever a list has no room for can be read in them, on every screen that is a list.

use authdb_shared::db::Outcome;
use authdb_shared::ids::FlowId;

use super::*;

const LISTS: [Screen; 5] =
    [Screen::DeviceFlows, Screen::AuthorizationFlows, Screen::Subjects, Screen::Tokens, Screen::Journal];

fn one_row(screen: Screen) -> Rows {
    match screen {
        Screen::AuthorizationFlows => Rows::AuthorizationFlows(Ok(page(vec![AuthorizationFlow {
            id: FlowId::from_stored("01a22ee6b00070008000000000000000".to_owned()),
            status: FlowStatus::Pending,
            created: Some(at(NOW)),
            client_id: "dirac-web".to_owned(),
            scope: Scope::from_stored("vo:lhcb".to_owned()),
            redirect_uri: "https://dirac.example/auth".to_owned(),
            sub: None,
        }]))),
        Screen::Subjects => {
            let row = SubjectSummary { subject: subject("lhcb:alice"), live: 3, revoked: 0, first: None, last: None };
            Rows::Subjects(Ok(page(vec![row])))
        }
        Screen::Tokens => Rows::Tokens(Ok(page(vec![token(TokenStatus::Created, "lhcb:alice")]))),
        Screen::Journal => Rows::Journal(Ok(page(vec![deed("a reason")]))),
        _ => Rows::DeviceFlows(Ok(page(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]))),
    }
}

fn deed(reason: &str) -> AdminAction {
    AdminAction {
        id: 12,
        time: Some(at(NOW - 60_000)),
        actor: "hanna".to_owned(),
        account: "operator@%".to_owned(),
        host: "bastion".to_owned(),
        action: "revoke".to_owned(),
        target: "lhcb:alice".to_owned(),
        reason: reason.to_owned(),
        outcome: Outcome::Done,
        details: serde_json::Value::Null,
    }
}

fn on(screen: Screen, rows: Rows) -> Harness {
    let mut harness = Harness::new(false);
    harness.key(screen.digit());
    let generation = harness.app.list_of_mut(screen).expect("it is a list").ask(at(NOW));
    harness.answer(Answer::Rows { generation, rows });
    harness
}

/// What `Enter` opens: the details, or the one subject.
fn is_open(harness: &Harness) -> bool {
    matches!(harness.app.dialog, Some(Dialog::Details)) || harness.app.subject_in_view().is_some()
}

#[test]
fn enter_and_a_second_click_open_the_row_on_every_list() {
    for screen in LISTS {
        let mut harness = on(screen, one_row(screen));
        harness.press(KeyCode::Down);
        harness.press(KeyCode::Enter);
        assert!(is_open(&harness), "Enter on {screen:?}");
        let mut harness = on(screen, one_row(screen));
        harness.screen(80, 24);
        for click in 0..2 {
            assert!(!is_open(&harness), "click {click} on {screen:?}");
            harness.act(Action::Clicked { x: 4, y: 4 });
        }
        assert!(is_open(&harness), "a second click on {screen:?}");
    }
}

#[test]
fn a_reason_as_long_as_the_journal_keeps_can_be_read_to_its_end_on_a_small_terminal() {
    let words: Vec<String> = (0..128).map(|number| format!("word{number:03}")).collect();
    let reason = words.join(" ");
    assert_eq!(reason.len(), authdb_shared::db::REASON_WIDTH - 1);
    let mut harness = on(Screen::Journal, Rows::Journal(Ok(page(vec![deed(&reason)]))));
    harness.press(KeyCode::Down);
    harness.press(KeyCode::Enter);
    let mut unread: std::collections::BTreeSet<&String> = words.iter().collect();
    for _ in 0..60 {
        let screen = harness.screen(50, 15);
        unread.retain(|word| !screen.contains(word.as_str()));
        harness.press(KeyCode::Down);
    }
    assert!(unread.is_empty(), "{unread:?}");
}
