//! Liveness: what a row means now.
//!
//! `Status` alone misleads. A token stays CREATED for months after it expired, and a flow stays PENDING long after nobody
//! can complete it. People decide by what still works, so that is what every screen and report shows.
//!
//! [`Liveness`] is worked out from a token's status and the time in its key, [`FlowState`] from a flow's status and its
//! creation time; both need the database's time and the [`Policy`]. Lists are filtered by the same words:
//! [`LivenessFilter`](crate::db::LivenessFilter) and [`FlowStateFilter`](crate::db::FlowStateFilter).

use std::fmt;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::ids::Jti;
use crate::model::{FlowStatus, TokenStatus};
use crate::policy::Policy;

/// Whether a refresh token still works.
///
/// # Examples
/// ```
/// use authdb_shared::clock;
/// use authdb_shared::ids::Jti;
/// use authdb_shared::liveness::Liveness;
/// use authdb_shared::model::TokenStatus;
/// use authdb_shared::{Policy, Timestamp};
///
/// let policy = Policy::default();
/// let issued = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
/// let jti = Jti::issue(issued, &mut clock::randomness());
/// let next_day = issued.after(std::time::Duration::from_hours(24));
/// let liveness = Liveness::of(&TokenStatus::Created, &jti, next_day, &policy);
/// assert_eq!(liveness.to_string(), "expired", "the row still says CREATED");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// CREATED and younger than the lifetime: it can be refreshed for as long as `left`.
    Live {
        /// Time until it expires.
        left: Duration,
    },
    /// CREATED, but older than the lifetime.
    Expired {
        /// Time since it expired.
        ago: Duration,
    },
    /// Rotated away by a refresh, or revoked: the row cannot tell which.
    Revoked,
    /// CREATED under a key that is no `UUIDv7`, so that its age is unknown. It counts as active.
    Undated,
    /// CREATED at a time that has not come yet: some clock is wrong.
    FromTheFuture {
        /// How far ahead its key is.
        ahead: Duration,
    },
    /// A status word that DiracX does not know; DiracX would refuse the token.
    Unrecognised,
}

impl Liveness {
    /// What a token with this status and key means at `now`, the database's time.
    ///
    /// DiracX has no such function: whether a token has expired is in the `exp` claim of the token itself, which is the
    /// time of its key and the lifetime added up (`exchange_token` in `diracx.logic.auth.token`).
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use authdb_shared::clock;
    /// use authdb_shared::ids::Jti;
    /// use authdb_shared::liveness::Liveness;
    /// use authdb_shared::model::TokenStatus;
    /// use authdb_shared::{Policy, Timestamp};
    ///
    /// let policy = Policy::default();
    /// let minutes = Duration::from_mins;
    /// let issued = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let jti = Jti::issue(issued, &mut clock::randomness());
    /// let at = |now| Liveness::of(&TokenStatus::Created, &jti, now, &policy);
    ///
    /// assert_eq!(at(issued.after(minutes(40))), Liveness::Live { left: minutes(20) });
    /// assert_eq!(at(issued.after(minutes(60))), Liveness::Expired { ago: Duration::ZERO });
    /// assert_eq!(at(issued.before(minutes(2))), Liveness::FromTheFuture { ahead: minutes(2) });
    /// ```
    #[must_use]
    pub fn of(status: &TokenStatus, jti: &Jti, now: Timestamp, policy: &Policy) -> Self {
        match status {
            TokenStatus::Revoked => return Self::Revoked,
            TokenStatus::Other(_) => return Self::Unrecognised,
            TokenStatus::Created => {}
        }
        let Some(issued) = jti.issued_at() else { return Self::Undated };
        if issued > policy.latest_credible(now) {
            return Self::FromTheFuture { ahead: issued.since(now) };
        }
        let expiry = issued.after(policy.refresh_token_lifetime);
        if now < expiry { Self::Live { left: expiry.since(now) } } else { Self::Expired { ago: now.since(expiry) } }
    }

    /// Live, or undated and not revoked: what an administrator must reckon with.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use authdb_shared::liveness::Liveness;
    ///
    /// assert!(Liveness::Live { left: Duration::from_mins(3) }.is_active());
    /// assert!(Liveness::Undated.is_active(), "nobody knows when it was issued, so it may still work");
    /// assert!(!Liveness::Expired { ago: Duration::from_secs(1) }.is_active());
    /// ```
    #[must_use]
    pub fn is_active(self) -> bool {
        matches!(self, Self::Live { .. } | Self::Undated)
    }
}

impl fmt::Display for Liveness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Live { .. } => "live",
            Self::Expired { .. } => "expired",
            Self::Revoked => "revoked",
            Self::Undated => "undated",
            Self::FromTheFuture { .. } => "future",
            Self::Unrecognised => "unknown",
        })
    }
}

/// Where a flow stands.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use authdb_shared::liveness::FlowState;
/// use authdb_shared::model::FlowStatus;
/// use authdb_shared::{Policy, Timestamp};
///
/// let begun = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
/// let lifetime = Policy::default().device_flow_expiration;
/// let state = FlowState::of(&FlowStatus::Pending, Some(begun), begun.after(Duration::from_mins(15)), lifetime);
/// assert_eq!(state.to_string(), "stale", "the row still says PENDING");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowState {
    /// Waiting for the user; can be approved for as long as `left`.
    Pending {
        /// Time until it expires.
        left: Duration,
    },
    /// Approved; the client can fetch its tokens for as long as `left`.
    Ready {
        /// Time until it expires.
        left: Duration,
    },
    /// PENDING or READY past its expiration: stale, until the janitor marks it.
    Stale {
        /// Time since it expired.
        ago: Duration,
    },
    /// The tokens have been issued.
    Done,
    /// Denied, cancelled, failed or expired by the janitor.
    Error,
    /// A status word that DiracX does not know, or no creation time to reckon from.
    Unrecognised,
}

impl FlowState {
    /// What a flow with this status and creation time means at `now`, given how long such flows live.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use authdb_shared::liveness::FlowState;
    /// use authdb_shared::model::FlowStatus;
    /// use authdb_shared::{Policy, Timestamp};
    ///
    /// let begun = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let lifetime = Policy::default().authorization_flow_expiration;
    /// let at = |now| FlowState::of(&FlowStatus::Ready, Some(begun), now, lifetime);
    ///
    /// assert_eq!(at(begun.after(Duration::from_mins(2))), FlowState::Ready { left: Duration::from_mins(3) });
    /// assert_eq!(at(begun.after(Duration::from_mins(6))), FlowState::Stale { ago: Duration::from_mins(1) });
    /// ```
    #[must_use]
    pub fn of(status: &FlowStatus, created: Option<Timestamp>, now: Timestamp, expiration: Duration) -> Self {
        match (status, created) {
            (FlowStatus::Done, _) => Self::Done,
            (FlowStatus::Error, _) => Self::Error,
            (FlowStatus::Other(_), _) | (_, None) => Self::Unrecognised,
            (FlowStatus::Pending | FlowStatus::Ready, Some(created)) => {
                let expiry = created.after(expiration);
                if now >= expiry {
                    Self::Stale { ago: now.since(expiry) }
                } else if *status == FlowStatus::Pending {
                    Self::Pending { left: expiry.since(now) }
                } else {
                    Self::Ready { left: expiry.since(now) }
                }
            }
        }
    }

    /// The order of lists: what waits for somebody first, then what is being fetched, then the rest.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use authdb_shared::liveness::FlowState;
    ///
    /// let left = Duration::from_mins(5);
    /// let mut states = [FlowState::Done, FlowState::Ready { left }, FlowState::Pending { left }];
    /// states.sort_by_key(|state| state.rank());
    /// assert_eq!(states, [FlowState::Pending { left }, FlowState::Ready { left }, FlowState::Done]);
    /// ```
    #[must_use]
    pub fn rank(self) -> u8 {
        match self {
            Self::Pending { .. } => 0,
            Self::Ready { .. } => 1,
            _ => 2,
        }
    }

    /// Time until the flow expires, where it still can.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use authdb_shared::liveness::FlowState;
    ///
    /// let pending = FlowState::Pending { left: Duration::from_secs(42) };
    /// assert_eq!(pending.left(), Some(Duration::from_secs(42)));
    /// assert_eq!(FlowState::Done.left(), None);
    /// ```
    #[must_use]
    pub fn left(self) -> Option<Duration> {
        match self {
            Self::Pending { left } | Self::Ready { left } => Some(left),
            _ => None,
        }
    }
}

impl fmt::Display for FlowState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pending { .. } => "pending",
            Self::Ready { .. } => "ready",
            Self::Stale { .. } => "stale",
            Self::Done => "done",
            Self::Error => "error",
            Self::Unrecognised => "unknown",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_000_000_000;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_unix_millis(millis).expect("within the calendar")
    }

    fn issued(millis: i64) -> Jti {
        Jti::issue(at(millis), &mut crate::clock::randomness())
    }

    fn of(jti: &Jti) -> Liveness {
        Liveness::of(&TokenStatus::Created, jti, at(NOW), &Policy::default())
    }

    #[test]
    fn a_token_lives_for_exactly_its_lifetime() {
        let hour = 3_600_000;
        assert_eq!(of(&issued(NOW - hour + 1)), Liveness::Live { left: Duration::from_millis(1) });
        assert_eq!(of(&issued(NOW - hour)), Liveness::Expired { ago: Duration::ZERO });
        assert_eq!(of(&issued(NOW - hour - 1)), Liveness::Expired { ago: Duration::from_millis(1) });
    }

    #[test]
    fn the_lists_of_live_tokens_begin_where_tokens_still_live() {
        let oldest = Policy::default().live_since(at(NOW)).unix_millis();
        assert!(matches!(of(&issued(oldest)), Liveness::Expired { .. }));
        assert!(matches!(of(&issued(oldest + 1)), Liveness::Live { .. }));
    }

    #[test]
    fn a_little_ahead_is_tolerated_and_more_is_named() {
        assert!(matches!(of(&issued(NOW + 30_000)), Liveness::Live { .. }));
        let ahead = Duration::from_millis(30_001);
        assert_eq!(of(&issued(NOW + 30_001)), Liveness::FromTheFuture { ahead });
    }

    #[test]
    fn undated_tokens_are_active_until_revoked() {
        let jti = Jti::from_stored("01a22ee6b0004abc800000000000000f".to_owned());
        assert!(of(&jti).is_active());
        let revoked = Liveness::of(&TokenStatus::Revoked, &jti, at(NOW), &Policy::default());
        assert_eq!(revoked, Liveness::Revoked);
    }

    #[test]
    fn only_what_may_still_work_counts_as_active() {
        let day = 86_400_000;
        let unknown = TokenStatus::Other("BORROWED".to_owned());
        let unrecognised = Liveness::of(&unknown, &issued(NOW), at(NOW), &Policy::default());
        assert_eq!(unrecognised, Liveness::Unrecognised);
        assert!(of(&issued(NOW)).is_active());
        for dead in [of(&issued(NOW - day)), of(&issued(NOW + day)), Liveness::Revoked, unrecognised] {
            assert!(!dead.is_active(), "{dead}");
        }
    }

    #[test]
    fn every_meaning_has_a_word_of_its_own_that_fills_its_column() {
        let (left, ago, ahead) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
        let tokens = [
            (Liveness::Live { left }, "live    "),
            (Liveness::Expired { ago }, "expired "),
            (Liveness::Revoked, "revoked "),
            (Liveness::Undated, "undated "),
            (Liveness::FromTheFuture { ahead }, "future  "),
            (Liveness::Unrecognised, "unknown "),
        ];
        let flows = [
            (FlowState::Pending { left }, "pending "),
            (FlowState::Ready { left }, "ready   "),
            (FlowState::Stale { ago }, "stale   "),
            (FlowState::Done, "done    "),
            (FlowState::Error, "error   "),
            (FlowState::Unrecognised, "unknown "),
        ];
        for (liveness, word) in tokens {
            assert_eq!(format!("{liveness:8}"), word);
        }
        for (state, word) in flows {
            assert_eq!(format!("{state:8}"), word);
        }
    }

    #[test]
    fn a_flow_is_stale_from_its_expiration_on() {
        let state = |created, status| FlowState::of(&status, Some(at(created)), at(NOW), Duration::from_mins(10));
        assert_eq!(state(NOW - 599_999, FlowStatus::Pending), FlowState::Pending { left: Duration::from_millis(1) });
        assert_eq!(state(NOW - 599_999, FlowStatus::Ready), FlowState::Ready { left: Duration::from_millis(1) });
        assert_eq!(state(NOW - 600_000, FlowStatus::Ready), FlowState::Stale { ago: Duration::ZERO });
        assert_eq!(state(NOW - 600_000, FlowStatus::Done), FlowState::Done);
        assert_eq!(
            FlowState::of(&FlowStatus::Pending, None, at(NOW), Duration::from_mins(10)),
            FlowState::Unrecognised
        );
    }

    #[test]
    fn lists_of_flows_begin_with_those_that_wait_for_somebody() {
        let (left, ago) = (Duration::from_secs(1), Duration::ZERO);
        let mut flows = [
            FlowState::Done,
            FlowState::Stale { ago },
            FlowState::Ready { left },
            FlowState::Error,
            FlowState::Pending { left },
            FlowState::Unrecognised,
        ];
        flows.sort_by_key(|state| state.rank());
        assert_eq!(flows[..2], [FlowState::Pending { left }, FlowState::Ready { left }]);
        let rest = [FlowState::Done, FlowState::Stale { ago }, FlowState::Error, FlowState::Unrecognised];
        assert_eq!(flows[2..], rest, "the rest keeps its order");
    }

    #[test]
    fn only_flows_that_can_still_be_completed_count_down() {
        let left = Duration::from_secs(90);
        assert_eq!(FlowState::Pending { left }.left(), Some(left));
        assert_eq!(FlowState::Ready { left }.left(), Some(left));
        for ended in [FlowState::Stale { ago: left }, FlowState::Done, FlowState::Error, FlowState::Unrecognised] {
            assert_eq!(ended.left(), None, "{ended}");
        }
    }
}
