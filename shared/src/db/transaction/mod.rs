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

/// A unit of work on `AuthDB`. It is undone unless it is committed, also when it is dropped half way.
pub struct Transaction<'a> {
    db: &'a AuthDb,
    session: WriteSession,
    now: Timestamp,
}

impl AuthDb {
    /// Begins a unit of work. The database's time is read once, here, and holds for all of it.
    ///
    /// # Errors
    /// If the database cannot be reached.
    pub async fn begin(&self, permit: &WritePermit) -> Result<Transaction<'_>, DbError> {
        let (session, now) = self
            .limited("beginning a transaction", async {
                let mut session = self.writing(permit).await?;
                let now = session.now().await?;
                Ok((session, now))
            })
            .await?;
        Ok(Transaction { db: self, session, now })
    }
}

impl Transaction<'_> {
    /// The database's time when the transaction began.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Makes the changes last.
    ///
    /// # Errors
    /// If the database cannot do it. If the connection broke meanwhile, the changes may have been made.
    pub async fn commit(self) -> Result<(), DbError> {
        let Self { db, session, .. } = self;
        db.limited("committing the transaction", session.commit()).await
    }

    /// Undoes the changes.
    ///
    /// # Errors
    /// If the database cannot be told; it undoes them by itself then.
    pub async fn rollback(self) -> Result<(), DbError> {
        let Self { db, session, .. } = self;
        db.limited("undoing the transaction", session.rollback()).await
    }
}

/// The SHA-256 of a code in hex: what the tables hold instead of the code (DiracX's `hash`).
#[must_use]
pub fn hash(code: &str) -> String {
    Sha256::digest(code).iter().fold(String::new(), |mut hex, byte| {
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
