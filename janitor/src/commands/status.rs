//! `status`: how the janitor is, for people and for monitoring. Reads only, and needs no janitor to run.

use authdb_shared::config::Config;
use authdb_shared::db::{AuthDb, DbError};
use authdb_shared::health::{Finding, Level};
use authdb_shared::janitor::{self, JanitorStatus, SweepBacklog};
use authdb_shared::{Error, Timestamp, clock, text};
use serde::Serialize;

/// How the janitor is.
#[derive(Serialize)]
struct Status {
    level: Level,
    database: String,
    server: String,
    /// The database's time.
    at: String,
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
/// not take it for a warning.
///
/// # Errors
/// If the database cannot be reached.
pub(crate) async fn run(config: &Config, as_json: bool) -> anyhow::Result<u8> {
    let status = match look(config).await {
        Ok(status) => status,
        Err(error) if error.is_connection_loss() => return Err(Error::from(error).into()),
        Err(error) => {
            eprintln!("authdb-janitor: {error}");
            return Ok(Level::Critical.exit_code());
        }
    };
    if as_json {
        println!("{}", serde_json::to_string_pretty(&status)?);
    } else {
        print(&status);
    }
    Ok(status.level.exit_code())
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
            server: db.server(),
            at: text(status.at),
            lease,
            jobs: status.jobs.iter().map(JobStatus::of).collect(),
            backlog: backlog.collect(),
            runway_months: status.runway_months,
            p_future_rows: status.p_future_rows,
            findings: status.findings,
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

fn print(status: &Status) {
    println!("{}: {} ({}) at {}", status.level, status.database, status.server, status.at);
    match &status.lease {
        Some(lease) if lease.is_held => {
            let until = lease.until.as_deref().unwrap_or_default();
            println!("lease      {} until {until}", text::harmless(&lease.holder));
        }
        _ => println!("lease      nobody holds it"),
    }
    for job in &status.jobs {
        let last = job.last_start.as_deref().unwrap_or("never");
        let outcome = job.last_outcome.as_deref().unwrap_or("-");
        let next = job.next_due.as_deref().unwrap_or("never");
        println!("{:<10} last {last} ({outcome}), next {next}", job.job);
    }
    for backlog in &status.backlog {
        let least = if backlog.is_at_least { "at least " } else { "" };
        let oldest = backlog.oldest.as_ref().map(|oldest| format!(", the oldest of {oldest}")).unwrap_or_default();
        println!("due        {}: {least}{}{oldest}", backlog.sweep, backlog.rows);
    }
    if let Some(runway) = status.runway_months {
        println!("partitions {runway} months ahead, {} rows in the last one", status.p_future_rows.unwrap_or_default());
    }
    for finding in &status.findings {
        println!("{finding}");
    }
}
