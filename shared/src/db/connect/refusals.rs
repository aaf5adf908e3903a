//! Why a connection is refused, where the driver's own words are for those who build with it.
//!
//! It does not name the file of an authority that it cannot use, and of a login that it does not know it says which of its
//! own features are missing.

use sqlx::mysql::MySqlDatabaseError;

use super::CONNECTING;
use crate::config::{MySqlAddress, TlsMode};
use crate::db::DbError;
use crate::text;

/// Accounts whose password may be right, by the server's numbers: expired (two), locked on `MySQL` and on `MariaDB`, and
/// blocked there after too many wrong passwords.
const BARRED: [u16; 6] = [1820, 1862, 3118, 4151, 3955, 4150];

/// How a certificate begins in a PEM file.
const CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// What the driver says of a server without a certificate of its own.
const UNENCRYPTED: &str = "server does not support TLS";

/// What the driver says of a server that wants the password itself while nothing protects it on its way.
const UNPROTECTED: &str = "RSA auth backend disabled";

/// What the driver says before the name of a way to log in that it does not know, and of one that it is told not to use.
const UNKNOWN_LOGIN: &str = "unknown authentication plugin: ";
const CLEAR_LOGIN: &str = "mysql_cleartext_plugin disabled";

/// Looks at the authority's file before the driver does, which takes one without any certificate for an empty list, and then
/// lays the blame on the server.
pub(super) fn check_authority(address: &MySqlAddress, place: &str) -> Result<(), DbError> {
    let Some(file) = address.tls_ca.as_ref().filter(|_| address.tls.verifies()) else { return Ok(()) };
    match std::fs::read(file) {
        Err(error) => Err(unusable_authority(address, place, &format!("cannot be read: {error}"))),
        Ok(content) if content.windows(CERTIFICATE.len()).any(|window| window == CERTIFICATE) => Ok(()),
        Ok(_) => Err(unusable_authority(address, place, "holds no certificate in PEM form")),
    }
}

/// What the driver's error means to a person.
pub(super) fn explain(address: &MySqlAddress, place: &str, error: &sqlx::Error) -> DbError {
    let denied =
        |reason: &str| DbError::Denied { attempt: CONNECTING, place: place.to_owned(), reason: text::harmless(reason) };
    let unknown_login = |name: &str| {
        denied(&format!(
            "it logs in by {name}, which this program cannot do; let it log in by caching_sha2_password (MySQL) or \
             mysql_native_password (MariaDB)"
        ))
    };
    match error {
        // What speaks against the server's own certificate comes as an error of the connection.
        sqlx::Error::Tls(reason) if address.tls_ca.is_some() && !reason.to_string().contains(UNENCRYPTED) => {
            unusable_authority(address, place, &format!("holds a certificate that cannot be used: {reason}"))
        }
        sqlx::Error::Configuration(reason) if reason.to_string().contains(UNPROTECTED) => denied(
            "for this login the server wants the password itself, which is sent over an encrypted connection only; let the \
             server offer TLS, and write ssl-mode=required into the URL, or leave ssl-mode out",
        ),
        sqlx::Error::Protocol(reason) if reason.contains(CLEAR_LOGIN) => unknown_login("mysql_clear_password"),
        sqlx::Error::Protocol(reason) if reason.contains(UNKNOWN_LOGIN) => {
            let name = reason.split(UNKNOWN_LOGIN).nth(1).and_then(|rest| rest.split_whitespace().next());
            unknown_login(name.unwrap_or_default())
        }
        sqlx::Error::Database(answer)
            if answer.try_downcast_ref::<MySqlDatabaseError>().is_some_and(|it| BARRED.contains(&it.number())) =>
        {
            denied(answer.message())
        }
        sqlx::Error::Database(answer) if address.socket.is_some() && address.tls == TlsMode::Disabled => {
            match DbError::from_driver(CONNECTING, place, error) {
                DbError::Denied { .. } => denied(&format!(
                    "{}. By a socket, MySQL takes a password that it does not know yet from this program with encryption \
                     only: leave ssl-mode=disabled out of the URL",
                    answer.message()
                )),
                other => other,
            }
        }
        _ => DbError::from_driver(CONNECTING, place, error),
    }
}

fn unusable_authority(address: &MySqlAddress, place: &str, reason: &str) -> DbError {
    let file = address.tls_ca.as_deref().unwrap_or(std::path::Path::new("")).display();
    DbError::Failed {
        attempt: CONNECTING,
        place: place.to_owned(),
        reason: text::harmless(&format!("the file {file} (ssl-ca in the URL) {reason}")),
    }
}
