//! systemd: what its service manager is told, and when (`sd_notify(3)`). Without it, nothing happens here.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::metrics::Metrics;

/// How often per watchdog time the runners are looked at; systemd asks for at least two.
const LOOKS_PER_WATCHDOG: u32 = 4;
/// How often at least they are asked whether they are alive, for the health check too.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// The first connection stands and the runners start.
pub(crate) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The configuration is being read again; [`ready`] ends that, whatever came of it.
pub(crate) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        // Newer versions of systemd tell by the time which reload is meant.
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => debug!("reading the monotonic clock: {error}"),
    }
}

pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Keeps the status line up to date until `stop` is cancelled, and says then what it was stopped at.
pub(crate) async fn keep_status(metrics: Metrics, stop: CancellationToken) {
    let mut news = metrics.changes();
    let mut said = String::new();
    loop {
        let status = metrics.status();
        if status != said {
            tell(&[NotifyState::Status(&status)]);
            said = status;
        }
        tokio::select! {
            () = stop.cancelled() => return,
            changed = news.changed() => if changed.is_err() { return },
        }
    }
}

/// Feeds the watchdog while every runner makes progress, for ever.
///
/// The clock only says when to look. Where one runner has shown no life since the last time, nothing is said, and systemd
/// ends the daemon when its time is up.
pub(crate) async fn feed_watchdog(metrics: Metrics) {
    let watchdog = sd_notify::watchdog_enabled();
    let pause = watchdog.map_or(LOOK_EVERY, |span| (span / LOOKS_PER_WATCHDOG).min(LOOK_EVERY));
    let mut fed = (Instant::now(), metrics.progress().beats());
    let mut is_said = false;
    loop {
        metrics.progress().ask();
        tokio::time::sleep(pause).await;
        let Some(watchdog) = watchdog else { continue };
        let beats = metrics.progress().beats();
        if beats.all_after(fed.1) {
            tell(&[NotifyState::Watchdog]);
            (fed, is_said) = ((Instant::now(), beats), false);
            continue;
        }
        let (job, span) = metrics.progress().stillest(Instant::now());
        let line = format!("{job} shows no progress for {:.1} s; systemd's watchdog is not fed", span.as_secs_f64());
        if !is_said && fed.0.elapsed() >= watchdog / 2 {
            warn!("{line}");
            is_said = true;
        } else {
            debug!("{line}");
        }
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        debug!("telling systemd: {error}");
    }
}
