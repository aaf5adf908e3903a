//! Filters: which rows of a list are wanted.
//!
//! Each is applied twice. The statement narrows the rows with patterns, on the server, where the columns' collations make
//! it match a little too much (`ALICE` for `alice`). What comes back is then compared exactly, here, so that a filter means
//! the same on every engine. An empty text never means "all".

mod flows;
mod texts;
mod tokens;

use std::time::Duration;

pub use flows::{FlowFilter, FlowStateFilter};
pub(super) use texts::literal;
pub use texts::{Containing, ScopeFilter, SubjectFilter};
pub use tokens::{Horizon, LivenessFilter, TokenFilter};

use crate::clock::Timestamp;

/// How old the wanted rows are. A row without a time has no age, and is not wanted once an age is; one from the future is
/// younger than everything.
///
/// Lists by key look for authorization flows where their keys sort: a flow whose key is older than itself by more than
/// the tolerance between two clocks is not found by its age.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use authdb_shared::db::{AgeFilter, FlowFilter};
///
/// // What was begun between an hour and a day ago.
/// let age = AgeFilter {
///     younger_than: Some(Duration::from_hours(24)),
///     older_than: Some(Duration::from_hours(1)),
/// };
/// let filter = FlowFilter { age, ..FlowFilter::default() };
/// assert_ne!(filter.age, AgeFilter::default());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgeFilter {
    /// Younger than this.
    pub younger_than: Option<Duration>,
    /// Older than this.
    pub older_than: Option<Duration>,
}

impl AgeFilter {
    pub(super) fn admits(self, time: Option<Timestamp>, now: Timestamp) -> bool {
        if self == Self::default() {
            return true;
        }
        let Some(time) = time else { return false };
        let is_young = self.younger_than.is_none_or(|span| time > now.before(span));
        let is_old = self.older_than.is_none_or(|span| time < now.before(span));
        is_young && is_old
    }

    /// The earliest and the latest time of the wanted rows.
    pub(super) fn span(self, now: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
        (self.younger_than.map(|span| now.before(span)), self.older_than.map(|span| now.before(span)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_leaves_out_what_has_none() {
        let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
        let hour = Duration::from_hours(1);
        let young = AgeFilter { younger_than: Some(hour), older_than: None };
        assert!(young.admits(Some(now), now) && !young.admits(Some(now.before(hour)), now) && !young.admits(None, now));
        assert!(AgeFilter::default().admits(None, now));
    }
}
