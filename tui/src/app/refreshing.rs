//! What is read by itself as time passes: the screen in view often, the others seldom.

use std::time::Duration;

use super::{App, Screen};
use crate::effect::Effect;

/// Screens in the background are read this many times less often.
const BACKGROUND: u32 = 5;
/// Months hardly change.
const MONTHS_INTERVAL: Duration = Duration::from_mins(1);

impl App {
    pub(super) fn tick(&mut self) -> Vec<Effect> {
        self.forget_good_news();
        let mut effects = if self.paused_at.is_some() { Vec::new() } else { self.read_what_is_due() };
        effects.extend(self.glances_due());
        effects
    }

    /// Whatever is due to be read anew: lists, what the screen in view shows besides, and months.
    pub(super) fn read_what_is_due(&mut self) -> Vec<Effect> {
        let now = self.host_now;
        let mut effects = Vec::new();
        // Nobody waits for the journal in the background.
        let in_view = self.screen;
        for screen in Screen::ALL.iter().filter(|it| **it != Screen::Journal || **it == in_view) {
            let interval = self.refresh_interval * if *screen == in_view { 1 } else { BACKGROUND };
            if self.reading(*screen).is_some_and(|reading| reading.is_list_due(now, interval)) {
                effects.extend(self.fetch(*screen));
            }
        }
        effects.extend(self.looks_due());
        let is_chart_in_view = in_view == Screen::Tokens;
        if self.months_asked_at.is_none_or(|asked| is_chart_in_view && now.since(asked) >= MONTHS_INTERVAL) {
            self.months_asked_at = Some(now);
            effects.push(Effect::FetchMonths);
        }
        effects
    }
}
