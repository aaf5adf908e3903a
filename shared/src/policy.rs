//! The policy: how long DiracX lets flows and tokens live, and how long their rows are kept.
//!
//! Nothing in the database says so; DiracX computes every expiry from the creation time and its own settings. The
//! defaults here are DiracX's, and `[policy]` in config.toml must agree with what the installation really uses.

use std::time::Duration;

use chrono::Months;

use crate::clock::Timestamp;

/// Lifetimes and retentions. Built by [`crate::config`], which refuses impossible combinations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Age at which a device flow can no longer be approved or exchanged (RFC 8628 `expires_in`).
    pub device_flow_expiration: Duration,
    /// Age at which an authorization flow can no longer be completed.
    pub authorization_flow_expiration: Duration,
    /// Age at which a flow's row is deleted, whatever its status. Longer than both expirations.
    pub completed_flow_retention: Duration,
    /// How long an access token works after it was issued, also when its refresh token has been revoked since.
    pub access_token_lifetime: Duration,
    /// Age at which a refresh token no longer works.
    pub refresh_token_lifetime: Duration,
    /// The longest lifetime of any refresh token still about: no month is dropped before all of its tokens are this
    /// old. Never shorter than `refresh_token_lifetime`.
    pub longest_token_lifetime: Duration,
    /// Calendar months for which the rows of refresh tokens are kept.
    pub refresh_token_retention_months: u32,
    /// How far two clocks may disagree before nothing is deleted any more.
    pub max_clock_skew: Duration,
}

impl Default for Policy {
    /// DiracX's own defaults.
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        Self {
            device_flow_expiration: minutes(10),
            authorization_flow_expiration: minutes(5),
            completed_flow_retention: minutes(60),
            access_token_lifetime: minutes(20),
            refresh_token_lifetime: minutes(60),
            longest_token_lifetime: minutes(60),
            refresh_token_retention_months: 6,
            max_clock_skew: Duration::from_secs(30),
        }
    }
}

impl Policy {
    /// Tokens issued before this instant may go: older than the retention *and* than the longest lifetime.
    ///
    /// The retention is counted in calendar months as DiracX counts it, the last day of a short month standing for the
    /// days it lacks.
    #[must_use]
    pub fn token_horizon(&self, now: Timestamp) -> Timestamp {
        let months = Months::new(self.refresh_token_retention_months);
        let retention = now.calendar().checked_sub_months(months).map_or(now.before(Duration::MAX), Timestamp::from);
        retention.min(now.before(self.longest_token_lifetime))
    }

    /// Tokens issued after this instant may still be live.
    #[must_use]
    pub fn live_since(&self, now: Timestamp) -> Timestamp {
        now.before(self.refresh_token_lifetime)
    }

    /// Keys issued after this instant are from the future: newer than the tolerance between two clocks allows.
    #[must_use]
    pub fn latest_credible(&self, now: Timestamp) -> Timestamp {
        now.after(self.max_clock_skew)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from(chrono::DateTime::parse_from_rfc3339(text).expect("a time written in this test").to_utc())
    }

    #[test]
    fn the_retention_is_counted_in_calendar_months() {
        let policy = Policy::default();
        assert_eq!(policy.token_horizon(at("2026-11-23T14:00:00Z")), at("2026-05-23T14:00:00Z"));
        assert_eq!(policy.token_horizon(at("2026-08-31T00:00:00Z")), at("2026-02-28T00:00:00Z"));
    }

    #[test]
    fn a_long_lifetime_outweighs_a_short_retention() {
        let policy = Policy {
            refresh_token_retention_months: 1,
            longest_token_lifetime: Duration::from_hours(2160),
            ..Policy::default()
        };
        assert_eq!(policy.token_horizon(at("2026-11-23T00:00:00Z")), at("2026-08-25T00:00:00Z"));
    }
}
