//! `status`: how the janitor is, for people and for monitoring. Reads only, and needs no janitor to run.

use authdb_shared::config::Config;
use authdb_shared::db::{AuthDb, DbError};
use authdb_shared::error::EXIT_UNREACHABLE;
use authdb_shared::health::{Finding, Level};
use authdb_shared::janitor::{self, JanitorStatus, SweepBacklog};
use authdb_shared::{Error, Timestamp, clock, text};
use serde::Serialize;

use super::output::{complain, print};

/// How the janitor is.
#[derive(Serialize)]
struct Status {
    level: Level,
    database: String,
    /// None where the database could not be asked, as all that follows but the findings.
    server: Option<String>,
    /// The database's time.
    at: Option<String>,
    lease: Option<LeaseStatus>,
    jobs: Vec<JobStatus>,
    backlog: Vec<BacklogStatus>,
    /// Full months partitioned after the present one; none without partitions.
    runway_months: Option<u32>,
    /// Rows in the MAXVALUE partition, counted up to the copy limit and one more.
    p_future_rows: Option<u64>,
    findings: Vec<Finding>,
}

#[derive(Serialize)]
struct LeaseStatus {
    holder: String,
    number: i64,
    /// Until when it holds; none if it was given back.
    until: Option<String>,
    is_held: bool,
}

#[derive(Serialize)]
struct JobStatus {
    job: String,
    last_start: Option<String>,
    last_outcome: Option<String>,
    last_done: Option<String>,
    next_due: Option<String>,
    error: Option<String>,
}

#[derive(Serialize)]
struct BacklogStatus {
    sweep: &'static str,
    rows: u64,
    is_at_least: bool,
    oldest: Option<String>,
}

/// Prints the status; the exit code is its level. A database that answers and cannot be used is critical: monitoring must
/// not take it for a warning. One that cannot be reached is unknown.
///
/// # Errors
/// If the status cannot be written.
pub(crate) async fn run(config: &Config, as_json: bool) -> anyhow::Result<u8> {
    let (status, code) = match look(config).await {
        Ok(status) => {
            let code = status.level.exit_code();
            (Some(status), code)
        }
        Err(error) => {
            let code = if error.is_connection_loss() { EXIT_UNREACHABLE } else { Level::Critical.exit_code() };
            let error = Error::from(error);
            complain(&error);
            (as_json.then(|| Status::without_database(config, &error)), code)
        }
    };
    if let Some(status) = status {
        print(&if as_json { serde_json::to_string_pretty(&status)? + "\n" } else { lines(&status) })?;
    }
    Ok(code)
}

async fn look(config: &Config) -> Result<Status, DbError> {
    let db = AuthDb::connect_read_only(&config.database).await?;
    let status = JanitorStatus::look(&db, config, clock::host_now).await;
    db.close().await;
    Ok(Status::of(&db, status?))
}

impl Status {
    fn of(db: &AuthDb, status: JanitorStatus) -> Self {
        let text = |time: Timestamp| time.to_string();
        let lease = status.lease.as_ref().map(|lease| LeaseStatus {
            holder: lease.holder.clone(),
            number: lease.number,
            until: lease.until.map(text),
            is_held: lease.is_held,
        });
        let backlog = status.backlog.iter().map(|SweepBacklog { sweep, backlog }| BacklogStatus {
            sweep: sweep.name(),
            rows: backlog.rows,
            is_at_least: backlog.is_cut_short,
            oldest: backlog.oldest.map(text),
        });
        Self {
            level: status.level(),
            database: db.place().to_owned(),
            server: Some(db.server()),
            at: Some(text(status.at)),
            lease,
            jobs: status.jobs.iter().map(JobStatus::of).collect(),
            backlog: backlog.collect(),
            runway_months: status.runway_months,
            p_future_rows: status.p_future_rows,
            findings: status.findings,
        }
    }

    /// All that can be said where the database cannot be asked.
    fn without_database(config: &Config, error: &Error) -> Self {
        Self {
            level: Level::Critical,
            database: config.database.url.place(),
            server: None,
            at: None,
            lease: None,
            jobs: Vec::new(),
            backlog: Vec::new(),
            runway_months: None,
            p_future_rows: None,
            findings: vec![Finding::critical("database", error.to_string())],
        }
    }
}

impl JobStatus {
    fn of(status: &janitor::JobStatus) -> Self {
        let last = status.last.as_ref();
        Self {
            job: status.job.to_string(),
            last_start: last.and_then(|run| run.start).map(|start| start.to_string()),
            last_outcome: last.map(|run| run.outcome.to_string()),
            last_done: status.last_done.map(|start| start.to_string()),
            next_due: status.next_due.map(|due| due.to_string()),
            error: last.and_then(|run| run.error.clone()),
        }
    }
}

fn lines(status: &Status) -> String {
    let (server, at) = (status.server.as_deref().unwrap_or_default(), status.at.as_deref().unwrap_or_default());
    let mut lines = vec![format!("{}: {} ({server}) at {at}", status.level, status.database)];
    lines.push(match &status.lease {
        Some(lease) if lease.is_held => {
            let until = lease.until.as_deref().unwrap_or_default();
            format!("lease      {} until {until}", text::harmless(&lease.holder))
        }
        _ => "lease      nobody holds it".to_owned(),
    });
    for job in &status.jobs {
        let last = job.last_start.as_deref().unwrap_or("never");
        let outcome = job.last_outcome.as_deref().unwrap_or("-");
        let next = job.next_due.as_deref().unwrap_or("never");
        lines.push(format!("{:<10} last {last} ({outcome}), next {next}", job.job));
    }
    for backlog in &status.backlog {
        let least = if backlog.is_at_least { "at least " } else { "" };
        let oldest = backlog.oldest.as_ref().map(|oldest| format!(", the oldest of {oldest}")).unwrap_or_default();
        lines.push(format!("due        {}: {least}{}{oldest}", backlog.sweep, backlog.rows));
    }
    if let Some(runway) = status.runway_months {
        let rows = status.p_future_rows.unwrap_or_default();
        lines.push(format!("partitions {runway} months ahead, {rows} rows in the last one"));
    }
    lines.extend(status.findings.iter().map(Finding::to_string));
    lines.join("\n") + "\n"
}
