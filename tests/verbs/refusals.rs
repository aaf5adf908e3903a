//! What the state of a row refuses: exit code 1, the reason, nothing changed.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::time::Duration;

use authdb_tests::Engine;
use authdb_tests::World;
use authdb_tests::world::{AuthorizationFlowRow, DeviceFlowRow};

use crate::{Program, authdb, with_ledger};

const NOBODY: &str = "01a22ee6-b000-7abc-8000-00000000000f";

/// Everything that the changes could change.
async fn everything(world: &World) -> Vec<Vec<Option<String>>> {
    let mut rows = world.rows("SELECT UserCode, Status, IDToken FROM DeviceFlows ORDER BY UserCode").await;
    rows.extend(world.rows("SELECT UUID, Status FROM AuthorizationFlows ORDER BY UUID").await);
    rows.extend(world.rows("SELECT JTI, Status FROM RefreshTokens ORDER BY JTI").await);
    rows
}

#[tokio::test]
async fn every_change_that_a_row_does_not_allow_is_refused_by_plan_and_by_deed() {
    let world = World::create(Engine::Sqlite).await;
    let authdb = with_ledger(&world).await;
    let minute = Duration::from_mins(1);
    for (code, status, age) in [("CCCCCCCC", "DONE", 30), ("DDDDDDDD", "READY", 30), ("FFFFFFFF", "PENDING", 700)] {
        let id_token = (status != "PENDING").then_some(r#"{"sub": "bjorn"}"#);
        let age = Duration::from_secs(age);
        world.add_device_flow(DeviceFlowRow { code, status, age, id_token, ..DeviceFlowRow::default() }).await;
    }
    world.add_device_flow(DeviceFlowRow::default()).await;
    let done = world.add_authorization_flow(AuthorizationFlowRow { status: "DONE", age: minute, ..Default::default() });
    let done = done.await.to_string();
    let revoked = world.add_token("REVOKED", "lhcb:alice", minute).await.to_string();
    let before = everything(&world).await;
    let refused: [(&[&str], &str); 11] = [
        (&["device", "approve", "GGGG-GGGG", "--sub", "alice"], "there is no device flow with the code GGGG-GGGG"),
        (&["device", "approve", "CCCC-CCCC", "--sub", "alice"], "is already DONE: somebody has been approved"),
        (&["device", "approve", "DDDD-DDDD", "--sub", "alice"], "is already READY: somebody has been approved"),
        (&["device", "approve", "FFFF-FFFF", "--sub", "alice"], "expired 1m"),
        (&["device", "approve", "BCDF-GHJK", "--sub", "lhcb:alice"], "give the subject without `lhcb:`"),
        (&["device", "deny", "CCCC-CCCC"], "DONE"),
        (&["device", "deny", "GGGG-GGGG"], "there is no device flow with the code GGGG-GGGG"),
        (&["flow", "cancel", &done], "DONE"),
        (&["flow", "cancel", NOBODY], "there is no authorization flow"),
        (&["token", "revoke", &revoked], "is already revoked"),
        (&["token", "revoke", "--sub", "lhcb:nobody"], "lhcb:nobody"),
    ];
    for (arguments, reason) in refused {
        let plan = [arguments, &["--dry-run", "--output", "json"]].concat();
        let plan = authdb.run(&plan).await.ends_with(1).value();
        assert!(plan[0]["refusal"].as_str().is_some_and(|said| said.contains(reason)), "{reason}: {plan}");
        assert_eq!(plan[0]["is_possible"], false);
        let deed = [arguments, &["--yes", "--output", "json"]].concat();
        let made = authdb.run(&deed).await.ends_with(1).value();
        assert_eq!(made[0]["outcome"], "refused", "{made}");
        assert!(made[0]["message"].as_str().is_some_and(|said| said.contains(reason)), "{reason}: {made}");
    }
    assert_eq!(everything(&world).await, before);
}

#[tokio::test]
async fn of_several_rows_the_possible_ones_are_changed_and_each_is_reported() {
    let world = World::create(Engine::Sqlite).await;
    let authdb = authdb(&world);
    let minute = Duration::from_mins(1);
    let live = world.add_token("CREATED", "lhcb:alice", minute).await.to_string();
    let revoked = world.add_token("REVOKED", "lhcb:alice", minute).await.to_string();
    let last = world.add_token("CREATED", "lhcb:alice", minute * 2).await.to_string();
    let made = authdb.run(&["token", "revoke", &live, &revoked, &last, "--yes", "--output", "json"]).await;
    let made = made.ends_with(1).value();
    let outcomes: Vec<_> = made.as_array().expect("a list").iter().map(|row| row["outcome"].clone()).collect();
    assert_eq!(outcomes, ["done", "refused", "done"]);
    assert_eq!(world.number("SELECT COUNT(*) FROM RefreshTokens WHERE Status = 'CREATED'").await, 0);
}

#[tokio::test]
async fn what_is_not_there_is_said_and_is_no_success() {
    let world = World::create(Engine::Sqlite).await;
    let authdb = authdb(&world);
    let absent: [(&[&str], &str); 11] = [
        (&["device", "list"], "nothing matches"),
        (&["device", "show", "GGGG-GGGG"], "there is no device flow with the code GGGG-GGGG"),
        (&["flow", "list"], "nothing matches"),
        (&["flow", "show", NOBODY], "there is no authorization flow"),
        (&["token", "list", "--all"], "nothing matches"),
        (&["token", "show", NOBODY], "there is no refresh token"),
        (&["subject", "list"], "nothing matches"),
        (&["subject", "show", "lhcb:alice"], "there is no token of lhcb:alice"),
        (&["journal", "list"], "this database has no journal. `authdb init` makes one"),
        (&["partition", "list"], "RefreshTokens has no partitions"),
        (&["doctor", "--grants"], "a SQLite file has no accounts"),
    ];
    for (arguments, sentence) in absent {
        authdb.run(arguments).await.ends_with(1).says(sentence);
    }
    assert_eq!(authdb.run(&["device", "list", "--output", "json"]).await.value(), serde_json::json!([]));
}

#[tokio::test]
async fn a_read_only_session_plans_and_changes_nothing() {
    let world = World::create(Engine::Sqlite).await;
    let authdb = authdb(&world);
    world.add_device_flow(DeviceFlowRow::default()).await;
    let deny = ["--read-only", "device", "deny", "BCDFGHJK"];
    authdb.run(&[&deny[..], &["--yes"]].concat()).await.ends_with(1).says("this session is read-only");
    authdb.run(&[&deny[..], &["--dry-run"]].concat()).await.succeeds();
    assert_eq!(world.column("SELECT Status FROM DeviceFlows").await, ["PENDING"]);
}

#[tokio::test]
async fn tables_are_made_neither_in_a_read_only_session_nor_in_production_that_the_call_does_not_name() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let file = folder.path().join("authdb.sqlite3");
    let config = format!(
        "[dashboard]\ncontext = \"prod\"\n[contexts.prod]\nurl = \"sqlite:{file}\"\nproduction = true\n\
         [contexts.looking]\nurl = \"sqlite:{file}\"\nread_only = true\n",
        file = file.display()
    );
    let authdb = Program::authdb().with_file("config.toml", &config).with("AUTHDB_CONFIG", "config.toml");
    authdb.run(&["init"]).await.ends_with(2).says("tables are made only with --context prod");
    for closed in [&["--read-only", "--context", "prod"][..], &["--context", "looking"]] {
        authdb.run(&[closed, &["init"]].concat()).await.ends_with(1).says("this session is read-only");
    }
    assert!(!file.exists(), "nothing was made");
    authdb.run(&["--context", "prod", "init"]).await.succeeds();
}

#[tokio::test]
async fn a_variable_that_is_not_utf_8_is_refused_instead_of_another_database_being_used() {
    let world = World::create(Engine::Sqlite).await;
    let url = OsStr::from_bytes(b"mysql://operator:\xe9t\xe9@db/auth");
    let authdb = authdb(&world);
    let output =
        authdb.command(&["device", "list"]).env("AUTHDB_DATABASE_URL", url).output().await.expect("the program starts");
    let errors = String::from_utf8(output.stderr).expect("it says what is wrong in UTF-8");
    assert!(output.status.code() == Some(2) && errors.contains("AUTHDB_DATABASE_URL"), "{errors}");
    assert!(errors.contains("not UTF-8") && !errors.contains("operator"), "{errors}");
}

#[tokio::test]
async fn a_journal_that_was_tampered_with_is_not_sound() {
    let world = World::create(Engine::Sqlite).await;
    let authdb = with_ledger(&world).await;
    world.add_device_flow(DeviceFlowRow::default()).await;
    authdb.run(&["device", "deny", "BCDFGHJK", "--yes"]).await.succeeds();
    world.execute("UPDATE AdminActions SET Actor = 'mallory' WHERE Id = 2").await;
    let check = authdb.run(&["journal", "verify", "--output", "json"]).await.ends_with(1).value();
    assert_eq!(check["is_sound"], false);
    assert!(check["fault"].as_str().is_some_and(|fault| fault.contains("action 2 was changed")), "{check}");
}

#[tokio::test]
async fn where_a_reason_is_required_nothing_is_changed_without_one() {
    let world = World::create(Engine::Sqlite).await;
    let authdb = with_ledger(&world).await.with("AUTHDB_DASHBOARD_REQUIRE_REASON", "true");
    world.add_device_flow(DeviceFlowRow::default()).await;
    let before = everything(&world).await;
    for without in [&["--yes"][..], &["--yes", "--reason", "  "]] {
        let deny = [&["device", "deny", "BCDF-GHJK"], without].concat();
        authdb.run(&deny).await.ends_with(2).says("say why with --reason");
    }
    assert_eq!(everything(&world).await, before);
    authdb.run(&["device", "deny", "BCDF-GHJK", "--dry-run"]).await.ends_with(0);
    authdb.run(&["device", "deny", "BCDF-GHJK", "--yes", "--reason", "ticket 7"]).await.ends_with(0);
    assert_eq!(world.column("SELECT Reason FROM AdminActions WHERE Action = 'deny'").await, ["ticket 7"]);
}

#[tokio::test]
async fn a_reason_that_the_journal_would_cut_is_refused_before_anything_is_done() {
    let world = World::create(Engine::Sqlite).await;
    let authdb = with_ledger(&world).await;
    world.add_device_flow(DeviceFlowRow::default()).await;
    let before = everything(&world).await;
    let longest = "é".repeat(1024);
    let longer = format!("{longest}x");
    for last in ["--yes", "--dry-run"] {
        let deny = ["device", "deny", "BCDF-GHJK", "--reason", &longer, last];
        authdb.run(&deny).await.ends_with(2).says("longer than the 1024 characters that the journal keeps");
    }
    assert_eq!(everything(&world).await, before);
    authdb.run(&["device", "deny", "BCDF-GHJK", "--reason", &longest, "--yes"]).await.ends_with(0);
    assert_eq!(world.column("SELECT Reason FROM AdminActions WHERE Action = 'deny'").await, [longest]);
}
