//! Ends a benchmark in order when somebody has seen enough: its servers hold gigabytes, which a process that a signal ends
//! would leave behind.

use anyhow::{Context as _, Result, bail};
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Ctrl-C and SIGTERM, which count as soon as the step in hand is done.
#[derive(Debug)]
pub struct Interruption {
    interrupt: Signal,
    terminate: Signal,
}

impl Interruption {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the system does not let it.
    pub fn listen(runtime: &Runtime) -> Result<Self> {
        let _entered = runtime.enter();
        let listen = |kind| signal(kind).context("cannot listen to signals");
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    /// Measures to the end, or until one of them has come.
    ///
    /// # Errors
    /// When measuring fails, or was interrupted.
    pub fn end<T>(&mut self, runtime: &Runtime, measuring: impl Future<Output = Result<T>>) -> Result<T> {
        runtime.block_on(async {
            tokio::select! {
                biased;
                _ = self.interrupt.recv() => bail!("interrupted"),
                _ = self.terminate.recv() => bail!("interrupted"),
                measured = measuring => measured,
            }
        })
    }
}
