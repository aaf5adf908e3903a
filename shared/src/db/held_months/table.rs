//! How a held table is told from every other one: by its name, its comment and its columns, all three.

use sqlx::{AssertSqlSafe, FromRow};

use super::super::backend::Backend;
use super::super::partitions::identifier;
use super::super::{AuthDb, DbError, statements};
use super::HeldMonth;
use crate::clock::Timestamp;
use crate::ids::KeyBound;
use crate::partition::Month;
use crate::text;

/// How the name of a held table begins. The year, the month and the bound follow.
const PREFIX: &str = "JanitorHeld_";
/// How its comment begins.
pub(super) const HOLDS: &str = "authdb-janitor holds the refresh tokens below ";

const LOOKING: &str = "looking for months that are held";

/// What the server says about a table.
#[derive(Clone, Debug, FromRow)]
pub(super) struct TableFacts {
    pub(super) name: String,
    pub(super) comment: String,
    pub(super) is_partitioned: i64,
    estimated_rows: i64,
    bytes: i64,
}

/// A column as it is declared; all of it must be alike for an exchange.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub(super) struct ColumnFacts {
    name: String,
    column_type: String,
    nullable: String,
    collation: Option<String>,
}

/// The name of the table that holds what lies below a bound.
pub(super) fn table_name(bound: KeyBound) -> String {
    let month = Month::of(bound.time().before(std::time::Duration::from_millis(1)));
    format!("{PREFIX}{}_{}", month.to_string().replace('-', "_"), bound.hex())
}

/// What is written on it.
pub(super) fn comment(bound: KeyBound, since: Timestamp) -> String {
    format!("{HOLDS}{} since {} (UTC)", bound.hex(), since.sql_text_with_millis())
}

/// The bound and the time of a comment.
fn read_comment(comment: &str) -> Option<(KeyBound, Timestamp)> {
    let (bound, since) = comment.strip_prefix(HOLDS)?.strip_suffix(" (UTC)")?.split_once(" since ")?;
    Some((KeyBound::parse(bound)?, Timestamp::from_sql_text(since)?))
}

/// What the name and the comment of a table say, if they agree.
fn identify(facts: &TableFacts) -> Result<(KeyBound, Timestamp), String> {
    let name = text::harmless(&facts.name);
    let Some((bound, since)) = read_comment(&facts.comment) else {
        return Err(format!(
            "the table {name} is called like a held month, but its comment does not say that it is one"
        ));
    };
    if !facts.name.eq_ignore_ascii_case(&table_name(bound)) {
        return Err(format!("the table {name} is called otherwise than the month that its comment says it holds"));
    }
    if facts.is_partitioned != 0 {
        return Err(format!("the table {name} has partitions, which a held month has not"));
    }
    Ok((bound, since))
}

impl AuthDb {
    /// All tables that are called like a held one.
    pub(super) async fn held_tables(&self) -> Result<Vec<TableFacts>, DbError> {
        let Backend::MySql(pool) = &self.reader else { return Ok(Vec::new()) };
        self.limited(LOOKING, async { sqlx::query_as(statements::HELD_TABLES.mysql).fetch_all(pool).await }).await
    }

    /// One table by its name, if it exists.
    pub(super) async fn table_facts(&self, name: &str) -> Result<Option<TableFacts>, DbError> {
        let Backend::MySql(pool) = &self.reader else { return Ok(None) };
        self.limited(LOOKING, async {
            sqlx::query_as(statements::TABLE_BY_NAME.mysql).bind(name).fetch_optional(pool).await
        })
        .await
    }

    /// The columns of a table, in their order.
    pub(super) async fn columns_of(&self, name: &str) -> Result<Vec<ColumnFacts>, DbError> {
        let Backend::MySql(pool) = &self.reader else { return Ok(Vec::new()) };
        self.limited(LOOKING, async {
            sqlx::query_as(statements::COLUMNS_OF_TABLE.mysql).bind(name).fetch_all(pool).await
        })
        .await
    }

    /// Whether there is no row in a table.
    pub(super) async fn is_empty_table(&self, name: &str) -> Result<bool, DbError> {
        let Backend::MySql(pool) = &self.reader else { return Ok(true) };
        let statement = format!("SELECT 1 FROM {} LIMIT 1", identifier(name));
        self.limited(LOOKING, async {
            let row: Option<i64> = sqlx::query_scalar(AssertSqlSafe(statement)).fetch_optional(pool).await?;
            Ok(row.is_none())
        })
        .await
    }

    /// The month that a table holds, or why it is not proven to hold one.
    pub(super) async fn prove_held(
        &self,
        facts: &TableFacts,
        columns: &[ColumnFacts],
    ) -> Result<Result<HeldMonth, String>, DbError> {
        let (bound, since) = match identify(facts) {
            Ok(identity) => identity,
            Err(why) => return Ok(Err(format!("{why}; it is left alone"))),
        };
        if self.columns_of(&facts.name).await? != columns {
            let name = text::harmless(&facts.name);
            return Ok(Err(format!("the columns of {name} are not those of RefreshTokens; it is left alone")));
        }
        Ok(Ok(HeldMonth {
            table: facts.name.clone(),
            bound,
            since,
            rows: facts.estimated_rows.unsigned_abs(),
            bytes: facts.bytes.unsigned_abs(),
            is_empty: self.is_empty_table(&facts.name).await?,
        }))
    }

    /// The same month again, if nothing about its table has changed.
    pub(super) async fn still_held(&self, held: &HeldMonth) -> Result<Result<HeldMonth, String>, DbError> {
        let gone = || format!("{} is no longer the held month it was; look again", text::harmless(&held.table));
        let Some(facts) = self.table_facts(&held.table).await? else { return Ok(Err(gone())) };
        let columns = self.columns_of("RefreshTokens").await?;
        let now = self.prove_held(&facts, &columns).await?;
        Ok(now.and_then(|now| if (now.bound, now.since) == (held.bound, held.since) { Ok(now) } else { Err(gone()) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound() -> KeyBound {
        KeyBound::parse("01a22ee6b00070008000000000000000").expect("32 hex digits")
    }

    fn facts(name: &str, comment: &str) -> TableFacts {
        TableFacts {
            name: name.to_owned(),
            comment: comment.to_owned(),
            is_partitioned: 0,
            estimated_rows: 0,
            bytes: 0,
        }
    }

    #[test]
    fn name_and_comment_give_back_what_they_were_made_of() {
        let since = Timestamp::from_unix_millis(1_795_000_000_123).expect("within the calendar");
        let (name, comment) = (table_name(bound()), comment(bound(), since));
        assert_eq!(name, "JanitorHeld_2026_11_01a22ee6b00070008000000000000000");
        assert!(name.len() <= 64, "servers allow no longer names");
        assert_eq!(identify(&facts(&name, &comment)), Ok((bound(), since)));
        assert_eq!(identify(&facts(&name.to_lowercase(), &comment)), Ok((bound(), since)), "some servers fold names");
    }

    #[test]
    fn a_table_whose_name_and_comment_differ_is_not_ours() {
        let since = Timestamp::from_unix_millis(1_795_000_000_123).expect("within the calendar");
        let (name, text) = (table_name(bound()), comment(bound(), since));
        assert!(identify(&facts(&name, "")).is_err());
        assert!(identify(&facts(&name, "my copy")).is_err());
        assert!(identify(&facts("JanitorHeld_2026_11", &text)).is_err());
        assert!(identify(&facts(&format!("{name}_copy"), &text)).is_err());
        assert!(identify(&TableFacts { is_partitioned: 1, ..facts(&name, &text) }).is_err());
    }
}
