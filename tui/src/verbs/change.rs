//! The changes that verbs make, one target each: what would come of one, by the same plan that the dashboard shows, and how
//! it is said what did.

use authdb_shared::Policy;
use authdb_shared::db::{ApproveRefusal, AuthDb, DbError};
use authdb_shared::ids::{Jti, Subject};
use authdb_shared::session_plan::{PlanStep, SessionPlan};

use super::registration::Remark;

/// What a look says would come of a change.
#[derive(Debug, Default)]
pub(super) struct Preview {
    /// Why it would be refused, if it would.
    pub(super) refusal: Option<String>,
    /// Whose session it is, where the row says so.
    pub(super) sub: Option<String>,
    /// How many tokens would be revoked, as far as they were counted.
    pub(super) tokens: Option<u64>,
    /// Whether there are more than these.
    pub(super) has_more_tokens: bool,
    /// What follows.
    pub(super) consequences: Vec<String>,
}

impl Preview {
    /// The same with what the registry has to say.
    pub(super) fn with(mut self, remark: &Remark) -> Self {
        if self.refusal.is_none() {
            self.refusal.clone_from(&remark.refusal);
            self.consequences.splice(0..0, remark.warning.clone());
        }
        self
    }
}

/// The change's name, as the journal has it.
pub(super) fn action(step: &PlanStep) -> &'static str {
    match step {
        PlanStep::Approve(..) => "approve",
        PlanStep::Deny(_) => "deny",
        PlanStep::Cancel(_) => "cancel",
        PlanStep::Revoke(_) => "revoke",
        PlanStep::RevokeSubject(_) => "revoke-subject",
    }
}

/// The key that it is about, exactly.
pub(super) fn target(step: &PlanStep) -> String {
    match step {
        PlanStep::RevokeSubject(subject) => subject.as_str().to_owned(),
        other => other.to_string(),
    }
}

/// That it is done, in a sentence.
pub(super) fn done(step: &PlanStep, rows: u64) -> String {
    match step {
        PlanStep::Approve(code, claims) => format!("{code} is approved for {}", claims.sub.trim()),
        PlanStep::Deny(code) => format!("{code} is denied"),
        PlanStep::Cancel(id) => format!("{id} is cancelled"),
        PlanStep::Revoke(jti) => format!("{jti} is revoked"),
        PlanStep::RevokeSubject(subject) => format!("{rows} tokens of {subject} are revoked"),
    }
}

/// How many tokens it has revoked; nothing where it is about a flow.
pub(super) fn tokens(step: &PlanStep, rows: u64) -> Option<u64> {
    matches!(step, PlanStep::Revoke(_) | PlanStep::RevokeSubject(_)).then_some(rows)
}

/// Looks what would come of it, and changes nothing.
pub(super) async fn preview(step: &PlanStep, db: &AuthDb, policy: &Policy) -> Result<Preview, DbError> {
    match step {
        PlanStep::Approve(code, claims) => {
            let (flow, now) = db.device_flow(code).await?;
            let sub = Some(claims.sub.clone());
            let Some(flow) = flow else {
                let refusal = Some(ApproveRefusal::Unknown(code.clone()).to_string());
                return Ok(Preview { refusal, sub, ..Preview::default() });
            };
            let refusal = ApproveRefusal::of_flow(&flow, now, policy)
                .or_else(|| ApproveRefusal::of_subject(&flow, &claims.sub))
                .map(|refusal| refusal.to_string());
            Ok(Preview { refusal, sub, ..of_plan(&SessionPlan::approve(flow, claims.clone(), now)) })
        }
        PlanStep::Deny(code) => {
            let (flow, now) = db.device_flow(code).await?;
            let Some(flow) = flow else { return Ok(absent(format!("there is no device flow with the code {code}"))) };
            let sub = flow.sub.clone();
            Ok(Preview { sub, ..of_plan(&SessionPlan::deny(vec![flow], now, policy)) })
        }
        PlanStep::Cancel(id) => {
            let (flow, now) = db.authorization_flow(id).await?;
            let Some(flow) = flow else { return Ok(absent(format!("there is no authorization flow {id}"))) };
            let sub = flow.sub.clone();
            Ok(Preview { sub, ..of_plan(&SessionPlan::cancel(vec![flow], now, policy)) })
        }
        PlanStep::Revoke(jti) => revocation(jti, db, policy).await,
        PlanStep::RevokeSubject(subject) => revocation_of_all(subject, db, policy).await,
    }
}

fn absent(refusal: String) -> Preview {
    Preview { refusal: Some(refusal), ..Preview::default() }
}

/// What the plan for one target says.
fn of_plan(plan: &SessionPlan) -> Preview {
    let refusal = plan.unfit.first().map(|unfit| unfit.reason.clone());
    let consequences = if refusal.is_some() { Vec::new() } else { texts(plan) };
    Preview { refusal, consequences, ..Preview::default() }
}

fn texts(plan: &SessionPlan) -> Vec<String> {
    plan.consequences.iter().map(ToString::to_string).collect()
}

async fn revocation(jti: &Jti, db: &AuthDb, policy: &Policy) -> Result<Preview, DbError> {
    let (token, _) = db.refresh_token(jti).await?;
    let sub = token.and_then(|token| token.subject).map(|subject| subject.as_str().to_owned());
    let plan = db.plan_revocation(std::slice::from_ref(jti), policy).await?;
    Ok(Preview { sub, tokens: Some(plan.work.count()), ..of_plan(&plan) })
}

async fn revocation_of_all(subject: &Subject, db: &AuthDb, policy: &Policy) -> Result<Preview, DbError> {
    let plan = db.plan_subject_revocation(subject, policy).await?;
    let tokens = plan.work.count();
    let refusal = (tokens == 0).then(|| format!("{subject} has no token that could be revoked"));
    let consequences = if refusal.is_some() { Vec::new() } else { texts(&plan) };
    let has_more_tokens = !plan.work.is_count_complete();
    let (sub, tokens) = (Some(subject.as_str().to_owned()), Some(tokens));
    Ok(Preview { refusal, sub, tokens, has_more_tokens, consequences })
}
