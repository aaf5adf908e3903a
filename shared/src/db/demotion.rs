//! A server that has stopped to take writes, as a primary does that another one has replaced.
//!
//! By then its name leads to its successor, and the pools would go on with the connections that they have for half an hour.
//! So none is used again that was made before the refusal.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::error::is_refused_as_read_only;

/// When the server last refused a write because it takes none. Shared by all pools of a database.
#[derive(Clone, Debug, Default)]
pub(super) struct Demotion(Arc<Mutex<Option<Instant>>>);

impl Demotion {
    /// Learns from what the server said.
    pub(super) fn learn(&self, error: &sqlx::Error) {
        if is_refused_as_read_only(error) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
    }

    /// Whether a connection of this age was made since.
    pub(super) fn spares(&self, age: Duration) -> bool {
        let refused = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        refused.is_none_or(|refused| age <= refused.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_from_before_the_refusal_are_not_used_again() {
        let demotion = Demotion::default();
        assert!(demotion.spares(Duration::from_hours(1)));
        *demotion.0.lock().expect("nobody panicked") = Instant::now().checked_sub(Duration::from_mins(1));
        assert!(!demotion.spares(Duration::from_mins(2)));
        assert!(demotion.spares(Duration::from_secs(1)), "it leads wherever the name leads now");
    }
}
