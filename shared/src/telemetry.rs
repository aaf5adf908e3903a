//! The log of the daemon: one event a line on standard error, or entries with fields in systemd's journal.
//!
//! A program calls [`start`] once, before anything else; what this crate logs goes through `tracing` and costs nothing
//! where nobody listens.
//!
//! What happened stands in the message, in words. The same stands in fields, for programs: those of a run have names that
//! begin with `run.`, those of a batch with `batch.`. Plain lines leave these out, because they would say it twice.

use std::fs::File;
use std::io::IsTerminal;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;

use tracing::field::Field;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt::format::{Writer, debug_fn};
use tracing_subscriber::layer::{Layered, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::text;

/// The environment variable that sets what is logged, in `tracing`'s filter syntax.
///
/// # Examples
/// ```
/// use authdb_shared::telemetry::LOG_VARIABLE;
///
/// let unit = format!("[Service]\nEnvironment={LOG_VARIABLE}=debug,sqlx=warn\n");
/// assert!(unit.contains("AUTHDB_LOG=debug"));
/// ```
pub const LOG_VARIABLE: &str = "AUTHDB_LOG";

/// By which systemd says what standard error is connected to, if that is its journal: `DEVICE:INODE`
/// (systemd.exec(5)).
const JOURNAL_VARIABLE: &str = "JOURNAL_STREAM";

/// Before the name of every field in the journal, so that none is taken for one of systemd's own.
const JOURNAL_PREFIX: &str = "AUTHDB";

/// How the log is written.
///
/// # Examples
/// ```
/// use authdb_shared::config::{Config, Sources};
/// use authdb_shared::telemetry::LogFormat;
///
/// let sources = Sources::default().with_variable("AUTHDB_JANITOR_LOG_FORMAT", "json");
/// assert_eq!(Config::load(&sources)?.janitor.log_format, LogFormat::Json);
/// # Ok::<(), authdb_shared::config::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// As for the journal where systemd's journal reads standard error, else plain.
    #[default]
    Auto,
    /// A line per event, for people.
    Plain,
    /// A JSON object per line and event, for collectors of logs.
    Json,
    /// To systemd's journal, each field by itself.
    Journald,
}

/// Everything that comes before the events are written.
type Filtered = Layered<EnvFilter, Registry>;
type Lines = Box<dyn Layer<Filtered> + Send + Sync>;

/// Starts logging; `info` and above unless [`LOG_VARIABLE`] says otherwise. Panics are logged as well.
///
/// The journal keeps its own time stamps, so plain lines carry one only on a terminal. A second call changes nothing.
///
/// # Examples
/// ```no_run
/// use authdb_shared::telemetry::{self, LogFormat};
///
/// telemetry::start(LogFormat::Auto);
/// tracing::info!("the janitor starts");
/// ```
pub fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_env(LOG_VARIABLE)
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,tokio_cron_scheduler=warn"));
    let is_for_journal = format == LogFormat::Journald || format == LogFormat::Auto && journal_reads_standard_error();
    let (lines, obstacle) = match format {
        LogFormat::Json => (json_lines(), None),
        _ if is_for_journal => match tracing_journald::layer() {
            Ok(journal) => (journal.with_field_prefix(Some(JOURNAL_PREFIX.to_owned())).boxed(), None),
            Err(error) => (plain_lines(), Some(error)),
        },
        _ => (plain_lines(), None),
    };
    // The only failure is that somebody started logging before, and then there is a log already.
    if tracing_subscriber::registry().with(filter).with(lines).try_init().is_ok() {
        // The usual hook writes lines of its own, which no collector of JSON understands.
        std::panic::set_hook(Box::new(|panic| tracing::error!("{}", text::harmless(&panic.to_string()))));
    }
    if let Some(obstacle) = obstacle {
        tracing::warn!("the log is written in plain lines, because systemd's journal cannot be reached: {obstacle}");
    }
}

fn json_lines() -> Lines {
    let lines = fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(false);
    lines.with_target(false).with_writer(std::io::stderr).boxed()
}

fn plain_lines() -> Lines {
    let is_terminal = std::io::stderr().is_terminal();
    let lines = fmt::layer().with_writer(std::io::stderr).with_target(false).with_ansi(is_terminal);
    let lines = lines.fmt_fields(debug_fn(write_field));
    if is_terminal { lines.boxed() } else { lines.without_time().boxed() }
}

/// The message, and the fields of others; ours say what the message says.
fn write_field(writer: &mut Writer<'_>, field: &Field, value: &dyn std::fmt::Debug) -> std::fmt::Result {
    match field.name() {
        "message" => write!(writer, "{value:?}"),
        name if name.starts_with("run.") || name.starts_with("batch.") => Ok(()),
        name => write!(writer, " {name}={value:?}"),
    }
}

/// Whether standard error is the stream that systemd says it connected to its journal; somebody may have redirected it
/// since.
fn journal_reads_standard_error() -> bool {
    let Ok(stream) = std::env::var(JOURNAL_VARIABLE) else { return false };
    let Ok(standard_error) = std::io::stderr().as_fd().try_clone_to_owned() else { return false };
    File::from(standard_error).metadata().is_ok_and(|data| is_stream(&stream, data.dev(), data.ino()))
}

fn is_stream(stream: &str, device: u64, inode: u64) -> bool {
    stream
        .split_once(':')
        .is_some_and(|(of_device, of_inode)| of_device.parse() == Ok(device) && of_inode.parse() == Ok(inode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_journal_is_known_by_device_and_inode() {
        assert!(is_stream("9:123456", 9, 123_456));
        for other in ["9:123457", "8:123456", "9", "", "a:b", "9:123456:7"] {
            assert!(!is_stream(other, 9, 123_456), "{other}");
        }
    }
}
