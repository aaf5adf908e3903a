//! DiracX's two functions on all tokens of a user, in a form that a table of millions can bear.
//!
//! DiracX's `get_user_refresh_tokens` locks and loads whatever it lists (without a subject the whole table: 26 seconds and
//! 877 MB for a million rows), and `revoke_user_refresh_tokens` changes everything in one statement. Here the list is a
//! stream that reads a page at a time by key and locks nothing, and the revocation works in batches, each a transaction.

use futures_util::stream::{self, Stream, TryStreamExt};

use super::backend::on_backend;
use super::refresh_tokens::TokenRow;
use super::{AuthDb, DbError, WritePermit, statements};
use crate::ids::Subject;
use crate::model::RefreshToken;

/// Tokens read at a time.
const PAGE: u32 = 1000;

impl AuthDb {
    /// The tokens of a subject that are not REVOKED, or every token of everybody (`AuthDB.get_user_refresh_tokens`), in
    /// the order of their keys. They are read 1,000 at a time, without locks; DiracX locks and loads all of them at
    /// once.
    ///
    /// Tokens that are issued or revoked while the stream is read may or may not be in it.
    ///
    /// # Errors
    /// Items are errors if the database cannot be asked; the stream ends with the first.
    ///
    /// # Examples
    /// ```
    /// use futures_util::TryStreamExt;
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
    /// let mut tokens = std::pin::pin!(db.get_user_refresh_tokens(Some(&alice)));
    /// let mut found = Vec::new();
    /// while let Some(token) = tokens.try_next().await? {
    ///     found.push(token.jti);
    /// }
    /// assert_eq!(found, [jti]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_user_refresh_tokens(
        &self,
        subject: Option<&Subject>,
    ) -> impl Stream<Item = Result<RefreshToken, DbError>> + Send + use<> {
        let (db, subject) = (self.clone(), subject.cloned());
        let pages = stream::try_unfold(Some(self.facts.lowest_key.to_owned()), move |after| {
            let (db, subject) = (db.clone(), subject.clone());
            async move {
                let Some(after) = after else { return Ok(None) };
                let rows = db.next_tokens(subject.as_ref(), &after).await?;
                let next = if rows.len() < PAGE as usize { None } else { rows.last().map(TokenRow::key) };
                Ok(Some((stream::iter(rows.into_iter().map(RefreshToken::from).map(Ok)), next)))
            }
        });
        pages.try_flatten()
    }

    async fn next_tokens(&self, subject: Option<&Subject>, after: &str) -> Result<Vec<TokenRow>, DbError> {
        self.limited("listing the refresh tokens of the user", async {
            let mut session = self.reading().await?;
            on_backend!(&mut session, |connection, text| match subject {
                Some(subject) => {
                    sqlx::query_as(text(statements::NEXT_TOKENS_OF_SUBJECT))
                        .bind(subject.as_str())
                        .bind(subject.as_str())
                        .bind(after)
                        .bind(PAGE)
                        .fetch_all(connection)
                        .await
                }
                None => {
                    sqlx::query_as(text(statements::NEXT_TOKENS)).bind(after).bind(PAGE).fetch_all(connection).await
                }
            })
        })
        .await
    }

    /// Revokes every token of a subject (`AuthDB.revoke_user_refresh_tokens`), and says how many were changed. As a
    /// service does it: [`AuthDb::revoke_subject`] is the same for administrators, and journalled.
    ///
    /// # Errors
    /// If the database cannot do it. What was revoked before that stays revoked.
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
    /// // A token that was revoked has been presented again: somebody has stolen it.
    /// assert_eq!(db.revoke_user_refresh_tokens(&permit, &alice).await?, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn revoke_user_refresh_tokens(&self, permit: &WritePermit, subject: &Subject) -> Result<u64, DbError> {
        let outcome = self.revoke_all(permit, subject, false, |_| true).await;
        outcome.stopped_by.map_or(Ok(outcome.revoked), Err)
    }
}
