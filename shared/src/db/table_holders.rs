//! Who holds `RefreshTokens`, so that a change of it would have to wait, and every login behind the change.
//!
//! `MySQL` tells by `performance_schema`, if the account may read it and the server keeps account of these locks. `MariaDB`
//! tells by a plugin that few have; without it the oldest transactions are named, one of which it must be.
//!
//! Of the statement of a connection its shape is shown, without any value: values are hashes and keys of tokens.

use std::fmt;

use sqlx::FromRow;

use super::backend::{Backend, Flavour};
use super::{AuthDb, statements};
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
    Hidden,
}

impl fmt::Display for TableHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |name: &Option<String>| text::fit(&text::harmless(name.as_deref().unwrap_or("?")), NAME_WIDTH);
        write!(f, "connection {} of {}@{}", self.connection, name(&self.user), name(&self.host))?;
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
            Self::Hidden => f.write_str(
                "this account may not see by whom: grant it PROCESS, and on MySQL SELECT on performance_schema",
            ),
        }
    }
}

impl AuthDb {
    /// Whether this account can see who holds the table *before* it is to be changed. Where it cannot, a change waits for
    /// the shortest time that the server knows, and logins wait as long.
    ///
    /// # Errors
    /// Never; an account that may not ask cannot see.
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
    /// assert!(db.changes_wait_for_nobody().await, "there are no partitions to change on SQLite");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn changes_wait_for_nobody(&self) -> bool {
        // MariaDB gives up at once, whoever holds the table.
        self.facts.flavour != Flavour::MySql || self.table_holders().await != Holders::Hidden
    }

    /// Who holds the table now.
    pub(super) async fn table_holders(&self) -> Holders {
        let Backend::MySql(pool) = &self.reader else { return Holders::Seen(Vec::new()) };
        let ask = |statement: &'static str| {
            self.limited(ASKING, async move { sqlx::query_as::<_, TableHolder>(statement).fetch_all(pool).await })
        };
        if self.facts.flavour == Flavour::MySql {
            let counting = async { sqlx::query_scalar(statements::LOCK_INSTRUMENT.mysql).fetch_one(pool).await };
            let is_kept: Result<i64, _> = self.limited(ASKING, counting).await;
            if is_kept.is_ok_and(|count| count > 0)
                && let Ok(holders) = ask(statements::TABLE_HOLDERS.mysql).await
            {
                return Holders::Seen(holders);
            }
        } else if let Ok(holders) = ask(PLUGIN).await {
            return Holders::Seen(holders);
        } else if let Ok(candidates) = ask(statements::OPEN_TRANSACTIONS.mysql).await {
            return Holders::Candidates(candidates);
        }
        Holders::Hidden
    }
}

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
        assert_eq!(named, "connection 17 of backup␛[2J@10.0.0.5:40000, idle for 754 s, no statement known");
        let busy = TableHolder { command: Some("Query".to_owned()), statement: Some("x ".repeat(500)), ..holder };
        assert!(busy.to_string().chars().count() < 250, "{busy}");
    }
}
