//! The command line.

use std::path::PathBuf;

use authdb_shared::config::Sources;
use clap::{Parser, Subcommand};

/// Sessions of a DiracX installation in the terminal: who is logging in, who is logged in, and how to end it.
///
/// Without a verb, opens the dashboard on the configured database.
#[derive(Debug, Parser)]
#[command(
    name = "authdb",
    version,
    after_help = "The database comes from AUTHDB_DATABASE_URL, DiracX's DIRACX_DB_URL_AUTHDB or database.url in \
                  config.toml.\n\nExamples:\n  authdb demo\n  authdb --read-only\n  \
                  DIRACX_DB_URL_AUTHDB=sqlite+aiosqlite:////srv/auth.db authdb\n\n\
                  Exit codes: 0 done; 1 refused or failed; 2 usage or configuration; 3 database unreachable."
)]
pub(crate) struct Arguments {
    /// Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and
    /// /etc/authdb/config.toml
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Change nothing; on MariaDB and MySQL the server enforces it too
    #[arg(long, global = true)]
    read_only: bool,
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,
}

/// What else the program can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Open the dashboard on a make-believe installation that lives in a temporary file
    Demo,
    /// Create DiracX's tables in an empty database, partitions included
    Init,
}

impl Arguments {
    /// Where configuration comes from. There is no flag for the database: a URL with a password has no place in a
    /// process list.
    pub(crate) fn sources(&self) -> Sources {
        Sources::from_process().with_config_file(self.config.clone()).with_flag(
            "dashboard.read_only",
            "--read-only",
            self.read_only.then(|| "true".to_owned()),
        )
    }
}
