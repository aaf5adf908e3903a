//! What the worker does of plans: carries them out step by step, and looks what comes after.

use std::sync::atomic::Ordering;

use authdb_shared::db::DbError;
use authdb_shared::session_plan::PlanStep;

use super::Worker;
use crate::action::Answer;
use crate::app::{Glance, Glanced, StepTimes};
use crate::connecting::ConnectionNumber;
use crate::store::Store;

impl<S: Store> Worker<S> {
    /// Takes one step after the other, and tells of each. The answer comes when no more will be taken.
    pub(super) async fn work(
        &self,
        planned_on: ConnectionNumber,
        number: u64,
        steps: Vec<PlanStep>,
        reason: Option<String>,
    ) -> Answer {
        if planned_on != self.connection {
            let broken_by = Some("it was planned in another context, and is carried out in none but that".to_owned());
            return Answer::WorkEnded { number, broken_by };
        }
        let broken_by = match self.store.permit(reason) {
            Ok(permit) => self.take_steps(number, steps, &permit).await,
            Err(error) => Some(error.to_string()),
        };
        Answer::WorkEnded { number, broken_by }
    }

    /// Why the rest was not tried, where the admin has not stopped it.
    async fn take_steps(&self, number: u64, steps: Vec<PlanStep>, permit: &S::Permit) -> Option<String> {
        for step in steps {
            let began = loop {
                if self.stopped.load(Ordering::Relaxed) >= number {
                    return None;
                }
                match self.store.now().await {
                    Ok(now) => break now,
                    // One will come free: nothing is wrong with the database.
                    Err(DbError::Busy { .. }) => {}
                    Err(error) => return Some(error.to_string()),
                }
            };
            let goes_on = |rows| {
                self.tell(Answer::StepGoesOn { number, rows });
                self.stopped.load(Ordering::Relaxed) < number
            };
            let fate = self.store.take_step(permit, &step, goes_on).await;
            let ends_the_work = fate.ends_the_work();
            let ended = if ends_the_work { None } else { self.store.now().await.ok() };
            self.tell(Answer::StepTaken { number, step, times: StepTimes { began, ended }, fate });
            if ends_the_work {
                return Some("the connection broke before".to_owned());
            }
        }
        None
    }

    /// Looks whether subjects have new tokens.
    pub(super) async fn glance(&self, glances: Vec<Glance>) -> Vec<(u64, Glanced)> {
        let mut seen = Vec::with_capacity(glances.len());
        for glance in glances {
            seen.push((glance.number, self.store.glance(&glance).await));
        }
        seen
    }
}

#[cfg(test)]
mod tests {
    use authdb_shared::clock;
    use authdb_shared::config::Sources;
    use authdb_shared::db::AuthDb;
    use authdb_shared::demo::Demo;
    use authdb_shared::ids::UserCode;
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;

    #[tokio::test]
    async fn what_was_planned_on_one_connection_is_carried_out_on_no_other() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let path = folder.path().join("demo.sqlite3");
        let config = Demo::configuration(Sources::default(), &path).expect("a valid configuration");
        let demo = Demo::create(&path, &config, clock::host_now(), &mut clock::randomness()).await.expect("a demo");
        let db = AuthDb::connect(&config.database).await.expect("it is there");
        let (sender, mut answers) = unbounded_channel();
        let worker = Worker::new(db, &config, Sources::default(), sender);
        let steps = vec![PlanStep::Deny(UserCode::from_stored("BCDFGHJK".to_owned()))];
        let elsewhere = worker.work(ConnectionNumber::default().next(), 1, steps.clone(), None).await;
        let Answer::WorkEnded { number: 1, broken_by: Some(reason) } = elsewhere else { panic!("{elsewhere:?}") };
        assert!(reason.contains("planned in another context") && answers.try_recv().is_err(), "{reason}");
        let here = worker.work(ConnectionNumber::default(), 2, steps, None).await;
        assert!(matches!(here, Answer::WorkEnded { number: 2, broken_by: None }), "{here:?}");
        assert!(answers.try_recv().is_ok(), "its step was tried");
        demo.close().await;
    }
}
