//! Something that is done over and over at a fixed rate while something else is measured.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::task::JoinHandle;
use tokio::time::{Interval, MissedTickBehavior};

/// A task that goes on until it is told to end, and then gives what it has measured.
#[derive(Debug)]
pub struct Meanwhile<T> {
    stop: Arc<AtomicBool>,
    task: JoinHandle<Result<T>>,
}

/// When the next one is to begin.
#[derive(Debug)]
pub struct Rate {
    ticks: Interval,
    stop: Arc<AtomicBool>,
}

impl<T: Send + 'static> Meanwhile<T> {
    /// Begins a task that does something this often, or less often if each takes longer.
    pub fn begin<F>(every: Duration, task: impl FnOnce(Rate) -> F) -> Self
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let stop = Arc::new(AtomicBool::new(false));
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let task = tokio::spawn(task(Rate { ticks, stop: Arc::clone(&stop) }));
        Self { stop, task }
    }

    /// Ends it, and gives what it has measured.
    ///
    /// # Errors
    /// When it failed.
    pub async fn end(self) -> Result<T> {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.context("what went on meanwhile broke off")?
    }
}

impl Rate {
    /// Waits for the next turn; false once the task is to end.
    pub async fn next(&mut self) -> bool {
        if self.stop.load(Ordering::Relaxed) {
            return false;
        }
        self.ticks.tick().await;
        true
    }
}
