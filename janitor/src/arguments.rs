//! The command line.

use std::path::PathBuf;

use authdb_shared::config::Sources;
use authdb_shared::janitor::Job;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand};

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
        #[arg(value_parser = job(), value_name = "JOB")]
        jobs: Vec<Job>,
    },
    /// Print exactly what a run would do now: rows, statements, partitions, and what is refused and why
    #[command(after_help = "Examples:\n  authdb-janitor plan\n  authdb-janitor plan tokens --json\n  \
                      authdb-janitor plan --file tonight.json\n\nThe exit code is 1 where something is refused.")]
    Plan {
        /// The jobs to plan; all of them if none is named
        #[arg(value_parser = job(), value_name = "JOB")]
        jobs: Vec<Job>,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
        /// Write it to this file as well, for `apply`
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Do what stands in a plan and nothing else, unless layout, clock or configuration have moved past it
    #[command(after_help = "Example:\n  authdb-janitor plan --file tonight.json\n  \
                            authdb-janitor apply --plan tonight.json")]
    Apply {
        /// The file that `plan --file` wrote, or the JSON that `plan --json` printed
        #[arg(long, value_name = "FILE")]
        plan: PathBuf,
    },
    /// Say how the janitor is: lease, last runs, what is due next, backlog, months ahead
    #[command(
        after_help = "Exit codes, as monitoring expects them: 0 healthy; 1 warning; 2 critical; 3 unknown, because \
                            the database cannot be reached."
    )]
    Status {
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Partition a `RefreshTokens` table that has no partitions yet, after showing what that costs
    #[command(after_help = "Examples:\n  authdb-janitor partition\n  authdb-janitor partition --yes\n\nWithout --yes \
                            nothing is changed, and the exit code is 1.")]
    Partition {
        /// Do it: every row is copied, and nobody can log in meanwhile
        #[arg(long)]
        yes: bool,
    },
    /// Give a month back that is held since it was dropped (`janitor.hold_dropped`)
    #[command(after_help = "Examples:\n  authdb-janitor restore 2026-4\n  authdb-janitor restore p_2026_4")]
    Restore {
        /// The month, or the name of its partition
        #[arg(value_name = "MONTH")]
        month: String,
    },
    /// Check configuration, connection, schema, privileges and clocks, and say what to do about what is wrong
    Check,
}

/// Reads the name of a job.
fn job() -> impl TypedValueParser<Value = Job> {
    let names = Job::ALL.map(|job| PossibleValue::new(job.name()).help(job.purpose()));
    PossibleValuesParser::new(names).try_map(|name| name.parse())
}

impl Command {
    /// Whether it may change something, and so must not be ended in the middle of it.
    pub(crate) fn changes_something(&self) -> bool {
        match self {
            Self::Run | Self::Once { .. } | Self::Apply { .. } | Self::Restore { .. } => true,
            Self::Partition { yes } => *yes,
            Self::Plan { .. } | Self::Status { .. } | Self::Check => false,
        }
    }
}

impl Arguments {
    /// Where configuration comes from. There is no flag for the database: a URL with a password has no place in a
    /// process list.
    pub(crate) fn sources(&self) -> Sources {
        Sources::from_process().with_config_file(self.config.clone())
    }
}
