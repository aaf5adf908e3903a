//! The two ways to delete stale flows.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use authdb_tests::measure::JanitorProgram;
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection};

use crate::flows::FlowTables;

/// DiracX's own, per table: under the server's default isolation, which is REPEATABLE READ.
const BULK_DELETE: &str = "DELETE FROM {table} WHERE CreationTime < UTC_TIMESTAMP() - INTERVAL 60 MINUTE";

/// A way.
#[derive(Clone, Copy)]
pub(crate) enum CleanUp<'a> {
    /// DiracX's clean-up.
    BulkDelete,
    /// The janitor, by its program.
    Janitor(&'a JanitorProgram),
}

impl fmt::Display for CleanUp<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::BulkDelete => "DiracX's bulk DELETE",
            Self::Janitor(_) => "the janitor",
        })
    }
}

impl CleanUp<'_> {
    /// Cleans up, and says how long it took.
    ///
    /// # Errors
    /// When it fails.
    pub(crate) async fn run(self, tables: &FlowTables) -> Result<Duration> {
        let begin = Instant::now();
        match self {
            Self::BulkDelete => bulk_delete(tables).await?,
            Self::Janitor(program) => {
                let status = program.run(tables.database.url(), &["once", "flows"]).await?;
                ensure!(status.success(), "the janitor failed ({status})");
            }
        }
        Ok(begin.elapsed())
    }
}

async fn bulk_delete(tables: &FlowTables) -> Result<()> {
    let mut connection = MySqlConnection::connect(tables.database.url()).await.context("cannot connect to clean up")?;
    for table in ["DeviceFlows", "AuthorizationFlows"] {
        let statement = BULK_DELETE.replace("{table}", table);
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.context("the bulk DELETE failed")?;
    }
    connection.close().await.context("cannot close the connection of the bulk DELETE")
}
