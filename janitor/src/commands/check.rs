//! `check`: whether the janitor could do its work here, before it has to.

use authdb_shared::config::Config;
use authdb_shared::db::{AuthDb, HOLDING_PRIVILEGES, JANITOR_PRIVILEGES};
use authdb_shared::error::{EXIT_DONE, EXIT_REFUSED};
use authdb_shared::health::{Finding, Level, worst};
use authdb_shared::{Error, clock};

use super::output::print;

/// Prints one line per thing that was looked at. The exit code is 1 where something would keep it from its work.
///
/// # Errors
/// If the database cannot be reached.
pub(crate) async fn run(config: &Config) -> anyhow::Result<u8> {
    let source = config.file.as_ref().map_or("defaults and environment".to_owned(), |file| file.display().to_string());
    print(&format!("{}\n", Finding::ok("configuration", source)))?;
    let db = AuthDb::connect(&config.database).await.map_err(Error::from)?;
    print(&format!("{}\n", Finding::ok("connection", format!("{} on {}", db.place(), db.server()))))?;
    let for_holding = if config.janitor.hold_dropped.is_zero() { &[] } else { HOLDING_PRIVILEGES };
    let findings = db.diagnose(config, &[JANITOR_PRIVILEGES, for_holding].concat(), clock::host_now).await;
    db.close().await;
    let findings = findings.map_err(Error::from)?;
    print(&lines(&findings))?;
    Ok(if worst(&findings) == Level::Critical { EXIT_REFUSED } else { EXIT_DONE })
}

fn lines(findings: &[Finding]) -> String {
    findings.iter().fold(String::new(), |lines, finding| lines + &finding.to_string() + "\n")
}
