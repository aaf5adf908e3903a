//! Partitions on a server: reading the layout, and changing it step by step, looking again before each.

use sqlx::{AssertSqlSafe, FromRow};

use super::backend::Backend;
use super::schema::quoted;
use super::{AuthDb, DbError, Proving, WritePermit, statements};
use crate::clock::Timestamp;
use crate::partition::{KeyForm, Layout, NewPartition, Partition, PartitionBound};
use crate::policy::Policy;
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
///
/// # Examples
/// ```
/// use authdb_shared::db::RollStep;
/// use authdb_shared::partition::RollPlan;
///
/// /// Months are added before any is dropped.
/// fn steps(plan: RollPlan) -> impl Iterator<Item = RollStep> {
///     let add = (plan.adds_future || !plan.add.is_empty()).then_some(RollStep::Add(plan.add));
///     add.into_iter().chain(plan.drop.into_iter().map(RollStep::Drop))
/// }
/// assert_eq!(steps(RollPlan::default()).count(), 0);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RollStep {
    /// Split these months off the `MAXVALUE` partition; where there is none, add them with it.
    Add(Vec<NewPartition>),
    /// Drop this partition with its rows.
    Drop(Partition),
}

/// Within which bounds the layout is changed.
///
/// # Examples
/// ```
/// use authdb_shared::db::RollTerms;
/// use authdb_shared::{Policy, Timestamp};
///
/// let policy = Policy::default();
/// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
/// let terms = RollTerms { now, policy: &policy, copy_limit: 10_000, proving: None };
/// assert_eq!(terms.policy.token_horizon(terms.now).sql_text(), "2026-05-18 11:06:40");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RollTerms<'a> {
    /// The database's time, by which a partition is old; its witnesses have been heard.
    pub now: Timestamp,
    /// How long tokens are kept.
    pub policy: &'a Policy,
    /// How many rows of the `MAXVALUE` partition may be copied while writes are blocked.
    pub copy_limit: u32,
    /// Who hears of the progress where a month is read; nobody if `None`, and then it is read to its end each time.
    pub proving: Option<&'a Proving<'a>>,
}

/// What became of a change.
///
/// # Examples
/// ```
/// use authdb_shared::db::RollOutcome;
///
/// let outcome = RollOutcome::Refused("somebody else has added months meanwhile; plan again".to_owned());
/// let line = match outcome {
///     RollOutcome::Done => "done".to_owned(),
///     RollOutcome::Refused(reason) => format!("not done: {reason}"),
/// };
/// assert_eq!(line, "not done: somebody else has added months meanwhile; plan again");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RollOutcome {
    /// Done.
    Done,
    /// Not done, and not to be tried again in this run; the reason says what to do.
    Refused(String),
}

const DROPPING: &str = "dropping a partition";
const READING: &str = "reading the partitions of RefreshTokens";

impl AuthDb {
    /// The partitions of `RefreshTokens`; none on `SQLite` and on tables that were never partitioned.
    ///
    /// # Errors
    /// If the database cannot be asked, or the table is partitioned by something else than ranges of `JTI`.
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
    /// let layout = db.partition_layout().await?;
    /// let method = if layout.is_partitioned() { "months are dropped" } else { "old months are deleted by key range" };
    /// assert_eq!(method, "old months are deleted by key range", "this is SQLite");
    /// # Ok(())
    /// # }
    /// ```
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
    /// for partition in db.partition_layout().await?.partitions {
    ///     let rows = db.count_partition_rows(&partition, 10_001).await?;
    ///     let more = if rows > 10_000 { ", and perhaps more" } else { "" };
    ///     println!("{}: {rows} rows{more}", partition.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
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

    /// How many rows the `MAXVALUE` partition holds, counted up to `limit`; `None` where there is no such partition. While
    /// it is empty, adding months copies nothing.
    ///
    /// # Errors
    /// If the database cannot be asked, or takes too long.
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
    /// let advice = match db.future_partition_rows(10_001).await? {
    ///     None => "no partitions",
    ///     Some(0) => "adding months copies nothing",
    ///     Some(_) => "adding months copies rows, and blocks every login meanwhile",
    /// };
    /// assert_eq!(advice, "no partitions", "this is SQLite");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn future_partition_rows(&self, limit: u32) -> Result<Option<u64>, DbError> {
        let layout = self.partition_layout().await?;
        match layout.future() {
            Some(future) => self.count_partition_rows(future, limit).await.map(Some),
            None => Ok(None),
        }
    }

    /// Makes one change of the layout, after looking again whether it is still the right one (a step of DiracX's
    /// `maintain_refresh_token_partitions`). Before a drop everything in the partition is read
    /// ([`AuthDb::prove_partition`]), and where it is not all old, it stays.
    ///
    /// It does not wait for the table, because logins would wait behind it: where somebody holds it, it is not tried, or
    /// given up at once, and is to be tried again later. Only where it cannot be seen who holds it
    /// ([`AuthDb::hidden_holders`]), `MySQL` waits for a second, its minimum. On a Galera cluster the change undoes the
    /// transactions that hold the table on *other* nodes, which cannot be seen from this one.
    ///
    /// # Errors
    /// [`DbError::Locked`] if somebody holds the table, with who it is; [`DbError::LeaseLost`] if the permit's lease is
    /// gone; [`DbError::Stopped`] if the terms said stop; anything else if the database cannot do it.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::{RollOutcome, RollStep, RollTerms};
    /// use authdb_shared::partition::plan_roll;
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// let now = db.now().await?;
    /// let plan = plan_roll(&db.partition_layout().await?, now, &config.policy, config.janitor.roll);
    /// let add = RollStep::Add(plan.add);
    /// let copy_limit = config.janitor.p_future_copy_limit;
    /// let terms = RollTerms { now, policy: &config.policy, copy_limit, proving: None };
    /// let outcome = db.roll(&permit, &add, &terms).await?;
    /// assert!(matches!(outcome, RollOutcome::Refused(_)), "this is SQLite, and has no partition to split");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn roll(
        &self,
        permit: &WritePermit,
        step: &RollStep,
        terms: &RollTerms<'_>,
    ) -> Result<RollOutcome, DbError> {
        let layout = self.partition_layout().await?;
        match step {
            RollStep::Add(months) => self.add(permit, &layout, months, terms.copy_limit).await,
            RollStep::Drop(partition) => self.drop_partition(permit, &layout, partition, terms).await,
        }
    }

    async fn add(
        &self,
        permit: &WritePermit,
        layout: &Layout,
        months: &[NewPartition],
        limit: u32,
    ) -> Result<RollOutcome, DbError> {
        const ADDING: &str = "adding partitions";
        if !layout.is_partitioned() {
            return Ok(RollOutcome::Refused("RefreshTokens has no partitions to add months to".to_owned()));
        }
        if months.first().is_some_and(|first| layout.highest_bound() >= Some(first.bound)) {
            return Ok(RollOutcome::Refused("somebody else has added months meanwhile; plan again".to_owned()));
        }
        let Some(future) = layout.future() else {
            let statement = add_statement(None, months, self.key_form().await?);
            self.alter_tokens(permit, ADDING, layout, statement).await?;
            return Ok(RollOutcome::Done);
        };
        if months.is_empty() {
            return Ok(RollOutcome::Refused("the partition for MAXVALUE is there already; plan again".to_owned()));
        }
        let statement = add_statement(Some(future), months, self.key_form().await?);
        if let (_, Some(objection)) = self.weigh_adding(layout, months, limit).await? {
            return Ok(RollOutcome::Refused(objection));
        }
        self.alter_tokens(permit, ADDING, layout, statement).await?;
        Ok(RollOutcome::Done)
    }

    /// How many rows would be copied to add these months, counted up to `limit` and one more, and what speaks against it.
    ///
    /// # Errors
    /// If the database cannot be asked, or takes too long.
    ///
    /// # Examples
    /// ```
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// let layout = db.partition_layout().await?;
    /// assert_eq!(db.weigh_adding(&layout, &[], 10_000).await?, (0, None), "there is nothing to split on SQLite");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn weigh_adding(
        &self,
        layout: &Layout,
        months: &[NewPartition],
        limit: u32,
    ) -> Result<(u64, Option<String>), DbError> {
        let Some(future) = layout.future() else { return Ok((0, None)) };
        let rows = self.count_partition_rows(future, limit.saturating_add(1)).await?;
        if rows <= u64::from(limit) {
            return Ok((rows, None));
        }
        let statement = add_statement(Some(future), months, self.key_form().await?);
        let objection = format!(
            "no months are added: {} holds more than {limit} rows, and splitting it would block every login while they \
             are copied. In a quiet hour, raise janitor.p_future_copy_limit or run: {statement}",
            text::harmless(&future.name)
        );
        Ok((rows, Some(objection)))
    }

    async fn drop_partition(
        &self,
        permit: &WritePermit,
        layout: &Layout,
        planned: &Partition,
        terms: &RollTerms<'_>,
    ) -> Result<RollOutcome, DbError> {
        let unchanged = layout.partitions.iter().any(|now| now.name == planned.name && now.bound == planned.bound);
        if !unchanged {
            let name = text::harmless(&planned.name);
            return Ok(RollOutcome::Refused(format!("{name} is no longer the partition it was; plan again")));
        }
        if let Some(objection) = self.prove_for_step(DROPPING, layout, planned, terms).await?.objection() {
            return Ok(RollOutcome::Refused(objection));
        }
        self.alter_tokens(permit, DROPPING, layout, drop_statement(planned)).await?;
        Ok(RollOutcome::Done)
    }

    /// The statement with which [`roll`](Self::roll) would take a step on this layout, for people who want to see it first.
    ///
    /// # Errors
    /// If the database cannot be asked.
    ///
    /// # Examples
    /// ```no_run
    /// # use authdb_shared::{config::{Config, Sources}, db::{AuthDb, RollStep}, partition::plan_roll};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let config = Config::load(&Sources::from_process())?;
    /// # let db = AuthDb::connect(&config.database).await?;
    /// let layout = db.partition_layout().await?;
    /// let plan = plan_roll(&layout, db.now().await?, &config.policy, config.janitor.roll);
    /// println!("{}", db.roll_statement(&layout, &RollStep::Add(plan.add)).await?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn roll_statement(&self, layout: &Layout, step: &RollStep) -> Result<String, DbError> {
        Ok(match step {
            RollStep::Add(months) => add_statement(layout.future(), months, self.key_form().await?),
            RollStep::Drop(partition) => drop_statement(partition),
        })
    }

    /// The form in which this table's bounds are written.
    pub(super) async fn key_form(&self) -> Result<KeyForm, DbError> {
        let Backend::MySql(pool) = &self.reader else { return Ok(KeyForm::Plain) };
        let data_type: Option<String> = self
            .limited(READING, async { sqlx::query_scalar(statements::KEY_TYPE.mysql).fetch_optional(pool).await })
            .await?;
        let is_native = data_type.is_some_and(|name| name.eq_ignore_ascii_case("uuid"));
        Ok(if is_native { KeyForm::Dashed } else { KeyForm::Plain })
    }
}

/// Splits the partition for `MAXVALUE`, or adds one where there is none.
fn add_statement(future: Option<&Partition>, months: &[NewPartition], form: KeyForm) -> String {
    let Some(future) = future else {
        return format!("ALTER TABLE RefreshTokens ADD PARTITION ({})", clause(months, form, Some("p_future")));
    };
    let clause = clause(months, form, Some(&future.name));
    format!("ALTER TABLE RefreshTokens REORGANIZE PARTITION {} INTO ({clause})", identifier(&future.name))
}

fn drop_statement(partition: &Partition) -> String {
    format!("ALTER TABLE RefreshTokens DROP PARTITION {}", identifier(&partition.name))
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
pub(super) fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}
