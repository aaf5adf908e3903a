//! The chain of the journal: whole after any number of actions, and broken by whatever is done to it by hand.

use std::fmt::Write as _;
use std::sync::Arc;

use authdb_shared::db::{AuthDb, ChainFault, JournalCheck, hash};
use authdb_shared::ids::UserCode;
use authdb_tests::world::on_every_engine;
use authdb_tests::{Engine, World};

use crate::journal::is_sound;
use crate::ledger::make;

/// The hash before the first action.
fn genesis() -> String {
    "0".repeat(64)
}

/// A row of `AdminActions` but its hashes, every value as text.
#[derive(Clone)]
struct Row {
    id: i64,
    /// Time, actor, account, host, action, target, reason, outcome, details.
    values: [String; 9],
}

impl Row {
    fn new(id: i64) -> Self {
        let values = ["2026-11-23 14:03:07.250", "alice", "", "bastion", "deny", "BCDF-GHJK", "why", "done", "{}"];
        Self { id, values: values.map(str::to_owned) }
    }

    /// The hash as anybody can reckon it: SHA-256 of every value with its length before it, in eight bytes.
    fn hash(&self, previous: &str) -> String {
        let id = self.id.to_string();
        let begin = ["AdminActions 1", &id];
        let values = begin.into_iter().chain(self.values.iter().map(String::as_str)).chain([previous]);
        let text = values.fold(String::new(), |mut text, value| {
            let length = u8::try_from(value.len()).expect("the texts of this test are short");
            assert!(length < 128, "a byte that is no letter by itself");
            let _ = write!(text, "\0\0\0\0\0\0\0{}{value}", char::from(length));
            text
        });
        hash(&text)
    }

    /// The values of an INSERT.
    fn insert(&self, previous: &str) -> String {
        format!("({}, '{}', '{previous}', '{}')", self.id, self.values.join("', '"), self.hash(previous))
    }
}

const COLUMNS: [&str; 11] =
    ["Time", "Actor", "Account", "Host", "Action", "Target", "Reason", "Outcome", "Details", "PreviousHash", "Hash"];

/// Writes a whole chain of so many actions, as another program could.
async fn write_chain(world: &World, actions: i64) -> Vec<String> {
    let mut hashes = vec![genesis()];
    let mut rows = Vec::new();
    for id in 1..=actions {
        let row = Row::new(id);
        let previous = hashes.last().expect("there is the first");
        rows.push(row.insert(previous));
        hashes.push(row.hash(previous));
    }
    world.execute("DELETE FROM AdminActions").await;
    for rows in rows.chunks(400) {
        world
            .execute(&format!("INSERT INTO AdminActions (Id, {}) VALUES {}", COLUMNS.join(", "), rows.join(", ")))
            .await;
    }
    set_head(world, actions, &hashes[hashes.len() - 1]).await;
    hashes
}

async fn set_head(world: &World, number: i64, hash: &str) {
    let set = format!("UPDATE JanitorLease SET FencingNumber = {number}, Holder = '{hash}' WHERE Name = 'journal'");
    world.execute(&set).await;
}

async fn verify(world: &World) -> JournalCheck {
    world.db.verify_journal().await.expect("the journal can be verified")
}

fn unknown() -> UserCode {
    UserCode::read("ZZZZZZZZ").expect("a code")
}

#[tokio::test]
async fn an_empty_journal_is_sound() {
    on_every_engine(|world| async move {
        make(&world).await;
        write_chain(&world, 0).await;
        assert_eq!(verify(&world).await, JournalCheck { sound: 0, head: genesis(), fault: None });
        world.db.deny_device_flow(&world.permit, &unknown()).await.expect("it works").expect_err("unknown");
        is_sound(&world, 1).await;
    })
    .await;
}

#[tokio::test]
async fn twelve_hundred_actions_are_verified_page_by_page() {
    on_every_engine(|world| async move {
        make(&world).await;
        let hashes = write_chain(&world, 1200).await;
        let check = verify(&world).await;
        assert_eq!((check.sound, &check.fault), (1200, &None), "on {}", world.engine());
        assert_eq!(check.head, hashes[1200]);
        // It goes on as it was written, and every page is looked at, from its first row to its last.
        world.db.deny_device_flow(&world.permit, &unknown()).await.expect("it works").expect_err("unknown");
        is_sound(&world, 1201).await;
        for (id, sound) in [(1201, 1200), (1001, 1000), (1000, 999), (501, 500), (500, 499), (1, 0)] {
            world.execute(&format!("UPDATE AdminActions SET Reason = 'none' WHERE Id = {id}")).await;
            let check = verify(&world).await;
            assert_eq!((check.sound, check.fault), (sound, Some(ChainFault::Changed(id))), "on {}", world.engine());
        }
    })
    .await;
}

/// What somebody could do to a chain of six, and what is said of it: how many are sound, and what is wrong then.
fn tamperings(hashes: &[String]) -> Vec<(String, u64, ChainFault)> {
    let mut tamperings = Vec::new();
    for column in COLUMNS {
        let value = match column {
            "Time" => "2026-11-23 14:03:07.251".to_owned(),
            "PreviousHash" | "Hash" => hashes[1].clone(),
            _ => "x".to_owned(),
        };
        let change = format!("UPDATE AdminActions SET {column} = '{value}' WHERE Id = 3");
        tamperings.push((change, 2, ChainFault::Changed(3)));
    }
    let mut also = |statements: &str, sound, fault| tamperings.push((statements.to_owned(), sound, fault));
    also("UPDATE AdminActions SET Reason = 'Why' WHERE Id = 3", 2, ChainFault::Changed(3));
    also("UPDATE AdminActions SET Reason = 'why ' WHERE Id = 3", 2, ChainFault::Changed(3));
    also("UPDATE AdminActions SET Id = 30 WHERE Id = 3", 2, ChainFault::Missing(3));
    also("UPDATE AdminActions SET Id = 0 WHERE Id = 3", 0, ChainFault::Added(0));
    also("UPDATE AdminActions SET Id = -9223372036854775808 WHERE Id = 3", 0, ChainFault::Added(i64::MIN));
    also("DELETE FROM AdminActions WHERE Id = 1", 0, ChainFault::Missing(1));
    also("DELETE FROM AdminActions WHERE Id = 3", 2, ChainFault::Missing(3));
    also("DELETE FROM AdminActions WHERE Id = 6", 5, ChainFault::Missing(6));
    also("DELETE FROM AdminActions", 0, ChainFault::Missing(1));
    also(
        "UPDATE AdminActions SET Id = 30 WHERE Id = 3; UPDATE AdminActions SET Id = 3 WHERE Id = 4; \
         UPDATE AdminActions SET Id = 4 WHERE Id = 30",
        2,
        ChainFault::Changed(3),
    );
    let add = |row: &Row, previous: &str| {
        format!("INSERT INTO AdminActions (Id, {}) VALUES {}", COLUMNS.join(", "), row.insert(previous))
    };
    also(&add(&Row::new(7), &hashes[6]), 6, ChainFault::Added(7));
    also(&add(&Row::new(700), &hashes[6]), 6, ChainFault::Added(700));
    also(&add(&Row::new(i64::MAX), &hashes[6]), 6, ChainFault::Added(i64::MAX));
    also(&add(&Row::new(0), &genesis()), 0, ChainFault::Added(0));
    // Rows written anew, with hashes that fit them.
    let replace =
        |row: &Row, previous: &str| format!("DELETE FROM AdminActions WHERE Id = {}; {}", row.id, add(row, previous));
    let mut other = Row::new(3);
    "another reason".clone_into(&mut other.values[6]);
    also(&replace(&other, &hashes[2]), 3, ChainFault::Detached(4));
    also(&replace(&Row::new(3), &hashes[1]), 2, ChainFault::Detached(3));
    other.id = 6;
    also(&replace(&other, &hashes[5]), 5, ChainFault::Replaced(6));
    // What stands beside the chain.
    let set_head = |number: i64, hash: &str| {
        format!("UPDATE JanitorLease SET FencingNumber = {number}, Holder = '{hash}' WHERE Name = 'journal'")
    };
    also(&set_head(6, &hashes[5]), 5, ChainFault::Replaced(6));
    also(&set_head(7, &hashes[6]), 6, ChainFault::Missing(7));
    also(&set_head(5, &hashes[5]), 5, ChainFault::Added(6));
    also(&set_head(0, ""), 0, ChainFault::Added(1));
    also(&set_head(-1, ""), 0, ChainFault::Added(1));
    also("DELETE FROM JanitorLease WHERE Name = 'journal'", 6, ChainFault::Uncounted);
    tamperings
}

#[tokio::test]
async fn the_first_row_that_is_not_as_it_was_written_is_named() {
    on_every_engine(|world| async move {
        make(&world).await;
        let hashes = write_chain(&world, 6).await;
        for table in ["AdminActions", "JanitorLease"] {
            world.execute(&format!("CREATE TABLE Kept{table} AS SELECT * FROM {table}")).await;
        }
        for (statements, sound, fault) in tamperings(&hashes) {
            is_sound(&world, 6).await;
            world.execute(&statements).await;
            let check = verify(&world).await;
            assert_eq!((check.sound, &check.fault), (sound, &Some(fault)), "{statements} on {}", world.engine());
            let sound = usize::try_from(sound).expect("there are six");
            let newest = hashes[sound].as_str();
            assert!(sound == 3 || check.head == newest, "the newest sound one's: {statements} on {}", world.engine());
            for table in ["AdminActions", "JanitorLease"] {
                world.execute(&format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM Kept{table}")).await;
            }
        }
        // Whoever shortens both gets away with it here, but not from somebody who kept the hash.
        world.execute("DELETE FROM AdminActions WHERE Id = 6").await;
        set_head(&world, 5, &hashes[5]).await;
        assert_eq!(verify(&world).await, JournalCheck { sound: 5, head: hashes[5].clone(), fault: None });
    })
    .await;
}

#[tokio::test]
async fn a_value_that_is_no_text_is_named_and_hides_no_other_row() {
    let world = World::create(Engine::Sqlite).await;
    make(&world).await;
    write_chain(&world, 6).await;
    for column in COLUMNS {
        for value in ["x'00ff'", "CAST(x'ff' AS TEXT)", "12345"] {
            world.execute(&format!("UPDATE AdminActions SET {column} = {value} WHERE Id = 3")).await;
            let check = verify(&world).await;
            assert_eq!((check.sound, check.fault), (2, Some(ChainFault::Changed(3))), "{column} = {value}");
            let listed = world.db.admin_actions(None, 10).await.expect("the journal can be read").rows;
            assert_eq!(listed.len(), 6, "{column} = {value}");
            write_chain(&world, 6).await;
        }
    }
}

#[tokio::test]
async fn actions_that_are_written_meanwhile_are_no_fault() {
    on_every_engine(|world| async move {
        make(&world).await;
        let writers: Vec<_> = (0..3)
            .map(|_| {
                let world = Arc::clone(&world);
                tokio::spawn(async move {
                    let db = AuthDb::connect(&world.config).await.expect("connecting works");
                    for _ in 0..30 {
                        db.deny_device_flow(&world.permit, &unknown()).await.expect("it works").expect_err("unknown");
                    }
                })
            })
            .collect();
        let mut sound = 0;
        while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
            let check = verify(&world).await;
            assert!(check.fault.is_none() && check.sound >= sound, "{check:?} on {}", world.engine());
            sound = check.sound;
        }
        for writer in writers {
            writer.await.expect("no action fails");
        }
        is_sound(&world, 91).await;
    })
    .await;
}
