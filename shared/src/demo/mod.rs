//! A make-believe installation: a `SQLite` database that looks and moves like DiracX's at a busy site.
//!
//! It lets people try every screen and action without a database of their own, and it behaves as DiracX does where that
//! matters: an approved code is exchanged by its client at the next poll, clients rotate their tokens, and a client that
//! presents a revoked token loses all sessions of its subject.
//!
//! It cannot be pointed at a real database: it only ever fills a file that it has made itself.
//!
//! [`Demo::create`] fills the file with an hour's past and half a year's tokens, and [`Demo::live`], called once a
//! second, lets people log in and out from then on. The programs connect to the file as to any other database.

mod janitor;
mod life;
mod population;
mod rows;
mod seed;

use std::path::{Path, PathBuf};

use rand::Rng;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use crate::actor::Actor;
use crate::clock::Timestamp;
use crate::config::{Config, ConfigError, Sources};
use crate::db::{AuthDb, DbError, WritePermit};
use crate::error::Error;
use crate::policy::Policy;
use janitor::Janitor;
use population::Population;

/// The installation, alive for as long as [`Demo::live`] is called.
///
/// # Examples
/// ```
/// use authdb_shared::clock;
/// use authdb_shared::config::Sources;
/// use authdb_shared::db::{AuthDb, Containing};
/// use authdb_shared::demo::Demo;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("demo.sqlite3");
/// let config = Demo::configuration(Sources::default(), &path)?;
/// let demo = Demo::create(&path, &config, clock::host_now(), &mut clock::randomness()).await?;
///
/// let db = AuthDb::connect_read_only(&config.database).await?;
/// let subjects = db.subjects(&Containing::default(), &config.policy, 10).await?;
/// assert_eq!(subjects.rows.len(), 10, "somebody is always logged in");
/// # demo.close().await;
/// # Ok(())
/// # }
/// ```
pub struct Demo {
    db: AuthDb,
    permit: WritePermit,
    pool: SqlitePool,
    policy: Policy,
    population: Population,
    clients: Vec<life::Client>,
    janitor: Janitor,
    beats: u64,
    /// How many of them have passed since somebody began a login with a code.
    quiet_beats: u64,
}

impl Demo {
    /// The configuration that points at a demo's file and registry: everything else as `sources` have it.
    ///
    /// # Errors
    /// If the sources hold something that cannot be used.
    ///
    /// # Examples
    /// ```
    /// use std::path::Path;
    ///
    /// use authdb_shared::config::Sources;
    /// use authdb_shared::demo::Demo;
    ///
    /// let config = Demo::configuration(Sources::default(), Path::new("/srv/demo.sqlite3"))?;
    /// assert_eq!(config.database.url.place(), "/srv/demo.sqlite3");
    /// # Ok::<(), authdb_shared::config::ConfigError>(())
    /// ```
    pub fn configuration(sources: Sources, path: &Path) -> Result<Config, ConfigError> {
        let url = format!("sqlite+aiosqlite:///{}", path.display());
        let registry = registry_path(path).display().to_string();
        let sources = sources.with_flag("approval.registry", "demo", Some(registry));
        Config::load(&sources.with_flag("database.url", "demo", Some(url)))
    }

    /// Makes the file and fills it, with a registry of its people beside it: three VOs, some 300 subjects, 2,000 tokens of
    /// which about 150 are live, and flows in every status and age.
    ///
    /// # Errors
    /// If the file exists, or cannot be written.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::clock;
    /// use authdb_shared::config::Sources;
    /// use authdb_shared::demo::Demo;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// let (path, random) = (folder.path().join("demo.sqlite3"), &mut clock::randomness());
    /// let config = Demo::configuration(Sources::default(), &path)?;
    /// Demo::create(&path, &config, clock::host_now(), random).await?.close().await;
    ///
    /// let again = Demo::create(&path, &config, clock::host_now(), random).await;
    /// assert!(again.is_err(), "a file that exists is never filled");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create(path: &Path, config: &Config, now: Timestamp, random: &mut impl Rng) -> Result<Self, Error> {
        if path.exists() {
            let place = config.database.url.place();
            return Err(DbError::NotEmpty { place, found: "a file of somebody else".to_owned() }.into());
        }
        let db = AuthDb::create(&config.database, now).await?;
        let permit = db.write_permit(&Actor::of_this_process())?;
        db.create_ledger(&permit).await?;
        let options = SqliteConnectOptions::new().filename(path).busy_timeout(config.database.lock_timeout);
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await
            .map_err(|error| failed(path, &error))?;
        let policy = config.policy.clone();
        let (population, janitor) = (Population::new(random), Janitor::new(&config.janitor, now));
        let mut demo =
            Self { db, permit, pool, policy, population, clients: Vec::new(), janitor, beats: 0, quiet_beats: 0 };
        demo.seed(now, random).await.map_err(|error| failed(path, &error))?;
        std::fs::write(registry_path(path), demo.population.registry())
            .map_err(|error| failed(path, &sqlx::Error::Io(error)))?;
        Ok(demo)
    }

    /// Closes the file.
    ///
    /// # Examples
    /// ```
    /// # use authdb_shared::{clock, config::Sources, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let (path, random) = (folder.path().join("demo.sqlite3"), &mut clock::randomness());
    /// # let config = Demo::configuration(Sources::default(), &path)?;
    /// let demo = Demo::create(&path, &config, clock::host_now(), random).await?;
    /// demo.close().await;
    /// std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close(mut self) {
        self.release_lease().await;
        self.db.close().await;
        self.pool.close().await;
    }
}

/// The registry of a demo lies beside its file.
fn registry_path(path: &Path) -> PathBuf {
    path.with_extension("yml")
}

fn failed(path: &Path, error: &sqlx::Error) -> Error {
    DbError::Failed {
        attempt: "filling the demo's database",
        place: path.display().to_string(),
        reason: error.to_string(),
    }
    .into()
}
