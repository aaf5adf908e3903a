//! A plan as JSON, with stable names, for scripts that look before they leap.

use serde_json::{Value, json};

use super::{Consequence, PlannedWork, SessionPlan};
use crate::ids::Subject;

impl SessionPlan {
    /// The plan as JSON: `action`, `made_at`, `count`, `count_is_complete`, `targets`, `left_out` and `consequences`. Texts
    /// stand as they are stored, which JSON makes harmless by itself.
    ///
    /// Tokens of a subject are counted up to 100,000. Where `tokens_are_complete` is false there are more, and where
    /// `count_is_complete` is, there are of one of the targets.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::ids::Subject;
    /// use authdb_shared::session_plan::{HeldTokens, SessionPlan};
    /// use authdb_shared::{Policy, Timestamp};
    ///
    /// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let held = HeldTokens { subject: Subject::new("lhcb:alice")?, created: 12, live: 3, has_more: false };
    /// let plan = SessionPlan::revoke_subject(held, now, &Policy::default()).to_json();
    /// assert_eq!((&plan["action"], &plan["count"]), (&"revoke-subject".into(), &12.into()));
    /// assert_eq!(plan["targets"][0]["subject"], "lhcb:alice");
    /// assert_eq!(plan["consequences"][1]["until"], "2026-11-18T11:26:40Z");
    /// # Ok::<(), authdb_shared::ids::SubjectError>(())
    /// ```
    #[must_use]
    pub fn to_json(&self) -> Value {
        let left_out: Vec<Value> =
            self.unfit.iter().map(|unfit| json!({ "key": unfit.key, "reason": unfit.reason })).collect();
        json!({
            "action": self.work.word(),
            "made_at": instant(self.made_at),
            "count": self.work.count(),
            "count_is_complete": self.work.is_count_complete(),
            "targets": targets(&self.work),
            "left_out": left_out,
            "consequences": self.consequences.iter().map(consequence).collect::<Vec<_>>(),
        })
    }
}

fn instant(time: crate::Timestamp) -> String {
    time.calendar().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn targets(work: &PlannedWork) -> Vec<Value> {
    match work {
        PlannedWork::Approve(flow, claims) => vec![json!({
            "code": flow.user_code.to_string(),
            "client": flow.client_id,
            "scope": flow.scope.as_str(),
            "sub": claims.sub.trim(),
        })],
        PlannedWork::Deny(flows) => flows
            .iter()
            .map(|flow| {
                json!({
                    "code": flow.user_code.to_string(),
                    "client": flow.client_id,
                    "scope": flow.scope.as_str(),
                    "status": flow.status.as_str(),
                })
            })
            .collect(),
        PlannedWork::Cancel(flows) => flows
            .iter()
            .map(|flow| {
                json!({
                    "id": flow.id.to_string(),
                    "client": flow.client_id,
                    "scope": flow.scope.as_str(),
                    "status": flow.status.as_str(),
                })
            })
            .collect(),
        PlannedWork::Revoke(tokens) => tokens
            .iter()
            .map(|token| {
                json!({
                    "jti": token.jti.to_string(),
                    "subject": token.subject.as_ref().map(Subject::as_str),
                    "scope": token.scope.as_str(),
                })
            })
            .collect(),
        PlannedWork::RevokeSubjects(held) => held
            .iter()
            .map(|held| {
                json!({
                    "subject": held.subject.as_str(),
                    "tokens": held.created,
                    "live": held.live,
                    "tokens_are_complete": !held.has_more,
                })
            })
            .collect(),
    }
}

fn consequence(consequence: &Consequence) -> Value {
    let mut value = json!({ "what": consequence.word(), "text": consequence.to_string() });
    match consequence {
        Consequence::AccessTokensWorkUntil(time) => value["until"] = instant(*time).into(),
        Consequence::AllOfSubjectFollow { subject, held } => {
            value["subject"] = subject.as_str().into();
            if let Some(held) = held {
                value["tokens"] = held.created.into();
                value["live"] = held.live.into();
                value["tokens_are_complete"] = (!held.has_more).into();
            }
        }
        _ => {}
    }
    value
}
