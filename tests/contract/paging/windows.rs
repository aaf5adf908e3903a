//! Lists of more rows than a window has: what a filter wants is found, however far apart it stands.

use authdb_shared::db::{Containing, FlowFilter, Order, SubjectFilter, TokenFilter};
use authdb_shared::ids::{Jti, Subject};
use authdb_shared::model::{FlowStatus, TokenStatus};
use authdb_tests::world::{SCOPE, on_every_key_column};
use authdb_tests::{Engine, World};

use super::query::Query;
use crate::rows::{key_expression, numbers};

/// Several windows of every list.
const ROWS: u32 = 45_000;

/// Where the wanted rows stand: at both ends of the table, at those of windows from either side, which are 10,000 rows long
/// and 20,000 for device flows, and far from them.
const NEEDLES: [u32; 11] = [0, 9_998, 9_999, 10_000, 20_000, 20_001, 33_333, 34_999, 35_000, 39_999, 44_999];

fn is_needle() -> String {
    format!("n IN ({})", NEEDLES.map(|number| number.to_string()).join(", "))
}

/// The key of the row `n`, which is the newest but `n`.
fn key_of_row(world: &World) -> String {
    key_expression(world, &format!("{} - n * 40", world.start.unix_millis()), ("n % 4096", "n"))
}

/// The same key.
pub(super) fn key(world: &World, number: u32) -> String {
    let time = world.start.unix_millis() - i64::from(number) * 40;
    format!("{time:012x}7{:03x}8{number:015x}", number % 4096)
}

/// The same key as lists show it.
pub(super) fn shown_key(world: &World, number: u32) -> String {
    Jti::from_stored(key(world, number)).to_string()
}

/// The code of a device flow.
pub(super) fn code(number: u32) -> String {
    format!("C{number:06}")
}

/// Tokens, a third of which are of one subject.
pub(super) async fn add_tokens(world: &World, count: u32) {
    let needle = is_needle();
    world
        .execute(&format!(
            "INSERT INTO RefreshTokens (JTI, Status, Scope, Sub) SELECT {}, CASE WHEN n % 3000 = 0 THEN 'REVOKED' ELSE \
             'CREATED' END, '{SCOPE}', CASE WHEN {needle} THEN 'lhcb:needle' WHEN n % 3 = 0 THEN 'lhcb:robot' \
             ELSE 'lhcb:amara' END FROM {} ORDER BY n DESC",
            key_of_row(world),
            numbers(count)
        ))
        .await;
}

/// Device flows, the older the higher their code is.
pub(super) async fn add_device_flows(world: &World, count: u32) {
    let (code, created) = match world.engine() {
        Engine::Sqlite => {
            ("printf('C%06d', n)", format!("datetime('{}', '-' || n || ' seconds')", world.start.sql_text()))
        }
        Engine::MariaDb | Engine::MySql => {
            ("CONCAT('C', LPAD(n, 6, '0'))", format!("'{}' - INTERVAL n SECOND", world.start.sql_text()))
        }
    };
    let needle = is_needle();
    world
        .execute(&format!(
            "INSERT INTO DeviceFlows (UserCode, Status, CreationTime, ClientID, Scope, DeviceCode) \
             SELECT {code}, 'DONE', {created}, CASE WHEN {needle} THEN 'needle' ELSE 'straw' END, '{SCOPE}', {code} \
             FROM {}",
            numbers(count)
        ))
        .await;
}

async fn add_authorization_flows(world: &World) {
    let needle = is_needle();
    world
        .execute(&format!(
            "INSERT INTO AuthorizationFlows (UUID, Status, CreationTime, ClientID, Scope, CodeChallenge, \
             CodeChallengeMethod, RedirectURI) SELECT {}, CASE WHEN n % 9999 = 0 THEN 'PENDING' ELSE 'DONE' END, \
             '{}', CASE WHEN {needle} THEN 'needle' ELSE 'straw' END, '{SCOPE}', 'c', 'S256', 'https://example.org' \
             FROM {} ORDER BY n DESC",
            key_of_row(world),
            world.start.sql_text(),
            numbers(ROWS)
        ))
        .await;
}

/// Asserts that a list has these rows, counted from the newest, in both directions and by any page.
async fn assert_found(world: &World, query: &Query, numbers: &[u32], shown: impl Fn(u32) -> String) {
    let mut expected: Vec<String> = numbers.iter().map(|number| shown(*number)).collect();
    for order in [Order::NewestFirst, Order::OldestFirst] {
        for size in [2, 100] {
            assert_eq!(query.whole(world, order, size).await, expected, "{query:?} {order:?} on {}", world.engine());
        }
        expected.reverse();
    }
}

#[tokio::test]
async fn few_tokens_among_many_are_all_found() {
    on_every_key_column(|world| async move {
        add_tokens(&world, ROWS).await;
        let shown = |number| shown_key(&world, number);
        let subject = |text| Subject::new(text).expect("it is not empty");
        let beginning = Some(SubjectFilter::BeginningWith(subject("lhcb:need")));
        let of_needle = TokenFilter { subject: beginning, ..TokenFilter::default() };
        assert_found(&world, &Query::Tokens(of_needle), &NEEDLES, shown).await;
        // One subject has more tokens than a window, and few of them are wanted.
        let revoked = TokenFilter { status: Some(TokenStatus::Revoked), ..TokenFilter::of(subject("lhcb:robot")) };
        let numbers: Vec<u32> = (0..ROWS).step_by(3000).filter(|number| !NEEDLES.contains(number)).collect();
        assert_found(&world, &Query::Tokens(revoked), &numbers, shown).await;
        let nothing = TokenFilter { containing: Containing::new("nothing of the kind"), ..TokenFilter::default() };
        assert_found(&world, &Query::Tokens(nothing), &[], shown).await;
        // Pages larger than a window.
        let all = Query::Tokens(TokenFilter::default()).whole(&world, Order::NewestFirst, 17_000).await;
        let expected: Vec<String> = (0..ROWS).map(shown).collect();
        assert!(all == expected, "{} of {ROWS} are listed on {}", all.len(), world.engine());
    })
    .await;
}

#[tokio::test]
async fn few_device_flows_among_many_are_all_found() {
    on_every_key_column(|world| async move {
        add_device_flows(&world, ROWS).await;
        let needles = FlowFilter { client: Some("needle".to_owned()), ..FlowFilter::default() };
        assert_found(&world, &Query::DeviceFlows(needles), &NEEDLES, code).await;
        let nothing = FlowFilter { containing: Containing::new("nothing of the kind"), ..FlowFilter::default() };
        assert_found(&world, &Query::DeviceFlows(nothing), &[], code).await;
    })
    .await;
}

#[tokio::test]
async fn few_authorization_flows_among_many_are_all_found() {
    on_every_key_column(|world| async move {
        add_authorization_flows(&world).await;
        let shown = |number| shown_key(&world, number);
        let needles = FlowFilter { client: Some("needle".to_owned()), ..FlowFilter::default() };
        assert_found(&world, &Query::AuthorizationFlows(needles), &NEEDLES, shown).await;
        // By time left, those that are still young by their key come first; the others stand among the rest.
        let pending = FlowFilter { status: Some(FlowStatus::Pending), ..FlowFilter::default() };
        let expected: Vec<String> = (0..ROWS).step_by(9999).map(shown).collect();
        for size in [1, 100] {
            let mut listed = Query::AuthorizationFlows(pending.clone()).whole(&world, Order::TimeLeft, size).await;
            assert_eq!(listed.len(), expected.len(), "on {}", world.engine());
            assert_eq!(listed[0], expected[0], "on {}", world.engine());
            listed.sort();
            listed.reverse();
            assert_eq!(listed, expected, "on {}", world.engine());
        }
    })
    .await;
}
