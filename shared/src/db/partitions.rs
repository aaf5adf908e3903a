//! Partitions on a server: reading the layout, and changing it without making logins wait.
//!
//! An ALTER needs the table for itself for a moment. While it waits for that, everything that comes after waits behind
//! it, logins included. So it does not wait: `MariaDB` gives up at once, `MySQL` after the second that is its minimum,
//! and the caller tries again later.

use sqlx::{AssertSqlSafe, Connection, FromRow};

use super::backend::{Backend, Flavour};
use super::schema::quoted;
use super::{AuthDb, DbError, WritePermit, statements};
use crate::partition::{KeyForm, Layout, NewPartition, Partition, PartitionBound};
use crate::text;

#[derive(FromRow)]
struct PartitionRow {
    name: Option<String>,
    description: Option<String>,
    method: Option<String>,
    expression: Option<String>,
    subpartition: Option<String>,
    rows: Option<i64>,
    bytes: Option<i64>,
}

/// One change of the layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RollStep {
    /// Split these months off the `MAXVALUE` partition.
    Add(Vec<NewPartition>),
    /// Drop this partition with its rows.
    Drop(Partition),
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RollOutcome {
    /// Done.
    Done,
    /// Not done, and not to be tried again in this run; the reason says what to do.
    Refused(String),
}

const READING: &str = "reading the partitions of RefreshTokens";

impl AuthDb {
    /// The partitions of `RefreshTokens`; none on `SQLite` and on tables that were never partitioned.
    ///
    /// # Errors
    /// If the database cannot be asked, or the table is partitioned by something else than ranges of `JTI`.
    pub async fn partition_layout(&self) -> Result<Layout, DbError> {
        let Backend::MySql(pool) = &self.reader else { return Ok(Layout::default()) };
        let rows: Vec<PartitionRow> =
            self.limited(READING, async { sqlx::query_as(statements::PARTITIONS.mysql).fetch_all(pool).await }).await?;
        let mut partitions = Vec::new();
        for row in rows {
            let Some(name) = row.name else { continue };
            let expression = row.expression.unwrap_or_default().replace('`', "");
            let method = row.method.unwrap_or_default();
            let is_by_key = method == "RANGE COLUMNS" && expression.eq_ignore_ascii_case("JTI");
            if !is_by_key || row.subpartition.is_some() {
                return Err(DbError::Failed {
                    attempt: READING,
                    place: self.place().to_owned(),
                    reason: text::harmless(&format!(
                        "the table is partitioned by {method}({expression}), not by RANGE COLUMNS(JTI) as DiracX does \
                         it; its partitions are left alone"
                    )),
                });
            }
            partitions.push(Partition {
                name,
                bound: PartitionBound::parse(&row.description.unwrap_or_default()),
                rows: row.rows.unwrap_or_default().unsigned_abs(),
                bytes: row.bytes.unwrap_or_default().unsigned_abs(),
            });
        }
        Ok(Layout { partitions })
    }

    /// How many rows a partition holds, counted up to `limit`.
    ///
    /// # Errors
    /// If the database cannot be asked, or takes too long.
    pub async fn count_partition_rows(&self, partition: &Partition, limit: u32) -> Result<u64, DbError> {
        let Backend::MySql(pool) = &self.reader else { return Ok(0) };
        let statement = format!(
            "SELECT COUNT(*) FROM (SELECT 1 FROM RefreshTokens PARTITION ({}) LIMIT {limit}) AS t",
            identifier(&partition.name)
        );
        self.limited("counting the rows of a partition", async {
            let count: i64 = sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(pool).await?;
            Ok(count.unsigned_abs())
        })
        .await
    }

    /// Makes one change of the layout, after looking again whether it is still the right one.
    ///
    /// `copy_limit` is how many rows of the `MAXVALUE` partition splitting it may copy while writes are blocked.
    ///
    /// # Errors
    /// [`DbError::Locked`] if somebody holds the table, so that waiting would make logins wait; anything else if the
    /// database cannot do it.
    pub async fn roll(&self, _: &WritePermit, step: &RollStep, copy_limit: u32) -> Result<RollOutcome, DbError> {
        let layout = self.partition_layout().await?;
        match step {
            RollStep::Add(months) => self.add(&layout, months, copy_limit).await,
            RollStep::Drop(partition) => self.drop_partition(&layout, partition).await,
        }
    }

    async fn add(&self, layout: &Layout, months: &[NewPartition], limit: u32) -> Result<RollOutcome, DbError> {
        let Some(future) = layout.future() else {
            return Ok(RollOutcome::Refused("the partition for MAXVALUE is gone; plan again".to_owned()));
        };
        if layout.highest_bound() >= months.first().map(|month| month.bound) {
            return Ok(RollOutcome::Refused("somebody else has added months meanwhile; plan again".to_owned()));
        }
        let clause = clause(months, self.key_form().await?, Some(&future.name));
        let statement =
            format!("ALTER TABLE RefreshTokens REORGANIZE PARTITION {} INTO ({clause})", identifier(&future.name));
        let rows = self.count_partition_rows(future, limit.saturating_add(1)).await?;
        if rows > u64::from(limit) {
            return Ok(RollOutcome::Refused(format!(
                "no months are added: {} holds more than {limit} rows, and splitting it would block every login while \
                 they are copied. In a quiet hour, raise janitor.p_future_copy_limit or run: {statement}",
                text::harmless(&future.name)
            )));
        }
        self.run_ddl("adding partitions", statement).await?;
        Ok(RollOutcome::Done)
    }

    async fn drop_partition(&self, layout: &Layout, planned: &Partition) -> Result<RollOutcome, DbError> {
        let unchanged = layout.partitions.iter().any(|now| now.name == planned.name && now.bound == planned.bound);
        if !unchanged {
            let name = text::harmless(&planned.name);
            return Ok(RollOutcome::Refused(format!("{name} is no longer the partition it was; plan again")));
        }
        let statement = format!("ALTER TABLE RefreshTokens DROP PARTITION {}", identifier(&planned.name));
        self.run_ddl("dropping a partition", statement).await?;
        Ok(RollOutcome::Done)
    }

    /// The form in which this table's bounds are written.
    async fn key_form(&self) -> Result<KeyForm, DbError> {
        let Backend::MySql(pool) = &self.reader else { return Ok(KeyForm::Plain) };
        let data_type: Option<String> = self
            .limited(READING, async { sqlx::query_scalar(statements::KEY_TYPE.mysql).fetch_optional(pool).await })
            .await?;
        let is_native = data_type.is_some_and(|name| name.eq_ignore_ascii_case("uuid"));
        Ok(if is_native { KeyForm::Dashed } else { KeyForm::Plain })
    }

    /// Runs a schema change on a connection of its own, with the shortest wait that the server knows.
    ///
    /// There is no client-side time limit: giving up on an ALTER that has begun would not stop it.
    pub(super) async fn run_ddl(&self, attempt: &'static str, statement: String) -> Result<(), DbError> {
        let wait = match self.facts.flavour {
            Flavour::MariaDb => "SET SESSION lock_wait_timeout = 0, innodb_lock_wait_timeout = 1",
            Flavour::MySql | Flavour::Sqlite => "SET SESSION lock_wait_timeout = 1, innodb_lock_wait_timeout = 1",
        };
        let run = async {
            let mut connection = self.connect_for_ddl().await?;
            sqlx::query(wait).execute(&mut connection).await?;
            sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await?;
            connection.close().await
        };
        run.await.map_err(|error| DbError::from_driver(attempt, self.place(), &error))
    }
}

/// The partition list of a statement; `future` is the name of the `MAXVALUE` partition at its end.
pub(super) fn clause(months: &[NewPartition], form: KeyForm, future: Option<&str>) -> String {
    let bounded = months
        .iter()
        .map(|new| format!("PARTITION {} VALUES LESS THAN ({})", identifier(&new.name), quoted(new.bound, form)));
    let unbounded = future.map(|name| format!("PARTITION {} VALUES LESS THAN (MAXVALUE)", identifier(name)));
    bounded.chain(unbounded).collect::<Vec<_>>().join(", ")
}

/// A name as an identifier, whatever it contains.
fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}
