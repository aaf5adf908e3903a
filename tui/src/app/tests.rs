//! Keys and answers in, state and effects out.

use authdb_shared::clock;
use authdb_shared::config::Sources;
use authdb_shared::db::{ApproveRefusal, RevokedSubject};
use authdb_shared::ids::{Jti, Subject, UserCode};
use authdb_shared::model::{FlowStatus, Scope, TokenStatus};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;
use crate::action::Changed;
use crate::keymap;

const NOW: i64 = 1_795_000_000_000;

/// A dashboard without a database: keys go in, effects come out, and the test answers for the worker.
struct Harness {
    app: App,
    now: Timestamp,
    effects: Vec<Effect>,
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(millis).expect("within the calendar")
}

fn flow(code: &str, status: FlowStatus, age_seconds: i64) -> DeviceFlow {
    DeviceFlow {
        user_code: UserCode::from_stored(code.to_owned()),
        status,
        created: Some(at(NOW - age_seconds * 1000)),
        client_id: "myDIRACClientID".to_owned(),
        scope: Scope::from_stored("vo:lhcb group:lhcb_user".to_owned()),
        sub: None,
    }
}

fn subject(name: &str) -> Subject {
    Subject::new(name).expect("a subject of this test")
}

fn token(status: TokenStatus, name: &str) -> RefreshToken {
    RefreshToken {
        jti: Jti::issue(at(NOW - 60_000), &mut clock::randomness()),
        status,
        scope: Scope::from_stored("vo:lhcb group:lhcb_user".to_owned()),
        subject: Some(subject(name)),
    }
}

fn page<T>(rows: Vec<T>) -> Page<T> {
    Page { rows, has_more: false, now: at(NOW) }
}

fn lost() -> DbError {
    DbError::Lost { attempt: "listing", place: "AuthDB at db".to_owned(), reason: "connection refused".to_owned() }
}

impl Harness {
    fn new(read_only: bool) -> Self {
        let sources =
            Sources::default().with_variable("AUTHDB_CONFIG", concat!(env!("CARGO_MANIFEST_DIR"), "/../config.toml"));
        let config = Config::load(&sources).expect("the configuration of the repository");
        let app = App::unconnected("AuthDB at db", "MariaDB 10.11.19", read_only, &config, (80, 24), at(NOW));
        Self { app, now: at(NOW), effects: Vec::new() }
    }

    fn with_flows(flows: Vec<DeviceFlow>) -> Self {
        let mut harness = Self::new(false);
        harness.flows(Ok(page(flows)));
        harness
    }

    fn with_tokens(tokens: Vec<RefreshToken>) -> Self {
        let mut harness = Self::new(false);
        harness.key('4');
        let generation = harness.last_generation();
        harness.answer(Answer::Rows { generation, rows: Rows::Tokens(Ok(page(tokens))) });
        harness
    }

    fn act(&mut self, action: Action) {
        let effects = self.app.update(action, self.now);
        self.effects.extend(effects);
    }

    fn answer(&mut self, answer: Answer) {
        self.act(Action::Answer(Box::new(answer)));
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
        let Effect::Fetch { generation, .. } = effect else { panic!("{effect:?} is no question") };
        self.answer(Answer::Rows { generation, rows: Rows::DeviceFlows(rows) });
    }

    fn last_generation(&self) -> u64 {
        let asked = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Fetch { generation, .. } => Some(*generation),
            _ => None,
        });
        asked.expect("a list was asked for")
    }

    fn changes(&self) -> Vec<&Change> {
        self.effects
            .iter()
            .filter_map(|effect| if let Effect::Change(change) = effect { Some(change) } else { None })
            .collect()
    }

    fn notice(&self) -> &str {
        self.app.notice.as_ref().map_or("", |notice| notice.text.as_str())
    }

    /// The screen as text.
    fn screen(&mut self, width: u16, height: u16) -> String {
        self.act(Action::Resized { width, height });
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal in memory");
        terminal.draw(|frame| draw::draw(&self.app, frame)).expect("drawing in memory");
        terminal.backend().to_string()
    }
}

#[test]
fn a_denial_is_asked_for_and_needs_another_key() {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    harness.press(KeyCode::Down);
    harness.key('d');
    assert!(harness.screen(80, 24).contains("Deny BCDF-GHJK?"));
    harness.key('d');
    harness.press(KeyCode::Enter);
    assert_eq!(harness.changes(), Vec::<&Change>::new(), "neither the trigger nor Enter says yes");
    harness.key('y');
    assert_eq!(harness.changes(), [&Change::Deny(UserCode::from_stored("BCDFGHJK".to_owned()))]);
}

#[test]
fn escape_and_y_in_one_packet_are_no_yes() {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    harness.press(KeyCode::Down);
    harness.key('d');
    for modifiers in [KeyModifiers::ALT, KeyModifiers::CONTROL] {
        let event = Event::Key(KeyEvent::new(KeyCode::Char('y'), modifiers));
        assert!(keymap::action(&harness.app, &event).is_none(), "{modifiers:?}");
    }
}

#[test]
fn leaving_waits_for_the_change_under_way_and_tells_what_became_of_it() {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    harness.press(KeyCode::Down);
    harness.key('d');
    harness.key('y');
    harness.key('q');
    assert_ne!(harness.effects.last(), Some(&Effect::Quit));
    let code = UserCode::from_stored("BCDFGHJK".to_owned());
    harness.answer(Answer::Changed(Change::Deny(code), Changed::Denied(Ok(Ok(())))));
    assert_eq!(harness.effects.last(), Some(&Effect::Quit));
    assert_eq!(harness.notice(), "BCDF-GHJK is denied.");
}

#[test]
fn a_second_q_does_not_wait() {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    harness.press(KeyCode::Down);
    harness.key('d');
    harness.key('y');
    harness.key('q');
    harness.key('q');
    assert_eq!(harness.effects.last(), Some(&Effect::Quit));
}

#[test]
fn what_is_typed_ahead_goes_where_it_was_meant_and_confirms_nothing() {
    let mut harness = Harness::with_flows(Vec::new());
    harness.key('a');
    harness.type_in("BCDFGHJK");
    harness.press(KeyCode::Enter);
    harness.type_in("amara");
    (0..4).for_each(|_| harness.press(KeyCode::Enter));
    harness.key('y');
    let code = UserCode::from_stored("BCDFGHJK".to_owned());
    harness.answer(Answer::Flow { code, found: Ok((Some(flow("BCDFGHJK", FlowStatus::Pending, 60)), at(NOW))) });
    assert_eq!(harness.changes(), Vec::<&Change>::new());
    assert!(harness.screen(80, 24).contains("logged in as lhcb:amara."));
}

#[test]
fn what_is_typed_ahead_of_a_refusal_is_forgotten() {
    let mut harness = Harness::with_flows(Vec::new());
    harness.key('a');
    harness.type_in("BCDFGHJK");
    harness.press(KeyCode::Enter);
    harness.type_in("amara");
    let code = UserCode::from_stored("BCDFGHJK".to_owned());
    harness.answer(Answer::Flow { code, found: Ok((None, at(NOW))) });
    let screen = harness.screen(80, 24);
    assert!(screen.contains("no device flow") && !screen.contains("amara"), "{screen}");
}

#[test]
fn the_target_is_frozen_when_the_question_is_asked() {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    harness.press(KeyCode::Down);
    harness.key('d');
    harness.flows(Ok(page(vec![flow("XXXXXXXX", FlowStatus::Pending, 1)])));
    harness.key('y');
    assert_eq!(harness.changes(), [&Change::Deny(UserCode::from_stored("BCDFGHJK".to_owned()))]);
}

#[test]
fn a_second_change_waits_for_the_first() {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    harness.press(KeyCode::Down);
    harness.key('d');
    harness.key('y');
    harness.key('d');
    assert!(harness.app.dialog.is_none());
    assert!(harness.notice().contains("still under way"), "{}", harness.notice());
}

#[test]
fn approving_takes_the_typed_code_and_shows_whom_it_logs_in() {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    harness.press(KeyCode::Down);
    harness.key('a');
    assert!(!harness.screen(80, 24).contains("out: BCDF"), "the code must be typed, not taken from the list");
    harness.type_in("bcdf-ghjk");
    harness.press(KeyCode::Enter);
    let code = UserCode::from_stored("BCDFGHJK".to_owned());
    assert_eq!(harness.effects.last(), Some(&Effect::LookUp(code.clone())));
    let found = Ok((Some(flow("BCDFGHJK", FlowStatus::Pending, 60)), at(NOW)));
    harness.answer(Answer::Flow { code: code.clone(), found });
    harness.type_in("lhcb:alice");
    harness.press(KeyCode::Enter);
    assert!(harness.screen(80, 24).contains("without `lhcb:`"));
    (0..10).for_each(|_| harness.press(KeyCode::Backspace));
    harness.type_in("alice");
    harness.press(KeyCode::Enter);
    harness.press(KeyCode::Enter);
    assert!(harness.screen(80, 24).contains("logged in as lhcb:alice"));
    harness.press(KeyCode::Enter);
    assert_eq!(harness.changes(), Vec::<&Change>::new());
    harness.key('y');
    let [Change::Approve(approved, claims)] = harness.changes()[..] else { panic!("{:?}", harness.effects) };
    assert_eq!((approved, claims.sub.as_str(), claims.preferred_username.as_deref()), (&code, "alice", None));
}

#[test]
fn a_code_that_cannot_be_approved_is_refused_before_anybody_is_named() {
    for (found, expected) in [
        (None, "no device flow"),
        (Some(flow("BCDFGHJK", FlowStatus::Pending, 601)), "expired 1s ago"),
        (Some(flow("BCDFGHJK", FlowStatus::Ready, 60)), "already READY"),
        (Some(flow("BCDFGHJK", FlowStatus::Error, 60)), "state ERROR"),
    ] {
        let mut harness = Harness::with_flows(Vec::new());
        harness.key('a');
        harness.type_in("BCDFGHJK");
        harness.press(KeyCode::Enter);
        let code = UserCode::from_stored("BCDFGHJK".to_owned());
        harness.answer(Answer::Flow { code, found: Ok((found, at(NOW))) });
        let screen = harness.screen(80, 24);
        assert!(screen.contains(expected), "{expected}: {screen}");
        assert!(!screen.contains("Subject, without"), "{screen}");
    }
}

#[test]
fn a_code_that_expires_while_the_name_is_typed_is_not_approved() {
    let mut harness = Harness::with_flows(Vec::new());
    harness.key('a');
    harness.type_in("BCDFGHJK");
    harness.press(KeyCode::Enter);
    let code = UserCode::from_stored("BCDFGHJK".to_owned());
    harness.answer(Answer::Flow { code, found: Ok((Some(flow("BCDFGHJK", FlowStatus::Pending, 590)), at(NOW))) });
    harness.type_in("alice");
    harness.press(KeyCode::Enter);
    harness.press(KeyCode::Enter);
    harness.now = at(NOW + 11_000);
    harness.key('y');
    assert_eq!(harness.changes(), Vec::<&Change>::new());
    assert!(harness.screen(80, 24).contains("expired 1s ago"));
}

#[test]
fn an_answer_about_another_code_is_not_taken_for_this_one() {
    let mut harness = Harness::with_flows(Vec::new());
    harness.key('a');
    harness.type_in("BCDFGHJK");
    harness.press(KeyCode::Enter);
    let other = UserCode::from_stored("XXXXXXXX".to_owned());
    let found = Ok((Some(flow("XXXXXXXX", FlowStatus::Pending, 1)), at(NOW)));
    harness.answer(Answer::Flow { code: other, found });
    assert!(harness.screen(80, 24).contains("looking the code up"));
}

#[test]
fn revoking_all_waits_for_the_count_and_says_it() {
    let mut harness = Harness::with_tokens(vec![token(TokenStatus::Created, "lhcb:alice")]);
    harness.press(KeyCode::Down);
    harness.key('R');
    assert_eq!(harness.effects.last(), Some(&Effect::Count(subject("lhcb:alice"))));
    harness.key('y');
    assert_eq!(harness.changes(), Vec::<&Change>::new(), "the count is part of the question");
    harness.answer(Answer::Revocable { subject: subject("lhcb:alice"), count: Ok(1234) });
    assert!(harness.screen(80, 24).contains("1,234"));
    harness.key('y');
    assert_eq!(harness.changes(), [&Change::RevokeSubject(subject("lhcb:alice"))]);
    let stopped_by = Some(lost());
    let done = Changed::RevokedSubject(Ok(RevokedSubject { revoked: 200, stopped_by }));
    harness.answer(Answer::Changed(Change::RevokeSubject(subject("lhcb:alice")), done));
    assert!(
        harness.notice().contains("200 tokens") && harness.notice().contains("NOT revoked"),
        "{}",
        harness.notice()
    );
}

#[test]
fn a_question_that_was_closed_is_not_reopened_by_its_count() {
    let mut harness = Harness::with_tokens(vec![token(TokenStatus::Created, "lhcb:alice")]);
    harness.press(KeyCode::Down);
    harness.key('R');
    harness.press(KeyCode::Esc);
    harness.answer(Answer::Revocable { subject: subject("lhcb:alice"), count: Ok(3) });
    harness.key('y');
    assert!(harness.app.dialog.is_none() && harness.changes().is_empty());
}

#[test]
fn what_cannot_be_done_says_why() {
    let mut harness = Harness::with_tokens(vec![token(TokenStatus::Revoked, "lhcb:alice")]);
    harness.key('r');
    assert!(harness.notice().contains("Choose a row"), "{}", harness.notice());
    harness.press(KeyCode::Down);
    harness.key('r');
    assert!(harness.notice().contains("already revoked"), "{}", harness.notice());
}

#[test]
fn read_only_opens_no_question_at_all() {
    let mut harness = Harness::new(true);
    harness.flows(Ok(page(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)])));
    harness.press(KeyCode::Down);
    for key in ['a', 'd'] {
        harness.key(key);
        assert!(harness.app.dialog.is_none() && harness.notice().contains("read-only"), "{key}");
    }
    assert!(harness.screen(80, 24).contains("READ-ONLY"));
}

#[test]
fn a_refusal_says_that_nothing_was_changed() {
    let mut harness = Harness::with_flows(Vec::new());
    let code = UserCode::from_stored("BCDFGHJK".to_owned());
    let claims = authdb_shared::model::IdTokenClaims { sub: "alice".to_owned(), preferred_username: None };
    let refused = Changed::Approved(Ok(Err(ApproveRefusal::Unknown(code.clone()))));
    harness.answer(Answer::Changed(Change::Approve(code, claims), refused));
    assert!(harness.notice().starts_with("Nothing was changed: there is no device flow"), "{}", harness.notice());
}

#[test]
fn a_lost_database_keeps_its_rows_and_comes_back() {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    harness.now = at(NOW + 7_000);
    harness.flows(Err(lost()));
    harness.now = at(NOW + 9_000);
    harness.flows(Err(lost()));
    let screen = harness.screen(80, 24);
    assert!(screen.contains("no answer for 9s") && screen.contains("from 9s ago"), "{screen}");
    assert!(screen.contains("BCDF-GHJK"), "{screen}");
    harness.press(KeyCode::Down);
    harness.key('d');
    assert!(harness.app.dialog.is_none() && harness.notice().contains("does not answer"), "{}", harness.notice());
    harness.flows(Ok(page(Vec::new())));
    let screen = harness.screen(80, 24);
    assert!(!screen.contains("LOST") && screen.contains("The database is back"), "{screen}");
}

#[test]
fn a_filter_is_asked_for_as_it_is_typed_and_escape_clears_it() {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    harness.key('/');
    harness.type_in("dq");
    let narrowed = Query::DeviceFlows(Containing::new("dq"));
    assert!(matches!(harness.effects.last(), Some(Effect::Fetch { query, .. }) if *query == narrowed));
    assert!(harness.changes().is_empty() && harness.app.dialog.is_none(), "typed letters are no commands");
    harness.press(KeyCode::Enter);
    assert_eq!((harness.app.mode(), harness.app.filter().as_str()), (Mode::Browsing, "dq"));
    harness.press(KeyCode::Esc);
    assert_eq!(harness.app.filter(), "");
}

#[test]
fn screens_in_the_background_are_read_less_often() {
    let mut harness = Harness::new(false);
    harness.act(Action::Tick);
    let questions = |harness: &Harness| harness.effects.iter().filter(|it| matches!(it, Effect::Fetch { .. })).count();
    assert_eq!(questions(&harness), 4);
    harness.now = at(NOW + 2_000);
    harness.act(Action::Tick);
    assert_eq!(questions(&harness), 4, "nothing is asked twice while an answer is awaited");
    for rows in [Rows::DeviceFlows(Ok(page(Vec::new()))), Rows::Subjects(Ok(page(Vec::new())))] {
        harness.answer(Answer::Rows { generation: 1, rows });
    }
    harness.act(Action::Tick);
    assert_eq!(questions(&harness), 5, "only the screen in view is due after two seconds");
}

#[test]
fn enter_opens_the_tokens_of_a_subject_and_escape_returns() {
    let mut harness = Harness::new(false);
    harness.key('3');
    let summary = SubjectSummary { subject: subject("lhcb:alice"), live: 2, revoked: 0, first: None, last: None };
    let generation = harness.last_generation();
    harness.answer(Answer::Rows { generation, rows: Rows::Subjects(Ok(page(vec![summary]))) });
    harness.press(KeyCode::Down);
    harness.press(KeyCode::Enter);
    assert_eq!(
        (harness.app.screen, &harness.app.selection),
        (Screen::Tokens, &TokenSelection::Of(subject("lhcb:alice")))
    );
    assert!(harness.screen(80, 24).contains("All tokens of lhcb:alice"));
    harness.press(KeyCode::Esc);
    assert_eq!(harness.app.screen, Screen::Subjects);
    assert!(harness.app.subjects.selected().is_some(), "the cursor is where it was");
}

#[test]
fn a_defect_ends_the_program() {
    let mut harness = Harness::new(false);
    harness.answer(Answer::Defect("index out of bounds".to_owned()));
    assert_eq!((harness.effects.last(), harness.app.defect.is_some()), (Some(&Effect::Quit), true));
}

#[test]
fn every_screen_and_dialog_is_drawn_at_any_size() {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    harness.press(KeyCode::Down);
    for opening in ["", "1", "2", "3", "4", "?", "a", "d", "/"] {
        harness.type_in(opening);
        for (width, height) in [(1, 1), (3, 2), (20, 5), (50, 15), (80, 24), (200, 60)] {
            harness.screen(width, height);
        }
        harness.press(KeyCode::Esc);
        harness.key('1');
    }
}

#[test]
fn a_question_shows_its_keys_however_low_the_terminal_is() {
    let mut harness = Harness::with_tokens(vec![token(TokenStatus::Created, "lhcb:alice")]);
    harness.press(KeyCode::Down);
    harness.key('r');
    let screen = harness.screen(50, 10);
    assert!(screen.contains("y revoke it") && screen.contains("↓ more"), "{screen}");
    (0..50).for_each(|_| harness.press(KeyCode::Down));
    let screen = harness.screen(50, 10);
    assert!(screen.contains("status.") && !screen.contains("↓ more"), "{screen}");
    harness.press(KeyCode::Up);
    assert!(!harness.screen(50, 10).contains("status."), "the last line is one step away again");
}

#[test]
fn the_help_of_every_screen_fits_an_ordinary_terminal() {
    for screen in ['1', '2', '3', '4'] {
        let mut harness = Harness::new(false);
        harness.key(screen);
        harness.key('?');
        let shown = harness.screen(80, 24);
        assert!(shown.contains("leave") && !shown.contains("↓ more"), "{shown}");
    }
}

#[test]
fn hostile_text_neither_escapes_nor_shifts_columns() {
    let mut hostile = flow("BCDFGHJK", FlowStatus::Pending, 60);
    hostile.client_id = "\u{1b}]52;c;ZXZpbA==\u{7}\u{202e}evil\n\u{1b}[2J".repeat(20);
    hostile.scope = Scope::from_stored("vo:山田山田 group:\u{1b}[31mred".to_owned());
    let mut harness = Harness::with_flows(vec![hostile, flow("XXXXXXXX", FlowStatus::Pending, 60)]);
    let screen = harness.screen(80, 24);
    assert!(!screen.chars().any(|character| character.is_control() && character != '\n'), "{screen:?}");
    assert!(!screen.contains('\u{202e}'));
    // Behind the closing quote the back end lists what wide characters hide.
    let rows = screen.lines().filter_map(|line| line.split('"').nth(1));
    let widths: Vec<usize> = rows.map(unicode_width::UnicodeWidthStr::width).collect();
    assert!(widths.iter().all(|width| *width == widths[0]), "{widths:?}");
}
