//! Starting, looking around and filtering.

use authdb_shared::db::FlowFilter;
use authdb_shared::model::{DeviceFlow, FlowStatus, TokenStatus};

use super::*;
use crate::app::tests::{flow, token};
use crate::effect::Query;

#[tokio::test(start_paused = true)]
async fn every_screen_fills_and_the_dashboard_is_left_in_peace() {
    let store = FakeStore::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    store.content().tokens = vec![token(TokenStatus::Created, "lhcb:alice")];
    let mut console = Console::on(&store);
    console.wait_for_at_once("150 live").await;
    for (digit, said) in [
        ('2', "BCDF-GHJK"),
        ('3', "no authorization flows"),
        ('4', "lhcb:alice"),
        ('5', "lhcb:alice"),
        ('7', "bastion (process 7) holds the lease"),
        ('8', "nothing was changed by hand"),
    ] {
        console.press(KeyCode::Char(digit));
        console.wait_for_at_once(said).await;
    }
    console.press(KeyCode::Char('q'));
    let ended = console.ended().await;
    assert!(ended.result.is_ok() && ended.app.last_words().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_comes_later_is_shown_by_itself() {
    let store = FakeStore::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    let mut console = Console::on(&store);
    console.press(KeyCode::Char('2'));
    console.wait_for("BCDF-GHJK").await;
    store.content().device_flows.push(flow("CCCCCCCC", FlowStatus::Pending, 30));
    console.wait_for("CCCC-CCCC").await;
}

#[tokio::test(start_paused = true)]
async fn a_filter_narrows_the_rows_that_are_there_and_those_that_are_asked_for() {
    let scanner = DeviceFlow { client_id: "scanner".to_owned(), ..flow("CCCCCCCC", FlowStatus::Pending, 30) };
    let store = FakeStore::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60), scanner]);
    let mut console = Console::on(&store);
    console.press(KeyCode::Char('2'));
    console.wait_for("BCDF-GHJK").await;
    console.type_in("/scanner");
    let screen = console.wait_until("one row", |it| it.contains("CCCC-CCCC") && !it.contains("BCDF-GHJK")).await;
    assert!(screen.contains("Enter keeps, Esc clears"), "{screen}");
    console.press(KeyCode::Enter);
    console.wait_until("the field is closed", |it| !it.contains("Enter keeps")).await;
    // It is asked for once nobody types any more.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let last = |store: &FakeStore| {
        let of_flows = |it: &&Query| matches!(it, Query::DeviceFlows(_));
        store.content().queries.iter().rev().find(of_flows).cloned()
    };
    assert_eq!(last(&store), Some(Query::DeviceFlows(FlowFilter::containing("scanner"))));
    console.press(KeyCode::Esc);
    console.wait_for_at_once("BCDF-GHJK").await;
    assert_eq!(last(&store), Some(Query::DeviceFlows(FlowFilter::default())));
}
