//! `authdb-janitor`: expires stale flows and rolls the monthly partitions of DiracX's authorization database.
//!
//! The rules (what is stale, what may be dropped) are in `authdb_shared`; this program decides *when*, one run of a job
//! at a time, and says what came of it.

mod arguments;
mod bar;
mod busy;
mod commands;
mod daemon;
mod jobs;
mod ledger;
mod listener;
mod metrics;
mod outage;
mod pace;
mod post;
mod progress;
mod report;
mod runner;
mod schedule;
mod signals;
mod survey;
mod systemd;
mod tenure;

use std::process::ExitCode;

use anyhow::Context;
use arguments::{Arguments, Command};
use authdb_shared::config::Config;
use authdb_shared::error::{EXIT_DONE, EXIT_REFUSED};
use authdb_shared::{Error, telemetry};
use clap::{CommandFactory, Parser};
use commands::output::complain;
use tokio_util::sync::CancellationToken;

/// Runs the program on the arguments of this process.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            complain(format_args!("{error:#}"));
            ExitCode::from(error.downcast_ref::<Error>().map_or(EXIT_REFUSED, Error::exit_code))
        }
    }
}

/// The command line, for manual pages and completions.
#[must_use]
pub fn command_line() -> clap::Command {
    Arguments::command()
}

fn run(arguments: Arguments) -> anyhow::Result<u8> {
    let sources = arguments.sources();
    let config = Config::load(&sources).map_err(Error::from)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("starting the runtime")?;
    runtime.block_on(async {
        let stop = CancellationToken::new();
        // Whatever only reads can be ended at any moment, as any program is.
        if arguments.command.changes_something() {
            let say: fn(&str) = match arguments.command {
                Command::Run => |line| tracing::warn!("{line}"),
                _ => |line| complain(line),
            };
            signals::cancel_on_signal(&stop, say).context("listening for SIGTERM and SIGINT")?;
        }
        match arguments.command {
            Command::Run => {
                telemetry::start(config.janitor.log_format);
                daemon::run(sources, config, stop).await?;
                Ok(EXIT_DONE)
            }
            Command::Once { jobs } => commands::once::run(&config, &jobs, stop).await,
            Command::Plan { jobs, json, file } => commands::plan::run(&config, &jobs, json, file.as_deref()).await,
            Command::Apply { plan } => commands::apply::run(&config, &plan, stop).await,
            Command::Status { json } => commands::status::run(&config, json).await,
            Command::Partition { yes } => commands::partition::run(&config, yes, stop).await,
            Command::Restore { month } => commands::restore::run(&config, &month, stop).await,
            Command::Check => commands::check::run(&config).await,
        }
    })
}
