//! The state of the dashboard, and how actions change it.
//!
//! [`App::update`] is pure: it reads no clock, waits for nothing and touches nothing outside, so that every sequence of
//! keys and answers can be tested. What it wants done comes back as effects.

mod approval;
mod arrivals;
mod availability;
mod browse;
mod browsing;
mod columns;
mod contexts;
mod copying;
mod dialog;
mod exporting;
mod list;
mod looks;
mod marks;
mod notice;
mod one_subject;
mod palette;
mod pausing;
mod plan_dialog;
mod planning;
mod pointing;
mod privacy;
mod reading;
mod refreshing;
mod registration;
mod reports;
mod rows;
mod screen;
mod theme;
mod typing;
mod watches;
mod work;

use std::sync::Arc;
use std::time::Duration;

use authdb_shared::config::{Bell, Config, ContextConfig};
use authdb_shared::db::{AdminAction, AuthDb, TokensByMonth};
use authdb_shared::model::{AuthorizationFlow, DeviceFlow, RefreshToken, SubjectSummary};
use authdb_shared::{Policy, Timestamp};
pub use browse::{Browse, Cell};
pub use columns::{Columns, Shown, names as column_names};
pub use contexts::Contexts;
pub use dialog::{Approve, Dialog, Step};
pub use exporting::Exporting;
pub use list::{List, Sort};
pub use looks::Looks;
pub use notice::{Notice, Tone};
pub use one_subject::SubjectLooks;
pub use palette::{Found, Palette, Way};
pub use plan_dialog::{PlanDialog, PlanField, Reasons};
pub use pointing::Mouse;
pub use reading::{Freshness, Reading, Slot};
pub(crate) use refreshing::MONTHS_INTERVAL;
pub use registration::{CANDIDATES, Registration};
pub use reports::{Ended, Reports};
pub use screen::Screen;
use tui_input::Input;
pub use watches::{Blindness, Glance, Glanced, Sight, Watch, Watches};
pub use work::{StepTimes, Work};

use crate::action::{Action, Answer};
use crate::command::Command;
use crate::connecting::ConnectionNumber;
use crate::draw;
use crate::effect::{Effect, TokenView};
use crate::keymap::Keymap;
use crate::table::Viewpoint;
use crate::telling::Telling;
use crate::veil::Veil;

/// What keys mean at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Commands.
    Browsing,
    /// Text for a field.
    Typing,
    /// Yes or no.
    Confirming,
    /// Nothing but leaving.
    Reading,
    /// Nothing but stopping the work, and leaving the program.
    Working,
}

/// A database that does not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// When it last answered, by the host's clock.
    pub since: Timestamp,
    /// Why.
    pub reason: String,
}

/// The state of the dashboard.
#[derive(Debug)]
pub struct App {
    /// The name of the context that is worked in.
    pub context_name: String,
    /// Whether it is one of production.
    pub is_production: bool,
    /// Every context that can be chosen.
    pub contexts: Vec<ContextConfig>,
    /// The database as people know it.
    pub place: String,
    /// The server and its version.
    pub server: String,
    /// Whether nothing can be changed.
    pub read_only: bool,
    /// Lifetimes and retentions.
    pub policy: Policy,
    /// The screen in view.
    pub screen: Screen,
    /// Which keys give which command.
    pub keys: Keymap,
    /// Logins by user code.
    pub device_flows: List<DeviceFlow>,
    /// Logins by browser.
    pub authorization_flows: List<AuthorizationFlow>,
    /// Live tokens per subject.
    pub subjects: List<SubjectSummary>,
    /// Refresh tokens.
    pub tokens: List<RefreshToken>,
    /// Whose tokens are shown, and which.
    pub selection: TokenView,
    /// What was seen of the subject whose tokens are shown.
    pub subject: SubjectLooks,
    /// What was changed by hand.
    pub journal: List<AdminAction>,
    /// What the other screens have seen.
    pub looks: Looks,
    /// The first line that is shown of a screen that is no list.
    pub page_scroll: u16,
    /// Tokens per month, for the chart.
    pub months: Slot<TokensByMonth>,
    /// What lies over the screen.
    pub dialog: Option<Dialog>,
    /// Who can be approved.
    pub registration: Registration,
    /// The filter while it is typed.
    pub filter_input: Option<Input>,
    /// The message at the foot.
    pub notice: Option<Notice>,
    /// Set while the database does not answer.
    pub lost: Option<Lost>,
    /// The changes that are under way.
    pub work: Option<Work>,
    /// What became of work.
    reports: Reports,
    /// Who is watched after a revocation.
    pub watches: Watches,
    /// Whether a change needs a reason.
    pub reasons: Reasons,
    /// A defect that ends the program.
    pub defect: Option<String>,
    /// Set when the admin leaves while a change is under way: the program waits for it.
    pub is_leaving: bool,
    /// The first line of the open dialog that is shown.
    pub dialog_scroll: u16,
    /// The host's time of the last action.
    pub host_now: Timestamp,
    /// When the admin last did something, by the host's clock.
    used_at: Timestamp,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Colours and characters.
    pub appearance: draw::Appearance,
    /// Which columns the lists show.
    pub columns: Columns,
    /// Whether a new device code that waits is told by the terminal's bell.
    pub bell: Bell,
    /// Whose the mouse is.
    pub mouse: Mouse,
    /// How times are told.
    pub telling: Telling,
    /// What hides who people are.
    pub veil: Arc<Veil>,
    refresh_interval: Duration,
    /// The database's clock less the host's, in milliseconds.
    clock_offset: i64,
    /// When the database last answered, by the host's clock.
    answered_at: Option<Timestamp>,
    /// What was typed into an approval while its code was looked up.
    type_ahead: Vec<Action>,
    /// Since when nothing is read any more, by the host's clock.
    pub paused_at: Option<Timestamp>,
    /// The state of trying a lost database while nothing is read.
    probe: Reading,
    /// The connection that is worked on.
    connection: ConnectionNumber,
    /// The last one that was asked for.
    last_connection: ConnectionNumber,
    /// Plans that were asked for so far, and works that were begun.
    plans_asked: u64,
    works_begun: u64,
}

impl App {
    /// The dashboard of `db`, called `place`, before anything was read.
    #[must_use]
    pub fn new(db: &AuthDb, place: &str, config: &Config, size: (u16, u16), now: Timestamp) -> Self {
        Self::unconnected(place, &db.server(), db.is_read_only(), config, size, now)
    }

    /// The same without a database behind it.
    #[must_use]
    pub fn unconnected(
        place: &str,
        server: &str,
        read_only: bool,
        config: &Config,
        size: (u16, u16),
        now: Timestamp,
    ) -> Self {
        Self {
            context_name: config.context.name.clone(),
            is_production: config.context.is_production,
            contexts: config.contexts.clone(),
            place: place.to_owned(),
            server: server.to_owned(),
            read_only,
            policy: config.policy.clone(),
            screen: Screen::FIRST,
            keys: Keymap::default(),
            device_flows: List::default(),
            authorization_flows: List::default(),
            subjects: List::default(),
            tokens: List::default(),
            selection: TokenView::Live,
            subject: SubjectLooks::default(),
            journal: List::default(),
            looks: Looks::default(),
            page_scroll: 0,
            months: Slot::default(),
            dialog: None,
            registration: Registration::at(config.approval.registry.as_ref().map(ToString::to_string)),
            filter_input: None,
            notice: None,
            lost: None,
            work: None,
            reports: Reports::default(),
            watches: Watches::default(),
            reasons: if config.dashboard.require_reason { Reasons::Required } else { Reasons::Optional },
            defect: None,
            is_leaving: false,
            dialog_scroll: 0,
            host_now: now,
            used_at: now,
            size,
            appearance: draw::Appearance { theme: config.dashboard.theme, ..draw::Appearance::default() },
            columns: Columns::default(),
            bell: config.dashboard.bell,
            mouse: if config.dashboard.mouse { Mouse::Taken } else { Mouse::Left },
            veil: Arc::new(Veil::of(&config.dashboard)),
            telling: Telling { times: config.dashboard.times, ..Telling::default() },
            refresh_interval: config.dashboard.refresh_interval,
            clock_offset: 0,
            answered_at: None,
            type_ahead: Vec::new(),
            paused_at: None,
            probe: Reading::default(),
            connection: ConnectionNumber::default(),
            last_connection: ConnectionNumber::default(),
            plans_asked: 0,
            works_begun: 0,
        }
    }

    /// The database's time, as far as it is known: what ages and time left are counted from.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let offset = Duration::from_millis(self.clock_offset.unsigned_abs());
        if self.clock_offset < 0 { self.host_now.before(offset) } else { self.host_now.after(offset) }
    }

    /// What the fields of rows depend on besides their rows.
    #[must_use]
    pub fn viewpoint(&self) -> Viewpoint {
        Viewpoint { now: self.now(), policy: self.policy.clone(), telling: self.telling, veil: Arc::clone(&self.veil) }
    }

    /// What keys mean at the moment.
    #[must_use]
    pub fn mode(&self) -> Mode {
        match &self.dialog {
            Some(Dialog::Help | Dialog::Details | Dialog::Ended(_) | Dialog::Watches) => Mode::Reading,
            Some(Dialog::Plan(plan)) => plan.mode(),
            Some(Dialog::Work) => Mode::Working,
            Some(Dialog::Approve(_) | Dialog::Palette(_) | Dialog::Export(_) | Dialog::Contexts(_)) => Mode::Typing,
            None if self.filter_input.is_some() => Mode::Typing,
            None => Mode::Browsing,
        }
    }

    /// Takes in what happened at `now` (the host's time), and says what is to be done about it.
    pub fn update(&mut self, action: Action, now: Timestamp) -> Vec<Effect> {
        self.host_now = now;
        if !matches!(action, Action::Tick | Action::Answer { .. }) {
            self.used_at = now;
        }
        // Whoever steps from one new row to the next means to see each.
        if matches!(action, Action::Command(command) if command != Command::GoToNew) {
            self.see_what_is_in_view();
        }
        let (is_typed, is_tick) =
            (matches!(action, Action::Typed(_) | Action::Pasted(_)), matches!(action, Action::Tick));
        let effects = match action {
            Action::Command(command) => self.command(command),
            Action::Typed(key) => self.typed(key),
            Action::Pasted(text) => self.pasted(&text),
            Action::Resized { width, height } => {
                self.size = (width, height);
                Vec::new()
            }
            Action::Clicked { x, y } => self.clicked(x, y),
            Action::Wheel { is_down } => self.turned(is_down),
            Action::Resumed => self.resumed(),
            Action::Tick => self.tick(),
            Action::Answer { connection, answer } if connection == self.connection => self.answer(*answer),
            Action::Answer { answer, .. } => self.late(*answer),
        };
        self.show_report();
        // Time passes often, and nobody comes with it.
        if !is_tick {
            self.learn(is_typed);
        }
        effects
    }

    fn command(&mut self, command: Command) -> Vec<Effect> {
        // A message has been read when the next key is pressed.
        self.notice = None;
        match command {
            Command::Quit if self.work.is_some() && !self.is_leaving => {
                self.is_leaving = true;
                // The dialog of the work has keys of its own.
                let (stop, quit) = match self.dialog {
                    Some(Dialog::Work) => (" Esc stops it before.", "q".to_owned()),
                    _ => ("", self.keys.way_to(Command::Quit)),
                };
                self.say(Tone::Plain, format!("Leaving as soon as the change is done.{stop} {quit} leaves at once."))
            }
            Command::Quit => vec![Effect::Quit],
            command if matches!(self.dialog, Some(Dialog::Watches)) && command.scrolls() => self.choose_watch(command),
            command if self.dialog.is_some() && command.scrolls() => self.scroll_dialog(command),
            Command::Suspend => match self.cannot_suspend() {
                Some(reason) => self.say(Tone::Plain, reason),
                None => vec![Effect::Suspend],
            },
            Command::Confirm => self.confirm(),
            Command::Dismiss => self.dismiss(),
            _ => match self.unavailable(command) {
                Some(reason) => self.say(Tone::Plain, reason),
                None => self.browse(command),
            },
        }
    }

    /// Shows another part of a dialog that is higher than the terminal.
    fn scroll_dialog(&mut self, command: Command) -> Vec<Effect> {
        let last = draw::hidden_dialog_lines(self);
        let (scroll, page) = (self.dialog_scroll.min(last), (self.size.1 / 2).max(1));
        self.dialog_scroll = match command {
            Command::Down => scroll + 1,
            Command::PageDown => scroll + page,
            Command::Up => scroll.saturating_sub(1),
            Command::PageUp => scroll.saturating_sub(page),
            Command::Last => last,
            _ => 0,
        }
        .min(last);
        Vec::new()
    }

    fn answer(&mut self, answer: Answer) -> Vec<Effect> {
        match answer {
            Answer::Rows { generation, rows } => return self.rows(generation, rows),
            Answer::Seen { generation, seen } => self.seen(generation, seen),
            Answer::Probed { generation, now } => return self.probed(generation, &now),
            Answer::SeenOfSubject { generation, seen } => self.seen_of_subject(generation, seen),
            Answer::Months { generation, months } => {
                self.months.answer(generation, months, self.host_now);
            }
            Answer::Registry(read) => return self.registry_read(read),
            Answer::Subjects { vo, found } => self.subjects_found(vo, found),
            Answer::Flow { code, found } => return self.looked_up(&code, found),
            Answer::Planned { generation, plan } => return self.planned(generation, plan),
            Answer::StepTaken { number, step, times, fate } => return self.step_taken(number, &step, times, fate),
            Answer::StepGoesOn { number, rows } => self.step_goes_on(number, rows),
            Answer::WorkEnded { number, broken_by } => return self.work_ended(number, broken_by),
            Answer::Glanced(seen) => return self.glanced(seen),
            Answer::Exported { export, result } => return self.exported(&export, result),
            Answer::Connected { number, arrival } => return self.connected(number, arrival),
            Answer::Defect(reason) => {
                self.defect = Some(reason);
                return vec![Effect::Quit];
            }
        }
        Vec::new()
    }

    /// Lines of the list in view.
    fn list_height(&self) -> usize {
        draw::list_height(self)
    }
}

#[cfg(test)]
pub(crate) mod tests;
