//! The whole work of an admin by scripts alone, in JSON, and what became of the database.

use std::time::Duration;

use authdb_tests::World;
use authdb_tests::world::{AuthorizationFlowRow, DeviceFlowRow, on_every_engine, on_every_key_column};
use serde_json::{Value, json};

use crate::{authdb, with_ledger};

const MINUTE: Duration = Duration::from_mins(1);

fn texts<'a>(rows: &'a Value, field: &str) -> Vec<&'a str> {
    rows.as_array().into_iter().flatten().filter_map(|row| row[field].as_str()).collect()
}

/// What follows from the first row of a plan.
fn follows(plan: &Value) -> String {
    plan[0]["consequences"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

async fn status_of(world: &World, code: &str) -> Vec<String> {
    world.column(&format!("SELECT Status FROM DeviceFlows WHERE UserCode = '{code}'")).await
}

#[tokio::test]
async fn a_code_is_found_looked_at_planned_and_approved_with_its_reason() {
    on_every_engine(|world| async move {
        let authdb = with_ledger(&world).await;
        world.add_device_flow(DeviceFlowRow { age: MINUTE, ..DeviceFlowRow::default() }).await;
        world.add_device_flow(DeviceFlowRow { code: "LLLLLLLL", status: "ERROR", ..DeviceFlowRow::default() }).await;
        let pending = authdb.json(&["device", "list", "--state", "pending", "--vo", "lhcb"]).await;
        assert_eq!(texts(&pending, "code"), ["BCDF-GHJK"]);
        let one = authdb.json(&["device", "show", "bcdf ghjk"]).await;
        assert_eq!((&one["state"], &one["group"], &one["sub"]), (&json!("pending"), &json!("lhcb_user"), &Value::Null));
        let approve = ["device", "approve", "bcdfghjk", "--sub", "alice", "--name", "Alice A.", "--reason", "ticket 7"];
        let plan = authdb.json(&[&approve[..], &["--dry-run"]].concat()).await;
        assert_eq!(plan[0]["is_possible"], true);
        assert_eq!(status_of(&world, "BCDFGHJK").await, ["PENDING"], "a plan changes nothing");
        let made = authdb.json(&[&approve[..], &["--yes"]].concat()).await;
        assert_eq!((&made[0]["outcome"], &made[0]["target"]), (&json!("done"), &json!("BCDF-GHJK")));
        assert_eq!(status_of(&world, "BCDFGHJK").await, ["READY"]);
        let token = world.column("SELECT IDToken FROM DeviceFlows WHERE IDToken IS NOT NULL").await.remove(0);
        let claims: Value = serde_json::from_str(&token).expect("it is JSON");
        assert_eq!((&claims["sub"], &claims["preferred_username"]), (&json!("alice"), &json!("Alice A.")));
        let journal = authdb.json(&["journal", "list", "--limit", "1"]).await;
        assert_eq!((&journal[0]["action"], &journal[0]["reason"]), (&json!("approve"), &json!("ticket 7")));
        assert_eq!(authdb.json(&["journal", "verify"]).await["is_sound"], true);
    })
    .await;
}

#[tokio::test]
async fn logins_are_denied_and_cancelled() {
    on_every_key_column(|world| async move {
        let authdb = authdb(&world);
        world.add_device_flow(DeviceFlowRow::default()).await;
        let flow = world.add_authorization_flow(AuthorizationFlowRow { age: MINUTE, ..Default::default() }).await;
        let denied = authdb.json(&["device", "deny", "BCDF-GHJK", "--yes"]).await;
        assert_eq!(texts(&denied, "outcome"), ["done"]);
        assert_eq!(status_of(&world, "BCDFGHJK").await, ["ERROR"]);
        let listed = authdb.json(&["flow", "list", "--state", "pending"]).await;
        assert_eq!(texts(&listed, "id"), [flow.to_string()]);
        assert_eq!(authdb.json(&["flow", "show", &flow.to_string()]).await["redirect_uri"], listed[0]["redirect_uri"]);
        let cancelled = authdb.json(&["flow", "cancel", &flow.to_string(), "--yes"]).await;
        assert_eq!(texts(&cancelled, "outcome"), ["done"]);
        assert_eq!(world.column("SELECT Status FROM AuthorizationFlows").await, ["ERROR"]);
    })
    .await;
}

#[tokio::test]
async fn tokens_are_listed_piped_into_their_revocation_and_nobody_elses_is_touched() {
    on_every_key_column(|world| async move {
        let authdb = with_ledger(&world).await;
        for minutes in [1, 2, 3] {
            world.add_token("CREATED", "lhcb:alice", MINUTE * minutes).await;
        }
        let bob = world.add_token("CREATED", "lhcb:bob", MINUTE).await;
        world.add_token("CREATED", "lhcb:alice", MINUTE * 90).await;
        let live = authdb.run(&["token", "list", "--sub", "lhcb:alice", "--output", "jsonl"]).await.succeeds();
        let keys: Vec<String> =
            live.values().iter().map(|token| token["jti"].as_str().expect("a key").to_owned()).collect();
        assert_eq!(keys.len(), 3, "the expired one is not live: {live:?}");
        let plan = authdb.json(&["token", "revoke", &keys[0], "--dry-run"]).await;
        let follows = follows(&plan);
        for fact in ["ALL tokens of lhcb:alice", "go on working until", "legacy exchange are not affected"] {
            assert!(follows.contains(fact), "{fact} is not said: {plan}");
        }
        let revoke = ["token", "revoke", "-", "--yes", "--reason", "laptop stolen", "--output", "jsonl"];
        let made = authdb.run_with_input(&revoke, &format!("\n{}\n", keys.join("\n"))).await.succeeds();
        assert_eq!(made.values().iter().filter(|row| row["outcome"] == "done").count(), 3);
        assert_eq!(world.token_status(&bob).await.as_deref(), Some("CREATED"));
        let all = authdb.json(&["token", "list", "--sub", "lhcb:alice", "--all"]).await;
        let words = texts(&all, "liveness");
        assert_eq!((words.len(), words.iter().filter(|word| **word == "revoked").count()), (4, 3), "{all}");
        assert_eq!(authdb.json(&["token", "show", &keys[0]]).await["status"], "REVOKED");
    })
    .await;
}

#[tokio::test]
async fn all_of_a_person_is_revoked_and_only_of_exactly_that_person() {
    on_every_engine(|world| async move {
        let authdb = with_ledger(&world).await;
        for minutes in [1, 2, 90] {
            world.add_token("CREATED", "lhcb:alice", MINUTE * minutes).await;
        }
        let other = world.add_token("CREATED", "lhcb:Alice", MINUTE).await;
        let people = authdb.json(&["subject", "list"]).await;
        assert_eq!(people[0]["sub"], "lhcb:alice");
        assert_eq!(people[0]["live"], 2);
        let alice = authdb.json(&["subject", "show", "lhcb:alice"]).await;
        assert_eq!((&alice["live"], &alice["revocable"]), (&json!(2), &json!(3)));
        let plan = authdb.json(&["token", "revoke", "--sub", "lhcb:alice", "--dry-run"]).await;
        assert_eq!(plan[0]["tokens"], 3);
        let made = authdb.json(&["token", "revoke", "--sub", "lhcb:alice", "--yes"]).await;
        assert_eq!((&made[0]["outcome"], &made[0]["tokens"]), (&json!("done"), &json!(3)));
        assert_eq!(world.number("SELECT COUNT(*) FROM RefreshTokens WHERE Status = 'REVOKED'").await, 3);
        assert_eq!(world.token_status(&other).await.as_deref(), Some("CREATED"));
    })
    .await;
}

#[tokio::test]
async fn the_installation_is_seen_at_a_glance() {
    on_every_engine(|world| async move {
        let authdb = with_ledger(&world).await;
        world.add_device_flow(DeviceFlowRow::default()).await;
        world.add_token("CREATED", "lhcb:alice", MINUTE).await;
        world.add_token("REVOKED", "lhcb:alice", MINUTE).await;
        let status = authdb.json(&["status"]).await;
        let numbers = ["device_flows_pending", "tokens_live", "tokens_revoked_last_day"].map(|name| &status[name]);
        assert_eq!(numbers, [&json!(1), &json!(1), &json!(1)], "{status}");
        assert_eq!(status["counts_are_complete"], true);
        if world.db.can_partition() {
            let months = authdb.json(&["partition", "list"]).await;
            assert_eq!(months.as_array().map(Vec::len), Some(5), "four months and p_future: {months}");
            assert_eq!(months[4]["bound"], "MAXVALUE");
            assert_eq!(status["p_future_rows"], 0);
        }
    })
    .await;
}

#[tokio::test]
async fn init_makes_an_installation_in_which_the_rest_works() {
    let database = authdb_tests::TestDatabase::create(authdb_tests::Engine::Sqlite).await.expect("a database is made");
    let authdb = crate::Program::authdb().on(database.url());
    let planned = authdb.run(&["init", "--dry-run"]).await.succeeds();
    assert!(planned.output.contains("would make DiracX's tables"), "{planned:?}");
    let first = authdb.run(&["init"]).await.succeeds();
    assert!(first.output.contains("now holds DiracX's tables"), "{first:?}");
    let again = authdb.run(&["init", "--dry-run"]).await.succeeds();
    assert!(again.output.contains("nothing would be made"), "{again:?}");
    assert_eq!(authdb.json(&["journal", "list"]).await[0]["action"], "init");
    authdb.run(&["token", "list"]).await.ends_with(1).says("nothing matches");
}
