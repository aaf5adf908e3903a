//! One test, run against every kind of database at the same time.

use std::future::Future;
use std::sync::Arc;

use authdb_shared::partition::KeyForm;

use super::World;
use crate::database::TestDatabase;
use crate::environment::{Engine, engines};

/// Runs a test against DiracX's schema on every engine, at the same time.
///
/// The world comes in an [`Arc`]: of a plain one, a test that names two fields would capture those and drop the rest.
pub async fn on_every_engine<F>(test: impl Fn(Arc<World>) -> F + Copy + Send + Sync + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    on_engines(engines(), move |engine| async move { test(Arc::new(World::create(engine).await)).await }).await;
}

/// The same on the servers, which alone have partitions, locks and character sets.
pub async fn on_every_server<F>(test: impl Fn(Arc<World>) -> F + Copy + Send + Sync + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    on_engines(servers(), move |engine| async move { test(Arc::new(World::create(engine).await)).await }).await;
}

/// The same on every engine, and once more on MariaDB with the `char(32)` keys of older installations.
pub async fn on_every_key_column<F>(test: impl Fn(Arc<World>) -> F + Copy + Send + Sync + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    tokio::join!(on_every_engine(test), with_plain_keys(test));
}

/// The same where `RefreshTokens` has partitions: on the servers, with either kind of key on MariaDB.
pub async fn on_every_partitioned_table<F>(test: impl Fn(Arc<World>) -> F + Copy + Send + Sync + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    tokio::join!(on_every_server(test), with_plain_keys(test));
}

async fn with_plain_keys<F>(test: impl Fn(Arc<World>) -> F + Copy + Send + Sync + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    let run = tokio::spawn(async move {
        let database = TestDatabase::create(Engine::MariaDb).await.expect("a database is made");
        test(Arc::new(World::create_in(database, KeyForm::Plain).await)).await;
    });
    assert!(run.await.is_ok(), "failed on MariaDB with char(32) keys");
}

/// Runs a test once per engine, at the same time, and names the engines on which it fails.
pub async fn on_engines<F>(engines: Vec<Engine>, test: impl Fn(Engine) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let runs: Vec<_> = engines.into_iter().map(|engine| (engine, tokio::spawn(test(engine)))).collect();
    let mut failed = Vec::new();
    for (engine, run) in runs {
        if run.await.is_err() {
            failed.push(engine.to_string());
        }
    }
    assert!(failed.is_empty(), "failed on {}", failed.join(" and "));
}

/// The engines that are servers.
#[must_use]
pub fn servers() -> Vec<Engine> {
    engines().into_iter().filter(|engine| engine.flavour().is_some()).collect()
}
