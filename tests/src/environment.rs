//! The engines that a run of the tests covers, as the environment names them.
//!
//! The servers shared by a run belong to `with-servers`, which outlives the many processes that `cargo test` starts.
//! It tells them by environment variables, which pass through cargo untouched.

use std::env;
use std::fmt;

use crate::flavour::Flavour;

/// Names the URL of the shared MariaDB server, without a database.
pub const MARIADB_URL: &str = "AUTHDB_TEST_MARIADB_URL";

/// Names the URL of the shared MySQL server, without a database; absent where there is no MySQL.
pub const MYSQL_URL: &str = "AUTHDB_TEST_MYSQL_URL";

/// Names the program of a MySQL server. Without it a `mysqld` on the PATH is used, if it is not MariaDB's.
pub const MYSQLD: &str = "AUTHDB_TEST_MYSQLD";

/// A kind of database that AuthDB runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// A file, without a server.
    Sqlite,
    /// The shared MariaDB server.
    MariaDb,
    /// The shared MySQL server.
    MySql,
}

impl Engine {
    /// The kind of server behind the engine, if there is one.
    #[must_use]
    pub fn flavour(self) -> Option<Flavour> {
        match self {
            Self::Sqlite => None,
            Self::MariaDb => Some(Flavour::MariaDb),
            Self::MySql => Some(Flavour::MySql),
        }
    }
}

impl From<Flavour> for Engine {
    fn from(flavour: Flavour) -> Self {
        match flavour {
            Flavour::MariaDb => Self::MariaDb,
            Flavour::MySql => Self::MySql,
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.flavour() {
            None => formatter.pad("SQLite"),
            Some(flavour) => flavour.fmt(formatter),
        }
    }
}

/// The variable that names the shared server of a flavour.
#[must_use]
pub fn url_variable(flavour: Flavour) -> &'static str {
    match flavour {
        Flavour::MariaDb => MARIADB_URL,
        Flavour::MySql => MYSQL_URL,
    }
}

/// The engines that a test has to pass on: SQLite and MariaDB always, MySQL where the run has a server of it.
///
/// # Panics
/// When the run has no MariaDB server. A test that left it out would pass without having tested anything.
#[must_use]
pub fn engines() -> Vec<Engine> {
    engines_in(|variable| env::var(variable).ok())
}

/// The URL of a shared server, without a database.
///
/// # Panics
/// When the run has no such server.
#[must_use]
pub fn server_url(flavour: Flavour) -> String {
    server_url_in(|variable| env::var(variable).ok(), flavour)
}

fn engines_in(variable: impl Fn(&str) -> Option<String>) -> Vec<Engine> {
    let _ = server_url_in(&variable, Flavour::MariaDb);
    let mysql = variable(MYSQL_URL).map(|_| Engine::MySql);
    [Engine::Sqlite, Engine::MariaDb].into_iter().chain(mysql).collect()
}

fn server_url_in(variable: impl Fn(&str) -> Option<String>, flavour: Flavour) -> String {
    let name = url_variable(flavour);
    variable(name).unwrap_or_else(|| {
        panic!("this test needs a {flavour} server and {name} names none: run the tests by tests/run")
    })
}

#[cfg(test)]
mod tests {
    use super::{Engine, MARIADB_URL, MYSQL_URL, engines_in};

    #[test]
    fn mysql_is_covered_where_the_run_has_it() {
        let mariadb_only = |name: &str| (name == MARIADB_URL).then(String::new);
        assert_eq!(engines_in(mariadb_only), [Engine::Sqlite, Engine::MariaDb]);
        let both = |name: &str| [MARIADB_URL, MYSQL_URL].contains(&name).then(String::new);
        assert_eq!(engines_in(both), [Engine::Sqlite, Engine::MariaDb, Engine::MySql]);
    }

    #[test]
    #[should_panic(expected = "run the tests by tests/run")]
    fn a_run_without_mariadb_fails_and_says_what_to_run() {
        let _ = engines_in(|_| None);
    }
}
