//! The progress of a one-off run: a bar with rate and time left on a terminal, a plain line now and then elsewhere, and
//! nothing at all in the daemon, whose log has a line per run.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use authdb_shared::db::{Backlog, Sweep};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

/// Between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(10);
const TEMPLATE: &str = "{msg} [{bar:30}] {human_pos}/{human_len} {per_sec}, {eta} left";
const TEMPLATE_WITHOUT_END: &str = "{msg} {spinner} {human_pos} {per_sec}";

/// Where progress is shown, if anywhere.
#[derive(Clone, Default)]
pub(crate) struct Bar {
    shown: Option<Arc<Mutex<Shown>>>,
}

struct Shown {
    bar: ProgressBar,
    lines: Option<Lines>,
}

/// What plain lines need to know.
struct Lines {
    began: Instant,
    last: Instant,
}

impl Bar {
    /// On standard error: a bar on a terminal, lines elsewhere.
    pub(crate) fn begin() -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let target = if is_terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        let now = Instant::now();
        let lines = (!is_terminal).then_some(Lines { began: now, last: now });
        Self { shown: Some(Arc::new(Mutex::new(Shown { bar, lines }))) }
    }

    /// Whether anybody looks.
    pub(crate) fn is_shown(&self) -> bool {
        self.shown.is_some()
    }

    fn with(&self, act: impl FnOnce(&mut Shown)) {
        if let Some(shown) = &self.shown {
            act(&mut shown.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// A sweep begins, with so much before it.
    pub(crate) fn start(&self, sweep: Sweep, backlog: Backlog) {
        let style = if backlog.is_cut_short { TEMPLATE_WITHOUT_END } else { TEMPLATE };
        self.with(|shown| {
            let style = ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar());
            shown.bar.set_style(style);
            shown.bar.reset();
            shown.bar.set_message(sweep.to_string());
            if backlog.is_cut_short {
                shown.bar.unset_length();
            } else {
                shown.bar.set_length(backlog.rows);
            }
            let now = Instant::now();
            shown.lines = shown.lines.take().map(|_| Lines { began: now, last: now });
        });
    }

    /// So many rows more.
    pub(crate) fn add(&self, rows: u64) {
        self.with(|shown| {
            shown.bar.inc(rows);
            let Some(lines) = &mut shown.lines else { return };
            if lines.last.elapsed() >= LINE_EVERY {
                lines.last = Instant::now();
                let (done, took) = (shown.bar.position(), lines.began.elapsed());
                eprintln!("{}", line(&shown.bar.message(), done, shown.bar.length(), took));
            }
        });
    }

    /// Makes room for what is printed next.
    pub(crate) fn clear(&self) {
        self.with(|shown| shown.bar.finish_and_clear());
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn line(what: &str, done: u64, total: Option<u64>, took: Duration) -> String {
    let rate = done as f64 / took.as_secs_f64().max(0.001);
    let Some(total) = total else { return format!("{what}: {done} so far, {rate:.0} per second") };
    let left = total.saturating_sub(done) as f64 / rate.max(0.001);
    format!("{what}: {done} of {total}, {rate:.0} per second, about {left:.0} s left")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_line_tells_rate_and_time_left() {
        let tenth = line("device flows deleted", 1000, Some(10_000), Duration::from_secs(10));
        assert_eq!(tenth, "device flows deleted: 1000 of 10000, 100 per second, about 90 s left");
        let open = line("device flows deleted", 1000, None, Duration::from_secs(10));
        assert_eq!(open, "device flows deleted: 1000 so far, 100 per second");
        assert!(line("x", 0, Some(10), Duration::ZERO).contains("0 per second"), "nothing is divided by nothing");
    }
}
