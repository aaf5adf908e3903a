//! `authdb demo`: the dashboard on a make-believe installation that lives beside it.

use std::time::Duration;

use anyhow::Context;
use authdb_shared::Error;
use authdb_shared::clock;
use authdb_shared::config::Sources;
use authdb_shared::db::AuthDb;
use authdb_shared::demo::Demo;
use tokio_util::sync::CancellationToken;

use crate::{dashboard, terminal};

/// One beat of the installation's life.
const BEAT: Duration = Duration::from_secs(1);

/// Makes the installation in a temporary folder, shows it, and removes it.
///
/// # Errors
/// If the folder cannot be written, or the dashboard fails.
pub async fn run(sources: Sources) -> anyhow::Result<()> {
    terminal::require()?;
    let folder = tempfile::Builder::new().prefix("authdb-demo-").tempdir().context("making a temporary folder")?;
    let path = folder.path().join("demo.sqlite3");
    let config = Demo::configuration(sources.clone(), &path).map_err(Error::from)?;
    let demo = Demo::create(&path, &config, clock::host_now(), &mut clock::randomness()).await?;
    let db = if config.dashboard.read_only {
        AuthDb::connect_read_only(&config.database).await
    } else {
        AuthDb::connect(&config.database).await
    }
    .map_err(Error::from)?;
    let stop = CancellationToken::new();
    let life = tokio::spawn(live(demo, stop.clone()));
    let shown = dashboard::run(db.clone(), "demo installation", &config, sources).await;
    stop.cancel();
    let lived = life.await.context("the demo broke off")?;
    db.close().await;
    shown.and(lived)
}

async fn live(mut demo: Demo, stop: CancellationToken) -> anyhow::Result<()> {
    let mut random = clock::randomness();
    let mut beats = tokio::time::interval(BEAT);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = beats.tick() => demo.live(clock::host_now(), &mut random).await?,
        }
    }
    demo.close().await;
    Ok(())
}
