//! Ends a benchmark in order when somebody has seen enough: its servers hold gigabytes, which a process that a signal ends
//! would leave behind.

use anyhow::{Context as _, Result, bail};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

/// Measures to the end, or until Ctrl-C or SIGTERM.
///
/// # Errors
/// When measuring fails, or was interrupted.
pub fn until_interrupted<T>(runtime: &Runtime, measuring: impl Future<Output = Result<T>>) -> Result<T> {
    runtime.block_on(async {
        let listen = |kind| signal(kind).context("cannot listen to signals");
        let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
        tokio::select! {
            measured = measuring => measured,
            _ = interrupt.recv() => bail!("interrupted"),
            _ = terminate.recv() => bail!("interrupted"),
        }
    })
}
