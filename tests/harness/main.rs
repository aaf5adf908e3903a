//! Tests of the harness itself: every other test relies on what it promises.
//!
//! They own their servers, and need of the run only that the servers' programs are there.

mod clusters;
mod databases;
mod servers;
mod with_servers;

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// Long enough for what takes milliseconds on a machine that does nothing else.
const LIMIT: Duration = Duration::from_secs(30);

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts").block_on(future)
}

/// Awaits something that gives no event to a process that is not its parent.
#[track_caller]
fn await_that(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !holds() {
        assert!(Instant::now() < deadline, "{what} did not come about within {LIMIT:?}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Whether a process exists and is not a zombie, which has ended and only waits for its parent to notice.
fn runs(pid: u32) -> bool {
    std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat"))
        // The state follows the name, which stands in parentheses and may hold anything.
        .is_ok_and(|stat| stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X'])))
}
