//! The accounts of `doctor --grants`: made by exactly the statements that it prints, each does its whole work; and with any
//! single privilege left out, something of it fails.

use std::sync::Arc;
use std::time::Duration;

use authdb_shared::partition::Month;
use authdb_tests::world::{AuthorizationFlowRow, DeviceFlowRow, TokenRow, key_at, on_every_server};
use authdb_tests::{Engine, Pool, World};

use crate::authdb;
use crate::program::Program;

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// A privilege and where it holds, such as `SELECT` and `` `auth`.DeviceFlows ``.
type Grant = (String, String);

/// What is printed for an account, one privilege at a time.
async fn printed(world: &World, account: &str) -> Vec<Grant> {
    let output = authdb(world).run(&["doctor", "--grants"]).await.succeeds().output;
    let to = format!(" TO '{account}'@'%';");
    let statements = output.lines().filter_map(|line| line.strip_prefix("GRANT ")?.strip_suffix(&to));
    let grants: Vec<Grant> = statements
        .flat_map(|statement| {
            let (words, place) = statement.split_once(" ON ").expect("it says where");
            words.split(", ").map(|word| (word.to_owned(), place.to_owned())).collect::<Vec<_>>()
        })
        .collect();
    assert!(!grants.is_empty(), "nothing is printed for {account}: {output}");
    grants
}

/// Makes an account with these privileges, and gives the URL to log in with.
async fn account(world: &World, grants: &[Grant]) -> String {
    let name = format!("some_{:016x}", rand::random::<u64>());
    world.execute(&format!("CREATE USER '{name}'@'%' IDENTIFIED BY 'few'")).await;
    for of_place in grants.chunk_by(|one, two| one.1 == two.1) {
        let words: Vec<&str> = of_place.iter().map(|(what, _)| what.as_str()).collect();
        // What is not there yet can be granted only to who may create it; who may not works without that table.
        let grant = format!("GRANT {} ON {} TO '{name}'@'%'", words.join(", "), of_place[0].1);
        let _ = world.database.execute(&grant).await;
    }
    let (rest, database) = world.database.url().rsplit_once('/').expect("the URL ends with the database");
    let (_, host) = rest.rsplit_once('@').expect("the URL names a host");
    format!("mysql://{name}:few@{host}/{database}")
}

/// Runs a verb, and says what failed.
async fn fails(program: &Program, arguments: &[&str]) -> Option<String> {
    let outcome = program.run(arguments).await;
    (outcome.code != Some(0)).then(|| format!("{arguments:?}: {outcome:?}"))
}

/// Looks at everything there is, and gives what could not be seen.
async fn look_at_everything(world: &World, url: &str) -> Vec<String> {
    let viewer = Program::authdb().on(url);
    world.add_device_flow(DeviceFlowRow::default()).await;
    let flow =
        world.add_authorization_flow(AuthorizationFlowRow { age: MINUTE, ..Default::default() }).await.to_string();
    let jti = world.add_token("CREATED", "lhcb:alice", MINUTE).await.to_string();
    let mut failed = Vec::new();
    let looks: [&[&str]; 13] = [
        &["device", "list"],
        &["device", "show", "BCDFGHJK"],
        &["flow", "list"],
        &["flow", "show", &flow],
        &["token", "list"],
        &["token", "show", &jti],
        &["subject", "list"],
        &["subject", "show", "lhcb:alice"],
        &["status"],
        &["partition", "list"],
        &["journal", "list"],
        &["journal", "verify"],
        &["token", "revoke", &jti, "--dry-run"],
    ];
    for arguments in looks {
        failed.extend(fails(&viewer, arguments).await);
    }
    failed
}

/// Ends sessions in every way there is, and gives what could not be done.
async fn act_in_every_way(world: &World, url: &str) -> Vec<String> {
    let operator = Program::authdb().on(url);
    let mut failed = look_at_everything(world, url).await;
    world.add_device_flow(DeviceFlowRow { code: "LMNPQRST", ..DeviceFlowRow::default() }).await;
    let flow =
        world.add_authorization_flow(AuthorizationFlowRow { age: MINUTE, ..Default::default() }).await.to_string();
    let jti = world.add_token("CREATED", "lhcb:bob", MINUTE).await.to_string();
    let acts: [&[&str]; 5] = [
        &["device", "approve", "BCDFGHJK", "--sub", "alice", "--yes"],
        &["device", "deny", "LMNPQRST", "--yes"],
        &["flow", "cancel", &flow, "--yes"],
        &["token", "revoke", &jti, "--yes"],
        &["token", "revoke", "--sub", "lhcb:alice", "--yes"],
    ];
    for arguments in acts {
        failed.extend(fails(&operator, arguments).await);
    }
    if world.number("SELECT COUNT(*) FROM AdminActions").await < 1 + 5 {
        failed.push("not everything was journalled".to_owned());
    }
    failed
}

/// Everything that a janitor has to do once: flows to expire and to delete, months to add and to drop.
async fn add_work(world: &World, is_partitioned: bool) {
    for (code, age) in [("STALE", MINUTE * 12), ("OLD", MINUTE * 90)] {
        world.add_device_flow(DeviceFlowRow { code, age, ..DeviceFlowRow::default() }).await;
        world.add_authorization_flow(AuthorizationFlowRow { age, ..Default::default() }).await;
    }
    if is_partitioned {
        let first = world.start.calendar().checked_sub_months(chrono::Months::new(8)).expect("a date of this era");
        world.partition(Month::of(first.into()), 10).await;
    } else {
        world.execute("ALTER TABLE RefreshTokens REMOVE PARTITIONING").await;
    }
    let old = [9, 0].map(|months| TokenRow::created(key_at(world.start.before(DAY * 31 * months)), "lhcb:alice"));
    world.add_tokens(&old).await;
}

/// Lets the janitor do it, and gives what it did not do.
async fn clean_up(world: &World, url: &str, is_partitioned: bool) -> Vec<String> {
    add_work(world, is_partitioned).await;
    let months = world.db.partition_layout().await.expect("the test may look").partitions.len();
    let mut failed: Vec<String> = fails(&Program::janitor().on(url), &["once"]).await.into_iter().collect();
    let wrong = [
        ("a device flow was not expired", "SELECT COUNT(*) FROM DeviceFlows WHERE Status = 'PENDING'"),
        ("an authorization flow was not expired", "SELECT COUNT(*) FROM AuthorizationFlows WHERE Status = 'PENDING'"),
        ("a device flow was not deleted", "SELECT COUNT(*) - 1 FROM DeviceFlows"),
        ("an authorization flow was not deleted", "SELECT COUNT(*) - 1 FROM AuthorizationFlows"),
        ("an old token was not deleted", "SELECT COUNT(*) - 1 FROM RefreshTokens"),
    ];
    for (what, count) in wrong {
        if world.number(count).await != 0 {
            failed.push(what.to_owned());
        }
    }
    let now = world.db.partition_layout().await.expect("the test may look").partitions.len();
    if is_partitioned && now <= months {
        failed.push("no months were added".to_owned());
    }
    if !is_partitioned {
        failed.extend(fails(&Program::janitor().on(url), &["partition", "--yes"]).await);
    }
    let runs = world.database.number("SELECT COUNT(*) FROM JanitorRuns WHERE Outcome = 'done'").await;
    let journal = world.database.number("SELECT COUNT(*) FROM AdminActions WHERE Action = 'init'").await;
    // Both jobs; and partitioning the table, where that was done.
    let expected = if is_partitioned { 2 } else { 3 };
    if runs.ok() != Some(expected) || journal.ok() != Some(1) {
        failed.push("not everything was written down".to_owned());
    }
    failed
}

/// Whether the janitor can say who holds the table when it comes to change it.
async fn names_who_holds_the_table(world: &World, url: &str) -> bool {
    add_work(world, true).await;
    let Pool::MySql(pool) = world.database.pool() else { panic!("tables are held on servers only") };
    let mut holder = pool.begin().await.expect("a transaction begins");
    sqlx::query("SELECT COUNT(*) FROM RefreshTokens").execute(&mut *holder).await.expect("the table can be read");
    let outcome = Program::janitor().on(url).run(&["once", "tokens"]).await.ends_with(1);
    holder.rollback().await.expect("the server answers");
    format!("{}{}", outcome.output, outcome.errors).contains("connection ")
}

/// A fresh database of the same kind, with the ledger or without.
async fn fresh(engine: Engine, has_ledger: bool) -> World {
    let world = World::create(engine).await;
    if has_ledger {
        world.db.create_ledger(&world.permit).await.expect("the ledger's tables are made");
    }
    world
}

/// Grants are printed for a database by its name; these are for another one.
fn moved(grants: &[Grant], from: &World, to: &World) -> Vec<Grant> {
    let name = |world: &World| world.database.url().rsplit_once('/').map(|(_, name)| name.to_owned()).expect("a name");
    let (from, to) = (name(from), name(to));
    grants.iter().map(|(what, place)| (what.clone(), place.replace(&from, &to))).collect()
}

/// All but one.
fn without(grants: &[Grant], left_out: &Grant) -> Vec<Grant> {
    grants.iter().filter(|grant| *grant != left_out).cloned().collect()
}

#[tokio::test]
async fn a_viewer_sees_everything_and_needs_each_of_its_privileges() {
    on_every_server(|world: Arc<World>| async move {
        let grants = printed(&world, "authdb_viewer").await;
        let enough = fresh(world.engine(), true).await;
        let url = account(&enough, &moved(&grants, &world, &enough)).await;
        assert_eq!(look_at_everything(&enough, &url).await, Vec::<String>::new());
        Program::authdb().on(&url).run(&["--read-only", "doctor"]).await.succeeds();
        for left_out in &grants {
            let less = fresh(world.engine(), true).await;
            let url = account(&less, &moved(&without(&grants, left_out), &world, &less)).await;
            assert!(!look_at_everything(&less, &url).await.is_empty(), "{left_out:?} is not needed");
        }
    })
    .await;
}

#[tokio::test]
async fn an_operator_ends_every_session_and_needs_each_of_its_privileges() {
    on_every_server(|world: Arc<World>| async move {
        let grants = printed(&world, "authdb_operator").await;
        let enough = fresh(world.engine(), true).await;
        let url = account(&enough, &moved(&grants, &world, &enough)).await;
        assert_eq!(act_in_every_way(&enough, &url).await, Vec::<String>::new());
        Program::authdb().on(&url).run(&["doctor"]).await.succeeds();
        for left_out in &grants {
            let less = fresh(world.engine(), true).await;
            let url = account(&less, &moved(&without(&grants, left_out), &world, &less)).await;
            assert!(!act_in_every_way(&less, &url).await.is_empty(), "{left_out:?} is not needed");
        }
    })
    .await;
}

#[tokio::test]
async fn a_janitor_cleans_everything_up_and_needs_each_of_its_privileges() {
    on_every_server(|world: Arc<World>| async move {
        let grants = printed(&world, "authdb_janitor").await;
        let cleans_up = async |grants: &[Grant]| {
            let mut failed = Vec::new();
            for is_partitioned in [true, false] {
                let there = fresh(world.engine(), false).await;
                let url = account(&there, &moved(grants, &world, &there)).await;
                failed.extend(clean_up(&there, &url, is_partitioned).await);
                if !failed.is_empty() {
                    break;
                }
            }
            failed
        };
        let sees_holders = async |grants: &[Grant]| {
            let there = fresh(world.engine(), false).await;
            let url = account(&there, &moved(grants, &world, &there)).await;
            names_who_holds_the_table(&there, &url).await
        };
        assert_eq!(cleans_up(&grants).await, Vec::<String>::new());
        assert!(sees_holders(&grants).await, "who holds the table is not named");
        let mut not_needed = Vec::new();
        for left_out in &grants {
            let less = without(&grants, left_out);
            let is_about_holders = left_out.0 == "PROCESS" || left_out.1.starts_with("performance_schema");
            let is_needed =
                if is_about_holders { !sees_holders(&less).await } else { !cleans_up(&less).await.is_empty() };
            if !is_needed {
                not_needed.push(left_out);
            }
        }
        assert!(not_needed.is_empty(), "{not_needed:?}");
    })
    .await;
}
