//! DiracX's own functions, under their own names and with the same outcome.
//!
//! A [`Transaction`] does for a Rust program what `async with auth_db:` does for DiracX: each function of DiracX's
//! `AuthDB` stands on it, changes the same rows and fails in the same cases. Two differ in form, because their form is
//! what stalls a service (design: a table that ten thousand people log in through): listing and revoking the tokens of a
//! subject stream and work in batches, on [`AuthDb`] itself.

mod authorization_flows;
mod device_flows;
mod refresh_tokens;

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

pub use authorization_flows::{AuthorizationFlowRecord, NewAuthorizationFlow};
pub use device_flows::{DeviceFlowRecord, MAX_RETRY};

use super::backend::WriteSession;
use super::{AuthDb, DbError, WritePermit};
use crate::clock::Timestamp;
use crate::ids::Jti;

/// Why one of DiracX's functions did not do what it was asked.
///
/// # Examples
/// ```
/// use authdb_shared::db::AuthError;
///
/// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
/// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
/// # let permit = db.write_permit(&Actor::of_this_process())?;
/// let mut work = db.begin(&permit).await?;
/// let answer = match work.get_device_flow("a code that nobody was given").await {
///     Ok(_) => "tokens",
///     Err(AuthError::NoResultFound(_)) => "invalid_grant",
///     Err(error) => return Err(error.into()),
/// };
/// assert_eq!(answer, "invalid_grant");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// No row matches, or only one that is too old or in another state (`SQLAlchemy`'s `NoResultFound`).
    #[error("{0}: no row matches")]
    NoResultFound(&'static str),
    /// Not exactly one row could be changed (DiracX's `AuthorizationError`).
    #[error("{attempt}: {rows} rows matched")]
    Authorization {
        /// What was attempted.
        attempt: &'static str,
        /// How many rows matched.
        rows: u64,
    },
    /// No token has this key (DiracX's `TokenNotFoundError`).
    #[error("there is no refresh token {0}")]
    TokenNotFound(Jti),
    /// Every code that was drawn is taken (DiracX's `NotImplementedError`).
    #[error("no free user code was found in {MAX_RETRY} tries; purge old device flows and try again")]
    NoFreeUserCode,
    /// The database could not do it.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// A unit of work on `AuthDB` (DiracX's `async with auth_db:`). It is undone unless it is committed, also when it is
/// dropped half way.
///
/// Each of DiracX's functions stands on it under DiracX's name, changes the same rows and fails in the same cases; all
/// spans of time are [`Duration`](std::time::Duration)s. It is not tried again by itself: a [`DbError`] that [is
/// contention](DbError::is_contention) ends it, and the caller begins another. What is done in it is the service's
/// work, and so is not journalled.
///
/// Listing and revoking all tokens of a user would hold locks for as long as they take, and stand on [`AuthDb`] itself:
/// [`AuthDb::get_user_refresh_tokens`] and [`AuthDb::revoke_user_refresh_tokens`].
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
/// let (alice, scope) = (Subject::new("lhcb:alice")?, Scope::from_stored("vo:lhcb".to_owned()));
/// # let first = Jti::issue(db.now().await?, &mut clock::randomness());
/// # let mut work = db.begin(&permit).await?;
/// # work.insert_refresh_token(&first, &alice, &scope).await?;
/// # work.commit().await?;
/// // A refresh: the token that is presented goes, another comes, or neither.
/// let mut work = db.begin(&permit).await?;
/// let presented = work.get_refresh_token(&first).await?;
/// work.revoke_refresh_token(&presented.jti).await?;
/// let next = Jti::issue(work.now(), &mut clock::randomness());
/// work.insert_refresh_token(&next, &alice, &scope).await?;
/// work.commit().await?;
/// # assert_eq!(db.revocable_tokens(&alice).await?, 1);
/// # Ok(())
/// # }
/// ```
pub struct Transaction<'a> {
    db: &'a AuthDb,
    permit: WritePermit,
    session: WriteSession,
    now: Timestamp,
}

impl AuthDb {
    /// Begins a unit of work. The database's time is read once, here, and holds for all of it.
    ///
    /// # Errors
    /// If the database cannot be reached.
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
    /// let mut work = db.begin(&permit).await?;
    /// work.revoke_refresh_token(&jti).await?;
    /// drop(work);
    /// assert_eq!(db.revocable_tokens(&alice).await?, 1, "it was not committed");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn begin(&self, permit: &WritePermit) -> Result<Transaction<'_>, DbError> {
        let (session, now) = self
            .limited("beginning a transaction", async {
                let mut session = self.writing(permit).await?;
                let now = session.now().await?;
                Ok((session, now))
            })
            .await?;
        Ok(Transaction { db: self, permit: permit.clone(), session, now })
    }
}

impl Transaction<'_> {
    /// The database's time when the transaction began.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::ids::Jti;
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// let work = db.begin(&permit).await?;
    /// let jti = Jti::issue(work.now(), &mut clock::randomness());
    /// assert_eq!(jti.issued_at(), Some(work.now()), "the database dates the key, whichever host this is");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Makes the changes last.
    ///
    /// # Errors
    /// If the database cannot do it. If the connection broke meanwhile, the changes may have been made.
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
    /// let mut work = db.begin(&permit).await?;
    /// work.revoke_refresh_token(&jti).await?;
    /// work.commit().await?;
    /// assert_eq!(db.revocable_tokens(&alice).await?, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn commit(self) -> Result<(), DbError> {
        let Self { db, permit, session, .. } = self;
        db.limited("committing the transaction", permit.commit(session)).await
    }

    /// Undoes the changes.
    ///
    /// # Errors
    /// If the database cannot be told; it undoes them by itself then.
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
    /// let mut work = db.begin(&permit).await?;
    /// work.revoke_refresh_token(&jti).await?;
    /// work.rollback().await?;
    /// assert_eq!(db.revocable_tokens(&alice).await?, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn rollback(self) -> Result<(), DbError> {
        let Self { db, session, .. } = self;
        db.limited("undoing the transaction", session.rollback()).await
    }
}

/// The SHA-256 of a code in hex, 64 lower-case digits: what the tables hold instead of the code (`hash` in
/// `diracx.db.sql.utils`).
///
/// # Examples
/// ```
/// use authdb_shared::db::hash;
///
/// assert_eq!(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
/// ```
#[must_use]
pub fn hash(code: &str) -> String {
    hex(&Sha256::digest(code))
}

/// Bytes as lower-case hex digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing into a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// 32 random bytes in URL-safe base64 without padding (Python's `secrets.token_urlsafe()`).
pub(crate) fn token_urlsafe(random: &mut impl rand::Rng) -> String {
    let mut bytes = [0; 32];
    random.fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_hashed_as_diracx_does() {
        assert_eq!(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn secrets_are_43_characters_of_the_url_safe_alphabet() {
        let token = token_urlsafe(&mut crate::clock::randomness());
        assert_eq!(token.len(), 43);
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'), "{token}");
    }
}
