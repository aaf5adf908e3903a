//! How busy the server is, for work that can wait.
//!
//! Three signs, all of the server's own counting: threads that run at once; a Galera cluster that holds back its writers
//! because a node falls behind (flow control); and sessions that wait for a replica to confirm (semi-synchronous
//! replication). A replica that is asynchronous cannot be seen from the server it copies.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::Row;

use super::backend::Backend;
use super::{AuthDb, DbError, statements};

/// How busy a server is.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use authdb_shared::db::ServerLoad;
///
/// let before = ServerLoad { running_threads: 3, ..ServerLoad::default() };
/// let now = ServerLoad { flow_control: Duration::from_millis(300), ..before };
/// assert_eq!(now.flow_control - before.flow_control, Duration::from_millis(300), "writers were held back so long");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServerLoad {
    /// Threads that run at this moment (`Threads_running`), the one that asks included.
    pub running_threads: u32,
    /// For how long Galera's flow control has held writers back, since the server started (`wsrep_flow_control_paused_ns`).
    pub flow_control: Duration,
    /// Sessions that wait for a replica to confirm their commit (`Rpl_semi_sync_…_wait_sessions`).
    pub waiting_for_replicas: u32,
}

impl AuthDb {
    /// How busy the server is; `None` for `SQLite`, which has no server.
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
    /// assert_eq!(db.server_load().await?, None);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn server_load(&self) -> Result<Option<ServerLoad>, DbError> {
        let Backend::MySql(pool) = &self.reader else { return Ok(None) };
        self.limited("asking how busy the server is", async {
            let rows = sqlx::query(statements::LOAD.mysql).fetch_all(pool).await?;
            let status: BTreeMap<String, u64> = rows
                .iter()
                .filter_map(|row| {
                    let (name, value): (String, String) = (row.try_get(0).ok()?, row.try_get(1).ok()?);
                    Some((name.to_ascii_lowercase(), value.parse().ok()?))
                })
                .collect();
            let value = |name: &str| status.get(name).copied().unwrap_or(0);
            let number = |name: &str| u32::try_from(value(name)).unwrap_or(u32::MAX);
            Ok(Some(ServerLoad {
                running_threads: number("threads_running"),
                flow_control: Duration::from_nanos(value("wsrep_flow_control_paused_ns")),
                waiting_for_replicas: number("rpl_semi_sync_master_wait_sessions")
                    .max(number("rpl_semi_sync_source_wait_sessions")),
            }))
        })
        .await
    }
}
