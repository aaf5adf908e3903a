//! The store that the program works on: DiracX's database, asked through `shared`, with the policy and the limits that are
//! configured for it.

mod census;
mod looks;
mod one_subject;
mod registration;

use std::sync::Arc;
use std::time::Instant;

use authdb_shared::actor::Actor;
use authdb_shared::config::Config;
use authdb_shared::db::{AuthDb, DbError, Order, PageRequest, TokensByMonth, WritePermit};
use authdb_shared::ids::{Subject, UserCode};
use authdb_shared::model::DeviceFlow;
use authdb_shared::registry::{Registry, RegistryError};
use authdb_shared::session_plan::{PlanStep, SessionPlan, StepFate};
use authdb_shared::{Policy, Timestamp};
use tokio::sync::Mutex;

use crate::action::Rows;
use crate::app::{Glance, Glanced};
use crate::connecting::{self, Arrival};
use crate::effect::Query;
use crate::look::{Look, Seen, SeenOfSubject, SubjectLook};
use crate::request::Request;
use crate::store::Store;

/// DiracX's database.
#[derive(Clone)]
pub struct Database {
    db: AuthDb,
    actor: Actor,
    config: Arc<Config>,
    policy: Arc<Policy>,
    limit: u32,
    /// Held while something is summed up that may take long: one sum at a time, so that connections are left for the lists.
    summing: Arc<Mutex<()>>,
    census: census::Taken,
}

impl Database {
    /// The database of a connection, with everything that is configured for it.
    #[must_use]
    pub fn new(db: AuthDb, config: &Config) -> Self {
        Self {
            db,
            actor: Actor::of_this_process(),
            config: Arc::new(config.clone()),
            policy: Arc::new(config.policy.clone()),
            limit: config.dashboard.list_limit,
            summing: Arc::default(),
            census: census::Taken::default(),
        }
    }
}

impl Store for Database {
    type Permit = WritePermit;

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
            Query::Subjects(containing) => Rows::Subjects(self.subjects(containing, Instant::now()).await),
            Query::Tokens(filter) => {
                let request = PageRequest::first(Order::NewestFirst, limit);
                Rows::Tokens(db.refresh_tokens(filter, policy, &request).await)
            }
            Query::Journal => Rows::Journal(self.journal().await),
        }
    }

    async fn look(&self, look: Look) -> Seen {
        self.see(look).await
    }

    async fn look_at_subject(&self, look: SubjectLook, subject: &Subject) -> SeenOfSubject {
        self.see_of_subject(look, subject).await
    }

    async fn tokens_by_month(&self) -> Result<TokensByMonth, DbError> {
        self.db.tokens_by_month(&self.policy).await
    }

    async fn registry(&self) -> Option<Result<Registry, RegistryError>> {
        self.read_registry().await
    }

    async fn subjects_of(&self, vo: &str) -> Result<Vec<Subject>, DbError> {
        self.live_subjects_of(vo).await
    }

    async fn device_flow(&self, code: &UserCode) -> Result<(Option<DeviceFlow>, Timestamp), DbError> {
        self.db.device_flow(code).await
    }

    async fn plan(&self, request: &Request) -> Result<SessionPlan, DbError> {
        let (db, policy) = (&self.db, &self.policy);
        match request {
            Request::Deny(codes) => db.plan_denial(codes, policy).await,
            Request::Cancel(flows) => db.plan_cancellation(flows, policy).await,
            Request::Revoke(tokens) => db.plan_revocation(tokens, policy).await,
            Request::RevokeSubjects(subjects) => db.plan_subject_revocations(subjects, policy).await,
        }
    }

    async fn glance(&self, glance: &Glance) -> Glanced {
        self.db.newest_live_token(&glance.subject, glance.since, &self.policy).await
    }

    async fn now(&self) -> Result<Timestamp, DbError> {
        self.db.now().await
    }

    fn permit(&self, reason: Option<String>) -> Result<WritePermit, DbError> {
        let permit = self.db.write_permit(&self.actor)?;
        Ok(match reason {
            Some(reason) => permit.because(reason),
            None => permit,
        })
    }

    async fn take_step(
        &self,
        permit: &WritePermit,
        step: &PlanStep,
        goes_on: impl FnMut(u64) -> bool + Send,
    ) -> StepFate {
        self.db.take_step_while(permit, step, &self.policy, goes_on).await
    }

    async fn connect(&self, config: &Config) -> Result<Self, DbError> {
        connecting::connect(config).await.map(|db| Self::new(db, config))
    }

    fn arrival(&self) -> Arrival {
        Arrival::at(&self.db, &self.config)
    }

    async fn close(&self) {
        self.db.close().await;
    }
}
