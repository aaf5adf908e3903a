//! An open transaction on the table: somebody has read it, and has not said that they are done.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use authdb_tests::TestDatabase;
use sqlx::{Connection as _, MySqlConnection};

/// What MySQL keeps account of such locks with.
const SEE: &str = "UPDATE performance_schema.setup_instruments SET ENABLED = 'YES' \
                   WHERE NAME = 'wait/lock/metadata/sql/mdl'";
const LOOK_AWAY: &str = "UPDATE performance_schema.setup_instruments SET ENABLED = 'NO' \
                         WHERE NAME = 'wait/lock/metadata/sql/mdl'";

/// The server shows transactions as they stood at its last look, if that was less than 100 ms ago.
const LOOK_EVERY: Duration = Duration::from_millis(150);
const LIMIT: Duration = Duration::from_secs(20);

/// Whether the server tells who holds a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// As it is installed.
    Usual,
    /// MySQL with its account of such locks switched off, as some installations have it to save time.
    Hidden,
}

/// The transaction.
pub(crate) struct Holder(MySqlConnection);

impl Holder {
    /// Opens it.
    ///
    /// # Errors
    /// When the server refuses it, or does not show it.
    pub(crate) async fn open(database: &TestDatabase, sight: Sight) -> Result<Self> {
        if sight == Sight::Hidden {
            database.execute(LOOK_AWAY).await?;
        }
        let mut connection = MySqlConnection::connect(database.url()).await.context("cannot connect to read")?;
        let number: u64 = sqlx::query_scalar("SELECT CONNECTION_ID()").fetch_one(&mut connection).await?;
        sqlx::raw_sql("BEGIN; SELECT COUNT(*) FROM RefreshTokens").execute(&mut connection).await?;
        let shown = format!("SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE TRX_MYSQL_THREAD_ID = {number}");
        let begin = tokio::time::Instant::now();
        while database.number(&shown).await? == 0 {
            ensure!(begin.elapsed() < LIMIT, "the server does not show the open transaction");
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(Self(connection))
    }

    /// Ends it, and lets the server keep account again.
    ///
    /// # Errors
    /// When the server refuses it.
    pub(crate) async fn close(mut self, database: &TestDatabase, sight: Sight) -> Result<()> {
        sqlx::raw_sql("COMMIT").execute(&mut self.0).await?;
        self.0.close().await?;
        if sight == Sight::Hidden {
            database.execute(SEE).await?;
        }
        Ok(())
    }
}
