//! The numbers that scripts decide by.

use authdb_tests::world::DeviceFlowRow;
use authdb_tests::{Engine, World};

use crate::authdb;
use crate::program::Program;

const SECRET: &str = "hunter2";
const NOBODY: &str = "01a22ee6-b000-7abc-8000-00000000000f";

/// Every verb that asks the database.
const ASKING: [&[&str]; 18] = [
    &["device", "list"],
    &["device", "show", "BCDF-GHJK"],
    &["device", "approve", "BCDF-GHJK", "--sub", "alice", "--yes"],
    &["device", "deny", "BCDF-GHJK", "--yes"],
    &["flow", "list"],
    &["flow", "show", NOBODY],
    &["flow", "cancel", NOBODY, "--yes"],
    &["token", "list"],
    &["token", "show", NOBODY],
    &["token", "revoke", NOBODY, "--yes"],
    &["token", "revoke", "--sub", "lhcb:alice", "--dry-run"],
    &["subject", "list"],
    &["subject", "show", "lhcb:alice"],
    &["status"],
    &["partition", "list"],
    &["journal", "list"],
    &["journal", "verify"],
    &["doctor"],
];

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_three_for_every_verb() {
    let authdb = Program::authdb().on(&format!("mysql://authdb:{SECRET}@127.0.0.1:1/auth"));
    for arguments in ASKING {
        let outcome = authdb.run(arguments).await.ends_with(3);
        let said = format!("{}{}", outcome.output, outcome.errors);
        assert!(said.contains("no connection to auth at 127.0.0.1:1"), "{arguments:?}: {outcome:?}");
        assert!(!said.contains(SECRET), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_configuration_that_cannot_be_used_is_two_for_every_verb() {
    let authdb = Program::authdb().with_file("config.toml", "[dashboard]\nlist_limit = \"none\"\n");
    for arguments in ASKING.into_iter().chain([&["config"][..], &["init"]]) {
        authdb.run(arguments).await.ends_with(2).says("config.toml, line 2: dashboard.list_limit cannot be `none`");
    }
}

#[tokio::test]
async fn a_call_that_makes_no_sense_is_two() {
    let world = World::create(Engine::Sqlite).await;
    let authdb = authdb(&world);
    let wrong: [&[&str]; 17] = [
        &["sing"],
        &["device"],
        &["device", "approve", "BCDF-GHJK", "--yes"],
        &["device", "approve", "BCDF-GHJK", "--sub", "", "--yes"],
        &["device", "show", "BCDF-GHJK-LMNP"],
        &["token", "revoke", "--yes"],
        &["token", "revoke", NOBODY, "--sub", "lhcb:alice", "--yes"],
        &["token", "revoke", "--sub", "", "--yes"],
        &["token", "list", "--live", "--all"],
        &["token", "list", "--containing", ""],
        &["token", "list", "--containing", " "],
        &["device", "list", "--containing", " \t"],
        &["flow", "list", "--containing", " "],
        &["subject", "list", "--containing", " "],
        &["token", "list", "--limit", "all"],
        &["token", "list", "--limit", "0"],
        &["device", "deny", "BCDF-GHJK", "--yes", "--dry-run"],
    ];
    for arguments in wrong {
        let outcome = authdb.run(arguments).await.ends_with(2);
        assert!(outcome.output.is_empty() && !outcome.errors.is_empty(), "{arguments:?}: {outcome:?}");
    }
}

#[tokio::test]
async fn nobody_is_asked_where_there_is_no_terminal_and_nothing_is_changed() {
    let world = World::create(Engine::Sqlite).await;
    let authdb = authdb(&world);
    world.add_device_flow(DeviceFlowRow::default()).await;
    for arguments in [&["device", "deny", "BCDFGHJK"][..], &["device", "approve", "BCDFGHJK", "--sub", "alice"]] {
        authdb.run_with_input(arguments, "y\n").await.ends_with(2).says("there is no terminal to ask on");
    }
    assert_eq!(world.column("SELECT Status FROM DeviceFlows").await, ["PENDING"]);
}
