//! The worker: carries effects out on the database, beside the screen, and answers with actions.
//!
//! Each effect is a task of its own, so that a slow statement delays nothing but its own answer. Changes ask the
//! database for a permit first: a read-only connection has none to give, whatever the screen believes.

mod looks;
mod registration;

use std::sync::Arc;

use authdb_shared::Policy;
use authdb_shared::actor::Actor;
use authdb_shared::config::Config;
use authdb_shared::db::{AuthDb, Order, PageRequest};
use tokio::sync::mpsc::UnboundedSender;

use crate::action::{Action, Answer, Changed, Rows};
use crate::effect::{Change, Effect, Query};
use crate::export::Export;

/// Carries effects out.
#[derive(Clone)]
pub(crate) struct Worker {
    db: AuthDb,
    actor: Actor,
    config: Arc<Config>,
    policy: Arc<Policy>,
    limit: u32,
    answers: UnboundedSender<Action>,
}

impl Worker {
    pub(crate) fn new(db: AuthDb, config: &Config, answers: UnboundedSender<Action>) -> Self {
        let (policy, limit) = (Arc::new(config.policy.clone()), config.dashboard.list_limit);
        let config = Arc::new(config.clone());
        Self { db, actor: Actor::of_this_process(), config, policy, limit, answers }
    }

    /// Starts carrying an effect out.
    pub(crate) fn start(&self, effect: Effect) {
        let worker = self.clone();
        tokio::spawn(async move {
            let answers = worker.answers.clone();
            let answer = match tokio::spawn(async move { worker.carry_out(effect).await }).await {
                Ok(Some(answer)) => answer,
                Ok(None) => return,
                Err(broken) => Answer::Defect(broken.to_string()),
            };
            // Nobody listens any more while the program ends.
            let _ = answers.send(Action::Answer(Box::new(answer)));
        });
    }

    async fn carry_out(&self, effect: Effect) -> Option<Answer> {
        Some(match effect {
            Effect::Fetch { generation, query } => Answer::Rows { generation, rows: self.fetch(&query).await },
            Effect::Look { generation, look } => Answer::Seen { generation, seen: self.look(look).await },
            Effect::FetchMonths => Answer::Months(self.db.tokens_by_month(&self.policy).await),
            Effect::ReadRegistry => Answer::Registry(self.registry().await?),
            Effect::LookForSubjects(vo) => {
                let found = self.subjects_of(&vo).await;
                Answer::Subjects { vo, found }
            }
            Effect::LookUp(code) => {
                let found = self.db.device_flow(&code).await;
                Answer::Flow { code, found }
            }
            Effect::Count(subject) => {
                let count = self.db.revocable_tokens(&subject).await;
                Answer::Revocable { subject, count }
            }
            Effect::Change(change) => {
                let changed = self.change(&change).await;
                Answer::Changed(change, changed)
            }
            Effect::Export(export) => write(export).await,
            // These are for the terminal.
            Effect::Copy(_) | Effect::Suspend | Effect::Quit => return None,
        })
    }

    async fn fetch(&self, query: &Query) -> Rows {
        let (db, policy, limit) = (&self.db, &self.policy, self.limit);
        match query {
            Query::DeviceFlows(filter) => {
                let request = PageRequest::first(Order::TimeLeft, limit);
                Rows::DeviceFlows(db.device_flows(filter, policy, &request).await)
            }
            Query::AuthorizationFlows(filter) => {
                let request = PageRequest::first(Order::TimeLeft, limit);
                Rows::AuthorizationFlows(db.authorization_flows(filter, policy, &request).await)
            }
            Query::Subjects(containing) => Rows::Subjects(db.subjects(containing, policy, limit).await),
            Query::Tokens(filter) => {
                let request = PageRequest::first(Order::NewestFirst, limit);
                Rows::Tokens(db.refresh_tokens(filter, policy, &request).await)
            }
            Query::Journal => Rows::Journal(self.journal().await),
        }
    }

    async fn change(&self, change: &Change) -> Changed {
        let db = &self.db;
        let permit = db.write_permit(&self.actor);
        match change {
            Change::Approve(code, claims) => Changed::Approved(match permit {
                Ok(permit) => db.approve_device_flow(&permit, code, claims, &self.policy).await,
                Err(error) => Err(error),
            }),
            Change::Deny(code) => Changed::Denied(match permit {
                Ok(permit) => db.deny_device_flow(&permit, code).await,
                Err(error) => Err(error),
            }),
            Change::Cancel(id) => Changed::Cancelled(match permit {
                Ok(permit) => db.cancel_authorization_flow(&permit, id).await,
                Err(error) => Err(error),
            }),
            Change::Revoke(jti) => Changed::Revoked(match permit {
                Ok(permit) => db.revoke_token(&permit, jti).await,
                Err(error) => Err(error),
            }),
            Change::RevokeSubject(subject) => Changed::RevokedSubject(match permit {
                Ok(permit) => Ok(db.revoke_subject(&permit, subject).await),
                Err(error) => Err(error),
            }),
        }
    }
}

/// Writes a file on a thread that may block: a folder of another machine may not answer for long.
async fn write(export: Export) -> Answer {
    match tokio::task::spawn_blocking(move || (export.write(), export)).await {
        Ok((result, export)) => Answer::Exported { export, result },
        Err(broken) => Answer::Defect(broken.to_string()),
    }
}
