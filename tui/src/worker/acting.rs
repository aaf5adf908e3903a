//! What the worker does of plans: makes them, carries them out step by step, and looks what comes after.

use std::sync::atomic::Ordering;

use authdb_shared::db::{DbError, WritePermit};
use authdb_shared::session_plan::{PlanStep, SessionPlan};

use super::Worker;
use crate::action::{Action, Answer};
use crate::app::{Glance, Glanced, StepTimes};
use crate::request::Request;

impl Worker {
    /// The plan of what was asked for, from the rows as they are now.
    pub(super) async fn plan(&self, request: &Request) -> Result<SessionPlan, DbError> {
        let (db, policy) = (&self.db, &self.policy);
        match request {
            Request::Deny(codes) => db.plan_denial(codes, policy).await,
            Request::Cancel(flows) => db.plan_cancellation(flows, policy).await,
            Request::Revoke(tokens) => db.plan_revocation(tokens, policy).await,
            Request::RevokeSubjects(subjects) => db.plan_subject_revocations(subjects, policy).await,
        }
    }

    /// Takes one step after the other, and tells of each. The answer comes when no more will be taken.
    pub(super) async fn work(&self, number: u64, steps: Vec<PlanStep>, reason: Option<String>) -> Answer {
        let broken_by = match self.permit(reason) {
            Ok(permit) => self.take_steps(number, steps, &permit).await,
            Err(error) => Some(error.to_string()),
        };
        Answer::WorkEnded { number, broken_by }
    }

    fn permit(&self, reason: Option<String>) -> Result<WritePermit, DbError> {
        let permit = self.db.write_permit(&self.actor)?;
        Ok(match reason {
            Some(reason) => permit.because(reason),
            None => permit,
        })
    }

    /// Why the rest was not tried, where the admin has not stopped it.
    async fn take_steps(&self, number: u64, steps: Vec<PlanStep>, permit: &WritePermit) -> Option<String> {
        for step in steps {
            if self.stopped.load(Ordering::Relaxed) >= number {
                return None;
            }
            let began = match self.db.now().await {
                Ok(now) => now,
                Err(error) => return Some(error.to_string()),
            };
            let fate = self.db.take_step(permit, &step, &self.policy).await;
            let ends_the_work = fate.ends_the_work();
            let ended = if ends_the_work { None } else { self.db.now().await.ok() };
            let answer = Answer::StepTaken { number, step, times: StepTimes { began, ended }, fate };
            // Nobody listens any more while the program ends.
            let _ = self.answers.send(Action::Answer(Box::new(answer)));
            if ends_the_work {
                return Some("the connection broke before".to_owned());
            }
        }
        None
    }

    /// Looks whether subjects have new tokens.
    pub(super) async fn glance(&self, glances: Vec<Glance>) -> Vec<(u64, Glanced)> {
        let mut seen = Vec::with_capacity(glances.len());
        for Glance { number, subject, since } in glances {
            seen.push((number, self.db.newest_live_token(&subject, since, &self.policy).await));
        }
        seen
    }
}
