//! What is swept: which rows, by which age, and with which statements.

use std::fmt;

use crate::clock::Timestamp;
use crate::db::statements::{self as s, Statement};
use crate::partition::Month;
use crate::policy::Policy;

/// What happens to rows.
///
/// # Examples
/// ```
/// use authdb_shared::db::Sweep;
///
/// let line = format!("{:>40}: {}", Sweep::PurgeTokens, 1200);
/// assert_eq!(line.trim_start(), "refresh tokens of old months deleted: 1200");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sweep {
    /// PENDING and READY device flows past their expiration become ERROR.
    ExpireDeviceFlows,
    /// Device flows past the retention are deleted, whatever their status.
    PurgeDeviceFlows,
    /// PENDING and READY authorization flows past their expiration become ERROR.
    ExpireAuthorizationFlows,
    /// Authorization flows past the retention are deleted, whatever their status.
    PurgeAuthorizationFlows,
    /// Refresh tokens of months past the retention are deleted, where no partition can be dropped instead.
    PurgeTokens,
}

impl Sweep {
    /// Its name for programs.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::Sweep;
    ///
    /// assert_eq!(Sweep::PurgeDeviceFlows.name(), "purge-device-flows");
    /// ```
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ExpireDeviceFlows => "expire-device-flows",
            Self::PurgeDeviceFlows => "purge-device-flows",
            Self::ExpireAuthorizationFlows => "expire-authorization-flows",
            Self::PurgeAuthorizationFlows => "purge-authorization-flows",
            Self::PurgeTokens => "purge-tokens",
        }
    }

    /// Rows older than this are swept as of `now`, which is the database's time.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::Sweep;
    /// use authdb_shared::{Policy, Timestamp};
    ///
    /// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let cutoff = Sweep::PurgeTokens.cutoff(now, &Policy::default());
    /// assert_eq!(cutoff.sql_text(), "2026-05-01 00:00:00", "whole months, as partitions go");
    /// ```
    #[must_use]
    pub fn cutoff(self, now: Timestamp, policy: &Policy) -> Timestamp {
        match self {
            Self::ExpireDeviceFlows => now.before(policy.device_flow_expiration),
            Self::ExpireAuthorizationFlows => now.before(policy.authorization_flow_expiration),
            Self::PurgeDeviceFlows | Self::PurgeAuthorizationFlows => now.before(policy.completed_flow_retention),
            Self::PurgeTokens => Month::of(policy.token_horizon(now)).start(),
        }
    }

    /// The walks that together come by all of its rows.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::{Sweep, Walk};
    ///
    /// assert_eq!(Sweep::PurgeDeviceFlows.walks(), [Walk::DeviceFlows]);
    /// ```
    #[must_use]
    pub fn walks(self) -> &'static [Walk] {
        match self {
            Self::ExpireDeviceFlows | Self::PurgeDeviceFlows => &[Walk::DeviceFlows],
            Self::ExpireAuthorizationFlows => &[Walk::YoungAuthorizationFlows, Walk::OldAuthorizationFlows],
            Self::PurgeAuthorizationFlows => &[Walk::OldAuthorizationFlows],
            Self::PurgeTokens => &[Walk::RefreshTokens],
        }
    }

    /// Whether it leaves rows alone that the retention has gone by for: they are deleted.
    pub(super) fn expires(self) -> bool {
        matches!(self, Self::ExpireDeviceFlows | Self::ExpireAuthorizationFlows)
    }

    /// What it reads without locks, and what it changes rows with.
    pub(super) fn statements(self) -> SweepStatements {
        let (last_due, count, change) = match self {
            Self::ExpireDeviceFlows => {
                (s::LAST_DEVICE_FLOW_TO_EXPIRE, s::COUNT_DEVICE_FLOWS_TO_EXPIRE, s::EXPIRE_DEVICE_FLOWS)
            }
            Self::PurgeDeviceFlows => {
                (s::LAST_DEVICE_FLOW_TO_PURGE, s::COUNT_DEVICE_FLOWS_TO_PURGE, s::PURGE_DEVICE_FLOWS)
            }
            Self::ExpireAuthorizationFlows => (
                s::LAST_AUTHORIZATION_FLOW_TO_EXPIRE,
                s::COUNT_AUTHORIZATION_FLOWS_TO_EXPIRE,
                s::EXPIRE_AUTHORIZATION_FLOWS,
            ),
            Self::PurgeAuthorizationFlows => (
                s::LAST_AUTHORIZATION_FLOW_TO_PURGE,
                s::COUNT_AUTHORIZATION_FLOWS_TO_PURGE,
                s::PURGE_AUTHORIZATION_FLOWS,
            ),
            Self::PurgeTokens => (s::LAST_TOKEN_TO_PURGE, s::COUNT_TOKENS_TO_PURGE, s::PURGE_TOKENS),
        };
        SweepStatements { last_due, count, change }
    }
}

impl fmt::Display for Sweep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::ExpireDeviceFlows => "device flows expired",
            Self::PurgeDeviceFlows => "device flows deleted",
            Self::ExpireAuthorizationFlows => "authorization flows expired",
            Self::PurgeAuthorizationFlows => "authorization flows deleted",
            Self::PurgeTokens => "refresh tokens of old months deleted",
        })
    }
}

/// What each sweep does to a window of keys.
pub(super) struct SweepStatements {
    pub(super) last_due: Statement,
    pub(super) count: Statement,
    pub(super) change: Statement,
}

/// Rows that are swept in one go, in the order of their keys, for everything that happens to them.
///
/// # Examples
/// ```
/// use authdb_shared::db::Walk;
///
/// assert_eq!(Walk::DeviceFlows.to_string(), "device flows expired or deleted");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    /// All device flows: their user codes say nothing about their age.
    DeviceFlows,
    /// Authorization flows whose keys say that they are not old enough to be deleted.
    YoungAuthorizationFlows,
    /// Authorization flows at the old end of the table, and those whose keys carry no credible time.
    OldAuthorizationFlows,
    /// Refresh tokens of old months.
    RefreshTokens,
}

impl Walk {
    /// What happens to the rows.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::{Sweep, Walk};
    ///
    /// assert_eq!(Walk::YoungAuthorizationFlows.sweeps(), [Sweep::ExpireAuthorizationFlows]);
    /// assert_eq!(Walk::DeviceFlows.sweeps(), [Sweep::ExpireDeviceFlows, Sweep::PurgeDeviceFlows]);
    /// ```
    #[must_use]
    pub fn sweeps(self) -> &'static [Sweep] {
        match self {
            Self::DeviceFlows => &[Sweep::ExpireDeviceFlows, Sweep::PurgeDeviceFlows],
            Self::YoungAuthorizationFlows => &[Sweep::ExpireAuthorizationFlows],
            Self::OldAuthorizationFlows => &[Sweep::ExpireAuthorizationFlows, Sweep::PurgeAuthorizationFlows],
            Self::RefreshTokens => &[Sweep::PurgeTokens],
        }
    }

    /// Whether its key is a user code, which has no time in it.
    pub(super) fn has_codes(self) -> bool {
        self == Self::DeviceFlows
    }

    /// The key so many keys further on, and how many there are where there are fewer.
    pub(super) fn windows(self) -> (Statement, Statement) {
        match self {
            Self::DeviceFlows => (s::END_OF_DEVICE_FLOWS, s::WINDOW_OF_DEVICE_FLOWS),
            Self::YoungAuthorizationFlows | Self::OldAuthorizationFlows => {
                (s::END_OF_AUTHORIZATION_FLOWS, s::WINDOW_OF_AUTHORIZATION_FLOWS)
            }
            Self::RefreshTokens => (s::END_OF_TOKENS, s::WINDOW_OF_TOKENS),
        }
    }

    /// What is attempted, in words for errors.
    pub(super) fn attempt(self) -> &'static str {
        match self {
            Self::DeviceFlows => "expiring and deleting stale device flows",
            Self::YoungAuthorizationFlows => "expiring stale authorization flows",
            Self::OldAuthorizationFlows => "expiring and deleting stale authorization flows",
            Self::RefreshTokens => "deleting the tokens of old months",
        }
    }
}

impl fmt::Display for Walk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::DeviceFlows => "device flows expired or deleted",
            Self::YoungAuthorizationFlows => "authorization flows expired",
            Self::OldAuthorizationFlows => "authorization flows expired or deleted",
            Self::RefreshTokens => "refresh tokens of old months deleted",
        })
    }
}
