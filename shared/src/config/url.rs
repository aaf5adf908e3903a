//! Database URLs, in plain form and in SQLAlchemy's.
//!
//! Read by hand, because the two grammars differ where it hurts and no URL library knows SQLAlchemy's: it allows `/`,
//! `?` and `#` unescaped in a password, where RFC 3986 ends the host, and three slashes mean a *relative* `SQLite` path.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;

use super::Secret;
use crate::text;

/// Where the database is.
///
/// # Examples
/// ```
/// use std::path::Path;
///
/// use authdb_shared::config::DatabaseUrl;
///
/// // SQLAlchemy's three slashes mean a relative path.
/// let of_diracx = DatabaseUrl::parse("sqlite+aiosqlite:///authdb.sqlite3")?;
/// assert_eq!(of_diracx, DatabaseUrl::Sqlite(Path::new("authdb.sqlite3").to_owned()));
/// # Ok::<(), authdb_shared::config::UrlError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file.
    Sqlite(PathBuf),
    /// A `MySQL` or `MariaDB` server; which one it is, the server itself says.
    MySql(MySqlAddress),
}

/// A `MySQL` or `MariaDB` server and how to log in.
///
/// # Examples
/// ```
/// use authdb_shared::config::{DatabaseUrl, TlsMode};
///
/// let url = "mysql+asyncmy://diracx:p/s#w?rd@db.example:3307/AuthDB?ssl-mode=required";
/// let DatabaseUrl::MySql(address) = DatabaseUrl::parse(url)? else { unreachable!("it is one of MySQL") };
/// assert_eq!((address.host.as_str(), address.port, address.tls), ("db.example", 3307, TlsMode::Required));
/// # Ok::<(), authdb_shared::config::UrlError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MySqlAddress {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Unix socket; used instead of host and port where given.
    pub socket: Option<PathBuf>,
    /// Account.
    pub user: String,
    /// Its password, if it has one.
    pub password: Option<Secret>,
    /// Name of the database (schema).
    pub database: String,
    /// Whether the connection is encrypted.
    pub tls: TlsMode,
    /// The file of the certificate authority, which the verifying modes trust beside the public ones.
    pub tls_ca: Option<PathBuf>,
}

/// How much of TLS is asked for, in `MySQL`'s words (`--ssl-mode`).
///
/// # Examples
/// ```
/// use authdb_shared::config::{DatabaseUrl, TlsMode};
///
/// let url = "mysql://diracx@db.example/AuthDB?ssl-ca=/etc/ssl/site.pem";
/// let DatabaseUrl::MySql(address) = DatabaseUrl::parse(url)? else { unreachable!("it is one of MySQL") };
/// assert_eq!(address.tls, TlsMode::VerifyIdentity, "as SQLAlchemy's drivers do once they have an authority");
/// # Ok::<(), authdb_shared::config::UrlError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsMode {
    /// Never.
    Disabled,
    /// If the server offers it.
    #[default]
    Preferred,
    /// Or no connection.
    Required,
    /// And the certificate is signed by the authority of `ssl-ca` or by any public one, which the driver trusts besides:
    /// for any host, so that this proves little.
    VerifyCa,
    /// And names the host.
    VerifyIdentity,
}

impl TlsMode {
    /// Whether the server has to prove who it is.
    #[must_use]
    pub(crate) fn verifies(self) -> bool {
        matches!(self, Self::VerifyCa | Self::VerifyIdentity)
    }
}

/// Why a URL cannot be used. No message repeats the URL: it may hold a password.
///
/// # Examples
/// ```
/// use authdb_shared::config::{DatabaseUrl, UrlError};
///
/// let error = DatabaseUrl::parse("postgresql://diracx:secret@db.example/AuthDB").expect_err("another database");
/// assert_eq!(error, UrlError::Scheme("postgresql".to_owned()));
/// assert!(!error.to_string().contains("secret"));
/// ```
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum UrlError {
    /// No scheme, or one of another kind of database.
    #[error(
        "`{0}` is not a database that can be used; write sqlite:PATH, mysql://USER:PASSWORD@HOST/DATABASE, or the URL \
         that DiracX uses (mysql+aiomysql://…, sqlite+aiosqlite:///…)"
    )]
    Scheme(String),
    /// `:memory:`.
    #[error("an in-memory SQLite database is gone with the program that made it; write sqlite:PATH")]
    InMemory,
    /// No path.
    #[error("it names no file; write sqlite:PATH")]
    NoPath,
    /// No database name.
    #[error("it names no database; write mysql://USER:PASSWORD@HOST/DATABASE")]
    NoDatabase,
    /// A port that is none.
    #[error("what stands behind the host's colon is no port; write mysql://USER:PASSWORD@HOST:PORT/DATABASE")]
    Port,
    /// Something without a scheme, of which any part may be a password.
    #[error("it is no URL; write sqlite:PATH, mysql://USER:PASSWORD@HOST/DATABASE, or the URL that DiracX uses")]
    NotAUrl,
    /// Bytes that are no UTF-8 once decoded.
    #[error("its {0} is not UTF-8 once the percent signs are decoded")]
    Encoding(&'static str),
    /// A parameter that would be ignored.
    #[error(
        "there is no parameter `{0}`; there are charset, unix_socket, ssl-mode (disabled, preferred, required, \
         verify-ca, verify-identity) and ssl-ca"
    )]
    Parameter(String),
    /// An authority by which nothing would be verified.
    #[error(
        "ssl-ca has a meaning with ssl-mode=verify-ca or verify-identity only; write one of them, or leave ssl-ca out"
    )]
    UnusedAuthority,
}

impl DatabaseUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// If it is of another kind of database, incomplete, or holds a parameter that would be ignored.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::config::{DatabaseUrl, UrlError};
    ///
    /// let plain = DatabaseUrl::parse("mysql://diracx@db.example/AuthDB")?;
    /// let of_diracx = DatabaseUrl::parse("mysql+aiomysql://diracx@db.example:3306/AuthDB?charset=utf8mb4")?;
    /// assert_eq!(plain, of_diracx);
    /// assert_eq!(DatabaseUrl::parse("sqlite::memory:"), Err(UrlError::InMemory));
    /// # Ok::<(), authdb_shared::config::UrlError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let (scheme, rest) = text.trim().split_once(':').ok_or(UrlError::NotAUrl)?;
        let (dialect, driver) = scheme.split_once('+').unwrap_or((scheme, ""));
        match (dialect.to_ascii_lowercase().as_str(), driver) {
            ("sqlite", driver) => sqlite(rest, !driver.is_empty()),
            ("mysql" | "mariadb", _) => {
                let rest = rest.strip_prefix("//").ok_or(UrlError::NotAUrl)?;
                mysql(rest).map(Self::MySql)
            }
            _ if rest.starts_with("//") => Err(scheme_error(scheme)),
            _ => Err(UrlError::NotAUrl),
        }
    }

    /// The database as people know it, without account or password.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::config::DatabaseUrl;
    ///
    /// let url = DatabaseUrl::parse("mysql://diracx:secret@[2001:db8::7]/AuthDB")?;
    /// assert_eq!(url.place(), "AuthDB at 2001:db8::7:3306");
    /// # Ok::<(), authdb_shared::config::UrlError>(())
    /// ```
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Sqlite(path) => text::harmless(&path.display().to_string()),
            Self::MySql(address) => {
                let host = address.socket.as_ref().map_or_else(
                    || format!("{}:{}", address.host, address.port),
                    |socket| socket.display().to_string(),
                );
                text::harmless(&format!("{} at {host}", address.database))
            }
        }
    }
}

/// With the password hidden.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::MySql(address) => {
                let password = if address.password.is_some() { ":***" } else { "" };
                let MySqlAddress { user, host, port, database, .. } = address;
                write!(f, "mysql://{user}{password}@{host}:{port}/{database}")
            }
        }
    }
}

/// The scheme alone, as nothing behind it is safe to show.
fn scheme_error(text: &str) -> UrlError {
    let scheme: String = text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '+').take(20).collect();
    UrlError::Scheme(scheme)
}

/// `sqlite:PATH`, `sqlite://PATH` and `sqlite:///ABSOLUTE`; with a driver, SQLAlchemy's `///RELATIVE` and `////ABSOLUTE`.
fn sqlite(rest: &str, is_sqlalchemy: bool) -> Result<DatabaseUrl, UrlError> {
    let (path, _) = rest.split_once('?').unwrap_or((rest, ""));
    let path = match path.strip_prefix("//") {
        Some(path) if is_sqlalchemy => path.strip_prefix('/').ok_or(UrlError::NoPath)?,
        Some(path) => path,
        None => path,
    };
    if path.contains(":memory:") || rest.contains("mode=memory") {
        return Err(UrlError::InMemory);
    }
    if path.is_empty() || path == "/" {
        return Err(UrlError::NoPath);
    }
    // SQLAlchemy takes the path literally, so a percent sign is decoded only where sqlx would do it.
    let path = if is_sqlalchemy { path.to_owned() } else { decoded(path, "path")? };
    Ok(DatabaseUrl::Sqlite(Path::new(&path).to_owned()))
}

fn mysql(rest: &str) -> Result<MySqlAddress, UrlError> {
    // The account ends at the last @ before the host: a password may hold anything but that, as in SQLAlchemy.
    let (account, location) = rest.rsplit_once('@').unwrap_or(("", rest));
    let (user, password) = account.split_once(':').map_or((account, None), |(user, password)| (user, Some(password)));
    let (location, parameters) = location.split_once('?').unwrap_or((location, ""));
    let (host_and_port, database) = location.split_once('/').unwrap_or((location, ""));
    let (host, port) = host_and_port_of(host_and_port)?;
    if database.is_empty() || database.contains('/') {
        return Err(UrlError::NoDatabase);
    }
    let mut address = MySqlAddress {
        host,
        port,
        socket: None,
        user: decoded(user, "user name")?,
        password: password.map(|password| decoded(password, "password").map(Secret::new)).transpose()?,
        database: decoded(database, "database name")?,
        tls: TlsMode::default(),
        tls_ca: None,
    };
    let mut mode = None;
    for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = decoded(value, "parameter")?;
        match name {
            "ssl-mode" | "ssl_mode" => mode = Some(tls_mode(name, &value)?),
            _ => set_parameter(&mut address, name, &value)?,
        }
    }
    // The drivers of SQLAlchemy verify everything as soon as they have an authority.
    let unsaid = if address.tls_ca.is_some() { TlsMode::VerifyIdentity } else { TlsMode::default() };
    address.tls = mode.unwrap_or(unsaid);
    if address.tls_ca.is_some() && !address.tls.verifies() {
        return Err(UrlError::UnusedAuthority);
    }
    Ok(address)
}

fn host_and_port_of(text: &str) -> Result<(String, u16), UrlError> {
    // An IPv6 address is full of colons, so it stands in brackets.
    let (host, port) = match text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':')),
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let host = if host.is_empty() { "localhost" } else { host };
    let port = match port.filter(|port| !port.is_empty()) {
        None => 3306,
        Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or(UrlError::Port)?,
    };
    Ok((host.to_owned(), port))
}

fn set_parameter(address: &mut MySqlAddress, name: &str, value: &str) -> Result<(), UrlError> {
    match name {
        // The driver always speaks utf8mb4, and converts on the server.
        "charset" => {}
        "unix_socket" | "socket" => address.socket = Some(PathBuf::from(value)),
        "ssl-ca" | "ssl_ca" => address.tls_ca = Some(PathBuf::from(value)),
        _ => return Err(UrlError::Parameter(text::harmless(name))),
    }
    Ok(())
}

fn tls_mode(name: &str, value: &str) -> Result<TlsMode, UrlError> {
    Ok(match value.to_ascii_lowercase().replace('_', "-").as_str() {
        "disabled" => TlsMode::Disabled,
        "preferred" => TlsMode::Preferred,
        "required" => TlsMode::Required,
        "verify-ca" => TlsMode::VerifyCa,
        "verify-identity" => TlsMode::VerifyIdentity,
        _ => return Err(UrlError::Parameter(text::harmless(&format!("{name}={value}")))),
    })
}

fn decoded(text: &str, what: &'static str) -> Result<String, UrlError> {
    percent_decode_str(text).decode_utf8().map(Cow::into_owned).map_err(|_| UrlError::Encoding(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mysql_address(url: &str) -> MySqlAddress {
        match DatabaseUrl::parse(url) {
            Ok(DatabaseUrl::MySql(address)) => address,
            other => panic!("{url} was read as {other:?}"),
        }
    }

    fn sqlite_path(url: &str) -> PathBuf {
        match DatabaseUrl::parse(url) {
            Ok(DatabaseUrl::Sqlite(path)) => path,
            other => panic!("{url} was read as {other:?}"),
        }
    }

    #[test]
    fn sqlite_paths_mean_what_their_grammar_says() {
        assert_eq!(sqlite_path("sqlite:auth.db"), Path::new("auth.db"));
        assert_eq!(sqlite_path("sqlite://auth.db"), Path::new("auth.db"));
        assert_eq!(sqlite_path("sqlite:///var/auth.db"), Path::new("/var/auth.db"));
        assert_eq!(sqlite_path("sqlite+aiosqlite:///var/auth.db"), Path::new("var/auth.db"));
        assert_eq!(sqlite_path("sqlite+aiosqlite:////var/auth.db"), Path::new("/var/auth.db"));
    }

    #[test]
    fn sqlalchemy_urls_are_read() {
        for url in
            ["mysql+aiomysql://dirac:p%40ss@db:3307/AuthDB", "mysql+asyncmy://dirac:p@ss@db:3307/AuthDB?charset=utf8"]
        {
            let address = mysql_address(url);
            assert_eq!((address.user.as_str(), address.host.as_str(), address.port), ("dirac", "db", 3307));
            assert_eq!(address.password.map(|password| password.reveal().to_owned()).as_deref(), Some("p@ss"));
            assert_eq!(address.database, "AuthDB");
        }
    }

    #[test]
    fn a_password_may_hold_what_ends_a_host_elsewhere() {
        let address = mysql_address("mysql://dirac:a/b?c#d:e@db/AuthDB");
        assert_eq!(address.password.map(|password| password.reveal().to_owned()).as_deref(), Some("a/b?c#d:e"));
        assert_eq!((address.host.as_str(), address.port), ("db", 3306));
    }

    #[test]
    fn ipv6_sockets_and_tls_are_read() {
        let address = mysql_address("mariadb://dirac@[::1]:3307/AuthDB?unix_socket=/run/my.sock&ssl-mode=VERIFY_CA");
        assert_eq!((address.host.as_str(), address.port, address.tls), ("::1", 3307, TlsMode::VerifyCa));
        assert_eq!(address.socket.as_deref(), Some(Path::new("/run/my.sock")));
    }

    #[test]
    fn an_authority_is_never_ignored() {
        let tls = |parameters| mysql_address(&format!("mysql://dirac@db/AuthDB?{parameters}")).tls;
        assert_eq!(tls("ssl_ca=/etc/ca.pem"), TlsMode::VerifyIdentity);
        assert_eq!(tls("ssl-ca=/etc/ca.pem&ssl-mode=verify-ca"), TlsMode::VerifyCa);
        assert_eq!(tls("ssl-mode=verify-ca&ssl-ca=/etc/ca.pem"), TlsMode::VerifyCa);
        for lenient in ["disabled", "preferred", "required"] {
            let url = format!("mysql://dirac@db/AuthDB?ssl-mode={lenient}&ssl-ca=/etc/ca.pem");
            assert_eq!(DatabaseUrl::parse(&url), Err(UrlError::UnusedAuthority), "{lenient}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_a_reason() {
        let error = |url| DatabaseUrl::parse(url).expect_err(url);
        assert!(matches!(error("postgresql://u:secret@h/d"), UrlError::Scheme(scheme) if scheme == "postgresql"));
        assert_eq!(error("secret@h/d"), UrlError::NotAUrl);
        assert_eq!(error("secret:secret@h/d"), UrlError::NotAUrl);
        assert_eq!(error("mysql://user:secret/d"), UrlError::Port, "the host was forgotten");
        assert_eq!(error("sqlite::memory:"), UrlError::InMemory);
        assert_eq!(error("sqlite+aiosqlite:///:memory:"), UrlError::InMemory);
        assert_eq!(error("sqlite:"), UrlError::NoPath);
        assert_eq!(error("mysql://u:p@h"), UrlError::NoDatabase);
        assert_eq!(error("mysql://u:p@h:70000/d"), UrlError::Port);
        assert!(matches!(error("mysql://u:p@h/d?sslmode=on"), UrlError::Parameter(_)));
    }

    #[test]
    fn the_password_is_never_shown() {
        let url = DatabaseUrl::parse("mysql://dirac:topsecret@db/AuthDB").expect("a URL");
        for shown in [url.to_string(), url.place(), format!("{url:?}")] {
            assert!(!shown.contains("topsecret"), "{shown}");
        }
    }
}
