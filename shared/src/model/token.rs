//! Refresh tokens, and what they add up to per subject.

use crate::clock::Timestamp;
use crate::ids::{Jti, Subject};
use crate::liveness::Liveness;
use crate::model::{Scope, TokenStatus};
use crate::policy::Policy;

/// A row of `RefreshTokens`.
///
/// # Examples
/// ```
/// use authdb_shared::ids::{Jti, Subject};
/// use authdb_shared::model::{RefreshToken, Scope, TokenStatus};
///
/// let token = RefreshToken {
///     jti: Jti::from_stored("01a22ee6b0007abc800000000000000f".to_owned()),
///     status: TokenStatus::Created,
///     scope: Scope::from_stored("vo:lhcb group:lhcb_user".to_owned()),
///     subject: Subject::new("lhcb:alice").ok(),
/// };
/// assert_eq!(token.jti.issued_at().map(|time| time.sql_text()).as_deref(), Some("2026-12-01 00:00:00"));
/// ```
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
    /// Whether the token works at `now`, the database's time.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use authdb_shared::Policy;
    /// use authdb_shared::ids::Jti;
    /// use authdb_shared::liveness::Liveness;
    /// use authdb_shared::model::{RefreshToken, Scope, TokenStatus};
    ///
    /// let token = RefreshToken {
    ///     jti: Jti::from_stored("01a22ee6b0007abc800000000000000f".to_owned()),
    ///     status: TokenStatus::Created,
    ///     scope: Scope::from_stored("vo:lhcb".to_owned()),
    ///     subject: None,
    /// };
    /// let issued = token.jti.issued_at().expect("a version 7");
    /// let now = issued.after(Duration::from_mins(90));
    /// assert_eq!(token.liveness(now, &Policy::default()), Liveness::Expired { ago: Duration::from_mins(30) });
    /// ```
    #[must_use]
    pub fn liveness(&self, now: Timestamp, policy: &Policy) -> Liveness {
        Liveness::of(&self.status, &self.jti, now, policy)
    }

    /// When the token stops working by itself; `None` where its key does not say when it was issued.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::Policy;
    /// use authdb_shared::ids::Jti;
    /// use authdb_shared::model::{RefreshToken, Scope, TokenStatus};
    ///
    /// let token = RefreshToken {
    ///     jti: Jti::from_stored("01a22ee6b0007abc800000000000000f".to_owned()),
    ///     status: TokenStatus::Created,
    ///     scope: Scope::from_stored("vo:lhcb".to_owned()),
    ///     subject: None,
    /// };
    /// let expiry = token.expiry(&Policy::default()).expect("a version 7");
    /// assert_eq!(expiry.sql_text(), "2026-12-01 01:00:00");
    /// ```
    #[must_use]
    pub fn expiry(&self, policy: &Policy) -> Option<Timestamp> {
        Some(self.jti.issued_at()?.after(policy.refresh_token_lifetime))
    }
}

/// The live tokens of one subject.
///
/// # Examples
/// ```
/// use authdb_shared::ids::Subject;
/// use authdb_shared::model::SubjectSummary;
///
/// let subject = Subject::new("lhcb:alice")?;
/// let summary = SubjectSummary { subject, live: 2, revoked: 5, first: None, last: None };
/// assert_eq!(format!("{}: {} live", summary.subject, summary.live), "lhcb:alice: 2 live");
/// # Ok::<(), authdb_shared::ids::SubjectError>(())
/// ```
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

impl SubjectSummary {
    /// How many tokens of the last lifetime were rotated away or revoked, per hour. A client that refreshes as it should
    /// rotates its token about once per lifetime of an access token; many more are worth a look.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::ids::Subject;
    /// use authdb_shared::model::SubjectSummary;
    /// use authdb_shared::policy::Policy;
    ///
    /// let subject = Subject::new("lhcb:alice").expect("not empty");
    /// let summary = SubjectSummary { subject, live: 1, revoked: 3, first: None, last: None };
    /// assert!((summary.rotations_per_hour(&Policy::default()) - 3.0).abs() < 1e-9);
    /// ```
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 tokens")]
    pub fn rotations_per_hour(&self, policy: &Policy) -> f64 {
        let hours = policy.refresh_token_lifetime.as_secs_f64() / 3600.0;
        if hours > 0.0 { self.revoked as f64 / hours } else { 0.0 }
    }
}
