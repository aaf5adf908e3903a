//! What is printed: exact for programs, harmless for terminals, quiet when nobody reads on.

use std::time::Duration;

use authdb_tests::world::{AuthorizationFlowRow, DeviceFlowRow, TokenRow, key_at};
use authdb_tests::{Engine, World};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::authdb;

#[tokio::test]
async fn hostile_text_steers_no_terminal_in_any_form_and_json_is_exact() {
    let world = World::create(Engine::Sqlite).await;
    let authdb = authdb(&world);
    let client = "\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}=cmd()";
    world.add_device_flow(DeviceFlowRow { client, ..DeviceFlowRow::default() }).await;
    for form in ["table", "json", "jsonl", "csv"] {
        for arguments in [&["device", "list", "--output", form][..], &["device", "show", "BCDFGHJK", "--output", form]]
        {
            let outcome = authdb.run(arguments).await.succeeds();
            let steers = |letter: char| (letter.is_control() && letter != '\n') || letter == '\u{202e}';
            assert!(!outcome.output.contains(steers), "{form}: {outcome:?}");
        }
    }
    assert_eq!(authdb.json(&["device", "list"]).await[0]["client"], client);
}

#[tokio::test]
async fn a_list_goes_over_its_pages_and_says_when_there_are_more() {
    let world = World::create(Engine::Sqlite).await;
    let authdb = authdb(&world);
    let token = |index: u32| {
        TokenRow::created(key_at(world.start.before(Duration::from_millis(u64::from(index)))), "lhcb:alice")
    };
    world.add_tokens(&(1..=2300).map(token).collect::<Vec<_>>()).await;
    let whole = authdb.run(&["token", "list", "--limit", "none", "--output", "jsonl"]).await.succeeds();
    let mut keys: Vec<String> = whole.values().iter().map(|row| row["jti"].to_string()).collect();
    assert!(whole.errors.is_empty(), "{}", whole.errors);
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 2300);
    let part = authdb.run(&["token", "list", "--limit", "1500", "--output", "csv"]).await.succeeds();
    assert_eq!(part.output.lines().count(), 1501);
    part.says("there are more than these 1500").says("--limit (1500)");
}

#[tokio::test]
async fn what_should_not_be_is_said_of_each_row_in_every_list() {
    let world = World::create(Engine::Sqlite).await;
    let authdb = authdb(&world);
    world.add_device_flow(DeviceFlowRow { code: "a1-e9", ..DeviceFlowRow::default() }).await;
    world.add_device_flow(DeviceFlowRow::default()).await;
    let redirect_uri = "http://dirac.example/auth";
    world.add_authorization_flow(AuthorizationFlowRow { redirect_uri, ..AuthorizationFlowRow::default() }).await;
    world.add_token("CREATED", "robot", Duration::from_mins(1)).await;
    world.add_token("REVOKED", "robot", Duration::from_mins(2)).await;
    let without_vo = "The subject has no VO before it.";
    for (arguments, expected) in [
        (&["device", "show", "a1-e9"][..], "The code is not one that today's DiracX draws"),
        (&["flow", "list"], "It returns to http://dirac.example/auth"),
        (&["token", "list"], without_vo),
        (&["subject", "list"], without_vo),
        (&["subject", "show", "robot"], without_vo),
    ] {
        let printed = authdb.json(arguments).await;
        let row = printed.get(0).unwrap_or(&printed);
        let sentences = row["anomalies"].as_array().expect("a list of sentences");
        assert!(sentences[0].as_str().is_some_and(|text| text.starts_with(expected)), "{arguments:?}: {sentences:?}");
    }
    let plain = authdb.json(&["device", "show", "BCDF-GHJK"]).await;
    assert_eq!(plain["anomalies"], serde_json::json!([]), "nothing odd is an empty list, which a program can count");
    let list = authdb.json(&["subject", "list"]).await;
    assert_eq!((&list[0]["rotations_per_hour"], &list[0]["vo"]), (&1.0.into(), &serde_json::Value::Null));
    assert_eq!(authdb.json(&["subject", "show", "robot"]).await["rotations_per_hour"], 1.0);
    let csv = authdb.run(&["subject", "list", "--output", "csv"]).await.succeeds();
    assert!(csv.output.contains(&format!("1.0,{without_vo}")), "{csv:?}");
}

#[tokio::test]
async fn a_reader_that_has_seen_enough_is_left_in_peace() {
    let world = World::create(Engine::Sqlite).await;
    let token = |index: u32| {
        TokenRow::created(key_at(world.start.before(Duration::from_millis(u64::from(index)))), "lhcb:alice")
    };
    world.add_tokens(&(1..=3000).map(token).collect::<Vec<_>>()).await;
    let authdb = authdb(&world);
    let mut child = authdb.command(&["token", "list", "--limit", "3000"]).spawn().expect("the program starts");
    let mut lines = BufReader::new(child.stdout.take().expect("its output is a pipe")).lines();
    lines.next_line().await.expect("it can be read").expect("there is a line");
    drop(lines);
    let ended = child.wait_with_output().await.expect("it ends");
    assert_eq!((ended.status.code(), ended.stderr), (Some(0), Vec::new()));
}

#[tokio::test]
async fn what_is_asked_for_is_done_to_its_end_although_it_cannot_be_reported() {
    for format in ["jsonl", "json", "csv", "table"] {
        let world = World::create(Engine::Sqlite).await;
        let age = Duration::from_mins(1);
        let keys =
            [world.add_token("CREATED", "lhcb:alice", age).await, world.add_token("CREATED", "lhcb:bob", age).await];
        let arguments = ["token", "revoke", &keys[0].to_string(), &keys[1].to_string(), "--yes", "--output", format];
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
        let child = authdb(&world).command(&arguments).stdout(full).spawn().expect("the program starts");
        let ended = child.wait_with_output().await.expect("it ends");
        let errors = String::from_utf8(ended.stderr).expect("it writes UTF-8");
        assert_eq!(ended.status.code(), Some(1), "{format}: {errors}");
        assert!(errors.contains("2 of 2 done, but the report could not be written"), "{format}: {errors}");
        for key in &keys {
            assert_eq!(world.token_status(key).await.as_deref(), Some("REVOKED"), "{format}: {errors}");
        }
    }
}

#[tokio::test]
async fn the_configuration_is_listed_with_its_places_and_without_its_passwords() {
    let authdb = crate::Program::authdb()
        .on("mysql://authdb:hunter2@db.example/auth")
        .with_file("config.toml", "[policy]\nmax_clock_skew = \"45s\"\n");
    let listed = authdb.run(&["config", "--output", "json"]).await.succeeds();
    assert!(!listed.output.contains("hunter2"), "{listed:?}");
    let find = |key: &str| {
        let rows = listed.value();
        rows.as_array().and_then(|rows| rows.iter().find(|row| row["key"] == key).cloned()).expect("the key is listed")
    };
    let url = find("database.url");
    assert_eq!(url["value"], "mysql://authdb:***@db.example:3306/auth");
    assert_eq!(url["origin"], "environment variable AUTHDB_DATABASE_URL");
    assert_eq!(find("policy.max_clock_skew")["origin"], "config.toml, line 2");
    assert_eq!(find("database.lock_timeout")["origin"], "default");
}

#[tokio::test]
async fn every_shell_gets_its_words() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let words = crate::Program::authdb().run(&["completions", shell]).await.succeeds();
        assert!(words.output.contains("revoke") && words.output.contains("dry-run"), "{shell}");
    }
}
