//! Anomalies: what should not be in the tables of an installation that is well.
//!
//! None of them proves that something is wrong. Each is a fact about one row, or about one subject's tokens, that DiracX's own
//! code does not produce or that people do not cause by working, so that it deserves a look: a row written by another
//! version or by hand, a clock that is ahead, a client that is broken, or somebody who should not be there. Nothing is
//! refused or changed because of an anomaly.

use std::fmt;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::model::{AuthorizationFlow, DeviceFlow, FlowStatus, RefreshToken, Scope, SubjectSummary, TokenStatus};
use crate::policy::Policy;
use crate::text;

/// Clients that refresh more than this many times as often as access tokens expire are far from what DiracX's do.
const FAR_ABOVE: u64 = 4;
/// Fewer live tokens than these are never many, however short tokens live.
const FEW_TOKENS: u64 = 10;

/// Something that should not be. Its `Display` is a sentence for people, made harmless.
///
/// # Examples
/// ```
/// use authdb_shared::anomaly::Anomaly;
///
/// assert_eq!(Anomaly::WithoutVo.to_string(), "The scope names no VO.");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Anomaly {
    /// A status word that DiracX 0.7 does not know.
    UnknownStatus(String),
    /// A scope without `vo:NAME`, which DiracX's `parse_and_validate_scope` refuses.
    WithoutVo,
    /// A scope with several VOs, which the same function refuses.
    SeveralVos,
    /// A scope with several groups, which the same function refuses.
    SeveralGroups,
    /// A user code that today's DiracX does not draw: an older version's, or one that was written by hand.
    ForeignCode,
    /// A row whose time of creation cannot be read, or a token whose key holds none, so that it never expires.
    Undated,
    /// A time that is ahead of the database's by more than [`Policy::max_clock_skew`].
    FromTheFuture {
        /// By how much.
        ahead: Duration,
    },
    /// A browser is sent somewhere that is neither `https` nor the user's own machine (RFC 9700 section 2.1; RFC 8252
    /// section 7.3 for the exception), or the address hides where it leads.
    RedirectUri(String),
    /// A token of a subject without the VO that `exchange_token` puts before it.
    SubjectWithoutVo,
    /// A token whose scope is of one VO and whose subject of another.
    OtherVo {
        /// The VO of the scope.
        scope: String,
        /// The VO of the subject.
        subject: String,
    },
    /// More live tokens than somebody leaves who logs in once a minute for as long as a token lives.
    ManyTokens {
        /// Live tokens.
        live: u64,
        /// The most that are not many.
        usual: u64,
    },
    /// More tokens that are no longer live than refreshing explains.
    FastRotation {
        /// Tokens that were issued within the lifetime and are no longer live.
        rotated: u64,
        /// How many of them clients leave that refresh as access tokens expire.
        explained: u64,
        /// The lifetime of a refresh token.
        within: Duration,
    },
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sentence = match self {
            Self::UnknownStatus(word) => format!("DiracX does not know the status \"{}\".", text::harmless(word)),
            Self::WithoutVo => "The scope names no VO.".to_owned(),
            Self::SeveralVos => "The scope names several VOs.".to_owned(),
            Self::SeveralGroups => "The scope names several groups.".to_owned(),
            Self::ForeignCode => {
                "The code is not one that today's DiracX draws: an older version's, or made by hand.".to_owned()
            }
            Self::Undated => "It has no time that can be read, so that its age is unknown.".to_owned(),
            Self::FromTheFuture { ahead } => {
                format!("Its time is {} ahead of the database's clock.", spelt_out(*ahead))
            }
            Self::RedirectUri(uri) => {
                format!(
                    "It returns to {}, which is neither plain https nor this user's own machine.",
                    text::harmless(uri)
                )
            }
            Self::SubjectWithoutVo => "The subject has no VO before it.".to_owned(),
            Self::OtherVo { scope, subject } => {
                let (scope, subject) = (text::harmless(scope), text::harmless(subject));
                format!("The scope is of the VO {scope}, the subject of {subject}.")
            }
            Self::ManyTokens { live, usual } => {
                format!(
                    "{live} live tokens: one login a minute would leave {usual}. A client may log in anew instead of refreshing."
                )
            }
            Self::FastRotation { rotated, explained, within } => format!(
                "{rotated} tokens of the last {} are no longer live, where refreshing explains about {explained}: a client \
                 refreshes far too often, or sessions were revoked.",
                spelt_out(*within)
            ),
        };
        f.pad(&sentence)
    }
}

fn spelt_out(span: Duration) -> String {
    humantime::format_duration(Duration::from_secs(span.as_secs())).to_string()
}

impl DeviceFlow {
    /// What should not be about this flow at `now`, the database's time; mostly nothing.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::anomaly::Anomaly;
    /// use authdb_shared::ids::UserCode;
    /// use authdb_shared::model::{DeviceFlow, FlowStatus, Scope};
    /// use authdb_shared::{Policy, Timestamp};
    ///
    /// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let flow = DeviceFlow {
    ///     user_code: UserCode::from_stored("A1E9B2C3".to_owned()),
    ///     status: FlowStatus::Pending,
    ///     created: Some(now),
    ///     client_id: "dirac-cli".to_owned(),
    ///     scope: Scope::from_stored("vo:lhcb".to_owned()),
    ///     sub: None,
    /// };
    /// assert_eq!(flow.anomalies(now, &Policy::default()), [Anomaly::ForeignCode]);
    /// ```
    #[must_use]
    pub fn anomalies(&self, now: Timestamp, policy: &Policy) -> Vec<Anomaly> {
        let mut found = of_flow(&self.status, self.created, &self.scope, now, policy);
        found.extend((!self.user_code.is_current()).then_some(Anomaly::ForeignCode));
        found
    }
}

impl AuthorizationFlow {
    /// What should not be about this flow at `now`, the database's time; mostly nothing.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::anomaly::Anomaly;
    /// use authdb_shared::ids::FlowId;
    /// use authdb_shared::model::{AuthorizationFlow, FlowStatus, Scope};
    /// use authdb_shared::{Policy, Timestamp};
    ///
    /// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let flow = AuthorizationFlow {
    ///     id: FlowId::from_stored("01a22ee6b0007abc800000000000000f".to_owned()),
    ///     status: FlowStatus::Pending,
    ///     created: Some(now),
    ///     client_id: "dirac-web".to_owned(),
    ///     scope: Scope::from_stored("vo:lhcb".to_owned()),
    ///     redirect_uri: "http://dirac.example/auth".to_owned(),
    ///     sub: None,
    /// };
    /// let found = flow.anomalies(now, &Policy::default());
    /// assert_eq!(found, [Anomaly::RedirectUri("http://dirac.example/auth".to_owned())]);
    /// ```
    #[must_use]
    pub fn anomalies(&self, now: Timestamp, policy: &Policy) -> Vec<Anomaly> {
        let mut found = of_flow(&self.status, self.created, &self.scope, now, policy);
        found.extend((!returns_safely(&self.redirect_uri)).then(|| Anomaly::RedirectUri(self.redirect_uri.clone())));
        found
    }
}

impl RefreshToken {
    /// What should not be about this token at `now`, the database's time; mostly nothing. A revoked token without a time is
    /// none: nobody can use it any more.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::anomaly::Anomaly;
    /// use authdb_shared::ids::{Jti, Subject};
    /// use authdb_shared::model::{RefreshToken, Scope, TokenStatus};
    /// use authdb_shared::{Policy, Timestamp, clock};
    ///
    /// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let token = RefreshToken {
    ///     jti: Jti::issue(now, &mut clock::randomness()),
    ///     status: TokenStatus::Created,
    ///     scope: Scope::from_stored("vo:lhcb group:lhcb_user".to_owned()),
    ///     subject: Some(Subject::new("belle:alice")?),
    /// };
    /// let other = Anomaly::OtherVo { scope: "lhcb".to_owned(), subject: "belle".to_owned() };
    /// assert_eq!(token.anomalies(now, &Policy::default()), [other]);
    /// # Ok::<(), authdb_shared::ids::SubjectError>(())
    /// ```
    #[must_use]
    pub fn anomalies(&self, now: Timestamp, policy: &Policy) -> Vec<Anomaly> {
        let mut found = Vec::new();
        if let TokenStatus::Other(word) = &self.status {
            found.push(Anomaly::UnknownStatus(word.clone()));
        }
        match self.jti.issued_at() {
            None if self.status != TokenStatus::Revoked => found.push(Anomaly::Undated),
            issued => found.extend(ahead(issued, now, policy)),
        }
        found.extend(of_scope(&self.scope));
        match (self.scope.vo(), self.subject.as_ref().map(|subject| subject.vo())) {
            (_, Some(None)) => found.push(Anomaly::SubjectWithoutVo),
            (Some(scope), Some(Some(subject))) if scope != subject => {
                found.push(Anomaly::OtherVo { scope: scope.to_owned(), subject: subject.to_owned() });
            }
            _ => {}
        }
        found
    }
}

impl SubjectSummary {
    /// What should not be about the tokens of this subject; mostly nothing.
    ///
    /// Every session has one live token, since DiracX revokes a token when it gives the next. So live tokens count the
    /// logins of the last [`Policy::refresh_token_lifetime`], and more of them than minutes in it are not made by hand. A
    /// client refreshes when its access token has expired, so a session leaves one token behind per
    /// [`Policy::access_token_lifetime`]; more than four times what the live sessions and one that has ended leave is far
    /// above that.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::Policy;
    /// use authdb_shared::ids::Subject;
    /// use authdb_shared::model::SubjectSummary;
    ///
    /// let subject = Subject::new("lhcb:robot")?;
    /// let robot = SubjectSummary { subject, live: 61, revoked: 0, first: None, last: None };
    /// let sentence = robot.anomalies(&Policy::default())[0].to_string();
    /// assert!(sentence.starts_with("61 live tokens: one login a minute would leave 60."), "{sentence}");
    /// # Ok::<(), authdb_shared::ids::SubjectError>(())
    /// ```
    #[must_use]
    pub fn anomalies(&self, policy: &Policy) -> Vec<Anomaly> {
        let (lifetime, access) = (policy.refresh_token_lifetime, policy.access_token_lifetime);
        let usual = (lifetime.as_secs() / 60).max(FEW_TOKENS);
        let per_session = lifetime.as_secs().div_ceil(access.as_secs().max(1)).max(1);
        let explained = self.live.saturating_add(1).saturating_mul(per_session);
        let mut found = Vec::new();
        if self.live > usual {
            found.push(Anomaly::ManyTokens { live: self.live, usual });
        }
        if self.revoked > explained.saturating_mul(FAR_ABOVE) {
            found.push(Anomaly::FastRotation { rotated: self.revoked, explained, within: lifetime });
        }
        if self.subject.vo().is_none() {
            found.push(Anomaly::SubjectWithoutVo);
        }
        found
    }
}

fn of_flow(
    status: &FlowStatus,
    created: Option<Timestamp>,
    scope: &Scope,
    now: Timestamp,
    policy: &Policy,
) -> Vec<Anomaly> {
    let mut found = Vec::new();
    if let FlowStatus::Other(word) = status {
        found.push(Anomaly::UnknownStatus(word.clone()));
    }
    if created.is_none() {
        found.push(Anomaly::Undated);
    }
    found.extend(ahead(created, now, policy));
    found.extend(of_scope(scope));
    found
}

fn ahead(time: Option<Timestamp>, now: Timestamp, policy: &Policy) -> Option<Anomaly> {
    let time = time.filter(|time| *time > policy.latest_credible(now))?;
    Some(Anomaly::FromTheFuture { ahead: time.since(now) })
}

fn of_scope(scope: &Scope) -> Vec<Anomaly> {
    let count = |prefix: &str| scope.as_str().split_whitespace().filter(|word| word.starts_with(prefix)).count();
    let mut found = Vec::new();
    if scope.vo().is_none() {
        found.push(Anomaly::WithoutVo);
    }
    if count("vo:") > 1 {
        found.push(Anomaly::SeveralVos);
    }
    if count("group:") > 1 {
        found.push(Anomaly::SeveralGroups);
    }
    found
}

/// Whether a code that is sent to this address stays between the client and its user.
fn returns_safely(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // What stands before an `@` is no host, and browsers take a backslash for a slash: both hide where the address leads.
    if authority.is_empty() || authority.contains(['@', '\\']) || uri.chars().any(char::is_control) {
        return false;
    }
    let host = match authority.strip_prefix('[') {
        Some(address) => address.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    match scheme.to_ascii_lowercase().as_str() {
        "https" => !host.is_empty(),
        "http" => ["localhost", "127.0.0.1", "::1"].contains(&host.to_ascii_lowercase().as_str()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::ids::{FlowId, Jti, Subject, UserCode};

    const NOW: i64 = 1_795_000_000_000;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_unix_millis(millis).expect("within the calendar")
    }

    fn device(code: &str, status: FlowStatus, created: Option<i64>, scope: &str) -> Vec<Anomaly> {
        let flow = DeviceFlow {
            user_code: UserCode::from_stored(code.to_owned()),
            status,
            created: created.map(at),
            client_id: "dirac-cli".to_owned(),
            scope: Scope::from_stored(scope.to_owned()),
            sub: None,
        };
        flow.anomalies(at(NOW), &Policy::default())
    }

    fn redirected(uri: &str) -> Vec<Anomaly> {
        let flow = AuthorizationFlow {
            id: FlowId::issue(at(NOW), &mut clock::randomness()),
            status: FlowStatus::Pending,
            created: Some(at(NOW)),
            client_id: "dirac-web".to_owned(),
            scope: Scope::from_stored("vo:lhcb".to_owned()),
            redirect_uri: uri.to_owned(),
            sub: None,
        };
        flow.anomalies(at(NOW), &Policy::default())
    }

    fn token(jti: Jti, status: TokenStatus, scope: &str, subject: &str) -> Vec<Anomaly> {
        let (scope, subject) = (Scope::from_stored(scope.to_owned()), Subject::new(subject).ok());
        RefreshToken { jti, status, scope, subject }.anomalies(at(NOW), &Policy::default())
    }

    fn subject(name: &str, live: u64, revoked: u64) -> Vec<Anomaly> {
        let subject = Subject::new(name).expect("a subject of this test");
        SubjectSummary { subject, live, revoked, first: None, last: None }.anomalies(&Policy::default())
    }

    #[test]
    fn what_diracx_writes_is_no_anomaly() {
        let scope = "vo:lhcb group:lhcb_user property:NormalUser property:Pilot";
        assert_eq!(device("BCDFGHJK", FlowStatus::Ready, Some(NOW + 30_000), scope), []);
        let issued = |millis| Jti::issue(at(millis), &mut clock::randomness());
        assert_eq!(token(issued(NOW + 30_000), TokenStatus::Created, scope, "lhcb:urn:42"), []);
        assert_eq!(token(issued(NOW - 1), TokenStatus::Revoked, "vo:lhcb", "lhcb:alice"), []);
        assert_eq!(subject("lhcb:alice", 60, 4 * 61 * 3), []);
        for uri in [
            "https://dirac.example/#auth",
            "HTTPS://dirac.example:8443?x",
            "http://localhost",
            "http://localhost:8080/callback",
            "http://127.0.0.1:5000/",
            "http://[::1]:5000/",
        ] {
            assert_eq!(redirected(uri), [], "{uri}");
        }
    }

    #[test]
    fn every_oddity_of_a_flow_is_found() {
        let odd = device("a1-e9", FlowStatus::Other("HELD".to_owned()), Some(NOW + 30_001), "openid group:a group:b");
        let ahead = Duration::from_millis(30_001);
        let status = Anomaly::UnknownStatus("HELD".to_owned());
        let expected = [
            status,
            Anomaly::FromTheFuture { ahead },
            Anomaly::WithoutVo,
            Anomaly::SeveralGroups,
            Anomaly::ForeignCode,
        ];
        assert_eq!(odd, expected);
        assert_eq!(
            device("BCDFGHJK", FlowStatus::Pending, None, "vo:lhcb vo:belle"),
            [Anomaly::Undated, Anomaly::SeveralVos]
        );
    }

    #[test]
    fn an_address_that_is_not_safe_or_hides_where_it_leads_is_found() {
        for uri in [
            "http://dirac.example/",
            "http://localhost.evil.example/",
            "http://localhost@evil.example/",
            "https://dirac.example\\@evil.example/",
            "https:///path",
            "https://:443/",
            "ftp://localhost/",
            "javascript:alert(1)",
            "https://dirac.example/\u{1b}[2J",
            "",
        ] {
            assert_eq!(redirected(uri), [Anomaly::RedirectUri(uri.to_owned())], "{uri}");
        }
    }

    #[test]
    fn every_oddity_of_a_token_is_found() {
        let undated = || Jti::from_stored("01a22ee6b0004abc800000000000000f".to_owned());
        assert_eq!(
            token(undated(), TokenStatus::Created, "vo:lhcb", "robot"),
            [Anomaly::Undated, Anomaly::SubjectWithoutVo]
        );
        assert_eq!(token(undated(), TokenStatus::Revoked, "vo:lhcb", "lhcb:alice"), [], "it cannot be used any more");
        let late = Jti::issue(at(NOW + 60_000), &mut clock::randomness());
        let found = token(late, TokenStatus::Other(String::new()), "vo:lhcb", "belle:alice");
        let expected = [
            Anomaly::UnknownStatus(String::new()),
            Anomaly::FromTheFuture { ahead: Duration::from_mins(1) },
            Anomaly::OtherVo { scope: "lhcb".to_owned(), subject: "belle".to_owned() },
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn subjects_are_judged_by_what_lifetimes_explain() {
        assert_eq!(subject("lhcb:alice", 61, 0), [Anomaly::ManyTokens { live: 61, usual: 60 }]);
        // One live session and one that ended leave three tokens each in an hour.
        assert_eq!(subject("lhcb:alice", 1, 24), []);
        let within = Duration::from_hours(1);
        assert_eq!(subject("lhcb:alice", 1, 25), [Anomaly::FastRotation { rotated: 25, explained: 6, within }]);
        let brief = Policy {
            refresh_token_lifetime: Duration::ZERO,
            access_token_lifetime: Duration::ZERO,
            ..Policy::default()
        };
        let alice = Subject::new("lhcb:alice").expect("a subject of this test");
        let summary = SubjectSummary { subject: alice, live: 10, revoked: 1, first: None, last: None };
        assert_eq!(summary.anomalies(&brief), [], "a policy of nothing divides by nothing");
    }

    #[test]
    fn sentences_are_harmless() {
        for anomaly in [
            Anomaly::UnknownStatus("\u{1b}[2J".to_owned()),
            Anomaly::RedirectUri("http://\u{202e}evil\n".to_owned()),
            Anomaly::OtherVo { scope: "\u{7}".to_owned(), subject: "\r".to_owned() },
        ] {
            let sentence = anomaly.to_string();
            assert_eq!(text::harmless(&sentence), sentence);
        }
    }
}
