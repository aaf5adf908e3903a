//! Clients that refresh their tokens while the dashboard is looked at: each is revoked and replaced in one transaction, as
//! DiracX does it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use authdb_shared::clock;
use authdb_tests::Pool;
use authdb_tests::measure::{Meanwhile, Rate, Samples};
use authdb_tests::world::{SCOPE, key_at};
use rand::RngExt as _;

use crate::installation::Installation;

/// Tokens of the rotations' own, of which the oldest is replaced. Clients refresh when their access token runs out, so that
/// the newest tokens of an installation live, many more of them than a list shows.
const IN_ROTATION: usize = 10_000;

const INSERT: &str = "INSERT INTO RefreshTokens (JTI, Status, Scope, Sub) VALUES (?, 'CREATED', ?, ?)";
const REVOKE: &str = "UPDATE RefreshTokens SET Status = 'REVOKED' WHERE JTI = ?";

/// Clients that go on until they are told to stop.
pub(crate) struct Rotations(Meanwhile<Samples>);

/// In words.
pub(crate) fn describe() -> &'static str {
    "tokens are issued as fast as they expire, each beside another's revocation, in one transaction after the other"
}

impl Rotations {
    /// Begins.
    ///
    /// # Errors
    /// When there are too many tokens to count.
    pub(crate) fn begin(installation: &Installation) -> Result<Self> {
        let (pool, subjects) = (installation.world.database.pool().clone(), installation.subjects.clone());
        let every = installation.issued_every()?.max(Duration::from_millis(1));
        Ok(Self(Meanwhile::begin(every, |rate| rotate(pool, subjects, rate))))
    }

    /// Ends, and gives how long each rotation took.
    ///
    /// # Errors
    /// When one failed.
    pub(crate) async fn end(self) -> Result<Samples> {
        self.0.end().await
    }
}

async fn rotate(pool: Pool, subjects: Vec<String>, mut rate: Rate) -> Result<Samples> {
    let mut random = clock::randomness();
    let mut samples = Samples::default();
    let mut issued = VecDeque::new();
    while rate.next().await {
        let key = key_at(clock::host_now());
        let subject = &subjects[random.random_range(0..subjects.len())];
        let replaced = if issued.len() < IN_ROTATION { None } else { issued.pop_front() };
        let start = Instant::now();
        exchange(&pool, replaced.as_deref(), &key, subject).await.context("a rotation failed")?;
        samples.push(start.elapsed());
        issued.push_back(key);
    }
    Ok(samples)
}

async fn exchange(pool: &Pool, replaced: Option<&str>, key: &str, subject: &str) -> Result<(), sqlx::Error> {
    match pool {
        Pool::MySql(pool) => {
            let mut transaction = pool.begin().await?;
            if let Some(replaced) = replaced {
                sqlx::query(REVOKE).bind(replaced).execute(&mut *transaction).await?;
            }
            sqlx::query(INSERT).bind(key).bind(SCOPE).bind(subject).execute(&mut *transaction).await?;
            transaction.commit().await
        }
        Pool::Sqlite(pool) => {
            let mut transaction = pool.begin().await?;
            if let Some(replaced) = replaced {
                sqlx::query(REVOKE).bind(replaced).execute(&mut *transaction).await?;
            }
            sqlx::query(INSERT).bind(key).bind(SCOPE).bind(subject).execute(&mut *transaction).await?;
            transaction.commit().await
        }
    }
}
