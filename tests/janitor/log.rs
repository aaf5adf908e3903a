//! The log: for people, for collectors of JSON, and for systemd's journal.

use authdb_tests::{Engine, World};
use serde_json::Value;

use crate::daemon::add_stale_flow;
use crate::program::Janitor;

/// All lines of a short life.
async fn life(janitor: Janitor) -> Vec<String> {
    let mut daemon = janitor.start();
    let first = daemon.line("flows: done").await;
    let (status, mut said) = daemon.stop().await;
    assert_eq!(status.code(), Some(0), "{said:?}");
    said.push(first);
    said
}

async fn janitor(world: &World) -> Janitor {
    add_stale_flow(world, "STALE").await;
    Janitor::on(world.database.url()).with("AUTHDB_LOG", "debug")
}

#[tokio::test]
async fn every_line_of_the_json_log_parses_and_a_run_is_there_in_fields() {
    let world = World::create(Engine::Sqlite).await;
    let said = life(janitor(&world).await.with("AUTHDB_JANITOR_LOG_FORMAT", "json")).await;
    let events: Vec<Value> =
        said.iter().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect();
    assert!(events.iter().all(|event| event["level"].is_string() && event["message"].is_string()), "{events:#?}");
    let run = events.iter().find(|event| event["run.job"] == "flows").expect("the run");
    assert_eq!((&run["level"], &run["run.outcome"], &run["run.rows"]), (&"INFO".into(), &"done".into(), &1.into()));
    assert!(run["run.seconds"].is_number() && run["timestamp"].is_string(), "{run}");
    let batch = events.iter().find(|event| event["batch.sweep"] == "expire_device_flows").expect("its batch");
    assert_eq!((&batch["level"], &batch["batch.rows"]), (&"DEBUG".into(), &1.into()));
}

#[tokio::test]
async fn a_plain_line_says_it_once_and_batches_are_details() {
    let world = World::create(Engine::Sqlite).await;
    // What the journal does not read is plain, whatever this program inherited.
    let said = life(janitor(&world).await.with("JOURNAL_STREAM", "9:1")).await;
    let run = said.iter().find(|line| line.contains("flows: done")).expect("the run");
    assert!(run.trim_start().starts_with("INFO flows: done in ") && !run.contains("run.job"), "{run}");
    let batch = said.iter().find(|line| line.contains("flows: a batch: 1 device flows expired")).expect("its batch");
    assert!(batch.trim_start().starts_with("DEBUG"), "{batch}");
}

#[tokio::test]
async fn a_format_that_there_is_not_is_refused() {
    let outcome = Janitor::bare().with("AUTHDB_JANITOR_LOG_FORMAT", "xml").run(&["once"]).await;
    outcome.assert_code(2);
    outcome.assert_errors(&["AUTHDB_JANITOR_LOG_FORMAT", "auto, plain, json or journald"]);
}
