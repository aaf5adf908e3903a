//! A line of time that ends now, with the tokens of a session as dots on it.

use std::time::Duration;

use authdb_shared::rotation::Chain;
use authdb_shared::{Policy, Timestamp};

/// However long the oldest session has been going on, the line begins no more than this before the newest token.
const LONGEST: Duration = Duration::from_hours(24);

/// A line of time.
pub(super) struct TimeLine {
    /// When it begins.
    pub(super) from: Timestamp,
    now: Timestamp,
    cells: usize,
}

impl TimeLine {
    /// A line of so many cells for these sessions, of which the first `live` live. It begins with the oldest of those that
    /// live, or with the newest session where none does, so that what goes on has most of the room; and at least two
    /// lifetimes before now, so that a single session is seen beside what it might have been.
    pub(super) fn of(shown: &[&Chain], live: usize, now: Timestamp, policy: &Policy, cells: usize) -> Self {
        let least = now.before(policy.refresh_token_lifetime.saturating_mul(2));
        let leading = &shown[..live.max(1).min(shown.len())];
        let first = leading.iter().filter_map(|chain| chain.issued.first()).min();
        let newest = leading.iter().filter_map(|chain| chain.issued.last()).max();
        let from = first.zip(newest).map_or(least, |(first, newest)| (*first).max(newest.before(LONGEST)).min(least));
        Self { from, now, cells }
    }

    /// The tokens of a session, joined from the first to the last; `mark` says what became of that. What lies before the
    /// beginning is left out, and said to be there.
    pub(super) fn drawn(&self, chain: &Chain, mark: char) -> String {
        let is_before = |issued: Option<&Timestamp>| issued.is_some_and(|issued| *issued < self.from);
        let (begins_before, ends_before) = (is_before(chain.issued.first()), is_before(chain.issued.last()));
        let places: Vec<usize> = chain.issued.iter().map(|issued| self.place(*issued)).collect();
        let (Some(first), Some(last)) = (places.first().copied(), places.last().copied()) else {
            return " ".repeat(self.cells);
        };
        let cell = |column: usize| match column {
            0 if ends_before => '…',
            _ if column == last => mark,
            _ if column < first || column > last => ' ',
            0 if begins_before => '…',
            _ if places.binary_search(&column).is_ok() => '•',
            _ => '─',
        };
        (0..self.cells).map(cell).collect()
    }

    fn place(&self, time: Timestamp) -> usize {
        let last = self.cells.saturating_sub(1);
        let whole = self.now.since(self.from).as_millis().max(1);
        let share = time.since(self.from).as_millis().min(whole) * last as u128 / whole;
        usize::try_from(share).unwrap_or(last)
    }
}

#[cfg(test)]
mod tests {
    use authdb_shared::clock;
    use authdb_shared::ids::Jti;
    use authdb_shared::model::{RefreshToken, Scope, TokenStatus};

    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar")
    }

    /// A session whose tokens were issued so many minutes ago.
    fn chain(minutes: &[u64]) -> Chain {
        let issued: Vec<Timestamp> = minutes.iter().map(|ago| now().before(Duration::from_mins(*ago))).collect();
        let newest = RefreshToken {
            jti: Jti::issue(issued[issued.len() - 1], &mut clock::randomness()),
            status: TokenStatus::Created,
            scope: Scope::from_stored("vo:lhcb".to_owned()),
            subject: None,
        };
        Chain { issued, newest }
    }

    fn drawn(shown: &[&Chain], live: usize) -> Vec<String> {
        let times = TimeLine::of(shown, live, now(), &Policy::default(), 13);
        shown.iter().map(|chain| times.drawn(chain, '▶')).collect()
    }

    #[test]
    fn tokens_are_joined_and_a_short_session_is_seen_within_two_lifetimes() {
        assert_eq!(drawn(&[&chain(&[40, 20, 0])], 1), ["        •─•─▶"]);
        assert_eq!(drawn(&[&chain(&[60])], 1), ["      ▶      "]);
    }

    #[test]
    fn the_oldest_session_that_lives_has_the_whole_line_and_older_ones_are_before_it() {
        let (long, old) = (chain(&[240, 120, 0]), chain(&[900, 700]));
        assert_eq!(drawn(&[&long, &old], 1), ["•─────•─────▶", "…            "]);
    }

    #[test]
    fn a_session_of_days_begins_before_the_line() {
        let days = chain(&[3 * 24 * 60, 12 * 60, 0]);
        assert_eq!(drawn(&[&days], 1), ["…─────•─────▶"]);
        assert_eq!(drawn(&[], 0), Vec::<String>::new());
    }
}
