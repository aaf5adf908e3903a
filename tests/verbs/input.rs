//! Keys from standard input: all of them are understood before anything is done with the first.

use std::time::Duration;

use authdb_tests::{Engine, World};

use crate::authdb;

#[tokio::test]
async fn a_bad_line_refuses_the_whole_list_with_its_number() {
    let world = World::create(Engine::Sqlite).await;
    let jti = world.add_token("CREATED", "lhcb:alice", Duration::from_mins(1)).await;
    let input = format!("{jti}\n\n  null\n");
    let outcome = authdb(&world).run_with_input(&["token", "revoke", "-", "--yes"], &input).await.ends_with(2);
    outcome.says("standard input, line 3: `  null` is not a key").says("Nothing was changed");
    assert_eq!(world.token_status(&jti).await.as_deref(), Some("CREATED"));
}

#[tokio::test]
async fn no_keys_at_all_is_no_success() {
    let world = World::create(Engine::Sqlite).await;
    let authdb = authdb(&world);
    authdb.run_with_input(&["token", "revoke", "-", "--yes"], "\n \n").await.ends_with(1).says("no key was given");
    let mixed = ["device", "deny", "-", "BCDFGHJK", "--yes"];
    authdb.run_with_input(&mixed, "LMNPQRST\n").await.ends_with(2).says("give either keys or `-`");
}
