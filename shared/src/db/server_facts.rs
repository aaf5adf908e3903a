//! What the server is and how this account stands with it: for diagnosis, not for decisions.

use std::collections::BTreeMap;

use sqlx::{FromRow, Row};

use super::backend::{Backend, Flavour};
use super::{AuthDb, DbError, statements};
use crate::clock::Timestamp;
use crate::text;

/// Facts about the server, the database and the account.
///
/// # Examples
/// ```
/// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
/// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
/// # let permit = db.write_permit(&Actor::of_this_process())?;
/// let facts = db.server_facts(clock::host_now).await?;
/// let can_delete = facts.grants.iter().any(|grant| grant.contains("DELETE") || grant.contains("ALL PRIVILEGES"));
/// assert!(!can_delete && facts.account.is_empty(), "SQLite knows neither accounts nor grants");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFacts {
    /// `SQLite`, `MariaDB` or `MySQL`.
    pub flavour: String,
    /// The server's version, such as `10.11.19`.
    pub version: String,
    /// The character set and collation of the database; `utf8` and `binary` on `SQLite`.
    pub charset: String,
    /// The collation of the database.
    pub collation: String,
    /// The account that the server takes this session for; empty on `SQLite`.
    pub account: String,
    /// What the account may do, as the server's own GRANT statements, without any digest of its password.
    pub grants: Vec<String>,
    /// The isolation of the session, which is set when it is made.
    pub isolation: String,
    /// Whether the server takes no writes at all.
    pub is_read_only: bool,
    /// Whether every session writes the redo log itself, as `MySQL` has it by default where it sees few processors
    /// (`innodb_log_writer_threads=OFF`). A commit may then miss the end of another one's write, and wait 100 ms for nothing.
    pub commits_may_stall: bool,
    /// The database's clock less the host's, in milliseconds.
    pub clock_difference_millis: i64,
    /// The state of the node, where the server is one of a Galera cluster.
    pub galera: Option<GaleraFacts>,
}

/// The state of a node of a Galera cluster.
///
/// # Examples
/// ```
/// use authdb_shared::db::GaleraFacts;
///
/// let node = GaleraFacts { is_ready: false, cluster_size: 1, state: "Joining".to_owned(), is_primary: false };
/// let warning = (!node.is_ready || !node.is_primary).then(|| format!("the node takes no statements: {}", node.state));
/// assert_eq!(warning.as_deref(), Some("the node takes no statements: Joining"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GaleraFacts {
    /// Whether the node takes statements (`wsrep_ready`).
    pub is_ready: bool,
    /// Nodes in the cluster (`wsrep_cluster_size`).
    pub cluster_size: u32,
    /// What the node is doing (`wsrep_local_state_comment`), such as `Synced`.
    pub state: String,
    /// Whether the node is in the primary component (`wsrep_cluster_status`).
    pub is_primary: bool,
}

#[derive(FromRow)]
struct SessionRow {
    charset: String,
    collation: String,
    account: String,
    is_read_only: i64,
}

impl AuthDb {
    /// Asks the server about itself. `host` reads the host's clock, before and after the database's is read.
    ///
    /// # Errors
    /// If the database cannot be asked.
    ///
    /// # Examples
    /// ```
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// let facts = db.server_facts(clock::host_now).await?;
    /// assert_eq!((facts.flavour.as_str(), facts.is_read_only, facts.galera), ("SQLite", false, None));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn server_facts(&self, host: fn() -> Timestamp) -> Result<ServerFacts, DbError> {
        self.limited("asking the server about itself", async {
            let mut session = self.reading().await?;
            let before = host();
            let database = session.now().await?;
            let after = host();
            let middle = before.after(after.since(before) / 2);
            let mut facts = ServerFacts {
                flavour: self.facts.flavour.to_string(),
                version: self.facts.version.clone(),
                charset: "utf8".to_owned(),
                collation: "binary".to_owned(),
                account: String::new(),
                grants: Vec::new(),
                isolation: "SERIALIZABLE".to_owned(),
                is_read_only: false,
                commits_may_stall: false,
                clock_difference_millis: database.unix_millis() - middle.unix_millis(),
                galera: None,
            };
            if let Backend::MySql(connection) = &mut session {
                describe(connection, self.facts.flavour, &mut facts).await?;
            }
            Ok(facts)
        })
        .await
    }
}

impl AuthDb {
    /// Whether the server is a node of a Galera cluster.
    pub(super) async fn is_galera_node(&self) -> Result<bool, DbError> {
        let Backend::MySql(pool) = &self.reader else { return Ok(false) };
        if self.facts.flavour != Flavour::MariaDb {
            return Ok(false);
        }
        let asking = async { galera(&mut *pool.acquire().await?).await };
        Ok(self.limited("asking the server whether it is a node", asking).await?.is_some())
    }
}

async fn describe(
    connection: &mut sqlx::MySqlConnection,
    flavour: Flavour,
    facts: &mut ServerFacts,
) -> Result<(), sqlx::Error> {
    let row: SessionRow = sqlx::query_as(statements::SESSION_FACTS.mysql).fetch_one(&mut *connection).await?;
    facts.charset = row.charset;
    facts.collation = row.collation;
    facts.account = text::harmless(&row.account);
    facts.is_read_only = row.is_read_only != 0;
    let isolation = sqlx::query(statements::ISOLATION.mysql).fetch_one(&mut *connection).await?;
    facts.isolation = isolation.try_get::<String, _>(1)?.replace('-', " ");
    let grants = sqlx::query(statements::GRANTS.mysql).fetch_all(&mut *connection).await?;
    facts.grants = grants.iter().filter_map(|row| row.try_get::<String, _>(0).ok()).map(|it| redacted(&it)).collect();
    let writers = sqlx::query(statements::LOG_WRITERS.mysql).fetch_optional(&mut *connection).await?;
    facts.commits_may_stall = writers.and_then(|row| row.try_get::<String, _>(1).ok()).is_some_and(|it| it == "OFF");
    if flavour == Flavour::MariaDb {
        facts.galera = galera(connection).await?;
    }
    Ok(())
}

/// `MariaDB` puts a digest of the password into its grants.
fn redacted(grant: &str) -> String {
    let end = grant.find(" IDENTIFIED ").unwrap_or(grant.len());
    text::harmless(&grant[..end])
}

async fn galera(connection: &mut sqlx::MySqlConnection) -> Result<Option<GaleraFacts>, sqlx::Error> {
    let rows = sqlx::query(statements::GALERA_STATUS.mysql).fetch_all(connection).await?;
    let status: BTreeMap<String, String> =
        rows.iter().filter_map(|row| Some((row.try_get(0).ok()?, row.try_get(1).ok()?))).collect();
    let value = |name: &str| status.get(name).map(String::as_str).unwrap_or_default();
    let cluster_size = value("wsrep_cluster_size").parse().unwrap_or(0);
    // A server that could be a node but is none has these variables too, all of them zero.
    Ok((cluster_size > 0).then(|| GaleraFacts {
        is_ready: value("wsrep_ready") == "ON",
        cluster_size,
        state: text::harmless(value("wsrep_local_state_comment")),
        is_primary: value("wsrep_cluster_status") == "Primary",
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_shown_without_the_digest_of_the_password() {
        let grant =
            "GRANT USAGE ON *.* TO `dirac`@`%` IDENTIFIED BY PASSWORD '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19'";
        assert_eq!(redacted(grant), "GRANT USAGE ON *.* TO `dirac`@`%`");
        assert_eq!(redacted("GRANT SELECT ON `auth`.* TO `dirac`@`%`"), "GRANT SELECT ON `auth`.* TO `dirac`@`%`");
    }
}
