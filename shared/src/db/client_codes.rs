//! Device codes by client: who asks for many of them that nobody ever completes.
//!
//! A code costs nothing to ask for, and a flood of them helps whoever hopes that a victim mistypes one, or that an
//! administrator approves the wrong one. A script that has lost its way looks the same.

use std::collections::BTreeMap;

use sqlx::FromRow;

use super::backend::on_backend;
use super::page::Budget;
use super::{AuthDb, DbError, statements};
use crate::policy::Policy;

const ADDING_UP: &str = "adding up the device codes by client";

/// Fewer pending codes than this are a busy morning.
const MANY: u64 = 25;
/// People complete their codes, most of them within minutes: so many pending ones for each completed one are odd.
const PENDING_PER_COMPLETED: u64 = 4;

/// The codes of a client that still count.
///
/// # Examples
/// ```
/// use authdb_shared::db::ClientCodes;
///
/// let of = |pending, completed| ClientCodes { client: "diracx-cli".to_owned(), pending, completed };
/// assert!(of(40, 1).is_flood());
/// assert!(!of(40, 30).is_flood(), "many people log in");
/// assert!(!of(5, 0).is_flood());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCodes {
    /// The client, as stored: make it harmless before it is shown.
    pub client: String,
    /// Codes that wait for somebody, and are not expired.
    pub pending: u64,
    /// Codes of the same age that somebody has completed.
    pub completed: u64,
}

impl ClientCodes {
    /// Whether somebody should look: many codes, and next to nobody completes them.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::ClientCodes;
    ///
    /// let codes = ClientCodes { client: "diracx-cli".to_owned(), pending: 25, completed: 0 };
    /// assert!(codes.is_flood());
    /// ```
    #[must_use]
    pub fn is_flood(&self) -> bool {
        self.pending >= MANY && self.pending >= self.completed.saturating_mul(PENDING_PER_COMPLETED)
    }
}

#[derive(FromRow)]
struct ClientRow {
    client: Option<String>,
    pending: i64,
    completed: i64,
}

impl AuthDb {
    /// Unexpired device codes by client (RFC 8628), the most pending first. Reads the table window by window, for as long
    /// as one statement may take; what it has not come to by then is not in it.
    ///
    /// # Errors
    /// If the database cannot be asked.
    ///
    /// # Examples
    /// ```
    /// # use authdb_shared::{clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("authdb.sqlite3");
    /// # let config = Demo::configuration(Sources::default(), &path)?;
    /// # Demo::create(&path, &config, clock::host_now(), &mut clock::randomness()).await?.close().await;
    /// # let db = AuthDb::connect(&config.database).await?;
    /// let clients = db.codes_by_client(&config.policy).await?;
    /// assert_eq!(clients.iter().map(|codes| codes.pending).sum::<u64>(), 9, "those of the demo's past");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn codes_by_client(&self, policy: &Policy) -> Result<Vec<ClientCodes>, DbError> {
        let budget = Budget::of(self.facts.statement_timeout);
        let (mut session, now) = self.reading_now(ADDING_UP).await?;
        let cutoff = now.before(policy.device_flow_expiration);
        let mut found: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        let mut after = self.facts.lowest_code.to_owned();
        while let Some(window) = self.next_window(&mut session, &after).await? {
            let reading = async {
                on_backend!(&mut session, |connection, text| {
                    sqlx::query_as(text(statements::YOUNG_DEVICE_FLOWS_BY_CLIENT))
                        .bind(&after)
                        .bind(&window.last)
                        .bind(cutoff)
                        .fetch_all(connection)
                        .await
                })
            };
            let rows: Vec<ClientRow> = self.limited(ADDING_UP, reading).await?;
            for row in rows {
                let (pending, completed) = found.entry(row.client.unwrap_or_default()).or_default();
                *pending += row.pending.unsigned_abs();
                *completed += row.completed.unsigned_abs();
            }
            if window.is_final || budget.is_spent() {
                break;
            }
            after = window.last;
        }
        let codes = |(client, (pending, completed))| ClientCodes { client, pending, completed };
        let mut clients: Vec<ClientCodes> = found.into_iter().map(codes).collect();
        clients.sort_by_key(|codes| std::cmp::Reverse(codes.pending));
        Ok(clients)
    }
}
