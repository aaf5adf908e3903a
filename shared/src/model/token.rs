//! Refresh tokens, and what they add up to per subject.

use crate::clock::Timestamp;
use crate::ids::{Jti, Subject};
use crate::liveness::Liveness;
use crate::model::{Scope, TokenStatus};
use crate::policy::Policy;

/// A row of `RefreshTokens`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// The token's key, which also says when it was issued.
    pub jti: Jti,
    /// The status word of the row.
    pub status: TokenStatus,
    /// What it was issued for.
    pub scope: Scope,
    /// Whose it is; `None` where the row names nobody.
    pub subject: Option<Subject>,
}

impl RefreshToken {
    /// Whether the token works at `now`.
    #[must_use]
    pub fn liveness(&self, now: Timestamp, policy: &Policy) -> Liveness {
        Liveness::of(&self.status, &self.jti, now, policy)
    }
}

/// The live tokens of one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectSummary {
    /// Whose they are.
    pub subject: Subject,
    /// How many tokens are live.
    pub live: u64,
    /// How many tokens of the last lifetime are no longer live: rotated away by refreshes, or revoked.
    pub revoked: u64,
    /// When the oldest of them was issued.
    pub first: Option<Timestamp>,
    /// When the newest of them was issued.
    pub last: Option<Timestamp>,
}
