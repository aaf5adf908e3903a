//! Connecting: to the configured database at the start, and to that of another context while the dashboard runs.

use authdb_shared::config::{Config, ConfigError, ContextConfig, Sources};
use authdb_shared::db::{AuthDb, DbError};
use authdb_shared::{Error, clock};

/// Which of the connections that the dashboard has made since its start. Answers carry it, so that what one database says is
/// never taken for what another does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ConnectionNumber(u64);

impl ConnectionNumber {
    /// The number after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// What the dashboard has to know of a database that it is now connected to.
#[derive(Debug)]
pub struct Arrival {
    /// The database as people know it.
    pub place: String,
    /// The server and its version.
    pub server: String,
    /// Whether nothing can be changed.
    pub read_only: bool,
    /// Everything that is configured for it.
    pub config: Config,
}

impl Arrival {
    pub(crate) fn at(db: &AuthDb, config: &Config) -> Self {
        let (place, server) = (db.place().to_owned(), db.server());
        Self { place, server, read_only: db.is_read_only(), config: config.clone() }
    }
}

/// Another context that cannot be entered.
#[derive(Debug, thiserror::Error)]
pub enum ContextError {
    /// The configuration cannot be used, or the database not be reached.
    #[error(transparent)]
    Failed(#[from] Error),
    /// What was chosen is something else by now.
    #[error(
        "the context {0} has been changed in the configuration file since the dashboard was started, so it is not the one \
         that was chosen. Start anew to work in it"
    )]
    Changed(String),
}

/// Connects to the configured database; where nothing can be changed, the connection can change nothing either.
pub(crate) async fn connect(config: &Config) -> Result<AuthDb, DbError> {
    if config.dashboard.read_only {
        AuthDb::connect_read_only(&config.database).await
    } else {
        AuthDb::connect_or_create(&config.database, clock::host_now()).await
    }
}

/// The configuration of a context that was chosen. The file is read anew, and may not say something else than it did when
/// the context was offered.
pub(crate) fn configuration(sources: &Sources, chosen: &ContextConfig) -> Result<Config, ContextError> {
    let sources = sources.clone().with_flag("dashboard.context", "--context", Some(chosen.name.clone()));
    let config = Config::load(&sources).map_err(|error: ConfigError| Error::from(error))?;
    if config.context == *chosen { Ok(config) } else { Err(ContextError::Changed(chosen.name.clone())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_that_says_something_else_by_now_is_not_entered() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let path = folder.path().join("config.toml");
        let write = |read_only: bool| {
            let text = format!("[contexts.lhcb]\nurl = \"sqlite:lhcb\"\nread_only = {read_only}\n");
            std::fs::write(&path, text).expect("a file for the test");
        };
        write(true);
        let sources = Sources::default().with_config_file(Some(path.clone())).choosing_a_context();
        let chosen =
            Config::load(&sources.clone().with_variable("AUTHDB_CONTEXT", "lhcb")).expect("it is valid").context;
        assert!(configuration(&sources, &chosen).is_ok_and(|config| config.dashboard.read_only));
        write(false);
        let refused = configuration(&sources, &chosen).expect_err("it could be changed in now").to_string();
        assert!(refused.contains("the context lhcb has been changed"), "{refused}");
    }
}
