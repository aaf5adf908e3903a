//! Pausing: the rows stay as they were read, for somebody who wants to look at them in peace.
//!
//! Only what is read by itself stops. What was asked for is still read: a filter, what a change has touched, everything
//! anew. Whether a revocation holds is looked at all the same, because an alarm that comes late is none.
//!
//! A database that is lost is tried all the same, too: as long as it does not answer, nothing can be changed, and whoever
//! paused wants that no less than anybody. It is asked for its time and nothing else, so that what is shown stays as it is.

use authdb_shared::Timestamp;
use authdb_shared::db::DbError;

use super::{App, Screen, Tone};
use crate::effect::Effect;
use crate::look::{Look, SubjectLook};

impl App {
    pub(super) fn pause_or_resume(&mut self) -> Vec<Effect> {
        if self.paused_at.take().is_some() {
            return self.read_anew();
        }
        self.paused_at = Some(self.host_now);
        let key = self.keys.way_to(crate::command::Command::Pause);
        self.say(Tone::Plain, format!("Paused: nothing is read by itself until {key} is pressed again."))
    }

    /// Asks a lost database for its time, as often as it would be asked for the list in view.
    pub(super) fn probe_if_lost(&mut self) -> Vec<Effect> {
        if self.lost.is_none() || !self.probe.is_list_due(self.host_now, self.refresh_interval) {
            return Vec::new();
        }
        vec![Effect::Probe { generation: self.probe.ask(self.host_now) }]
    }

    /// Takes in whether it answers. What was read before the loss is not wrong for it, only old; what was asked for
    /// meanwhile in vain is asked for again.
    pub(super) fn probed(&mut self, generation: u64, answer: &Result<Timestamp, DbError>) -> Vec<Effect> {
        if !self.probe.is_answered(generation, answer, self.host_now) {
            return Vec::new();
        }
        match answer {
            Ok(now) => {
                self.has_answered(*now, self.probe.took());
                self.forget_the_loss();
                return self.ask_for_what_is_missing();
            }
            Err(error) if error.is_connection_loss() => self.has_not_answered(error.cause()),
            Err(_) => {}
        }
        Vec::new()
    }

    /// Asks for what is in view and was never read, and for lists whose filter was loosened.
    fn ask_for_what_is_missing(&mut self) -> Vec<Effect> {
        let in_view = self.screen;
        let is_missing = |screen: &Screen| {
            let list = self.list_of(*screen);
            list.is_some_and(|list| list.is_behind() || (*screen == in_view && list.reading().read_at.is_none()))
        };
        let missing: Vec<Screen> = Screen::ALL.iter().copied().filter(is_missing).collect();
        let mut effects: Vec<Effect> = missing.into_iter().filter_map(|screen| self.fetch(screen)).collect();
        let is_unread = |look: &Look| look.is_on(in_view) && self.looks.reading(*look).read_at.is_none();
        let unread: Vec<Look> = Look::ALL.into_iter().filter(is_unread).collect();
        effects.extend(unread.into_iter().map(|look| self.look(look)));
        effects
    }

    fn forget_the_loss(&mut self) {
        for screen in Screen::ALL {
            if let Some(list) = self.list_of_mut(*screen) {
                list.reading_mut().found_again();
            }
        }
        self.months.reading.found_again();
        for look in Look::ALL {
            self.looks.reading_mut(look).found_again();
        }
        for look in SubjectLook::ALL {
            self.subject.reading_mut(look).found_again();
        }
    }

    /// The program goes on after it was stopped: what has passed meanwhile is read, unless the admin paused before.
    pub(super) fn resumed(&mut self) -> Vec<Effect> {
        if self.paused_at.is_some() { Vec::new() } else { self.read_anew() }
    }

    /// Asks for the list of a screen that comes into view, unless its rows are to stay as they are, or are on their way:
    /// whoever goes through the screens does not have the database begin anew each time.
    pub(super) fn fetch_unless_paused(&mut self, screen: Screen) -> Vec<Effect> {
        let freshness = self.reading(screen).map(|reading| reading.freshness(self.host_now));
        let stays = freshness.is_some_and(|it| it.waiting.is_some() || (self.paused_at.is_some() && it.age.is_some()));
        if stays { Vec::new() } else { self.fetch(screen).into_iter().collect() }
    }
}
