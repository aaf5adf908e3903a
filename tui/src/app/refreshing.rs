//! What is read by itself as time passes: the screen in view often, the others seldom.

use std::time::Duration;

use super::{App, Screen};
use crate::effect::Effect;
use crate::look::Look;

/// Screens in the background are read this many times less often.
const BACKGROUND: u32 = 5;
/// Months hardly change.
pub(crate) const MONTHS_INTERVAL: Duration = Duration::from_mins(1);
/// Whoever used the dashboard this little ago is taken to look at it.
const ATTENTION: Duration = Duration::from_secs(15);

impl App {
    pub(super) fn tick(&mut self) -> Vec<Effect> {
        self.forget_good_news();
        let mut effects = if self.paused_at.is_some() { self.probe_if_lost() } else { self.read_what_is_due() };
        effects.extend(self.glances_due());
        effects
    }

    /// How often lists are meant to be read that are not in view.
    pub(crate) fn background_interval(&self) -> Duration {
        self.refresh_interval * BACKGROUND
    }

    /// Whether somebody used the dashboard a moment ago.
    fn is_attended(&self) -> bool {
        self.host_now.since(self.used_at) < ATTENTION
    }

    /// Whether a list may cost the database as much as reading every live token.
    fn is_costly(&self, screen: Screen) -> bool {
        match screen {
            Screen::Subjects => true,
            Screen::Tokens => !self.tokens.filter().is_empty(),
            _ => false,
        }
    }

    /// Whatever is due to be read anew: lists, what the screen in view shows besides, and months.
    pub(super) fn read_what_is_due(&mut self) -> Vec<Effect> {
        let now = self.host_now;
        let mut effects = Vec::new();
        let in_view = self.screen;
        effects.extend(self.looks_due());
        let looks_for_subjects = effects.iter().any(|it| matches!(it, Effect::Look { look: Look::Top, .. }));
        for screen in Screen::ALL {
            let interval = if *screen == in_view { self.refresh_interval } else { self.background_interval() };
            let is_due = self.reading(*screen).is_some_and(|reading| match *screen {
                // Somebody who is not there needs no sum of all tokens, and no search through them, every few seconds.
                screen if screen == in_view && self.is_costly(screen) && !self.is_attended() => {
                    reading.is_due(now, interval)
                }
                screen if screen == in_view => reading.is_list_due(now, interval),
                // Nobody waits for the journal in the background.
                Screen::Journal => false,
                // Who stands on the overview comes from the same sum.
                Screen::Subjects if in_view == Screen::Overview && reading.read_at.is_some() => {
                    looks_for_subjects && reading.has_passed(now, interval)
                }
                Screen::Subjects | Screen::Tokens => reading.is_due(now, interval),
                // What waits for somebody is announced on every screen.
                _ => reading.is_list_due(now, interval),
            });
            if is_due {
                effects.extend(self.fetch(*screen));
            }
        }
        let is_chart_wanted = in_view == Screen::Tokens || !self.months.reading.was_asked();
        if is_chart_wanted && self.months.reading.is_due(now, MONTHS_INTERVAL) {
            effects.push(self.fetch_months());
        }
        effects
    }

    /// Asks for the tokens per month.
    pub(super) fn fetch_months(&mut self) -> Effect {
        Effect::FetchMonths { generation: self.months.reading.ask(self.host_now) }
    }
}
