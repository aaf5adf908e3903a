//! The progress of a one-off run: a bar with rate and time left on a terminal, a plain line now and then elsewhere, and
//! nothing at all in the daemon, whose log has a line per run.
//!
//! Time left needs a count of what is left, which reads as much as the work itself. So it is counted once, and only for a
//! sweep that has lasted so long that somebody may wonder.

use std::io::{IsTerminal, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use authdb_shared::db::{Backlog, Walk};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

/// Between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// How long a sweep lasts before a bar is worth a count of what is left. Lines count before the first of them.
const COUNT_AFTER: Duration = Duration::from_secs(2);
const TEMPLATE: &str = "{msg} [{bar:30}] {human_pos}/{human_len} {per_sec}, {eta} left";
const TEMPLATE_WITHOUT_END: &str = "{msg} {spinner} {human_pos} {per_sec}";

/// Where progress is shown, if anywhere.
#[derive(Clone, Default)]
pub(crate) struct Bar {
    shown: Option<Arc<Mutex<Shown>>>,
}

struct Shown {
    bar: ProgressBar,
    began: Instant,
    is_counted: bool,
    /// When the last plain line was written, where there is no terminal.
    last_line: Option<Instant>,
}

impl Bar {
    /// On standard error: a bar on a terminal, lines elsewhere.
    pub(crate) fn begin() -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let target = if is_terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        let now = Instant::now();
        let last_line = (!is_terminal).then_some(now);
        Self { shown: Some(Arc::new(Mutex::new(Shown { bar, began: now, is_counted: false, last_line }))) }
    }

    /// Whether somebody looks who should be told how much is left, and has not been yet.
    pub(crate) fn wants_count(&self) -> bool {
        self.shown.as_ref().is_some_and(|shown| {
            let shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
            let after = if shown.last_line.is_some() { LINE_EVERY } else { COUNT_AFTER };
            !shown.is_counted && shown.began.elapsed() >= after
        })
    }

    fn with(&self, act: impl FnOnce(&mut Shown)) {
        if let Some(shown) = &self.shown {
            act(&mut shown.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// A walk begins.
    pub(crate) fn start(&self, walk: Walk) {
        self.with(|shown| {
            shown.bar.unset_length();
            shown.bar.set_style(style(TEMPLATE_WITHOUT_END));
            shown.bar.reset();
            shown.bar.set_message(walk.to_string());
            let now = Instant::now();
            (shown.began, shown.is_counted) = (now, false);
            shown.last_line = shown.last_line.map(|_| now);
        });
    }

    /// So much is left of it behind the rows that are to be added next; `None` if that could not be counted.
    pub(crate) fn count(&self, rows: u64, left: Option<Backlog>) {
        self.with(|shown| {
            shown.is_counted = true;
            if let Some(left) = left.filter(|left| !left.is_cut_short) {
                shown.bar.set_style(style(TEMPLATE));
                shown.bar.set_length(shown.bar.position() + rows + left.rows);
            }
        });
    }

    /// So many rows more.
    pub(crate) fn add(&self, rows: u64) {
        self.with(|shown| {
            shown.bar.inc(rows);
            if shown.last_line.is_some_and(|last| last.elapsed() >= LINE_EVERY) {
                shown.last_line = Some(Instant::now());
                let (done, took) = (shown.bar.position(), shown.began.elapsed());
                let line = line(&shown.bar.message(), done, shown.bar.length(), took);
                // The work goes on, whether anybody reads of it or not.
                let _ = writeln!(std::io::stderr(), "{line}");
            }
        });
    }

    /// Makes room for what is printed next.
    pub(crate) fn clear(&self) {
        self.with(|shown| shown.bar.finish_and_clear());
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
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
