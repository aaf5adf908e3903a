//! Reading lists: few statements of each at a time, and none for a question that a newer one has replaced before its turn.
//!
//! Nothing is broken off to make room. The database would work on it all the same until its time is up, beside what is asked
//! next: whoever types a word would have it search once for each letter, and keep every connection from everything else.

use std::collections::HashMap;
use std::mem::{Discriminant, discriminant};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::Worker;
use crate::action::Answer;
use crate::effect::Query;
use crate::store::Store;

/// Between two letters of a word there is less time.
const PAUSE: Duration = Duration::from_millis(200);
/// Statements of one list at a time: what is asked now does not wait for what was asked before, and half of the connections are
/// left for everything else.
const AT_A_TIME: usize = 2;

/// What is asked of each list.
#[derive(Clone, Default)]
pub(super) struct Fetches(Arc<Mutex<HashMap<Discriminant<Query>, Arc<Questions>>>>);

/// What is asked of one list.
struct Questions {
    /// The generation of the newest.
    newest: AtomicU64,
    turns: Semaphore,
}

impl Default for Questions {
    fn default() -> Self {
        Self { newest: AtomicU64::new(0), turns: Semaphore::new(AT_A_TIME) }
    }
}

impl Fetches {
    /// Takes note of a question, so that older ones of the same list are not begun any more.
    pub(super) fn supersede(&self, query: &Query, generation: u64) {
        self.of(query).newest.store(generation, Ordering::Relaxed);
    }

    fn of(&self, query: &Query) -> Arc<Questions> {
        let mut lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lists.entry(discriminant(query)).or_default())
    }
}

impl<S: Store> Worker<S> {
    /// Reads a list; nothing, where a newer question has come meanwhile, whose answer is the one that is waited for.
    pub(super) async fn fetch(&self, generation: u64, query: &Query, is_typed: bool) -> Option<Answer> {
        let questions = self.fetches.of(query);
        if is_typed {
            tokio::time::sleep(PAUSE).await;
        }
        let _turn = questions.turns.acquire().await.ok()?;
        let is_newest = questions.newest.load(Ordering::Relaxed) == generation;
        if !is_newest {
            return None;
        }
        Some(Answer::Rows { generation, rows: self.store.fetch(query).await })
    }
}
