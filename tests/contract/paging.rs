//! Paging: the pages of a list put together are the list, whatever stands in the keys and whatever happens meanwhile.

mod changes;
mod limits;
mod query;
mod windows;

use std::time::Duration;

use authdb_shared::Timestamp;
use authdb_shared::config::DatabaseConfig;
use authdb_shared::db::{AuthDb, FlowFilter, Order, PageRequest, ScopeFilter, TokenFilter};
use authdb_shared::ids::{FlowId, Jti, KeyBound, UserCode};
use authdb_shared::liveness::Liveness;
use authdb_shared::model::TokenStatus;
use authdb_tests::world::{SCOPE, key_at, version_4_key};
use authdb_tests::{Engine, World};
use query::Query;

use crate::rows::{insert, key_expression, numbers, on_every_kind_of_column};

/// More rows than any list here has, but for the long ones.
const ALL: u32 = 20_000;
const SIZES: [u32; 4] = [1, 2, 7, ALL];
const ORDERS: [Order; 3] = [Order::NewestFirst, Order::OldestFirst, Order::TimeLeft];

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

/// Keys of all sorts: several of one millisecond, of the past and of the future, undated ones, and where the column takes
/// them such as are no UUID.
async fn odd_keys(world: &World) -> Vec<String> {
    let at = |age| key_at(world.start.before(age));
    let mut keys: Vec<String> = [10 * SECOND, 10 * SECOND, 10 * SECOND, MINUTE, 2 * HOUR, 100 * HOUR].map(at).to_vec();
    keys.extend(
        [31 * SECOND, 10 * MINUTE, 10 * MINUTE, 100 * HOUR].map(|ahead| key_at(world.start.after(ahead + HOUR))),
    );
    keys.extend([version_4_key(), version_4_key(), version_4_key()]);
    keys.push("00000000000000000000000000000000".to_owned());
    keys.push(at(20 * SECOND).to_uppercase());
    if !world.has_native_keys().await {
        let not_quite = &at(MINUTE)[..31];
        keys.extend(["", "\u{1b}[2J", "zz not a key", "~", not_quite].map(str::to_owned));
        // Of the variant that no UUIDv7 has.
        let mut foreign = at(30 * SECOND);
        foreign.replace_range(16..17, "0");
        keys.push(foreign);
    }
    if world.engine() == Engine::Sqlite {
        keys.extend([Jti::from_stored(at(40 * SECOND)).to_string(), "key longer than its column".to_owned()]);
    }
    keys
}

async fn add_tokens(world: &World, keys: &[String]) {
    let statuses = ["CREATED", "CREATED", "REVOKED"].iter().cycle();
    let row = |(key, status): (&String, &&str)| {
        vec![Some(key.to_owned()), Some((*status).to_owned()), Some(SCOPE.to_owned()), Some("lhcb:amara".to_owned())]
    };
    let rows: Vec<_> = keys.iter().zip(statuses).map(row).collect();
    insert(world, "RefreshTokens (JTI, Status, Scope, Sub)", &rows).await;
}

/// Times in the form of the column: several of one second, of the past and of the future, and what is no time.
fn odd_times(world: &World) -> Vec<String> {
    let ages = [10 * SECOND, 10 * SECOND, 10 * SECOND, 20 * SECOND, 20 * SECOND, 7 * MINUTE, HOUR, 100 * HOUR];
    let mut times: Vec<String> = ages.iter().map(|age| world.start.before(*age).sql_text()).collect();
    times.push(world.start.after(HOUR).sql_text());
    match world.engine() {
        Engine::Sqlite => times.extend(["yesterday", ""].map(str::to_owned)),
        // Unlike MySQL it takes a date without day, month and year.
        Engine::MariaDb => times.push("0000-00-00 00:00:00".to_owned()),
        Engine::MySql => {}
    }
    times
}

fn flow_values(key: &str, number: usize, times: &[String]) -> Vec<Option<String>> {
    let statuses = ["PENDING", "READY", "DONE", "PENDING", "ERROR", "HELD", "READY"];
    let (status, time) = (statuses[number % statuses.len()], &times[number % times.len()]);
    vec![
        Some(key.to_owned()),
        Some(status.to_owned()),
        Some(time.to_owned()),
        Some("client".to_owned()),
        Some(SCOPE.to_owned()),
    ]
}

async fn add_device_flows(world: &World) {
    let times = odd_times(world);
    let codes = ["", "\u{1b}[2J", "BCDFGHJK", "lower", "é1", "~", "a-b", "a b"];
    let codes =
        codes.iter().map(|code| (*code).to_owned()).chain((0..3 * times.len()).map(|number| format!("C{number}")));
    let row = |(number, code): (usize, String)| {
        let digest = Some(format!("digest of {code}").clone());
        [flow_values(&code, number, &times), vec![digest]].concat()
    };
    let rows: Vec<_> = codes.enumerate().map(row).collect();
    insert(world, "DeviceFlows (UserCode, Status, CreationTime, ClientID, Scope, DeviceCode)", &rows).await;
}

const AUTHORIZATION_FLOWS: &str = "AuthorizationFlows (UUID, Status, CreationTime, ClientID, Scope, CodeChallenge, \
                                   CodeChallengeMethod, RedirectURI)";

async fn add_authorization_flows(world: &World, keys: &[String]) {
    let times = odd_times(world);
    let row = |(number, key): (usize, &String)| {
        [
            flow_values(key, number, &times),
            ["challenge", "S256", "https://example.org"].map(|text| Some(text.to_owned())).to_vec(),
        ]
        .concat()
    };
    let rows: Vec<_> = keys.iter().enumerate().map(row).collect();
    insert(world, AUTHORIZATION_FLOWS, &rows).await;
}

/// Every list, as one that is read straight through and as one that is looked through window by window.
fn queries() -> Vec<Query> {
    let flows = || FlowFilter { client: Some("client".to_owned()), ..FlowFilter::default() };
    let scope = ScopeFilter { vo: Some("lhcb".to_owned()), ..ScopeFilter::default() };
    vec![
        Query::Tokens(TokenFilter::default()),
        Query::Tokens(TokenFilter { scope, ..TokenFilter::default() }),
        Query::DeviceFlows(FlowFilter::default()),
        Query::DeviceFlows(flows()),
        Query::AuthorizationFlows(FlowFilter::default()),
        Query::AuthorizationFlows(flows()),
    ]
}

fn sorted(mut keys: Vec<String>) -> Vec<String> {
    keys.sort();
    keys
}

/// The keys of a table, as a list shows them.
async fn keys_in_table(world: &World, query: &Query, rest: &str) -> Vec<String> {
    let (table, key) = query.table();
    let keys = world.column(&format!("SELECT {key} FROM {table} {rest}")).await;
    let shown = |key| match query {
        Query::Tokens(_) => Jti::from_stored(key).to_string(),
        Query::DeviceFlows(_) => UserCode::from_stored(key).to_string(),
        Query::AuthorizationFlows(_) => FlowId::from_stored(key).to_string(),
    };
    keys.into_iter().map(shown).collect()
}

/// A list by key in its order: by time, and behind it the keys that carry no credible one.
async fn by_key(world: &World, query: &Query, order: Order) -> Vec<String> {
    let (_, key) = query.table();
    let end = KeyBound::at(world.start.after(HOUR)).hex();
    let direction = if order == Order::NewestFirst { "DESC" } else { "ASC" };
    let mut keys = keys_in_table(world, query, &format!("WHERE {key} < '{end}' ORDER BY {key} {direction}")).await;
    keys.extend(keys_in_table(world, query, &format!("WHERE {key} >= '{end}' ORDER BY {key}")).await);
    keys
}

/// Device flows in their order: by time, and those without one behind the others.
async fn by_time(world: &World, order: Order) -> Vec<String> {
    let rows = world.rows("SELECT CreationTime, Status, UserCode FROM DeviceFlows").await;
    let time = |text: &str| chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok();
    let expiry = world.start.before(world.policy.device_flow_expiration).calendar().timestamp();
    let place = |row: Vec<Option<String>>| {
        let [created, status, code] = <[_; 3]>::try_from(row).expect("three columns");
        let seconds = created.as_deref().and_then(time).map(|time| time.and_utc().timestamp());
        let is_young = seconds.is_some_and(|seconds| seconds > expiry);
        // What is pending waits for somebody; the longer, the sooner it expires.
        let (rank, sign) = match (order, status.as_deref()) {
            (Order::OldestFirst, _) => (0, 1),
            (Order::TimeLeft, Some("PENDING")) if is_young => (0, 1),
            (Order::TimeLeft, Some("READY")) if is_young => (1, -1),
            _ => (2, -1),
        };
        (rank, seconds.is_none(), sign * seconds.unwrap_or(0), code.expect("every code is there"))
    };
    let mut flows: Vec<_> = rows.into_iter().map(place).collect();
    flows.sort();
    flows.into_iter().map(|(.., code)| UserCode::from_stored(code).to_string()).collect()
}

#[tokio::test]
async fn the_pages_of_a_list_put_together_are_the_list() {
    on_every_kind_of_column(|world| async move {
        let keys = odd_keys(&world).await;
        add_tokens(&world, &keys).await;
        add_device_flows(&world).await;
        add_authorization_flows(&world, &keys).await;
        for query in queries() {
            for order in ORDERS {
                let whole = query.whole(&world, order, ALL).await;
                let expected = match (&query, order) {
                    (Query::DeviceFlows(_), _) => by_time(&world, order).await,
                    (Query::Tokens(_), Order::TimeLeft) => whole,
                    (Query::AuthorizationFlows(_), Order::TimeLeft) => {
                        assert_eq!(sorted(whole.clone()), sorted(keys_in_table(&world, &query, "").await));
                        whole
                    }
                    _ => by_key(&world, &query, order).await,
                };
                for size in SIZES {
                    let pages = query.whole(&world, order, size).await;
                    assert_eq!(pages, expected, "{query:?} {order:?} by {size} on {}", world.engine());
                }
            }
        }
    })
    .await;
}

/// Writes tokens and authorization flows under the lowest key of each millisecond of three seconds.
async fn add_borders(world: &World, from: Timestamp) {
    let key = key_expression(world, &format!("{} + n", from.unix_millis()), ("0", "0"));
    let (numbers, time) = (numbers(3000), world.start.sql_text());
    world
        .execute(&format!(
            "INSERT INTO RefreshTokens (JTI, Status, Scope, Sub) \
             SELECT {key}, CASE WHEN n % 3 = 0 THEN 'REVOKED' ELSE 'CREATED' END, '{SCOPE}', 'lhcb:amara' FROM {numbers}; \
             INSERT INTO {AUTHORIZATION_FLOWS} SELECT {key}, \
             CASE n % 3 WHEN 0 THEN 'PENDING' WHEN 1 THEN 'READY' ELSE 'DONE' END, '{time}', 'client', '{SCOPE}', \
             'challenge', 'S256', 'https://example.org' FROM {numbers}"
        ))
        .await;
}

#[tokio::test]
async fn a_key_on_the_border_of_two_ranges_is_listed_once() {
    on_every_kind_of_column(|world| async move {
        // Where the list ends that still has a credible time, and where flows are too old to expire, three seconds long:
        // whenever it is read, one of the keys is the border.
        let skew = world.policy.max_clock_skew;
        let lifetime = world.policy.authorization_flow_expiration + skew;
        add_borders(&world, world.start.after(skew)).await;
        add_borders(&world, world.start.before(lifetime)).await;
        // A list that its time limit ends is another test's subject, and a machine may be slow.
        let config = DatabaseConfig { statement_timeout: Duration::from_mins(1), ..world.config.clone() };
        let db = AuthDb::connect(&config).await.expect("the database can be reached");
        for query in [Query::Tokens(TokenFilter::default()), Query::AuthorizationFlows(FlowFilter::default())] {
            for order in ORDERS {
                let request = PageRequest::first(order, ALL);
                let page = query.page(&db, &world.policy, &request).await.expect("the list is read");
                let is_live = |key: &String| {
                    let liveness =
                        Liveness::of(&TokenStatus::Created, &Jti::from_stored(key.clone()), page.now, &world.policy);
                    matches!(liveness, Liveness::Live { .. })
                };
                let mut expected = keys_in_table(&world, &query, "").await;
                if matches!(query, Query::Tokens(_)) && order == Order::TimeLeft {
                    expected = keys_in_table(&world, &query, "WHERE Status = 'CREATED'").await;
                    expected.retain(is_live);
                }
                let what = format!("{query:?} {order:?} on {}", world.engine());
                assert!(sorted(page.rows.clone()) == sorted(expected), "{} rows of {what}", page.rows.len());
            }
        }
    })
    .await;
}

/// Makes every column but the key take nulls.
async fn allow_nulls(world: &World) {
    if world.engine() == Engine::Sqlite {
        for table in ["RefreshTokens", "DeviceFlows", "AuthorizationFlows"] {
            let columns = world.column(&format!("SELECT name FROM pragma_table_info('{table}')")).await;
            world.execute(&format!("DROP TABLE {table}; CREATE TABLE {table} ({})", columns.join(" TEXT, "))).await;
        }
        return;
    }
    world
        .execute(
            "ALTER TABLE RefreshTokens MODIFY Status VARCHAR(16) NULL, MODIFY Scope VARCHAR(1024) NULL, \
             MODIFY Sub VARCHAR(256) NULL; \
             ALTER TABLE DeviceFlows MODIFY Status VARCHAR(16) NULL, MODIFY CreationTime DATETIME NULL, \
             MODIFY ClientID VARCHAR(255) NULL, MODIFY Scope VARCHAR(1024) NULL; \
             ALTER TABLE AuthorizationFlows MODIFY Status VARCHAR(16) NULL, MODIFY CreationTime DATETIME NULL, \
             MODIFY ClientID VARCHAR(255) NULL, MODIFY Scope VARCHAR(1024) NULL, MODIFY RedirectURI VARCHAR(255) NULL",
        )
        .await;
}

#[tokio::test]
async fn a_row_of_nulls_is_listed_and_hides_no_other() {
    on_every_kind_of_column(|world| async move {
        allow_nulls(&world).await;
        let (null, whole) = (key_at(world.start.before(MINUTE)), key_at(world.start.before(2 * MINUTE)));
        add_tokens(&world, std::slice::from_ref(&whole)).await;
        add_device_flows(&world).await;
        add_authorization_flows(&world, std::slice::from_ref(&whole)).await;
        let nulls = |count| vec![None; count];
        insert(&world, "RefreshTokens (JTI, Status, Scope, Sub)", &[[vec![Some(null.clone())], nulls(3)].concat()]).await;
        let columns = "DeviceFlows (UserCode, DeviceCode, Status, CreationTime, ClientID, Scope, IDToken)";
        insert(&world, columns, &[[vec![Some("NULL".to_owned()), Some("digest".to_owned())], nulls(5)].concat()]).await;
        let columns = "AuthorizationFlows (UUID, CodeChallenge, CodeChallengeMethod, Status, CreationTime, ClientID, Scope, \
                       RedirectURI, IDToken)";
        let row = [vec![Some(null.clone()), Some("challenge".to_owned()), Some("S256".to_owned())], nulls(6)].concat();
        insert(&world, columns, &[row]).await;
        for query in queries() {
            for order in ORDERS {
                let is_narrow = matches!(&query, Query::Tokens(filter) if *filter != TokenFilter::default())
                    || matches!(&query, Query::DeviceFlows(filter) | Query::AuthorizationFlows(filter)
                        if *filter != FlowFilter::default());
                let is_live_list = matches!(query, Query::Tokens(_)) && order == Order::TimeLeft;
                let mut expected = keys_in_table(&world, &query, "").await;
                if is_narrow || is_live_list {
                    let hidden = ["NULL".to_owned(), Jti::from_stored(null.clone()).to_string()];
                    expected.retain(|key| !hidden.contains(key));
                }
                let listed = query.whole(&world, order, 2).await;
                assert_eq!(sorted(listed), sorted(expected), "{query:?} {order:?} on {}", world.engine());
            }
        }
    })
    .await;
}
