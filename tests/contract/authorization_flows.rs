//! Authorization flows: listing them, urgent ones first and odd keys included, and cancelling one.

use std::time::Duration;

use authdb_shared::db::{CancelRefusal, FlowFilter, Order, Page, PageRequest};
use authdb_shared::ids::FlowId;
use authdb_shared::model::{AuthorizationFlow, FlowStatus};
use authdb_tests::World;
use authdb_tests::world::{AuthorizationFlowRow, key_at, on_every_key_column, version_4_key};

async fn list(world: &World, filter: &str, limit: u32) -> Page<AuthorizationFlow> {
    world
        .db
        .authorization_flows(
            &FlowFilter::containing(filter),
            &world.policy,
            &PageRequest::first(Order::TimeLeft, limit),
        )
        .await
        .expect("the list can be read")
}

async fn ids(world: &World, filter: &str) -> Vec<FlowId> {
    list(world, filter, 100).await.rows.into_iter().map(|flow| flow.id).collect()
}

fn row(status: &str, seconds: u64) -> AuthorizationFlowRow<'_> {
    AuthorizationFlowRow { status, age: Duration::from_secs(seconds), ..AuthorizationFlowRow::default() }
}

/// Every column of every flow.
async fn table(world: &World) -> Vec<Vec<Option<String>>> {
    world
        .rows(
            "SELECT UUID, Status, ClientID, CreationTime, Scope, CodeChallenge, CodeChallengeMethod, RedirectURI, \
             Code, IDToken FROM AuthorizationFlows ORDER BY UUID",
        )
        .await
}

async fn cancel(world: &World, id: &FlowId) -> Result<(), CancelRefusal> {
    world.db.cancel_authorization_flow(&world.permit, id).await.expect("the database can do it")
}

/// A key that sorts behind all of today, as most random ones do; MariaDB's `uuid` compares the end of such a key first.
const VERSION_4: &str = "cafe0000b0004abc8000cafe00000001";

#[tokio::test]
async fn what_is_urgent_stands_first() {
    on_every_key_column(|world| async move {
        let mut expected = Vec::new();
        for (status, seconds) in [
            ("PENDING", 250),
            ("PENDING", 5),
            ("READY", 10),
            ("READY", 200),
            ("DONE", 4),
            ("HELD", 50),
            ("PENDING", 400),
            ("ERROR", 3000),
        ] {
            expected.push(world.add_authorization_flow(row(status, seconds)).await);
        }
        assert_eq!(ids(&world, "").await, expected, "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn flows_under_version_4_keys_are_listed() {
    on_every_key_column(|world| async move {
        let dated = world.add_authorization_flow(row("PENDING", 100)).await;
        let undated =
            world.add_authorization_flow(AuthorizationFlowRow { key: VERSION_4, ..row("PENDING", 200) }).await;
        let random = version_4_key();
        let other = world.add_authorization_flow(AuthorizationFlowRow { key: &random, ..row("DONE", 900) }).await;
        assert_eq!(ids(&world, "").await, [undated, dated, other], "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn a_filter_finds_flows_under_version_4_keys_too() {
    on_every_key_column(|world| async move {
        world.add_authorization_flow(row("PENDING", 100)).await;
        let redirect_uri = "https://odd.example.org/";
        let flow = AuthorizationFlowRow { key: VERSION_4, redirect_uri, ..row("PENDING", 200) };
        let undated = world.add_authorization_flow(flow).await;
        for filter in ["odd.example.org", "cafe0000-b000"] {
            assert_eq!(ids(&world, filter).await, std::slice::from_ref(&undated), "{filter} on {}", world.engine());
        }
    })
    .await;
}

#[tokio::test]
async fn the_filter_is_taken_literally() {
    on_every_key_column(|world| async move {
        let to = |redirect_uri| AuthorizationFlowRow { redirect_uri, ..row("PENDING", 10) };
        let plain = world.add_authorization_flow(to("https://a.example.org/")).await;
        let percent = world.add_authorization_flow(to("https://b.example.org/?q=a%20b_c!d")).await;
        for filter in ["%20", "a%20b", "b_c", "c!d", "B.EXAMPLE"] {
            assert_eq!(ids(&world, filter).await, std::slice::from_ref(&percent), "{filter} on {}", world.engine());
        }
        let key = plain.to_string();
        for filter in [key.clone(), key.replace('-', ""), key.to_uppercase()] {
            assert_eq!(ids(&world, &filter).await, std::slice::from_ref(&plain), "{filter} on {}", world.engine());
        }
        assert_eq!(ids(&world, "lhcb_user").await.len(), 2, "the scope is searched, too");
        assert_eq!(ids(&world, "東京").await, []);
    })
    .await;
}

#[tokio::test]
async fn a_list_that_is_cut_off_says_so_and_keeps_the_youngest() {
    on_every_key_column(|world| async move {
        world.add_authorization_flow(row("DONE", 300)).await;
        let younger = world.add_authorization_flow(row("DONE", 200)).await;
        let youngest = world.add_authorization_flow(row("DONE", 100)).await;
        let cut = list(&world, "", 2).await;
        assert!(cut.has_more);
        assert_eq!(cut.rows.into_iter().map(|flow| flow.id).collect::<Vec<_>>(), [youngest, younger]);
        assert!(!list(&world, "", 3).await.has_more);
    })
    .await;
}

#[tokio::test]
async fn a_list_that_leaves_out_undated_flows_says_so() {
    on_every_key_column(|world| async move {
        for number in 0..150 {
            let key = format!("cafe0000b0004abc8000cafe{number:08x}");
            world.add_authorization_flow(AuthorizationFlowRow { key: &key, ..row("DONE", 100) }).await;
        }
        let page = list(&world, "", 1000).await;
        assert_eq!(page.has_more, page.rows.len() < 150, "{} are listed on {}", page.rows.len(), world.engine());
    })
    .await;
}

#[tokio::test]
async fn odd_rows_are_listed_as_they_are() {
    on_every_key_column(|world| async move {
        for id_token in ["null", "[1]", "42", r#"{"sub": 42}"#, r#"{"sub": null}"#, r#"{"sub": "amara"}"#] {
            let flow = AuthorizationFlowRow { id_token: Some(id_token), redirect_uri: "\u{1b}[2J", ..row("READY", 5) };
            world.add_authorization_flow(flow).await;
        }
        let flows = list(&world, "", 100).await.rows;
        assert_eq!(flows.len(), 6, "on {}", world.engine());
        assert_eq!(flows.iter().filter(|flow| flow.sub.as_deref() == Some("amara")).count(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_flow_ends_in_an_error() {
    on_every_key_column(|world| async move {
        for (status, seconds, key) in [("PENDING", 10, ""), ("READY", 10, ""), ("PENDING", 900, VERSION_4)] {
            world.execute("DELETE FROM AuthorizationFlows").await;
            let flow = AuthorizationFlowRow { key, ..row(status, seconds) };
            let id = world.add_authorization_flow(flow).await;
            let before = table(&world).await;
            assert_eq!(cancel(&world, &id).await, Ok(()), "{status} on {}", world.engine());
            let after = table(&world).await;
            assert_eq!(after[0][1].as_deref(), Some("ERROR"));
            assert_eq!((&after[0][0], &after[0][2..]), (&before[0][0], &before[0][2..]), "nothing else changes");
            // The key as the list gives it, not as it was written, names the row as well.
            let listed = list(&world, "", 1).await.rows.remove(0).id;
            let refusal = cancel(&world, &listed).await.expect_err("it has ended");
            assert_eq!(refusal, CancelRefusal::Ended { id: listed, status: FlowStatus::Error });
        }
    })
    .await;
}

#[tokio::test]
async fn what_has_ended_is_not_cancelled() {
    on_every_key_column(|world| async move {
        let unknown = FlowId::from_stored(key_at(world.now().await));
        assert_eq!(cancel(&world, &unknown).await, Err(CancelRefusal::Unknown(unknown)));
        for status in [FlowStatus::Done, FlowStatus::Error, FlowStatus::Other("HELD".to_owned())] {
            world.execute("DELETE FROM AuthorizationFlows").await;
            let id = world.add_authorization_flow(row(status.as_str(), 5)).await;
            let before = table(&world).await;
            assert_eq!(cancel(&world, &id).await, Err(CancelRefusal::Ended { id, status }));
            assert_eq!(table(&world).await, before);
        }
    })
    .await;
}
