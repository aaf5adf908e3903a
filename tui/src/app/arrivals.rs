//! Arrivals: rows that a refresh has brought, and that the admin may not have seen.
//!
//! Rows keep still under the cursor, so what is new often arrives out of sight. It is announced until the admin presses a key
//! while it stands in the list before their eyes, or goes to it; its row bears a sign for a while in any case. What counts
//! as new is decided by keys alone: a row is new if the list was read before and did not hold it. Where the last reading did
//! not reach the end, a row behind all that were known may only have moved up, and is not called new.

use std::collections::HashSet;
use std::hash::Hash;
use std::ops::Range;
use std::time::Duration;

use authdb_shared::Timestamp;
use authdb_shared::config::Bell;
use authdb_shared::liveness::FlowState;
use indexmap::IndexMap;

use super::App;
use super::list::List;
use crate::effect::Effect;
use crate::table::Row;

/// How long a row bears its sign, also when it has been seen.
const SIGN: Duration = Duration::from_secs(30);

/// Rows that came by a refresh.
#[derive(Debug)]
pub(super) struct Arrivals<K> {
    rows: IndexMap<K, Arrival>,
    /// Which refresh was the last.
    refresh: u64,
    /// Whether what comes next is about something else than what is there, so that nothing of it is new.
    is_about_something_else: bool,
}

#[derive(Clone, Copy, Debug)]
struct Arrival {
    at: Timestamp,
    refresh: u64,
    is_seen: bool,
}

impl<K> Default for Arrivals<K> {
    fn default() -> Self {
        Self { rows: IndexMap::new(), refresh: 0, is_about_something_else: true }
    }
}

impl<K: Eq + Hash> Arrivals<K> {
    /// Forgets all, because the list asks for something else from now on.
    pub(super) fn forget(&mut self) {
        *self = Self { refresh: self.refresh, ..Self::default() };
    }

    /// Takes in the keys before and after a refresh, in the order of their rows; whether all rows there are were known.
    pub(super) fn take_in(&mut self, before: &HashSet<K>, after: Vec<K>, was_whole: bool, now: Timestamp) {
        self.refresh += 1;
        let refresh = self.refresh;
        let present: HashSet<&K> = after.iter().collect();
        self.rows.retain(|key, it| present.contains(key) && (!it.is_seen || now.since(it.at) < SIGN));
        let is_comparable = !std::mem::take(&mut self.is_about_something_else);
        let end = match after.iter().rposition(|key| before.contains(key)) {
            _ if was_whole => after.len(),
            Some(last_known) => last_known,
            None => 0,
        };
        let new = after.into_iter().take(end).filter(|key| is_comparable && !before.contains(key));
        self.rows.extend(new.map(|key| (key, Arrival { at: now, refresh, is_seen: false })));
    }

    /// Whether any row has not been seen. Where none has come, no key need be asked for.
    fn has_unseen(&self) -> bool {
        self.rows.values().any(|it| !it.is_seen)
    }

    fn is_unseen(&self, key: &K) -> bool {
        self.rows.get(key).is_some_and(|it| !it.is_seen)
    }

    fn see(&mut self, key: &K) {
        if let Some(arrival) = self.rows.get_mut(key) {
            arrival.is_seen = true;
        }
    }
}

impl<R: Row> List<R> {
    /// How many of the rows that are shown are new and have not been seen.
    #[must_use]
    pub fn unseen(&self) -> usize {
        if !self.arrivals.has_unseen() {
            return 0;
        }
        self.shown().filter(|row| self.arrivals.is_unseen(&row.key())).count()
    }

    /// Whether a row bears the sign of a new one.
    #[must_use]
    pub fn is_new(&self, row: &R, now: Timestamp) -> bool {
        let is_recent = |it: &Arrival| !it.is_seen || now.since(it.at) < SIGN;
        !self.arrivals.rows.is_empty() && self.arrivals.rows.get(&row.key()).is_some_and(is_recent)
    }

    /// The rows shown that the last refresh has brought.
    pub(super) fn latest(&self) -> impl Iterator<Item = &R> {
        let is_latest = |it: &Arrival| it.refresh == self.arrivals.refresh;
        self.shown().filter(move |row| self.arrivals.rows.get(&row.key()).is_some_and(is_latest))
    }

    /// Takes the rows in these places for seen.
    pub(super) fn see(&mut self, places: Range<usize>) {
        if self.arrivals.rows.is_empty() {
            return;
        }
        let keys: Vec<R::Key> = places.filter_map(|index| self.shown_at(index)).map(Row::key).collect();
        for key in &keys {
            self.arrivals.see(key);
        }
    }

    /// Moves the cursor to the first new row that has not been seen, which is seen by that.
    pub(super) fn choose_unseen(&mut self, height: usize) {
        let place = self.shown().position(|row| self.arrivals.is_unseen(&row.key()));
        if let Some(index) = place {
            self.select(index, height);
            self.see(index..index + 1);
        }
    }
}

impl App {
    /// A key is pressed in front of the list in view: what stands there has been seen.
    pub(super) fn see_what_is_in_view(&mut self) {
        if self.dialog.is_some() {
            return;
        }
        let height = self.list_height();
        if let Some(list) = self.list_mut() {
            let first = list.offset(height);
            list.see(first..first + height);
        }
    }

    /// Goes to the next new row.
    pub(super) fn go_to_new(&mut self) -> Vec<Effect> {
        let height = self.list_height();
        self.with_list(|list| list.choose_unseen(height))
    }

    /// Why there is no new row to go to.
    pub(crate) fn has_nothing_new(&self) -> Option<String> {
        let is_any = self.list().is_some_and(|list| list.unseen() > 0);
        (!is_any).then(|| "No row has come that you have not seen.".to_owned())
    }

    /// Rings once where the last refresh has brought a code that waits for somebody.
    pub(super) fn ring(&self) -> Vec<Effect> {
        let (now, policy) = (self.now(), &self.policy);
        let waits = self.device_flows.latest().any(|flow| matches!(flow.state(now, policy), FlowState::Pending { .. }));
        if self.bell == Bell::Rings && waits { vec![Effect::Ring] } else { Vec::new() }
    }
}
