//! The journal: each action by hand is written exactly once, with who did it and why, and does not happen unwritten.

use std::sync::Arc;
use std::time::Duration;

use authdb_shared::Timestamp;
use authdb_shared::actor::Actor;
use authdb_shared::db::{AdminAction, AuthDb, DbError, Outcome};
use authdb_shared::ids::{Subject, UserCode};
use authdb_shared::model::IdTokenClaims;
use authdb_tests::world::{TokenRow, jti, key_at, on_engines, on_every_engine, on_every_server, servers};
use authdb_tests::{Engine, World};
use serde_json::{Value, json};

use crate::contention::alone;
use crate::ledger::{Rows, claims, make};
use crate::privileges;

const MINUTE: Duration = Duration::from_mins(1);

/// The whole journal but the making of the ledger, oldest first.
pub(crate) async fn actions(world: &World) -> Vec<AdminAction> {
    let mut rows = world.db.admin_actions(None, 100).await.expect("the journal can be read").rows;
    rows.retain(|action| action.action != "init");
    rows.reverse();
    rows
}

/// Asserts that the chain is whole and has this many actions, the making of the ledger included.
pub(crate) async fn is_sound(world: &World, actions: u64) {
    let check = world.db.verify_journal().await.expect("the journal can be verified");
    assert_eq!((check.sound, check.fault), (actions, None), "on {}", world.engine());
}

fn code(typed: &str) -> UserCode {
    UserCode::read(typed).expect("a code")
}

/// What is asserted of an action, its account and time apart.
fn essence(action: &AdminAction) -> (&str, &str, &str, &Outcome, &Value) {
    (&action.action, &action.target, &action.reason, &action.outcome, &action.details)
}

#[tokio::test]
async fn every_action_is_written_once_with_who_did_it_when_and_why() {
    on_every_engine(|world| async move {
        make(&world).await;
        let rows = Rows::add(&world).await;
        let (db, policy) = (&world.db, &world.policy);
        let because = |reason: &str| world.permit.clone().because(reason);
        let before = world.now().await;
        let approved = db.approve_device_flow(&because("by phone"), &rows.approved, &claims(), policy).await;
        approved.expect("it works").expect("it is pending");
        let denied = db.deny_device_flow(&because("nobody asked"), &rows.denied).await;
        denied.expect("it works").expect("it is pending");
        let cancelled = db.cancel_authorization_flow(&because("stuck"), &rows.cancelled).await;
        cancelled.expect("it works").expect("it is pending");
        let revoked = db.revoke_token(&because("stolen"), &rows.revoked).await;
        revoked.expect("it works").expect("it is CREATED");
        assert_eq!(db.revoke_subject(&because("left"), &rows.subject).await.revoked, 1);
        let after = world.now().await;

        let written = actions(&world).await;
        let scope = "vo:lhcb group:lhcb_user";
        let approval = json!({ "sub": "amara", "client": "myDIRACClientID", "scope": scope });
        let (flow, token) = (rows.cancelled.to_string(), rows.revoked.to_string());
        let expected = [
            ("approve", "BCDF-GHJK", "by phone", &Outcome::Done, &approval),
            ("deny", "LMNP-QRST", "nobody asked", &Outcome::Done, &json!({})),
            ("cancel", flow.as_str(), "stuck", &Outcome::Done, &json!({})),
            ("revoke", token.as_str(), "stolen", &Outcome::Done, &json!({ "subject": "lhcb:alice" })),
            ("revoke-subject", "lhcb:bob", "left", &Outcome::Done, &json!({ "tokens": 1 })),
        ];
        assert_eq!(written.iter().map(essence).collect::<Vec<_>>(), expected, "on {}", world.engine());
        let account = match world.engine() {
            Engine::Sqlite => String::new(),
            Engine::MariaDb | Engine::MySql => world.column("SELECT CURRENT_USER()").await.remove(0),
        };
        for (number, action) in (2..).zip(&written) {
            assert_eq!(action.id, number, "no number is left out");
            let who = [&action.actor, &action.host, &action.account];
            assert_eq!(who, ["alice", "bastion", account.as_str()], "on {}", world.engine());
            let time = action.time.expect("it has a time");
            assert!(before <= time && time <= after, "{time:?} on {}", world.engine());
        }
        is_sound(&world, 6).await;
    })
    .await;
}

#[tokio::test]
async fn what_is_refused_is_written_with_the_refusal() {
    on_every_engine(|world| async move {
        make(&world).await;
        let rows = Rows::add(&world).await;
        let (db, permit, policy) = (&world.db, &world.permit, &world.policy);
        let nobody = IdTokenClaims { sub: " ".to_owned(), preferred_username: None };
        let mut said = Vec::new();
        let refusal = db.approve_device_flow(permit, &rows.approved, &nobody, policy).await.expect("it works");
        said.push(refusal.expect_err("it names no subject").to_string());
        let refusal = db.approve_device_flow(permit, &code("ZZZZZZZZ"), &claims(), policy).await.expect("it works");
        said.push(refusal.expect_err("there is no such code").to_string());
        let refusal = db.deny_device_flow(permit, &code("ZZZZZZZZ")).await.expect("it works");
        said.push(refusal.expect_err("there is no such code").to_string());
        db.cancel_authorization_flow(permit, &rows.cancelled).await.expect("it works").expect("it is pending");
        let refusal = db.cancel_authorization_flow(permit, &rows.cancelled).await.expect("it works");
        said.push(refusal.expect_err("it has been cancelled").to_string());
        let unknown = jti(&key_at(world.start));
        let refusal = db.revoke_token(permit, &unknown).await.expect("it works");
        said.push(refusal.expect_err("there is no such token").to_string());
        let stranger = Subject::new("lhcb:stranger").expect("a subject");
        assert_eq!(db.revoke_subject(permit, &stranger).await.revoked, 0);

        let written = actions(&world).await;
        let refused: Vec<_> = written.iter().filter(|action| action.outcome == Outcome::Refused).collect();
        let words: Vec<_> = refused.iter().map(|action| action.action.as_str()).collect();
        assert_eq!(words, ["approve", "approve", "deny", "cancel", "revoke"], "on {}", world.engine());
        let refusals: Vec<_> =
            refused.iter().map(|action| action.details["refusal"].as_str().unwrap_or_default()).collect();
        assert_eq!(refusals, said, "on {}", world.engine());
        assert_eq!(refused[1].details["sub"], "amara", "for whom it was tried");
        assert_eq!(refused[4].target, unknown.to_string());
        assert_eq!(written.len(), 6, "with the one that was done, and nothing about the stranger");
        is_sound(&world, 7).await;
    })
    .await;
}

#[tokio::test]
async fn a_subject_with_many_tokens_is_written_batch_by_batch() {
    on_every_engine(|world| async move {
        make(&world).await;
        let key = |number: u32| key_at(world.start.before(MINUTE * number));
        let tokens: Vec<_> = (0..450).map(|number| TokenRow::created(key(number), "lhcb:alice")).collect();
        world.add_tokens(&tokens).await;
        let alice = Subject::new("lhcb:alice").expect("a subject");
        let outcome = world.db.revoke_subject(&world.permit.clone().because("left"), &alice).await;
        assert_eq!(outcome.revoked, 450);
        let written = actions(&world).await;
        let counts: Vec<_> = written.iter().map(|action| action.details["tokens"].as_u64()).collect();
        assert_eq!(counts, [Some(200), Some(200), Some(50)], "on {}", world.engine());
        assert!(written.iter().all(|action| action.target == "lhcb:alice" && action.reason == "left"));
        is_sound(&world, 4).await;
    })
    .await;
}

#[tokio::test]
async fn without_its_table_no_action_happens() {
    on_every_engine(|world| async move {
        make(&world).await;
        let rows = Rows::add(&world).await;
        world.execute("DROP TABLE AdminActions").await;
        // A connection that knows the ledger, and one that looks for it now.
        for db in [world.db.clone(), AuthDb::connect(&world.config).await.expect("connecting works")] {
            for outcome in rows.act(&world, &db).await {
                let error = outcome.expect_err("there is nothing to write it to");
                assert!(error.to_string().contains("AdminActions"), "{error}");
            }
            assert_eq!(rows.untouched(&world).await, 5, "on {}", world.engine());
        }
    })
    .await;
}

#[tokio::test]
async fn an_account_that_may_not_write_the_journal_may_do_nothing() {
    on_every_server(|world| async move {
        make(&world).await;
        let rows = Rows::add(&world).await;
        let db = privileges::connect(&world, "SELECT, UPDATE").await;
        for outcome in rows.act(&world, &db).await {
            let error = outcome.expect_err("it may not be written");
            assert!(matches!(error, DbError::Forbidden { .. }), "{error:?}");
            assert!(error.to_string().contains("INSERT"), "{error}");
        }
        assert_eq!(rows.untouched(&world).await, 5, "on {}", world.engine());
        assert!(actions(&world).await.is_empty());
        is_sound(&world, 1).await;
    })
    .await;
}

#[tokio::test]
async fn an_account_that_can_add_to_the_journal_but_not_change_it_is_enough() {
    on_every_server(|world| async move {
        make(&world).await;
        let rows = Rows::add(&world).await;
        let db = privileges::connect(&world, "SELECT").await;
        let may = [
            ("DeviceFlows", "UPDATE"),
            ("AuthorizationFlows", "UPDATE"),
            ("RefreshTokens", "UPDATE"),
            ("JanitorLease", "UPDATE"),
            ("AdminActions", "INSERT"),
        ];
        let account = privileges::account(&world);
        for (table, privilege) in may {
            world.execute(&format!("GRANT {privilege} ON {table} TO '{account}'@'%'")).await;
        }
        for outcome in rows.act(&world, &db).await {
            outcome.expect("that is all it needs");
        }
        assert_eq!(rows.untouched(&world).await, 0, "on {}", world.engine());
        let accounts: Vec<_> = actions(&world).await.into_iter().map(|action| action.account).collect();
        assert_eq!(accounts, vec![format!("{account}@%"); 5], "it is the one that is written");
        is_sound(&world, 6).await;
    })
    .await;
}

#[tokio::test]
async fn twenty_actions_at_the_same_time_make_one_unbroken_chain() {
    on_every_engine(|world| async move {
        make(&world).await;
        let mut acting = Vec::new();
        for _ in 0..5 {
            let db = AuthDb::connect(&world.config).await.expect("connecting works");
            for minutes in 1..=4 {
                let token = world.add_token("CREATED", "lhcb:alice", MINUTE * minutes).await;
                let (world, db) = (Arc::clone(&world), db.clone());
                acting.push(tokio::spawn(async move { db.revoke_token(&world.permit, &token).await }));
            }
        }
        for action in acting {
            let outcome = action.await.expect("it does not panic");
            outcome.unwrap_or_else(|error| panic!("on {}: {error}", world.engine())).expect("it is CREATED");
        }
        let numbers: Vec<i64> = actions(&world).await.iter().map(|action| action.id).collect();
        assert_eq!(numbers, (2..=21).collect::<Vec<_>>(), "on {}", world.engine());
        is_sound(&world, 21).await;
    })
    .await;
}

#[tokio::test]
async fn it_is_read_page_by_page_newest_first() {
    on_every_engine(|world| async move {
        make(&world).await;
        for _ in 0..6 {
            world.db.deny_device_flow(&world.permit, &code("ZZZZZZZZ")).await.expect("it works").expect_err("unknown");
        }
        let (mut before, mut pages) = (None, Vec::new());
        loop {
            let page = world.db.admin_actions(before, 3).await.expect("the journal can be read");
            pages.push(page.rows.iter().map(|action| action.id).collect::<Vec<_>>());
            assert!(page.now >= world.start);
            before = page.rows.last().map(|action| action.id);
            if !page.has_more {
                break;
            }
        }
        assert_eq!(pages, [vec![7, 6, 5], vec![4, 3, 2], vec![1]], "on {}", world.engine());
    })
    .await;
}

/// A text of so many characters, some of them special to terminals, servers, or JSON.
fn text(length: usize) -> String {
    "a\0\u{1b}[2J\u{7f}\u{9b}\r\n'\"\\%\u{202e}e\u{301}🦀  ".chars().cycle().take(length).collect()
}

/// Acts with texts of every length and asserts what is kept of them.
async fn texts_are_kept(world: &World) {
    make(world).await;
    let mut actions_written = 1;
    for length in [0, 1, 24, 255, 256, 512, 513, 1024, 1025, 20_000] {
        let text = text(length);
        let start = |width: usize| text.chars().take(width).collect::<String>();
        let actor = Actor { name: text.clone(), host: text.clone() };
        let permit = world.db.write_permit(&actor).expect("the connection may write").because(text.clone());
        let claims = IdTokenClaims { sub: text.clone(), preferred_username: None };
        world.add_device_flow(flow("BCDFGHJK")).await;
        let approved = world.db.approve_device_flow(&permit, &code("BCDFGHJK"), &claims, &world.policy).await;
        let approved = approved.unwrap_or_else(|error| panic!("{length} on {}: {error}", world.engine()));
        assert_eq!(approved.is_ok(), length > 0, "on {}", world.engine());
        world.execute("DELETE FROM DeviceFlows").await;
        let unknown = UserCode::from_stored(text.clone());
        let denied = world.db.deny_device_flow(&permit, &unknown).await;
        denied.unwrap_or_else(|error| panic!("{length} on {}: {error}", world.engine())).expect_err("unknown");

        actions_written += 2;
        let page = world.db.admin_actions(None, 2).await.expect("the journal can be read");
        let [denial, approval] = &page.rows[..] else { panic!("there are two: {:?}", page.rows) };
        for action in [denial, approval] {
            assert!(action.actor == start(255) && action.host == start(255), "{length} on {}", world.engine());
            assert!(action.reason == start(1024), "{length} on {}", world.engine());
        }
        assert!(denial.target == unknown.to_string().chars().take(512).collect::<String>(), "on {}", world.engine());
        assert!(denial.details["refusal"].is_string(), "the details are JSON, however long the code is");
        let sub = approval.details["sub"].as_str().expect("the details are JSON, however long the subject is");
        assert!(text.trim().starts_with(sub) && sub.chars().count() >= text.trim().chars().count().min(1000));
        is_sound(world, actions_written).await;
    }
}

fn flow(code: &str) -> authdb_tests::world::DeviceFlowRow<'_> {
    authdb_tests::world::DeviceFlowRow { code, ..Default::default() }
}

#[tokio::test]
async fn texts_of_any_length_and_content_leave_the_chain_whole() {
    on_every_engine(|world| async move { texts_are_kept(&world).await }).await;
}

#[tokio::test]
async fn a_server_that_is_not_strict_leaves_the_chain_whole() {
    on_engines(servers(), |engine| async move {
        let (_server, mut world) = alone(engine).await;
        world.execute("SET GLOBAL sql_mode = 'PAD_CHAR_TO_FULL_LENGTH'").await;
        world.db = AuthDb::connect(&world.config).await.expect("connecting works");
        texts_are_kept(&world).await;
    })
    .await;
}

#[tokio::test]
async fn times_keep_their_milliseconds() {
    on_every_engine(|world| async move {
        make(&world).await;
        let mut times: Vec<Timestamp> = Vec::new();
        // Whole seconds would all look alike, and a whole second is the thousandth of them.
        for _ in 0..5 {
            world.db.deny_device_flow(&world.permit, &code("ZZZZZZZZ")).await.expect("it works").expect_err("unknown");
            times.extend(actions(&world).await.last().and_then(|action| action.time));
        }
        assert!(times.is_sorted(), "{times:?} on {}", world.engine());
        assert!(times.iter().any(|time| time.unix_millis() % 1000 != 0), "{times:?} on {}", world.engine());
    })
    .await;
}
