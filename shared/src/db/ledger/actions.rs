//! The journal: who changed what by hand, when and why.
//!
//! An action is written in the transaction that changes the row it is about, so that neither exists without the other.
//! What was refused is written too: codes that somebody tried to approve are worth knowing about. The row of the journal
//! in `JanitorLease` is locked last and for the shortest time, because all administrators share it.

use serde_json::{Value, json};
use sqlx::FromRow;

use super::chain::{GENESIS, link};
use super::lease::StoredLease;
use super::stored_text::StoredText;
use super::{JOURNAL, JournalDamage, kept, require_our_version};
use crate::clock::Timestamp;
use crate::db::backend::{WriteSession, on_backend};
use crate::db::{AuthDb, DbError, Page, WritePermit, statements};
use crate::text;

/// Widths of the columns, and what is kept of each text among the details, so that they fit into theirs as whole JSON. A
/// longer text is cut before it is hashed, because a server may cut it silently.
const NAME_WIDTH: usize = 255;
pub(super) const TARGET_WIDTH: usize = 512;
/// Characters of a reason that the journal keeps. Whoever asks for a reason takes no longer one.
///
/// # Examples
/// ```
/// use authdb_shared::db::REASON_WIDTH;
///
/// let is_kept_whole = |reason: &str| reason.chars().count() <= REASON_WIDTH;
/// assert!(is_kept_whole("ticket 4711"));
/// ```
pub const REASON_WIDTH: usize = 1024;
pub(super) const DETAIL_WIDTH: usize = 1024;

/// What became of an action.
///
/// # Examples
/// ```
/// use authdb_shared::db::Outcome;
///
/// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
/// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
/// # let permit = db.write_permit(&Actor::of_this_process())?;
/// # db.create_ledger(&permit).await?;
/// # let nobody = authdb_shared::ids::Jti::issue(db.now().await?, &mut clock::randomness());
/// assert!(db.revoke_token(&permit, &nobody).await?.is_err());
/// let action = &db.admin_actions(None, 1).await?.rows[0];
/// assert_eq!((action.action.as_str(), &action.outcome), ("revoke", &Outcome::Refused));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// The state of the row forbade it; nothing was changed.
    Refused,
    /// A word that this version does not know.
    Other(String),
}

impl Outcome {
    fn from_stored(word: &str) -> Self {
        match word {
            "done" => Self::Done,
            "refused" => Self::Refused,
            other => Self::Other(other.to_owned()),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Other(word) => word,
        }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&text::harmless(self.as_str()))
    }
}

/// An action of an administrator (`AdminActions`).
///
/// Texts are as stored: make them harmless before they are shown.
///
/// # Examples
/// ```
/// use authdb_shared::text::harmless;
///
/// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
/// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
/// # let permit = db.write_permit(&Actor::of_this_process())?;
/// # let alice = authdb_shared::ids::Subject::new("lhcb:alice")?;
/// # let scope = authdb_shared::model::Scope::from_stored("vo:lhcb group:lhcb_user".to_owned());
/// # let mut work = db.begin(&permit).await?;
/// # let jti = authdb_shared::ids::Jti::issue(work.now(), &mut clock::randomness());
/// # work.insert_refresh_token(&jti, &alice, &scope).await?;
/// # work.commit().await?;
/// db.create_ledger(&permit).await?;
/// db.revoke_token(&permit.because("a stolen laptop"), &jti).await??;
/// let action = &db.admin_actions(None, 1).await?.rows[0];
/// assert_eq!(action.target, jti.to_string());
/// assert_eq!(action.details["subject"], "lhcb:alice");
/// println!("{} by {}: {}", action.action, harmless(&action.actor), harmless(&action.reason));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminAction {
    /// Its number; the first is 1, and none is left out.
    pub id: i64,
    /// When, on the database's clock; `None` if the row holds no time.
    pub time: Option<Timestamp>,
    /// The user's login name.
    pub actor: String,
    /// The account of the database that was used.
    pub account: String,
    /// The host that the user was on.
    pub host: String,
    /// What was done: `approve`, `deny`, `cancel`, `revoke`, `revoke-subject` or `init`.
    pub action: String,
    /// What it was done to: a user code, a key, a subject.
    pub target: String,
    /// Why, in the user's words; empty if none were given.
    pub reason: String,
    /// What became of it.
    pub outcome: Outcome,
    /// What else is known, by name; null where the row holds no JSON.
    pub details: Value,
}

/// A row of `AdminActions`, every value as it is hashed.
#[derive(Clone, FromRow)]
pub(super) struct ActionRow {
    pub(super) id: i64,
    #[sqlx(try_from = "StoredText")]
    pub(super) time: String,
    #[sqlx(try_from = "StoredText")]
    pub(super) actor: String,
    #[sqlx(try_from = "StoredText")]
    pub(super) account: String,
    #[sqlx(try_from = "StoredText")]
    pub(super) host: String,
    #[sqlx(try_from = "StoredText")]
    pub(super) action: String,
    #[sqlx(try_from = "StoredText")]
    pub(super) target: String,
    #[sqlx(try_from = "StoredText")]
    pub(super) reason: String,
    #[sqlx(try_from = "StoredText")]
    pub(super) outcome: String,
    #[sqlx(try_from = "StoredText")]
    pub(super) details: String,
    #[sqlx(try_from = "StoredText")]
    pub(super) previous_hash: String,
    #[sqlx(try_from = "StoredText")]
    pub(super) hash: String,
}

impl From<ActionRow> for AdminAction {
    fn from(row: ActionRow) -> Self {
        Self {
            id: row.id,
            time: Timestamp::from_sql_text(&row.time),
            actor: row.actor,
            account: row.account,
            host: row.host,
            action: row.action,
            target: row.target,
            reason: row.reason,
            outcome: Outcome::from_stored(&row.outcome),
            details: serde_json::from_str(&row.details).unwrap_or_default(),
        }
    }
}

/// An action to be journalled.
pub(in crate::db) struct NewAction {
    pub(in crate::db) action: &'static str,
    pub(in crate::db) target: String,
    pub(in crate::db) outcome: Outcome,
    pub(in crate::db) details: Value,
}

impl NewAction {
    /// An action on one row, with its outcome. What refused it is among the details.
    pub(in crate::db) fn of<T, R: std::fmt::Display>(
        action: &'static str,
        target: String,
        result: &Result<T, R>,
        mut details: Value,
    ) -> Self {
        let outcome = match result {
            Ok(_) => Outcome::Done,
            Err(refusal) => {
                details["refusal"] = refusal.to_string().into();
                Outcome::Refused
            }
        };
        Self { action, target, outcome, details }
    }
}

impl AuthDb {
    /// Writes an action into the journal, inside of the transaction that carries it out; without a ledger, nothing.
    pub(in crate::db) async fn journal(
        &self,
        session: &mut WriteSession,
        permit: &WritePermit,
        now: Timestamp,
        action: NewAction,
    ) -> Result<(), sqlx::Error> {
        if !self.has_ledger(session).await? {
            return Ok(());
        }
        require_our_version(session).await?;
        let head: Option<StoredLease> = on_backend!(session, |connection, text| {
            sqlx::query_as(text(statements::LOCK_LEASE)).bind(JOURNAL).fetch_optional(connection).await
        })?;
        let head = head.ok_or(JournalDamage::NoHead)?;
        let previous_hash = if head.fencing_number == 0 { GENESIS.to_owned() } else { head.holder };
        let mut row = ActionRow {
            id: head.fencing_number.saturating_add(1),
            time: now.sql_text_with_millis(),
            actor: kept(&permit.actor.name, NAME_WIDTH),
            account: kept(&self.facts.account, NAME_WIDTH),
            host: kept(&permit.actor.host, NAME_WIDTH),
            action: action.action.to_owned(),
            target: kept(&action.target, TARGET_WIDTH),
            reason: kept(permit.reason.as_deref().unwrap_or_default(), REASON_WIDTH),
            outcome: action.outcome.as_str().to_owned(),
            details: kept_details(action.details).to_string(),
            previous_hash,
            hash: String::new(),
        };
        row.hash = link(&row);
        add(session, &row).await.map_err(|error| match error.as_database_error() {
            Some(answer) if answer.is_unique_violation() => JournalDamage::Added(row.id).into(),
            _ => error,
        })?;
        on_backend!(session, |connection, text| {
            sqlx::query(text(statements::MOVE_HEAD))
                .bind(&row.hash)
                .bind(row.id)
                .bind(head.fencing_number)
                .execute(connection)
                .await
                .and_then(|done| if done.rows_affected() == 1 { Ok(()) } else { Err(sqlx::Error::RowNotFound) })
        })
    }

    /// Who acts, as the journal names them: for a row that itself has to say who vouched for it.
    pub(in crate::db) fn vouching(&self, permit: &WritePermit) -> Value {
        let mut vouching = json!({
            "actor": kept(&permit.actor.name, NAME_WIDTH),
            "account": kept(&self.facts.account, NAME_WIDTH),
            "host": kept(&permit.actor.host, NAME_WIDTH),
        });
        if let Some(reason) = permit.reason.as_deref().filter(|reason| !reason.is_empty()) {
            vouching["reason"] = kept(reason, REASON_WIDTH).into();
        }
        vouching
    }

    /// The journal, newest first; the actions before the one numbered `before`, if one is named.
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
    /// # let alice = authdb_shared::ids::Subject::new("lhcb:alice")?;
    /// # let scope = authdb_shared::model::Scope::from_stored("vo:lhcb group:lhcb_user".to_owned());
    /// # let mut work = db.begin(&permit).await?;
    /// # let jti = authdb_shared::ids::Jti::issue(work.now(), &mut clock::randomness());
    /// # work.insert_refresh_token(&jti, &alice, &scope).await?;
    /// # work.commit().await?;
    /// db.create_ledger(&permit).await?;
    /// db.revoke_token(&permit, &jti).await??;
    /// let newest = db.admin_actions(None, 1).await?;
    /// assert_eq!((newest.rows[0].action.as_str(), newest.has_more), ("revoke", true));
    /// let before = db.admin_actions(Some(newest.rows[0].id), 1).await?;
    /// assert_eq!((before.rows[0].action.as_str(), before.has_more), ("init", false));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn admin_actions(&self, before: Option<i64>, limit: u32) -> Result<Page<AdminAction>, DbError> {
        self.limited("reading the journal", async {
            let mut session = self.reading().await?;
            let now = session.now().await?;
            let rows: Vec<ActionRow> = on_backend!(&mut session, |connection, text| {
                sqlx::query_as(text(statements::ACTIONS_BEFORE))
                    .bind(before.unwrap_or(i64::MAX))
                    .bind(i64::from(limit) + 1)
                    .fetch_all(connection)
                    .await
            })?;
            Ok(Page::cut(rows.into_iter().map(AdminAction::from).collect(), limit, now))
        })
        .await
    }
}

#[cfg(test)]
impl AdminAction {
    /// An action that was done at an unknown time, for tests of what it means.
    pub(in crate::db) fn done(action: &str, target: &str) -> Self {
        Self {
            id: 1,
            time: None,
            actor: "carol".to_owned(),
            account: String::new(),
            host: String::new(),
            action: action.to_owned(),
            target: target.to_owned(),
            reason: String::new(),
            outcome: Outcome::Done,
            details: Value::Null,
        }
    }
}

fn kept_details(mut details: Value) -> Value {
    for value in details.as_object_mut().into_iter().flat_map(|values| values.values_mut()) {
        if let Value::String(text) = value {
            *text = kept(text, DETAIL_WIDTH);
        }
    }
    details
}

async fn add(session: &mut WriteSession, row: &ActionRow) -> Result<(), sqlx::Error> {
    on_backend!(session, |connection, text| {
        sqlx::query(text(statements::ADD_ACTION))
            .bind(row.id)
            .bind(&row.time)
            .bind(&row.actor)
            .bind(&row.account)
            .bind(&row.host)
            .bind(&row.action)
            .bind(&row.target)
            .bind(&row.reason)
            .bind(&row.outcome)
            .bind(&row.details)
            .bind(&row.previous_hash)
            .bind(&row.hash)
            .execute(connection)
            .await
            .map(drop)
    })
}
