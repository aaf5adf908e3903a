//! The worker: carries effects out on the database, beside the screen, and answers with actions.
//!
//! Each effect is a task of its own, so that a slow statement delays nothing but its own answer. Changes ask the
//! database for a permit first: a read-only connection has none to give, whatever the screen believes. A worker works on one
//! connection, whose number every answer carries.

mod acting;
mod looks;
mod one_subject;
mod registration;
mod switching;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use authdb_shared::Policy;
use authdb_shared::actor::Actor;
use authdb_shared::config::{Config, Sources};
use authdb_shared::db::{AuthDb, Order, PageRequest};
use tokio::sync::Mutex;
use tokio::sync::mpsc::UnboundedSender;

use self::switching::Waiting;
use crate::action::{Action, Answer, Rows};
use crate::connecting::ConnectionNumber;
use crate::effect::{Effect, Query};
use crate::export::Export;

/// Carries effects out.
#[derive(Clone)]
pub struct Worker {
    /// Which connection `db` is.
    connection: ConnectionNumber,
    db: AuthDb,
    actor: Actor,
    config: Arc<Config>,
    policy: Arc<Policy>,
    limit: u32,
    answers: UnboundedSender<Action>,
    /// The number of the last work that was told to stop.
    stopped: Arc<AtomicU64>,
    /// What the configuration of another context is read from.
    sources: Arc<Sources>,
    waiting: Waiting,
    /// Held while something is summed up that may take long: one sum at a time, so that connections are left for the lists.
    summing: Arc<Mutex<()>>,
}

impl Worker {
    /// A worker on `db`, which answers to `answers`. The configuration of another context is read from the `sources`.
    #[must_use]
    pub fn new(db: AuthDb, config: &Config, sources: Sources, answers: UnboundedSender<Action>) -> Self {
        Self {
            connection: ConnectionNumber::default(),
            db,
            actor: Actor::of_this_process(),
            config: Arc::new(config.clone()),
            policy: Arc::new(config.policy.clone()),
            limit: config.dashboard.list_limit,
            answers,
            stopped: Arc::default(),
            sources: Arc::new(sources),
            waiting: Waiting::default(),
            summing: Arc::default(),
        }
    }

    /// A worker on another database that answers to the same dashboard.
    fn on(&self, db: AuthDb, config: &Config) -> Self {
        Self::new(db, config, Sources::clone(&self.sources), self.answers.clone())
    }

    /// Starts carrying an effect out, on the runtime of the caller.
    pub fn start(&self, effect: Effect) {
        if let Effect::StopWork(number) = effect {
            self.stopped.fetch_max(number, Ordering::Relaxed);
            return;
        }
        let worker = self.clone();
        tokio::spawn(async move {
            let at_work = worker.clone();
            let answer = match tokio::spawn(async move { at_work.carry_out(effect).await }).await {
                Ok(Some(answer)) => answer,
                Ok(None) => return,
                Err(broken) => Answer::Defect(broken.to_string()),
            };
            worker.tell(answer);
        });
    }

    fn tell(&self, answer: Answer) {
        // Nobody listens any more while the program ends.
        let _ = self.answers.send(Action::Answer { connection: self.connection, answer: Box::new(answer) });
    }

    async fn carry_out(&self, effect: Effect) -> Option<Answer> {
        Some(match effect {
            Effect::Fetch { generation, query } => Answer::Rows { generation, rows: self.fetch(&query).await },
            Effect::Look { generation, look } => Answer::Seen { generation, seen: self.look(look).await },
            Effect::LookAtSubject { generation, look, subject } => {
                Answer::SeenOfSubject { generation, seen: self.look_at_subject(look, &subject).await }
            }
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
            Effect::Plan { generation, request } => Answer::Planned { generation, plan: self.plan(&request).await },
            Effect::Work { connection, number, steps, reason } => self.work(connection, number, steps, reason).await,
            Effect::Glance(glances) => Answer::Glanced(self.glance(glances).await),
            Effect::Export(export) => write(export).await,
            Effect::Connect { number, context } => self.connect(number, context).await,
            Effect::Disconnect(number) => {
                self.disconnect(number).await;
                return None;
            }
            // These are for the loop, and for the work under way.
            Effect::Adopt(_)
            | Effect::Copy(_)
            | Effect::Ring
            | Effect::TakeMouse(_)
            | Effect::StopWork(_)
            | Effect::Suspend
            | Effect::Quit => return None,
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
}

/// Writes a file on a thread that may block: a folder of another machine may not answer for long.
async fn write(export: Export) -> Answer {
    match tokio::task::spawn_blocking(move || (export.write(), export)).await {
        Ok((result, export)) => Answer::Exported { export, result },
        Err(broken) => Answer::Defect(broken.to_string()),
    }
}
