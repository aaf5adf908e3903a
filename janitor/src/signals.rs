//! Signals: SIGTERM and SIGINT ask for an orderly stop, a second one for a stop at once, SIGHUP for a new configuration.

use authdb_shared::error::EXIT_REFUSED;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What is said when a second signal breaks off the work.
const BREAKING_OFF: &str = "a second signal: breaking off at once; the database undoes the batch in hand, or may still finish a change of the \
     partitions; the next run carries on";
/// What is said at the first.
const STOPPING: &str = "a signal: stopping after what is in hand; a second one breaks it off";

/// Cancels `stop` at the first SIGTERM or SIGINT. Whoever works finishes the batch in hand and then looks at it. At the
/// second of either, the process ends without waiting for anything. Both are said.
pub(crate) fn cancel_on_signal(stop: &CancellationToken, say: fn(&str)) -> std::io::Result<()> {
    let (mut terminations, mut interrupts) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = stop.clone();
    tokio::spawn(async move {
        either(&mut terminations, &mut interrupts).await;
        stop.cancel();
        say(STOPPING);
        either(&mut terminations, &mut interrupts).await;
        say(BREAKING_OFF);
        std::process::exit(i32::from(EXIT_REFUSED));
    });
    Ok(())
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}

/// SIGHUP, one after another; several that come at once may be one.
pub(crate) struct Hangups(Signal);

impl Hangups {
    /// From now on SIGHUP no longer ends the process.
    pub(crate) fn listen() -> std::io::Result<Self> {
        signal(SignalKind::hangup()).map(Self)
    }

    pub(crate) async fn next(&mut self) {
        self.0.recv().await;
    }
}
