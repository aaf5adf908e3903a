//! `authdb-janitor`: expires stale flows and rolls the monthly partitions of DiracX's authorization database.
//!
//! The rules (what is stale, what may be dropped) are in `authdb_shared`; this program decides *when*, one run of a job
//! at a time, and says what came of it.

mod arguments;
mod daemon;
mod jobs;
mod report;
mod runner;
mod schedule;
mod signals;

use std::process::ExitCode;

use anyhow::Context;
use arguments::{Arguments, Command};
use authdb_shared::config::Config;
use authdb_shared::db::AuthDb;
use authdb_shared::error::{EXIT_DONE, EXIT_REFUSED, EXIT_UNREACHABLE};
use authdb_shared::{Error, telemetry};
use clap::Parser;
use jobs::{Janitor, Job};
use report::{Outcome, Report};
use tokio_util::sync::CancellationToken;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("authdb-janitor: {error:#}");
            ExitCode::from(error.downcast_ref::<Error>().map_or(EXIT_REFUSED, Error::exit_code))
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<u8> {
    let config = Config::load(&arguments.sources()).map_err(Error::from)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("starting the runtime")?;
    runtime.block_on(async {
        let stop = CancellationToken::new();
        signals::cancel_on_signal(&stop).context("listening for SIGTERM and SIGINT")?;
        match arguments.command {
            Command::Once { jobs } => once(config, &jobs, stop).await,
            Command::Run => {
                telemetry::start();
                daemon::run(config, stop).await?;
                Ok(EXIT_DONE)
            }
        }
    })
}

/// Runs the jobs one after another, prints what came of each, and says by the exit code whether all is well.
async fn once(config: Config, jobs: &[Job], stop: CancellationToken) -> anyhow::Result<u8> {
    let db = AuthDb::connect(&config.database).await.map_err(Error::from)?;
    println!("{} on {}", db.place(), db.server());
    let janitor = Janitor::new(db, &config, stop.clone());
    let mut reports: Vec<Report> = Vec::new();
    for job in if jobs.is_empty() { &Job::ALL } else { jobs } {
        let report = janitor.run(*job).await;
        print!("{report}");
        reports.push(report);
    }
    janitor.close().await;
    let is_unreachable = |report: &Report| matches!(report.outcome, Outcome::Failed { is_connection_loss: true, .. });
    Ok(if reports.iter().all(|report| report.outcome == Outcome::Done) {
        EXIT_DONE
    } else if reports.iter().any(is_unreachable) {
        EXIT_UNREACHABLE
    } else {
        EXIT_REFUSED
    })
}
