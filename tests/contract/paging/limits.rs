//! Long lists under the time limit: what was found until then is given, and the next page goes on from there.

use std::time::Duration;

use authdb_shared::config::DatabaseConfig;
use authdb_shared::db::{AuthDb, DbError, FlowFilter, Order, PageRequest, SubjectFilter, TokenFilter};
use authdb_shared::ids::Subject;
use authdb_tests::World;
use authdb_tests::world::{on_every_key_column, on_every_server};

use super::query::Query;
use super::windows::{add_device_flows, add_tokens, code, key, shown_key};

/// For each statement, and for all the windows of a page together.
const LIMIT: Duration = Duration::from_millis(1500);

/// Three windows of tokens, two of device flows.
const ROWS: u32 = 25_000;

async fn connect(world: &World) -> AuthDb {
    let config = DatabaseConfig { statement_timeout: LIMIT, ..world.config.clone() };
    AuthDb::connect(&config).await.expect("connecting is quick")
}

/// Puts a view in the place of a table, which has the same rows as long as a condition holds for each.
async fn cover(world: &World, table: &str, condition: &str) {
    world
        .execute(&format!(
            "ALTER TABLE {table} RENAME TO Covered; CREATE VIEW {table} AS SELECT * FROM Covered AS r WHERE {condition}"
        ))
        .await;
}

async fn uncover(world: &World, table: &str) {
    // Asked for the renamed table first, a connection to SQLite that has not heard of it yet looks for what is new.
    world
        .execute(&format!("SELECT 1 FROM Covered LIMIT 1; DROP VIEW {table}; ALTER TABLE Covered RENAME TO {table}"))
        .await;
}

/// A condition that no server finds out in a lifetime where it meets this row, and at once elsewhere.
fn endless_at(row: &str) -> String {
    format!(
        "CASE WHEN {row} THEN (SELECT COUNT(*) FROM Covered AS a CROSS JOIN Covered AS b CROSS JOIN Covered AS c \
         WHERE a.Status <> r.Scope) ELSE 1 END > 0"
    )
}

/// A condition that takes two thirds of the limit where it meets one of these rows. Nothing is computed meanwhile, so that
/// a busy machine takes no longer.
fn slow_at(row: &str) -> String {
    format!("CASE WHEN {row} THEN SLEEP({}) ELSE 0 END = 0", (LIMIT * 2 / 3).as_secs_f64())
}

fn tokens_of_needle() -> Query {
    let beginning = SubjectFilter::BeginningWith(Subject::new("lhcb:needle").expect("it is not empty"));
    Query::Tokens(TokenFilter { subject: Some(beginning), ..TokenFilter::default() })
}

fn device_flows_of_needle() -> Query {
    Query::DeviceFlows(FlowFilter { client: Some("needle".to_owned()), ..FlowFilter::default() })
}

#[tokio::test]
async fn a_page_whose_statement_was_stopped_has_what_was_found_before_and_the_next_goes_on() {
    on_every_key_column(|world| async move {
        let db = connect(&world).await;
        add_tokens(&world, ROWS).await;
        // In the second window.
        cover(&world, "RefreshTokens", &endless_at(&format!("r.JTI = '{}'", key(&world, 15_000)))).await;
        let (query, first) = (tokens_of_needle(), PageRequest::first(Order::NewestFirst, 100));
        let page = query.page(&db, &world.policy, &first).await.expect("the first window is read");
        let shown = |numbers: &[u32]| numbers.iter().map(|number| shown_key(&world, *number)).collect::<Vec<_>>();
        assert_eq!(page.rows, shown(&[0, 9_998, 9_999]), "on {}", world.engine());
        assert!(page.is_cut_short && page.has_more, "on {}", world.engine());
        let next = first.after(&page).expect("there is a place to go on from");
        let stuck = query.page(&db, &world.policy, &next).await.expect_err("nothing is found before it is stopped");
        assert!(matches!(stuck, DbError::TimeLimit { .. }), "{stuck:?} on {}", world.engine());
        uncover(&world, "RefreshTokens").await;
        let rest = query.page(&db, &world.policy, &next).await.expect("all is quick again");
        assert_eq!(rest.rows, shown(&[10_000, 20_000, 20_001]), "on {}", world.engine());
        assert!(!rest.is_cut_short && !rest.has_more);
    })
    .await;
}

#[tokio::test]
async fn device_flows_that_are_cut_short_have_no_next_page() {
    on_every_key_column(|world| async move {
        let db = connect(&world).await;
        add_device_flows(&world, ROWS).await;
        cover(&world, "DeviceFlows", &endless_at(&format!("r.UserCode = '{}'", code(24_000)))).await;
        let (query, first) = (device_flows_of_needle(), PageRequest::first(Order::NewestFirst, 2));
        let page = query.page(&db, &world.policy, &first).await.expect("the first window is read");
        assert_eq!(page.rows, [code(0), code(9_998)], "on {}", world.engine());
        // What the rest of the table holds could stand before, between and behind these.
        assert!(page.is_cut_short && page.has_more && page.next.is_none(), "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn windows_that_take_too_long_together_end_a_page_and_the_next_goes_on() {
    on_every_server(|world| async move {
        let db = connect(&world).await;
        add_tokens(&world, ROWS).await;
        let slow = [2_000, 9_000, 20_000].map(|number| format!("'{}'", key(&world, number))).join(", ");
        cover(&world, "RefreshTokens", &slow_at(&format!("r.JTI IN ({slow})"))).await;
        let (query, mut request) = (tokens_of_needle(), PageRequest::first(Order::OldestFirst, 100));
        let (mut listed, mut pages) = (Vec::new(), 0);
        loop {
            let page = query.page(&db, &world.policy, &request).await.expect("each statement is quick enough");
            pages += 1;
            assert_eq!(page.is_cut_short, page.has_more, "on {}", world.engine());
            let next = request.after(&page);
            listed.extend(page.rows);
            let Some(next) = next else { break };
            request = next;
        }
        assert!(pages > 1, "all windows together take longer than the limit on {}", world.engine());
        let expected = [20_001, 20_000, 10_000, 9_999, 9_998, 0].map(|number| shown_key(&world, number));
        assert_eq!(listed, expected, "on {}", world.engine());
    })
    .await;
}
