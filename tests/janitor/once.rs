//! `authdb-janitor once`: what it does, what it prints, and how it ends.

use std::time::Duration;

use authdb_shared::partition::Month;
use authdb_tests::world::{
    AuthorizationFlowRow, DeviceFlowRow, TokenRow, config_of, key_at, on_every_engine, on_every_key_column,
    on_every_server,
};
use authdb_tests::{Engine, Pool, TestDatabase, World};

use crate::program::{Janitor, Outcome};

const SUBJECT: &str = "lhcb:amara";
const DAY: Duration = Duration::from_hours(24);

fn device(code: &str, seconds: u64) -> DeviceFlowRow<'_> {
    DeviceFlowRow { code, age: Duration::from_secs(seconds), ..DeviceFlowRow::default() }
}

fn authorization(seconds: u64) -> AuthorizationFlowRow<'static> {
    AuthorizationFlowRow { age: Duration::from_secs(seconds), ..AuthorizationFlowRow::default() }
}

/// Two stale and one old flow of either kind beside fresh ones, and tokens of ten, nine and two months.
pub(crate) async fn add_work(world: &World) {
    for (code, seconds) in [("FRESH", 10), ("STALE", 700), ("STALER", 800), ("OLD", 4000)] {
        world.add_device_flow(device(code, seconds)).await;
    }
    for seconds in [20, 400, 500, 4000] {
        world.add_authorization_flow(authorization(seconds)).await;
    }
    if world.db.can_partition() {
        let first = world.start.calendar().checked_sub_months(chrono::Months::new(8)).expect("a date of this era");
        world.partition(Month::of(first.into()), 10).await;
    }
    let old = [10, 9, 2, 0].map(|months| TokenRow::created(key_at(world.start.before(DAY * 31 * months)), SUBJECT));
    world.add_tokens(&old).await;
}

pub(crate) async fn state(world: &World) -> Vec<Vec<Option<String>>> {
    let mut state = world.rows("SELECT UserCode, Status FROM DeviceFlows ORDER BY UserCode").await;
    state.extend(world.rows("SELECT UUID, Status FROM AuthorizationFlows ORDER BY UUID").await);
    state.extend(world.rows("SELECT JTI, Status FROM RefreshTokens ORDER BY JTI").await);
    let layout = world.db.partition_layout().await.expect("the layout can be read");
    state.extend(layout.partitions.into_iter().map(|partition| vec![Some(partition.name)]));
    state
}

fn janitor(world: &World) -> Janitor {
    Janitor::on(world.database.url())
}

async fn once(world: &World) -> Outcome {
    janitor(world).run(&["once"]).await
}

const FLOW_COUNTS: [(&str, u64); 4] = [
    ("device flows expired", 2),
    ("device flows deleted", 1),
    ("authorization flows expired", 2),
    ("authorization flows deleted", 1),
];

#[tokio::test]
async fn what_is_due_is_done_and_counted_and_then_nothing_is_due() {
    on_every_key_column(|world| async move {
        add_work(&world).await;
        let outcome = once(&world).await;
        outcome.assert_code(0);
        for (what, count) in FLOW_COUNTS {
            assert_eq!(outcome.count(what), count, "{what}: {outcome:?}");
        }
        assert!(outcome.output.starts_with(&format!("{} on {}", world.db.place(), world.engine())), "{outcome:?}");
        assert!(outcome.output.contains("flows: done") && outcome.output.contains("tokens: done"), "{outcome:?}");
        if world.db.can_partition() {
            for said in ["added p_", "dropped p_", "months partitioned ahead: 12"] {
                assert!(outcome.output.contains(said), "{said}: {outcome:?}");
            }
        } else {
            assert_eq!(outcome.count("refresh tokens of old months deleted"), 2);
        }
        let statuses = world.column("SELECT Status FROM DeviceFlows ORDER BY UserCode").await;
        assert_eq!(statuses, ["PENDING", "ERROR", "ERROR"]);
        let statuses = world.column("SELECT Status FROM AuthorizationFlows ORDER BY UUID DESC").await;
        assert_eq!(statuses, ["PENDING", "ERROR", "ERROR"]);
        assert_eq!(world.number("SELECT COUNT(*) FROM RefreshTokens").await, 2, "the young months stay");

        let before = state(&world).await;
        let again = once(&world).await;
        again.assert_code(0);
        for (what, _) in FLOW_COUNTS {
            assert_eq!(again.count(what), 0, "{what}: {again:?}");
        }
        assert!(!again.output.contains("added") && !again.output.contains("dropped"), "{again:?}");
        assert_eq!(state(&world).await, before, "a second run changes nothing");
    })
    .await;
}

#[tokio::test]
async fn one_job_can_be_run_by_itself() {
    on_every_engine(|world| async move {
        add_work(&world).await;
        let tokens = world.number("SELECT COUNT(*) FROM RefreshTokens").await;
        let outcome = janitor(&world).run(&["once", "flows"]).await;
        outcome.assert_code(0);
        assert_eq!(outcome.count("device flows expired"), 2);
        assert!(!outcome.output.contains("tokens:"), "{outcome:?}");
        assert_eq!(world.number("SELECT COUNT(*) FROM RefreshTokens").await, tokens, "the other job did not run");
        let outcome = janitor(&world).run(&["once", "tokens"]).await;
        outcome.assert_code(0);
        assert!(world.number("SELECT COUNT(*) FROM RefreshTokens").await < tokens, "{outcome:?}");
    })
    .await;
}

#[tokio::test]
async fn a_table_without_partitions_is_purged_by_rows_and_said_to_be() {
    on_every_server(|world| async move {
        add_work(&world).await;
        world.execute("ALTER TABLE RefreshTokens REMOVE PARTITIONING").await;
        let outcome = janitor(&world).with("AUTHDB_JANITOR_BATCH_SIZE", "1").run(&["once", "tokens"]).await;
        outcome.assert_code(0);
        assert_eq!(outcome.count("refresh tokens of old months deleted"), 2);
        assert!(outcome.output.contains("has no partitions"), "{outcome:?}");
    })
    .await;
}

#[tokio::test]
async fn while_the_clocks_disagree_nothing_is_changed() {
    on_every_engine(|world| async move {
        add_work(&world).await;
        let key = key_at(world.start.after(Duration::from_hours(1)));
        world.add_tokens(&[TokenRow::created(key, SUBJECT)]).await;
        let before = state(&world).await;
        let outcome = once(&world).await;
        outcome.assert_code(1);
        assert_eq!(outcome.output.matches("clocks disagree").count(), 2, "neither job runs: {outcome:?}");
        assert!(outcome.output.contains("after the database's present"), "it says which: {outcome:?}");
        assert_eq!(state(&world).await, before, "on {}", world.engine());
        // With a tolerance of two hours they agree.
        janitor(&world).with("AUTHDB_POLICY_MAX_CLOCK_SKEW", "2h").run(&["once"]).await.assert_code(0);
    })
    .await;
}

#[tokio::test]
async fn a_future_that_is_too_full_is_refused_and_nothing_dropped() {
    on_every_server(|world| async move {
        add_work(&world).await;
        let future = key_at(world.start.after(DAY * 70));
        world
            .add_tokens(&[
                TokenRow::created(future.as_str(), SUBJECT),
                TokenRow::created(key_at(world.start.after(DAY * 71)), SUBJECT),
            ])
            .await;
        let before = state(&world).await;
        let janitor = janitor(&world)
            .with("AUTHDB_JANITOR_P_FUTURE_COPY_LIMIT", "1")
            .with("AUTHDB_POLICY_MAX_CLOCK_SKEW", "90days");
        let plan = janitor.run(&["plan", "tokens"]).await;
        plan.assert_code(1);
        let outcome = janitor.run(&["once", "tokens"]).await;
        outcome.assert_code(1);
        assert!(outcome.output.contains("tokens: refused"), "{outcome:?}");
        for said in [&outcome, &plan] {
            assert!(said.output.contains("no months are added: p_future holds more than 1 rows"), "{said:?}");
            assert!(said.output.contains("janitor.p_future_copy_limit"), "{said:?}");
        }
        assert!(!plan.output.contains("drop a month"), "a plan promises no more than the run does: {plan:?}");
        assert_eq!(state(&world).await, before, "nothing is dropped before the months are there");
    })
    .await;
}

#[tokio::test]
async fn a_table_that_stays_in_use_is_left_for_the_next_run() {
    on_every_server(|world| async move {
        add_work(&world).await;
        let Pool::MySql(pool) = world.database.pool() else { panic!("SQLite has no partitions") };
        let mut reader = pool.begin().await.expect("a transaction begins");
        sqlx::query("SELECT COUNT(*) FROM RefreshTokens").execute(&mut *reader).await.expect("the table is read");
        let outcome = once(&world).await;
        outcome.assert_code(1);
        assert!(outcome.output.contains("flows: done"), "the other job is done: {outcome:?}");
        assert!(outcome.output.contains("The next run tries again"), "{outcome:?}");
        reader.commit().await.expect("the reader ends");
        once(&world).await.assert_code(0);
    })
    .await;
}

#[tokio::test]
async fn a_run_whose_time_is_up_says_so() {
    let world = World::create(Engine::Sqlite).await;
    add_work(&world).await;
    let outcome = janitor(&world).with("AUTHDB_JANITOR_TIME_BUDGET", "1ns").run(&["once"]).await;
    outcome.assert_code(1);
    assert!(outcome.output.contains("flows: unfinished"), "{outcome:?}");
    assert!(outcome.output.contains("janitor.time_budget"), "{outcome:?}");
}

#[tokio::test]
async fn a_database_that_is_no_authdb_is_refused() {
    on_every_engine(|world| async move {
        world.execute("DROP TABLE DeviceFlows; CREATE TABLE Jobs (n INT)").await;
        let outcome = once(&world).await;
        outcome.assert_code(1);
        outcome.assert_errors(&["authdb-janitor: ", "table DeviceFlows", "Jobs"]);
        let empty = TestDatabase::create(world.engine()).await.expect("a database is made");
        let outcome = Janitor::on(empty.url()).run(&["once"]).await;
        outcome.assert_code(1);
        outcome.assert_errors(&["is empty"]);
    })
    .await;
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_has_a_code_of_its_own() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let port = listener.local_addr().expect("the port has a number").port();
    drop(listener);
    let outcome = Janitor::on(&format!("mysql://dirac:s3cret@127.0.0.1:{port}/AuthDB")).run(&["once"]).await;
    outcome.assert_code(3);
    outcome.assert_errors(&["AuthDB at 127.0.0.1"]);
    let outcome = Janitor::on("sqlite:nowhere.sqlite3").run(&["once"]).await;
    outcome.assert_code(3);
    outcome.assert_errors(&["there is no file nowhere.sqlite3"]);
    on_every_server(|world| async move {
        let url = world.database.url().replacen("mysql://", "mysql://nobody_", 1);
        assert!(authdb_shared::db::AuthDb::connect(&config_of(&url)).await.is_err());
        let outcome = Janitor::on(&url).run(&["once"]).await;
        outcome.assert_code(3);
        outcome.assert_errors(&["refuses this account"]);
    })
    .await;
}

#[tokio::test]
async fn the_variables_of_diracx_are_honoured() {
    on_every_engine(|world| async move {
        add_work(&world).await;
        world.add_device_flow(device("AGED", 100)).await;
        let url = match world.engine() {
            Engine::Sqlite => world.database.url().replacen("sqlite://", "sqlite+aiosqlite:///", 1),
            Engine::MariaDb | Engine::MySql => world.database.url().replacen("mysql://", "mysql+aiomysql://", 1),
        };
        let janitor = Janitor::bare()
            .with("DIRACX_DB_URL_AUTHDB", &url)
            .with("DIRACX_SERVICE_AUTH_DEVICE_FLOW_EXPIRATION_SECONDS", "60")
            .with("DIRACX_SERVICE_AUTH_AUTHORIZATION_FLOW_EXPIRATION_SECONDS", "450")
            .with("DIRACX_SERVICE_AUTH_COMPLETED_FLOW_RETENTION_MINUTES", "13")
            .with("DIRACX_SERVICE_AUTH_REFRESH_TOKEN_RETENTION_MONTHS", "1");
        let outcome = janitor.run(&["once"]).await;
        outcome.assert_code(0);
        assert_eq!(outcome.count("device flows expired"), 2, "{outcome:?}");
        assert_eq!(outcome.count("device flows deleted"), 2, "{outcome:?}");
        assert_eq!(outcome.count("authorization flows expired"), 1, "{outcome:?}");
        assert_eq!(outcome.count("authorization flows deleted"), 1, "{outcome:?}");
        if world.engine() == Engine::Sqlite {
            assert_eq!(outcome.count("refresh tokens of old months deleted"), 3, "{outcome:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn each_run_is_written_down_with_what_it_did() {
    on_every_engine(|world| async move {
        add_work(&world).await;
        once(&world).await;
        let runs = world.db.runs(None, 10).await.expect("the first start has made the tables").rows;
        let described: Vec<_> = runs.iter().map(|run| (run.job.as_str(), run.outcome.to_string())).collect();
        let done = "done".to_owned();
        assert_eq!(described, [("tokens", done.clone()), ("flows", done)], "on {}", world.engine());
        assert_eq!(runs[1].counts["rows"]["device flows expired"], 2);
        assert!(runs.iter().all(|run| run.end >= run.start && !run.host.is_empty() && run.error.is_none()));
    })
    .await;
}

#[tokio::test]
async fn an_account_that_may_make_no_tables_works_and_says_that_nothing_is_written_down() {
    on_every_server(|world| async move {
        world.add_device_flow(device("STALE", 700)).await;
        let (rest, database) = world.database.url().rsplit_once('/').expect("the URL ends with the database");
        let (_, host) = rest.rsplit_once('@').expect("the URL names a host");
        let account = format!("sweeper_{}", &database[database.len() - 12..]);
        world
            .execute(&format!(
                "CREATE USER '{account}'@'%' IDENTIFIED BY 'few'; \
                 GRANT SELECT, UPDATE, DELETE ON {database}.* TO '{account}'@'%'"
            ))
            .await;
        let outcome = Janitor::on(&format!("mysql://{account}:few@{host}/{database}")).run(&["once", "flows"]).await;
        assert_eq!(world.column("SELECT Status FROM DeviceFlows").await, ["ERROR"]);
        assert!(
            outcome.errors.contains("runs are not written down") && outcome.errors.contains("CREATE"),
            "{outcome:?}"
        );
    })
    .await;
}
