//! The state of the dashboard, and how actions change it.
//!
//! [`App::update`] is pure: it reads no clock, waits for nothing and touches nothing outside, so that every sequence of
//! keys and answers can be tested. What it wants done comes back as effects.

mod approval;
mod browsing;
mod changes;
mod dialog;
mod list;
mod screen;

use std::time::Duration;

use authdb_shared::config::Config;
use authdb_shared::db::{AuthDb, Containing, DbError, Page, TokenRange, TokenSelection, TokensByMonth};
use authdb_shared::model::{AuthorizationFlow, DeviceFlow, RefreshToken, SubjectSummary};
use authdb_shared::{Policy, Timestamp};
pub use dialog::{Approve, Confirm, Dialog, Step};
pub use list::{Freshness, List, Row};
pub use screen::Screen;
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use crate::action::{Action, Answer, Rows};
use crate::command::Command;
use crate::draw;
use crate::effect::{Change, Effect, Query};

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
}

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

/// A database that does not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// When it last answered, by the host's clock.
    pub since: Timestamp,
    /// Why.
    pub reason: String,
}

/// How long good news stays. Bad news stays until a key is pressed.
const GOOD_NEWS: Duration = Duration::from_secs(8);
/// Screens in the background are read this many times less often.
const BACKGROUND: u32 = 5;
/// Months hardly change.
const MONTHS_INTERVAL: Duration = Duration::from_mins(1);

/// The state of the dashboard.
#[derive(Debug)]
pub struct App {
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
    /// Logins by user code.
    pub device_flows: List<DeviceFlow>,
    /// Logins by browser.
    pub authorization_flows: List<AuthorizationFlow>,
    /// Live tokens per subject.
    pub subjects: List<SubjectSummary>,
    /// Refresh tokens.
    pub tokens: List<RefreshToken>,
    /// Whose tokens are shown, and which.
    pub selection: TokenSelection,
    /// Tokens per month, once known.
    pub months: Option<TokensByMonth>,
    /// What lies over the screen.
    pub dialog: Option<Dialog>,
    /// The filter while it is typed.
    pub filter_input: Option<Input>,
    /// The message at the foot.
    pub notice: Option<Notice>,
    /// Set while the database does not answer.
    pub lost: Option<Lost>,
    /// A change that is under way.
    pub changing: Option<Change>,
    /// A defect that ends the program.
    pub defect: Option<String>,
    /// Set when the admin leaves while a change is under way: the program waits for it.
    pub is_leaving: bool,
    /// The first line of the open dialog that is shown.
    pub dialog_scroll: u16,
    /// The host's time of the last action.
    pub host_now: Timestamp,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    refresh_interval: Duration,
    /// The database's clock less the host's, in milliseconds.
    clock_offset: i64,
    months_asked_at: Option<Timestamp>,
    /// When the database last answered, by the host's clock.
    answered_at: Option<Timestamp>,
    /// What was typed into an approval while its code was looked up.
    type_ahead: Vec<Action>,
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
            place: place.to_owned(),
            server: server.to_owned(),
            read_only,
            policy: config.policy.clone(),
            screen: Screen::DeviceFlows,
            device_flows: List::default(),
            authorization_flows: List::default(),
            subjects: List::default(),
            tokens: List::default(),
            selection: TokenSelection::Everybody(TokenRange::Live),
            months: None,
            dialog: None,
            filter_input: None,
            notice: None,
            lost: None,
            changing: None,
            defect: None,
            is_leaving: false,
            dialog_scroll: 0,
            host_now: now,
            size,
            refresh_interval: config.dashboard.refresh_interval,
            clock_offset: 0,
            months_asked_at: None,
            answered_at: None,
            type_ahead: Vec::new(),
        }
    }

    /// The database's time, as far as it is known: what ages and time left are counted from.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let offset = Duration::from_millis(self.clock_offset.unsigned_abs());
        if self.clock_offset < 0 { self.host_now.before(offset) } else { self.host_now.after(offset) }
    }

    /// What keys mean at the moment.
    #[must_use]
    pub fn mode(&self) -> Mode {
        match &self.dialog {
            Some(Dialog::Help) => Mode::Reading,
            Some(Dialog::Confirm(_)) => Mode::Confirming,
            Some(Dialog::Approve(approve)) if approve.step == Step::Confirm => Mode::Confirming,
            Some(Dialog::Approve(_)) => Mode::Typing,
            None if self.filter_input.is_some() => Mode::Typing,
            None => Mode::Browsing,
        }
    }

    /// Takes in what happened at `now` (the host's time), and says what is to be done about it.
    pub fn update(&mut self, action: Action, now: Timestamp) -> Vec<Effect> {
        self.host_now = now;
        match action {
            Action::Command(command) => self.command(command),
            Action::Typed(key) => self.typed(key),
            Action::Resized { width, height } => {
                self.size = (width, height);
                Vec::new()
            }
            Action::Tick => self.tick(),
            Action::Answer(answer) => self.answer(*answer),
        }
    }

    fn command(&mut self, command: Command) -> Vec<Effect> {
        // A message has been read when the next key is pressed.
        self.notice = None;
        match command {
            Command::Quit if self.changing.is_some() && !self.is_leaving => {
                self.is_leaving = true;
                self.say(Tone::Plain, "Leaving as soon as the change is done. q leaves at once.".to_owned())
            }
            Command::Quit => vec![Effect::Quit],
            Command::Down | Command::Up if self.dialog.is_some() => self.scroll_dialog(command == Command::Down),
            Command::Confirm => self.confirm(),
            Command::Dismiss => self.dismiss(),
            _ => match self.unavailable(command) {
                Some(reason) => self.say(Tone::Plain, reason),
                None => self.browse(command),
            },
        }
    }

    /// Shows more of a dialog that is higher than the terminal.
    fn scroll_dialog(&mut self, is_down: bool) -> Vec<Effect> {
        let last = draw::hidden_dialog_lines(self);
        let scroll = self.dialog_scroll.min(last);
        self.dialog_scroll = if is_down { (scroll + 1).min(last) } else { scroll.saturating_sub(1) };
        Vec::new()
    }

    fn typed(&mut self, key: crossterm::event::KeyEvent) -> Vec<Effect> {
        let event = crossterm::event::Event::Key(key);
        if let Some(Dialog::Approve(approve)) = &mut self.dialog {
            // Which field it belongs to is known when the code has been looked up.
            if approve.looking_up.is_some() {
                self.type_ahead.push(Action::Typed(key));
                return Vec::new();
            }
            approve.error = None;
            if let Some(field) = approve.field() {
                field.handle_event(&event);
            }
            return Vec::new();
        }
        let Some(input) = &mut self.filter_input else { return Vec::new() };
        input.handle_event(&event);
        let filter = input.value().to_owned();
        if *self.filter() == filter {
            return Vec::new();
        }
        *self.filter_mut() = filter;
        vec![self.fetch(self.screen)]
    }

    fn confirm(&mut self) -> Vec<Effect> {
        match &self.dialog {
            Some(Dialog::Confirm(confirm)) if confirm.is_counting => Vec::new(),
            Some(Dialog::Confirm(confirm)) => {
                let change = confirm.change.clone();
                self.begin(change)
            }
            Some(Dialog::Approve(approve)) if approve.looking_up.is_some() => {
                self.type_ahead.push(Action::Command(Command::Confirm));
                Vec::new()
            }
            Some(Dialog::Approve(_)) => self.approval_step(),
            Some(Dialog::Help) => self.dismiss(),
            None => {
                self.filter_input = None;
                Vec::new()
            }
        }
    }

    fn dismiss(&mut self) -> Vec<Effect> {
        self.type_ahead.clear();
        self.dialog_scroll = 0;
        if let Some(Dialog::Approve(approve)) = &mut self.dialog
            && approve.back()
        {
            return Vec::new();
        }
        if self.dialog.take().is_some() {
            return Vec::new();
        }
        if self.filter_input.take().is_some() && !self.filter().is_empty() {
            self.filter_mut().clear();
            return vec![self.fetch(self.screen)];
        }
        Vec::new()
    }

    fn tick(&mut self) -> Vec<Effect> {
        let now = self.host_now;
        if self.notice.as_ref().is_some_and(|it| it.tone == Tone::Good && now.since(it.since) >= GOOD_NEWS) {
            self.notice = None;
        }
        let mut effects = Vec::new();
        for screen in Screen::ALL {
            let interval =
                if screen == self.screen { self.refresh_interval } else { self.refresh_interval * BACKGROUND };
            if self.is_due(screen, interval) {
                effects.push(self.fetch(screen));
            }
        }
        if self.months_asked_at.is_none_or(|asked| now.since(asked) >= MONTHS_INTERVAL) {
            self.months_asked_at = Some(now);
            effects.push(Effect::FetchMonths);
        }
        effects
    }

    fn is_due(&self, screen: Screen, interval: Duration) -> bool {
        let now = self.host_now;
        match screen {
            Screen::DeviceFlows => self.device_flows.is_due(now, interval),
            Screen::AuthorizationFlows => self.authorization_flows.is_due(now, interval),
            Screen::Subjects => self.subjects.is_due(now, interval),
            Screen::Tokens => self.tokens.is_due(now, interval),
        }
    }

    /// Asks for the rows of a screen.
    fn fetch(&mut self, screen: Screen) -> Effect {
        let now = self.host_now;
        let (generation, query) = match screen {
            Screen::DeviceFlows => {
                (self.device_flows.ask(now), Query::DeviceFlows(Containing::new(&self.device_flows.filter)))
            }
            Screen::AuthorizationFlows => {
                let containing = Containing::new(&self.authorization_flows.filter);
                (self.authorization_flows.ask(now), Query::AuthorizationFlows(containing))
            }
            Screen::Subjects => (self.subjects.ask(now), Query::Subjects(Containing::new(&self.subjects.filter))),
            Screen::Tokens => {
                let containing = Containing::new(&self.tokens.filter);
                (self.tokens.ask(now), Query::Tokens(self.selection.clone(), containing))
            }
        };
        Effect::Fetch { generation, query }
    }

    fn answer(&mut self, answer: Answer) -> Vec<Effect> {
        match answer {
            Answer::Rows { generation, rows } => self.rows(generation, rows),
            Answer::Months(Ok(months)) => self.months = Some(months),
            // The chart is an extra: what is wrong with the database shows on the lists.
            Answer::Months(Err(_)) => {}
            Answer::Flow { code, found } => return self.looked_up(&code, found),
            Answer::Revocable { subject, count } => self.counted(&subject, count),
            Answer::Changed(change, changed) => return self.changed(&change, changed),
            Answer::Defect(reason) => {
                self.defect = Some(reason);
                return vec![Effect::Quit];
            }
        }
        Vec::new()
    }

    fn rows(&mut self, generation: u64, rows: Rows) {
        let now = self.host_now;
        let outcome = match rows {
            Rows::DeviceFlows(page) => take_in(&mut self.device_flows, generation, page, now),
            Rows::AuthorizationFlows(page) => take_in(&mut self.authorization_flows, generation, page, now),
            Rows::Subjects(page) => take_in(&mut self.subjects, generation, page, now),
            Rows::Tokens(page) => take_in(&mut self.tokens, generation, page, now),
        };
        match outcome {
            TakenIn::Rows(database_now) => {
                self.clock_offset = database_now.unix_millis() - now.unix_millis();
                self.answered_at = Some(now);
                if self.lost.take().is_some() {
                    self.say(Tone::Good, "The database is back.".to_owned());
                }
            }
            TakenIn::Lost(reason) => {
                self.lost = Some(Lost { since: self.answered_at.unwrap_or(now), reason });
            }
            TakenIn::Nothing => {}
        }
    }

    /// The filter of the screen in view.
    #[must_use]
    pub fn filter(&self) -> &String {
        match self.screen {
            Screen::DeviceFlows => &self.device_flows.filter,
            Screen::AuthorizationFlows => &self.authorization_flows.filter,
            Screen::Subjects => &self.subjects.filter,
            Screen::Tokens => &self.tokens.filter,
        }
    }

    fn filter_mut(&mut self) -> &mut String {
        match self.screen {
            Screen::DeviceFlows => &mut self.device_flows.filter,
            Screen::AuthorizationFlows => &mut self.authorization_flows.filter,
            Screen::Subjects => &mut self.subjects.filter,
            Screen::Tokens => &mut self.tokens.filter,
        }
    }

    /// How fresh the rows of the screen in view are.
    #[must_use]
    pub fn freshness(&self) -> Freshness<'_> {
        let now = self.host_now;
        match self.screen {
            Screen::DeviceFlows => self.device_flows.freshness(now),
            Screen::AuthorizationFlows => self.authorization_flows.freshness(now),
            Screen::Subjects => self.subjects.freshness(now),
            Screen::Tokens => self.tokens.freshness(now),
        }
    }

    /// Says something at the foot of the screen.
    fn say(&mut self, tone: Tone, text: String) -> Vec<Effect> {
        self.notice = Some(Notice { text, tone, since: self.host_now });
        Vec::new()
    }

    /// Lines of the list in view.
    fn list_height(&self) -> usize {
        draw::list_height(self)
    }
}

enum TakenIn {
    Rows(Timestamp),
    Lost(String),
    Nothing,
}

fn take_in<R: Row>(list: &mut List<R>, generation: u64, page: Result<Page<R>, DbError>, now: Timestamp) -> TakenIn {
    match page {
        Ok(page) => {
            let database_now = page.now;
            if list.answer(generation, Ok(page), now) { TakenIn::Rows(database_now) } else { TakenIn::Nothing }
        }
        Err(error) => {
            let is_ours = list.answer(generation, Err(&error), now);
            if is_ours && error.is_connection_loss() { TakenIn::Lost(error.cause()) } else { TakenIn::Nothing }
        }
    }
}

#[cfg(test)]
mod tests;
