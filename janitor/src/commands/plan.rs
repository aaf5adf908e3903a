//! `plan`: what a run would do now. Reads only.

use std::path::Path;

use anyhow::Context;
use authdb_shared::Error;
use authdb_shared::clock;
use authdb_shared::config::Config;
use authdb_shared::db::AuthDb;
use authdb_shared::error::{EXIT_DONE, EXIT_REFUSED};
use authdb_shared::janitor::{Job, Plan};

use super::output::print;

/// Prints the plan of the jobs, and with `file` writes it there as JSON for `apply`.
///
/// # Errors
/// If the database cannot be asked, or the file cannot be written.
pub(crate) async fn run(config: &Config, jobs: &[Job], as_json: bool, file: Option<&Path>) -> anyhow::Result<u8> {
    let db = AuthDb::connect_read_only(&config.database).await.map_err(Error::from)?;
    let plan = Plan::make(&db, config, Job::or_all(jobs), clock::host_now).await.map_err(Error::from);
    db.close().await;
    let plan = plan?;
    let json = serde_json::to_string_pretty(&plan).context("writing the plan as JSON")?;
    if let Some(file) = file {
        std::fs::write(file, format!("{json}\n")).with_context(|| format!("writing the plan to {}", file.display()))?;
    }
    print(&if as_json { format!("{json}\n") } else { plan.to_string() })?;
    Ok(if plan.is_refused() { EXIT_REFUSED } else { EXIT_DONE })
}
