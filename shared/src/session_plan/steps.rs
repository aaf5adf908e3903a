//! Carrying a plan out: one guarded change at a time, and what became of each.

use crate::ids::{FlowId, Jti, Subject, UserCode};
use crate::model::IdTokenClaims;

use super::{PlannedWork, SessionPlan};

/// One change of a plan, in a transaction of its own.
///
/// # Examples
/// ```
/// use authdb_shared::ids::UserCode;
/// use authdb_shared::session_plan::PlanStep;
///
/// let step = PlanStep::Deny(UserCode::read("bcdf-ghjk")?);
/// assert_eq!(step.to_string(), "BCDF-GHJK");
/// # Ok::<(), authdb_shared::ids::UserCodeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanStep {
    /// Approve a device flow.
    Approve(UserCode, IdTokenClaims),
    /// Deny a device flow.
    Deny(UserCode),
    /// Cancel an authorization flow.
    Cancel(FlowId),
    /// Revoke a token.
    Revoke(Jti),
    /// Revoke all tokens of a subject.
    RevokeSubject(Subject),
}

/// The key of its target, as it is shown.
impl std::fmt::Display for PlanStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Approve(code, _) | Self::Deny(code) => code.fmt(f),
            Self::Cancel(id) => id.fmt(f),
            Self::Revoke(jti) => jti.fmt(f),
            Self::RevokeSubject(subject) => subject.fmt(f),
        }
    }
}

/// What became of a step.
///
/// # Examples
/// ```
/// use authdb_shared::session_plan::StepFate;
///
/// assert!(!StepFate::Refused("it is already revoked".to_owned()).ends_the_work());
/// assert!(StepFate::Unknown(0, "the connection broke".to_owned()).ends_the_work());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepFate {
    /// So many rows were changed.
    Done(u64),
    /// The state of the row forbade it; nothing was changed.
    Refused(String),
    /// The database could not do it. So many rows had been changed before.
    Failed(u64, String),
    /// It was told to stop between two of its batches. So many rows were changed, and the rest was not.
    Stopped(u64),
    /// The connection broke. So many rows were changed for certain; whether the rest was is not known.
    Unknown(u64, String),
}

impl StepFate {
    /// Whether it is no use to go on with the next step: the database does not answer.
    ///
    /// # Examples
    /// See [`StepFate`].
    #[must_use]
    pub fn ends_the_work(&self) -> bool {
        matches!(self, Self::Unknown(..))
    }
}

/// What became of a plan, exactly: every step is in one of the six lists.
///
/// # Examples
/// ```
/// use authdb_shared::ids::UserCode;
/// use authdb_shared::session_plan::{PlanStep, StepFate, WorkReport};
///
/// let step = |code: &str| PlanStep::Deny(UserCode::from_stored(code.to_owned()));
/// let mut report = WorkReport::of([step("BCDFGHJK"), step("CCCCCCCC"), step("DDDDDDDD")]);
/// report.add(&step("BCDFGHJK"), StepFate::Done(1));
/// report.add(&step("CCCCCCCC"), StepFate::Refused("it is DONE".to_owned()));
/// assert_eq!((report.done.len(), report.refused.len(), report.untried.len()), (1, 1, 1));
/// assert!(!report.is_complete());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkReport {
    /// Done.
    pub done: Vec<PlanStep>,
    /// Rows that were changed.
    pub rows: u64,
    /// Refused by the state of the row, and why.
    pub refused: Vec<(PlanStep, String)>,
    /// Failed, and why.
    pub failed: Vec<(PlanStep, String)>,
    /// Stopped between two batches, and how many rows had been changed by then.
    pub stopped: Vec<(PlanStep, u64)>,
    /// Cut off by a broken connection: nobody knows whether it was done.
    pub unknown: Vec<(PlanStep, String)>,
    /// Not tried, because the work was stopped or the connection was lost.
    pub untried: Vec<PlanStep>,
}

impl WorkReport {
    /// Nothing done yet of all of these.
    ///
    /// # Examples
    /// See [`WorkReport`].
    #[must_use]
    pub fn of(steps: impl IntoIterator<Item = PlanStep>) -> Self {
        Self { untried: steps.into_iter().collect(), ..Self::default() }
    }

    /// Takes in what became of a step.
    ///
    /// # Examples
    /// See [`WorkReport`].
    pub fn add(&mut self, step: &PlanStep, fate: StepFate) {
        if let Some(index) = self.untried.iter().position(|untried| untried == step) {
            self.untried.remove(index);
        }
        match fate {
            StepFate::Done(rows) => {
                self.rows += rows;
                self.done.push(step.clone());
            }
            StepFate::Refused(reason) => self.refused.push((step.clone(), reason)),
            StepFate::Failed(rows, reason) => {
                self.rows += rows;
                self.failed.push((step.clone(), reason));
            }
            StepFate::Stopped(rows) => {
                self.rows += rows;
                self.stopped.push((step.clone(), rows));
            }
            StepFate::Unknown(rows, reason) => {
                self.rows += rows;
                self.unknown.push((step.clone(), reason));
            }
        }
    }

    /// Steps that were tried.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::session_plan::WorkReport;
    ///
    /// assert_eq!(WorkReport::default().tried(), 0);
    /// ```
    #[must_use]
    pub fn tried(&self) -> usize {
        self.done.len() + self.refused.len() + self.failed.len() + self.stopped.len() + self.unknown.len()
    }

    /// Whether all of it was done.
    ///
    /// # Examples
    /// See [`WorkReport`].
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let is_none = [&self.refused, &self.failed, &self.unknown].iter().all(|steps| steps.is_empty());
        is_none && self.stopped.is_empty() && self.untried.is_empty()
    }
}

impl SessionPlan {
    /// The changes that carry it out, in the order of its targets. Targets that are unfit have none.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::ids::Subject;
    /// use authdb_shared::session_plan::{HeldTokens, PlanStep, SessionPlan};
    /// use authdb_shared::{Policy, Timestamp};
    ///
    /// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let alice = Subject::new("lhcb:alice")?;
    /// let held = HeldTokens { subject: alice.clone(), created: 12, live: 3, has_more: false };
    /// let plan = SessionPlan::revoke_subject(held, now, &Policy::default());
    /// assert_eq!(plan.steps(), [PlanStep::RevokeSubject(alice)]);
    /// # Ok::<(), authdb_shared::ids::SubjectError>(())
    /// ```
    #[must_use]
    pub fn steps(&self) -> Vec<PlanStep> {
        match &self.work {
            PlannedWork::Approve(flow, claims) => vec![PlanStep::Approve(flow.user_code.clone(), claims.clone())],
            PlannedWork::Deny(flows) => flows.iter().map(|flow| PlanStep::Deny(flow.user_code.clone())).collect(),
            PlannedWork::Cancel(flows) => flows.iter().map(|flow| PlanStep::Cancel(flow.id.clone())).collect(),
            PlannedWork::Revoke(tokens) => tokens.iter().map(|token| PlanStep::Revoke(token.jti.clone())).collect(),
            PlannedWork::RevokeSubjects(held) => {
                held.iter().map(|held| PlanStep::RevokeSubject(held.subject.clone())).collect()
            }
        }
    }
}
