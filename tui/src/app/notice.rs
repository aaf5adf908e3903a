//! Messages at the foot of the screen: what was done, and what was not and why.

use std::time::Duration;

use authdb_shared::Timestamp;

use super::App;
use crate::effect::Effect;

/// How good the news is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Done.
    Good,
    /// Not possible at the moment.
    Plain,
    /// Refused or failed.
    Bad,
}

/// A message at the foot of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What to say.
    pub text: String,
    /// How.
    pub tone: Tone,
    since: Timestamp,
}

/// How long good news stays. Bad news stays until a key is pressed.
const GOOD_NEWS: Duration = Duration::from_secs(8);

impl App {
    /// Says something at the foot of the screen.
    pub(super) fn say(&mut self, tone: Tone, text: String) -> Vec<Effect> {
        self.notice = Some(Notice { text, tone, since: self.host_now });
        Vec::new()
    }

    /// Says good news that nobody asked for, unless bad news stands there, which somebody may not have read yet.
    pub(super) fn say_in_passing(&mut self, text: &str) {
        if self.notice.as_ref().is_none_or(|it| it.tone != Tone::Bad) {
            self.say(Tone::Good, text.to_owned());
        }
    }

    /// Takes good news away that has been there for long.
    pub(super) fn forget_good_news(&mut self) {
        let now = self.host_now;
        if self.notice.as_ref().is_some_and(|it| it.tone == Tone::Good && now.since(it.since) >= GOOD_NEWS) {
            self.notice = None;
        }
    }
}
