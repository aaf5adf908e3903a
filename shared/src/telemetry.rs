//! The log of the daemon: one line per event on standard error, where systemd's journal picks it up.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The environment variable that sets what is logged, in `tracing`'s filter syntax.
pub const LOG_VARIABLE: &str = "AUTHDB_LOG";

/// Starts logging; `info` and above unless [`LOG_VARIABLE`] says otherwise.
///
/// The journal keeps its own time stamps, so lines carry one only on a terminal. A second call changes nothing.
pub fn start() {
    let filter = EnvFilter::try_from_env(LOG_VARIABLE)
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,tokio_cron_scheduler=warn"));
    let is_terminal = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false).with_ansi(is_terminal);
    let registry = tracing_subscriber::registry().with(filter);
    // The only failure is that somebody started logging before, and then there is a log already.
    let _ = if is_terminal { registry.with(lines).try_init() } else { registry.with(lines.without_time()).try_init() };
}
