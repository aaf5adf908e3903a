//! The janitor's runs: what each did, for the dashboard, for monitoring, and for the janitor that comes next.
//!
//! A run is written when it begins, so that one that never ended can be seen too. Such a row stops nobody: who may work
//! is decided by the lease alone.

use sqlx::FromRow;

use super::kept;
use crate::clock::Timestamp;
use crate::db::backend::{Backend, Session, on_backend};
use crate::db::{AuthDb, DbError, Page, WritePermit, statements};
use crate::text;

/// Widths of the columns of the host and the job, and what is kept of an error.
const HOST_WIDTH: usize = 255;
const JOB_WIDTH: usize = 64;
const ERROR_WIDTH: usize = 4000;
/// Runs that are looked through for the last one of a job: a year of them, where one begins every five minutes.
const LOOK_BACK: i64 = 105_000;

/// How a run ended.
///
/// # Examples
/// ```
/// use authdb_shared::db::RunOutcome;
///
/// let is_alarming = |outcome: &RunOutcome| matches!(outcome, RunOutcome::Failed | RunOutcome::Refused);
/// assert!(is_alarming(&RunOutcome::Refused) && !is_alarming(&RunOutcome::Stopped));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunOutcome {
    /// It has not ended, or nobody was left to say so.
    Running,
    /// Everything was done.
    Done,
    /// Stopped in good order before everything was done; the next run goes on.
    Stopped,
    /// Something was not done because it would not have been safe.
    Refused,
    /// Something failed.
    Failed,
    /// A word that this version does not know.
    Other(String),
}

impl RunOutcome {
    fn from_stored(word: &str) -> Self {
        match word {
            "running" => Self::Running,
            "done" => Self::Done,
            "stopped" => Self::Stopped,
            "refused" => Self::Refused,
            "failed" => Self::Failed,
            other => Self::Other(other.to_owned()),
        }
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Stopped => "stopped",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Other(word) => word,
        }
    }
}

impl std::fmt::Display for RunOutcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&text::harmless(self.as_str()))
    }
}

/// A run of one of the janitor's jobs (`JanitorRuns`).
///
/// # Examples
/// ```
/// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
/// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
/// # let permit = db.write_permit(&Actor::of_this_process())?;
/// # db.create_ledger(&permit).await?;
/// db.begin_run(&permit, "flows", "one.example").await?;
/// let run = &db.runs(None, 1).await?.rows[0];
/// let line = format!("{} on {}: {}", run.job, run.host, run.outcome);
/// assert_eq!((line.as_str(), run.end), ("flows on one.example: running", None));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its number; later runs have higher ones.
    pub id: i64,
    /// The job.
    pub job: String,
    /// The host that it ran on.
    pub host: String,
    /// When it began, on the database's clock.
    pub start: Option<Timestamp>,
    /// When it ended.
    pub end: Option<Timestamp>,
    /// How it ended.
    pub outcome: RunOutcome,
    /// What it changed, by name; null where the row holds no JSON.
    pub counts: serde_json::Value,
    /// What failed or was refused.
    pub error: Option<String>,
}

/// What the ledger knows of one job.
///
/// # Examples
/// ```
/// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
/// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
/// # let permit = db.write_permit(&Actor::of_this_process())?;
/// # db.create_ledger(&permit).await?;
/// db.begin_run(&permit, "flows", "one.example").await?;
/// let tokens = db.last_runs("tokens").await?;
/// assert!(tokens.last.is_none() && tokens.first_of_all.is_some(), "a janitor works here, but not on tokens");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastRuns {
    /// Its last run; none if it is not among the last hundred thousand of all jobs.
    pub last: Option<Run>,
    /// When the last run began that did all of its work, as far back as that.
    pub last_done: Option<Timestamp>,
    /// When the last run began that came to its end and refused something.
    pub last_refused: Option<Timestamp>,
    /// What that one refused.
    pub refusal: Option<String>,
    /// The numbers of those two: which of two runs was later, whatever the clock said.
    pub last_done_id: Option<i64>,
    /// See there.
    pub last_refused_id: Option<i64>,
    /// When the first run of any job began.
    pub first_of_all: Option<Timestamp>,
}

#[derive(FromRow)]
struct RunRow {
    id: i64,
    job: String,
    host: String,
    start_time: Option<String>,
    end_time: Option<String>,
    outcome: String,
    counts: String,
    error: Option<String>,
}

impl From<RunRow> for Run {
    fn from(row: RunRow) -> Self {
        let time = |text: Option<String>| text.as_deref().and_then(Timestamp::from_sql_text);
        Self {
            id: row.id,
            job: row.job,
            host: row.host,
            start: time(row.start_time),
            end: time(row.end_time),
            outcome: RunOutcome::from_stored(&row.outcome),
            counts: serde_json::from_str(&row.counts).unwrap_or_default(),
            error: row.error,
        }
    }
}

impl AuthDb {
    /// Writes that a run has begun, and gives its number.
    ///
    /// # Errors
    /// If the database cannot do it, or has no ledger of this version.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::RunOutcome;
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// db.create_ledger(&permit).await?;
    /// let id = db.begin_run(&permit, "flows", "one.example").await?;
    /// let run = &db.runs(None, 1).await?.rows[0];
    /// assert_eq!((run.id, &run.outcome), (id, &RunOutcome::Running));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn begin_run(&self, permit: &WritePermit, job: &str, host: &str) -> Result<i64, DbError> {
        let (job, host) = (kept(job, JOB_WIDTH), kept(host, HOST_WIDTH));
        self.repeated("writing that the run begins", || async {
            let mut session = self.writing(permit).await?;
            super::require_our_version(&mut session).await?;
            let start = session.now().await?.sql_text_with_millis();
            let id = match &mut session {
                Backend::MySql(transaction) => {
                    let query = sqlx::query(statements::BEGIN_RUN.mysql).bind(&job).bind(&host).bind(&start);
                    query.execute(&mut **transaction).await?.last_insert_id().cast_signed()
                }
                Backend::Sqlite(transaction) => {
                    let query = sqlx::query(statements::BEGIN_RUN.sqlite).bind(&job).bind(&host).bind(&start);
                    query.execute(&mut **transaction).await?.last_insert_rowid()
                }
            };
            permit.commit(session).await?;
            Ok(id)
        })
        .await
    }

    /// Writes how a run ended, once. `counts` is what it changed, by name.
    ///
    /// # Errors
    /// If the database cannot do it, or has no ledger of this version.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::RunOutcome;
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// # db.create_ledger(&permit).await?;
    /// let id = db.begin_run(&permit, "flows", "one.example").await?;
    /// let counts = serde_json::json!({ "device flows expired": 3 });
    /// db.finish_run(&permit, id, &RunOutcome::Done, &counts, None).await?;
    /// let run = &db.runs(None, 1).await?.rows[0];
    /// assert_eq!((&run.outcome, &run.counts, &run.error), (&RunOutcome::Done, &counts, &None));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn finish_run(
        &self,
        permit: &WritePermit,
        id: i64,
        outcome: &RunOutcome,
        counts: &serde_json::Value,
        error: Option<&str>,
    ) -> Result<(), DbError> {
        let (counts, error) = (counts.to_string(), error.map(|error| kept(error, ERROR_WIDTH)));
        self.repeated("writing how the run ended", || async {
            let mut session = self.writing(permit).await?;
            super::require_our_version(&mut session).await?;
            let end = session.now().await?.sql_text_with_millis();
            on_backend!(&mut session, |connection, text| {
                sqlx::query(text(statements::FINISH_RUN))
                    .bind(&end)
                    .bind(outcome.as_str())
                    .bind(&counts)
                    .bind(&error)
                    .bind(id)
                    .execute(connection)
                    .await
                    .map(drop)
            })?;
            permit.commit(session).await
        })
        .await
    }

    /// Runs of the janitor, newest first; those before the run `before`, if one is named.
    ///
    /// # Errors
    /// If the database cannot be asked, or has no ledger.
    ///
    /// # Examples
    /// ```
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// # db.create_ledger(&permit).await?;
    /// for job in ["flows", "tokens"] {
    ///     db.begin_run(&permit, job, "one.example").await?;
    /// }
    /// let newest = db.runs(None, 1).await?;
    /// assert_eq!((newest.rows[0].job.as_str(), newest.has_more), ("tokens", true));
    /// let before = db.runs(Some(newest.rows[0].id), 1).await?;
    /// assert_eq!((before.rows[0].job.as_str(), before.has_more), ("flows", false));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn runs(&self, before: Option<i64>, limit: u32) -> Result<Page<Run>, DbError> {
        self.limited("listing the janitor's runs", async {
            let mut session = self.reading().await?;
            let now = session.now().await?;
            let rows: Vec<RunRow> = on_backend!(&mut session, |connection, text| {
                sqlx::query_as(text(statements::RUNS))
                    .bind(before.unwrap_or(i64::MAX))
                    .bind(i64::from(limit) + 1)
                    .fetch_all(connection)
                    .await
            })?;
            Ok(Page::cut(rows.into_iter().map(Run::from).collect(), limit, now))
        })
        .await
    }

    /// The last run of a job, and when the last one began that did all of its work. However many runs of other jobs came
    /// since, a bounded number of rows is read.
    ///
    /// # Errors
    /// If the database cannot be asked, or has no ledger.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::RunOutcome;
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// # db.create_ledger(&permit).await?;
    /// let good = db.begin_run(&permit, "flows", "one.example").await?;
    /// db.finish_run(&permit, good, &RunOutcome::Done, &serde_json::json!({}), None).await?;
    /// db.begin_run(&permit, "flows", "one.example").await?;
    /// let flows = db.last_runs("flows").await?;
    /// assert_eq!(flows.last.map(|run| run.outcome), Some(RunOutcome::Running));
    /// assert_eq!(flows.last_done, flows.first_of_all);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn last_runs(&self, job: &str) -> Result<LastRuns, DbError> {
        self.limited("looking for the last runs of a job", async {
            let mut session = self.reading().await?;
            let last: Option<RunRow> = on_backend!(&mut session, |connection, text| {
                sqlx::query_as(text(statements::LAST_RUN_OF_JOB))
                    .bind(job)
                    .bind(LOOK_BACK)
                    .fetch_optional(connection)
                    .await
            })?;
            let done = last_that_ended(&mut session, job, &RunOutcome::Done).await?;
            let refused = last_that_ended(&mut session, job, &RunOutcome::Refused).await?;
            let first: Option<String> = on_backend!(&mut session, |connection, text| {
                sqlx::query_scalar(text(statements::FIRST_RUN)).fetch_optional(connection).await
            })?;
            let first_of_all = first.as_deref().and_then(Timestamp::from_sql_text);
            Ok(LastRuns {
                last: last.map(Run::from),
                last_done: done.start,
                last_refused: refused.start,
                refusal: refused.error,
                last_done_id: done.id,
                last_refused_id: refused.id,
                first_of_all,
            })
        })
        .await
    }
}

/// A run as far as it matters when it was.
#[derive(Default)]
struct Ended {
    id: Option<i64>,
    start: Option<Timestamp>,
    error: Option<String>,
}

async fn last_that_ended(session: &mut Session, job: &str, outcome: &RunOutcome) -> Result<Ended, sqlx::Error> {
    let row: Option<(i64, String, Option<String>)> = on_backend!(session, |connection, text| {
        let query =
            sqlx::query_as(text(statements::LAST_OF_JOB_THAT_ENDED)).bind(job).bind(outcome.as_str().to_owned());
        query.bind(LOOK_BACK).fetch_optional(connection).await
    })?;
    Ok(row.map_or_else(Ended::default, |(id, start, error)| Ended {
        id: Some(id),
        start: Timestamp::from_sql_text(&start),
        error,
    }))
}
