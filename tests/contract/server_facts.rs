//! Facts about the server, as an administrator looks for them when something is wrong.

use authdb_shared::clock;
use authdb_shared::config::{Config, Sources};
use authdb_shared::health::Finding;
use authdb_tests::world::{on_every_engine, servers};
use authdb_tests::{Engine, Flavour, Server, World};
use tokio::task::spawn_blocking;

use crate::encryption::world_on;

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

#[tokio::test]
async fn a_server_whose_commits_wait_for_nothing_is_told_with_the_cure() {
    if !servers().contains(&Engine::MySql) {
        return;
    }
    let start = || Server::start_with(Flavour::MySql, ["--innodb-log-writer-threads=OFF".into()]);
    let server = spawn_blocking(start).await.expect("no panic").expect("the server starts");
    let world = world_on(&server).await;
    let config = Config::load(&Sources::default()).expect("the defaults are valid");
    let about_commits = async || -> Option<Finding> {
        let findings = world.db.diagnose(&config, &[], clock::host_now).await.expect("the server answers");
        findings.into_iter().find(|finding| finding.subject == "commits")
    };
    let finding = about_commits().await.expect("the server is of that kind");
    let (_, cure) = finding.text.split_once("; ").expect("there is a cure");
    let statement = cure.strip_suffix(" mends it without a restart").expect("it is a statement");
    world.execute(statement).await;
    assert_eq!(about_commits().await, None, "the cure has helped");
}
