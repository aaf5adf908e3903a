//! Plans: what a person is about to do to sessions, before it is done.
//!
//! A plan is made from rows that were read a moment ago. From then on its targets are frozen: rows that come later are
//! none of them, and one that changes meanwhile is refused by its own guard when the plan is carried out. It says what
//! cannot be done and why, what follows from the rest ([`Consequence`]), and how a yes must be given ([`Confirmation`]).
//! The dashboard shows it before it asks, `--dry-run` prints it, and both carry it out by the same [`PlanStep`]s.
//!
//! | to do | the plan | from |
//! | --- | --- | --- |
//! | approve a code | [`SessionPlan::approve`] | [`AuthDb::device_flow`](crate::db::AuthDb::device_flow) |
//! | deny device flows | [`AuthDb::plan_denial`](crate::db::AuthDb::plan_denial) | their codes |
//! | cancel authorization flows | [`AuthDb::plan_cancellation`](crate::db::AuthDb::plan_cancellation) | their keys |
//! | revoke tokens | [`AuthDb::plan_revocation`](crate::db::AuthDb::plan_revocation) | their keys |
//! | revoke all of a subject | [`AuthDb::plan_subject_revocation`](crate::db::AuthDb::plan_subject_revocation) | the subject |
//! | revoke all of several | [`AuthDb::plan_subject_revocations`](crate::db::AuthDb::plan_subject_revocations) | the subjects |

mod confirmation;
mod consequence;
mod json;
mod steps;

pub use confirmation::{Confirmation, TYPED_FROM};
pub use consequence::Consequence;
pub use steps::{PlanStep, StepFate, WorkReport};

use crate::clock::Timestamp;
use crate::ids::Subject;
use crate::liveness::{FlowState, Liveness};
use crate::model::{AuthorizationFlow, DeviceFlow, IdTokenClaims, RefreshToken, TokenStatus};
use crate::policy::Policy;

/// The tokens of one subject that are not revoked: what DiracX ends when it sees a revoked token of that subject again
/// (`revoke_user_refresh_tokens`).
///
/// # Examples
/// ```
/// use authdb_shared::ids::Subject;
/// use authdb_shared::session_plan::HeldTokens;
///
/// let held = HeldTokens { subject: Subject::new("lhcb:alice")?, created: 12, live: 3, has_more: false };
/// assert_eq!(held.to_string(), "12 tokens that are not revoked yet, 3 of them live");
/// # Ok::<(), authdb_shared::ids::SubjectError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldTokens {
    /// Whose.
    pub subject: Subject,
    /// How many are CREATED, live or expired, as far as they were counted: up to 100,000.
    pub created: u64,
    /// How many of these can still be refreshed.
    pub live: u64,
    /// Whether there are more than were counted, and perhaps more live ones.
    pub has_more: bool,
}

impl std::fmt::Display for HeldTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (noun, verb) = if self.created == 1 { ("token", "is") } else { ("tokens", "are") };
        let (created, live) = (grouped(self.created), grouped(self.live));
        let more = if self.has_more { "more than " } else { "" };
        let at_least = if self.has_more { "at least " } else { "" };
        write!(f, "{more}{created} {noun} that {verb} not revoked yet, {at_least}{live} of them live")
    }
}

/// What is to be done, with its targets as they were read.
///
/// # Examples
/// ```
/// use authdb_shared::session_plan::PlannedWork;
///
/// let nothing = PlannedWork::Deny(Vec::new());
/// assert_eq!((nothing.word(), nothing.count()), ("deny", 0));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlannedWork {
    /// Approve a device flow for somebody.
    Approve(Box<DeviceFlow>, IdTokenClaims),
    /// Deny device flows.
    Deny(Vec<DeviceFlow>),
    /// Cancel authorization flows.
    Cancel(Vec<AuthorizationFlow>),
    /// Revoke tokens.
    Revoke(Vec<RefreshToken>),
    /// Revoke all tokens of these subjects, however many there are when it is done.
    RevokeSubjects(Vec<HeldTokens>),
}

impl PlannedWork {
    /// The word for it in the journal.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::session_plan::PlannedWork;
    ///
    /// assert_eq!(PlannedWork::Revoke(Vec::new()).word(), "revoke");
    /// ```
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Approve(..) => "approve",
            Self::Deny(_) => "deny",
            Self::Cancel(_) => "cancel",
            Self::Revoke(_) => "revoke",
            Self::RevokeSubjects(_) => "revoke-subject",
        }
    }

    /// How many rows it changes, as far as is known; [`is_count_complete`](Self::is_count_complete) says whether it is all.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::ids::Subject;
    /// use authdb_shared::session_plan::{HeldTokens, PlannedWork};
    ///
    /// let held = HeldTokens { subject: Subject::new("lhcb:alice")?, created: 12, live: 3, has_more: false };
    /// assert_eq!(PlannedWork::RevokeSubjects(vec![held]).count(), 12);
    /// # Ok::<(), authdb_shared::ids::SubjectError>(())
    /// ```
    #[must_use]
    pub fn count(&self) -> u64 {
        match self {
            Self::Approve(..) => 1,
            Self::Deny(flows) => flows.len() as u64,
            Self::Cancel(flows) => flows.len() as u64,
            Self::Revoke(tokens) => tokens.len() as u64,
            Self::RevokeSubjects(held) => held.iter().map(|held| held.created).sum(),
        }
    }

    /// Whether [`count`](Self::count) is all, rather than where counting stopped.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::ids::Subject;
    /// use authdb_shared::session_plan::{HeldTokens, PlannedWork};
    ///
    /// let robot = HeldTokens { subject: Subject::new("lhcb:robot")?, created: 100_000, live: 40, has_more: true };
    /// assert!(robot.to_string().starts_with("more than 100,000 tokens"));
    /// assert!(!PlannedWork::RevokeSubjects(vec![robot]).is_count_complete());
    /// # Ok::<(), authdb_shared::ids::SubjectError>(())
    /// ```
    #[must_use]
    pub fn is_count_complete(&self) -> bool {
        match self {
            Self::Approve(..) | Self::Deny(_) | Self::Cancel(_) | Self::Revoke(_) => true,
            Self::RevokeSubjects(held) => held.iter().all(|held| !held.has_more),
        }
    }
}

/// Something that was asked for and cannot be done.
///
/// # Examples
/// ```
/// use authdb_shared::session_plan::Unfit;
///
/// let unfit = Unfit { key: "BCDF-GHJK".to_owned(), reason: "it is already DONE".to_owned() };
/// assert_eq!(unfit.to_string(), "BCDF-GHJK: it is already DONE");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// Its key, as it is shown.
    pub key: String,
    /// Why not.
    pub reason: String,
}

impl std::fmt::Display for Unfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.key, self.reason)
    }
}

/// What is about to be done: frozen targets, what is left out and why, and what will follow.
///
/// # Examples
/// ```
/// use authdb_shared::ids::UserCode;
/// use authdb_shared::model::{DeviceFlow, FlowStatus, Scope};
/// use authdb_shared::session_plan::{Confirmation, SessionPlan};
/// use authdb_shared::{Policy, Timestamp};
///
/// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
/// let flow = |code: &str, status| DeviceFlow {
///     user_code: UserCode::from_stored(code.to_owned()),
///     status,
///     created: Some(now),
///     client_id: "dirac-cli".to_owned(),
///     scope: Scope::from_stored("vo:lhcb".to_owned()),
///     sub: None,
/// };
/// let rows = vec![flow("BCDFGHJK", FlowStatus::Pending), flow("CCCCCCCC", FlowStatus::Done)];
/// let plan = SessionPlan::deny(rows, now, &Policy::default());
/// assert_eq!((plan.work.count(), plan.unfit.len()), (1, 1));
/// assert_eq!(plan.confirmation("lhcb", false), Confirmation::Key);
/// for consequence in &plan.consequences {
///     println!("{consequence}");
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionPlan {
    /// What is to be done.
    pub work: PlannedWork,
    /// What of it cannot be done.
    pub unfit: Vec<Unfit>,
    /// What will follow, the most important first.
    pub consequences: Vec<Consequence>,
    /// The database's time when the targets were read.
    pub made_at: Timestamp,
}

impl SessionPlan {
    /// To approve a flow that was looked up by its code, for somebody. Whether the flow can be approved says
    /// [`ApproveRefusal`](crate::db::ApproveRefusal).
    ///
    /// # Examples
    /// ```
    /// # use authdb_shared::ids::UserCode;
    /// # use authdb_shared::model::{DeviceFlow, FlowStatus, IdTokenClaims, Scope};
    /// # use authdb_shared::session_plan::SessionPlan;
    /// # use authdb_shared::Timestamp;
    /// # let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// # let flow = DeviceFlow {
    /// #     user_code: UserCode::from_stored("BCDFGHJK".to_owned()),
    /// #     status: FlowStatus::Pending,
    /// #     created: Some(now),
    /// #     client_id: "dirac-cli".to_owned(),
    /// #     scope: Scope::from_stored("vo:lhcb".to_owned()),
    /// #     sub: None,
    /// # };
    /// let alice = IdTokenClaims { sub: "alice".to_owned(), preferred_username: None };
    /// let plan = SessionPlan::approve(flow, alice, now);
    /// assert!(plan.consequences[0].to_string().contains("logged in as lhcb:alice"));
    /// ```
    #[must_use]
    pub fn approve(flow: DeviceFlow, claims: IdTokenClaims, now: Timestamp) -> Self {
        let consequences = vec![
            Consequence::LoggedIn { vo: flow.scope.vo().map(str::to_owned), sub: claims.sub.trim().to_owned() },
            Consequence::MintedForMembers { group: flow.scope.group().map(str::to_owned) },
        ];
        Self::new(PlannedWork::Approve(Box::new(flow), claims), Vec::new(), consequences, now)
    }

    /// To deny device flows. Those that have ended are left out.
    ///
    /// # Examples
    /// See [`SessionPlan`].
    #[must_use]
    pub fn deny(flows: Vec<DeviceFlow>, now: Timestamp, policy: &Policy) -> Self {
        let (fit, unfit) = fitting(flows, |flow| {
            let reason = ended(flow.state(now, policy))?;
            Some(Unfit { key: flow.user_code.to_string(), reason: reason.to_owned() })
        });
        let approved = fit.iter().filter(|flow| matches!(flow.state(now, policy), FlowState::Ready { .. }));
        let mut consequences = vec![Consequence::CodesDenied];
        consequences.extend(approved.map(|flow| Consequence::ApprovalUndone {
            code: flow.user_code.to_string(),
            sub: flow.sub.clone().unwrap_or_default(),
        }));
        Self::new(PlannedWork::Deny(fit), unfit, consequences, now)
    }

    /// To cancel authorization flows. Those that have ended are left out.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::session_plan::SessionPlan;
    /// use authdb_shared::{Policy, Timestamp};
    ///
    /// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// assert!(SessionPlan::cancel(Vec::new(), now, &Policy::default()).is_empty());
    /// ```
    #[must_use]
    pub fn cancel(flows: Vec<AuthorizationFlow>, now: Timestamp, policy: &Policy) -> Self {
        let (fit, unfit) = fitting(flows, |flow| {
            let reason = ended(flow.state(now, policy))?;
            Some(Unfit { key: flow.id.to_string(), reason: reason.to_owned() })
        });
        Self::new(PlannedWork::Cancel(fit), unfit, vec![Consequence::BrowserLoginsFail], now)
    }

    /// To revoke tokens. `held` tells what else their subjects hold, where that was counted.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::ids::{Jti, Subject};
    /// use authdb_shared::model::{RefreshToken, Scope, TokenStatus};
    /// use authdb_shared::session_plan::{HeldTokens, SessionPlan};
    /// use authdb_shared::{Policy, Timestamp, clock};
    ///
    /// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let alice = Subject::new("lhcb:alice")?;
    /// let token = RefreshToken {
    ///     jti: Jti::issue(now, &mut clock::randomness()),
    ///     status: TokenStatus::Created,
    ///     scope: Scope::from_stored("vo:lhcb".to_owned()),
    ///     subject: Some(alice.clone()),
    /// };
    /// let held = HeldTokens { subject: alice, created: 12, live: 3, has_more: false };
    /// let plan = SessionPlan::revoke(vec![token], &[held], now, &Policy::default());
    /// assert!(plan.consequences[0].to_string().contains("DiracX then revokes ALL tokens of lhcb:alice"));
    /// assert!(plan.consequences[1].to_string().contains("until 11:26:40 UTC"), "{}", plan.consequences[1]);
    /// # Ok::<(), authdb_shared::ids::SubjectError>(())
    /// ```
    #[must_use]
    pub fn revoke(tokens: Vec<RefreshToken>, held: &[HeldTokens], now: Timestamp, policy: &Policy) -> Self {
        let (fit, unfit) = fitting(tokens, |token| {
            let reason = match &token.status {
                TokenStatus::Created => return None,
                TokenStatus::Revoked => "it is already revoked".to_owned(),
                TokenStatus::Other(_) => format!("DiracX does not know its status {}", token.status),
            };
            Some(Unfit { key: token.jti.to_string(), reason })
        });
        let is_expired = |token: &&RefreshToken| matches!(token.liveness(now, policy), Liveness::Expired { .. });
        let expired = fit.iter().filter(is_expired).count();
        let mut consequences = Vec::new();
        for subject in subjects(&fit) {
            let held = held.iter().find(|held| held.subject == subject).cloned();
            consequences.push(Consequence::AllOfSubjectFollow { subject, held });
        }
        if expired > 0 {
            consequences.push(Consequence::ExpiredAnyway { count: expired as u64, of: fit.len() as u64 });
        }
        consequences.extend(after_revocation(now, policy));
        Self::new(PlannedWork::Revoke(fit), unfit, consequences, now)
    }

    /// To revoke all tokens of a subject.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::ids::Subject;
    /// use authdb_shared::session_plan::{Confirmation, HeldTokens, SessionPlan};
    /// use authdb_shared::{Policy, Timestamp};
    ///
    /// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let held = HeldTokens { subject: Subject::new("lhcb:alice")?, created: 12, live: 3, has_more: false };
    /// let plan = SessionPlan::revoke_subject(held, now, &Policy::default());
    /// let Confirmation::Words(words) = plan.confirmation("prod", false) else { panic!("it ends all sessions") };
    /// assert_eq!(words, ["lhcb:alice"]);
    /// # Ok::<(), authdb_shared::ids::SubjectError>(())
    /// ```
    #[must_use]
    pub fn revoke_subject(held: HeldTokens, now: Timestamp, policy: &Policy) -> Self {
        Self::revoke_subjects(vec![held], now, policy)
    }

    /// To revoke all tokens of several subjects. Those who hold nothing are left out.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::ids::Subject;
    /// use authdb_shared::session_plan::{HeldTokens, SessionPlan};
    /// use authdb_shared::{Policy, Timestamp};
    ///
    /// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let alice = HeldTokens { subject: Subject::new("lhcb:alice")?, created: 12, live: 3, has_more: false };
    /// let bjorn = HeldTokens { subject: Subject::new("lhcb:bjorn")?, created: 0, live: 0, has_more: false };
    /// let plan = SessionPlan::revoke_subjects(vec![alice, bjorn], now, &Policy::default());
    /// assert_eq!((plan.work.count(), plan.steps().len()), (12, 1));
    /// assert_eq!(plan.unfit[0].key, "lhcb:bjorn");
    /// # Ok::<(), authdb_shared::ids::SubjectError>(())
    /// ```
    #[must_use]
    pub fn revoke_subjects(held: Vec<HeldTokens>, now: Timestamp, policy: &Policy) -> Self {
        let (fit, unfit) = fitting(held, |held| {
            let reason = "every token of this subject is revoked already".to_owned();
            (held.created == 0).then(|| Unfit { key: held.subject.to_string(), reason })
        });
        let mut consequences: Vec<Consequence> = fit.iter().cloned().map(Consequence::AllRevoked).collect();
        consequences.extend(after_revocation(now, policy));
        Self::new(PlannedWork::RevokeSubjects(fit), unfit, consequences, now)
    }

    /// Puts a fact before all other consequences, such as a mismatch with the registry.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::session_plan::{Consequence, SessionPlan};
    /// use authdb_shared::{Policy, Timestamp};
    ///
    /// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let plan = SessionPlan::cancel(Vec::new(), now, &Policy::default());
    /// let plan = plan.warning("The service is being moved.");
    /// assert_eq!(plan.consequences[0], Consequence::Warning("The service is being moved.".to_owned()));
    /// ```
    #[must_use]
    pub fn warning(mut self, warning: impl Into<String>) -> Self {
        self.consequences.insert(0, Consequence::Warning(warning.into()));
        self
    }

    /// Whether nothing is left to be done.
    ///
    /// # Examples
    /// See [`SessionPlan::cancel`].
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.work.count() == 0
    }

    fn new(work: PlannedWork, unfit: Vec<Unfit>, consequences: Vec<Consequence>, made_at: Timestamp) -> Self {
        Self { work, unfit, consequences, made_at }
    }
}

/// The rows that nothing speaks against, and what speaks against the others.
fn fitting<R>(rows: Vec<R>, objection: impl Fn(&R) -> Option<Unfit>) -> (Vec<R>, Vec<Unfit>) {
    let mut unfit = Vec::new();
    let fit = rows
        .into_iter()
        .filter(|row| {
            let objection = objection(row);
            let is_fit = objection.is_none();
            unfit.extend(objection);
            is_fit
        })
        .collect();
    (fit, unfit)
}

fn ended(state: FlowState) -> Option<&'static str> {
    match state {
        FlowState::Done => Some("it is DONE: its tokens have been issued. Revoke them instead"),
        FlowState::Error => Some("it has already ended in an error"),
        FlowState::Unrecognised => Some("DiracX does not know its status"),
        FlowState::Pending { .. } | FlowState::Ready { .. } | FlowState::Stale { .. } => None,
    }
}

/// Each subject once, in the order in which they come.
fn subjects(tokens: &[RefreshToken]) -> Vec<Subject> {
    let mut seen = Vec::<Subject>::new();
    for subject in tokens.iter().filter_map(|token| token.subject.as_ref()) {
        if !seen.contains(subject) {
            seen.push(subject.clone());
        }
    }
    seen
}

fn after_revocation(now: Timestamp, policy: &Policy) -> [Consequence; 2] {
    [Consequence::AccessTokensWorkUntil(now.after(policy.access_token_lifetime)), Consequence::LegacyTokensWorkOn]
}

/// `12,345`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests;
