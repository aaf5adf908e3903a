//! A table of refresh tokens as an installation has it that has been running for half a year.
//!
//! DiracX's schema with its 24 months, made by the code under test as if it had been installed when the retention began;
//! tokens spread evenly from then to an hour ago, most of them REVOKED by rotation; and the last hour, in which the live
//! ones are. Rows are written in the order of their keys, as logins write them, so the indexes look as they do in life.

use std::io::Write;
use std::time::Duration;

use anyhow::{Context as _, Result};
use authdb_shared::clock::{self, Timestamp};
use authdb_shared::config::DatabaseConfig;
use authdb_shared::db::{AuthDb, WritePermit};
use authdb_shared::ids::{Jti, Subject};
use authdb_shared::policy::Policy;
use rand::{Rng, RngExt as _};

use crate::database::TestDatabase;
use crate::measure::client::Client;
use crate::server::Server;
use crate::world::{SCOPE, actor, config_of};

/// Columns of a row as it is loaded.
const COLUMNS: &str = "RefreshTokens (JTI, Status, Scope, Sub)";

/// Rows per statement that loads some: few enough that undoing one would not take long.
const CHUNK: u64 = 500_000;

/// How long a statement may take: far beyond the default, which would turn a slow one into an error.
const STATEMENT_TIMEOUT: Duration = Duration::from_mins(2);

/// Of a hundred old tokens of ordinary subjects, those that rotation or an administrator has revoked.
const REVOKED_OF_OLD: u32 = 85;

/// Beside so many live tokens of the last hour stands one that was rotated away.
const LIVE_PER_REVOKED: u64 = 10;

/// How many tokens there are, and whose.
#[derive(Debug, Clone)]
pub struct Population {
    /// All of them.
    pub tokens: u64,
    /// Those of the last hour that are live, whatever the size of the table.
    pub live: u64,
    /// Subjects with an ordinary number of tokens.
    pub ordinary: Vec<String>,
    /// Subjects with many.
    pub crowds: Vec<Crowd>,
}

/// A subject with many tokens, as a robot has them. None is revoked.
#[derive(Debug, Clone)]
pub struct Crowd {
    /// Whose they are.
    pub subject: String,
    /// All of them.
    pub tokens: u64,
    /// Those of the last hour.
    pub live: u64,
    /// Whether it has been idle since the first third of the retention. Then nothing about the newest rows leads to its
    /// tokens.
    pub is_retired: bool,
}

/// The old tokens come in two stretches, of which the first has one of so many rows.
const THIRD: u64 = 3;

/// A loaded table, connected to the code under test.
#[derive(Debug)]
pub struct TokenTable {
    /// The code under test.
    pub db: AuthDb,
    /// The permit to change things through it.
    pub permit: WritePermit,
    /// DiracX's defaults.
    pub policy: Policy,
    /// The server's own client.
    pub client: Client,
    /// The benchmark's own way in.
    pub database: TestDatabase,
    /// What is in it.
    pub population: Population,
    newest: Timestamp,
}

/// Rows of one stretch of time.
struct Stretch<'a> {
    from: Timestamp,
    to: Timestamp,
    ordinary: &'a [String],
    /// Subjects with many tokens, and how many of them remain to be written.
    crowds: Vec<(&'a str, u64)>,
    rows: u64,
    revoked_of_hundred: u32,
}

/// A subject as DIRAC has them: a VO and the identity provider's UUID.
#[must_use]
pub fn subject(random: &mut impl Rng) -> String {
    format!("lhcb:{}", uuid::Builder::from_random_bytes(random.random()).into_uuid())
}

impl Population {
    /// The subjects that stand right before and right behind a subject in the indexes: the first whom a lock on a gap
    /// would keep waiting.
    #[must_use]
    pub fn neighbours(&self, of: &str) -> Vec<&str> {
        let before = self.ordinary.iter().filter(|subject| subject.as_str() < of).max();
        let behind = self.ordinary.iter().filter(|subject| subject.as_str() > of).min();
        before.into_iter().chain(behind).map(String::as_str).collect()
    }
}

impl TokenTable {
    /// Makes a database on a server, with everything but the last hour in it.
    ///
    /// # Errors
    /// When the server refuses something.
    pub async fn fill(server: &Server, population: &Population) -> Result<Self> {
        let database = TestDatabase::create_on(server).await?;
        let (config, policy) = (config_of_slow(&database), Policy::default());
        let start = clock::host_now();
        let installed = policy.token_horizon(start);
        let db = AuthDb::create(&config, installed).await.context("cannot make DiracX's tables")?;
        let permit = db.write_permit(&actor())?;
        db.create_ledger(&permit).await.context("cannot make the ledger, which records every revocation")?;
        let client = Client::new(server, database.url())?;
        let newest = policy.live_since(start);
        let table = Self { db, permit, policy, client, database, population: population.clone(), newest };
        table.load_old(installed)?;
        Ok(table)
    }

    fn load_old(&self, installed: Timestamp) -> Result<()> {
        let Population { tokens, live, ordinary, crowds } = &self.population;
        let (rows, span) = (tokens - live - live / LIVE_PER_REVOKED, self.newest.since(installed));
        let early = |crowd: &Crowd| if crowd.is_retired { crowd.tokens } else { (crowd.tokens - crowd.live) / THIRD };
        let late = |crowd: &Crowd| crowd.tokens - crowd.live - early(crowd);
        let (early_rows, end) = (rows / THIRD, installed.after(span / 3));
        self.load(Stretch {
            from: installed,
            to: end,
            ordinary,
            crowds: crowds.iter().map(|crowd| (crowd.subject.as_str(), early(crowd))).collect(),
            rows: early_rows,
            revoked_of_hundred: REVOKED_OF_OLD,
        })?;
        self.load(Stretch {
            from: end,
            to: self.newest,
            ordinary,
            crowds: crowds.iter().map(|crowd| (crowd.subject.as_str(), late(crowd))).collect(),
            rows: rows - early_rows,
            revoked_of_hundred: REVOKED_OF_OLD,
        })
    }

    /// Adds the last hour, as it is now.
    ///
    /// # Errors
    /// When the server refuses something.
    pub async fn add_last_hour(&mut self) -> Result<()> {
        let now = self.db.now().await?;
        let Population { live, ordinary, crowds, .. } = &self.population;
        let rows = live + live / LIVE_PER_REVOKED;
        let in_crowds: u64 = crowds.iter().map(|crowd| crowd.live).sum();
        let stretch = Stretch {
            from: self.policy.live_since(now),
            to: now,
            ordinary,
            crowds: crowds.iter().map(|crowd| (crowd.subject.as_str(), crowd.live)).collect(),
            rows,
            revoked_of_hundred: percentage(live / LIVE_PER_REVOKED, rows - in_crowds),
        };
        self.load(stretch)?;
        self.newest = now;
        self.database.execute("ANALYZE TABLE RefreshTokens").await
    }

    /// Adds what would have been issued since the last call, so that as many tokens are live as in the beginning.
    ///
    /// # Errors
    /// When the server refuses something.
    pub async fn catch_up(&mut self) -> Result<()> {
        let now = self.db.now().await?;
        let elapsed = now.since(self.newest).as_millis();
        let rate = u128::from(self.population.live) * elapsed / self.policy.refresh_token_lifetime.as_millis();
        let stretch = Stretch {
            from: self.newest,
            to: now,
            ordinary: &self.population.ordinary,
            crowds: Vec::new(),
            rows: u64::try_from(rate).unwrap_or(u64::MAX),
            revoked_of_hundred: 0,
        };
        self.load(stretch)?;
        self.newest = now;
        Ok(())
    }

    /// The subject with many tokens that has a number, counted from zero.
    ///
    /// # Errors
    /// When there are not so many.
    pub fn crowd(&self, number: u64) -> Result<(Crowd, Subject)> {
        let crowd = self
            .population
            .crowds
            .get(usize::try_from(number)?)
            .context("there are not so many subjects with many tokens")?;
        Ok((crowd.clone(), Subject::new(crowd.subject.clone()).context("a subject is a text")?))
    }

    fn load(&self, mut stretch: Stretch<'_>) -> Result<()> {
        let mut random = clock::randomness();
        let (rows, from) = (stretch.rows, stretch.from);
        let step = stretch.to.since(from).div_f64(f64::from(u32::try_from(rows.max(1))?));
        let mut row = 0;
        while row < rows {
            let end = rows.min(row + CHUNK);
            self.client.load(COLUMNS, |lines| {
                for row in row..end {
                    let offset = step.mul_f64(f64::from(u32::try_from(row)?));
                    stretch.write_row(lines, from.after(offset), rows - row, &mut random)?;
                }
                Ok(())
            })?;
            row = end;
        }
        Ok(())
    }
}

impl Stretch<'_> {
    /// Writes a row, `remaining` being how many are still to come with this one. Whose it is, is drawn so that in the end
    /// every subject with many tokens has exactly as many as it should, evenly spread.
    fn write_row(
        &mut self,
        lines: &mut impl Write,
        issued: Timestamp,
        remaining: u64,
        random: &mut impl Rng,
    ) -> Result<()> {
        let mut drawn = random.random_range(0..remaining);
        let mut owner = None;
        for (subject, left) in &mut self.crowds {
            if drawn < *left {
                *left -= 1;
                owner = Some(*subject);
                break;
            }
            drawn -= *left;
        }
        let is_revoked = owner.is_none() && random.random_range(0..100) < self.revoked_of_hundred;
        let status = if is_revoked { "REVOKED" } else { "CREATED" };
        let owner = owner.unwrap_or_else(|| &self.ordinary[random.random_range(0..self.ordinary.len())]);
        let key = Jti::issue(issued, random).to_string().replace('-', "");
        writeln!(lines, "{key}\t{status}\t{SCOPE}\t{owner}").context("the client does not take the rows")
    }
}

/// A configuration under which slow statements are measured rather than stopped.
pub(super) fn config_of_slow(database: &TestDatabase) -> DatabaseConfig {
    DatabaseConfig { statement_timeout: STATEMENT_TIMEOUT, ..config_of(database.url()) }
}

fn percentage(part: u64, whole: u64) -> u32 {
    u32::try_from(part * 100 / whole.max(1)).unwrap_or(100)
}
