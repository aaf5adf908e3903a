//! The program `authdb`: the command line around the dashboard.

mod arguments;

use std::process::ExitCode;

use anyhow::Context;
use arguments::{Arguments, Verb};
use authdb_shared::config::Config;
use authdb_shared::db::AuthDb;
use authdb_shared::error::{EXIT_DONE, EXIT_REFUSED};
use authdb_shared::{Error, clock};
use authdb_tui::{dashboard, demo, terminal};
use clap::Parser;

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::from(EXIT_DONE),
        Err(error) => {
            eprintln!("authdb: {error:#}");
            let code = error
                .downcast_ref::<Error>()
                .map(Error::exit_code)
                .or_else(|| error.downcast_ref::<terminal::TerminalError>().map(terminal::TerminalError::exit_code));
            ExitCode::from(code.unwrap_or(EXIT_REFUSED))
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("starting the runtime")?;
    let result = runtime.block_on(async {
        match arguments.verb {
            None => open(arguments).await,
            Some(Verb::Demo) => demo::run(arguments.sources()).await,
            Some(Verb::Init) => init(arguments).await,
        }
    });
    // A statement that nobody waits for any more must not hold up the prompt.
    runtime.shutdown_background();
    result
}

/// Opens the dashboard on the configured database.
async fn open(arguments: &Arguments) -> anyhow::Result<()> {
    terminal::require()?;
    let config = Config::load(&arguments.sources()).map_err(Error::from)?;
    let db = if config.dashboard.read_only {
        AuthDb::connect_read_only(&config.database).await
    } else {
        AuthDb::connect_or_create(&config.database, clock::host_now()).await
    };
    let db = db.map_err(Error::from)?;
    let place = db.place().to_owned();
    dashboard::run(db, &place, &config).await
}

/// Creates the tables in an empty database.
async fn init(arguments: &Arguments) -> anyhow::Result<()> {
    let config = Config::load(&arguments.sources()).map_err(Error::from)?;
    let db = AuthDb::create(&config.database, clock::host_now()).await.map_err(Error::from)?;
    println!("{} on {} now holds DiracX's tables", db.place(), db.server());
    db.close().await;
    Ok(())
}
