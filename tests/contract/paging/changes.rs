//! What happens between two pages: rows come and go, and time passes.

use std::time::Duration;

use authdb_shared::db::{FlowFilter, Order, PageRequest, TokenFilter};
use authdb_shared::ids::Jti;
use authdb_shared::policy::Policy;
use authdb_tests::World;
use authdb_tests::world::{AuthorizationFlowRow, DeviceFlowRow, TokenRow, key_at};

use super::query::Query;
use super::{HOUR, MINUTE, ORDERS, SECOND};
use crate::rows::on_every_kind_of_column;

/// How often the database's clock is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

fn lists() -> [Query; 3] {
    let flows = FlowFilter::default;
    [Query::Tokens(TokenFilter::default()), Query::DeviceFlows(flows()), Query::AuthorizationFlows(flows())]
}

/// Rows of the last minutes, of every status, some of the same time.
async fn add_rows(world: &World, name: &str, count: u32) {
    for number in 0..count {
        let age = (number / 2) * 7 * SECOND;
        let status = ["PENDING", "READY", "DONE"][number as usize % 3];
        let code = format!("{name}{number}");
        world.add_device_flow(DeviceFlowRow { code: &code, status, age, ..DeviceFlowRow::default() }).await;
        world.add_authorization_flow(AuthorizationFlowRow { status, age, ..AuthorizationFlowRow::default() }).await;
        world.add_token("CREATED", "lhcb:amara", age).await;
    }
}

async fn delete(world: &World, query: &Query, key: &str) {
    let (table, column) = query.table();
    let before = world.number(&format!("SELECT COUNT(*) FROM {table}")).await;
    let stored = key.replace('-', "");
    world.execute(&format!("DELETE FROM {table} WHERE {column} = '{stored}'")).await;
    assert_eq!(world.number(&format!("SELECT COUNT(*) FROM {table}")).await, before - 1);
}

#[tokio::test]
async fn rows_that_come_and_go_between_two_pages_move_no_other() {
    on_every_kind_of_column(|world| async move {
        for (round, order) in ORDERS.into_iter().enumerate() {
            add_rows(&world, "OLD", 12).await;
            let mut readings = Vec::new();
            for query in lists() {
                let whole = query.whole(&world, order, 100).await;
                let first = PageRequest::first(order, 4);
                let page = query.page(&world.db, &world.policy, &first).await.expect("a page");
                assert_eq!(page.rows, whole[..4]);
                let next = first.after(&page).expect("there is another page");
                // The row that the next page begins behind, another one of this page, and one of those to come.
                let gone = [whole[3].clone(), whole[1].clone(), whole[6].clone()];
                for key in &gone {
                    delete(&world, &query, key).await;
                }
                readings.push((query, whole, gone, next));
            }
            add_rows(&world, &format!("N{round}"), 12).await;
            for (query, whole, gone, next) in readings {
                let rest = query.rest(&world, &world.policy, next).await;
                for key in whole[4..].iter().filter(|key| !gone.contains(key)) {
                    let times = rest.iter().filter(|listed| *listed == key).count();
                    assert_eq!(times, 1, "{key} of {query:?} {order:?} on {}", world.engine());
                }
                assert!(!rest.iter().any(|key| whole[..4].contains(key)), "{query:?} {order:?} on {}", world.engine());
            }
            world.execute("DELETE FROM RefreshTokens; DELETE FROM DeviceFlows; DELETE FROM AuthorizationFlows").await;
        }
    })
    .await;
}

/// The first page of one row, the whole list, and what comes behind the page.
async fn first_page(world: &World, query: &Query, policy: &Policy, order: Order) -> (Vec<String>, PageRequest) {
    let whole = query.rest(world, policy, PageRequest::first(order, 100)).await;
    let first = PageRequest::first(order, 1);
    let page = query.page(&world.db, policy, &first).await.expect("a page");
    assert_eq!(page.rows, whole[..1]);
    (whole, first.after(&page).expect("there is another page"))
}

#[tokio::test]
async fn time_that_passes_between_two_pages_moves_no_row() {
    on_every_kind_of_column(|world| async move {
        let expiration = 4 * SECOND;
        let policy = Policy {
            device_flow_expiration: expiration,
            authorization_flow_expiration: expiration,
            ..world.policy.clone()
        };
        // Flows that are pending now and stale in a moment, and a token of the future that soon is not.
        for code in ["ONE", "TWO", "THREE"] {
            let age = Duration::ZERO;
            world.add_device_flow(DeviceFlowRow { code, age, ..DeviceFlowRow::default() }).await;
            world.add_authorization_flow(AuthorizationFlowRow::default()).await;
        }
        world.add_device_flow(DeviceFlowRow { code: "DONE", status: "DONE", ..DeviceFlowRow::default() }).await;
        world.add_authorization_flow(AuthorizationFlowRow { status: "DONE", age: MINUTE, ..Default::default() }).await;
        let soon = key_at(world.start.after(policy.max_clock_skew + expiration));
        let tokens = [soon.clone(), key_at(world.start.before(MINUTE)), key_at(world.start.before(HOUR))];
        world.add_tokens(&tokens.clone().map(|key| TokenRow::created(key, "lhcb:amara"))).await;

        let mut readings = Vec::new();
        for query in lists() {
            let order = if matches!(query, Query::Tokens(_)) { Order::NewestFirst } else { Order::TimeLeft };
            readings.push((first_page(&world, &query, &policy, order).await, query));
        }
        let [((listed, _), _), ..] = &readings[..] else { panic!("there are three lists") };
        assert_eq!(listed.last(), Some(&Jti::from_stored(soon).to_string()), "it is from the future as yet");
        while world.now().await < world.start.after(expiration + SECOND) {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        for ((whole, next), query) in readings {
            let rest = query.rest(&world, &policy, next).await;
            assert_eq!(rest, whole[1..], "{query:?} on {}", world.engine());
        }
    })
    .await;
}
