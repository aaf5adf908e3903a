//! Changing the layout of a table that is in use: it gives up rather than make logins wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use authdb_shared::clock;
use authdb_shared::config::{Config, DatabaseConfig, Sources};
use authdb_shared::db::{
    AuthDb, DbError, HiddenHolders, JANITOR_PRIVILEGES, OPERATOR_PRIVILEGES, RollOutcome, RollStep,
};
use authdb_shared::health::Level;
use authdb_shared::partition::{Month, RollSettings, plan_roll};
use authdb_tests::world::{on_every_server, servers};
use authdb_tests::{Engine, Flavour, Pool, Server, World};
use sqlx::{MySql, Transaction};
use tokio::task::spawn_blocking;

use crate::encryption::world_on;
use crate::partitions::{roll, terms};

const SUBJECT: &str = "lhcb:amara";

/// What a statement must not give away.
const SECRET: &str = "7hd83jf9s";

/// A transaction that has merely read the table, and stays open; and its connection, as the server numbers it.
async fn reader(world: &World) -> (Transaction<'static, MySql>, i64) {
    let Pool::MySql(pool) = world.database.pool() else { panic!("SQLite has no partitions") };
    let mut transaction = pool.begin().await.expect("a transaction begins");
    let number = "SELECT CAST(CONNECTION_ID() AS SIGNED)";
    let connection = sqlx::query_scalar(number).fetch_one(&mut *transaction).await.expect("it has a number");
    let query = format!("SELECT COUNT(*) FROM RefreshTokens WHERE Sub <> '{SECRET}'");
    sqlx::query(sqlx::AssertSqlSafe(query)).execute(&mut *transaction).await.expect("the table is read");
    let is_known =
        format!("SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE TRX_MYSQL_THREAD_ID = {connection}");
    await_session(world, &is_known).await;
    (transaction, connection)
}

/// A month to add and one to drop.
async fn steps(world: &World) -> [RollStep; 2] {
    let now = world.now().await;
    let first = now.calendar().checked_sub_months(chrono::Months::new(8)).expect("a date of this era");
    world.partition(Month::of(first.into()), 12).await;
    let layout = world.db.partition_layout().await.expect("the layout can be read");
    let plan = plan_roll(&layout, now, &world.policy, RollSettings { months_ahead: 12, max_drops_per_run: 1 });
    [RollStep::Add(plan.add), RollStep::Drop(plan.drop.into_iter().next().expect("an old month may go"))]
}

#[tokio::test]
async fn a_table_in_use_is_left_alone_and_logins_go_on() {
    on_every_server(|world| async move {
        let steps = steps(&world).await;
        let (reader, connection) = reader(&world).await;
        for step in &steps {
            let tried = Arc::new(AtomicBool::new(false));
            let logins = tokio::spawn({
                let (world, tried) = (Arc::clone(&world), Arc::clone(&tried));
                async move {
                    let mut logins = 0;
                    while !tried.load(Ordering::Relaxed) {
                        world.add_token("CREATED", SUBJECT, Duration::ZERO).await;
                        logins += 1;
                    }
                    logins
                }
            });
            let error = world
                .db
                .roll(&world.permit, step, &terms(&world, 1000).await)
                .await
                .expect_err("somebody reads the table");
            tried.store(true, Ordering::Relaxed);
            assert!(matches!(error, DbError::Locked { .. }) && error.is_contention(), "{error:?}");
            let said = error.to_string();
            assert!(said.contains(&format!("connection {connection} of 'authdb'@")), "it names who: {said}");
            assert!(said.contains("idle for") && !said.contains(SECRET), "and what, without values: {said}");
            // The reader still holds the table, so no login can have waited for it.
            logins.await.expect("every login succeeds");
        }
        reader.commit().await.expect("the reader ends");
        for step in &steps {
            assert_eq!(roll(&world, step).await, RollOutcome::Done, "on {}", world.engine());
        }
    })
    .await;
}

#[tokio::test]
async fn an_account_that_cannot_see_who_holds_the_table_says_so() {
    on_every_server(|world| async move {
        let [add, _] = steps(&world).await;
        let db = crate::privileges::connect(&world, "ALL PRIVILEGES").await;
        let seen = world.db.hidden_holders().await.expect("it can be asked");
        assert_eq!(seen, None, "the test's own account may see everything");
        let hidden = (world.engine() == Engine::MySql).then_some(HiddenHolders::NotGranted);
        assert_eq!(db.hidden_holders().await.expect("it can be asked"), hidden, "on {}", world.engine());
        let (reader, _) = reader(&world).await;
        let error = db.roll(&world.permit, &add, &terms(&world, 1000).await).await.expect_err("it is held");
        assert!(error.is_contention() && error.to_string().contains("grant it PROCESS"), "{error}");
        reader.commit().await.expect("the reader ends");
    })
    .await;
}

#[tokio::test]
async fn a_server_that_does_not_record_who_holds_the_table_is_told_from_a_missing_grant() {
    if !servers().contains(&Engine::MySql) {
        return;
    }
    let off = "--performance-schema-instrument=wait/lock/metadata/sql/mdl=OFF";
    let start = || Server::start_with(Flavour::MySql, [off.into()]);
    let server = spawn_blocking(start).await.expect("no panic").expect("the server starts");
    let world = world_on(&server).await;
    let config = Config::load(&Sources::default()).expect("the defaults are valid");
    let about_locks = async |needed| {
        let findings = world.db.diagnose(&config, needed, clock::host_now).await.expect("the server answers");
        findings.into_iter().find(|finding| finding.subject == "locks")
    };
    let finding = about_locks(JANITOR_PRIVILEGES).await.expect("the janitor changes partitions");
    assert_eq!(finding.level, Level::Warning);
    assert!(finding.text.contains("wait/lock/metadata/sql/mdl=ON") && !finding.text.contains("grant"), "{finding}");
    assert_eq!(about_locks(OPERATOR_PRIVILEGES).await, None, "it concerns nobody else");

    // As the cure says, without the restart.
    let instrument =
        "UPDATE performance_schema.setup_instruments SET ENABLED = 'YES' WHERE NAME LIKE '%/metadata/sql/mdl'";
    world.execute(instrument).await;
    let finding = about_locks(JANITOR_PRIVILEGES).await.expect("the janitor changes partitions");
    assert_eq!(finding.level, Level::Ok, "{finding}");
}

#[tokio::test]
async fn a_write_waits_for_a_row_for_as_long_as_is_configured() {
    on_every_server(|world| async move {
        let token = world.add_token("CREATED", SUBJECT, Duration::from_mins(1)).await;
        let Pool::MySql(pool) = world.database.pool() else { panic!("SQLite has no partitions") };
        let mut transaction = pool.begin().await.expect("a transaction begins");
        sqlx::query("SELECT * FROM RefreshTokens FOR UPDATE").execute(&mut *transaction).await.expect("rows are held");
        let config = DatabaseConfig { lock_timeout: Duration::from_mins(1), ..world.config.clone() };
        let db = AuthDb::connect(&config).await.expect("it can be connected to");
        let permit = world.permit.clone();
        let waiting = tokio::spawn(async move { db.revoke_token(&permit, &token).await });
        await_waiting_session(&world).await;
        transaction.commit().await.expect("the rows are released");
        let outcome = waiting.await.expect("no panic").expect("it waited for the rows");
        assert!(outcome.is_ok(), "{outcome:?}");
    })
    .await;
}

#[tokio::test]
async fn a_row_that_is_held_too_long_is_reported_as_such() {
    on_every_server(|world| async move {
        let token = world.add_token("CREATED", SUBJECT, Duration::from_mins(1)).await;
        let Pool::MySql(pool) = world.database.pool() else { panic!("SQLite has no row locks") };
        let mut transaction = pool.begin().await.expect("a transaction begins");
        sqlx::query("SELECT * FROM RefreshTokens FOR UPDATE").execute(&mut *transaction).await.expect("rows are held");
        let config = DatabaseConfig { lock_timeout: Duration::from_secs(1), ..world.config.clone() };
        let db = AuthDb::connect(&config).await.expect("it can be connected to");
        let error = db.revoke_token(&world.permit, &token).await.expect_err("the row is held");
        assert!(error.is_contention(), "{error:?}");
        drop(transaction);
        let outcome = world.db.revoke_token(&world.permit, &token).await.expect("the row is free");
        assert!(outcome.is_ok(), "nothing was changed before: {outcome:?}");
    })
    .await;
}

/// The servers show their locks as they stood at the last look, if that was less than 100 ms ago.
const LOOK_EVERY: Duration = Duration::from_millis(150);

/// Awaits that a session of this database waits for a lock.
async fn await_waiting_session(world: &World) {
    let query = "SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE TRX_STATE = 'LOCK WAIT' \
                 AND TRX_MYSQL_THREAD_ID IN (SELECT ID FROM information_schema.PROCESSLIST WHERE DB = DATABASE())";
    await_session(world, query).await;
}

/// Awaits that a query finds a session, which it counts.
pub(crate) async fn await_session(world: &World, query: &str) {
    tokio::time::timeout(Duration::from_secs(20), async {
        while world.number(query).await == 0 {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    })
    .await
    .expect("the server shows the session");
}
