//! Plans: how the servers find what lists, summaries and revocations ask for, in a table of several months.
//!
//! Each statement is explained with the text that it is sent with, its values bound as they are when it is sent; the server
//! plans a bound value as it would a written one. What MySQL then really reads is counted by MySQL itself.

use std::time::Duration;

use authdb_shared::Timestamp;
use authdb_shared::db::{Containing, Order, PageRequest, TokenFilter};
use authdb_shared::ids::{KeyBound, Subject};
use authdb_shared::partition::Month;
use authdb_tests::world::SCOPE;
use authdb_tests::{Engine, Pool, World};
use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, Row as _};

use crate::rows::{key_expression, numbers, on_every_kind_of_column};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// A subject with some of the tokens of each month, as most are. Its accent is other bytes in a latin1 column than in the
/// text that is bound.
const SUBJECT: &str = "lhcb:é7";
const BY_SUBJECT: &str = "ix_RefreshTokens_Sub";

#[derive(Clone)]
enum Bind {
    Text(String),
    Number(i64),
}

fn text(text: &str) -> Bind {
    Bind::Text(text.to_owned())
}

fn bound(time: Timestamp) -> Bind {
    Bind::Text(KeyBound::at(time).hex())
}

/// How a table is read.
#[derive(Debug)]
struct Plan {
    access: String,
    index: String,
    partitions: Vec<String>,
}

impl Plan {
    fn of(row: &MySqlRow) -> Option<Self> {
        let column =
            |name| row.try_get_unchecked::<Option<String>, _>(name).expect("EXPLAIN has it").unwrap_or_default();
        let partitions = column("partitions").split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let is_table = !column("table").starts_with('<');
        is_table.then(|| Self { access: column("type"), index: column("key"), partitions })
    }

    fn is_range_of_keys(&self) -> bool {
        self.access == "range" && self.index == "PRIMARY"
    }
}

/// The plan for one of the statements of the data access layer, which reads one table.
async fn plan(world: &World, name: &str, binds: &[Bind]) -> Plan {
    let statements = world.db.statements();
    let (_, statement) = statements.iter().find(|(known, _)| *known == name).expect("there is such a statement");
    let explain = if world.engine() == Engine::MariaDb { "EXPLAIN PARTITIONS" } else { "EXPLAIN FORMAT=TRADITIONAL" };
    let mut query = sqlx::query(AssertSqlSafe(format!("{explain} {statement}")));
    for bind in binds {
        query = match bind {
            Bind::Text(text) => query.bind(text.clone()),
            Bind::Number(number) => query.bind(*number),
        };
    }
    let Pool::MySql(pool) = world.database.pool() else { unreachable!("only servers explain like this") };
    let rows = query.fetch_all(pool).await;
    let rows = rows.unwrap_or_else(|error| panic!("{} does not explain {name}: {error}", world.engine()));
    let mut plans: Vec<Plan> = rows.iter().filter_map(Plan::of).collect();
    assert_eq!(plans.len(), 1, "{name} reads one table: {plans:?}");
    plans.remove(0)
}

/// The binds of a list behind its range: patterns that match everything, and a limit.
fn whole_page() -> Vec<Bind> {
    [vec![text("%"); 5], vec![text("%%"); 2], vec![Bind::Number(102)]].concat()
}

/// The same of a list of tokens, before which stands that revoked ones are wanted.
fn page_of_tokens() -> Vec<Bind> {
    [vec![Bind::Number(1)], whole_page()].concat()
}

/// The names of the months from one time to another.
fn months(from: Timestamp, to: Timestamp) -> Vec<String> {
    let mut months = vec![Month::of(from)];
    while let Some(last) = months.last().copied()
        && last != Month::of(to)
    {
        months.push(last.plus(1));
    }
    months.iter().map(|month| month.partition_name()).collect()
}

/// Months of tokens, ever fewer the older they are, and some flows.
async fn fill(world: &World) {
    world.db.create_ledger(&world.permit).await.expect("the journal is made");
    world.partition(Month::of(world.start.before(100 * DAY)), 7).await;
    let numbers = numbers(20_000);
    let key = |age: &str| key_expression(world, &format!("{} - {age}", world.start.unix_millis()), ("0", "n"));
    let undated = "LOWER(CONCAT('cafe', LPAD(HEX(n), 8, '0'), '40008000cafe', LPAD(HEX(n), 8, '0')))";
    let row = format!("CASE WHEN n % 3 = 0 THEN 'CREATED' ELSE 'REVOKED' END, '{SCOPE}', CONCAT('lhcb:é', n % 400)");
    world
        .execute(&format!(
            "INSERT INTO RefreshTokens (JTI, Status, Scope, Sub) SELECT {}, {row} FROM {numbers}; \
             INSERT INTO RefreshTokens (JTI, Status, Scope, Sub) SELECT {undated}, {row} FROM {numbers} WHERE n < 1000; \
             INSERT INTO AuthorizationFlows (UUID, Status, CreationTime, ClientID, Scope, CodeChallenge, \
             CodeChallengeMethod, RedirectURI) SELECT {}, 'DONE', '{}', 'client', '{SCOPE}', 'c', 'S256', 'https://a' \
             FROM {numbers}; \
             INSERT INTO DeviceFlows (UserCode, Status, CreationTime, ClientID, Scope, DeviceCode) \
             SELECT CONCAT('C', n), 'DONE', '{}', 'client', '{SCOPE}', n FROM {numbers}; \
             ANALYZE TABLE RefreshTokens, AuthorizationFlows, DeviceFlows",
            key("n * n * 20"),
            key("n * 200"),
            world.start.sql_text(),
            world.start.sql_text(),
        ))
        .await;
}

#[tokio::test]
async fn plans_read_no_more_than_they_must() {
    on_every_kind_of_column(|world| async move {
        if world.engine() == Engine::Sqlite {
            return; // It has no partitions, and plans without looking at what there is.
        }
        fill(&world).await;
        live_lists_read_the_live_range(&world).await;
        lists_of_everybody_read_ranges_of_keys(&world).await;
        lists_of_one_subject_are_read_by_the_index_on_it(&world).await;
        revocations_find_their_tokens_by_an_index(&world).await;
        lists_of_flows_read_ranges_of_keys(&world).await;
        one_subject_is_found_without_reading_everybody(&world).await;
        sweeps_look_at_ranges_of_keys(&world).await;
    })
    .await;
}

async fn live_lists_read_the_live_range(world: &World) {
    let now = world.now().await;
    let (since, until) = (world.policy.live_since(now), world.policy.latest_credible(now));
    let range = [bound(since), bound(until)];
    let page = [range.to_vec(), page_of_tokens()].concat();
    let window = [range.to_vec(), vec![Bind::Number(10_000)]].concat();
    let subjects = [range.to_vec(), vec![text("%%"), Bind::Number(101)]].concat();
    let ended = [range.to_vec(), vec![Bind::Number(4), Bind::Number(21)]].concat();
    for (name, binds) in [
        ("TOKENS_DOWN", &page),
        ("TOKENS_UP", &page),
        ("TOKENS_UP_TO", &page),
        ("TOKEN_WINDOW_DOWN", &window),
        ("TOKEN_WINDOW_UP", &window),
        ("SUBJECTS", &subjects),
        ("SUBJECTS_BY_BYTES", &subjects),
        ("ENDED_SUBJECTS", &ended),
    ] {
        let plan = plan(world, name, binds).await;
        assert!(plan.is_range_of_keys(), "{name} on {}: {plan:?}", world.engine());
        assert_eq!(plan.partitions, months(since, until), "{name} on {}", world.engine());
    }
}

async fn lists_of_everybody_read_ranges_of_keys(world: &World) {
    let now = world.now().await;
    let until = world.policy.latest_credible(now);
    let everything = if world.has_native_keys().await { "0".repeat(32) } else { "\0".to_owned() };
    for (low, months_back) in [(bound(now.before(DAY)), DAY), (Bind::Text(everything), 100 * DAY)] {
        let range = vec![low, bound(until)];
        for name in ["TOKENS_DOWN", "TOKENS_UP"] {
            let plan = plan(world, name, &[range.clone(), page_of_tokens()].concat()).await;
            assert!(plan.is_range_of_keys(), "{name} on {}: {plan:?}", world.engine());
            assert_eq!(plan.partitions, months(now.before(months_back), until), "{name} on {}", world.engine());
        }
        for name in ["TOKEN_WINDOW_DOWN", "TOKEN_WINDOW_UP"] {
            let plan = plan(world, name, &[range.clone(), vec![Bind::Number(10_000)]].concat()).await;
            assert!(plan.is_range_of_keys(), "{name} on {}: {plan:?}", world.engine());
        }
    }
    // What carries no credible time stands in the months to come and behind them.
    let beyond = vec![bound(until)];
    for (name, rest) in [("TOKENS_ON", page_of_tokens()), ("TOKEN_WINDOW_ON", vec![Bind::Number(10_000)])] {
        let plan = plan(world, name, &[beyond.clone(), rest].concat()).await;
        assert!(plan.is_range_of_keys(), "{name} on {}: {plan:?}", world.engine());
        assert_eq!(plan.partitions.first(), months(until, until).first(), "{name} on {}", world.engine());
    }
}

async fn lists_of_one_subject_are_read_by_the_index_on_it(world: &World) {
    let now = world.now().await;
    let everything = if world.has_native_keys().await { "0".repeat(32) } else { "\0".to_owned() };
    let (low, high) = (Bind::Text(everything), bound(world.policy.latest_credible(now)));
    let subject = vec![text(SUBJECT); 2];
    let width = vec![Bind::Number(10_000)];
    for (name, range, rest) in [
        ("TOKENS_OF_ONE_DOWN", vec![low.clone(), high.clone()], page_of_tokens()),
        ("TOKENS_OF_ONE_UP", vec![low.clone(), high.clone()], page_of_tokens()),
        ("TOKENS_OF_ONE_UP_TO", vec![low.clone(), high.clone()], page_of_tokens()),
        ("TOKENS_OF_ONE_ON", vec![high.clone()], page_of_tokens()),
        ("TOKEN_OF_ONE_WINDOW_DOWN", vec![low.clone(), high.clone()], width.clone()),
        ("TOKEN_OF_ONE_WINDOW_UP", vec![low.clone(), high.clone()], width.clone()),
        ("TOKEN_OF_ONE_WINDOW_ON", vec![high.clone()], width.clone()),
    ] {
        let plan = plan(world, name, &[range, subject.clone(), rest].concat()).await;
        let is_found = match world.engine() {
            // In the order of the list: the index goes on with the key.
            Engine::MySql => plan.access == "range" && plan.index == BY_SUBJECT,
            _ => ["ref", "range", "index_merge"].contains(&plan.access.as_str()) && plan.index.contains(BY_SUBJECT),
        };
        assert!(is_found, "{name} on {}: {plan:?}", world.engine());
    }
}

async fn revocations_find_their_tokens_by_an_index(world: &World) {
    let by_subject = [text(SUBJECT), text(SUBJECT), Bind::Number(200)];
    let since = bound(world.now().await.before(HOUR));
    let watched = [vec![since], by_subject.to_vec()].concat();
    for (name, binds) in [
        ("REVOKE_TOKENS_OF_SUBJECT", by_subject.as_slice()),
        ("COUNT_CREATED_OF_SUBJECT", &by_subject),
        ("NEWEST_CREATED_OF_SUBJECT", &watched),
    ] {
        let plan = plan(world, name, binds).await;
        assert!(["ref", "range"].contains(&plan.access.as_str()), "{name} on {}: {plan:?}", world.engine());
        assert!([BY_SUBJECT, "index_status_sub"].contains(&plan.index.as_str()), "{name}: {plan:?}");
    }
    let now = world.now().await;
    let live = [bound(world.policy.live_since(now)), bound(world.policy.latest_credible(now))];
    let found = plan(world, "COUNT_LIVE_OF_SUBJECT", &[live.to_vec(), by_subject.to_vec()].concat()).await;
    assert!(is_bounded(&found), "on {}: {found:?}", world.engine());
    let plan = plan(world, "REVOKE_TOKEN", &[bound(now)]).await;
    assert!(["const", "range"].contains(&plan.access.as_str()), "on {}: {plan:?}", world.engine());
    assert_eq!((plan.index.as_str(), plan.partitions), ("PRIMARY", months(now, now)), "on {}", world.engine());
}

/// Whether a subject's tokens of the last lifetime are found by their keys, or by their subject.
fn is_bounded(plan: &Plan) -> bool {
    plan.is_range_of_keys() || plan.index.contains(BY_SUBJECT) || plan.index.contains("index_status_sub")
}

async fn one_subject_is_found_without_reading_everybody(world: &World) {
    let now = world.now().await;
    let live = [bound(world.policy.live_since(now)), bound(world.policy.latest_credible(now))];
    let lately = plan(world, "SUBJECT_LATELY", &[live.to_vec(), vec![text(SUBJECT); 2]].concat()).await;
    assert!(is_bounded(&lately), "on {}: {lately:?}", world.engine());
    let naming = [vec![Bind::Number(0), Bind::Number(10_000)], vec![text("%"); 3], vec![Bind::Number(10_000)]].concat();
    let journal = plan(world, "ACTIONS_NAMING", &naming).await;
    assert!(journal.is_range_of_keys(), "on {}: {journal:?}", world.engine());
}

async fn sweeps_look_at_ranges_of_keys(world: &World) {
    let limit = Bind::Number(5000);
    let [from, to] = [bound(world.start.before(HOUR)), bound(world.start)];
    let codes = [text("C1"), text("C2")];
    let old = text(&world.start.before(HOUR).sql_text());
    let looks = [
        ("END_OF_DEVICE_FLOWS", vec![text("C1"), limit.clone()]),
        ("END_OF_AUTHORIZATION_FLOWS", vec![from.clone(), to.clone(), limit.clone()]),
        ("END_OF_TOKENS", vec![from.clone(), to.clone(), limit.clone()]),
        ("WINDOW_OF_DEVICE_FLOWS", vec![text("C1"), limit.clone()]),
        ("WINDOW_OF_AUTHORIZATION_FLOWS", vec![from.clone(), to.clone(), limit.clone()]),
        ("WINDOW_OF_TOKENS", vec![from.clone(), to.clone(), limit]),
        ("LAST_DEVICE_FLOW_TO_EXPIRE", [codes.to_vec(), vec![old.clone(), old.clone()]].concat()),
        ("LAST_DEVICE_FLOW_TO_PURGE", [codes.to_vec(), vec![old.clone()]].concat()),
        ("LAST_AUTHORIZATION_FLOW_TO_EXPIRE", vec![from.clone(), to.clone(), old.clone(), old.clone()]),
        ("LAST_AUTHORIZATION_FLOW_TO_PURGE", vec![from.clone(), to.clone(), old]),
        ("LAST_TOKEN_TO_PURGE", vec![from, to]),
    ];
    for (name, binds) in looks {
        let plan = plan(world, name, &binds).await;
        assert!(plan.is_range_of_keys(), "{name} on {}: {plan:?}", world.engine());
    }
}

async fn lists_of_flows_read_ranges_of_keys(world: &World) {
    let now = world.now().await;
    let range = vec![bound(now.before(HOUR / 10)), bound(now)];
    let width = vec![Bind::Number(10_000)];
    let cutoff = text(&now.sql_text());
    let weights = [vec![cutoff.clone()], vec![Bind::Number(1); 3], vec![cutoff], vec![Bind::Number(1); 6]].concat();
    let patterns = || whole_page()[..7].to_vec();
    let behind = vec![Bind::Number(0), Bind::Number(0), text(""), Bind::Number(101)];
    let device_flows = [weights, vec![text("C1"), text("C9")], patterns(), behind].concat();
    for (name, binds) in [
        ("AUTHORIZATION_FLOWS_DOWN", [range.clone(), whole_page()].concat()),
        ("AUTHORIZATION_FLOWS_UP", [range.clone(), whole_page()].concat()),
        ("AUTHORIZATION_FLOWS_UP_TO", [range.clone(), whole_page()].concat()),
        ("AUTHORIZATION_FLOWS_ON", [range[..1].to_vec(), whole_page()].concat()),
        ("AUTHORIZATION_FLOW_WINDOW_DOWN", [range.clone(), width.clone()].concat()),
        ("AUTHORIZATION_FLOW_WINDOW_UP", [range.clone(), width.clone()].concat()),
        ("AUTHORIZATION_FLOW_WINDOW_ON", [range[..1].to_vec(), width.clone()].concat()),
        ("DEVICE_FLOW_WINDOW", [vec![text("C1")], width.clone()].concat()),
        ("DEVICE_FLOWS", device_flows),
        ("YOUNG_DEVICE_FLOWS_BY_CLIENT", vec![text("C1"), text("C9"), text(&now.sql_text())]),
    ] {
        let plan = plan(world, name, &binds).await;
        assert!(plan.is_range_of_keys(), "{name} on {}: {plan:?}", world.engine());
    }
    // The first window begins where the table does, and its limit is where it ends.
    let plan = plan(world, "DEVICE_FLOW_FIRST_WINDOW", &width).await;
    assert_eq!((plan.access.as_str(), plan.index.as_str()), ("index", "PRIMARY"), "on {}", world.engine());
}

/// How many rows MySQL has read of the tokens by each index, and without any.
async fn rows_read(world: &World) -> Vec<(String, i64)> {
    let query = "SELECT INDEX_NAME, COUNT_FETCH FROM performance_schema.table_io_waits_summary_by_index_usage \
                 WHERE OBJECT_SCHEMA = DATABASE() AND OBJECT_NAME = 'RefreshTokens' ORDER BY INDEX_NAME";
    let rows = world.rows(query).await.into_iter();
    let row = |row: Vec<Option<String>>| {
        let [index, count] = <[_; 2]>::try_from(row).expect("two columns");
        (index.unwrap_or_default(), count.and_then(|count| count.parse().ok()).expect("a number"))
    };
    rows.map(row).collect()
}

#[tokio::test]
async fn what_mysql_reads_for_a_page_depends_on_the_page_not_on_the_table() {
    on_every_kind_of_column(|world| async move {
        if world.engine() != Engine::MySql {
            return; // MariaDB counts this only where it is told to at its start.
        }
        fill(&world).await;
        let of_one = TokenFilter::of(Subject::new(SUBJECT).expect("it is not empty"));
        let list = async |filter: &TokenFilter, order| {
            let page = world.db.refresh_tokens(filter, &world.policy, &PageRequest::first(order, 20)).await;
            assert_eq!(page.expect("the list is read").rows.len(), 20);
        };
        for (what, index, at_most) in [
            ("live tokens", "PRIMARY", 200),
            ("the oldest tokens", "PRIMARY", 30),
            ("tokens of one subject", BY_SUBJECT, 60),
            ("subjects", "PRIMARY", 1000),
        ] {
            let before = rows_read(&world).await;
            match what {
                "live tokens" => list(&TokenFilter::live(), Order::NewestFirst).await,
                "the oldest tokens" => list(&TokenFilter::default(), Order::OldestFirst).await,
                "tokens of one subject" => list(&of_one, Order::NewestFirst).await,
                _ => drop(world.db.subjects(&Containing::default(), &world.policy, 10).await.expect("a summary")),
            }
            for ((name, after), (_, before)) in rows_read(&world).await.into_iter().zip(before) {
                let read = after - before;
                let allowed = if name == index { at_most } else { 0 };
                assert!(read <= allowed, "{read} rows are read by {name:?} for {what}");
            }
        }
    })
    .await;
}
