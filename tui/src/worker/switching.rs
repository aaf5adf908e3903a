//! What the worker does of contexts: connects to another, and goes on with that connection once the dashboard takes it.
//!
//! A connection that was made waits beside the one in use. Until the dashboard adopts it, nothing is asked of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use authdb_shared::Error;
use authdb_shared::config::{Config, ContextConfig};

use super::Worker;
use super::fetching::Fetches;
use crate::action::Answer;
use crate::connecting::{self, Arrival, ConnectionNumber, ContextError};
use crate::store::Store;

/// Connections that nobody uses yet.
#[derive(Clone)]
pub(super) struct Waiting<S>(Arc<Mutex<HashMap<ConnectionNumber, S>>>);

impl<S> Default for Waiting<S> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<S> Waiting<S> {
    fn add(&self, number: ConnectionNumber, store: S) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(number, store);
    }

    fn take(&self, number: ConnectionNumber) -> Option<S> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&number)
    }
}

impl<S: Store> Worker<S> {
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
        let store = self.store.connect(&config?).await.map_err(Error::from)?;
        let arrival = store.arrival();
        self.waiting.add(number, store);
        Ok(Box::new(arrival))
    }

    /// Goes on with a connection that waits, and closes the one before. False if there is none of that number.
    pub(crate) fn adopt(&mut self, number: ConnectionNumber) -> bool {
        let Some(store) = self.waiting.take(number) else { return false };
        let left = std::mem::replace(&mut self.store, store);
        self.connection = number;
        // What the other one still works on takes no turn of what is asked of this one.
        self.fetches = Fetches::default();
        tokio::spawn(async move { left.close().await });
        true
    }

    /// Closes a connection that waits.
    pub(super) async fn disconnect(&self, number: ConnectionNumber) {
        if let Some(store) = self.waiting.take(number) {
            store.close().await;
        }
    }
}
