//! Refresh tokens: listing them by age through their keys, and revoking them.

use sqlx::FromRow;

use super::backend::on_backend;
use super::error::nothing_if_unstorable;
use super::{AuthDb, Containing, DbError, Page, WritePermit, statements};
use crate::clock::Timestamp;
use crate::ids::{Jti, KeyBound, Subject};
use crate::model::{RefreshToken, Scope, TokenStatus};
use crate::policy::Policy;

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

/// Which tokens a list shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenSelection {
    /// Of everybody, by age.
    Everybody(TokenRange),
    /// Every token of one subject, whatever its age and status.
    Of(Subject),
}

/// How far back a list of everybody's tokens reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenRange {
    /// Live tokens only: CREATED, and younger than the lifetime.
    Live,
    /// Everything issued in the last day, whatever became of it, and everything whose age is unknown.
    LastDay,
}

/// Why a token was not revoked. Nothing was changed.
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
#[derive(Debug)]
pub struct RevokedSubject {
    /// Tokens that were revoked, and stay so.
    pub revoked: u64,
    /// Why it stopped before all were revoked, if it did.
    pub stopped_by: Option<DbError>,
}

/// Tokens per transaction: small enough that a client refreshing one of them hardly waits.
const REVOKED_PER_BATCH: u32 = 200;

/// Tokens listed of those whose key carries no credible time.
const FOREIGN_KEYS: u32 = 200;

/// Counting stops here: "more than" serves as well as an exact number.
const COUNTED_AT_MOST: u32 = 100_000;

const DAY: std::time::Duration = std::time::Duration::from_hours(24);

impl AuthDb {
    /// Tokens containing a text in key, subject or scope, newest first.
    ///
    /// Everybody's tokens are read by key range, so that a table of millions costs no more than the page. Those of a
    /// single subject are read by the index on it.
    ///
    /// # Errors
    /// If the database cannot be asked, or takes too long.
    pub async fn refresh_tokens(
        &self,
        selection: &TokenSelection,
        containing: &Containing,
        policy: &Policy,
        limit: u32,
    ) -> Result<Page<RefreshToken>, DbError> {
        match selection {
            TokenSelection::Everybody(range) => self.tokens_by_age(*range, containing, policy, limit).await,
            TokenSelection::Of(subject) => self.tokens_of(subject, containing, limit).await,
        }
    }

    async fn tokens_by_age(
        &self,
        range: TokenRange,
        containing: &Containing,
        policy: &Policy,
        limit: u32,
    ) -> Result<Page<RefreshToken>, DbError> {
        self.limited("listing the refresh tokens", async {
            let mut session = self.reading().await?;
            let now = session.now().await?;
            let since = match range {
                TokenRange::Live => policy.live_since(now),
                TokenRange::LastDay => now.before(DAY.max(policy.refresh_token_lifetime)),
            };
            let end = KeyBound::at(policy.latest_credible(now)).hex();
            let created_only = i32::from(range == TokenRange::Live);
            let (key, other) = (containing.key_pattern(), containing.pattern());
            let rows: Vec<TokenRow> = on_backend!(&mut session, |connection, text| {
                sqlx::query_as(text(statements::TOKENS))
                    .bind(KeyBound::at(since).hex())
                    .bind(&end)
                    .bind(created_only)
                    .bind(&key)
                    .bind(&other)
                    .bind(i64::from(limit) + 1)
                    .fetch_all(connection)
                    .await
            })?;
            let mut page = Page::cut(rows.into_iter().map(RefreshToken::from).collect(), limit, now);
            if range == TokenRange::Live {
                page.rows.retain(|token| token.liveness(now, policy).is_active());
            } else {
                let beyond: Vec<TokenRow> = on_backend!(&mut session, |connection, text| {
                    sqlx::query_as(text(statements::TOKENS_BEYOND))
                        .bind(&end)
                        .bind(&key)
                        .bind(&other)
                        .bind(FOREIGN_KEYS + 1)
                        .fetch_all(connection)
                        .await
                })?;
                page.append(Page::cut(beyond.into_iter().map(RefreshToken::from).collect(), FOREIGN_KEYS, now));
            }
            Ok(page)
        })
        .await
    }

    async fn tokens_of(
        &self,
        subject: &Subject,
        containing: &Containing,
        limit: u32,
    ) -> Result<Page<RefreshToken>, DbError> {
        self.limited("listing the refresh tokens of the subject", async {
            let mut session = self.reading().await?;
            let now = session.now().await?;
            let rows: Vec<TokenRow> = nothing_if_unstorable(on_backend!(&mut session, |connection, text| {
                sqlx::query_as(text(statements::TOKENS_OF_SUBJECT))
                    .bind(subject.as_str())
                    .bind(subject.as_str())
                    .bind(i64::from(limit) + 1)
                    .fetch_all(connection)
                    .await
            }))?;
            let mut page = Page::cut(rows.into_iter().map(RefreshToken::from).collect(), limit, now);
            page.rows.retain(|token| {
                containing.matches(&[&token.jti.to_string(), token.scope.as_str(), token.status.as_str()])
            });
            Ok(page)
        })
        .await
    }

    /// How many tokens revoking all of a subject would change: those that are CREATED, live or not. Counting stops at
    /// 100,000.
    ///
    /// # Errors
    /// If the database cannot be asked, or takes too long.
    pub async fn revocable_tokens(&self, subject: &Subject) -> Result<u64, DbError> {
        self.limited("counting the refresh tokens of the subject", async {
            let mut session = self.reading().await?;
            let count: i64 = nothing_if_unstorable(on_backend!(&mut session, |connection, text| {
                sqlx::query_scalar(text(statements::COUNT_CREATED_OF_SUBJECT))
                    .bind(subject.as_str())
                    .bind(subject.as_str())
                    .bind(COUNTED_AT_MOST)
                    .fetch_one(connection)
                    .await
            }))?;
            Ok(count.unsigned_abs())
        })
        .await
    }

    /// Revokes one token: CREATED becomes REVOKED (RFC 7009).
    ///
    /// # Errors
    /// If the database cannot do it.
    pub async fn revoke_token(
        &self,
        permit: &WritePermit,
        jti: &Jti,
    ) -> Result<Result<RefreshToken, RevokeRefusal>, DbError> {
        self.repeated("revoking the refresh token", || async {
            let mut session = self.writing(permit).await?;
            let changed = session.change_row(statements::REVOKE_TOKEN, jti.stored()).await?;
            let row: Option<TokenRow> = on_backend!(&mut session, |connection, text| {
                sqlx::query_as(text(statements::TOKEN)).bind(jti.stored()).fetch_optional(connection).await
            })?;
            let Some(token) = row.map(RefreshToken::from) else {
                return Ok(Err(RevokeRefusal::Unknown(jti.clone())));
            };
            if changed == 1 {
                session.commit().await?;
                return Ok(Ok(token));
            }
            let jti = jti.clone();
            Ok(Err(match token.status {
                TokenStatus::Revoked => RevokeRefusal::AlreadyRevoked(jti),
                status => RevokeRefusal::Unrecognised { jti, status },
            }))
        })
        .await
    }

    /// Revokes every CREATED token of a subject, live or not, in batches, until none is left.
    ///
    /// A client that refreshes meanwhile gets a new token; the last batch comes after it. What has been revoked when
    /// something fails stays revoked, and the outcome says how much that is.
    pub async fn revoke_subject(&self, permit: &WritePermit, subject: &Subject) -> RevokedSubject {
        let mut revoked = 0;
        loop {
            match self.revoke_batch(permit, subject).await {
                Ok(0) => return RevokedSubject { revoked, stopped_by: None },
                Ok(count) => revoked += count,
                Err(error) => return RevokedSubject { revoked, stopped_by: Some(error) },
            }
        }
    }

    async fn revoke_batch(&self, permit: &WritePermit, subject: &Subject) -> Result<u64, DbError> {
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
            session.commit().await?;
            Ok(changed)
        })
        .await
    }
}

/// The time in a key, for rows that only carry the key.
pub(super) fn issued_at(stored: Option<String>) -> Option<Timestamp> {
    Jti::from_stored(stored?).issued_at()
}
