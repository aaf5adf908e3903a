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
use super::connect::LONGEST_SILENCE;
use super::table_holders::Holders;
use super::{AuthDb, DbError, WritePermit};
use crate::partition::Layout;

/// Looks for a moment at which nobody holds the table. Logins and refreshes hold it for milliseconds.
const LOOKS: u32 = 20;
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// The same where transactions are looked at: the server shows them as they stood at the last look, if that was less than
/// 100 ms ago.
const LOOKS_AT_TRANSACTIONS: u32 = 10;
const LOOK_AT_TRANSACTIONS_EVERY: Duration = Duration::from_millis(110);
/// How long a session may be silent at least before the server ends it: longer than all looks together.
const SHORTEST_SILENCE: Duration = Duration::from_secs(5);
/// For tables that no login needs.
const PATIENT: &str = "SET SESSION lock_wait_timeout = 5, innodb_lock_wait_timeout = 5";

/// How often a table that somebody held is looked at anew, with all that may have changed meanwhile.
const ROUNDS: u32 = 20;

impl AuthDb {
    /// Changes `RefreshTokens`, if it can be had at once, its partitions are still those of `layout`, and the permit's lease
    /// still holds.
    ///
    /// # Errors
    /// [`DbError::Locked`], with who holds the table, where it cannot be had; [`DbError::Uncertain`] where the connection is
    /// lost while it is changed.
    pub(super) async fn alter_tokens(
        &self,
        permit: &WritePermit,
        attempt: &'static str,
        layout: &Layout,
        statement: String,
    ) -> Result<(), DbError> {
        let driver = |error| DbError::from_driver(attempt, self.place(), &error);
        let mut connection = self.impatient_connection(permit).await.map_err(driver)?;
        // MariaDB by itself gives up at once.
        let looks_first = self.facts.flavour == Flavour::MySql || self.is_galera_node().await?;
        for round in 1.. {
            // Whoever held the table may have changed its partitions; a name would then mean something else.
            if self.partition_layout().await?.fingerprint() != layout.fingerprint() {
                let reason = "somebody else has changed the partitions meanwhile".to_owned();
                return Err(DbError::Locked { attempt, reason });
            }
            self.renew_lease_before(permit, attempt).await?;
            if !looks_first {
                break;
            }
            match self.await_nobody(attempt).await? {
                None => break,
                Some(last) if round == ROUNDS => return Err(DbError::Locked { attempt, reason: last.to_string() }),
                Some(_) => {}
            }
        }
        let result = self.execute_definition(&mut connection, attempt, statement).await;
        if let Err(DbError::Locked { attempt, reason }) = result {
            let holders = self.table_holders().await;
            return Err(DbError::Locked { attempt, reason: format!("{reason}; {holders}") });
        }
        result?;
        // The change is made. A farewell that fails would report it as a lost connection, and as not made.
        let _ = connection.close().await;
        Ok(())
    }

    /// A schema change commits by itself, so the lease cannot be checked in its own transaction: it is renewed just before.
    pub(super) async fn renew_lease_before(&self, permit: &WritePermit, attempt: &'static str) -> Result<(), DbError> {
        self.limited(attempt, async { permit.commit(self.writing(permit).await?).await }).await
    }

    async fn execute_definition(
        &self,
        connection: &mut MySqlConnection,
        attempt: &'static str,
        statement: String,
    ) -> Result<(), DbError> {
        match sqlx::query(AssertSqlSafe(statement)).execute(connection).await {
            Ok(_) => Ok(()),
            Err(error) => Err(match DbError::from_driver(attempt, self.place(), &error) {
                DbError::Lost { attempt, place, reason } => DbError::Uncertain { attempt, place, reason },
                other => other,
            }),
        }
    }

    /// Returns at a moment when nobody holds the table, or when the server does not tell: who was waited for, if anybody was.
    pub(super) async fn await_nobody(&self, attempt: &'static str) -> Result<Option<Holders>, DbError> {
        let is_node = self.is_galera_node().await?;
        let (looks, pause) =
            if is_node { (LOOKS_AT_TRANSACTIONS, LOOK_AT_TRANSACTIONS_EVERY) } else { (LOOKS, LOOK_EVERY) };
        let mut last = None;
        for look in 1..=looks {
            let holders = if is_node { self.table_holders_on_node().await } else { self.table_holders().await };
            let is_held = match &holders {
                Holders::Seen(holders) => !holders.is_empty(),
                // Elsewhere a change gives up by itself, and most of them are not in its way.
                Holders::Candidates(candidates) => is_node && !candidates.is_empty(),
                Holders::Hidden(_) => false,
            };
            if !is_held {
                return Ok(last);
            }
            if look == looks {
                return Err(DbError::Locked { attempt, reason: holders.to_string() });
            }
            last = Some(holders);
            tokio::time::sleep(pause).await;
        }
        unreachable!("the last look returns")
    }

    /// Runs a change of a table that nobody else uses, so that no login can queue behind it while it waits. With a permit, its
    /// lease must still hold.
    ///
    /// It does wait, for the server's own background threads: `MariaDB` opens a table now and then to purge old versions
    /// of its rows or to count them. There is no client-side time limit: giving up on an ALTER that has begun would not
    /// stop it.
    pub(super) async fn run_ddl(
        &self,
        permit: Option<&WritePermit>,
        attempt: &'static str,
        statement: String,
    ) -> Result<(), DbError> {
        let driver = |error| DbError::from_driver(attempt, self.place(), &error);
        let mut connection = self.connection_that_waits(PATIENT, permit).await.map_err(driver)?;
        if let Some(permit) = permit {
            self.renew_lease_before(permit, attempt).await?;
        }
        self.execute_definition(&mut connection, attempt, statement).await?;
        // As above.
        let _ = connection.close().await;
        Ok(())
    }

    /// A connection of its own, with the shortest wait that the server knows: 0 is taken as 1 by `MySQL`.
    async fn impatient_connection(&self, permit: &WritePermit) -> Result<MySqlConnection, sqlx::Error> {
        let wait = match self.facts.flavour {
            Flavour::MariaDb => "SET SESSION lock_wait_timeout = 0, innodb_lock_wait_timeout = 1",
            Flavour::MySql | Flavour::Sqlite => "SET SESSION lock_wait_timeout = 1, innodb_lock_wait_timeout = 1",
        };
        self.connection_that_waits(wait, Some(permit)).await
    }

    /// The server ends the session of a process that stands still for as long as its lease lasts: whatever it was about to
    /// change is another janitor's by then.
    async fn connection_that_waits(
        &self,
        wait: &'static str,
        permit: Option<&WritePermit>,
    ) -> Result<MySqlConnection, sqlx::Error> {
        let mut connection = self.connect_for_ddl().await?;
        sqlx::query(wait).execute(&mut connection).await?;
        let silence = permit.and_then(WritePermit::lease_duration).unwrap_or(LONGEST_SILENCE).min(LONGEST_SILENCE);
        // What is looked at in between takes a moment, too.
        let seconds = silence.max(SHORTEST_SILENCE).as_secs();
        sqlx::query("SET SESSION wait_timeout = ?").bind(seconds).execute(&mut connection).await?;
        Ok(connection)
    }
}
