//! The policy: how long DiracX lets flows and tokens live, and how long their rows are kept.
//!
//! Nothing in the database says so; DiracX computes every expiry from the creation time and its own settings
//! (`AuthSettings`). The defaults here are DiracX's, and `[policy]` in config.toml must agree with what the
//! installation really uses.
//!
//! A [`Policy`] turns the database's time into cut-offs; [`crate::liveness`] says what a row means by it,
//! [`crate::partition`] what may be dropped, and [`Sweep`](crate::db::Sweep) what is expired and deleted.

use std::time::Duration;

use chrono::Months;

use crate::clock::Timestamp;

/// Lifetimes and retentions, as DiracX's `AuthSettings` has them. Built by [`crate::config`], which refuses impossible
/// combinations.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use authdb_shared::Policy;
///
/// // An installation whose users stay logged in for a day.
/// let day = Duration::from_hours(24);
/// let policy = Policy { refresh_token_lifetime: day, longest_token_lifetime: day, ..Policy::default() };
/// assert_eq!(policy.access_token_lifetime, Duration::from_mins(20), "the rest is as DiracX has it");
/// ```
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
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use authdb_shared::{Policy, Timestamp};
    ///
    /// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// assert_eq!(now.sql_text(), "2026-11-18 11:06:40");
    /// assert_eq!(Policy::default().token_horizon(now).sql_text(), "2026-05-18 11:06:40");
    ///
    /// // Tokens that live for a year are kept for a year.
    /// let year = Duration::from_hours(365 * 24);
    /// let patient = Policy { longest_token_lifetime: year, ..Policy::default() };
    /// assert_eq!(patient.token_horizon(now), now.before(year));
    /// ```
    #[must_use]
    pub fn token_horizon(&self, now: Timestamp) -> Timestamp {
        let months = Months::new(self.refresh_token_retention_months);
        let retention = now.calendar().checked_sub_months(months).map_or(now.before(Duration::MAX), Timestamp::from);
        retention.min(now.before(self.longest_token_lifetime))
    }

    /// Tokens issued after this instant may still be live.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::clock;
    /// use authdb_shared::ids::{Jti, KeyBound};
    /// use authdb_shared::{Policy, Timestamp};
    ///
    /// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let since = Policy::default().live_since(now);
    /// assert_eq!(since.sql_text(), "2026-11-18 10:06:40");
    ///
    /// // As a bound it cuts the table through its primary key: no live token sorts below.
    /// let live = Jti::issue(now, &mut clock::randomness());
    /// assert!(live.issued_at() > Some(since));
    /// assert_eq!(KeyBound::at(since).time(), since);
    /// ```
    #[must_use]
    pub fn live_since(&self, now: Timestamp) -> Timestamp {
        now.before(self.refresh_token_lifetime)
    }

    /// Keys issued after this instant are from the future: newer than the tolerance between two clocks allows.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use authdb_shared::{Policy, Timestamp};
    ///
    /// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// assert_eq!(Policy::default().latest_credible(now), now.after(Duration::from_secs(30)));
    /// ```
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
    fn a_retention_longer_than_the_calendar_keeps_everything() {
        let policy = Policy { refresh_token_retention_months: u32::MAX, ..Policy::default() };
        assert!(policy.token_horizon(at("2026-11-23T00:00:00Z")) < at("1970-01-01T00:00:00Z"));
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
