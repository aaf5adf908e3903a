//! Approving by a script where DiracX's registry is configured: the name comes from it, and whom DiracX would mint nothing
//! for is refused.

use authdb_tests::world::{DeviceFlowRow, on_every_engine};
use authdb_tests::{Engine, World};
use serde_json::{Value, json};

use crate::{authdb, with_ledger};

const REGISTRY: &str = "\
Registry:
  lhcb:
    DefaultGroup: lhcb_user
    Groups: {lhcb_user: {Properties: [NormalUser], Users: [alice]}}
    Users:
      alice: {PreferedUsername: 'Alice A.'}
      bob: {PreferedUsername: Bob}
";

async fn id_token(world: &World) -> Value {
    let stored = world.column("SELECT IDToken FROM DeviceFlows").await;
    serde_json::from_str(&stored[0]).expect("an ID token")
}

#[tokio::test]
async fn a_member_is_approved_under_the_name_of_the_registry() {
    on_every_engine(|world| async move {
        let authdb = with_ledger(&world).await.with_file("default.yml", REGISTRY).with("AUTHDB_APPROVAL_REGISTRY", ".");
        world.add_device_flow(DeviceFlowRow::default()).await;
        let plan = authdb.json(&["device", "approve", "BCDF-GHJK", "--sub", "alice", "--dry-run"]).await;
        assert_eq!(plan[0]["is_possible"], true, "{plan}");
        let made = authdb.json(&["device", "approve", "BCDF-GHJK", "--sub", "alice", "--yes"]).await;
        assert_eq!(made[0]["outcome"], "done", "{made}");
        let claims = id_token(&world).await;
        assert_eq!((&claims["sub"], &claims["preferred_username"]), (&json!("alice"), &json!("Alice A.")));
    })
    .await;
}

#[tokio::test]
async fn whom_diracx_would_refuse_is_refused_here_unless_it_is_insisted_on() {
    let world = World::create(Engine::Sqlite).await;
    let authdb = with_ledger(&world).await.with_file("default.yml", REGISTRY).with("AUTHDB_APPROVAL_REGISTRY", ".");
    world.add_device_flow(DeviceFlowRow::default()).await;
    for (sub, reason) in
        [("bob", "bob is not a member of the group lhcb_user"), ("mallory", "mallory is not a registered user of lhcb")]
    {
        let approve = ["device", "approve", "BCDF-GHJK", "--sub", sub, "--output", "json"];
        let plan = authdb.run(&[&approve[..], &["--dry-run"]].concat()).await.ends_with(1).value();
        assert!(plan[0]["refusal"].as_str().is_some_and(|said| said.contains(reason)), "{plan}");
        let made = authdb.run(&[&approve[..], &["--yes"]].concat()).await.ends_with(1).value();
        assert_eq!(made[0]["outcome"], "refused", "{made}");
    }
    assert_eq!(world.column("SELECT Status FROM DeviceFlows").await, ["PENDING"]);
    let insisting = ["device", "approve", "BCDF-GHJK", "--sub", "bob", "--despite-registry"];
    let plan = authdb.json(&[&insisting[..], &["--dry-run"]].concat()).await;
    assert!(plan[0]["consequences"][0].as_str().is_some_and(|said| said.contains("mints no token")), "{plan}");
    authdb.json(&[&insisting[..], &["--yes"]].concat()).await;
    assert_eq!(id_token(&world).await["preferred_username"], "Bob");
}

#[tokio::test]
async fn a_registry_that_cannot_be_read_is_said_and_stops_the_approval() {
    let world = World::create(Engine::Sqlite).await;
    let authdb = authdb(&world).with("AUTHDB_APPROVAL_REGISTRY", "git+file:///nowhere/cs");
    world.add_device_flow(DeviceFlowRow::default()).await;
    let approve = ["device", "approve", "BCDF-GHJK", "--sub", "alice", "--yes", "--output", "json"];
    let made = authdb.run(&approve).await.ends_with(1).value();
    assert!(made[0]["message"].as_str().is_some_and(|said| said.contains("cannot read the registry")), "{made}");
    let findings = authdb.run(&["doctor", "--output", "json"]).await.value();
    let of_registry = findings.as_array().into_iter().flatten().find(|finding| finding["subject"] == "registry");
    assert_eq!(of_registry.map(|finding| &finding["level"]), Some(&json!("warning")), "{findings}");
    let unknown = authdb.with("AUTHDB_APPROVAL_REGISTRY", "git+ssh://git@host/cs");
    unknown.run(&["doctor"]).await.ends_with(2).says("git+https://HOST/PATH");
}
