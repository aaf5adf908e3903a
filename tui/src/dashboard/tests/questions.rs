//! Lists that are asked for faster than they are answered.

use authdb_shared::db::FlowFilter;
use authdb_shared::model::FlowStatus;

use super::*;
use crate::app::tests::flow;
use crate::effect::Query;

fn store() -> FakeStore {
    FakeStore::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)])
}

/// What was asked of the device flows since.
fn asked(store: &FakeStore) -> Vec<FlowFilter> {
    let of_flows = |it: &Query| if let Query::DeviceFlows(filter) = it { Some(filter.clone()) } else { None };
    store.content().queries.iter().filter_map(of_flows).collect()
}

/// On the device flows, which take five seconds from now on.
async fn slow(store: &FakeStore) -> Console {
    let mut console = Console::on(store);
    console.type_in("2");
    console.wait_for("BCDF-GHJK").await;
    console.type_in("p");
    console.wait_for("PAUSED").await;
    store.content().queries.clear();
    store.content().mood = Mood::Slow(Duration::from_secs(5));
    console
}

#[tokio::test(start_paused = true)]
async fn a_word_is_asked_for_once_and_not_with_each_of_its_letters() {
    let store = store();
    let mut console = slow(&store).await;
    console.type_in("/");
    for letter in "mydirac".chars() {
        console.type_in(&letter.to_string());
        tokio::time::sleep(Duration::from_millis(120)).await;
    }
    console.wait_for("waiting for the database").await;
    assert_eq!(asked(&store), [FlowFilter::containing("mydirac")]);
}

#[tokio::test(start_paused = true)]
async fn however_often_a_slow_list_is_asked_for_two_statements_are_under_way_and_the_newest_is_answered() {
    let store = store();
    let console = slow(&store).await;
    console.type_in("/");
    for letter in "mydirac".chars() {
        console.type_in(&letter.to_string());
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let words = |words: &[&str]| -> Vec<FlowFilter> { words.iter().map(|it| FlowFilter::containing(it)).collect() };
    assert_eq!(asked(&store), words(&["m", "my"]));
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(asked(&store), words(&["m", "my", "mydirac"]));
}

#[tokio::test(start_paused = true)]
async fn a_filter_that_cannot_be_read_is_asked_nobody() {
    let store = store();
    let mut console = slow(&store).await;
    console.type_in("/age");
    console.wait_for("waiting for the database").await;
    store.content().queries.clear();
    console.type_in("<5");
    console.wait_for("5 has no unit").await;
    console.type_in("x");
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(asked(&store), []);
}

#[tokio::test(start_paused = true)]
async fn a_store_whose_connections_are_all_at_work_is_not_lost() {
    let store = store();
    let mut console = Console::on(&store);
    console.type_in("2");
    console.wait_for("BCDF-GHJK").await;
    store.content().mood = Mood::Busy(Duration::from_secs(5));
    console.wait_for("is at work on something else").await;
    console.press(KeyCode::Down);
    store.content().mood = Mood::Prompt;
    console.type_in("d");
    console.wait_for("y deny it").await;
    assert!(!console.has_ever_said("DATABASE LOST"));
}

#[tokio::test(start_paused = true)]
async fn work_waits_for_connections_that_are_all_at_work_and_can_be_stopped_meanwhile() {
    for is_stopped in [false, true] {
        let codes = ["BCDFGHJK", "CCCCCCCC", "DDDDDDDD"];
        let store = FakeStore::with_flows(codes.iter().map(|code| flow(code, FlowStatus::Pending, 60)).collect());
        let mut console = Console::on(&store);
        console.type_in("2");
        console.wait_for("BCDF-GHJK").await;
        console.type_in("*d");
        console.wait_for("Type 3 to go on").await;
        store.content().step_takes = Duration::from_secs(1);
        console.type_in("3");
        console.press(KeyCode::Enter);
        console.wait_for("0 of 3 device flows").await;
        store.content().mood = Mood::Busy(Duration::from_secs(5));
        tokio::time::sleep(Duration::from_secs(20)).await;
        assert_eq!(store.changes().len(), 1, "the step that had begun");
        if is_stopped {
            console.press(KeyCode::Esc);
            console.wait_for("1 of 3 device flows denied, 2 not tried.").await;
        } else {
            store.content().mood = Mood::Prompt;
            console.wait_for("3 of 3 device flows denied.").await;
        }
    }
}
