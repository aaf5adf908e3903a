//! How the dashboard looks and how it tells times, which can be changed while it runs.

use super::{App, Tone};
use crate::effect::Effect;

impl App {
    /// Goes on to the next theme, and says which that is.
    pub(super) fn switch_theme(&mut self) -> Vec<Effect> {
        if self.appearance.is_colourless {
            return self.say(Tone::Plain, "NO_COLOR is set, so that no theme has colours.".to_owned());
        }
        let theme = self.appearance.next_theme();
        self.appearance.theme = theme;
        self.say(Tone::Good, format!("Theme: {0}. To keep it: [dashboard] theme = \"{0}\"", theme.name()))
    }

    /// Tells times in the next way, and says which that is. A filter means times as they are told, so it is read again.
    pub(super) fn switch_times(&mut self) -> Vec<Effect> {
        let times = self.telling.next();
        self.telling.times = times;
        self.rearrange();
        self.say(Tone::Good, format!("Times: {0}. To keep it: [dashboard] times = \"{0}\"", times.name()))
    }
}
