//! Holding a month, giving it back, and letting it go.

use super::super::partitions::{RollOutcome, RollStep, RollTerms, clause, identifier};
use super::super::schema::quoted;
use super::super::{AuthDb, DbError, WritePermit};
use super::HeldMonth;
use super::table::{TableFacts, comment, table_name};
use crate::clock::Timestamp;
use crate::ids::KeyBound;
use crate::partition::{Layout, NewPartition, Partition, PartitionBound};
use crate::text;

const HOLDING: &str = "exchanging a month into a table of its own";
const RELEASING: &str = "dropping a month that was held";
const RESTORING: &str = "giving back a month that was held";

/// What became of a month that was to be held.
///
/// # Examples
/// ```
/// use authdb_shared::db::HoldOutcome;
///
/// let since = authdb_shared::Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
/// let line = match (HoldOutcome::Held { table: "JanitorHeld_2026_4_019d".to_owned(), since }) {
///     HoldOutcome::Held { table, .. } => format!("held in {table}"),
///     HoldOutcome::Dropped => "it was empty, and is dropped".to_owned(),
///     HoldOutcome::Refused(reason) => format!("not done: {reason}"),
/// };
/// assert_eq!(line, "held in JanitorHeld_2026_4_019d");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HoldOutcome {
    /// Its rows are in this table, and its partition is empty.
    Held {
        /// The table.
        table: String,
        /// Since when, by the database's clock.
        since: Timestamp,
    },
    /// There was nothing to hold, so the empty partition was dropped.
    Dropped,
    /// Not done, and not to be tried again in this run; the reason says what to do.
    Refused(String),
}

impl AuthDb {
    /// Exchanges a month that is due into a table of its own, from which [`restore_month`](Self::restore_month) can give it
    /// back until [`release_month`](Self::release_month) drops it. An empty one is dropped at once.
    ///
    /// What may not be dropped is not held either; the same proof comes first. Like every change of the table it does not
    /// wait for it.
    ///
    /// # Errors
    /// [`DbError::Locked`] if somebody holds the table, to be tried again later; [`DbError::LeaseLost`] if the permit is
    /// fenced by a lease that is lost; anything else if the database cannot do it.
    ///
    /// # Examples
    /// ```no_run
    /// # use authdb_shared::{actor::Actor, config::{Config, Sources}, db::{AuthDb, RollTerms}};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let config = Config::load(&Sources::from_process())?;
    /// # let db = AuthDb::connect(&config.database).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// let (now, layout) = (db.now().await?, db.partition_layout().await?);
    /// let copy_limit = config.janitor.p_future_copy_limit;
    /// let terms = RollTerms { now, policy: &config.policy, copy_limit, proving: None };
    /// println!("{:?}", db.hold_month(&permit, &layout.partitions[0], &terms).await?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn hold_month(
        &self,
        permit: &WritePermit,
        planned: &Partition,
        terms: &RollTerms<'_>,
    ) -> Result<HoldOutcome, DbError> {
        let layout = self.partition_layout().await?;
        let unchanged = layout.partitions.iter().any(|now| now.name == planned.name && now.bound == planned.bound);
        let PartitionBound::Below(bound) = planned.bound else {
            return Ok(HoldOutcome::Refused(format!(
                "{} has no bound, and is not held",
                text::harmless(&planned.name)
            )));
        };
        if !unchanged {
            return Ok(HoldOutcome::Refused(format!(
                "{} is no longer the partition it was; plan again",
                text::harmless(&planned.name)
            )));
        }
        if self.count_partition_rows(planned, 1).await? == 0 {
            return Ok(match self.roll(permit, &RollStep::Drop(planned.clone()), terms).await? {
                RollOutcome::Done => HoldOutcome::Dropped,
                RollOutcome::Refused(reason) => HoldOutcome::Refused(reason),
            });
        }
        if let Some(objection) = self.prove_for_step(HOLDING, &layout, planned, terms).await?.objection() {
            return Ok(HoldOutcome::Refused(objection));
        }
        let (table, since) = match self.make_held_table(permit, bound).await? {
            Ok(made) => made,
            Err(reason) => return Ok(HoldOutcome::Refused(reason)),
        };
        self.alter_tokens(permit, HOLDING, &layout, exchange(&planned.name, &table)).await?;
        Ok(HoldOutcome::Held { table, since })
    }

    /// The statement with which [`hold_month`](Self::hold_month) moves the rows, for people who want to see it first.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::AuthDb;
    /// use authdb_shared::partition::{Partition, PartitionBound};
    ///
    /// let bound = PartitionBound::parse("'01a22ee6b00070008000000000000000'");
    /// let november = Partition { name: "p_2026_11".to_owned(), bound, rows: 0, bytes: 0 };
    /// assert!(AuthDb::hold_statement(&november).contains("EXCHANGE PARTITION `p_2026_11` WITH TABLE `JanitorHeld_2026_11_"));
    /// ```
    #[must_use]
    pub fn hold_statement(partition: &Partition) -> String {
        match partition.bound {
            PartitionBound::Below(bound) => exchange(&partition.name, &table_name(bound)),
            PartitionBound::Unbounded | PartitionBound::Unreadable(_) => String::new(),
        }
    }

    /// Makes the table that is to hold a month, or takes the empty one that an earlier run left.
    async fn make_held_table(
        &self,
        permit: &WritePermit,
        bound: KeyBound,
    ) -> Result<Result<(String, Timestamp), String>, DbError> {
        let name = table_name(bound);
        let mut facts = self.table_facts(&name).await?;
        if facts.is_none() {
            self.run_ddl(Some(permit), HOLDING, format!("CREATE TABLE {} LIKE RefreshTokens", identifier(&name)))
                .await?;
            facts = self.table_facts(&name).await?;
        }
        let Some(facts) = facts else { return Ok(Err(format!("{name} has gone as soon as it was made; try again"))) };
        if let Some(objection) = self.objection_to_table(&facts).await? {
            return Ok(Err(objection));
        }
        let unpartitioned = if facts.is_partitioned == 0 { "" } else { " REMOVE PARTITIONING" };
        // From now on, and not from when a plan was made: the time to undo it would be over before it begins.
        let since = self.now().await?;
        let comment = comment(bound, since);
        let label = format!("ALTER TABLE {} COMMENT = '{comment}'{unpartitioned}", identifier(&facts.name));
        self.run_ddl(Some(permit), HOLDING, label).await?;
        Ok(Ok((facts.name, since)))
    }

    /// Why a month cannot be held, apart from what is in it: the table that it would be exchanged into is there, and is not
    /// free for it.
    ///
    /// # Errors
    /// If the database cannot be asked.
    ///
    /// # Examples
    /// ```no_run
    /// # use authdb_shared::{config::{Config, Sources}, db::AuthDb};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let config = Config::load(&Sources::from_process())?;
    /// # let db = AuthDb::connect(&config.database).await?;
    /// for partition in db.partition_layout().await?.partitions {
    ///     println!("{}: {:?}", partition.name, db.objection_to_holding(&partition).await?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn objection_to_holding(&self, partition: &Partition) -> Result<Option<String>, DbError> {
        let PartitionBound::Below(bound) = partition.bound else { return Ok(None) };
        match self.table_facts(&table_name(bound)).await? {
            Some(facts) => self.objection_to_table(&facts).await,
            None => Ok(None),
        }
    }

    async fn objection_to_table(&self, facts: &TableFacts) -> Result<Option<String>, DbError> {
        let TableFacts { name, comment, .. } = facts;
        let of_tokens = self.table_facts("RefreshTokens").await?.map(|facts| facts.comment);
        if !comment.starts_with(super::table::HOLDS) && Some(comment) != of_tokens.as_ref() {
            return Ok(Some(format!("no month is held in {name}: a table of somebody else is called so; rename it")));
        }
        if self.columns_of(name).await? != self.columns_of("RefreshTokens").await? {
            return Ok(Some(format!(
                "no month is held in {name}: its columns are not those of RefreshTokens; rename it"
            )));
        }
        if !self.is_empty_table(name).await? {
            return Ok(Some(format!(
                "the month is held in {name} already, and rows have come to its partition since. They go once the held \
                 month is dropped or given back"
            )));
        }
        Ok(None)
    }

    /// Drops a held month for good. Its rows are proven to be old once more, by the policy of now.
    ///
    /// # Errors
    /// As [`hold_month`](Self::hold_month).
    ///
    /// # Examples
    /// ```no_run
    /// # use authdb_shared::{actor::Actor, config::{Config, Sources}, db::{AuthDb, RollTerms}};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let config = Config::load(&Sources::from_process())?;
    /// # let db = AuthDb::connect(&config.database).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// let now = db.now().await?;
    /// let copy_limit = config.janitor.p_future_copy_limit;
    /// let terms = RollTerms { now, policy: &config.policy, copy_limit, proving: None };
    /// for held in db.held_months().await?.months {
    ///     if held.until(config.janitor.hold_dropped) <= now {
    ///         println!("{:?}", db.release_month(&permit, &held, &terms).await?);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn release_month(
        &self,
        permit: &WritePermit,
        held: &HeldMonth,
        terms: &RollTerms<'_>,
    ) -> Result<RollOutcome, DbError> {
        let held = match self.still_held(held).await? {
            Ok(held) => held,
            Err(reason) => return Ok(RollOutcome::Refused(reason)),
        };
        if !held.is_empty
            && let Some(objection) = self.prove_for_release(&held, terms).await?.objection()
        {
            return Ok(RollOutcome::Refused(objection));
        }
        self.run_ddl(Some(permit), RELEASING, held.release_statement()).await?;
        Ok(RollOutcome::Done)
    }

    /// Gives a held month back to `RefreshTokens`. Where its partition is gone, it is made again out of the one that covers
    /// its keys now, if that holds few rows: they are copied with writes blocked.
    ///
    /// # Errors
    /// As [`hold_month`](Self::hold_month).
    ///
    /// # Examples
    /// ```no_run
    /// # use authdb_shared::{actor::Actor, config::{Config, Sources}, db::{AuthDb, RollTerms}};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let config = Config::load(&Sources::from_process())?;
    /// # let db = AuthDb::connect(&config.database).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// let held = db.held_months().await?;
    /// let april = held.find("2026-4")?;
    /// println!("{:?}", db.restore_month(&permit, april, config.janitor.p_future_copy_limit).await?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn restore_month(
        &self,
        permit: &WritePermit,
        held: &HeldMonth,
        copy_limit: u32,
    ) -> Result<RollOutcome, DbError> {
        let held = match self.still_held(held).await? {
            Ok(held) if held.is_empty => return Ok(RollOutcome::Refused(format!("nothing is held in {}", held.table))),
            Ok(held) => held,
            Err(reason) => return Ok(RollOutcome::Refused(reason)),
        };
        let place = match self.place_of(permit, &held, copy_limit).await? {
            Ok(place) => place,
            Err(reason) => return Ok(RollOutcome::Refused(reason)),
        };
        if self.count_partition_rows(&place, 1).await? > 0 {
            return Ok(RollOutcome::Refused(format!(
                "{} is not empty, so the held month cannot take its place. {}",
                text::harmless(&place.name),
                by_rows(&held)
            )));
        }
        let layout = self.partition_layout().await?;
        self.alter_tokens(permit, RESTORING, &layout, exchange(&place.name, &held.table)).await?;
        // What was exchanged for it is the empty partition. Should this be the last step that is reached, the empty table
        // is dropped by a later run.
        if self.is_empty_table(&held.table).await.unwrap_or(false) {
            // The month is back, whatever keeps its empty table from going.
            let _ = self.run_ddl(Some(permit), RESTORING, held.release_statement()).await;
        }
        Ok(RollOutcome::Done)
    }

    /// The partition that a held month belongs into, made again where it is gone; or why there is none.
    async fn place_of(
        &self,
        permit: &WritePermit,
        held: &HeldMonth,
        limit: u32,
    ) -> Result<Result<Partition, String>, DbError> {
        let layout = self.partition_layout().await?;
        if let Some(place) = place(&layout, held.bound) {
            return Ok(Ok(place));
        }
        let statement = match self.split(&layout, held).await? {
            Ok((cover, statement))
                if self.count_partition_rows(&cover, limit.saturating_add(1)).await? > u64::from(limit) =>
            {
                return Ok(Err(format!(
                    "the partition of {} is gone, and {}, which takes its keys now, holds more than {limit} rows: \
                     splitting it would block every login while they are copied. In a quiet hour run: {statement}; then \
                     restore again",
                    held.month(),
                    text::harmless(&cover.name)
                )));
            }
            Ok((_, statement)) => statement,
            Err(reason) => return Ok(Err(reason)),
        };
        self.alter_tokens(permit, RESTORING, &layout, statement).await?;
        let made = place(&self.partition_layout().await?, held.bound);
        Ok(made.ok_or_else(|| "the partitions have changed meanwhile; restore again".to_owned()))
    }

    /// The partition that covers the keys of a held month whose own is gone, and the statement that splits it.
    async fn split(&self, layout: &Layout, held: &HeldMonth) -> Result<Result<(Partition, String), String>, DbError> {
        let name = held.month().partition_name();
        let covers = |partition: &&Partition| match partition.bound {
            PartitionBound::Below(bound) => bound > held.bound,
            PartitionBound::Unbounded => true,
            PartitionBound::Unreadable(_) => false,
        };
        let Some(cover) = layout.partitions.iter().find(covers) else {
            return Ok(Err(format!("RefreshTokens has no partition that takes the keys of {name}. {}", by_rows(held))));
        };
        if layout.partitions.iter().any(|partition| partition.name.eq_ignore_ascii_case(&name)) {
            return Ok(Err(format!("another partition is called {name}. {}", by_rows(held))));
        }
        let form = self.key_form().await?;
        let month = clause(&[NewPartition { name, bound: held.bound }], form, None);
        let covering = identifier(&cover.name);
        let end = match cover.bound {
            PartitionBound::Below(bound) => quoted(bound, form),
            PartitionBound::Unbounded | PartitionBound::Unreadable(_) => "MAXVALUE".to_owned(),
        };
        let statement = format!(
            "ALTER TABLE RefreshTokens REORGANIZE PARTITION {covering} INTO ({month}, PARTITION {covering} VALUES LESS \
             THAN ({end}))"
        );
        Ok(Ok((cover.clone(), statement)))
    }
}

fn exchange(partition: &str, table: &str) -> String {
    format!("ALTER TABLE RefreshTokens EXCHANGE PARTITION {} WITH TABLE {}", identifier(partition), identifier(table))
}

fn place(layout: &Layout, bound: KeyBound) -> Option<Partition> {
    layout.partitions.iter().find(|partition| partition.bound == PartitionBound::Below(bound)).cloned()
}

/// What to do where an exchange is not possible.
fn by_rows(held: &HeldMonth) -> String {
    let table = identifier(&held.table);
    format!("To bring the rows back one by one, run: INSERT INTO RefreshTokens SELECT * FROM {table}")
}
