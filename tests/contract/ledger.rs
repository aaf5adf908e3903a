//! The ledger's tables: absent until they are made, made once whoever makes them, completed after a break, and left
//! alone by a program of another version.

use std::sync::Arc;
use std::time::Duration;

use authdb_shared::db::{
    AuthDb, DbError, JANITOR_LEASE, LEDGER_VERSION, Lease, LedgerState, RevokeRefusal, RunOutcome,
};
use authdb_shared::ids::{FlowId, Jti, Subject, UserCode};
use authdb_shared::model::IdTokenClaims;
use authdb_tests::world::{AuthorizationFlowRow, DeviceFlowRow, on_engines, on_every_engine, on_every_server, servers};
use authdb_tests::{Engine, World};
use serde_json::json;

use crate::privileges;

const MINUTE: Duration = Duration::from_mins(1);
const TABLES: [&str; 3] = ["JanitorLease", "JanitorRuns", "AdminActions"];

/// Makes the ledger.
pub(crate) async fn make(world: &World) {
    world.db.create_ledger(&world.permit).await.expect("the ledger is made");
}

/// Rows for every kind of action to be about.
pub(crate) struct Rows {
    pub(crate) approved: UserCode,
    pub(crate) denied: UserCode,
    pub(crate) cancelled: FlowId,
    pub(crate) revoked: Jti,
    pub(crate) subject: Subject,
}

impl Rows {
    /// Three flows that are pending, and two tokens that are CREATED: one to be revoked by itself, one with its subject.
    pub(crate) async fn add(world: &World) -> Self {
        for code in ["BCDFGHJK", "LMNPQRST"] {
            world.add_device_flow(DeviceFlowRow { code, ..DeviceFlowRow::default() }).await;
        }
        let code = |code| UserCode::read(code).expect("a code");
        world.add_token("CREATED", "lhcb:bob", MINUTE).await;
        Self {
            approved: code("BCDFGHJK"),
            denied: code("LMNPQRST"),
            cancelled: world.add_authorization_flow(AuthorizationFlowRow::default()).await,
            revoked: world.add_token("CREATED", "lhcb:alice", MINUTE).await,
            subject: Subject::new("lhcb:bob").expect("a subject"),
        }
    }

    /// Acts on each of them; the outcomes are only whether the database could do it.
    pub(crate) async fn act(&self, world: &World, db: &AuthDb) -> Vec<Result<(), DbError>> {
        let (permit, policy) = (&world.permit, &world.policy);
        let revoked = db.revoke_subject(permit, &self.subject).await;
        vec![
            db.approve_device_flow(permit, &self.approved, &claims(), policy).await.map(drop),
            db.deny_device_flow(permit, &self.denied).await.map(drop),
            db.cancel_authorization_flow(permit, &self.cancelled).await.map(drop),
            db.revoke_token(permit, &self.revoked).await.map(drop),
            revoked.stopped_by.map_or(Ok(()), Err),
        ]
    }

    /// How many of the five are as they were.
    pub(crate) async fn untouched(&self, world: &World) -> i64 {
        world
            .number(
                "SELECT (SELECT COUNT(*) FROM DeviceFlows WHERE Status = 'PENDING') \
                 + (SELECT COUNT(*) FROM AuthorizationFlows WHERE Status = 'PENDING') \
                 + (SELECT COUNT(*) FROM RefreshTokens WHERE Status = 'CREATED')",
            )
            .await
    }
}

pub(crate) fn claims() -> IdTokenClaims {
    IdTokenClaims { sub: "amara".to_owned(), preferred_username: None }
}

async fn state(world: &World) -> LedgerState {
    world.db.ledger_state().await.expect("the database can be asked")
}

async fn tables(world: &World) -> Vec<String> {
    let query = match world.engine() {
        Engine::Sqlite => "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY 1",
        Engine::MariaDb | Engine::MySql => "SHOW TABLES",
    };
    world.column(query).await
}

/// Everything that the engine knows of DiracX's three tables.
async fn definitions(world: &World) -> Vec<Vec<Option<String>>> {
    let mut definitions = Vec::new();
    for table in ["DeviceFlows", "AuthorizationFlows", "RefreshTokens"] {
        let query = match world.engine() {
            Engine::Sqlite => format!("SELECT name, sql FROM sqlite_schema WHERE tbl_name = '{table}' ORDER BY 1"),
            Engine::MariaDb | Engine::MySql => format!("SHOW CREATE TABLE {table}"),
        };
        definitions.extend(world.rows(&query).await);
    }
    definitions
}

#[tokio::test]
async fn without_a_ledger_every_action_works_and_writes_nothing_of_ours() {
    on_every_engine(|world| async move {
        let rows = Rows::add(&world).await;
        let before = tables(&world).await;
        assert_eq!(state(&world).await, LedgerState::Absent);
        for outcome in rows.act(&world, &world.db).await {
            outcome.expect("it needs no ledger");
        }
        assert_eq!(rows.untouched(&world).await, 0, "on {}", world.engine());
        assert_eq!(tables(&world).await, before, "and nobody made one");
        world.db.admin_actions(None, 10).await.expect_err("there is no journal to read");
        world.db.take_lease(&world.permit, JANITOR_LEASE, "a", MINUTE).await.expect_err("nor a lease to take");
    })
    .await;
}

#[tokio::test]
async fn it_is_made_beside_diracxs_tables_which_stay_as_they_are() {
    on_every_engine(|world| async move {
        let before = definitions(&world).await;
        make(&world).await;
        assert_eq!(state(&world).await, LedgerState::Current, "on {}", world.engine());
        for table in TABLES {
            assert!(tables(&world).await.contains(&table.to_owned()), "{table} on {}", world.engine());
        }
        make(&world).await;
        let journal = world.db.admin_actions(None, 10).await.expect("it is there").rows;
        assert_eq!(journal.len(), 1, "making it twice is making it once");
        assert_eq!(
            (journal[0].id, journal[0].action.as_str(), journal[0].target.as_str()),
            (1, "init", world.db.place())
        );
        assert_eq!((journal[0].actor.as_str(), &journal[0].details), ("alice", &json!({ "ledger_version": 1 })));
        assert_eq!(definitions(&world).await, before, "on {}", world.engine());
        AuthDb::connect(&world.config).await.expect("it is still recognised");
    })
    .await;
}

#[tokio::test]
async fn twenty_who_make_it_at_the_same_time_make_it_once() {
    on_every_engine(|world| async move {
        let mut connections = Vec::new();
        for _ in 0..20 {
            connections.push(AuthDb::connect(&world.config).await.expect("connecting works"));
        }
        let makers: Vec<_> = connections
            .into_iter()
            .map(|db| {
                let world = Arc::clone(&world);
                tokio::spawn(async move { db.create_ledger(&world.permit).await })
            })
            .collect();
        for maker in makers {
            let made = maker.await.expect("it does not panic");
            made.unwrap_or_else(|error| panic!("on {}: {error}", world.engine()));
        }
        assert_eq!(state(&world).await, LedgerState::Current);
        assert_eq!(world.number("SELECT COUNT(*) FROM JanitorLease").await, 3, "on {}", world.engine());
        let check = world.db.verify_journal().await.expect("it can be verified");
        assert_eq!((check.sound, check.fault), (1, None), "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn one_that_broke_off_half_way_refuses_actions_until_it_is_completed() {
    on_every_engine(|world| async move {
        let rows = Rows::add(&world).await;
        let breaks = [
            "DROP TABLE JanitorRuns; DROP TABLE AdminActions; DELETE FROM JanitorLease",
            "DROP TABLE JanitorRuns; DROP TABLE AdminActions; \
             UPDATE JanitorLease SET FencingNumber = 0, Holder = ''",
            "DROP TABLE AdminActions; UPDATE JanitorLease SET FencingNumber = 0, Holder = ''",
            "DELETE FROM AdminActions; UPDATE JanitorLease SET FencingNumber = 0, Holder = ''",
        ];
        make(&world).await;
        for statements in breaks {
            world.execute(statements).await;
            assert_eq!(state(&world).await, LedgerState::Older(0), "{statements} on {}", world.engine());
            for outcome in rows.act(&world, &world.db).await {
                is_refused(&outcome.expect_err("it could not be journalled"), 0, "Run `authdb init`");
            }
            assert_eq!(rows.untouched(&world).await, 5, "{statements} on {}", world.engine());
            make(&world).await;
            assert_eq!(state(&world).await, LedgerState::Current, "{statements} on {}", world.engine());
            let check = world.db.verify_journal().await.expect("it can be verified");
            assert_eq!((check.sound, check.fault), (1, None), "{statements} on {}", world.engine());
        }
        for outcome in rows.act(&world, &world.db).await {
            outcome.expect("now it can be journalled");
        }
        assert_eq!(rows.untouched(&world).await, 0);
    })
    .await;
}

fn is_refused(error: &DbError, version: u32, advice: &str) {
    let DbError::LedgerVersion { found, ours, .. } = error else { panic!("{error:?}") };
    assert_eq!((*found, *ours), (version, LEDGER_VERSION));
    let said = error.to_string();
    for wanted in [format!("version {version}"), format!("version {LEDGER_VERSION}"), advice.to_owned()] {
        assert!(said.contains(&wanted), "{said}");
    }
    assert!(!error.is_connection_loss() && !error.is_contention(), "waiting does not help");
}

/// Everything of the ledger itself that a program writes to it.
async fn write(world: &World, lease: &Lease, run: i64) -> Vec<Result<(), DbError>> {
    let (db, permit) = (&world.db, &world.permit);
    vec![
        db.take_lease(permit, JANITOR_LEASE, "b", MINUTE).await.map(drop),
        db.renew_lease(permit, lease, 2 * MINUTE).await.map(drop),
        db.release_lease(permit, lease).await,
        db.begin_run(permit, "expire", "host").await.map(drop),
        db.finish_run(permit, run, &RunOutcome::Done, &json!({ "rows": 1 }), None).await,
    ]
}

/// Every row of the ledger, as the engine shows it.
async fn contents(world: &World) -> Vec<Vec<Option<String>>> {
    let mut rows = Vec::new();
    for table in TABLES {
        rows.extend(world.rows(&format!("SELECT * FROM {table} ORDER BY 1")).await);
    }
    rows
}

#[tokio::test]
async fn one_of_another_version_is_read_but_nothing_that_belongs_into_it_is_done() {
    on_every_engine(|world| async move {
        make(&world).await;
        let rows = Rows::add(&world).await;
        let lease = world.db.take_lease(&world.permit, JANITOR_LEASE, "a", MINUTE).await.expect("it works");
        let lease = lease.expect("nobody holds it");
        let run = world.db.begin_run(&world.permit, "expire", "host").await.expect("it works");
        for (version, advice) in [(2, "Update this program"), (0, "Run `authdb init`")] {
            world.execute(&format!("UPDATE JanitorLease SET FencingNumber = {version} WHERE Name = 'ledger'")).await;
            let before = contents(&world).await;
            let (actions, writes) = (rows.act(&world, &world.db).await, write(&world, &lease, run).await);
            for outcome in actions.into_iter().chain(writes) {
                is_refused(&outcome.expect_err("it is of another version"), version, advice);
            }
            assert_eq!(rows.untouched(&world).await, 5, "on {}", world.engine());
            assert_eq!(contents(&world).await, before, "version {version} on {}", world.engine());
            // What is there can be read.
            assert_eq!(world.db.admin_actions(None, 10).await.expect("it can be read").rows.len(), 1);
            assert_eq!(world.db.verify_journal().await.expect("it can be verified").fault, None);
            assert_eq!(world.db.runs(None, 10).await.expect("they can be read").rows.len(), 1);
            let (row, _) = world.db.lease(JANITOR_LEASE).await.expect("it can be read");
            assert_eq!(row.expect("it is there").holder, "a");
        }
        assert_eq!(state(&world).await, LedgerState::Older(0));
        make(&world).await;
        assert_eq!(state(&world).await, LedgerState::Current, "it is brought up to date on {}", world.engine());
        for outcome in rows.act(&world, &world.db).await.into_iter().chain(write(&world, &lease, run).await) {
            outcome.expect("and written again");
        }
        let check = world.db.verify_journal().await.expect("it can be verified");
        assert_eq!((check.sound, check.fault), (7, None), "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn a_newer_one_is_not_made_again() {
    on_every_engine(|world| async move {
        make(&world).await;
        world.execute("DROP TABLE JanitorRuns").await;
        let before = tables(&world).await;
        for (stored, version) in [(7, 7), (1_i64 << 40, u32::MAX)] {
            world.execute(&format!("UPDATE JanitorLease SET FencingNumber = {stored} WHERE Name = 'ledger'")).await;
            assert_eq!(state(&world).await, LedgerState::Newer(version));
            let error = world.db.create_ledger(&world.permit).await.expect_err("it is newer");
            is_refused(&error, version, "Update this program");
            assert_eq!(tables(&world).await, before, "on {}", world.engine());
        }
    })
    .await;
}

#[tokio::test]
async fn every_script_is_kept_in_a_latin1_database() {
    const REASON: &str = "оператор 确认 🦀🏽 q\u{307}\u{323} \u{202e}abc ﷽ ÿ'\"\\%_\u{10ffff}";
    on_engines(servers(), |engine| async move {
        let world = World::create_with_charset(engine, "latin1").await;
        let before = definitions(&world).await;
        make(&world).await;
        assert_eq!(definitions(&world).await, before, "on {engine}");
        let token = world.add_token("CREATED", "lhcb:alice", MINUTE).await;
        let permit = world.permit.clone().because(REASON);
        world.db.revoke_token(&permit, &token).await.expect("it works").expect("it is CREATED");
        assert_eq!(world.db.admin_actions(None, 1).await.expect("it can be read").rows[0].reason, REASON);
        assert_eq!(world.db.verify_journal().await.expect("it can be verified").fault, None, "on {engine}");

        world.db.take_lease(&permit, JANITOR_LEASE, REASON, MINUTE).await.expect("it works").expect("nobody holds it");
        let (lease, _) = world.db.lease(JANITOR_LEASE).await.expect("it can be read");
        assert_eq!(lease.expect("it is there").holder, REASON);

        let run = world.db.begin_run(&permit, REASON, REASON).await.expect("it works");
        let counts = json!({ REASON: 3 });
        world.db.finish_run(&permit, run, &RunOutcome::Failed, &counts, Some(REASON)).await.expect("it works");
        let run = world.db.runs(None, 1).await.expect("they can be read").rows.remove(0);
        assert_eq!((run.job.as_str(), run.host.as_str()), (REASON, REASON), "on {engine}");
        assert_eq!((run.counts, run.error.as_deref()), (counts, Some(REASON)), "on {engine}");
    })
    .await;
}

#[tokio::test]
async fn an_account_that_may_not_make_tables_is_told_and_goes_on_without() {
    on_every_server(|world| async move {
        let rows = Rows::add(&world).await;
        let db = privileges::connect(&world, "SELECT, INSERT, UPDATE, DELETE").await;
        let error = db.create_ledger(&world.permit).await.expect_err("it may not");
        assert!(matches!(error, DbError::Forbidden { .. }) && error.to_string().contains("CREATE"), "{error:?}");
        assert_eq!(state(&world).await, LedgerState::Absent, "on {}", world.engine());
        for outcome in rows.act(&world, &db).await {
            outcome.expect("it needs no ledger");
        }
    })
    .await;
}

#[tokio::test]
async fn a_connection_from_before_the_ledger_journals_from_then_on() {
    on_every_engine(|world| async move {
        let [first, second] = [(); 2].map(|()| world.add_token("CREATED", "lhcb:alice", MINUTE));
        let (first, second) = (first.await, second.await);
        let db = AuthDb::connect(&world.config).await.expect("connecting works");
        db.revoke_token(&world.permit, &first).await.expect("it works").expect("it is CREATED");
        make(&world).await;
        db.revoke_token(&world.permit, &second).await.expect("it works").expect("it is CREATED");
        let again = db.revoke_token(&world.permit, &first).await.expect("it works");
        assert_eq!(again, Err(RevokeRefusal::AlreadyRevoked(first.clone())));
        let targets = world.column("SELECT Target FROM AdminActions WHERE Action = 'revoke' ORDER BY Id").await;
        assert_eq!(targets, [second.to_string(), first.to_string()], "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn a_read_only_connection_reads_all_of_it() {
    on_every_engine(|world| async move {
        make(&world).await;
        world.db.begin_run(&world.permit, "expire", "host").await.expect("it works");
        let db = AuthDb::connect_read_only(&world.config).await.expect("it can be read");
        assert_eq!(db.ledger_state().await.expect("it can be read"), LedgerState::Current);
        assert_eq!(db.admin_actions(None, 10).await.expect("it can be read").rows.len(), 1);
        assert_eq!(db.verify_journal().await.expect("it can be verified").sound, 1);
        assert_eq!(db.runs(None, 10).await.expect("they can be read").rows.len(), 1);
        let (lease, _) = db.lease(JANITOR_LEASE).await.expect("it can be read");
        assert_eq!(lease.expect("it is there").holder, "");
    })
    .await;
}
