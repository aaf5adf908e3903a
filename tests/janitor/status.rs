//! `status` and `check`: what monitoring and a cautious operator are told.

use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use authdb_shared::Timestamp;
use authdb_tests::world::{DeviceFlowRow, TokenRow, key_at, on_every_engine, on_every_server};
use authdb_tests::{Engine, World};
use serde_json::Value;

use crate::program::Janitor;

fn janitor(world: &World) -> Janitor {
    Janitor::on(world.database.url())
}

async fn status(world: &World) -> (Option<i32>, Value) {
    let outcome = janitor(world).run(&["status", "--json"]).await;
    let json = serde_json::from_str(&outcome.output).unwrap_or_else(|error| panic!("{error}: {outcome:?}"));
    (outcome.code, json)
}

fn findings(status: &Value) -> String {
    status["findings"].to_string()
}

#[tokio::test]
async fn it_is_healthy_after_a_run_and_a_warning_before_the_first() {
    on_every_engine(|world| async move {
        let (code, before) = status(&world).await;
        assert_eq!((code, before["level"].as_str()), (Some(1), Some("warning")), "{before:#}");
        assert!(findings(&before).contains("no janitor has ever run here"), "{before:#}");

        janitor(&world).run(&["once"]).await.assert_code(0);
        let (code, after) = status(&world).await;
        assert_eq!((code, after["level"].as_str()), (Some(0), Some("ok")), "on {}: {after:#}", world.engine());
        assert_eq!(after["jobs"][0]["last_outcome"], "done");
        assert_eq!(after["lease"]["is_held"], false, "it was given back");
        assert_eq!(after["runway_months"].is_u64(), world.db.can_partition());
    })
    .await;
}

#[tokio::test]
async fn a_backlog_of_a_day_and_a_clock_that_is_wrong_are_critical() {
    on_every_engine(|world| async move {
        janitor(&world).run(&["once"]).await.assert_code(0);
        let age = Duration::from_hours(30);
        world.add_device_flow(DeviceFlowRow { code: "FORGOTTN", age, ..DeviceFlowRow::default() }).await;
        let (code, json) = status(&world).await;
        assert_eq!(code, Some(2), "{json:#}");
        assert!(findings(&json).contains("purge-device-flows: 1 rows wait"), "{json:#}");

        world.execute("DELETE FROM DeviceFlows").await;
        let future = key_at(world.start.after(Duration::from_hours(3)));
        world.add_tokens(&[TokenRow::created(future, "lhcb:amara")]).await;
        let refused = janitor(&world).run(&["once"]).await;
        refused.assert_code(1);
        world.execute("DELETE FROM RefreshTokens").await;
        let (code, json) = status(&world).await;
        assert_eq!(code, Some(2), "until a run has seen them agree: {json:#}");
        assert!(findings(&json).contains("the clocks disagree"), "{json:#}");

        janitor(&world).run(&["once", "flows"]).await.assert_code(0);
        let (code, json) = status(&world).await;
        assert_eq!(code, Some(1), "the other job was refused before, and a run has seen them agree since: {json:#}");
        janitor(&world).run(&["once"]).await.assert_code(0);
        assert_eq!(status(&world).await.0, Some(0), "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn a_job_that_has_not_run_for_long_is_overdue() {
    on_every_engine(|world| async move {
        janitor(&world).run(&["once"]).await.assert_code(0);
        let start = world.start.before(Duration::from_hours(2)).sql_text();
        world.execute(&format!("UPDATE JanitorRuns SET StartTime = '{start}' WHERE Job = 'flows'")).await;
        let (code, json) = status(&world).await;
        assert_eq!(code, Some(2), "{json:#}");
        assert!(findings(&json).contains("overdue"), "on {}: {json:#}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn a_job_is_overdue_however_often_the_other_one_has_run_since() {
    on_every_engine(|world| async move {
        janitor(&world).run(&["once", "tokens"]).await.assert_code(0);
        let [long_ago, now] = [world.start.before(Duration::from_hours(5 * 24)), world.start].map(Timestamp::sql_text);
        world.execute(&format!("UPDATE JanitorRuns SET StartTime = '{long_ago}'")).await;
        let flows = vec![format!("('flows', 'one.example', '{now}', '{now}', 'done', '{{}}')"); 1_100].join(", ");
        let columns = "Job, Host, StartTime, EndTime, Outcome, Counts";
        world.execute(&format!("INSERT INTO JanitorRuns ({columns}) VALUES {flows}")).await;
        let (code, json) = status(&world).await;
        assert_eq!(code, Some(2), "{json:#}");
        assert!(findings(&json).contains("overdue"), "on {}: {json:#}", world.engine());
        assert_eq!(json["jobs"][1]["last_outcome"], "done", "it did run here: {json:#}");

        // One that never came to a good end is overdue, too.
        world.execute("UPDATE JanitorRuns SET Outcome = 'failed', Error = 'no' WHERE Job = 'tokens'").await;
        let (code, json) = status(&world).await;
        assert_eq!(code, Some(2), "{json:#}");
        assert!(findings(&json).contains("no run was good yet"), "on {}: {json:#}", world.engine());

        // One that refuses the same month every day is not: it runs.
        let refused = "UPDATE JanitorRuns SET Outcome = 'refused', StartTime = '{now}' WHERE Job = 'tokens'";
        world.execute(&refused.replace("{now}", &now)).await;
        let (code, json) = status(&world).await;
        assert_eq!(code, Some(1), "{json:#}");
        assert!(!findings(&json).contains("overdue"), "on {}: {json:#}", world.engine());
        assert!(findings(&json).contains("the last run was refused"), "on {}: {json:#}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn a_layout_that_is_not_diracx_s_is_critical_and_the_rest_is_told_all_the_same() {
    on_every_server(|world| async move {
        janitor(&world).run(&["once"]).await.assert_code(0);
        world.execute("ALTER TABLE RefreshTokens PARTITION BY KEY (JTI) PARTITIONS 4").await;
        let (code, json) = status(&world).await;
        assert_eq!((code, json["level"].as_str()), (Some(2), Some("critical")), "{json:#}");
        assert!(findings(&json).contains("not by RANGE COLUMNS(JTI)"), "on {}: {json:#}", world.engine());
        assert_eq!(json["jobs"][1]["last_outcome"], "done", "{json:#}");
        let check = janitor(&world).run(&["check"]).await;
        check.assert_code(1);
        for said in [" ledger", "critical  partitions", "not by RANGE COLUMNS(JTI)"] {
            assert!(check.output.contains(said), "{said} on {}: {check:?}", world.engine());
        }
    })
    .await;
}

#[tokio::test]
async fn months_that_run_out_and_rows_in_p_future_are_said() {
    on_every_server(|world| async move {
        janitor(&world).run(&["once"]).await.assert_code(0);
        let month = authdb_shared::partition::Month::of(world.start);
        world.partition(month, 2).await;
        let next_year = key_at(world.start.after(Duration::from_hours(24 * 300)));
        world.add_tokens(&[TokenRow::created(next_year, "lhcb:amara")]).await;
        let (code, json) = status(&world).await;
        assert_eq!(code, Some(2), "{json:#}");
        for said in ["only 1 months are partitioned ahead", "the MAXVALUE partition holds 1 rows"] {
            assert!(findings(&json).contains(said), "{said} on {}: {json:#}", world.engine());
        }
    })
    .await;
}

#[tokio::test]
async fn a_check_names_what_is_as_it_should_be() {
    on_every_engine(|world| async move {
        let outcome = janitor(&world).run(&["check"]).await;
        outcome.assert_code(0);
        for subject in ["configuration", "connection", "schema", "privileges", "clocks", "ledger", "partitions"] {
            assert!(outcome.output.contains(&format!(" {subject}")), "{subject}: {outcome:?}");
        }
        assert_eq!(world.number("SELECT COUNT(*) FROM DeviceFlows").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_check_names_the_privileges_that_are_missing() {
    on_every_server(|world| async move {
        let (rest, database) = world.database.url().rsplit_once('/').expect("the URL ends with the database");
        let (_, host) = rest.rsplit_once('@').expect("the URL names a host");
        let account = format!("chk_{}", &database[database.len().saturating_sub(10)..]);
        world
            .execute(&format!(
                "CREATE USER '{account}'@'%' IDENTIFIED BY 'check'; \
                 GRANT SELECT, INSERT, UPDATE, CREATE ON {database}.* TO '{account}'@'%'; \
                 GRANT DELETE ON {database}.DeviceFlows TO '{account}'@'%'"
            ))
            .await;
        let janitor = Janitor::on(&format!("mysql://{account}:check@{host}/{database}"));
        let outcome = janitor.run(&["check"]).await;
        outcome.assert_code(1);
        let lacks = "the account lacks: DELETE on AuthorizationFlows, DELETE on RefreshTokens, ALTER on RefreshTokens, \
                     DROP on RefreshTokens";
        assert!(outcome.output.contains(lacks) && !outcome.output.contains("whole database"), "{outcome:?}");
        let is_blind = outcome.output.contains("grant it SELECT on performance_schema");
        assert_eq!(
            is_blind,
            world.engine() == Engine::MySql,
            "changes of the partitions wait for a second: {outcome:?}"
        );
        let outcome = janitor.with("AUTHDB_JANITOR_HOLD_DROPPED", "7d").run(&["check"]).await;
        let lacks = "DROP on RefreshTokens, ALTER on the whole database, DROP on the whole database";
        assert!(outcome.output.contains(lacks), "holding months needs more: {outcome:?}");
    })
    .await;
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_unknown() {
    let janitor = Janitor::on("mysql://authdb:wrong@127.0.0.1:9/auth");
    for command in ["status", "check", "plan"] {
        let outcome = janitor.run(&[command]).await;
        outcome.assert_code(3);
        outcome.assert_errors(&["no connection"]);
    }
    let outcome = janitor.run(&["status", "--json"]).await;
    outcome.assert_code(3);
    let json: Value = serde_json::from_str(&outcome.output).expect("monitoring can read it all the same");
    assert_eq!((json["level"].as_str(), json["at"].as_str()), (Some("critical"), None), "{json:#}");
    assert!(findings(&json).contains("no connection"), "{json:#}");
}

#[tokio::test]
async fn what_only_reads_ends_at_the_first_signal() {
    // A server that takes connections and never greets.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = silent.local_addr().expect("it is bound").port();
    for command in ["status", "check", "plan"] {
        let janitor = Janitor::on(&format!("mysql://authdb:wrong@127.0.0.1:{port}/auth"));
        let process = janitor.with("AUTHDB_DATABASE_CONNECT_TIMEOUT", "1h").start_as(command);
        let _connection = silent.accept().await.expect("it connects");
        let (status, said) = process.stop().await;
        assert_eq!(status.signal(), Some(15), "{command}: {said:?}");
    }
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_critical_and_no_warning() {
    on_every_engine(|world| async move {
        world.execute("DROP TABLE AuthorizationFlows").await;
        let outcome = janitor(&world).run(&["status", "--json"]).await;
        outcome.assert_code(2);
        outcome.assert_errors(&["it lacks table AuthorizationFlows"]);
        let json: Value = serde_json::from_str(&outcome.output).expect("monitoring can read it all the same");
        assert!(findings(&json).contains("it lacks table AuthorizationFlows"), "{json:#}");
    })
    .await;
}
