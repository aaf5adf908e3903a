//! Actions that something cuts short: the action and its entry in the journal are both there, or neither is.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::Poll;
use std::time::Duration;

use authdb_shared::config::DatabaseConfig;
use authdb_shared::db::{AuthDb, DbError, JANITOR_LEASE};
use authdb_shared::ids::Jti;
use authdb_tests::world::{TokenRow, jti, key_at, on_engines, on_every_engine, on_every_server, servers};
use authdb_tests::{Pool, Server, World};

use crate::contention::{alone, status, wait_for_waits};
use crate::ledger::make;

const MINUTE: Duration = Duration::from_mins(1);
const WAITS: &str = "Innodb_row_lock_waits";

/// Tokens that are revoked, less the revocations that were journalled: both as of one moment.
async fn difference(world: &World) -> i64 {
    world
        .number(
            "SELECT (SELECT COUNT(*) FROM RefreshTokens WHERE Status = 'REVOKED') \
             - (SELECT COUNT(*) FROM AdminActions WHERE Action = 'revoke' AND Outcome = 'done')",
        )
        .await
}

async fn token(world: &World) -> Jti {
    world.add_token("CREATED", "lhcb:alice", MINUTE).await
}

async fn is_whole(world: &World) {
    let check = world.db.verify_journal().await.expect("the journal can be verified");
    assert_eq!(check.fault, None, "on {}", world.engine());
}

/// Holds a row of `JanitorLease` until the transaction ends, on a server: the journal as another action does, or the
/// lease as another janitor does.
async fn hold(world: &World, name: &str) -> sqlx::Transaction<'static, sqlx::MySql> {
    let Pool::MySql(pool) = world.database.pool() else { panic!("it is a server") };
    let mut holder = pool.begin().await.expect("a transaction begins");
    let lock = "SELECT Name FROM JanitorLease WHERE Name = ? FOR UPDATE";
    sqlx::query(lock).bind(name).execute(&mut *holder).await.expect("nobody holds it");
    holder
}

/// The outcome of a future, unless it is dropped first: after it was polled so often.
async fn dropped_after<F: Future>(polls: u32, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

#[tokio::test]
async fn an_action_that_is_dropped_half_way_leaves_both_or_neither() {
    on_every_engine(|world| async move {
        make(&world).await;
        for polls in 1.. {
            let token = token(&world).await;
            let outcome = dropped_after(polls, world.db.revoke_token(&world.permit, &token)).await;
            assert_eq!(difference(&world).await, 0, "after {polls} polls on {}", world.engine());
            if let Some(outcome) = outcome {
                outcome.expect("it works").expect("it is CREATED");
                break;
            }
        }
        is_whole(&world).await;
    })
    .await;
}

#[tokio::test]
async fn an_action_that_waits_for_the_journal_and_is_dropped_has_not_happened() {
    on_engines(servers(), |engine| async move {
        let (_server, world) = alone(engine).await;
        make(&world).await;
        let token = token(&world).await;
        let before = status(&world, WAITS).await;
        let holder = hold(&world, "journal").await;
        let (db, permit, jti) = (world.db.clone(), world.permit.clone(), token.clone());
        let action = tokio::spawn(async move { db.revoke_token(&permit, &jti).await });
        wait_for_waits(&world, before + 1).await;
        action.abort();
        assert!(action.await.expect_err("it was dropped").is_cancelled());
        holder.rollback().await.expect("the holder lets go");
        world.db.revoke_token(&world.permit, &token).await.expect("it works").expect("it is still CREATED");
        assert_eq!(difference(&world).await, 0, "on {engine}");
        is_whole(&world).await;
    })
    .await;
}

#[tokio::test]
async fn an_action_that_cannot_have_the_journal_in_time_says_so_and_has_not_happened() {
    on_engines(servers(), |engine| async move {
        let world = World::create(engine).await;
        make(&world).await;
        let config = DatabaseConfig { lock_timeout: Duration::from_secs(1), ..world.config.clone() };
        let db = AuthDb::connect(&config).await.expect("connecting works");
        let token = token(&world).await;
        let holder = hold(&world, "journal").await;
        let error = db.revoke_token(&world.permit, &token).await.expect_err("somebody holds the journal");
        assert!(error.is_contention() && error.to_string().contains("Nothing was changed"), "{error} on {engine}");
        holder.rollback().await.expect("the holder lets go");
        assert_eq!(world.token_status(&token).await.as_deref(), Some("CREATED"), "on {engine}");
        assert_eq!(world.number("SELECT COUNT(*) FROM AdminActions").await, 1);
    })
    .await;
}

#[tokio::test]
async fn actions_and_janitors_do_not_wait_for_each_other() {
    on_every_server(|world| async move {
        make(&world).await;
        let config = DatabaseConfig { lock_timeout: Duration::from_secs(1), ..world.config.clone() };
        let db = AuthDb::connect(&config).await.expect("connecting works");
        let holder = hold(&world, "journal").await;
        let lease = db.take_lease(&world.permit, JANITOR_LEASE, "janitor", MINUTE).await.expect("it need not wait");
        let lease = lease.expect("nobody holds it");
        assert!(db.renew_lease(&world.permit, &lease, MINUTE).await.expect("it need not wait"));
        db.begin_run(&world.permit, "expire", "bastion").await.expect("it need not wait");
        db.release_lease(&world.permit, &lease).await.expect("it need not wait");
        holder.rollback().await.expect("the holder lets go");
        let _holder = hold(&world, "janitor").await;
        let token = token(&world).await;
        db.revoke_token(&world.permit, &token).await.expect("it need not wait").expect("it is CREATED");
        assert_eq!(difference(&world).await, 0, "on {}", world.engine());
    })
    .await;
}

/// Kills the server and starts it again.
async fn crash(mut server: Server) -> Server {
    tokio::task::spawn_blocking(move || {
        server.kill().expect("the server is killed");
        server.restart().expect("the server starts again");
        server
    })
    .await
    .expect("it does not panic")
}

#[tokio::test]
async fn an_action_whose_server_is_killed_half_way_has_not_happened() {
    on_engines(servers(), |engine| async move {
        let (server, world) = alone(engine).await;
        make(&world).await;
        let token = token(&world).await;
        let before = status(&world, WAITS).await;
        let _holder = hold(&world, "journal").await;
        let (db, permit, jti) = (world.db.clone(), world.permit.clone(), token.clone());
        let action = tokio::spawn(async move { db.revoke_token(&permit, &jti).await });
        wait_for_waits(&world, before + 1).await;
        let _server = crash(server).await;
        let error = action.await.expect("it does not panic").expect_err("the server has gone");
        assert!(error.is_connection_loss(), "{error:?} on {engine}");
        assert_eq!(world.token_status(&token).await.as_deref(), Some("CREATED"), "on {engine}");
        assert_eq!(world.number("SELECT COUNT(*) FROM AdminActions").await, 1, "on {engine}");
        world.db.revoke_token(&world.permit, &token).await.expect("it works again").expect("it is still CREATED");
        is_whole(&world).await;
    })
    .await;
}

#[tokio::test]
async fn a_server_that_is_killed_under_many_actions_has_each_with_its_entry() {
    on_engines(servers(), |engine| async move {
        let (server, world) = alone(engine).await;
        let world = Arc::new(world);
        make(&world).await;
        let acknowledged = Arc::new(AtomicI64::new(0));
        let mut acting = Vec::new();
        for _ in 0..4 {
            let keys: Vec<_> = (1..=250).map(|minutes| key_at(world.start.before(MINUTE * minutes))).collect();
            let tokens: Vec<_> = keys.iter().map(|key| TokenRow::created(key.as_str(), "lhcb:alice")).collect();
            world.add_tokens(&tokens).await;
            let (world, acknowledged) = (Arc::clone(&world), Arc::clone(&acknowledged));
            acting.push(tokio::spawn(async move {
                for key in keys {
                    let Ok(outcome) = world.db.revoke_token(&world.permit, &jti(&key)).await else { return };
                    outcome.expect("it is CREATED");
                    acknowledged.fetch_add(1, Ordering::SeqCst);
                }
            }));
        }
        while acknowledged.load(Ordering::SeqCst) < 20 {
            tokio::task::yield_now().await;
        }
        let _server = crash(server).await;
        for action in acting {
            action.await.expect("it does not panic");
        }
        assert_eq!(difference(&world).await, 0, "on {engine}");
        let revoked = world.number("SELECT COUNT(*) FROM RefreshTokens WHERE Status = 'REVOKED'").await;
        assert!(revoked >= acknowledged.load(Ordering::SeqCst), "what was acknowledged is there on {engine}");
        is_whole(&world).await;
    })
    .await;
}

#[tokio::test]
async fn a_journal_that_somebody_has_been_at_is_named_as_what_keeps_changes_from_being_made() {
    on_every_engine(|world| async move {
        make(&world).await;
        let (first, second) = (token(&world).await, token(&world).await);
        world.db.revoke_token(&world.permit, &first).await.expect("it is made").expect("it is live");
        let columns = "Time, Actor, Account, Host, Action, Target, Reason, Outcome, Details, PreviousHash, Hash";
        world
            .execute(&format!(
                "INSERT INTO AdminActions (Id, {columns}) SELECT Id + 1, {columns} FROM AdminActions \
                 ORDER BY Id DESC LIMIT 1"
            ))
            .await;
        let refused = |error: DbError| {
            assert!(matches!(error, DbError::JournalDamaged { .. }), "on {}: {error:?}", world.engine());
            error.to_string()
        };
        let error = world.db.revoke_token(&world.permit, &second).await.expect_err("it could not be journalled");
        let said = refused(error);
        assert!(said.contains("an action 3 that it never counted") && said.contains("journal verify"), "{said}");
        assert_eq!(world.token_status(&second).await.as_deref(), Some("CREATED"), "on {}", world.engine());

        world.execute("DELETE FROM AdminActions WHERE Id = 3; DELETE FROM JanitorLease WHERE Name = 'journal'").await;
        let error = world.db.revoke_token(&world.permit, &second).await.expect_err("it could not be journalled");
        assert!(refused(error).contains("its row in JanitorLease is gone"), "on {}", world.engine());
        assert_eq!(world.token_status(&second).await.as_deref(), Some("CREATED"), "on {}", world.engine());
    })
    .await;
}
