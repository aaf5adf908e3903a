//! Progress: whether the runners are alive, so that the service manager can end a daemon that hangs.
//!
//! A timer that says "alive" would go on saying so while every runner hangs. So only the runners say it: while one is
//! idle, its loop answers when it is asked; while it works, each batch and each step that comes to an end counts.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use authdb_shared::janitor::Job;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The signs of life of all runners. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Progress(Arc<[Pulse; Job::ALL.len()]>);

struct Pulse {
    beats: AtomicU64,
    last: Mutex<Instant>,
    asked: Notify,
}

/// How often each runner has shown life, as of some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Beats([u64; Job::ALL.len()]);

impl Beats {
    /// Whether every runner has shown life since.
    pub(crate) fn all_after(self, earlier: Self) -> bool {
        self.0.iter().zip(earlier.0).all(|(now, then)| *now != then)
    }
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Job::ALL.map(|_| Pulse {
            beats: AtomicU64::new(0),
            last: Mutex::new(Instant::now()),
            asked: Notify::new(),
        })))
    }

    fn pulse(&self, job: Job) -> &Pulse {
        &self.0[job as usize]
    }

    /// The runner of this job is alive.
    pub(crate) fn beat(&self, job: Job) {
        let pulse = self.pulse(job);
        pulse.beats.fetch_add(1, Ordering::Relaxed);
        *pulse.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Asks every runner that is idle to show that it is alive.
    pub(crate) fn ask(&self) {
        for pulse in &*self.0 {
            pulse.asked.notify_one();
        }
    }

    /// Returns when this runner has been asked.
    pub(crate) async fn asked(&self, job: Job) {
        self.pulse(job).asked.notified().await;
    }

    pub(crate) fn beats(&self) -> Beats {
        Beats(Job::ALL.map(|job| self.pulse(job).beats.load(Ordering::Relaxed)))
    }

    /// The runner that has been still for the longest, and for how long.
    pub(crate) fn stillest(&self, now: Instant) -> (Job, Duration) {
        let still = |job| now - *self.pulse(job).last.lock().unwrap_or_else(PoisonError::into_inner);
        let [first, others @ ..] = Job::ALL.map(|job| (job, still(job)));
        others.into_iter().fold(first, |stillest, other| if other.1 > stillest.1 { other } else { stillest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_alive_only_when_each_has_shown_it() {
        let progress = Progress::new();
        let before = progress.beats();
        progress.beat(Job::Flows);
        progress.beat(Job::Flows);
        assert!(!progress.beats().all_after(before), "one cannot speak for the other");
        progress.beat(Job::Tokens);
        assert!(progress.beats().all_after(before));
        progress.beat(Job::Flows);
        let (stillest, span) = progress.stillest(Instant::now() + Duration::from_secs(5));
        assert!(stillest == Job::Tokens && span >= Duration::from_secs(5), "{stillest}: {span:?}");
    }

    #[tokio::test]
    async fn who_is_busy_when_asked_answers_afterwards() {
        let progress = Progress::new();
        progress.ask();
        progress.ask();
        progress.asked(Job::Tokens).await;
    }
}
