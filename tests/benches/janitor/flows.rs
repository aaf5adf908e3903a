//! Tables of stale flows, as they are found where nobody has cleaned up for a while.

use std::io::Write as _;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use authdb_shared::clock;
use authdb_shared::db::AuthDb;
use authdb_shared::ids::Jti;
use authdb_tests::measure::Client;
use authdb_tests::world::{SCOPE, config_of};
use authdb_tests::{Server, TestDatabase};
use rand::{Rng, RngExt as _};

/// Between which ages they are, all of them past DiracX's retention of an hour.
const YOUNGEST: Duration = Duration::from_hours(2);
const SPAN: Duration = Duration::from_hours(24);

/// Rows per statement that loads some.
const CHUNK: u64 = 250_000;

/// What of the deleted rows the server may still have to tidy away before something else is measured.
const TIDY: i64 = 1000;
const TIDY_LIMIT: Duration = Duration::from_mins(10);

const STALE: &str = "(SELECT COUNT(*) FROM {table} WHERE CreationTime < UTC_TIMESTAMP() - INTERVAL 60 MINUTE)";

/// DiracX's tables on a server of the benchmark's own.
pub(crate) struct FlowTables {
    client: Client,
    pub(crate) database: TestDatabase,
}

impl FlowTables {
    /// Makes them.
    ///
    /// # Errors
    /// When the server refuses something.
    pub(crate) async fn create(server: &Server) -> Result<Self> {
        let database = TestDatabase::create_on(server).await?;
        let db =
            AuthDb::create(&config_of(database.url()), clock::host_now()).await.context("cannot make the tables")?;
        db.close().await;
        Ok(Self { client: Client::new(server, database.url())?, database })
    }

    /// Adds so many stale flows to each table, and waits until the server has nothing else to do.
    ///
    /// # Errors
    /// When the server refuses something.
    pub(crate) async fn fill(&self, flows: u64) -> Result<()> {
        let mut random = clock::randomness();
        let newest = clock::host_now().before(YOUNGEST);
        let mut row = 0;
        while row < flows {
            let end = flows.min(row + CHUNK);
            self.client.load("DeviceFlows (UserCode, CreationTime, ClientID, Scope, DeviceCode)", |lines| {
                for row in row..end {
                    let created = newest.before(share(flows - row, flows)).sql_text();
                    let (code, digest) = (user_code(&mut random), hash(&mut random));
                    writeln!(lines, "{code}\t{created}\tmyDIRACClientID\t{SCOPE}\t{digest}")?;
                }
                Ok(())
            })?;
            let columns = "AuthorizationFlows \
                           (UUID, CreationTime, ClientID, Scope, CodeChallenge, CodeChallengeMethod, RedirectURI)";
            self.client.load(columns, |lines| {
                for row in row..end {
                    let created = newest.before(share(flows - row, flows));
                    let key = Jti::issue(created, &mut random).to_string().replace('-', "");
                    let (created, challenge) = (created.sql_text(), hash(&mut random));
                    writeln!(
                        lines,
                        "{key}\t{created}\tmyDIRACClientID\t{SCOPE}\t{challenge}\tS256\thttps://diracx.example.org/"
                    )?;
                }
                Ok(())
            })?;
            row = end;
        }
        self.await_tidiness().await
    }

    /// How many stale flows there are.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub(crate) async fn stale(&self) -> Result<i64> {
        let counts = ["DeviceFlows", "AuthorizationFlows"].map(|table| STALE.replace("{table}", table));
        self.database.number(&format!("SELECT {}", counts.join(" + "))).await
    }

    /// Deleted rows are tidied away in the background, which would slow down whatever is measured next.
    async fn await_tidiness(&self) -> Result<()> {
        self.database.execute("ANALYZE TABLE DeviceFlows; ANALYZE TABLE AuthorizationFlows").await?;
        let history = "SELECT CAST(COUNT AS SIGNED) FROM information_schema.INNODB_METRICS \
                       WHERE NAME = 'trx_rseg_history_len'";
        let begin = tokio::time::Instant::now();
        while self.database.number(history).await? > TIDY {
            ensure!(begin.elapsed() < TIDY_LIMIT, "the server did not tidy up within {TIDY_LIMIT:?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Ok(())
    }
}

fn share(part: u64, whole: u64) -> Duration {
    let [part, whole] = [part, whole].map(|count| u32::try_from(count).unwrap_or(u32::MAX));
    SPAN.mul_f64(f64::from(part) / f64::from(whole))
}

/// Eight letters as DiracX draws them. Twice the same is not loaded twice: the client skips it.
fn user_code(random: &mut impl Rng) -> String {
    const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
    (0..8).map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())])).collect()
}

/// 64 hexadecimal digits.
fn hash(random: &mut impl Rng) -> String {
    (0..4).fold(String::new(), |hex, _| format!("{hex}{:016x}", random.random::<u64>()))
}
