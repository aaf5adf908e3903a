//! People who log in and refresh their tokens while something else is measured.
//!
//! They use a connection of their own as DiracX's are, under the server's default isolation (REPEATABLE READ), which is
//! the one that waits for locks on gaps. A third of them stand in the indexes right beside the subject that is revoked.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use authdb_shared::clock;
use authdb_shared::ids::Jti;
use authdb_tests::measure::{Meanwhile, Rate, Samples, TokenTable};
use authdb_tests::world::SCOPE;
use rand::{Rng, RngExt as _};
use sqlx::{Connection as _, MySqlConnection};

/// A login or a refresh begins this often, unless the one before takes longer: 250 of each per second.
const EVERY: Duration = Duration::from_millis(2);

/// DiracX's `insert_refresh_token`, `get_refresh_token` and `revoke_refresh_token`.
const INSERT: &str = "INSERT INTO RefreshTokens (JTI, Status, Scope, Sub) VALUES (?, 'CREATED', ?, ?)";
const LOCK: &str = "SELECT JTI, Status, Scope, Sub FROM RefreshTokens WHERE JTI = ? FOR UPDATE";
const REVOKE: &str = "UPDATE RefreshTokens SET Status = 'REVOKED' WHERE JTI = ?";

/// How long each took.
#[derive(Debug, Default)]
pub(crate) struct Durations {
    /// Logins: one INSERT.
    pub(crate) logins: Samples,
    /// Refreshes: a transaction that locks and revokes a token and inserts its successor.
    pub(crate) refreshes: Samples,
}

impl Durations {
    /// All of another series, behind these.
    pub(crate) fn append(&mut self, others: Self) {
        self.logins.append(others.logins);
        self.refreshes.append(others.refreshes);
    }
}

/// People who log in until they are told to stop.
pub(crate) struct Logins {
    task: Meanwhile<Durations>,
    /// Their connection, as the server numbers it.
    pub(crate) connection: u64,
}

impl Logins {
    /// Begins. `beside` are the neighbours of whoever is revoked.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub(crate) async fn begin(table: &TokenTable, beside: &[&str]) -> Result<Self> {
        let mut connection =
            MySqlConnection::connect(table.database.url()).await.context("cannot connect to log people in")?;
        let id = sqlx::query_scalar("SELECT CONNECTION_ID()").fetch_one(&mut connection).await?;
        let (ordinary, beside) =
            (table.population.ordinary.clone(), beside.iter().map(|&name| name.to_owned()).collect());
        let task = Meanwhile::begin(EVERY, |rate| log_in(connection, ordinary, beside, rate));
        Ok(Self { task, connection: id })
    }

    /// Ends, and gives what was measured.
    ///
    /// # Errors
    /// When a login failed.
    pub(crate) async fn end(self) -> Result<Durations> {
        self.task.end().await
    }
}

async fn log_in(
    mut connection: MySqlConnection,
    ordinary: Vec<String>,
    beside: Vec<String>,
    mut rate: Rate,
) -> Result<Durations> {
    let mut random = clock::randomness();
    let mut durations = Durations::default();
    while rate.next().await {
        let who = if random.random_ratio(1, 3) { &beside } else { &ordinary };
        let who = &who[random.random_range(0..who.len())];
        let token = new_token(&mut random);
        let start = Instant::now();
        insert(&mut connection, &token, who).await?;
        durations.logins.push(start.elapsed());
        if !rate.next().await {
            break;
        }
        let successor = new_token(&mut random);
        let start = Instant::now();
        refresh(&mut connection, &token, &successor, who).await?;
        durations.refreshes.push(start.elapsed());
    }
    connection.close().await.context("cannot close the connection of the logins")?;
    Ok(durations)
}

fn new_token(random: &mut impl Rng) -> String {
    Jti::issue(clock::host_now(), random).to_string().replace('-', "")
}

async fn insert(connection: &mut MySqlConnection, token: &str, subject: &str) -> Result<()> {
    let done = sqlx::query(INSERT).bind(token).bind(SCOPE).bind(subject).execute(connection).await;
    done.map(drop).context("a login failed")
}

async fn refresh(connection: &mut MySqlConnection, token: &str, successor: &str, subject: &str) -> Result<()> {
    let mut transaction = connection.begin().await?;
    sqlx::query(LOCK).bind(token).fetch_one(&mut *transaction).await.context("a refresh failed")?;
    sqlx::query(REVOKE).bind(token).execute(&mut *transaction).await.context("a refresh failed")?;
    insert(&mut transaction, successor, subject).await?;
    transaction.commit().await.context("a refresh failed")
}
