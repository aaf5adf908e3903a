//! A primary that another one has replaced takes no writes any more. Its name leads to the other one by then, so nobody holds
//! on to the connections that are left of it.

use std::collections::BTreeSet;
use std::time::Duration;

use authdb_shared::db::{AuthDb, DbError};
use authdb_tests::World;
use authdb_tests::account::Account;
use authdb_tests::world::{actor, on_engines, servers};

use crate::contention::alone;

/// How long the server may take to end a session that its client has closed.
const END_LIMIT: Duration = Duration::from_secs(30);

async fn sessions(world: &World, account: &Account) -> BTreeSet<Option<String>> {
    let query = format!(
        "SELECT CAST(PROCESSLIST_ID AS CHAR) FROM performance_schema.threads WHERE PROCESSLIST_USER = '{}'",
        account.name
    );
    world.rows(&query).await.into_iter().flatten().collect()
}

#[tokio::test]
async fn connections_to_a_server_that_takes_no_writes_are_not_used_again() {
    on_engines(servers(), |engine| async move {
        let (_server, world) = alone(engine).await;
        let account = Account::create(&world, "IDENTIFIED BY ?").await;
        let db = AuthDb::connect(&account.config("")).await.expect("it is a primary");
        let permit = db.write_permit(&actor()).expect("it can be written to");
        db.create_ledger(&permit).await.expect("it takes writes");
        let before = sessions(&world, &account).await;
        assert!(!before.is_empty(), "on {engine}");

        world.execute("SET GLOBAL read_only = ON").await;
        let error = db.begin_run(&permit, "flows", "one.example").await.expect_err("it takes no writes");
        assert!(matches!(error, DbError::Failed { .. }) && error.to_string().contains("takes no writes"), "{error:?}");
        world.execute("SET GLOBAL read_only = OFF").await;

        db.begin_run(&permit, "flows", "one.example").await.expect("its successor takes writes");
        let deadline = tokio::time::Instant::now() + END_LIMIT;
        while !sessions(&world, &account).await.is_disjoint(&before) {
            assert!(tokio::time::Instant::now() < deadline, "on {engine}, one from before is still in use");
            // Whoever comes by one of them leaves it.
            db.now().await.expect("it can be read");
            db.begin_run(&permit, "flows", "one.example").await.expect("it takes writes");
        }
        db.close().await;
    })
    .await;
}
