//! What the worker does of contexts: connects to another, and goes on with that connection once the dashboard takes it.
//!
//! A connection that was made waits beside the one in use. Until the dashboard adopts it, nothing is asked of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use authdb_shared::Error;
use authdb_shared::config::{Config, ContextConfig};
use authdb_shared::db::AuthDb;

use super::Worker;
use crate::action::Answer;
use crate::connecting::{self, Arrival, ConnectionNumber, ContextError};

/// Connections that nobody uses yet.
#[derive(Clone, Default)]
pub(super) struct Waiting(Arc<Mutex<HashMap<ConnectionNumber, (AuthDb, Config)>>>);

impl Waiting {
    fn add(&self, number: ConnectionNumber, db: AuthDb, config: Config) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(number, (db, config));
    }

    fn take(&self, number: ConnectionNumber) -> Option<(AuthDb, Config)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&number)
    }
}

impl Worker {
    /// Connects to the database of a context, beside the one in use.
    pub(super) async fn connect(&self, number: ConnectionNumber, context: ContextConfig) -> Answer {
        let sources = Arc::clone(&self.sources);
        // Files of another machine may not answer for long.
        match tokio::task::spawn_blocking(move || connecting::configuration(&sources, &context)).await {
            Ok(config) => Answer::Connected { number, arrival: self.arrive(number, config).await },
            Err(broken) => Answer::Defect(broken.to_string()),
        }
    }

    async fn arrive(
        &self,
        number: ConnectionNumber,
        config: Result<Config, ContextError>,
    ) -> Result<Box<Arrival>, ContextError> {
        let config = config?;
        let db = connecting::connect(&config).await.map_err(Error::from)?;
        let arrival = Arrival::at(&db, &config);
        self.waiting.add(number, db, config);
        Ok(Box::new(arrival))
    }

    /// Goes on with a connection that waits, and closes the one before. False if there is none of that number.
    pub(crate) fn adopt(&mut self, number: ConnectionNumber) -> bool {
        let Some((db, config)) = self.waiting.take(number) else { return false };
        let left = self.db.clone();
        *self = Self { connection: number, waiting: self.waiting.clone(), ..self.on(db, &config) };
        tokio::spawn(async move { left.close().await });
        true
    }

    /// Closes a connection that waits.
    pub(super) async fn disconnect(&self, number: ConnectionNumber) {
        if let Some((db, _)) = self.waiting.take(number) {
            db.close().await;
        }
    }
}
