//! DiracX's functions on single refresh tokens. Those on all tokens of a subject are in [`crate::db::AuthDb`].

use super::{AuthError, Transaction};
use crate::db::backend::on_backend;
use crate::db::refresh_tokens::TokenRow;
use crate::db::statements;
use crate::ids::{Jti, Subject};
use crate::model::{RefreshToken, Scope};

impl Transaction<'_> {
    /// Inserts a token that was issued (`AuthDB.insert_refresh_token`). Its key says when, so it must be a `UUIDv7`:
    /// [`Jti::issue`] makes one.
    ///
    /// # Errors
    /// If the database cannot do it, or the key is taken.
    pub async fn insert_refresh_token(&mut self, jti: &Jti, subject: &Subject, scope: &Scope) -> Result<(), AuthError> {
        let session = &mut self.session;
        self.db
            .limited("inserting a refresh token", async {
                on_backend!(session, |connection, text| {
                    sqlx::query(text(statements::INSERT_TOKEN))
                        .bind(jti.stored())
                        .bind(subject.as_str())
                        .bind(scope.as_str())
                        .execute(connection)
                        .await
                        .map(drop)
                })
            })
            .await?;
        Ok(())
    }

    /// The token with a key, locked until the transaction ends, so that one token is refreshed once under any number of
    /// callers (`AuthDB.get_refresh_token`). Its status is the caller's to check: a REVOKED one that is presented again
    /// means that every token of its subject must be revoked.
    ///
    /// # Errors
    /// [`AuthError::TokenNotFound`] if there is none.
    pub async fn get_refresh_token(&mut self, jti: &Jti) -> Result<RefreshToken, AuthError> {
        let session = &mut self.session;
        let row: Option<TokenRow> = self
            .db
            .limited("reading the refresh token", async {
                on_backend!(session, |connection, text| {
                    sqlx::query_as(text(statements::LOCK_TOKEN)).bind(jti.stored()).fetch_optional(connection).await
                })
            })
            .await?;
        row.map(RefreshToken::from).ok_or_else(|| AuthError::TokenNotFound(jti.clone()))
    }

    /// Makes a token REVOKED, whatever it was (`AuthDB.revoke_refresh_token`). A key that no token has changes nothing,
    /// as in DiracX.
    ///
    /// # Errors
    /// If the database cannot do it.
    pub async fn revoke_refresh_token(&mut self, jti: &Jti) -> Result<(), AuthError> {
        let session = &mut self.session;
        self.db
            .limited("revoking the refresh token", async {
                on_backend!(session, |connection, text| {
                    sqlx::query(text(statements::SET_TOKEN_REVOKED))
                        .bind(jti.stored())
                        .execute(connection)
                        .await
                        .map(drop)
                })
            })
            .await?;
        Ok(())
    }
}
