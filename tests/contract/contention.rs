//! Contention: what a deadlock or a lock wait undoes is done again, and what stays locked is reported.

use std::time::Duration;

use authdb_shared::config::DatabaseConfig;
use authdb_shared::db::{AuthDb, AuthError};
use authdb_shared::ids::{Jti, Subject};
use authdb_shared::partition::KeyForm;
use authdb_tests::world::{TokenRow, key_at, on_engines, servers};
use authdb_tests::{Engine, Pool, Server, TestDatabase, World};
use sqlx::{AssertSqlSafe, MySql, Transaction};

const SUBJECT: &str = "lhcb:amara";

/// A world in a server of its own, whose counters tell only of it.
pub(crate) async fn alone(engine: Engine) -> (Server, World) {
    let flavour = engine.flavour().expect("only servers have row locks");
    let server = tokio::task::spawn_blocking(move || Server::start(flavour))
        .await
        .expect("starting a server does not panic")
        .expect("a server starts");
    let database = TestDatabase::create_on(&server).await.expect("a database is made");
    let keys = if engine == Engine::MariaDb { KeyForm::Dashed } else { KeyForm::Plain };
    let world = World::create_in(database, keys).await;
    (server, world)
}

async fn begin(world: &World) -> Transaction<'static, MySql> {
    let Pool::MySql(pool) = world.database.pool() else { panic!("it is a server") };
    pool.begin().await.expect("a transaction begins")
}

async fn execute(transaction: &mut Transaction<'static, MySql>, statement: &str) {
    let statement = AssertSqlSafe(statement.to_owned());
    sqlx::raw_sql(statement).execute(&mut **transaction).await.expect("the statement is right");
}

pub(crate) async fn status(world: &World, variable: &str) -> u64 {
    let rows = world.rows(&format!("SHOW GLOBAL STATUS LIKE '{variable}'")).await;
    rows[0][1].as_deref().and_then(|number| number.parse().ok()).expect("a counter is a number")
}

/// Waits until that many waits for rows have begun, since the server started.
pub(crate) async fn wait_for_waits(world: &World, waits: u64) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while status(world, "Innodb_row_lock_waits").await < waits {
        assert!(tokio::time::Instant::now() < deadline, "nobody waits for the row");
        tokio::task::yield_now().await;
    }
}

fn subject() -> Subject {
    Subject::new(SUBJECT).expect("not empty")
}

#[tokio::test]
async fn a_revocation_that_a_deadlock_undid_is_done_again() {
    on_engines(servers(), |engine| async move {
        let (_server, world) = alone(engine).await;
        let now = world.now().await;
        let keys: Vec<String> = (0..2).map(|minutes| key_at(now.before(Duration::from_mins(minutes + 1)))).collect();
        let [late, early] = &keys[..] else { unreachable!("two were made") };
        world.add_tokens(&[TokenRow::created(early, SUBJECT), TokenRow::created(late, SUBJECT)]).await;
        let waits = status(&world, "Innodb_row_lock_waits").await;

        // Having changed most, this transaction is not the one that the server gives up.
        let mut other = begin(&world).await;
        let heavy: Vec<String> =
            (0..200).map(|number| format!("('H{number:07}', 'c', 'vo:lhcb', '{number}')")).collect();
        let insert = "INSERT INTO DeviceFlows (UserCode, ClientID, Scope, DeviceCode) VALUES";
        execute(&mut other, &format!("{insert} {}", heavy.join(", "))).await;
        execute(&mut other, &format!("UPDATE RefreshTokens SET Scope = 'vo:late' WHERE JTI = '{late}'")).await;

        let (db, permit) = (world.db.clone(), world.permit.clone());
        let revocation = tokio::spawn(async move { db.revoke_subject(&permit, &subject()).await });
        wait_for_waits(&world, waits + 1).await;
        execute(&mut other, &format!("UPDATE RefreshTokens SET Scope = 'vo:early' WHERE JTI = '{early}'")).await;
        other.commit().await.expect("the other transaction was not given up");

        let outcome = revocation.await.expect("it does not panic");
        assert!(outcome.stopped_by.is_none(), "{:?}", outcome.stopped_by);
        assert_eq!(outcome.revoked, 2, "on {engine}");
        let left =
            "SELECT COUNT(*) FROM RefreshTokens WHERE Status <> 'REVOKED' OR Scope NOT IN ('vo:late', 'vo:early')";
        assert_eq!(world.number(left).await, 0, "both transactions have done all of their work");
    })
    .await;
}

#[tokio::test]
async fn what_comes_after_a_transaction_that_a_deadlock_undid_is_not_committed() {
    on_engines(servers(), |engine| async move {
        let (_server, world) = alone(engine).await;
        let now = world.now().await;
        let keys = [1, 2, 3].map(|minutes| key_at(now.before(Duration::from_mins(minutes))));
        world.add_tokens(&keys.each_ref().map(|key| TokenRow::created(key, SUBJECT))).await;
        let [first, second, third] = keys.each_ref().map(|key| Jti::from_stored(key.clone()));
        let waits = status(&world, "Innodb_row_lock_waits").await;

        // Having changed most, this transaction is not the one that the server gives up.
        let mut other = begin(&world).await;
        let heavy: Vec<String> = (0..200).map(|number| format!("('H{number:07}', 'c', 'vo', '{number}')")).collect();
        let insert = "INSERT INTO DeviceFlows (UserCode, ClientID, Scope, DeviceCode) VALUES";
        execute(&mut other, &format!("{insert} {}", heavy.join(", "))).await;
        execute(&mut other, &format!("UPDATE RefreshTokens SET Scope = 'vo:a' WHERE JTI = '{}'", keys[0])).await;

        let mut work = world.db.begin(&world.permit).await.expect("a transaction begins");
        work.revoke_refresh_token(&second).await.expect("nobody holds it");
        let (undone, ()) = tokio::join!(work.revoke_refresh_token(&first), async {
            wait_for_waits(&world, waits + 1).await;
            execute(&mut other, &format!("UPDATE RefreshTokens SET Scope = 'vo:b' WHERE JTI = '{}'", keys[1])).await;
        });
        let undone = undone.expect_err("one of the two is undone");
        assert!(matches!(&undone, AuthError::Db(error) if error.is_contention()), "{undone:?} on {engine}");
        work.revoke_refresh_token(&third).await.expect("it is tried");
        let error = work.commit().await.expect_err("what was begun is gone");
        assert!(error.is_contention(), "{error:?} on {engine}");
        other.commit().await.expect("the other transaction was not given up");
        let left = "SELECT COUNT(*) FROM RefreshTokens WHERE Status = 'CREATED'";
        assert_eq!(world.number(left).await, 3, "half of the transaction was made on {engine}");
    })
    .await;
}

#[tokio::test]
async fn a_row_that_is_locked_for_a_while_is_waited_for_and_one_that_stays_locked_is_reported() {
    on_engines(servers(), |engine| async move {
        let (_server, world) = alone(engine).await;
        let config = DatabaseConfig { lock_timeout: Duration::from_secs(1), ..world.config.clone() };
        let db = AuthDb::connect(&config).await.expect("connecting works");
        let jti = world.add_token("CREATED", SUBJECT, Duration::from_mins(1)).await;
        let waits = status(&world, "Innodb_row_lock_waits").await;
        let lock = "SELECT JTI FROM RefreshTokens FOR UPDATE";

        let mut holder = begin(&world).await;
        execute(&mut holder, lock).await;
        let revocation = tokio::spawn({
            let (db, permit, jti) = (db.clone(), world.permit.clone(), jti.clone());
            async move { db.revoke_token(&permit, &jti).await }
        });
        // The second wait begins after the first has timed out.
        wait_for_waits(&world, waits + 2).await;
        holder.rollback().await.expect("the holder lets go");
        revocation.await.expect("it does not panic").expect("it gets through").expect("nothing speaks against it");

        let other = world.add_token("CREATED", SUBJECT, Duration::from_mins(2)).await;
        let mut holder = begin(&world).await;
        execute(&mut holder, lock).await;
        let error = db.revoke_token(&world.permit, &other).await.expect_err("the holder never lets go");
        assert!(error.is_contention() && error.to_string().contains("Nothing was changed"), "{error} on {engine}");
        holder.rollback().await.expect("the holder lets go");
        assert_eq!(world.token_status(&other).await.as_deref(), Some("CREATED"));
    })
    .await;
}
