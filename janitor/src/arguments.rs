//! The command line.

use std::path::PathBuf;

use authdb_shared::config::Sources;
use clap::{Parser, Subcommand};

use crate::jobs::Job;

/// Expires stale flows and rolls the monthly partitions of DiracX's authorization database.
#[derive(Debug, Parser)]
#[command(
    name = "authdb-janitor",
    version,
    after_help = "Exit codes: 0 done; 1 refused, stopped or failed; 2 usage or configuration; 3 database unreachable."
)]
pub(crate) struct Arguments {
    /// Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and
    /// /etc/authdb/config.toml
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the daemon: each job at start and on its schedule, until SIGTERM
    Run,
    /// Run jobs now, one after another, and print what came of them
    #[command(after_help = "Examples:\n  authdb-janitor once\n  authdb-janitor once flows")]
    Once {
        /// The jobs to run; all of them if none is named
        #[arg(value_enum, value_name = "JOB")]
        jobs: Vec<Job>,
    },
}

impl Arguments {
    /// Where configuration comes from. There is no flag for the database: a URL with a password has no place in a
    /// process list.
    pub(crate) fn sources(&self) -> Sources {
        Sources::from_process().with_config_file(self.config.clone())
    }
}
