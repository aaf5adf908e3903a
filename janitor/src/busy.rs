//! Leaving a busy server in peace: what the janitor does can wait, and what its users do cannot.
//!
//! Between batches, and not more often than once a second, the server is asked how busy it is. While it is, the janitor
//! pauses, longer each time, until it is not, or until the run must end.

use std::time::Duration;

use authdb_shared::db::{AuthDb, DbError, ServerLoad};
use tokio::time::Instant;

/// How long an answer holds.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The part of the time since the last look for which Galera may hold writers back before that counts as busy.
const FLOW_CONTROL: f64 = 0.05;
/// Sessions that may wait for a replica before that counts as busy.
const WAITING_FOR_REPLICAS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause between two looks.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// What is known about the server, within one run.
#[derive(Debug)]
pub(crate) struct Business {
    busy_threads: u32,
    seen: Option<(Instant, ServerLoad)>,
    pauses: u32,
}

impl Business {
    pub(crate) fn new(busy_threads: u32) -> Self {
        Self { busy_threads, seen: None, pauses: 0 }
    }

    /// How long to leave the server alone before the next batch, and why; `None` if it is not busy.
    ///
    /// # Errors
    /// If the server cannot be asked.
    pub(crate) async fn pause(&mut self, db: &AuthDb) -> Result<Option<(Duration, String)>, DbError> {
        if self.pauses == 0 && self.seen.is_some_and(|(seen, _)| seen.elapsed() < LOOK_EVERY) {
            return Ok(None);
        }
        let Some(load) = db.server_load().await? else { return Ok(None) };
        Ok(self.judge(Instant::now(), load))
    }

    fn judge(&mut self, now: Instant, load: ServerLoad) -> Option<(Duration, String)> {
        let before = self.seen.replace((now, load));
        let Some(reason) = self.reason(before, now, load) else {
            self.pauses = 0;
            return None;
        };
        let pause = (FIRST_PAUSE * 2_u32.saturating_pow(self.pauses)).min(LONGEST_PAUSE);
        self.pauses = (self.pauses + 1).min(16);
        Some((pause, reason))
    }

    fn reason(&self, before: Option<(Instant, ServerLoad)>, now: Instant, load: ServerLoad) -> Option<String> {
        if load.running_threads >= self.busy_threads {
            return Some(format!("{} threads run on the server (janitor.busy_threads)", load.running_threads));
        }
        if load.waiting_for_replicas >= WAITING_FOR_REPLICAS {
            return Some(format!("{} sessions wait for a replica", load.waiting_for_replicas));
        }
        let (then, before) = before?;
        let held = load.flow_control.saturating_sub(before.flow_control);
        let is_held = held > now.duration_since(then).mul_f64(FLOW_CONTROL);
        is_held.then(|| "the cluster holds its writers back (Galera flow control)".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn threads(running_threads: u32) -> ServerLoad {
        ServerLoad { running_threads, ..ServerLoad::default() }
    }

    #[test]
    fn pauses_grow_while_the_server_stays_busy_and_begin_anew_afterwards() {
        let (mut business, now) = (Business::new(10), Instant::now());
        assert_eq!(business.judge(now, threads(9)), None);
        let pauses: Vec<Duration> =
            (0..7).filter_map(|_| business.judge(now, threads(10))).map(|(pause, _)| pause).collect();
        assert_eq!(pauses[..3], [250, 500, 1000].map(Duration::from_millis));
        assert_eq!((pauses.len(), pauses[6]), (7, LONGEST_PAUSE));
        assert_eq!(business.judge(now, threads(1)), None);
        assert_eq!(business.judge(now, threads(11)).map(|(pause, _)| pause), Some(FIRST_PAUSE));
    }

    #[test]
    fn flow_control_counts_by_what_was_added_since_the_last_look() {
        let (mut business, now) = (Business::new(10), Instant::now());
        let held = |millis| ServerLoad { flow_control: Duration::from_millis(millis), ..threads(1) };
        assert_eq!(business.judge(now, held(90_000)), None, "since the server started, whenever that was");
        let second = Duration::from_secs(1);
        assert_eq!(business.judge(now + second, held(90_040)), None);
        let (_, reason) = business.judge(now + second * 2, held(90_100)).expect("more than a twentieth of the second");
        assert!(reason.contains("flow control"), "{reason}");
    }

    #[test]
    fn sessions_that_wait_for_a_replica_count() {
        let (mut business, now) = (Business::new(10), Instant::now());
        let load = ServerLoad { waiting_for_replicas: 4, ..threads(1) };
        assert!(business.judge(now, load).is_some_and(|(_, reason)| reason.contains("replica")));
    }
}
