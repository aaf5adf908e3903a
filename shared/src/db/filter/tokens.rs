//! Which refresh tokens are wanted.

use std::time::Duration;

use super::texts::{any, literal};
use super::{AgeFilter, Containing, ScopeFilter, SubjectFilter};
use crate::clock::Timestamp;
use crate::ids::Subject;
use crate::liveness::Liveness;
use crate::model::{RefreshToken, TokenStatus};
use crate::policy::Policy;

/// What must be true of a token for it to be wanted: [`Liveness`] without its times.
///
/// # Examples
/// ```
/// use authdb_shared::db::{LivenessFilter, TokenFilter};
/// use authdb_shared::ids::Subject;
///
/// let hers = TokenFilter::of(Subject::new("lhcb:alice")?);
/// let still_working = TokenFilter { liveness: Some(LivenessFilter::Active), ..hers };
/// assert_eq!(still_working.liveness, TokenFilter::live().liveness);
/// # Ok::<(), authdb_shared::ids::SubjectError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the liveness of the same name")]
pub enum LivenessFilter {
    /// Live or undated: what an administrator must reckon with.
    Active,
    Live,
    Expired,
    Revoked,
    Undated,
    FromTheFuture,
    Unrecognised,
    /// Whatever is not revoked: what a revocation could still change, and what nobody knows the meaning of.
    NotRevoked,
    /// No token at all: what two conditions have in common that exclude each other.
    Nothing,
}

impl LivenessFilter {
    /// What this and another condition have in common.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::LivenessFilter;
    ///
    /// assert_eq!(LivenessFilter::NotRevoked.and(LivenessFilter::Expired), LivenessFilter::Expired);
    /// assert_eq!(LivenessFilter::Active.and(LivenessFilter::Revoked), LivenessFilter::Nothing);
    /// ```
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let is_among = |one: Self, group: Self| match group {
            Self::Active => matches!(one, Self::Active | Self::Live | Self::Undated),
            Self::NotRevoked => one != Self::Revoked,
            single => one == single,
        };
        if is_among(self, other) {
            self
        } else if is_among(other, self) {
            other
        } else {
            Self::Nothing
        }
    }

    /// Whether a token of this liveness is wanted.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::LivenessFilter;
    /// use authdb_shared::liveness::Liveness;
    ///
    /// assert!(LivenessFilter::Active.admits(Liveness::Undated));
    /// assert!(!LivenessFilter::Live.admits(Liveness::Undated));
    /// ```
    #[must_use]
    pub fn admits(self, liveness: Liveness) -> bool {
        match self {
            Self::Active => liveness.is_active(),
            Self::Live => matches!(liveness, Liveness::Live { .. }),
            Self::Expired => matches!(liveness, Liveness::Expired { .. }),
            Self::Revoked => liveness == Liveness::Revoked,
            Self::Undated => liveness == Liveness::Undated,
            Self::FromTheFuture => matches!(liveness, Liveness::FromTheFuture { .. }),
            Self::Unrecognised => liveness == Liveness::Unrecognised,
            Self::NotRevoked => liveness != Liveness::Revoked,
            Self::Nothing => false,
        }
    }

    /// The status word that such tokens have, where it is one.
    fn status(self) -> Option<&'static str> {
        match self {
            Self::Revoked => Some("REVOKED"),
            Self::Active | Self::Live | Self::Expired | Self::Undated | Self::FromTheFuture => Some("CREATED"),
            Self::Unrecognised | Self::NotRevoked | Self::Nothing => None,
        }
    }
}

/// How far back a list of tokens reaches.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use authdb_shared::db::{Horizon, TokenFilter};
///
/// let of_yesterday = TokenFilter { horizon: Horizon::Last(Duration::from_hours(24)), ..TokenFilter::default() };
/// assert_eq!(of_yesterday, TokenFilter::last(Duration::from_hours(24)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Horizon {
    /// One lifetime: what can still be live.
    Live,
    /// So long, at least one lifetime, and besides whatever carries no credible time. (A key that is no `UUIDv7` sorts at
    /// random; the few that sort below the horizon are left out.)
    Last(Duration),
    /// Everything.
    #[default]
    All,
}

/// Which tokens are wanted; the default is all.
///
/// # Examples
/// ```
/// use authdb_shared::db::TokenFilter;
/// use authdb_shared::ids::Subject;
///
/// let hers = TokenFilter::of(Subject::new("lhcb:alice").expect("not empty"));
/// assert!(hers.subject.is_some());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenFilter {
    /// Containing this text in key, status, subject or scope.
    pub containing: Containing,
    /// How far back the list reaches.
    pub horizon: Horizon,
    /// With this status word.
    pub status: Option<TokenStatus>,
    /// Of this liveness.
    pub liveness: Option<LivenessFilter>,
    /// Asking for this.
    pub scope: ScopeFilter,
    /// Of this subject. One that is named exactly is found by the index.
    pub subject: Option<SubjectFilter>,
    /// Of this age.
    pub age: AgeFilter,
}

impl TokenFilter {
    /// What works now: live tokens, and undated ones among them.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::{Order, PageRequest, TokenFilter};
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// # let alice = authdb_shared::ids::Subject::new("lhcb:alice")?;
    /// # let scope = authdb_shared::model::Scope::from_stored("vo:lhcb group:lhcb_user".to_owned());
    /// # let mut work = db.begin(&permit).await?;
    /// # let jti = authdb_shared::ids::Jti::issue(work.now(), &mut clock::randomness());
    /// # work.insert_refresh_token(&jti, &alice, &scope).await?;
    /// # work.commit().await?;
    /// let request = PageRequest::first(Order::NewestFirst, 100);
    /// let page = db.refresh_tokens(&TokenFilter::live(), &config.policy, &request).await?;
    /// assert_eq!(page.rows[0].jti, jti);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn live() -> Self {
        Self { horizon: Horizon::Live, liveness: Some(LivenessFilter::Active), ..Self::default() }
    }

    /// What was issued in the last `span`, whatever became of it.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use authdb_shared::db::{Order, PageRequest, TokenFilter};
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// # let alice = authdb_shared::ids::Subject::new("lhcb:alice")?;
    /// # let scope = authdb_shared::model::Scope::from_stored("vo:lhcb group:lhcb_user".to_owned());
    /// # let mut work = db.begin(&permit).await?;
    /// # let jti = authdb_shared::ids::Jti::issue(work.now(), &mut clock::randomness());
    /// # work.insert_refresh_token(&jti, &alice, &scope).await?;
    /// # work.commit().await?;
    /// db.revoke_token(&permit, &jti).await??;
    /// let (request, day) = (PageRequest::first(Order::NewestFirst, 100), Duration::from_hours(24));
    /// assert!(db.refresh_tokens(&TokenFilter::live(), &config.policy, &request).await?.rows.is_empty());
    /// assert_eq!(db.refresh_tokens(&TokenFilter::last(day), &config.policy, &request).await?.rows.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn last(span: Duration) -> Self {
        Self { horizon: Horizon::Last(span), ..Self::default() }
    }

    /// Every token of a subject, whatever its age and status.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::{Order, PageRequest, TokenFilter};
    /// use authdb_shared::ids::Subject;
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// # let alice = authdb_shared::ids::Subject::new("lhcb:alice")?;
    /// # let scope = authdb_shared::model::Scope::from_stored("vo:lhcb group:lhcb_user".to_owned());
    /// # let mut work = db.begin(&permit).await?;
    /// # let jti = authdb_shared::ids::Jti::issue(work.now(), &mut clock::randomness());
    /// # work.insert_refresh_token(&jti, &alice, &scope).await?;
    /// # work.commit().await?;
    /// let request = PageRequest::first(Order::NewestFirst, 100);
    /// let of = async |name: &str| -> Result<usize, Box<dyn std::error::Error>> {
    ///     let filter = TokenFilter::of(Subject::new(name)?);
    ///     Ok(db.refresh_tokens(&filter, &config.policy, &request).await?.rows.len())
    /// };
    /// assert_eq!((of("lhcb:alice").await?, of("lhcb:ALICE").await?), (1, 0));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn of(subject: Subject) -> Self {
        Self { subject: Some(SubjectFilter::Exactly(subject)), ..Self::default() }
    }

    /// Whether a token that was read is wanted, for `now` on the database's clock. The horizon is not looked at: it says how
    /// far a list reads.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::TokenFilter;
    /// use authdb_shared::ids::{Jti, Subject};
    /// use authdb_shared::model::{RefreshToken, Scope, TokenStatus};
    /// use authdb_shared::{Policy, clock};
    ///
    /// let now = clock::host_now();
    /// let token = RefreshToken {
    ///     jti: Jti::issue(now, &mut clock::randomness()),
    ///     status: TokenStatus::Created,
    ///     scope: Scope::from_stored("vo:lhcb".to_owned()),
    ///     subject: Some(Subject::new("lhcb:alice")?),
    /// };
    /// assert!(TokenFilter::of(Subject::new("lhcb:alice")?).admits(&token, now, &Policy::default()));
    /// assert!(!TokenFilter::of(Subject::new("lhcb:ALICE")?).admits(&token, now, &Policy::default()));
    /// # Ok::<(), authdb_shared::ids::SubjectError>(())
    /// ```
    #[must_use]
    pub fn admits(&self, token: &RefreshToken, now: Timestamp, policy: &Policy) -> bool {
        let subject = token.subject.as_ref().map(Subject::as_str);
        let texts = [token.status.as_str(), subject.unwrap_or_default(), token.scope.as_str()];
        self.status.as_ref().is_none_or(|wanted| wanted.as_str() == token.status.as_str())
            && self.liveness.is_none_or(|wanted| wanted.admits(token.liveness(now, policy)))
            && self.scope.admits(&token.scope)
            && self.age.admits(token.jti.issued_at(), now)
            && self.subject.as_ref().is_none_or(|wanted| subject.is_some_and(|subject| wanted.admits(subject)))
            && self.containing.is_in(token.jti.stored(), &texts)
    }

    /// The subject, where it is named exactly.
    pub(in crate::db) fn exact_subject(&self) -> Option<&Subject> {
        match &self.subject {
            Some(SubjectFilter::Exactly(subject)) => Some(subject),
            _ => None,
        }
    }

    /// The patterns of the statements, in their order: status, subject, three of the scope.
    pub(in crate::db) fn patterns(&self) -> [String; 5] {
        let word = self.status.as_ref().map(TokenStatus::as_str);
        let word = word.or_else(|| self.liveness.and_then(LivenessFilter::status));
        let subject = match &self.subject {
            // The index has found it already.
            None | Some(SubjectFilter::Exactly(_)) => any(),
            Some(beginning) => beginning.pattern(),
        };
        let [vo, group, text] = self.scope.patterns();
        [word.map_or_else(any, literal), subject, vo, group, text]
    }

    /// Whether revoked tokens may be wanted, by far the most of a table.
    pub(in crate::db) fn may_want_revoked(&self) -> bool {
        self.liveness.is_none_or(|wanted| wanted.admits(Liveness::Revoked))
    }

    /// Whether most rows of its horizon are wanted, so that a page is found without looking far.
    pub(in crate::db) fn is_dense(&self) -> bool {
        let subject = self.subject.clone().filter(|_| self.exact_subject().is_none());
        let narrow = Self { horizon: Horizon::All, liveness: None, subject, ..self.clone() };
        narrow == Self::default() && (self.liveness.is_none() || self.horizon == Horizon::Live)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_conditions_have_in_common_what_both_admit() {
        use LivenessFilter::{
            Active, Expired, FromTheFuture, Live, NotRevoked, Nothing, Revoked, Undated, Unrecognised,
        };
        let zero = Duration::ZERO;
        let every = [
            Liveness::Live { left: zero },
            Liveness::Expired { ago: zero },
            Liveness::Revoked,
            Liveness::Undated,
            Liveness::FromTheFuture { ahead: zero },
            Liveness::Unrecognised,
        ];
        let conditions = [Active, Live, Expired, Revoked, Undated, FromTheFuture, Unrecognised, NotRevoked, Nothing];
        for (one, two) in conditions.iter().flat_map(|one| conditions.map(|two| (*one, two))) {
            for liveness in every {
                let is_in_both = one.admits(liveness) && two.admits(liveness);
                assert_eq!(one.and(two).admits(liveness), is_in_both, "{one:?} and {two:?}: {liveness:?}");
            }
        }
    }
}
