//! Liveness: what a row means now.
//!
//! `Status` alone misleads. A token stays CREATED for months after it expired, and a flow stays PENDING long after nobody
//! can complete it. People decide by what still works, so that is what every screen and report shows.

use std::fmt;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::ids::Jti;
use crate::model::{FlowStatus, TokenStatus};
use crate::policy::Policy;

/// Whether a refresh token still works.
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
    /// What a token with this status and key means at `now`.
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
    #[must_use]
    pub fn rank(self) -> u8 {
        match self {
            Self::Pending { .. } => 0,
            Self::Ready { .. } => 1,
            _ => 2,
        }
    }

    /// Time until the flow expires, where it still can.
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
    }

    #[test]
    fn a_little_ahead_is_tolerated_and_more_is_named() {
        assert!(matches!(of(&issued(NOW + 30_000)), Liveness::Live { .. }));
        assert!(matches!(of(&issued(NOW + 30_001)), Liveness::FromTheFuture { .. }));
    }

    #[test]
    fn undated_tokens_are_active_until_revoked() {
        let jti = Jti::from_stored("01a22ee6b0004abc800000000000000f".to_owned());
        assert!(of(&jti).is_active());
        let revoked = Liveness::of(&TokenStatus::Revoked, &jti, at(NOW), &Policy::default());
        assert_eq!(revoked, Liveness::Revoked);
    }

    #[test]
    fn a_flow_is_stale_from_its_expiration_on() {
        let state = |created, status| FlowState::of(&status, Some(at(created)), at(NOW), Duration::from_mins(10));
        assert_eq!(state(NOW - 599_999, FlowStatus::Pending), FlowState::Pending { left: Duration::from_millis(1) });
        assert_eq!(state(NOW - 600_000, FlowStatus::Ready), FlowState::Stale { ago: Duration::ZERO });
        assert_eq!(state(NOW - 600_000, FlowStatus::Done), FlowState::Done);
        assert_eq!(
            FlowState::of(&FlowStatus::Pending, None, at(NOW), Duration::from_mins(10)),
            FlowState::Unrecognised
        );
    }
}
