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

/// How long the server may take to tidy up.
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
        self.database.execute("ANALYZE TABLE DeviceFlows; ANALYZE TABLE AuthorizationFlows").await?;
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

    /// Waits until the rows that are deleted by now are tidied away. The server does that in the background, and it would
    /// slow down whatever is measured next.
    ///
    /// # Errors
    /// When the server cannot be asked, or does not come to an end.
    pub(crate) async fn await_tidiness(&self) -> Result<()> {
        let (_, wanted) = self.transactions().await?;
        // The server tidies up to the transaction before the newest, so there must be a newer one.
        self.database.execute("CREATE TABLE Tidied (Id INT); DROP TABLE Tidied").await?;
        let begin = tokio::time::Instant::now();
        while self.transactions().await?.0 < wanted {
            ensure!(begin.elapsed() < TIDY_LIMIT, "the server did not tidy up within {TIDY_LIMIT:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Up to which transaction the server has tidied up, and the number of the next one.
    async fn transactions(&self) -> Result<(u64, u64)> {
        let status = self.database.rows("SHOW ENGINE INNODB STATUS").await?;
        let status = status.into_iter().flatten().flatten().collect::<Vec<_>>().join("\n");
        let number = |after: &str| {
            let (_, rest) = status.split_once(after).with_context(|| format!("InnoDB says nothing of {after:?}"))?;
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().with_context(|| format!("InnoDB says no number after {after:?}"))
        };
        Ok((number("Purge done for trx's n:o < ")?, number("Trx id counter ")?))
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
