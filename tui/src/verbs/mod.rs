//! The verbs: the work of the dashboard for runbooks and scripts, over the same functions, guards and journal.
//!
//! What they print on standard output is for programs and keeps its shape; what they say on standard error is for people.
//! A verb that reads connects read-only, so that no mistake in it can change anything; so does `--dry-run`.

mod change;
mod completions;
mod consent;
pub(crate) mod device;
mod doctor;
pub(crate) mod flow;
mod init;
pub(crate) mod journal;
mod keys;
mod listing;
pub(crate) mod output;
mod partition;
mod registration;
mod settings;
mod status;
pub(crate) mod subject;
pub(crate) mod token;
mod usage;
mod writing;

use std::io::Write as _;

use authdb_shared::Error;
use authdb_shared::config::{Config, Sources};
use authdb_shared::db::AuthDb;
use authdb_shared::error::{EXIT_DONE, EXIT_REFUSED};
use clap::{Args, Subcommand};
use serde_json::Value;

pub(crate) use completions::Shell;
pub(crate) use output::Format;
pub(crate) use usage::UsageError;

use output::{Field, Moment, Sink, print_one};

/// What the program does without the dashboard.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Open the dashboard on a make-believe installation that lives in a temporary file
    #[command(after_help = "Example:\n  authdb demo")]
    Demo,
    /// Create DiracX's tables in an empty database, partitions included, and the journal's in any
    #[command(
        after_help = "Examples:\n  AUTHDB_DATABASE_URL=sqlite:authdb.sqlite3 authdb init\n  authdb init --dry-run"
    )]
    Init {
        /// Say what would be made, and make nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Logins by a code that a user reads out (RFC 8628)
    #[command(subcommand)]
    Device(device::DeviceVerb),
    /// Logins by a browser
    #[command(subcommand)]
    Flow(flow::FlowVerb),
    /// Refresh tokens
    #[command(subcommand)]
    Token(token::TokenVerb),
    /// People with live tokens
    #[command(subcommand)]
    Subject(subject::SubjectVerb),
    /// The installation at a glance
    #[command(after_help = status::help())]
    Status,
    /// The monthly partitions of the refresh tokens
    #[command(subcommand)]
    Partition(partition::PartitionVerb),
    /// Who changed what by hand
    #[command(subcommand)]
    Journal(journal::JournalVerb),
    /// Look for whatever could keep the programs from their work; each line is ok, warning or failed, and says what to do
    #[command(after_help = doctor::help())]
    Doctor {
        /// Print the GRANT statements for the accounts of viewers, operators and the janitor instead
        #[arg(long)]
        grants: bool,
    },
    /// Every key of the configuration, its value and where it came from; passwords are hidden
    #[command(after_help = settings::help())]
    Config,
    /// Print what a shell needs to complete this program's words
    #[command(after_help = "Examples:\n  authdb completions bash > /etc/bash_completion.d/authdb\n  \
                            authdb completions zsh > ~/.zfunc/_authdb")]
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: Shell,
    },
}

/// What every list takes.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct ListOptions {
    /// Rows at most, or none for all of them; if there are more, that is said on standard error
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = listing::row_limit)]
    limit: u32,
}

/// Where a verb reads its configuration, and how it prints.
pub(crate) struct Run {
    sources: Sources,
    format: Format,
    sink: Sink,
}

impl Run {
    pub(crate) fn new(sources: Sources, format: Option<Format>) -> Self {
        Self { sources, format: Format::chosen(format), sink: Sink::standard() }
    }

    /// Does what the verb says, and gives the exit code.
    pub(crate) async fn carry_out(&mut self, verb: &Verb) -> anyhow::Result<u8> {
        match verb {
            Verb::Demo => {
                crate::demo::run(self.sources.clone()).await?;
                Ok(EXIT_DONE)
            }
            Verb::Init { dry_run: false } => init::run(self).await,
            Verb::Init { dry_run: true } => init::plan(self).await,
            Verb::Device(verb) => device::run(self, verb).await,
            Verb::Flow(verb) => flow::run(self, verb).await,
            Verb::Token(verb) => token::run(self, verb).await,
            Verb::Subject(verb) => subject::run(self, verb).await,
            Verb::Status => status::run(self).await,
            Verb::Partition(partition::PartitionVerb::List) => partition::run(self).await,
            Verb::Journal(verb) => journal::run(self, verb).await,
            Verb::Doctor { grants: false } => doctor::run(self).await,
            Verb::Doctor { grants: true } => doctor::grants(self).await,
            Verb::Config => settings::run(self),
            Verb::Completions { shell } => completions::run(self, *shell),
        }
    }

    fn config(&self) -> anyhow::Result<Config> {
        Ok(Config::load(&self.sources).map_err(Error::from)?)
    }

    /// The database, through a connection that cannot change it.
    async fn reading(&self) -> anyhow::Result<(AuthDb, Config)> {
        let config = self.config()?;
        let db = AuthDb::connect_read_only(&config.database).await.map_err(Error::from)?;
        Ok((db, config))
    }

    /// Prints one row, or says that there is none.
    fn show<T>(
        &mut self,
        fields: &'static [Field<T>],
        row: Option<&T>,
        moment: &Moment<'_>,
        absent: &str,
    ) -> anyhow::Result<u8> {
        let Some(row) = row else {
            say(absent);
            return Ok(EXIT_REFUSED);
        };
        print_one(&mut self.sink, self.format, fields, row, moment)?;
        Ok(EXIT_DONE)
    }
}

/// Says something to people.
fn say(text: &str) {
    // What was done is done, also where nobody can be told.
    let _ = writeln!(std::io::stderr(), "authdb: {}", authdb_shared::text::harmless(text));
}

/// A text, or nothing.
fn or_null(text: Option<&str>) -> Value {
    text.map_or(Value::Null, Value::from)
}
