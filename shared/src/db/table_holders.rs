//! Who holds `RefreshTokens`, so that a change of it would have to wait, and every login behind the change.
//!
//! `MySQL` tells by `performance_schema`, if the account may read it and the server keeps account of these locks. `MariaDB`
//! tells by a plugin that few have; without it the oldest transactions are named, one of which it must be. Of a Galera
//! cluster a node tells only what is held on itself.
//!
//! Of the statement of a connection its shape is shown, without any value: values are hashes and keys of tokens.

use std::fmt;

use sqlx::FromRow;

use super::backend::{Backend, Flavour};
use super::{AuthDb, DbError, statements};
use crate::text;

const ASKING: &str = "asking who holds RefreshTokens";
/// The longest statement that is shown, in terminal cells.
const STATEMENT_WIDTH: usize = 120;
/// The longest name of a user or a host that is shown.
const NAME_WIDTH: usize = 60;

/// With the plugin `metadata_lock_info` of `MariaDB`; elsewhere there is no such table, so that no test can prepare it.
const PLUGIN: &str = "SELECT CAST(p.ID AS SIGNED) AS connection, CAST(p.USER AS CHAR) AS user, CAST(p.HOST AS CHAR) AS host, \
                      CAST(p.TIME AS SIGNED) AS seconds, CAST(p.COMMAND AS CHAR) AS command, \
                      CAST(LEFT(p.INFO, 1000) AS CHAR) AS statement FROM information_schema.METADATA_LOCK_INFO AS m \
                      JOIN information_schema.PROCESSLIST AS p ON p.ID = m.THREAD_ID \
                      WHERE m.TABLE_SCHEMA = DATABASE() AND m.TABLE_NAME = 'RefreshTokens' \
                      AND p.ID <> CONNECTION_ID() ORDER BY p.TIME DESC LIMIT 3";

/// A connection that holds the table, or may hold it.
#[derive(Clone, Debug, FromRow, PartialEq, Eq)]
pub(super) struct TableHolder {
    connection: i64,
    user: Option<String>,
    host: Option<String>,
    seconds: Option<i64>,
    command: Option<String>,
    statement: Option<String>,
}

/// What the server tells about the holders of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Holders {
    /// These hold it; nobody if the list is empty.
    Seen(Vec<TableHolder>),
    /// These have open transactions, and any of them may hold it.
    Candidates(Vec<TableHolder>),
    /// The server does not tell.
    Hidden(HiddenHolders),
}

/// Why it cannot be seen who holds `RefreshTokens` before its partitions are changed, where that matters.
///
/// # Examples
/// ```
/// use authdb_shared::db::HiddenHolders;
///
/// let why = HiddenHolders::NotRecorded.to_string();
/// assert!(why.contains("wait/lock/metadata/sql/mdl"), "a grant would change nothing: {why}");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HiddenHolders {
    /// The account may not read what tells it.
    NotGranted,
    /// The server does not keep account of these locks.
    NotRecorded,
    /// The account may not see the transactions of this node of a cluster.
    NotGrantedOnNode,
}

/// What follows, and what to do.
impl fmt::Display for HiddenHolders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotGranted => {
                "this account cannot see who holds RefreshTokens, so each change of its partitions may make logins wait for \
                 a second: grant it SELECT on performance_schema"
            }
            Self::NotRecorded => {
                "the server does not record who holds RefreshTokens, so each change of its partitions may make logins wait \
                 for a second: it needs performance_schema = ON and \
                 performance-schema-instrument = 'wait/lock/metadata/sql/mdl=ON', in its configuration"
            }
            Self::NotGrantedOnNode => {
                "this account cannot see who holds RefreshTokens, and on a Galera node a change of its partitions undoes \
                 their transactions: grant it PROCESS"
            }
        })
    }
}

impl fmt::Display for TableHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |name: &Option<String>| text::fit(&text::harmless(name.as_deref().unwrap_or("?")), NAME_WIDTH);
        // As the server writes accounts, by which privacy knows what to hide.
        write!(f, "connection {} of '{}'@'{}'", self.connection, name(&self.user), name(&self.host))?;
        let state = if self.command.as_deref() == Some("Sleep") { "idle" } else { "busy" };
        write!(f, ", {state} for {} s", self.seconds.unwrap_or_default().max(0))?;
        match self.statement.as_deref().map(str::trim).filter(|statement| !statement.is_empty()) {
            Some(statement) => {
                let shape = text::fit(&text::harmless(&without_values(statement)), STATEMENT_WIDTH);
                write!(f, ", statement `{shape}`")
            }
            None => f.write_str(", no statement known"),
        }
    }
}

impl fmt::Display for Holders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |holders: &[TableHolder]| holders.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        match self {
            Self::Seen(holders) if holders.is_empty() => f.write_str("whoever it was has gone since"),
            Self::Seen(holders) => write!(f, "held by {}", list(holders)),
            Self::Candidates(holders) if holders.is_empty() => f.write_str("no open transaction is left that held it"),
            Self::Candidates(holders) => write!(f, "held by one of the open transactions: {}", list(holders)),
            Self::Hidden(HiddenHolders::NotRecorded) => f.write_str("the server does not record by whom"),
            Self::Hidden(_) => f.write_str(
                "this account may not see by whom: grant it PROCESS, and on MySQL SELECT on performance_schema",
            ),
        }
    }
}

impl AuthDb {
    /// Why it cannot be seen who holds the table *before* its partitions are changed; `None` where it can, or where that
    /// does not matter, because a change gives up at once. Where it cannot, a change waits for the shortest time that
    /// `MySQL` knows, and logins wait as long; and on a Galera node it undoes the transactions of those who hold it.
    ///
    /// # Errors
    /// If the database cannot be asked; an account that may not ask cannot see.
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
    /// assert_eq!(db.hidden_holders().await?, None, "there are no partitions to change on SQLite");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn hidden_holders(&self) -> Result<Option<HiddenHolders>, DbError> {
        let is_node = self.is_galera_node().await?;
        if self.facts.flavour != Flavour::MySql && !is_node {
            return Ok(None);
        }
        Ok(match self.table_holders().await {
            Holders::Hidden(_) if is_node => Some(HiddenHolders::NotGrantedOnNode),
            Holders::Hidden(why) => Some(why),
            Holders::Seen(_) | Holders::Candidates(_) => None,
        })
    }

    /// Who holds the table now.
    pub(super) async fn table_holders(&self) -> Holders {
        if self.facts.flavour == Flavour::MySql {
            let Backend::MySql(pool) = &self.reader else { return Holders::Seen(Vec::new()) };
            let counting = async { sqlx::query_scalar(statements::LOCK_INSTRUMENT.mysql).fetch_one(pool).await };
            let is_recorded: Result<i64, _> = self.limited(ASKING, counting).await;
            return match is_recorded {
                Ok(0) => Holders::Hidden(HiddenHolders::NotRecorded),
                Ok(_) => self.holders_by(statements::TABLE_HOLDERS.mysql).await.map_or(UNSEEN, Holders::Seen),
                Err(_) => UNSEEN,
            };
        }
        self.table_holders_or(statements::OPEN_TRANSACTIONS.mysql).await
    }

    /// Who holds the table, or might, on this node.
    pub(super) async fn table_holders_on_node(&self) -> Holders {
        self.table_holders_or(statements::OPEN_TRANSACTIONS_HERE.mysql).await
    }

    /// Who holds the table by `MariaDB`'s plugin, or else who might by this statement.
    async fn table_holders_or(&self, candidates: &'static str) -> Holders {
        if let Some(holders) = self.holders_by(PLUGIN).await {
            return Holders::Seen(holders);
        }
        self.holders_by(candidates).await.map_or(UNSEEN, Holders::Candidates)
    }

    /// What a statement tells; `None` if the server does not know it, or the account may not ask.
    async fn holders_by(&self, statement: &'static str) -> Option<Vec<TableHolder>> {
        let Backend::MySql(pool) = &self.reader else { return Some(Vec::new()) };
        let asking = async move { sqlx::query_as::<_, TableHolder>(statement).fetch_all(pool).await };
        self.limited(ASKING, asking).await.ok()
    }
}

const UNSEEN: Holders = Holders::Hidden(HiddenHolders::NotGranted);

/// A statement with `?` in place of every value: of texts in either quotes, and of words that begin with a digit.
fn without_values(statement: &str) -> String {
    let mut shape = String::new();
    let mut rest = statement.chars().peekable();
    while let Some(letter) = rest.next() {
        match letter {
            '\'' | '"' => {
                while let Some(inner) = rest.next() {
                    if inner == '\\' {
                        rest.next();
                    } else if inner == letter && rest.next_if_eq(&letter).is_none() {
                        break;
                    }
                }
                shape.push('?');
            }
            _ if letter.is_ascii_digit() && !shape.ends_with(is_of_word) => {
                while rest.next_if(|next| is_of_word(*next) || *next == '.').is_some() {}
                shape.push('?');
            }
            _ => shape.push(letter),
        }
    }
    shape
}

fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '$' | '`')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_left_out_of_a_statement() {
        for (statement, shape) in [
            ("SELECT * FROM t WHERE JTI = '01a2\\'2ee6'", "SELECT * FROM t WHERE JTI = ?"),
            ("UPDATE t SET a='it''s', b = 17 WHERE p_2026_3 = 0x1f", "UPDATE t SET a=?, b = ? WHERE p_2026_3 = ?"),
            ("INSERT INTO t VALUES (\"secret\", -1.5e3", "INSERT INTO t VALUES (?, -?"),
            ("SELECT 'cut off by the serv", "SELECT ?"),
            ("SELECT * FROM `p_2026_3` WHERE `a` = ?", "SELECT * FROM `p_2026_3` WHERE `a` = ?"),
        ] {
            assert_eq!(without_values(statement), shape);
        }
    }

    #[test]
    fn a_holder_is_named_without_what_could_move_the_cursor() {
        let holder = TableHolder {
            connection: 17,
            user: Some("backup\u{1b}[2J".to_owned()),
            host: Some("10.0.0.5:40000".to_owned()),
            seconds: Some(754),
            command: Some("Sleep".to_owned()),
            statement: None,
        };
        let named = holder.to_string();
        assert_eq!(named, "connection 17 of 'backup␛[2J'@'10.0.0.5:40000', idle for 754 s, no statement known");
        let busy = TableHolder { command: Some("Query".to_owned()), statement: Some("x ".repeat(500)), ..holder };
        assert!(busy.to_string().chars().count() < 250, "{busy}");
    }
}
