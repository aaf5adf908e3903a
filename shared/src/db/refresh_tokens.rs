//! Refresh tokens: revoking them, one or all of a subject.

use serde_json::json;
use sqlx::FromRow;

use super::backend::{WriteSession, on_backend};
use super::error::nothing_if_unstorable;
use super::{AuthDb, DbError, NewAction, Outcome, WritePermit, statements};
use crate::clock::Timestamp;
use crate::ids::{Jti, Subject};
use crate::model::{RefreshToken, Scope, TokenStatus};

#[derive(FromRow)]
pub(in crate::db) struct TokenRow {
    jti: Option<String>,
    status: Option<String>,
    scope: Option<String>,
    subject: Option<String>,
}

impl TokenRow {
    /// The key as stored, to go on reading behind it.
    pub(super) fn key(&self) -> String {
        self.jti.clone().unwrap_or_default()
    }
}

impl From<TokenRow> for RefreshToken {
    fn from(row: TokenRow) -> Self {
        Self {
            jti: Jti::from_stored(row.jti.unwrap_or_default()),
            status: TokenStatus::from_stored(row.status),
            scope: Scope::from_stored(row.scope.unwrap_or_default()),
            subject: row.subject.and_then(|subject| Subject::new(subject).ok()),
        }
    }
}

/// Why a token was not revoked. Nothing was changed.
///
/// # Examples
/// ```
/// use authdb_shared::db::RevokeRefusal;
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
/// db.revoke_token(&permit, &jti).await??;
/// let again = db.revoke_token(&permit, &jti).await?;
/// assert_eq!(again, Err(RevokeRefusal::AlreadyRevoked(jti)));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RevokeRefusal {
    /// No such token.
    #[error("there is no refresh token {0}")]
    Unknown(Jti),
    /// Rotated away or revoked before.
    #[error("the refresh token {0} is already revoked")]
    AlreadyRevoked(Jti),
    /// A status word that DiracX does not know.
    #[error("the refresh token {jti} has the status {status}, which DiracX does not know; it is left as it is")]
    Unrecognised {
        /// The token.
        jti: Jti,
        /// Its status.
        status: TokenStatus,
    },
}

/// What became of revoking all tokens of a subject.
///
/// # Examples
/// ```
/// use authdb_shared::db::RevokedSubject;
///
/// let report = |outcome: &RevokedSubject| match &outcome.stopped_by {
///     None => format!("{} tokens revoked", outcome.revoked),
///     Some(error) => format!("{} tokens revoked, then: {error}", outcome.revoked),
/// };
/// assert_eq!(report(&RevokedSubject { revoked: 3, is_stopped: false, stopped_by: None }), "3 tokens revoked");
/// ```
#[derive(Debug)]
pub struct RevokedSubject {
    /// Tokens that were revoked, and stay so.
    pub revoked: u64,
    /// Whether it was told to stop, and left the rest as it was.
    pub is_stopped: bool,
    /// Why it broke off before all were revoked, if it did.
    pub stopped_by: Option<DbError>,
}

/// Tokens of a subject that are revoked in one transaction: small enough that a client refreshing one of them hardly waits.
///
/// # Examples
/// ```
/// use authdb_shared::db::REVOKED_PER_BATCH;
///
/// let batches = |tokens: u64| tokens.div_ceil(u64::from(REVOKED_PER_BATCH));
/// assert_eq!([batches(1), batches(401)], [1, 3]);
/// ```
pub const REVOKED_PER_BATCH: u32 = 200;

/// Counting stops here: "more than" serves as well as an exact number.
pub(super) const COUNTED_AT_MOST: u32 = 100_000;

impl AuthDb {
    /// One refresh token, with the database's time.
    ///
    /// # Errors
    /// If the database cannot be asked.
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
    /// let nobody = authdb_shared::ids::Jti::read("01a22ee6-b000-7abc-8000-00000000000f")?;
    /// let (token, _now) = db.refresh_token(&nobody).await?;
    /// assert_eq!(token, None);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn refresh_token(&self, jti: &Jti) -> Result<(Option<RefreshToken>, Timestamp), DbError> {
        self.limited("reading the refresh token", async {
            let mut session = self.reading().await?;
            let now = session.now().await?;
            let row: Option<TokenRow> = on_backend!(&mut session, |connection, text| {
                sqlx::query_as(text(statements::TOKEN)).bind(jti.stored()).fetch_optional(connection).await
            })?;
            Ok((row.map(RefreshToken::from), now))
        })
        .await
    }

    /// How many tokens revoking all of a subject would change: those that are CREATED, live or not. Counting stops at
    /// 100,000.
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
    /// # let scope = authdb_shared::model::Scope::from_stored("vo:lhcb group:lhcb_user".to_owned());
    /// # let mut work = db.begin(&permit).await?;
    /// # let jti = authdb_shared::ids::Jti::issue(work.now(), &mut clock::randomness());
    /// # work.insert_refresh_token(&jti, &alice, &scope).await?;
    /// # work.commit().await?;
    /// let count = db.revocable_tokens(&alice).await?;
    /// assert_eq!(format!("This revokes {count} of {alice}'s tokens."), "This revokes 1 of lhcb:alice's tokens.");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn revocable_tokens(&self, subject: &Subject) -> Result<u64, DbError> {
        self.counted_revocable(subject, COUNTED_AT_MOST).await.map(|(count, _)| count)
    }

    /// The same up to another limit, and whether there are more.
    pub(super) async fn counted_revocable(&self, subject: &Subject, at_most: u32) -> Result<(u64, bool), DbError> {
        self.limited("counting the refresh tokens of the subject", async {
            let mut session = self.reading().await?;
            let count: i64 = nothing_if_unstorable(on_backend!(&mut session, |connection, text| {
                sqlx::query_scalar(text(statements::COUNT_CREATED_OF_SUBJECT))
                    .bind(subject.as_str())
                    .bind(subject.as_str())
                    .bind(at_most + 1)
                    .fetch_one(connection)
                    .await
            }))?;
            let (count, at_most) = (count.unsigned_abs(), u64::from(at_most));
            Ok((count.min(at_most), count > at_most))
        })
        .await
    }

    /// Revokes one token: CREATED becomes REVOKED (RFC 7009 section 2.1; DiracX's `revoke_refresh_token_by_jti`). Gives
    /// the token as it is now.
    ///
    /// Access tokens that were issued with it work until they expire. A client that goes on to refresh with it makes
    /// DiracX revoke every token of its subject. A token of the legacy exchange works on: DiracX never looks at its
    /// status.
    ///
    /// # Errors
    /// If the database cannot do it.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::model::TokenStatus;
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
    /// let token = db.revoke_token(&permit.because("her laptop was stolen"), &jti).await??;
    /// assert_eq!((token.status, token.subject), (TokenStatus::Revoked, Some(alice)));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn revoke_token(
        &self,
        permit: &WritePermit,
        jti: &Jti,
    ) -> Result<Result<RefreshToken, RevokeRefusal>, DbError> {
        self.repeated("revoking the refresh token", || async {
            let mut session = self.writing(permit).await?;
            let now = session.now().await?;
            let result = revoke(&mut session, jti).await?;
            let subject = result.as_ref().ok().and_then(|token| token.subject.as_ref());
            let details = json!({ "subject": subject.map(Subject::as_str) });
            let action = NewAction::of("revoke", jti.to_string(), &result, details);
            self.journal(&mut session, permit, now, action).await?;
            permit.commit(session).await?;
            Ok(result)
        })
        .await
    }

    /// Revokes every CREATED token of a subject, live or not, in batches of 200, until none is left (DiracX's
    /// `revoke_user_refresh_tokens`).
    ///
    /// A client that refreshes meanwhile gets a new token; the last batch comes after it. What has been revoked when
    /// something fails stays revoked, and the outcome says how much that is.
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
    /// let outcome = db.revoke_subject(&permit.because("has left the collaboration"), &alice).await;
    /// assert_eq!(outcome.revoked, 1);
    /// assert!(outcome.stopped_by.is_none() && db.revocable_tokens(&alice).await? == 0);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn revoke_subject(&self, permit: &WritePermit, subject: &Subject) -> RevokedSubject {
        self.revoke_subject_while(permit, subject, |_| true).await
    }

    /// The same for as long as `goes_on` says so: it is asked before each further batch, with the number of tokens that
    /// have been revoked so far. What has been revoked when it says no stays revoked.
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
    /// for _ in 0..300 {
    ///     let mut work = db.begin(&permit).await?;
    ///     let jti = authdb_shared::ids::Jti::issue(work.now(), &mut clock::randomness());
    ///     work.insert_refresh_token(&jti, &alice, &scope).await?;
    ///     work.commit().await?;
    /// }
    /// let outcome = db.revoke_subject_while(&permit, &alice, |revoked| revoked < 200).await;
    /// assert_eq!((outcome.revoked, outcome.is_stopped), (200, true));
    /// assert_eq!(db.revocable_tokens(&alice).await?, 100);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn revoke_subject_while(
        &self,
        permit: &WritePermit,
        subject: &Subject,
        goes_on: impl FnMut(u64) -> bool + Send,
    ) -> RevokedSubject {
        self.revoke_all(permit, subject, true, goes_on).await
    }

    /// `is_journalled`: whether an administrator does it, rather than a service.
    pub(super) async fn revoke_all(
        &self,
        permit: &WritePermit,
        subject: &Subject,
        is_journalled: bool,
        mut goes_on: impl FnMut(u64) -> bool + Send,
    ) -> RevokedSubject {
        let mut revoked = 0;
        let (mut is_stopped, mut stopped_by) = (false, None);
        loop {
            match self.revoke_batch(permit, subject, is_journalled).await {
                Ok(0) => break,
                Ok(count) => {
                    revoked += count;
                    // Behind a batch that was not full nothing is left but what has come meanwhile.
                    let is_full = count >= u64::from(REVOKED_PER_BATCH);
                    is_stopped = is_full && !goes_on(revoked) && self.has_revocable(subject).await;
                }
                Err(error) => stopped_by = Some(error),
            }
            if is_stopped || stopped_by.is_some() {
                break;
            }
        }
        RevokedSubject { revoked, is_stopped, stopped_by }
    }

    /// Whether work that stops now leaves anything behind; where nobody can tell, it may.
    async fn has_revocable(&self, subject: &Subject) -> bool {
        self.revocable_tokens(subject).await.map_or(true, |left| left > 0)
    }

    async fn revoke_batch(&self, permit: &WritePermit, subject: &Subject, is_journalled: bool) -> Result<u64, DbError> {
        self.repeated("revoking the refresh tokens of the subject", || async {
            let mut session = self.writing(permit).await?;
            let changed = nothing_if_unstorable(on_backend!(&mut session, |connection, text| {
                sqlx::query(text(statements::REVOKE_TOKENS_OF_SUBJECT))
                    .bind(subject.as_str())
                    .bind(subject.as_str())
                    .bind(REVOKED_PER_BATCH)
                    .execute(connection)
                    .await
                    .map(|done| done.rows_affected())
            }))?;
            if changed > 0 && is_journalled {
                let now = session.now().await?;
                let action = NewAction {
                    action: "revoke-subject",
                    target: subject.as_str().to_owned(),
                    outcome: Outcome::Done,
                    details: json!({ "tokens": changed }),
                };
                self.journal(&mut session, permit, now, action).await?;
            }
            permit.commit(session).await?;
            Ok(changed)
        })
        .await
    }
}

async fn revoke(session: &mut WriteSession, jti: &Jti) -> Result<Result<RefreshToken, RevokeRefusal>, sqlx::Error> {
    let changed = session.change_row(statements::REVOKE_TOKEN, jti.stored()).await?;
    let row: Option<TokenRow> = on_backend!(session, |connection, text| {
        sqlx::query_as(text(statements::TOKEN)).bind(jti.stored()).fetch_optional(connection).await
    })?;
    let Some(token) = row.map(RefreshToken::from) else {
        return Ok(Err(RevokeRefusal::Unknown(jti.clone())));
    };
    if changed == 1 {
        return Ok(Ok(token));
    }
    let jti = jti.clone();
    Ok(Err(match token.status {
        TokenStatus::Revoked => RevokeRefusal::AlreadyRevoked(jti),
        status => RevokeRefusal::Unrecognised { jti, status },
    }))
}

/// The time in a key, for rows that only carry the key.
pub(super) fn issued_at(stored: Option<String>) -> Option<Timestamp> {
    Jti::from_stored(stored?).issued_at()
}
