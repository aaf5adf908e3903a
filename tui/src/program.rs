//! The program `authdb`: the command line around the dashboard, and its verbs for scripts.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context;
use authdb_shared::Error;
use authdb_shared::config::Config;
use authdb_shared::error::{EXIT_DONE, EXIT_REFUSED};
use clap::{CommandFactory, Parser};

use crate::arguments::Arguments;
use crate::{connecting, dashboard, terminal, verbs};

/// Runs the program on the arguments of this process.
#[must_use]
pub fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            // Where the terminal is gone, nobody can be told.
            let _ = writeln!(io::stderr(), "authdb: {error:#}");
            ExitCode::from(exit_code(&error))
        }
    }
}

/// The command line, for manual pages and completions.
#[must_use]
pub fn command_line() -> clap::Command {
    Arguments::command()
}

/// What scripts are told by the number: a mistake in the call, a database that is not there, or anything else.
fn exit_code(error: &anyhow::Error) -> u8 {
    let code = error.downcast_ref::<Error>().map(Error::exit_code);
    let code = code.or_else(|| error.downcast_ref().map(terminal::TerminalError::exit_code));
    code.or_else(|| error.downcast_ref().map(verbs::UsageError::exit_code)).unwrap_or(EXIT_REFUSED)
}

fn run(arguments: &Arguments) -> anyhow::Result<u8> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("starting the runtime")?;
    let result = runtime.block_on(async {
        match &arguments.verb {
            None => open(arguments).await,
            Some(verb) => verbs::Run::new(arguments.sources(), arguments.output).carry_out(verb).await,
        }
    });
    // A statement that nobody waits for any more must not hold up the prompt.
    runtime.shutdown_background();
    result
}

/// Opens the dashboard on the configured database.
async fn open(arguments: &Arguments) -> anyhow::Result<u8> {
    terminal::require()?;
    let sources = arguments.sources();
    let config = Config::load(&sources).map_err(Error::from)?;
    let db = connecting::connect(&config).await.map_err(Error::from)?;
    let place = db.place().to_owned();
    dashboard::run(db, &place, &config, sources).await?;
    Ok(EXIT_DONE)
}
