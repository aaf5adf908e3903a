//! When jobs are due: the only file that knows the scheduler crate.
//!
//! tokio-cron-scheduler lets runs of a job overlap, loses a job whose closure panics, and returns from `shutdown` while
//! jobs still run. So its closures do nothing but ring a bell; [`crate::runner`] does the rest. Schedules are in UTC,
//! because the crate freezes the offset of other time zones when a job is made. Jobs are built by `JobBuilder`, which
//! reads day-of-month and day-of-week as cron does (either), where `Job::new_async` wants both.

use std::sync::Arc;

use anyhow::Context;
use tokio::sync::Notify;
use tokio_cron_scheduler::{JobBuilder, JobScheduler};

/// Bells rung by cron lines.
pub(crate) struct Schedule {
    scheduler: JobScheduler,
}

impl Schedule {
    pub(crate) async fn new() -> anyhow::Result<Self> {
        Ok(Self { scheduler: JobScheduler::new().await.context("making the scheduler")? })
    }

    /// Rings `bell` whenever the six-field cron line `line` matches, in UTC.
    pub(crate) async fn ring(&self, line: &str, bell: Arc<Notify>) -> anyhow::Result<()> {
        let job = JobBuilder::new()
            .with_timezone(chrono::Utc)
            .with_cron_job_type()
            .with_schedule(line)
            .with_context(|| format!("reading the schedule `{line}`"))?
            .with_run_async(Box::new(move |_, _| {
                bell.notify_one();
                Box::pin(std::future::ready(()))
            }))
            .build()
            .with_context(|| format!("scheduling `{line}`"))?;
        self.scheduler.add(job).await.with_context(|| format!("scheduling `{line}`"))?;
        Ok(())
    }

    pub(crate) async fn start(&self) -> anyhow::Result<()> {
        self.scheduler.start().await.context("starting the scheduler")
    }

    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        self.scheduler.shutdown().await.context("stopping the scheduler")
    }
}
