//! Keys and answers in, state and effects out: the harness that the tests of the dashboard's decisions share.

mod anomalies;
mod appearance;
mod approvals;
mod arrivals;
mod ceremony;
mod chart;
mod contexts;
mod copying;
mod details;
mod directions;
mod emptiness;
mod exporting;
mod filters;
mod head;
mod keys;
mod list;
pub(crate) mod looks;
mod one_subject;
mod overview;
mod palette;
mod pausing;
mod plans;
mod pointing;
mod privacy;
mod resting;
mod screens;
mod sight;
mod subject_pictures;
mod suspending;
mod times;
mod views;
mod watches;
mod work;

use authdb_shared::clock;
use authdb_shared::config::Sources;
use authdb_shared::db::{DbError, FlowFilter, LivenessFilter, Page};
use authdb_shared::ids::{Jti, Subject, UserCode};
use authdb_shared::model::{FlowStatus, Scope, TokenStatus};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;
use authdb_shared::session_plan::{HeldTokens, PlanStep, SessionPlan, StepFate};

use crate::action::Rows;
use crate::effect::Query;
use crate::keymap;

pub(crate) const NOW: i64 = 1_795_000_000_000;

/// A dashboard without a database: keys go in, effects come out, and the test answers for the worker.
struct Harness {
    app: App,
    now: Timestamp,
    effects: Vec<Effect>,
}

pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(millis).expect("within the calendar")
}

pub(crate) fn flow(code: &str, status: FlowStatus, age_seconds: i64) -> DeviceFlow {
    DeviceFlow {
        user_code: UserCode::from_stored(code.to_owned()),
        status,
        created: Some(at(NOW - age_seconds * 1000)),
        client_id: "myDIRACClientID".to_owned(),
        scope: Scope::from_stored("vo:lhcb group:lhcb_user".to_owned()),
        sub: None,
    }
}

pub(crate) fn subject(name: &str) -> Subject {
    Subject::new(name).expect("a subject of this test")
}

pub(crate) fn token(status: TokenStatus, name: &str) -> RefreshToken {
    RefreshToken {
        jti: Jti::issue(at(NOW - 60_000), &mut clock::randomness()),
        status,
        scope: Scope::from_stored("vo:lhcb group:lhcb_user".to_owned()),
        subject: Some(subject(name)),
    }
}

pub(crate) fn page<T>(rows: Vec<T>) -> Page<T> {
    Page::whole(rows, at(NOW))
}

fn lost() -> DbError {
    DbError::Lost { attempt: "listing", place: "AuthDB at db".to_owned(), reason: "connection refused".to_owned() }
}

impl Harness {
    /// On the device flows, where most of what is tested can be seen.
    fn new(read_only: bool) -> Self {
        let sources =
            Sources::default().with_variable("AUTHDB_CONFIG", concat!(env!("CARGO_MANIFEST_DIR"), "/../config.toml"));
        let config = Config::load(&sources).expect("the configuration of the repository");
        let mut app = App::unconnected("AuthDB at db", "MariaDB 10.11.19", read_only, &config, (80, 24), at(NOW));
        app.screen = Screen::DeviceFlows;
        Self { app, now: at(NOW), effects: Vec::new() }
    }

    fn with_flows(flows: Vec<DeviceFlow>) -> Self {
        let mut harness = Self::new(false);
        harness.flows(Ok(page(flows)));
        harness
    }

    fn with_tokens(tokens: Vec<RefreshToken>) -> Self {
        let mut harness = Self::new(false);
        harness.key('5');
        let generation = harness.last_generation();
        harness.answer(Answer::Rows { generation, rows: Rows::Tokens(Ok(page(tokens))) });
        harness
    }

    fn act(&mut self, action: Action) {
        let effects = self.app.update(action, self.now);
        self.effects.extend(effects);
    }

    fn answer(&mut self, answer: Answer) {
        let connection = self.app.connection;
        self.act(Action::Answer { connection, answer: Box::new(answer) });
    }

    fn paste(&mut self, text: &str) {
        self.act(keymap::action(&self.app, &Event::Paste(text.to_owned())).expect("a paste means something"));
    }

    fn press(&mut self, code: KeyCode) {
        let modifiers = match code {
            KeyCode::Char(letter) if letter.is_ascii_uppercase() => KeyModifiers::SHIFT,
            _ => KeyModifiers::NONE,
        };
        if let Some(action) = keymap::action(&self.app, &Event::Key(KeyEvent::new(code, modifiers))) {
            self.act(action);
        }
    }

    fn key(&mut self, letter: char) {
        self.press(KeyCode::Char(letter));
    }

    fn type_in(&mut self, text: &str) {
        text.chars().for_each(|letter| self.key(letter));
    }

    /// Answers the newest question about device flows.
    fn flows(&mut self, rows: Result<Page<DeviceFlow>, DbError>) {
        let effect = self.app.fetch(Screen::DeviceFlows);
        let Some(Effect::Fetch { generation, .. }) = effect else { panic!("{effect:?} is no question") };
        self.answer(Answer::Rows { generation, rows: Rows::DeviceFlows(rows) });
    }

    fn last_generation(&self) -> u64 {
        let asked = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Fetch { generation, .. } => Some(*generation),
            _ => None,
        });
        asked.expect("a list was asked for")
    }

    /// The steps of the works that were begun.
    fn changes(&self) -> Vec<&PlanStep> {
        let steps = |effect: &'_ Effect| matches!(effect, Effect::Work { .. });
        let works = self.effects.iter().filter(|effect| steps(effect));
        works.flat_map(|effect| if let Effect::Work { steps, .. } = effect { steps.as_slice() } else { &[] }).collect()
    }

    /// Answers the last request for a plan.
    fn planned(&mut self, plan: SessionPlan) {
        let generation = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Plan { generation, .. } => Some(*generation),
            _ => None,
        });
        let generation = generation.expect("a plan was asked for");
        self.answer(Answer::Planned { generation, plan: Ok(plan) });
    }

    /// The number of the last work that was begun.
    fn work_number(&self) -> u64 {
        let number = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Work { number, .. } => Some(*number),
            _ => None,
        });
        number.expect("work was begun")
    }

    /// Answers for the worker that a step was taken.
    fn step(&mut self, step: &PlanStep, fate: StepFate) {
        let (number, step) = (self.work_number(), step.clone());
        let times = StepTimes { began: at(NOW), ended: Some(at(NOW)) };
        self.answer(Answer::StepTaken { number, step, times, fate });
    }

    /// Answers for the worker that no more steps are taken.
    fn end_work(&mut self, broken_by: Option<&str>) {
        let number = self.work_number();
        self.answer(Answer::WorkEnded { number, broken_by: broken_by.map(str::to_owned) });
    }

    fn filter(&self) -> &str {
        self.app.list().map_or("", |list| list.filter().text())
    }

    fn notice(&self) -> &str {
        self.app.notice.as_ref().map_or("", |notice| notice.text.as_str())
    }

    /// The words on the screen, however they are wrapped inside of a box.
    fn says(&mut self, sentence: &str) -> bool {
        let letters = |text: &str| -> String {
            text.chars().filter(|it| !it.is_whitespace() && !"│\"".contains(*it)).collect()
        };
        letters(&self.screen(80, 24)).contains(&letters(sentence))
    }

    /// The screen as text.
    fn screen(&mut self, width: u16, height: u16) -> String {
        self.act(Action::Resized { width, height });
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal in memory");
        terminal.draw(|frame| draw::draw(&self.app, frame)).expect("drawing in memory");
        terminal.backend().to_string()
    }
}
