//! Pausing: the rows stay as they were read, for somebody who wants to look at them in peace.
//!
//! Only what is read by itself stops. What was asked for is still read: a filter, what a change has touched, everything
//! anew. Whether a revocation holds is looked at all the same, because an alarm that comes late is none.

use super::{App, Screen, Tone};
use crate::effect::Effect;

impl App {
    pub(super) fn pause_or_resume(&mut self) -> Vec<Effect> {
        if self.paused_at.take().is_some() {
            return self.read_anew();
        }
        self.paused_at = Some(self.host_now);
        let key = self.keys.way_to(crate::command::Command::Pause);
        self.say(Tone::Plain, format!("Paused: nothing is read by itself until {key} is pressed again."))
    }

    /// Asks for the list of a screen that comes into view, unless its rows are to stay as they are, or are on their way:
    /// whoever goes through the screens does not have the database begin anew each time.
    pub(super) fn fetch_unless_paused(&mut self, screen: Screen) -> Vec<Effect> {
        let freshness = self.reading(screen).map(|reading| reading.freshness(self.host_now));
        let stays = freshness.is_some_and(|it| it.waiting.is_some() || (self.paused_at.is_some() && it.age.is_some()));
        if stays { Vec::new() } else { self.fetch(screen).into_iter().collect() }
    }
}
