//! What is said where there is nothing: in an empty database, and in one without a ledger.

use authdb_shared::db::{Activity, ActivityBucket};
use authdb_shared::janitor::JanitorStatus;

use super::looks::{activity, status};
use super::*;
use crate::look::{Look, Seen};

#[test]
fn an_empty_list_says_so_and_offers_no_row() {
    for (digit, said) in [('2', "no device flows"), ('3', "no authorization flows"), ('4', "nobody has a live token")] {
        let mut harness = Harness::new(false);
        harness.key(digit);
        let Some(Effect::Fetch { generation, query, .. }) = harness.app.fetch(harness.app.screen) else {
            panic!("it is a list")
        };
        let rows = match query {
            Query::DeviceFlows(_) => Rows::DeviceFlows(Ok(page(Vec::new()))),
            Query::AuthorizationFlows(_) => Rows::AuthorizationFlows(Ok(page(Vec::new()))),
            _ => Rows::Subjects(Ok(page(Vec::new()))),
        };
        harness.answer(Answer::Rows { generation, rows });
        let screen = harness.screen(80, 24);
        assert!(screen.contains(said) && !screen.contains("chooses a row"), "{screen}");
        harness.press(KeyCode::Enter);
        assert_eq!(harness.notice(), "There is no row here.");
    }
}

#[test]
fn a_database_without_a_ledger_lacks_runs_and_a_journal_and_says_who_makes_them() {
    let mut harness = Harness::new(false);
    harness.key('7');
    let bare = JanitorStatus { lease: None, jobs: Vec::new(), backlog: Vec::new(), ..status(Vec::new()) };
    harness.see(Look::Status, Seen::Status(Ok(bare)));
    harness.see(Look::Runs, Seen::Runs(Ok(None)));
    let screen = harness.screen(120, 40);
    assert!(screen.contains("no janitor has ever run here") && screen.contains("authdb init"), "{screen}");
    harness.key('1');
    for size in [(80, 24), (120, 40)] {
        let screen = harness.screen(size.0, size.1);
        assert_eq!(screen.matches("ever run here").count(), 1, "{screen}");
    }
    harness.key('8');
    let generation = harness.last_generation();
    harness.answer(Answer::Rows { generation, rows: Rows::Journal(Ok(page(Vec::new()))) });
    harness.see(Look::Chain, Seen::Chain(Ok(None)));
    assert!(harness.screen(80, 24).contains("there is no journal (authdb init makes one)"));
}

#[test]
fn days_without_a_token_are_no_bar_of_nothing() {
    let mut harness = Harness::new(false);
    harness.key('1');
    let none = activity().buckets.into_iter().map(|it| ActivityBucket { tokens: 0, ..it }).collect();
    harness.see(Look::Days, Seen::Days(Ok(Activity { buckets: none, is_cut_short: false })));
    let screen = harness.screen(80, 24);
    assert!(screen.contains("Tokens issued per day since") && !screen.contains("0 on "), "{screen}");
}
