//! A store that is slow, silent, lost or broken: the screen goes on.

use authdb_shared::model::FlowStatus;

use super::*;
use crate::app::tests::flow;

fn store() -> FakeStore {
    FakeStore::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)])
}

#[tokio::test(start_paused = true)]
async fn keys_are_instant_over_a_store_that_never_answers() {
    let store = store();
    store.content().mood = Mood::Silent;
    let mut console = Console::on(&store);
    for (key, said) in [('2', "Device flows"), ('?', "To change"), ('?', "Device flows"), (':', "Commands")] {
        console.type_in(&key.to_string());
        console.wait_for_at_once(said).await;
    }
    console.press(KeyCode::Esc);
    console.type_in("/alice");
    console.wait_for_at_once("/ alice").await;
    console.press(KeyCode::Esc);
    let before = console.drawings();
    console.wait_for("waiting for the database, 9s").await;
    assert!(console.drawings() > before + 9, "it is drawn while nothing comes");
    console.type_in("5");
    console.wait_for_at_once("Live tokens").await;
    console.type_in("q");
    assert!(console.ended().await.result.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_slow_statement_delays_nothing_but_its_own_answer() {
    let store = store();
    store.content().moods_of_flows = [Mood::Slow(Duration::from_secs(10))].into();
    let mut console = Console::on(&store);
    console.wait_for_at_once("150 live").await;
    console.type_in("2");
    console.wait_for("waiting for the database, 9s").await;
    console.type_in("7");
    console.wait_for_at_once("holds the lease").await;
    console.type_in("2");
    console.wait_for("BCDF-GHJK").await;
}

#[tokio::test(start_paused = true)]
async fn rows_outlive_the_connection_dimmed_with_the_cause_until_it_is_back_by_itself() {
    let store = store();
    let mut console = Console::on(&store);
    console.type_in("2");
    console.wait_for("BCDF-GHJK").await;
    assert!(!console.is_dimmed("BCDF-GHJK"));
    store.content().mood = Mood::Lost;
    let screen = console.wait_for("DATABASE LOST: no answer for").await;
    assert!(screen.contains("connection refused") && screen.contains("BCDF-GHJK"), "{screen}");
    assert!(console.is_dimmed("BCDF-GHJK"));
    console.press(KeyCode::Down);
    console.type_in("d");
    console.wait_for_at_once("The database does not answer. Wait until it is back.").await;
    store.content().device_flows.push(flow("CCCCCCCC", FlowStatus::Pending, 30));
    store.content().mood = Mood::Prompt;
    let screen = console.wait_for("The database is back.").await;
    assert!(screen.contains("CCCC-CCCC") && !screen.contains("DATABASE LOST"), "{screen}");
    assert!(!console.is_dimmed("CCCC-CCCC"));
}

#[tokio::test(start_paused = true)]
async fn a_database_that_is_lost_while_reading_is_paused_is_found_again_and_the_rows_stay() {
    let store = store();
    let mut console = Console::on(&store);
    console.type_in("2");
    console.wait_for("BCDF-GHJK").await;
    console.type_in("p");
    console.wait_for_at_once("PAUSED").await;
    store.content().mood = Mood::Lost;
    console.press(KeyCode::F(5));
    console.wait_for("DATABASE LOST: no answer for").await;
    store.content().device_flows.push(flow("CCCCCCCC", FlowStatus::Pending, 30));
    store.content().queries.clear();
    store.content().mood = Mood::Prompt;
    let screen = console.wait_for("The database is back. Reading stays paused.").await;
    assert!(!screen.contains("DATABASE LOST") && !screen.contains("CCCC-CCCC"), "{screen}");
    assert!(!console.is_dimmed("BCDF-GHJK") && store.content().queries.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_cannot_be_made_says_why_and_changes_nothing() {
    let store = store();
    let mut console = Console::on(&store);
    console.type_in("2");
    console.wait_for("BCDF-GHJK").await;
    console.press(KeyCode::Down);
    store.content().mood = Mood::Slow(Duration::from_secs(5));
    console.type_in("d");
    console.wait_for_at_once("Making the plan: reading the rows as they are now…").await;
    console.press(KeyCode::Esc);
    store.content().mood = Mood::Lost;
    console.type_in("d");
    console.wait_for_at_once("Nothing was changed: listing: no connection to AuthDB at fake").await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert!(!console.has_ever_said("y deny it"), "the plan that was withdrawn does not come up later");
    assert!(store.changes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_defect_of_the_worker_ends_the_dashboard_and_is_named() {
    let store = store();
    let mut console = Console::on(&store);
    console.type_in("2");
    console.wait_for("BCDF-GHJK").await;
    store.content().moods_of_flows = [Mood::Broken].into();
    let ended = console.ended().await;
    assert!(ended.app.defect.is_some_and(|it| it.contains("panic")));
}
