//! The chain: each action carries the hash of the one before it, so that no row can be changed, left out or put in without
//! the rest giving it away.
//!
//! The newest number and hash stand beside the chain as well, so that rows missing from its end are noticed too. Whoever
//! can write all of these tables can of course write a new chain; keep a hash elsewhere to notice that.

use sha2::{Digest, Sha256};

use super::JOURNAL;
use super::actions::ActionRow;
use super::lease::StoredLease;
use crate::db::backend::on_backend;
use crate::db::{AuthDb, DbError, statements};

/// What stands for the hash before the first action.
pub(super) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Distinguishes these hashes from any others, and this way of reckoning them from later ones.
const DOMAIN: &str = "AdminActions 1";

const VERIFYING: &str = "verifying the journal";

/// Actions read at a time.
const PAGE: u32 = 500;

/// What the chain says of itself.
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
/// db.create_ledger(&permit).await?;
/// let before = db.verify_journal().await?;
/// # let code = authdb_shared::ids::UserCode::from_stored("BCDFGHJK".to_owned());
/// # assert!(db.deny_device_flow(&permit, &code).await?.is_err());
/// let after = db.verify_journal().await?;
/// assert_eq!((before.sound, after.sound), (1, 2));
/// assert_ne!(before.head, after.head);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalCheck {
    /// Actions whose hashes fit, from the first on.
    pub sound: u64,
    /// The hash of the newest of them: to be kept elsewhere, and compared with later.
    pub head: String,
    /// The first row at which the chain breaks, if it does.
    pub fault: Option<ChainFault>,
}

/// Where and how the chain breaks.
///
/// # Examples
/// ```
/// use authdb_shared::db::ChainFault;
///
/// let advice = |fault: &ChainFault| match fault {
///     ChainFault::Changed(_) | ChainFault::Detached(_) | ChainFault::Replaced(_) => "compare with a backup",
///     ChainFault::Missing(_) | ChainFault::Uncounted => "somebody has deleted rows",
///     ChainFault::Added(_) => "somebody has inserted rows",
/// };
/// let fault = ChainFault::Missing(7);
/// assert_eq!(format!("{fault}: {}", advice(&fault)), "action 7 is missing: somebody has deleted rows");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    /// The row's own hash does not fit what it says.
    #[error("action {0} was changed after it was written: its hash does not fit")]
    Changed(i64),
    /// The row does not continue the one before it.
    #[error("action {0} does not follow the action before it: one of the two was replaced")]
    Detached(i64),
    /// There is no such row.
    #[error("action {0} is missing")]
    Missing(i64),
    /// The newest row is another than the journal counted.
    #[error("action {0} was replaced: its hash fits, but is not the one that the journal counted last")]
    Replaced(i64),
    /// A row that the journal never counted.
    #[error("action {0} was added past the journal, which never counted it")]
    Added(i64),
    /// What stands beside the chain is missing.
    #[error("nothing says how many actions there were: the row `journal` of JanitorLease is missing")]
    Uncounted,
}

/// The hash of an action: of every value with its length before it, so that no two rows read alike.
pub(super) fn link(row: &ActionRow) -> String {
    let id = row.id.to_string();
    let values = [
        DOMAIN,
        &id,
        &row.time,
        &row.actor,
        &row.account,
        &row.host,
        &row.action,
        &row.target,
        &row.reason,
        &row.outcome,
        &row.details,
        &row.previous_hash,
    ];
    let mut digest = Sha256::new();
    for value in values {
        digest.update((value.len() as u64).to_be_bytes());
        digest.update(value);
    }
    crate::db::transaction::hex(&digest.finalize())
}

/// The check of a chain, row by row.
struct Walk {
    check: JournalCheck,
    last: i64,
    /// The hash before the last row's.
    before: String,
}

impl Walk {
    fn begin() -> Self {
        let check = JournalCheck { sound: 0, head: GENESIS.to_owned(), fault: None };
        Self { check, last: 0, before: GENESIS.to_owned() }
    }

    /// Takes the next row; `false` if the chain breaks there.
    fn step(&mut self, row: ActionRow) -> bool {
        let expected = self.last + 1;
        self.check.fault = if row.id < expected {
            Some(ChainFault::Added(row.id))
        } else if row.id > expected {
            Some(ChainFault::Missing(expected))
        } else if row.hash != link(&row) {
            Some(ChainFault::Changed(row.id))
        } else if row.previous_hash != self.check.head {
            Some(ChainFault::Detached(row.id))
        } else {
            self.check.sound += 1;
            self.before = std::mem::replace(&mut self.check.head, row.hash);
            self.last = row.id;
            None
        };
        self.check.fault.is_none()
    }

    /// Compares the end of the chain with what stands beside it.
    fn end(mut self, number: i64, hash: &str) -> JournalCheck {
        if self.last < number {
            self.check.fault = Some(ChainFault::Missing(self.last + 1));
        } else if number > 0 && self.check.head != hash {
            self.check.fault = Some(ChainFault::Replaced(self.last));
            self.check.sound -= 1;
            self.check.head = self.before;
        }
        self.check
    }
}

impl AuthDb {
    /// Verifies the journal from its first action on, and names the first row at which it breaks.
    ///
    /// Actions that are written meanwhile are left for the next time.
    ///
    /// # Errors
    /// If the database cannot be asked, or has no ledger.
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
    /// db.create_ledger(&permit).await?;
    /// let check = db.verify_journal().await?;
    /// assert_eq!((check.sound, check.fault), (1, None), "making the ledger is its first action");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn verify_journal(&self) -> Result<JournalCheck, DbError> {
        let head = self.journal_head().await?;
        let number = head.as_ref().map_or(i64::MAX, |head| head.fencing_number);
        let mut walk = Walk::begin();
        // From below the first number: a row could have been put there, too.
        let mut next = i64::MIN;
        loop {
            let mut rows = self.actions_from(next).await?;
            rows.retain(|row| row.id <= number);
            if rows.is_empty() {
                break;
            }
            for row in rows {
                if !walk.step(row) {
                    return Ok(walk.check);
                }
            }
            next = walk.last + 1;
        }
        let Some(head) = head else {
            return Ok(JournalCheck { fault: Some(ChainFault::Uncounted), ..walk.check });
        };
        let mut check = walk.end(number, &head.holder);
        if check.fault.is_none() {
            check.fault = self.added_past(number).await?;
        }
        Ok(check)
    }

    /// The first row past the journal's head, which was `number` before.
    async fn added_past(&self, number: i64) -> Result<Option<ChainFault>, DbError> {
        // In this order: whatever the journal itself has added by now, its head counts already.
        let beyond = self.actions_from(number.saturating_add(1)).await?;
        let counted = self.journal_head().await?.map_or(number, |head| head.fencing_number);
        Ok(beyond.iter().map(|row| row.id).find(|id| *id > counted).map(ChainFault::Added))
    }

    async fn journal_head(&self) -> Result<Option<StoredLease>, DbError> {
        self.limited(VERIFYING, async {
            let mut session = self.reading().await?;
            on_backend!(&mut session, |connection, text| {
                sqlx::query_as(text(statements::LEASE)).bind(JOURNAL).fetch_optional(connection).await
            })
        })
        .await
    }

    async fn actions_from(&self, id: i64) -> Result<Vec<ActionRow>, DbError> {
        self.limited(VERIFYING, async {
            let mut session = self.reading().await?;
            on_backend!(&mut session, |connection, text| {
                sqlx::query_as(text(statements::ACTIONS_FROM)).bind(id).bind(PAGE).fetch_all(connection).await
            })
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i64, previous_hash: &str) -> ActionRow {
        let mut row = ActionRow {
            id,
            time: "2026-11-23 14:03:07.256".to_owned(),
            actor: "alice".to_owned(),
            account: "operator@%".to_owned(),
            host: "bastion".to_owned(),
            action: "deny".to_owned(),
            target: "BCDF-GHJK".to_owned(),
            reason: String::new(),
            outcome: "done".to_owned(),
            details: "{}".to_owned(),
            previous_hash: previous_hash.to_owned(),
            hash: String::new(),
        };
        row.hash = link(&row);
        row
    }

    #[test]
    fn text_that_moves_from_one_column_to_the_next_changes_the_hash() {
        let mut moved = row(1, GENESIS);
        moved.actor = "alic".to_owned();
        moved.account = "eoperator@%".to_owned();
        assert_ne!(link(&moved), moved.hash);
    }

    #[test]
    fn a_chain_is_sound_up_to_the_row_that_breaks_it() {
        let first = row(1, GENESIS);
        let second = row(2, &first.hash);
        let mut walk = Walk::begin();
        assert!(walk.step(first) && walk.step(second.clone()));
        assert!(!walk.step(row(4, &second.hash)));
        assert_eq!((walk.check.sound, walk.check.fault), (2, Some(ChainFault::Missing(3))));
    }

    #[test]
    fn rows_missing_from_the_end_are_noticed() {
        let first = row(1, GENESIS);
        let mut walk = Walk::begin();
        assert!(walk.step(first.clone()));
        assert_eq!(walk.end(2, &row(2, &first.hash).hash).fault, Some(ChainFault::Missing(2)));
        assert_eq!(Walk::begin().end(0, "").fault, None, "an empty journal is sound");
    }

    #[test]
    fn a_newest_row_that_was_written_anew_is_not_counted() {
        let first = row(1, GENESIS);
        let mut walk = Walk::begin();
        assert!(walk.step(first.clone()) && walk.step(row(2, &first.hash)));
        let check = walk.end(2, GENESIS);
        assert_eq!((check.sound, check.head, check.fault), (1, first.hash, Some(ChainFault::Replaced(2))));
    }

    #[test]
    fn a_row_before_the_first_was_added() {
        let mut walk = Walk::begin();
        assert!(!walk.step(row(0, GENESIS)));
        assert_eq!(walk.check.fault, Some(ChainFault::Added(0)));
    }
}
