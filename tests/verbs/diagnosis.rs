//! `doctor`: each thing that could keep the programs from their work is named, with what to do.

use std::os::unix::fs::PermissionsExt as _;

use authdb_tests::world::{on_every_engine, on_every_server};
use authdb_tests::{Engine, World};
use serde_json::Value;

use crate::{authdb, with_ledger};

/// The findings about a subject, as level and text.
fn about(findings: &Value, subject: &str) -> Vec<(String, String)> {
    let rows = findings.as_array().expect("a list").iter().filter(|row| row["subject"] == subject);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    rows.map(|row| (text(&row["level"]), text(&row["text"]))).collect()
}

#[tokio::test]
async fn a_well_installation_fails_in_nothing() {
    on_every_engine(|world| async move {
        let authdb = with_ledger(&world).await;
        let findings = authdb.json(&["doctor"]).await;
        for subject in ["configuration", "policy", "connection", "schema", "indexes", "privileges", "clocks", "ledger"]
        {
            let found = about(&findings, subject);
            assert_eq!(found.first().map(|(level, _)| level.as_str()), Some("ok"), "{subject}: {findings}");
        }
        assert_eq!(about(&findings, "tls").is_empty(), !world.db.can_partition());
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_tables_and_policy_is_named() {
    on_every_server(|world| async move {
        world.execute("ALTER TABLE RefreshTokens DROP INDEX index_status_sub").await;
        world.execute("ALTER TABLE DeviceFlows MODIFY ClientID VARCHAR(255) CHARACTER SET latin1 NOT NULL").await;
        let authdb = authdb(&world)
            .with("DIRACX_SERVICE_AUTH_REFRESH_TOKEN_EXPIRE_MINUTES", "90")
            .with("AUTHDB_POLICY_REFRESH_TOKEN_LIFETIME", "60m");
        let findings = authdb.run(&["doctor", "--output", "json"]).await.ends_with(1).value();
        let (level, text) = about(&findings, "indexes").remove(0);
        assert_eq!(level, "failed");
        assert!(text.contains("there is none on RefreshTokens (Status, Sub)"), "{text}");
        let (level, text) = about(&findings, "collations").remove(0);
        assert!(level == "warning" && text.contains("DeviceFlows.ClientID (latin1)"), "{level} {text}");
        let (level, text) = about(&findings, "policy").remove(0);
        assert!(level == "failed" && text.contains("policy.refresh_token_lifetime is 60m"), "{level} {text}");
        assert_eq!(about(&findings, "ledger")[0].0, "warning");
    })
    .await;
}

#[tokio::test]
async fn a_database_of_something_else_fails_with_what_to_do() {
    let world = World::create(Engine::Sqlite).await;
    world.execute("DROP TABLE AuthorizationFlows").await;
    let findings = authdb(&world).run(&["doctor", "--output", "json"]).await.ends_with(1).value();
    let (level, text) = about(&findings, "connection").remove(0);
    assert!(level == "failed" && text.contains("it lacks table AuthorizationFlows"), "{text}");
}

#[tokio::test]
async fn a_password_that_everybody_can_read_is_named_with_its_file() {
    let config = "[database]\nurl = \"mysql://authdb:hunter2@127.0.0.1:1/auth\"\n";
    let authdb = crate::Program::authdb().with_file("config.toml", config);
    let (_, folder) = authdb.surroundings();
    let file = folder.join("config.toml");
    for (mode, level) in [(0o644, "failed"), (0o640, "ok")] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("the test's own file");
        let findings = authdb.run(&["doctor", "--output", "json"]).await.ends_with(3).value();
        let (found, text) = about(&findings, "secrets").remove(0);
        assert_eq!(found, level, "{text}");
        assert!(text.contains("config.toml") && !findings.to_string().contains("hunter2"), "{findings}");
    }
}

#[tokio::test]
async fn the_status_of_a_table_with_months_that_are_not_diracx_s_tells_the_rest() {
    on_every_server(|world| async move {
        let authdb = authdb(&world);
        let status = authdb.json(&["status"]).await;
        assert!(status["runway_months"].is_u64() && status["partitions_error"].is_null(), "{status}");
        world.execute("ALTER TABLE RefreshTokens PARTITION BY KEY (JTI) PARTITIONS 4").await;
        let status = authdb.json(&["status"]).await;
        let why = status["partitions_error"].as_str().unwrap_or_default();
        assert!(why.contains("not by RANGE COLUMNS(JTI)") && status["runway_months"].is_null(), "{status}");
        assert_eq!((status["tokens_live"].as_u64(), status["device_flows_pending"].as_u64()), (Some(0), Some(0)));
    })
    .await;
}
