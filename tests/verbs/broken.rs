//! What becomes of a list of changes when the database stands in the way of one: each row is reported as what is known of it.

use std::sync::Arc;
use std::time::Duration;

use authdb_shared::ids::Jti;
use authdb_tests::world::{on_every_server, plain};
use authdb_tests::{Pool, World};
use serde_json::{Value, json};
use sqlx::{MySql, Transaction};

use crate::authdb;
use crate::program::{Outcome, Program};

/// How often the server is asked whether the program has come to the row that is held.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The sessions that wait for the row.
const WAITING: &str = "SELECT CAST(ID AS CHAR) FROM information_schema.PROCESSLIST \
                       WHERE DB = DATABASE() AND ID <> CONNECTION_ID() AND INFO LIKE 'UPDATE RefreshTokens%'";

/// A transaction that holds a token's row until it ends.
async fn hold(world: &World, jti: &Jti) -> Transaction<'static, MySql> {
    let Pool::MySql(pool) = world.database.pool() else { panic!("rows are locked on servers only") };
    let mut transaction = pool.begin().await.expect("a transaction begins");
    let lock = sqlx::query("SELECT Status FROM RefreshTokens WHERE JTI = ? FOR UPDATE").bind(plain(jti));
    lock.execute(&mut *transaction).await.expect("the row is free");
    transaction
}

async fn tokens(world: &World) -> [Jti; 3] {
    let minute = Duration::from_mins(1);
    let mut keys = Vec::new();
    for age in [1, 2, 3] {
        keys.push(world.add_token("CREATED", "lhcb:alice", minute * age).await);
    }
    keys.try_into().expect("there are three")
}

async fn revoke(program: &Program, keys: &[Jti]) -> Outcome {
    let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
    let mut arguments = vec!["token", "revoke", "--yes", "--output", "json"];
    arguments.extend(keys.iter().map(String::as_str));
    program.run(&arguments).await
}

fn outcomes(made: &Value) -> Vec<Value> {
    made.as_array().expect("a list").iter().map(|row| row["outcome"].clone()).collect()
}

#[tokio::test]
async fn a_row_that_somebody_holds_fails_and_the_rest_is_done() {
    on_every_server(|world: Arc<World>| async move {
        let keys = tokens(&world).await;
        let holder = hold(&world, &keys[1]).await;
        let program = authdb(&world).with("AUTHDB_DATABASE_LOCK_TIMEOUT", "1s");
        let made = revoke(&program, &keys).await.ends_with(1).value();
        holder.rollback().await.expect("the server answers");
        assert_eq!(outcomes(&made), ["done", "failed", "done"], "{made}");
        let held = made[1]["message"].as_str().expect("it says why");
        assert!(held.contains("somebody else holds what it needs") && held.contains("Nothing was changed"), "{made}");
        assert_eq!(world.token_status(&keys[1]).await.as_deref(), Some("CREATED"));
    })
    .await;
}

#[tokio::test]
async fn when_the_connection_breaks_nothing_is_claimed_of_the_row_in_hand_or_those_behind_it() {
    on_every_server(|world: Arc<World>| async move {
        let keys = tokens(&world).await;
        let holder = hold(&world, &keys[1]).await;
        let program = authdb(&world).with("AUTHDB_DATABASE_LOCK_TIMEOUT", "1m");
        let asked = keys.clone();
        let running = tokio::spawn(async move { revoke(&program, &asked).await });
        let session = loop {
            assert!(!running.is_finished(), "it does not wait for the row");
            if let Some(session) = world.column(WAITING).await.pop() {
                break session;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        };
        world.execute(&format!("KILL {session}")).await;
        let made = running.await.expect("it ends").ends_with(3).value();
        holder.rollback().await.expect("the server answers");
        assert_eq!(outcomes(&made), ["done", "not_known", "not_tried"], "{made}");
        assert_eq!(world.token_status(&keys[2]).await.as_deref(), Some("CREATED"));
        assert_eq!(made[0]["tokens"], json!(1));
    })
    .await;
}
