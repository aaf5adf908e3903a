//! Changing a table that is in use without making logins wait.
//!
//! An ALTER needs the table for itself for a moment. While it waits for that, everything that comes after waits behind
//! it, logins included. So it does not wait. `MariaDB` gives up at once. `MySQL` waits for a second at least; so there it is
//! looked first whether anybody holds the table, and tried only when nobody does.

use std::time::Duration;

use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection};

use super::backend::Flavour;
use super::table_holders::Holders;
use super::{AuthDb, DbError, WritePermit};

/// Looks for a moment at which nobody holds the table. Logins and refreshes hold it for milliseconds.
const LOOKS: u32 = 20;
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// For tables that no login needs.
const PATIENT: &str = "SET SESSION lock_wait_timeout = 5, innodb_lock_wait_timeout = 5";

impl AuthDb {
    /// Changes `RefreshTokens`, if it can be had at once and the permit's lease still holds.
    ///
    /// # Errors
    /// [`DbError::Locked`], with who holds the table, where it cannot be had.
    pub(super) async fn alter_tokens(
        &self,
        permit: &WritePermit,
        attempt: &'static str,
        statement: String,
    ) -> Result<(), DbError> {
        // A schema change commits by itself, so the lease cannot be checked in its own transaction: it is renewed before.
        self.limited(attempt, async { permit.commit(self.writing(permit).await?).await }).await?;
        let driver = |error| DbError::from_driver(attempt, self.place(), &error);
        let mut connection = self.impatient_connection().await.map_err(driver)?;
        if self.facts.flavour == Flavour::MySql {
            self.await_nobody(attempt).await?;
        }
        let result = sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await.map_err(driver);
        if let Err(DbError::Locked { attempt, reason }) = result {
            let holders = self.table_holders().await;
            return Err(DbError::Locked { attempt, reason: format!("{reason}; {holders}") });
        }
        result?;
        connection.close().await.map_err(driver)
    }

    /// Returns at a moment when nobody holds the table, or when the server does not tell.
    async fn await_nobody(&self, attempt: &'static str) -> Result<(), DbError> {
        let mut look = 1;
        loop {
            match self.table_holders().await {
                Holders::Seen(holders) if !holders.is_empty() => {
                    if look == LOOKS {
                        return Err(DbError::Locked { attempt, reason: Holders::Seen(holders).to_string() });
                    }
                }
                Holders::Seen(_) | Holders::Candidates(_) | Holders::Hidden => return Ok(()),
            }
            look += 1;
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Runs a change of a table that nobody else uses, so that no login can queue behind it while it waits.
    ///
    /// It does wait, for the server's own background threads: `MariaDB` opens a table now and then to purge old versions
    /// of its rows or to count them. There is no client-side time limit: giving up on an ALTER that has begun would not
    /// stop it.
    pub(super) async fn run_ddl(&self, attempt: &'static str, statement: String) -> Result<(), DbError> {
        let run = async {
            let mut connection = self.connection_that_waits(PATIENT).await?;
            sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await?;
            connection.close().await
        };
        run.await.map_err(|error| DbError::from_driver(attempt, self.place(), &error))
    }

    /// A connection of its own, with the shortest wait that the server knows: 0 is taken as 1 by `MySQL`.
    async fn impatient_connection(&self) -> Result<MySqlConnection, sqlx::Error> {
        self.connection_that_waits(match self.facts.flavour {
            Flavour::MariaDb => "SET SESSION lock_wait_timeout = 0, innodb_lock_wait_timeout = 1",
            Flavour::MySql | Flavour::Sqlite => "SET SESSION lock_wait_timeout = 1, innodb_lock_wait_timeout = 1",
        })
        .await
    }

    async fn connection_that_waits(&self, wait: &'static str) -> Result<MySqlConnection, sqlx::Error> {
        let mut connection = self.connect_for_ddl().await?;
        sqlx::query(wait).execute(&mut connection).await?;
        Ok(connection)
    }
}
