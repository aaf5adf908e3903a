//! Changing a table that is in use without making logins wait.
//!
//! An ALTER needs the table for itself for a moment. While it waits for that, everything that comes after waits behind
//! it, logins included. So it does not wait. `MariaDB` gives up at once. `MySQL` waits for a second at least; so there it is
//! looked first whether anybody holds the table, and tried only when nobody does.
//!
//! On a Galera cluster nobody waits and nobody gives up: the change goes to every node at the same place in the order of
//! all writes, and each undoes the transactions that are in its way; their next statement fails with 1213 (measured with
//! `MariaDB` 10.11, also of transactions that had only read). So there it is looked first as well. What is held on the other
//! nodes cannot be seen from this one; whoever holds the table there has to do the work again.

use std::time::Duration;

use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection};

use super::backend::Flavour;
use super::table_holders::Holders;
use super::{AuthDb, DbError, WritePermit};

/// Looks for a moment at which nobody holds the table. Logins and refreshes hold it for milliseconds.
const LOOKS: u32 = 20;
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// The same where transactions are looked at: the server shows them as they stood at the last look, if that was less than
/// 100 ms ago.
const LOOKS_AT_TRANSACTIONS: u32 = 10;
const LOOK_AT_TRANSACTIONS_EVERY: Duration = Duration::from_millis(110);
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
        // MariaDB by itself gives up at once.
        if self.facts.flavour == Flavour::MySql || self.is_galera_node().await? {
            self.await_nobody(attempt).await?;
        }
        let result = sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await.map_err(driver);
        if let Err(DbError::Locked { attempt, reason }) = result {
            let holders = self.table_holders().await;
            return Err(DbError::Locked { attempt, reason: format!("{reason}; {holders}") });
        }
        result?;
        // The change is made. A farewell that fails would report it as a lost connection, and as not made.
        let _ = connection.close().await;
        Ok(())
    }

    /// Returns at a moment when nobody holds the table, or when the server does not tell.
    pub(super) async fn await_nobody(&self, attempt: &'static str) -> Result<(), DbError> {
        let is_node = self.is_galera_node().await?;
        let (looks, pause) =
            if is_node { (LOOKS_AT_TRANSACTIONS, LOOK_AT_TRANSACTIONS_EVERY) } else { (LOOKS, LOOK_EVERY) };
        for look in 1..=looks {
            let holders = if is_node { self.table_holders_on_node().await } else { self.table_holders().await };
            let is_held = match &holders {
                Holders::Seen(holders) => !holders.is_empty(),
                // Elsewhere a change gives up by itself, and most of them are not in its way.
                Holders::Candidates(candidates) => is_node && !candidates.is_empty(),
                Holders::Hidden(_) => false,
            };
            if !is_held {
                return Ok(());
            }
            if look == looks {
                return Err(DbError::Locked { attempt, reason: holders.to_string() });
            }
            tokio::time::sleep(pause).await;
        }
        Ok(())
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
            // As above.
            let _ = connection.close().await;
            Ok(())
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
