//! What the overview shows of a high terminal's room: who waits, and what was changed by hand.

use authdb_shared::db::{AdminAction, Outcome};

use super::looks::{activity, status};
use super::*;
use crate::look::{Look, Seen};

fn deed(id: i64, outcome: Outcome, target: &str, reason: &str) -> AdminAction {
    AdminAction {
        id,
        time: Some(at(NOW - id * 60_000)),
        actor: "hanna\u{1b}[2J".to_owned(),
        account: "operator@%".to_owned(),
        host: "bastion".to_owned(),
        action: "revoke".to_owned(),
        target: target.to_owned(),
        reason: reason.to_owned(),
        outcome,
        details: serde_json::Value::Null,
    }
}

/// The overview with flows of these ages, all of them pending.
fn with_pending(ages: &[i64]) -> Harness {
    let letters = || "BCDFGHJKLM".chars();
    let codes = letters().flat_map(|first| letters().map(move |second| format!("BCDFGH{first}{second}")));
    let mut harness =
        Harness::with_flows(codes.zip(ages).map(|(code, age)| flow(&code, FlowStatus::Pending, *age)).collect());
    harness.key('1');
    harness
}

#[test]
fn a_high_terminal_names_the_codes_that_wait_the_most_urgent_first() {
    let mut harness = with_pending(&[10, 590, 300, 900]);
    for size in [(80, 60), (120, 40), (200, 60)] {
        let screen = harness.screen(size.0, size.1);
        let place = |text: &str| screen.find(text).unwrap_or_else(|| panic!("{text} is missing: {screen}"));
        assert!(place("Pending device codes") < place("BCDF-GHBC") && place("BCDF-GHBC") < place("BCDF-GHBD"));
        assert!(
            place("BCDF-GHBD") < place("BCDF-GHBB") && !screen.contains("BCDF-GHBF"),
            "what is stale waits no more"
        );
    }
    assert!(!harness.screen(80, 24).contains("BCDF-GHBC"), "a low one has no room for them");
}

#[test]
fn of_more_codes_than_there_is_room_for_the_number_is_said() {
    let mut harness = with_pending(&[60; 40]);
    let screen = harness.screen(120, 40);
    let shown = screen.matches("BCDF-GH").count();
    assert!(shown > 3 && screen.contains(&format!("and {} more", 40 - shown)), "{screen}");
    harness.key('2');
    harness.key('/');
    harness.type_in("code:GHC");
    harness.press(KeyCode::Enter);
    harness.key('1');
    assert!(harness.screen(120, 40).contains("Pending device codes within their filter"));
}

#[test]
fn what_was_changed_by_hand_lately_stands_there_with_who_and_why() {
    let mut harness = with_pending(&[]);
    let rows =
        vec![deed(1, Outcome::Done, "lhcb:alice", "a stolen laptop"), deed(2, Outcome::Refused, "lhcb:山田太郎", "")];
    harness.see(Look::Deeds, Seen::Deeds(Ok(Some(page(rows)))));
    for size in [(80, 60), (120, 40), (200, 60)] {
        let screen = harness.screen(size.0, size.1);
        let place = |text: &str| screen.find(text).unwrap_or_else(|| panic!("{text} is missing: {screen}"));
        assert!(place("revoke lhcb:alice: a stolen") < place("revoke lhcb:山田太郎"), "the newest first: {screen}");
        assert!(place("1m ago") < place("2m ago"), "{screen}");
        assert!(screen.contains("refused") && screen.contains("hanna␛") && !screen.contains('\u{1b}'), "{screen}");
    }
    harness.see(Look::Deeds, Seen::Deeds(Ok(None)));
    assert!(harness.screen(120, 40).contains("no journal here (authdb init makes one)"));
    harness.see(Look::Deeds, Seen::Deeds(Ok(Some(page(Vec::new())))));
    assert!(harness.screen(120, 40).contains("nothing yet"));
}

/// However much there is of everything, a screen that can show the heads of all of it does.
#[test]
fn no_section_pushes_another_out_of_a_high_terminal() {
    let mut harness = with_pending(&[60; 100]);
    harness.see(Look::Status, Seen::Status(Ok(status(Vec::new()))));
    harness.see_counts(100);
    let top = SubjectSummary { subject: subject("lhcb:alice"), live: 7, revoked: 0, first: None, last: None };
    harness.see(Look::Top, Seen::Top(Ok(page(vec![top; 40]))));
    harness.see(Look::Minutes, Seen::Minutes(Ok(activity())));
    harness.see(Look::Days, Seen::Days(Ok(activity())));
    let rows = (1..=20).map(|id| deed(id, Outcome::Done, "lhcb:alice", "ticket")).collect();
    harness.see(Look::Deeds, Seen::Deeds(Ok(Some(page(rows)))));
    let heads = [
        "Alarms",
        "Now",
        "Last hour",
        "Tokens issued per day",
        "Janitor",
        "Pending device codes",
        "Subjects with most live tokens",
        "Changed by hand",
    ];
    for (width, height) in [(80, 45), (100, 36), (120, 40), (132, 43), (200, 60), (250, 100)] {
        let screen = harness.screen(width, height);
        for head in heads {
            assert!(screen.contains(head), "{head} is missing at {width}×{height}: {screen}");
        }
        assert!(!screen.contains("↓ more"), "all of it is in view at {width}×{height}: {screen}");
    }
}

#[test]
fn what_was_done_to_the_database_itself_names_no_path() {
    let mut harness = with_pending(&[]);
    let init = AdminAction { action: "init".to_owned(), ..deed(1, Outcome::Done, "/srv/secret/authdb.sqlite3", "") };
    harness.see(Look::Deeds, Seen::Deeds(Ok(Some(page(vec![init])))));
    let screen = harness.screen(120, 60);
    assert!(screen.contains(" init ") && !screen.contains("/srv/"), "{screen}");
}
