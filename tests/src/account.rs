//! Accounts of a test's own, by which the code under test logs in as the test chooses, and what the server says of their
//! sessions.
//!
//! An account serves one database and nobody else, so all of its sessions are those of the code under test. It goes with
//! its server.

use std::error::Error;
use std::time::Duration;

use authdb_shared::config::DatabaseConfig;
use authdb_shared::db::{AuthDb, DbError};

use crate::world::{World, config_of};

/// How long a session may take to end that its client has closed.
const LEAVE_LIMIT: Duration = Duration::from_secs(30);

/// An account that may do everything in one database.
#[derive(Debug)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Its password, which no message may hold.
    pub password: String,
    /// The port and the database, as they stand in a URL.
    place: String,
}

/// One of an account's sessions, as the server sees it.
#[derive(Debug, PartialEq, Eq)]
pub struct SessionFacts {
    /// How it is connected, such as `TCP/IP`, `SSL/TLS` or `Socket`.
    pub connection: String,
    /// The cipher; empty in clear.
    pub cipher: String,
}

impl Account {
    /// Makes an account in a world. `login` is what stands behind the name in CREATE USER, with `?` for the password.
    pub async fn create(world: &World, login: &str) -> Self {
        let name = format!("some_{:016x}", rand::random::<u64>());
        Self::create_named(world, &name, login).await
    }

    /// The same with a name of the test's choice, which no other account of the server has.
    pub async fn create_named(world: &World, name: &str, login: &str) -> Self {
        // It holds what has a meaning elsewhere in a URL.
        let password = format!("s%c:r/e?t#@{}", secret());
        let (_, place) = world.database.url().rsplit_once('@').expect("the harness has an account");
        let (host, database) = place.rsplit_once('/').expect("the URL ends with the database");
        let (_, port) = host.split_once(':').expect("the harness names the port");
        let login = login.replace('?', &format!("'{password}'"));
        world
            .execute(&format!("CREATE USER '{name}'@'%' {login}; GRANT ALL PRIVILEGES ON {database}.* TO '{name}'@'%'"))
            .await;
        Self { name: name.to_owned(), password, place: format!("{port}/{database}") }
    }

    /// The configuration to log in with, by the parameters of the URL.
    #[must_use]
    pub fn config(&self, parameters: &str) -> DatabaseConfig {
        self.config_at("127.0.0.1", parameters)
    }

    /// The same by another name of the host.
    #[must_use]
    pub fn config_at(&self, host: &str, parameters: &str) -> DatabaseConfig {
        self.config_as(&self.password, host, parameters)
    }

    /// The same with another password; without one if it is empty.
    #[must_use]
    pub fn config_as(&self, password: &str, host: &str, parameters: &str) -> DatabaseConfig {
        let Self { name, place, .. } = self;
        let password = password.replace('%', "%25");
        let colon = if password.is_empty() { "" } else { ":" };
        config_of(&format!("mysql://{name}{colon}{password}@{host}:{place}?{parameters}"))
    }

    /// Connects with a configuration that must be refused, and gives the error, which must not tell the password.
    pub async fn refusal(&self, config: &DatabaseConfig) -> DbError {
        let error = AuthDb::connect(config).await.expect_err("the connection is refused");
        let said = everything_said(&error);
        let (_, secret) = self.password.split_once('@').expect("an account's password has a secret part");
        assert!(!said.contains(secret), "the password is told: {said}");
        error
    }

    /// Waits until the account's sessions have ended, once the code under test has closed its connections.
    pub async fn leave(&self, world: &World) {
        let deadline = tokio::time::Instant::now() + LEAVE_LIMIT;
        while !self.sessions(world).await.is_empty() {
            assert!(tokio::time::Instant::now() < deadline, "{} is still logged in", self.name);
            tokio::task::yield_now().await;
        }
    }

    /// The sessions of the account.
    pub async fn sessions(&self, world: &World) -> Vec<SessionFacts> {
        let query = format!(
            "SELECT COALESCE(CONNECTION_TYPE, ''), COALESCE(VARIABLE_VALUE, '') FROM performance_schema.threads \
             JOIN performance_schema.status_by_thread USING (THREAD_ID) \
             WHERE VARIABLE_NAME = 'Ssl_cipher' AND PROCESSLIST_USER = '{}'",
            self.name
        );
        let text = |value: Option<String>| value.unwrap_or_default();
        let rows = world.rows(&query).await;
        let pairs = rows.into_iter().map(|row| row.into_iter().map(text).collect::<Vec<_>>());
        pairs.map(|mut row| SessionFacts { cipher: row.remove(1), connection: row.remove(0) }).collect()
    }
}

/// What is secret in a password: text that stands nowhere else.
fn secret() -> String {
    format!("{:016x}", rand::random::<u64>())
}

/// Everything that a program could print of an error.
fn everything_said(error: &DbError) -> String {
    let mut said = format!("{error} {error:?} {error:#?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        said = format!("{said} {error} {error:?}");
        cause = error.source();
    }
    said
}
