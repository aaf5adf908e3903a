//! A database as a large community has it in its busiest hour.

use std::time::Duration;

use anyhow::{Context as _, Result};
use authdb_shared::clock;
use authdb_tests::measure::subject;
use authdb_tests::world::{AuthorizationFlowRow, DeviceFlowRow, TokenRow, key_at};
use authdb_tests::{Engine, Server, TestDatabase, World, world};
use rand::RngExt as _;

/// Whose tokens they are.
const SUBJECTS: usize = 4000;

/// Beside so many live tokens stands one that was rotated away.
const LIVE_PER_REVOKED: u64 = 10;

/// More than are asked for, since some expire while the benchmark runs.
const SPARE_PERCENT: u64 = 5;

/// Flows of either kind that wait for somebody, and those that somebody has completed.
const PENDING: u32 = 60;
const COMPLETED: u32 = 200;

/// Rows that are made before they are written.
const CHUNK: u64 = 50_000;

/// DiracX's tables, with everything in them.
pub(crate) struct Installation {
    pub(crate) world: World,
    pub(crate) subjects: Vec<String>,
    live: u64,
}

/// In words.
pub(crate) fn describe() -> String {
    format!("{SUBJECTS} subjects, {PENDING} pending and {COMPLETED} completed flows of either kind")
}

impl Installation {
    /// Makes them on a server, or else in a file, with so many live tokens.
    ///
    /// # Errors
    /// When the engine refuses something.
    pub(crate) async fn create(server: Option<&Server>, live: u64) -> Result<Self> {
        let database = match server {
            Some(server) => TestDatabase::create_on(server).await?,
            None => TestDatabase::create(Engine::Sqlite).await?,
        };
        let keys = world::native_form(database.engine());
        let world = World::create_in(database, keys).await;
        world.db.create_ledger(&world.permit).await.context("cannot make the ledger")?;
        let mut random = clock::randomness();
        let subjects = (0..SUBJECTS).map(|_| subject(&mut random)).collect();
        let installation = Self { world, subjects, live };
        installation.add_tokens().await?;
        installation.add_flows().await;
        Ok(installation)
    }

    /// How many tokens are live now.
    ///
    /// # Errors
    /// When the engine cannot be asked.
    pub(crate) async fn live(&self) -> Result<i64> {
        let World { policy, database, .. } = &self.world;
        let oldest = key_at(policy.live_since(self.world.now().await));
        let query = format!("SELECT COUNT(*) FROM RefreshTokens WHERE Status = 'CREATED' AND JTI >= '{oldest}'");
        database.number(&query).await
    }

    /// How often a token is issued where so many are live all the time.
    pub(crate) fn issued_every(&self) -> Result<Duration> {
        Ok(self.world.policy.refresh_token_lifetime / u32::try_from(self.live)?)
    }

    async fn add_tokens(&self) -> Result<()> {
        let mut random = clock::randomness();
        let live = self.live + self.live * SPARE_PERCENT / 100;
        let rows = live + live / LIVE_PER_REVOKED;
        let step = self.world.policy.refresh_token_lifetime.div_f64(f64::from(u32::try_from(rows)?));
        let mut row = 0;
        while row < rows {
            let end = rows.min(row + CHUNK);
            let mut tokens = Vec::new();
            for row in row..end {
                // The oldest first, as they come in life, and the youngest now.
                let age = step.mul_f64(f64::from(u32::try_from(rows - row)?));
                let is_revoked = row % (LIVE_PER_REVOKED + 1) == 0;
                tokens.push(TokenRow {
                    key: key_at(self.world.start.before(age)),
                    status: if is_revoked { "REVOKED" } else { "CREATED" }.to_owned(),
                    subject: self.subjects[random.random_range(0..SUBJECTS)].clone(),
                });
            }
            self.world.add_tokens(&tokens).await;
            row = end;
        }
        match self.world.engine() {
            Engine::Sqlite => Ok(()),
            Engine::MariaDb | Engine::MySql => self.world.database.execute("ANALYZE TABLE RefreshTokens").await,
        }
    }

    async fn add_flows(&self) {
        let states = [("PENDING", PENDING), ("DONE", COMPLETED)];
        for (status, count) in states {
            for number in 0..count {
                let code = user_code(&format!("{status}{number:03}"));
                let age = Duration::from_secs(u64::from(number % 240) + 1);
                self.world.add_device_flow(DeviceFlowRow { code: &code, status, age, ..Default::default() }).await;
                self.world.add_authorization_flow(AuthorizationFlowRow { status, age, ..Default::default() }).await;
            }
        }
    }
}

/// Eight letters of those that DiracX draws, told by a text.
fn user_code(text: &str) -> String {
    const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
    let letter = |byte: u8| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]);
    text.bytes().rev().chain([0; 8]).take(8).map(letter).collect()
}
