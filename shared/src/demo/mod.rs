//! A make-believe installation: a `SQLite` database that looks and moves like DiracX's at a busy site.
//!
//! It lets people try every screen and action without a database of their own, and it behaves as DiracX does where that
//! matters: an approved code is exchanged by its client at the next poll, clients rotate their tokens, and a client that
//! presents a revoked token loses all sessions of its subject.
//!
//! It cannot be pointed at a real database: it only ever fills a file that it has made itself.

mod life;
mod population;
mod rows;
mod seed;

use std::path::Path;

use rand::Rng;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use crate::clock::Timestamp;
use crate::config::{Config, ConfigError, Sources};
use crate::db::{AuthDb, DbError, WritePermit};
use crate::error::Error;
use crate::policy::Policy;
use population::Population;

/// The installation, alive for as long as [`Demo::live`] is called.
pub struct Demo {
    db: AuthDb,
    permit: WritePermit,
    pool: SqlitePool,
    policy: Policy,
    population: Population,
    clients: Vec<life::Client>,
    beats: u64,
}

impl Demo {
    /// The configuration that points at a demo's file: everything else as `sources` have it.
    ///
    /// # Errors
    /// If the sources hold something that cannot be used.
    pub fn configuration(sources: Sources, path: &Path) -> Result<Config, ConfigError> {
        let url = format!("sqlite+aiosqlite:///{}", path.display());
        Config::load(&sources.with_flag("database.url", "demo", Some(url)))
    }

    /// Makes the file and fills it: three VOs, some 300 subjects, 2,000 tokens of which about 150 are live, and flows in
    /// every status and age.
    ///
    /// # Errors
    /// If the file exists, or cannot be written.
    pub async fn create(path: &Path, config: &Config, now: Timestamp, random: &mut impl Rng) -> Result<Self, Error> {
        if path.exists() {
            let place = config.database.url.place();
            return Err(DbError::NotEmpty { place, found: "a file of somebody else".to_owned() }.into());
        }
        let db = AuthDb::create(&config.database, now).await?;
        let permit = db.write_permit()?;
        let options = SqliteConnectOptions::new().filename(path).busy_timeout(config.database.lock_timeout);
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await
            .map_err(|error| failed(path, &error))?;
        let policy = config.policy.clone();
        let mut demo =
            Self { db, permit, pool, policy, population: Population::new(random), clients: Vec::new(), beats: 0 };
        demo.seed(now, random).await.map_err(|error| failed(path, &error))?;
        Ok(demo)
    }

    /// Closes the file.
    pub async fn close(self) {
        self.db.close().await;
        self.pool.close().await;
    }
}

fn failed(path: &Path, error: &sqlx::Error) -> Error {
    DbError::Failed {
        attempt: "filling the demo's database",
        place: path.display().to_string(),
        reason: error.to_string(),
    }
    .into()
}
