//! The janitor's own program, as it is installed.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::leash::{self, Process};
use crate::measure::program::release_build;

/// A program that hangs must not hang the benchmark.
const LIMIT: Duration = Duration::from_hours(1);

/// The program, in its release build.
#[derive(Clone, Debug)]
pub struct JanitorProgram(PathBuf);

impl JanitorProgram {
    /// The one beside which cargo has put this benchmark.
    ///
    /// # Errors
    /// When it has not been built.
    pub fn find() -> Result<Self> {
        release_build("authdb-janitor", "authdb-janitor").map(Self)
    }

    /// Runs it on a database to its end. Settings of the caller's environment count, so that they can be compared.
    ///
    /// # Errors
    /// When it cannot be run, or does not end.
    pub async fn run(&self, url: &str, arguments: &[&str]) -> Result<ExitStatus> {
        let is_setting = |(name, _): &(OsString, OsString)| name.to_string_lossy().starts_with("AUTHDB_JANITOR_");
        let mut command = leash::command(&self.0);
        command.args(arguments).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("AUTHDB_JANITOR_TIME_BUDGET", "1h").envs(std::env::vars_os().filter(is_setting));
        command.env("AUTHDB_DATABASE_URL", url).current_dir(std::env::temp_dir());
        command.stdin(Stdio::null()).stdout(Stdio::inherit());
        let mut process = Process::spawn(command)?;
        let status = tokio::task::spawn_blocking(move || process.wait(LIMIT)).await??;
        status.with_context(|| format!("the janitor took longer than {LIMIT:?}"))
    }
}
