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
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::ids::{Jti, Subject};
    /// use authdb_shared::model::Scope;
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// let (alice, scope) = (Subject::new("lhcb:alice")?, Scope::from_stored("vo:lhcb group:lhcb_user".to_owned()));
    /// let mut work = db.begin(&permit).await?;
    /// let jti = Jti::issue(work.now(), &mut clock::randomness());
    /// work.insert_refresh_token(&jti, &alice, &scope).await?;
    /// assert!(work.insert_refresh_token(&jti, &alice, &scope).await.is_err(), "the key is taken");
    /// work.commit().await?;
    /// # Ok(())
    /// # }
    /// ```
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
    /// means that every token of its subject must be revoked (RFC 6749 section 10.4).
    ///
    /// # Errors
    /// [`AuthError::TokenNotFound`] if there is none.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::AuthError;
    /// use authdb_shared::ids::Jti;
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
    /// let mut work = db.begin(&permit).await?;
    /// assert_eq!(work.get_refresh_token(&jti).await?.status, TokenStatus::Created);
    ///
    /// let unknown = Jti::issue(work.now(), &mut clock::randomness());
    /// assert!(matches!(work.get_refresh_token(&unknown).await, Err(AuthError::TokenNotFound(_))));
    /// # Ok(())
    /// # }
    /// ```
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
    /// let mut work = db.begin(&permit).await?;
    /// work.revoke_refresh_token(&jti).await?;
    /// work.revoke_refresh_token(&jti).await?;
    /// assert_eq!(work.get_refresh_token(&jti).await?.status, TokenStatus::Revoked);
    /// work.commit().await?;
    /// # Ok(())
    /// # }
    /// ```
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
