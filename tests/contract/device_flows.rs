//! Device flows: approving and denying them by hand, each for exactly one row and with its refusals.

use std::sync::Arc;
use std::time::Duration;

use authdb_shared::db::{ApproveRefusal, DenyRefusal};
use authdb_shared::ids::UserCode;
use authdb_shared::model::{DeviceFlow, FlowStatus, IdTokenClaims};
use authdb_tests::world::{DeviceFlowRow, on_every_engine};
use authdb_tests::{Engine, World};

const CODE: &str = "BCDFGHJK";
/// One more minute and it is expired; the test may take that long.
const NEARLY_EXPIRED: Duration = Duration::from_mins(9);
const EXPIRED: Duration = Duration::from_secs(600 + 5);

fn code(typed: &str) -> UserCode {
    UserCode::read(typed).expect("it can be a code")
}

fn claims(sub: &str) -> IdTokenClaims {
    IdTokenClaims { sub: sub.to_owned(), preferred_username: None }
}

fn row(status: &str, age: Duration) -> DeviceFlowRow<'_> {
    DeviceFlowRow { code: CODE, status, age, ..DeviceFlowRow::default() }
}

async fn approve(world: &World, typed: &str, claims: &IdTokenClaims) -> Result<DeviceFlow, ApproveRefusal> {
    let result = world.db.approve_device_flow(&world.permit, &code(typed), claims, &world.policy).await;
    result.expect("the database can do it")
}

async fn deny(world: &World, typed: &str) -> Result<(), DenyRefusal> {
    world.db.deny_device_flow(&world.permit, &code(typed)).await.expect("the database can do it")
}

/// Every column of every device flow.
async fn table(world: &World) -> Vec<Vec<Option<String>>> {
    world
        .rows(
            "SELECT UserCode, Status, CreationTime, ClientID, Scope, DeviceCode, IDToken FROM DeviceFlows \
             ORDER BY UserCode",
        )
        .await
}

/// Approves what must be refused, and shows that nothing was changed.
async fn refused(world: &World, sub: &str) -> ApproveRefusal {
    let before = table(world).await;
    let refusal = approve(world, CODE, &claims(sub)).await.expect_err("it must be refused");
    assert_eq!(table(world).await, before, "{} changed something with {refusal}", world.engine());
    refusal
}

#[tokio::test]
async fn an_approved_flow_is_ready_and_names_its_subject() {
    on_every_engine(|world| async move {
        world.add_device_flow(row("PENDING", NEARLY_EXPIRED)).await;
        world.add_device_flow(DeviceFlowRow { code: "ZXWVTSRQ", ..DeviceFlowRow::default() }).await;
        let before = table(&world).await;
        let claims =
            IdTokenClaims { sub: " amélie \"x\" ".to_owned(), preferred_username: Some("Amélie 東 ".to_owned()) };
        let flow = approve(&world, CODE, &claims).await.expect("it is pending");
        assert_eq!((flow.user_code, flow.client_id.as_str()), (code(CODE), "myDIRACClientID"));

        let after = table(&world).await;
        assert_eq!(after[1], before[1], "another flow was touched");
        assert_eq!(after[0][1].as_deref(), Some("READY"));
        let token = after[0][6].as_deref().expect("the ID token is stored");
        let token: serde_json::Value = serde_json::from_str(token).expect("it is JSON");
        assert_eq!((&token["sub"], &token["preferred_username"]), (&"amélie \"x\"".into(), &"Amélie 東".into()));
        let unchanged = [0, 2, 3, 4, 5];
        assert!(unchanged.iter().all(|&column| after[0][column] == before[0][column]), "{after:?}");

        let (flow, _) = world.db.device_flow(&code(CODE)).await.expect("the database can be asked");
        let flow = flow.expect("it is there");
        assert_eq!((flow.status, flow.sub.as_deref()), (FlowStatus::Ready, Some("amélie \"x\"")));
    })
    .await;
}

#[tokio::test]
async fn an_id_token_without_a_name_holds_none() {
    on_every_engine(|world| async move {
        world.add_device_flow(row("PENDING", Duration::ZERO)).await;
        let claims = IdTokenClaims { sub: "amara".to_owned(), preferred_username: Some("  ".to_owned()) };
        approve(&world, CODE, &claims).await.expect("it is pending");
        let token = world.column("SELECT IDToken FROM DeviceFlows").await.pop().expect("the ID token is stored");
        let token: serde_json::Value = serde_json::from_str(&token).expect("it is JSON");
        assert_eq!((&token["sub"], token.get("preferred_username")), (&"amara".into(), None));
    })
    .await;
}

#[tokio::test]
async fn an_id_token_says_who_approved_it_and_why() {
    on_every_engine(|world| async move {
        for reason in [None, Some("ticket 東-42: read out over the phone")] {
            world.execute("DELETE FROM DeviceFlows").await;
            world.add_device_flow(row("PENDING", Duration::ZERO)).await;
            let permit = world.permit.clone();
            let permit = reason.map_or(permit.clone(), |reason| permit.because(reason));
            let approved = world.db.approve_device_flow(&permit, &code(CODE), &claims("amara"), &world.policy).await;
            approved.expect("the database can do it").expect("it is pending");
            let token = world.column("SELECT IDToken FROM DeviceFlows").await.pop().expect("the ID token is stored");
            let token: serde_json::Value = serde_json::from_str(&token).expect("it is JSON");
            let approval = &token["authdb_approval"];
            assert_eq!((&approval["actor"], &approval["host"]), (&"alice".into(), &"bastion".into()));
            let has_account = approval["account"].as_str().is_some_and(|account| !account.is_empty());
            assert_eq!(has_account, world.engine() != Engine::Sqlite, "{approval}");
            assert_eq!(approval.get("reason").and_then(serde_json::Value::as_str), reason, "on {}", world.engine());
        }
    })
    .await;
}

#[tokio::test]
async fn a_code_is_found_however_it_is_typed() {
    on_every_engine(|world| async move {
        world.add_device_flow(row("PENDING", Duration::ZERO)).await;
        approve(&world, " bcdf-ghjk ", &claims("amara")).await.expect("it is the same code");
        // A code of an older version, which is no code of today's alphabet.
        world.add_device_flow(DeviceFlowRow { code: "A1-e9", ..DeviceFlowRow::default() }).await;
        approve(&world, "A1-e9", &claims("amara")).await.expect("older codes work, too");
    })
    .await;
}

#[tokio::test]
async fn what_is_not_pending_is_not_approved() {
    on_every_engine(|world| async move {
        let unknown = approve(&world, CODE, &claims("amara")).await.expect_err("there is no flow");
        assert_eq!(unknown, ApproveRefusal::Unknown(code(CODE)));
        let foreign = approve(&world, "東京", &claims("amara")).await.expect_err("no column of latin1 holds that");
        assert_eq!(foreign, ApproveRefusal::Unknown(code("東京")));

        for status in ["READY", "DONE"] {
            world.execute("DELETE FROM DeviceFlows").await;
            let flow = DeviceFlowRow { id_token: Some(r#"{"sub": "bjorn"}"#), ..row(status, Duration::ZERO) };
            world.add_device_flow(flow).await;
            let refusal = refused(&world, "amara").await;
            let ApproveRefusal::AlreadyApproved { status: said, sub, .. } = &refusal else { panic!("{refusal:?}") };
            assert_eq!((said.as_str(), sub.as_deref()), (status, Some("bjorn")));
            assert!(refusal.to_string().contains("bjorn"), "{refusal}");
        }
        for status in ["ERROR", "HELD"] {
            world.execute("DELETE FROM DeviceFlows").await;
            world.add_device_flow(row(status, Duration::ZERO)).await;
            let refusal = refused(&world, "amara").await;
            assert!(matches!(refusal, ApproveRefusal::NotPending { .. }), "{refusal:?}");
        }
        for status in ["PENDING", "READY"] {
            world.execute("DELETE FROM DeviceFlows").await;
            world.add_device_flow(row(status, EXPIRED)).await;
            let refusal = refused(&world, "amara").await;
            let ApproveRefusal::Expired { ago, .. } = refusal else { panic!("{refusal:?}") };
            assert!(ago >= Duration::from_secs(5), "{ago:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_subject_is_needed_and_comes_without_its_vo() {
    on_every_engine(|world| async move {
        world.add_device_flow(row("PENDING", Duration::ZERO)).await;
        for sub in ["", " \t"] {
            assert_eq!(refused(&world, sub).await, ApproveRefusal::NoSubject);
        }
        assert_eq!(refused(&world, "lhcb:amara").await, ApproveRefusal::SubjectWithVo("lhcb".to_owned()));
        // Only the VO of the scope is one: a colon belongs to many subjects.
        approve(&world, CODE, &claims("urn:amara")).await.expect("that is a subject");
    })
    .await;
}

#[tokio::test]
async fn a_blank_does_not_hide_the_vo_of_a_subject() {
    on_every_engine(|world| async move {
        world.add_device_flow(row("PENDING", Duration::ZERO)).await;
        assert_eq!(refused(&world, " lhcb:amara").await, ApproveRefusal::SubjectWithVo("lhcb".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn one_of_many_who_approve_at_once_wins() {
    on_every_engine(|world| async move {
        world.add_device_flow(row("PENDING", Duration::ZERO)).await;
        let tries: Vec<_> = (0..20)
            .map(|number| {
                let world = Arc::clone(&world);
                tokio::spawn(async move { approve(&world, CODE, &claims(&format!("user{number}"))).await })
            })
            .collect();
        let mut winners = Vec::new();
        for (number, attempt) in tries.into_iter().enumerate() {
            match attempt.await.expect("no attempt fails") {
                Ok(_) => winners.push(format!("user{number}")),
                Err(refusal) => assert!(matches!(refusal, ApproveRefusal::AlreadyApproved { .. }), "{refusal:?}"),
            }
        }
        let (flow, _) = world.db.device_flow(&code(CODE)).await.expect("the database can be asked");
        let stored = flow.expect("it is there").sub.expect("somebody was approved");
        assert_eq!(winners, [stored], "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn a_denied_flow_ends_in_an_error() {
    on_every_engine(|world| async move {
        for (status, age) in [("PENDING", Duration::ZERO), ("READY", Duration::ZERO), ("PENDING", EXPIRED)] {
            world.execute("DELETE FROM DeviceFlows").await;
            world.add_device_flow(DeviceFlowRow { id_token: Some(r#"{"sub":"a"}"#), ..row(status, age) }).await;
            world.add_device_flow(DeviceFlowRow { code: "ZXWVTSRQ", ..DeviceFlowRow::default() }).await;
            let before = table(&world).await;
            assert_eq!(deny(&world, "bcdf ghjk").await, Ok(()));
            let after = table(&world).await;
            assert_eq!(after[0][1].as_deref(), Some("ERROR"));
            assert_eq!((&after[0][2..], &after[1]), (&before[0][2..], &before[1]), "nothing else changes");
        }
        let again = approve(&world, CODE, &claims("amara")).await.expect_err("no means no");
        assert!(matches!(again, ApproveRefusal::NotPending { status: FlowStatus::Error, .. }), "{again:?}");
    })
    .await;
}

#[tokio::test]
async fn what_has_ended_is_not_denied() {
    on_every_engine(|world| async move {
        for unknown in [CODE, "東京"] {
            assert_eq!(deny(&world, unknown).await, Err(DenyRefusal::Unknown(code(unknown))));
            assert_eq!(world.db.device_flow(&code(unknown)).await.expect("the database can be asked").0, None);
        }
        for status in [FlowStatus::Done, FlowStatus::Error, FlowStatus::Other("HELD".to_owned())] {
            world.execute("DELETE FROM DeviceFlows").await;
            world.add_device_flow(row(status.as_str(), Duration::ZERO)).await;
            let before = table(&world).await;
            assert_eq!(deny(&world, CODE).await, Err(DenyRefusal::Ended { code: code(CODE), status: status.clone() }));
            assert_eq!(table(&world).await, before, "{status} was changed");
        }
    })
    .await;
}
