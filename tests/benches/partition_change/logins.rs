//! People who log in to the end: each gets a refresh token, by a connection of their own.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use authdb_shared::clock;
use authdb_shared::ids::Jti;
use authdb_tests::TestDatabase;
use authdb_tests::measure::{Meanwhile, Rate, Samples};
use authdb_tests::world::SCOPE;
use sqlx::{Connection as _, MySqlConnection};

/// How many people, and how often each logs in unless the login before takes longer.
const PEOPLE: u32 = 4;
const EVERY: Duration = Duration::from_millis(5);

/// DiracX's `insert_refresh_token`.
const TOKEN: &str = "INSERT INTO RefreshTokens (JTI, Status, Scope, Sub) VALUES (?, 'CREATED', ?, 'lhcb:amara')";

/// People who log in until they are told to stop.
pub(crate) struct Logins(Vec<Meanwhile<Samples>>);

/// In words.
pub(crate) fn describe() -> String {
    format!("{PEOPLE} people, each of whom gets a refresh token every {EVERY:?}")
}

impl Logins {
    /// Begins.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub(crate) async fn begin(database: &TestDatabase) -> Result<Self> {
        let mut people = Vec::new();
        for _ in 0..PEOPLE {
            let connection =
                MySqlConnection::connect(database.url()).await.context("cannot connect to log people in")?;
            people.push(Meanwhile::begin(EVERY, |rate| log_in(connection, rate)));
        }
        Ok(Self(people))
    }

    /// Ends, and gives how long each login took.
    ///
    /// # Errors
    /// When one failed.
    pub(crate) async fn end(self) -> Result<Samples> {
        let mut samples = Samples::default();
        for person in self.0 {
            samples.append(person.end().await?);
        }
        Ok(samples)
    }
}

async fn log_in(mut connection: MySqlConnection, mut rate: Rate) -> Result<Samples> {
    let mut random = clock::randomness();
    let mut samples = Samples::default();
    while rate.next().await {
        let key = Jti::issue(clock::host_now(), &mut random).to_string().replace('-', "");
        let start = Instant::now();
        sqlx::query(TOKEN).bind(&key).bind(SCOPE).execute(&mut connection).await.context("a login failed")?;
        samples.push(start.elapsed());
    }
    connection.close().await.context("cannot close the connection of a login")?;
    Ok(samples)
}
