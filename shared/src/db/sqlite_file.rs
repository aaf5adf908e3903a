//! The file behind `SQLite` connections.
//!
//! An open file goes on working after it was moved, deleted or replaced: its connections then show, and change, what
//! nobody else can see any more. So before each unit of work the path is looked at. While there is no file, the database
//! counts as lost; when there is another one, connections to the old one are closed.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

/// Connections to one file.
#[derive(Clone, Debug)]
pub(super) struct SqliteFile {
    pub(super) pool: SqlitePool,
    path: Arc<Path>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug)]
struct Seen {
    identity: Identity,
    replaced_at: Option<Instant>,
}

/// What tells one file from another at the same path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    fn of(path: &Path) -> std::io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        Ok(Self { device: metadata.dev(), inode: metadata.ino() })
    }
}

impl SqliteFile {
    /// Opens a file that exists.
    pub(super) async fn open(
        path: &Path,
        options: SqliteConnectOptions,
        connections: u32,
        patience: Duration,
    ) -> Result<Self, sqlx::Error> {
        let seen = Arc::new(Mutex::new(Seen { identity: Identity::of(path)?, replaced_at: None }));
        let watched = Arc::clone(&seen);
        let pool = SqlitePoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(patience)
            .before_acquire(move |_, connection| {
                let replaced_at = watched.lock().unwrap_or_else(PoisonError::into_inner).replaced_at;
                let is_current = replaced_at.is_none_or(|replaced| connection.age < replaced.elapsed());
                Box::pin(std::future::ready(Ok(is_current)))
            })
            .connect_with(options)
            .await?;
        Ok(Self { pool, path: Arc::from(path), seen })
    }

    /// Makes sure that the next connection is one to the file that is at the path now.
    pub(super) fn look(&self) -> Result<(), sqlx::Error> {
        let identity = Identity::of(&self.path)?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.identity != identity {
            *seen = Seen { identity, replaced_at: Some(Instant::now()) };
        }
        Ok(())
    }
}
