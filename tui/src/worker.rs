//! The worker: carries effects out on the database, beside the screen, and answers with actions.
//!
//! Each effect is a task of its own, so that a slow statement delays nothing but its own answer; of lists that are asked for
//! faster than they can be read, most questions are never asked. Changes ask the
//! database for a permit first: a read-only connection has none to give, whatever the screen believes. A worker works on one
//! connection, whose number every answer carries.

mod acting;
mod fetching;
mod switching;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use authdb_shared::config::{Config, Sources};
use authdb_shared::db::AuthDb;
use tokio::sync::mpsc::UnboundedSender;

use self::fetching::Fetches;
use self::switching::Waiting;
use crate::action::{Action, Answer};
use crate::connecting::ConnectionNumber;
use crate::database::Database;
use crate::effect::Effect;
use crate::export::Export;
use crate::store::Store;

/// Carries effects out.
#[derive(Clone)]
pub struct Worker<S = Database> {
    /// Which connection `store` is.
    connection: ConnectionNumber,
    store: S,
    answers: UnboundedSender<Action>,
    fetches: Fetches,
    /// The number of the last work that was told to stop.
    stopped: Arc<AtomicU64>,
    /// What the configuration of another context is read from.
    sources: Arc<Sources>,
    waiting: Waiting<S>,
}

impl Worker {
    /// A worker on `db`, which answers to `answers`. The configuration of another context is read from the `sources`.
    #[must_use]
    pub fn new(db: AuthDb, config: &Config, sources: Sources, answers: UnboundedSender<Action>) -> Self {
        Self::on(Database::new(db, config), sources, answers)
    }
}

impl<S: Store> Worker<S> {
    /// The same on any store.
    pub(crate) fn on(store: S, sources: Sources, answers: UnboundedSender<Action>) -> Self {
        Self {
            connection: ConnectionNumber::default(),
            store,
            answers,
            fetches: Fetches::default(),
            stopped: Arc::default(),
            sources: Arc::new(sources),
            waiting: Waiting::default(),
        }
    }

    /// Starts carrying an effect out, on the runtime of the caller.
    pub fn start(&self, effect: Effect) {
        if let Effect::StopWork(number) = effect {
            self.stopped.fetch_max(number, Ordering::Relaxed);
            return;
        }
        if let Effect::Fetch { generation, query, .. } = &effect {
            self.fetches.supersede(query, *generation);
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
            Effect::Fetch { generation, query, is_typed } => self.fetch(generation, &query, is_typed).await?,
            Effect::Look { generation, look } => Answer::Seen { generation, seen: self.store.look(look).await },
            Effect::Probe { generation } => Answer::Probed { generation, now: self.store.now().await },
            Effect::LookAtSubject { generation, look, subject } => {
                Answer::SeenOfSubject { generation, seen: self.store.look_at_subject(look, &subject).await }
            }
            Effect::FetchMonths { generation } => {
                Answer::Months { generation, months: self.store.tokens_by_month().await }
            }
            Effect::ReadRegistry => Answer::Registry(self.store.registry().await?),
            Effect::LookForSubjects(vo) => {
                let found = self.store.subjects_of(&vo).await;
                Answer::Subjects { vo, found }
            }
            Effect::LookUp(code) => {
                let found = self.store.device_flow(&code).await;
                Answer::Flow { code, found }
            }
            Effect::Plan { generation, request } => {
                Answer::Planned { generation, plan: self.store.plan(&request).await }
            }
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
}

/// Writes a file on a thread that may block: a folder of another machine may not answer for long.
async fn write(export: Export) -> Answer {
    match tokio::task::spawn_blocking(move || (export.write(), export)).await {
        Ok((result, export)) => Answer::Exported { export, result },
        Err(broken) => Answer::Defect(broken.to_string()),
    }
}
