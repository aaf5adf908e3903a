//! Facts about the server, as an administrator looks for them when something is wrong.

use authdb_shared::clock;
use authdb_tests::world::on_every_engine;
use authdb_tests::{Engine, World};

#[tokio::test]
async fn the_server_and_the_account_are_described() {
    on_every_engine(|world| async move {
        let facts = world.db.server_facts(clock::host_now).await.expect("the server answers");
        assert_eq!(facts.flavour, world.engine().to_string());
        assert!(facts.version.chars().next().is_some_and(|first| first.is_ascii_digit()), "{facts:?}");
        assert!(facts.clock_difference_millis.abs() < 30_000, "one machine has one clock: {facts:?}");
        assert!(!facts.is_read_only && facts.galera.is_none(), "{facts:?}");
        if world.engine() == Engine::Sqlite {
            assert_eq!((facts.account.as_str(), facts.grants.len()), ("", 0));
            return;
        }
        assert!(facts.account.starts_with("authdb@"), "{facts:?}");
        assert!(facts.grants.iter().any(|grant| grant.starts_with("GRANT ")), "{facts:?}");
        assert!(!format!("{facts:?}").contains("IDENTIFIED"), "a digest of the password is shown: {facts:?}");
        assert_eq!(facts.isolation, "READ COMMITTED");
    })
    .await;
}

#[tokio::test]
async fn the_character_set_is_that_of_the_database() {
    for engine in authdb_tests::world::servers() {
        let world = World::create_with_charset(engine, "latin1").await;
        let facts = world.db.server_facts(clock::host_now).await.expect("the server answers");
        assert_eq!((facts.charset.as_str(), facts.collation.as_str()), ("latin1", "latin1_swedish_ci"), "{engine}");
    }
}
