//! The diagnosis: everything about a database that could keep a program from its work, looked at by day.
//!
//! It changes nothing and takes locks on nothing. What an account may see decides what can be said; what it may not see is
//! said to be hidden, and never taken for well.

use super::{AuthDb, DbError, LEDGER_VERSION, LedgerState, Privilege};
use crate::clock::Timestamp;
use crate::config::{Config, DatabaseUrl, MySqlAddress, TlsMode};
use crate::health::{Finding, Level};

impl AuthDb {
    /// Looks at schema, indexes, collations, encryption, privileges, server, clocks, ledger and partitions, in this order.
    /// `needed` is what the account must be able to do; `host` is the host's clock. What cannot be looked at on a database
    /// that answers is a finding too, and does not keep the rest from being told.
    ///
    /// # Errors
    /// If the database cannot be reached.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::VIEWER_PRIVILEGES;
    /// use authdb_shared::health::{Level, worst};
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// let findings = db.diagnose(&config, VIEWER_PRIVILEGES, clock::host_now).await?;
    /// assert_eq!(worst(&findings), Level::Warning, "all is well, but nobody has made the ledger yet");
    /// assert!(findings.iter().any(|finding| finding.subject == "ledger"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn diagnose(
        &self,
        config: &Config,
        needed: &[Privilege],
        host: fn() -> Timestamp,
    ) -> Result<Vec<Finding>, DbError> {
        let mut findings = Vec::new();
        let mut add = |subject: &str, part: Result<Vec<Finding>, DbError>| -> Result<(), DbError> {
            let found = or_finding(part, subject, &mut findings)?;
            findings.extend(found);
            Ok(())
        };
        add("schema", self.schema_findings().await)?;
        add("indexes", self.index_finding().await.map(|finding| vec![finding]))?;
        add("collations", self.collation_finding().await.map(Vec::from_iter))?;
        add("tls", self.encryption_finding(config).await.map(Vec::from_iter))?;
        add("privileges", self.privilege_finding(needed).await.map(|finding| vec![finding]))?;
        add("locks", self.holders_finding(needed).await.map(Vec::from_iter))?;
        add("server", self.server_findings(host).await)?;
        add("clocks", self.clock_findings(config, host).await)?;
        add("ledger", self.ledger_finding().await.map(|finding| vec![finding]))?;
        let now = self.now().await?;
        add("partitions", self.partition_finding(config, now).await.map(|finding| vec![finding]))?;
        Ok(findings)
    }

    async fn clock_findings(&self, config: &Config, host: fn() -> Timestamp) -> Result<Vec<Finding>, DbError> {
        let witnesses = self.clock_witnesses(&config.policy, host).await?;
        let disagreements = witnesses.disagreements(config.policy.max_clock_skew);
        if disagreements.is_empty() {
            let text = format!("host and keys agree with the database's {}", witnesses.database);
            return Ok(vec![Finding::ok("clocks", text)]);
        }
        Ok(disagreements.into_iter().map(|text| Finding::critical("clocks", text)).collect())
    }

    async fn schema_findings(&self) -> Result<Vec<Finding>, DbError> {
        let extra = self.schema_facts().await?.extra_columns;
        if extra.is_empty() {
            return Ok(vec![Finding::ok("schema", "as DiracX 0.7 makes it")]);
        }
        let finding = |column: &super::ExtraColumn| {
            let text = format!("{}.{} is not DiracX 0.7's; it is left alone", column.table, column.column);
            Finding::warning("schema", text)
        };
        Ok(extra.iter().map(finding).collect())
    }

    async fn index_finding(&self) -> Result<Finding, DbError> {
        let missing = self.missing_indexes().await?;
        Ok(if missing.is_empty() {
            Finding::ok("indexes", "all that DiracX makes")
        } else {
            let text = format!(
                "there is none on {}: lists and revocations read whole tables, and so do DiracX's logins. Make them again in \
                 a quiet hour",
                missing.join(", ")
            );
            Finding::critical("indexes", text)
        })
    }

    async fn collation_finding(&self) -> Result<Option<Finding>, DbError> {
        let columns = self.text_columns().await?;
        let Some(first) = columns.first() else { return Ok(None) };
        let narrow: Vec<String> = columns
            .iter()
            .filter(|column| !column.takes_every_letter() && !column.column.ends_with(".IDToken"))
            .map(|column| format!("{} ({})", column.column, column.charset))
            .collect();
        Ok(Some(if narrow.is_empty() {
            Finding::ok("collations", format!("every letter can be stored ({})", first.collation))
        } else {
            let text = format!(
                "not every letter can be stored in {}. DiracX refuses such names until the tables are converted to utf8mb4",
                narrow.join(", ")
            );
            Finding::warning("collations", text)
        }))
    }

    async fn encryption_finding(&self, config: &Config) -> Result<Option<Finding>, DbError> {
        let DatabaseUrl::MySql(address) = &config.database.url else { return Ok(None) };
        let cipher = self.cipher().await?;
        Ok(Some(encryption(address, cipher.as_deref())))
    }

    async fn privilege_finding(&self, needed: &[Privilege]) -> Result<Finding, DbError> {
        let lacks = self.missing_privileges(needed).await?;
        if lacks.missing.is_empty() {
            return Ok(Finding::ok("privileges", "the account has all that are needed"));
        }
        let level = if lacks.has_roles { Level::Warning } else { Level::Critical };
        let through = if lacks.has_roles { " by name (roles are not followed)" } else { "" };
        let names: Vec<String> = lacks.missing.iter().map(Privilege::to_string).collect();
        let text = format!(
            "the account lacks{through}: {}. `authdb doctor --grants` prints the statements that give them",
            names.join(", ")
        );
        Ok(Finding::new(level, "privileges", text))
    }

    /// Whether whoever changes the partitions can see whom that would harm.
    async fn holders_finding(&self, needed: &[Privilege]) -> Result<Option<Finding>, DbError> {
        let changes = needed.iter().any(|privilege| privilege.what == "ALTER");
        if !changes || !self.partition_layout().await?.is_partitioned() {
            return Ok(None);
        }
        Ok(Some(match self.hidden_holders().await? {
            Some(why) => Finding::warning("locks", why.to_string()),
            None => Finding::ok("locks", "a change of the partitions makes no login on this server wait"),
        }))
    }

    async fn server_findings(&self, host: fn() -> Timestamp) -> Result<Vec<Finding>, DbError> {
        let facts = self.server_facts(host).await?;
        let mut findings = Vec::new();
        if facts.is_read_only {
            let text = "it takes no writes (read_only): a replica? Point database.url at the primary";
            findings.push(Finding::critical("server", text));
        }
        if facts.commits_may_stall {
            let text = "innodb_log_writer_threads is OFF, so a commit beside another writer may wait 100 ms for nothing; \
                        SET PERSIST innodb_log_writer_threads = ON mends it without a restart";
            findings.push(Finding::warning("commits", text));
        }
        if let Some(galera) = facts.galera {
            let text = format!("Galera node of {}, {}", galera.cluster_size, galera.state);
            let is_well = galera.is_ready && galera.is_primary;
            findings.push(if is_well { Finding::ok("server", text) } else { Finding::critical("server", text) });
        }
        Ok(findings)
    }

    async fn ledger_finding(&self) -> Result<Finding, DbError> {
        Ok(match self.ledger_state().await? {
            LedgerState::Current => Finding::ok("ledger", format!("version {LEDGER_VERSION}")),
            LedgerState::Absent => Finding::warning(
                "ledger",
                "none yet, so nothing is journalled; `authdb init` or the janitor's first run makes it",
            ),
            LedgerState::Older(version) => Finding::warning(
                "ledger",
                format!("version {version}; `authdb init` or the janitor's next run brings it up to date"),
            ),
            LedgerState::Newer(version) => {
                let text = format!("version {version} is newer than this program's; update the program");
                Finding::critical("ledger", text)
            }
        })
    }

    async fn partition_finding(&self, config: &Config, now: Timestamp) -> Result<Finding, DbError> {
        let layout = self.partition_layout().await?;
        if layout.is_partitioned() {
            let runway = layout.runway_months(now);
            let text = format!("{} partitions, {runway} months ahead of this one", layout.partitions.len());
            let is_low = runway < config.janitor.roll.months_ahead;
            return Ok(if is_low {
                Finding::warning("partitions", format!("{text}; the janitor's next run adds what is missing"))
            } else {
                Finding::ok("partitions", text)
            });
        }
        Ok(if self.can_partition() {
            let text = "RefreshTokens has none: old months are deleted row by row. See `authdb-janitor partition`";
            Finding::warning("partitions", text)
        } else {
            Finding::ok("partitions", "this engine has none; old months are deleted row by row")
        })
    }
}

/// What a part of a look has found. That it fails on a database that answers is a finding itself: whoever asks how things
/// are must not be told less the worse they are. A lost database ends the look, as does one whose connections are all at
/// work on something else, because of those nothing is known.
pub(crate) fn or_finding<T: Default>(
    part: Result<T, DbError>,
    subject: &str,
    findings: &mut Vec<Finding>,
) -> Result<T, DbError> {
    match part {
        Err(error) if !error.is_connection_loss() && !matches!(error, DbError::Busy { .. }) => {
            findings.push(Finding::critical(subject, error.to_string()));
            Ok(T::default())
        }
        other => other,
    }
}

/// What an address and the cipher of its connection mean.
fn encryption(address: &MySqlAddress, cipher: Option<&str>) -> Finding {
    let is_local = address.socket.is_some() || ["localhost", "127.0.0.1", "::1"].contains(&address.host.as_str());
    match (cipher, is_local) {
        (Some(cipher), _) if address.tls == TlsMode::VerifyIdentity => {
            Finding::ok("tls", format!("encrypted by {cipher}, and the server has proved its name"))
        }
        (Some(cipher), true) => Finding::ok("tls", format!("encrypted by {cipher}, on this host")),
        (None, true) => Finding::ok("tls", "not encrypted, on this host"),
        (Some(cipher), false) if address.tls == TlsMode::VerifyCa => Finding::warning(
            "tls",
            format!(
                "encrypted by {cipher}, but for any host a certificate of any public authority was enough; write \
                 ssl-mode=verify-identity in database.url"
            ),
        ),
        (Some(cipher), false) => Finding::warning(
            "tls",
            format!(
                "encrypted by {cipher}, but whoever answered was not asked for a proof; add \
                 ssl-mode=verify-identity&ssl-ca=FILE to database.url"
            ),
        ),
        (None, false) => Finding::critical(
            "tls",
            "not encrypted: the password of this account and the keys of tokens cross the network in clear. Set the \
             server up for TLS, and add ssl-mode=verify-identity&ssl-ca=FILE to database.url",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str, cipher: Option<&str>) -> Level {
        let Ok(DatabaseUrl::MySql(address)) = DatabaseUrl::parse(url) else { panic!("{url} is a server's") };
        encryption(&address, cipher).level
    }

    #[test]
    fn a_password_on_the_network_is_critical_and_a_socket_is_no_network() {
        let cipher = Some("TLS_AES_256_GCM_SHA384");
        assert_eq!(of("mysql://a:b@db.example/auth", None), Level::Critical);
        assert_eq!(of("mysql://a:b@db.example/auth", cipher), Level::Warning);
        assert_eq!(of("mysql://a:b@db.example/auth?ssl-ca=/etc/ca.pem", cipher), Level::Ok);
        assert_eq!(of("mysql://a:b@db.example/auth?ssl-ca=/etc/ca.pem&ssl-mode=verify-ca", cipher), Level::Warning);
        assert_eq!(of("mysql://a:b@localhost/auth", None), Level::Ok);
        assert_eq!(of("mysql://a:b@anywhere/auth?unix_socket=/run/mysqld.sock", None), Level::Ok);
    }
}
