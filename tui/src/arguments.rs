//! The command line.

use std::path::PathBuf;

use authdb_shared::config::Sources;
use clap::Parser;

use crate::verbs::{Format, Verb};

/// Sessions of a DiracX installation in the terminal: who is logging in, who is logged in, and how to end it.
///
/// Without a verb, opens the dashboard on the configured database. The verbs do the same work for scripts.
#[derive(Debug, Parser)]
#[command(
    name = "authdb",
    version,
    after_help = "The database comes from AUTHDB_DATABASE_URL, DiracX's DIRACX_DB_URL_AUTHDB or database.url in \
                  config.toml.\n\nExamples:\n  authdb demo\n  authdb --read-only\n  \
                  DIRACX_DB_URL_AUTHDB=sqlite+aiosqlite:////srv/auth.db authdb\n  \
                  authdb token list --sub lhcb:alice --output json\n\n\
                  Exit codes: 0 done; 1 nothing matched, refused or failed; 2 usage or configuration; \
                  3 database unreachable."
)]
pub(crate) struct Arguments {
    /// Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and
    /// /etc/authdb/config.toml
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Work in this context, one of [contexts.NAME] in the configuration file, or `default` for [database]
    #[arg(long, global = true, value_name = "NAME")]
    context: Option<String>,
    /// Change nothing; on MariaDB and MySQL the server enforces it too
    #[arg(long, global = true)]
    read_only: bool,
    /// The form of what a verb prints; without it a table on a terminal, and one JSON object per line elsewhere
    #[arg(long, global = true, value_enum, value_name = "FORM")]
    pub(crate) output: Option<Format>,
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,
}

impl Arguments {
    /// Where configuration comes from. There is no flag for the database: a URL with a password has no place in a
    /// process list.
    pub(crate) fn sources(&self) -> Sources {
        let read_only = self.read_only.then(|| "true".to_owned());
        Sources::from_process()
            .with_config_file(self.config.clone())
            .choosing_a_context()
            .with_flag("dashboard.context", "--context", self.context.clone())
            .with_flag("dashboard.read_only", "--read-only", read_only)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_verb_that_does_something_shows_an_example() {
        fn without_example(command: &clap::Command, path: &str, found: &mut Vec<String>) {
            let path = format!("{path} {}", command.get_name());
            let has_example = command.get_after_help().is_some_and(|help| help.to_string().contains("Example"));
            if command.get_subcommands().next().is_none() && !has_example {
                found.push(path.clone());
            }
            for verb in command.get_subcommands() {
                without_example(verb, &path, found);
            }
        }
        let mut found = Vec::new();
        without_example(&Arguments::command(), "", &mut found);
        assert_eq!(found, Vec::<String>::new());
    }
}
