//! Subjects whose sessions have all ended at once: what a stolen token looks like from outside.
//!
//! A client that refreshes leaves a chain behind: each token REVOKED but the last, which stays CREATED until it runs out. So
//! whoever has tokens of this lifetime, and among them none that is not REVOKED, has had the ends of his chains revoked. DiracX
//! does that to every token of a subject when a revoked one is presented again, which it takes for theft; a client does it to
//! its own one when its user logs out; and an administrator may have done it.
//!
//! One session that ended is a logout on any ordinary day, so two are asked for. The rows name no sessions, but there were
//! two for certain where the scopes differ, because a rotation keeps its scope, and in all likelihood where there are more
//! tokens than one client gets in a lifetime that refreshes when its access token runs out. What the journal tells of is
//! named instead of guessed at. Somebody who logs out everywhere within a lifetime looks the same as somebody robbed; two
//! sessions of one scope that refreshed seldom are not seen.

use sqlx::FromRow;

use super::backend::on_backend;
use super::refresh_tokens::issued_at;
use super::{AdminAction, AuthDb, DbError, LedgerState, Outcome, Page, statements};
use crate::clock::Timestamp;
use crate::ids::{KeyBound, Subject};
use crate::policy::Policy;

const LOOKING: &str = "looking for subjects whose tokens were all revoked";

/// The newest actions of the journal that are asked for an explanation.
const ACTIONS: u32 = 500;

/// A subject none of whose sessions is left.
///
/// # Examples
/// ```
/// use authdb_shared::db::EndedSubject;
/// use authdb_shared::ids::Subject;
///
/// let alice = Subject::new("lhcb:alice")?;
/// let ended = EndedSubject { subject: alice, tokens: 5, newest: None, revoked_by: None };
/// let cause = ended.revoked_by.as_deref().unwrap_or("nobody here: a token presented again, or logouts");
/// assert!(cause.starts_with("nobody"));
/// # Ok::<(), authdb_shared::ids::SubjectError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedSubject {
    /// Whose they were.
    pub subject: Subject,
    /// Its tokens that would still live, all of them REVOKED.
    pub tokens: u64,
    /// When the newest of them was issued. Since then, and nobody knows when exactly, they were revoked.
    pub newest: Option<Timestamp>,
    /// Who revoked them, where the journal tells of it: as stored, so make it harmless before it is shown.
    pub revoked_by: Option<String>,
}

#[derive(FromRow)]
pub(super) struct EndedRow {
    pub(super) subject: Option<String>,
    pub(super) tokens: i64,
    pub(super) last: Option<String>,
}

impl EndedRow {
    fn ended(self, actions: &[AdminAction]) -> Option<EndedSubject> {
        let subject = Subject::new(self.subject?).ok()?;
        let newest = issued_at(self.last);
        let revoked_by = actions.iter().find(|action| explains(action, &subject, newest)).map(|it| it.actor.clone());
        Some(EndedSubject { subject, tokens: self.tokens.unsigned_abs(), newest, revoked_by })
    }
}

/// Whether an action ended the sessions of a subject: all its tokens at once, or one whose client then presented it again.
fn explains(action: &AdminAction, subject: &Subject, newest: Option<Timestamp>) -> bool {
    let is_revocation = matches!(action.action.as_str(), "revoke-subject" | "revoke");
    // A revocation of all that came before the newest token has not revoked that.
    let is_in_time = action.action == "revoke" || action.time >= newest;
    is_revocation && action.is_about(subject) && is_in_time && action.outcome == Outcome::Done
}

impl AuthDb {
    /// Subjects that had two sessions or more within the lifetime of a refresh token and have none left, the most tokens
    /// first; reads only the range of keys that would still live.
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
    /// # let alice = authdb_shared::ids::Subject::new("lhcb:alice")?;
    /// for group in ["lhcb_user", "lhcb_prmgr"] {
    ///     let scope = authdb_shared::model::Scope::from_stored(format!("vo:lhcb group:{group}"));
    ///     let mut work = db.begin(&permit).await?;
    ///     let jti = authdb_shared::ids::Jti::issue(work.now(), &mut clock::randomness());
    ///     work.insert_refresh_token(&jti, &alice, &scope).await?;
    ///     work.commit().await?;
    /// }
    /// assert_eq!(db.ended_subjects(&config.policy, 10).await?.rows, []);
    /// // One of them is presented again after it was rotated away: DiracX revokes both.
    /// db.revoke_user_refresh_tokens(&permit, &alice).await?;
    /// let ended = db.ended_subjects(&config.policy, 10).await?.rows;
    /// assert_eq!((&ended[0].subject, ended[0].tokens), (&alice, 2));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ended_subjects(&self, policy: &Policy, limit: u32) -> Result<Page<EndedSubject>, DbError> {
        let (mut session, now) = self.reading_now(LOOKING).await?;
        let reading = async {
            on_backend!(&mut session, |connection, text| {
                sqlx::query_as(text(statements::ENDED_SUBJECTS))
                    .bind(KeyBound::at(policy.live_since(now)).hex())
                    .bind(KeyBound::at(policy.latest_credible(now)).hex())
                    .bind(most_of_one_session(policy))
                    .bind(i64::from(limit) + 1)
                    .fetch_all(connection)
                    .await
            })
        };
        let rows: Vec<EndedRow> = self.limited(LOOKING, reading).await?;
        drop(session);
        self.explained(rows, limit, now).await
    }

    /// Who they are, and who revoked their tokens where the journal tells of it.
    pub(super) async fn explained(
        &self,
        rows: Vec<EndedRow>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Page<EndedSubject>, DbError> {
        let actions = if rows.is_empty() || self.ledger_state().await? == LedgerState::Absent {
            Vec::new()
        } else {
            self.admin_actions(None, ACTIONS).await?.rows
        };
        let Page { rows, has_more, .. } = Page::cut(rows, limit, now);
        let ended = rows.into_iter().filter_map(|row| row.ended(&actions)).collect();
        Ok(Page { has_more, ..Page::whole(ended, now) })
    }
}

/// How many tokens one client has been given within a lifetime that refreshes when its access token runs out.
pub(super) fn most_of_one_session(policy: &Policy) -> i64 {
    let access = policy.access_token_lifetime.as_millis().max(1);
    let refreshes = policy.refresh_token_lifetime.as_millis().div_ceil(access);
    i64::try_from(refreshes).unwrap_or(i64::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_000_000_000;

    fn action(action: &str, target: &str, seconds_ago: i64) -> AdminAction {
        let time = Timestamp::from_unix_millis(NOW - 1000 * seconds_ago);
        let details = serde_json::json!({ "subject": "lhcb:bob" });
        AdminAction { time, details, ..AdminAction::done(action, target) }
    }

    #[test]
    fn an_hour_of_refreshing_every_twenty_minutes_gives_four_tokens() {
        assert_eq!(most_of_one_session(&Policy::default()), 4);
    }

    #[test]
    fn only_what_was_done_to_this_subject_and_not_before_its_newest_token_explains_it() {
        let newest = Timestamp::from_unix_millis(NOW - 60_000);
        let explains = |action: &AdminAction, subject| {
            explains(action, &Subject::new(subject).expect("a subject of this test"), newest)
        };
        assert!(explains(&action("revoke-subject", "lhcb:alice", 30), "lhcb:alice"));
        assert!(!explains(&action("revoke-subject", "lhcb:alice", 90), "lhcb:alice"), "it has logged in again since");
        assert!(!explains(&action("revoke-subject", "lhcb:Alice", 30), "lhcb:alice"), "subjects are matched exactly");
        assert!(explains(&action("revoke", "a token", 90), "lhcb:bob"), "DiracX follows up on one token");
        assert!(!explains(&action("deny", "lhcb:alice", 30), "lhcb:alice"));
        let refused = AdminAction { outcome: Outcome::Refused, ..action("revoke-subject", "lhcb:alice", 30) };
        assert!(!explains(&refused, "lhcb:alice"));
    }
}
