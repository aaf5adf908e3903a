//! Going from one database to another: what comes along, what does not, and what may not happen in between.

use authdb_shared::config::{Colour, ContextConfig};

use super::*;
use crate::connecting::{Arrival, ConnectionNumber, ContextError};

/// Two contexts, of which the dashboard works in the first, on its device flows.
fn between_two() -> Harness {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    harness.app.contexts = vec![context("test", false, false), context("lhcb", true, true)];
    harness.app.context_name = "test".to_owned();
    harness.press(KeyCode::Down);
    harness
}

fn context(name: &str, read_only: bool, is_production: bool) -> ContextConfig {
    let colour = is_production.then_some(Colour::Red);
    ContextConfig { name: name.to_owned(), place: format!("AuthDB at {name}"), colour, read_only, is_production }
}

fn denial() -> SessionPlan {
    SessionPlan::deny(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)], at(NOW), &Policy::default())
}

/// What the worker says of the database of `lhcb`.
fn arrival(harness: &Harness) -> Arrival {
    let mut config = Config::load(&Sources::default()).expect("the defaults");
    config.contexts.clone_from(&harness.app.contexts);
    config.context = context("lhcb", true, true);
    config.policy.access_token_lifetime = Duration::from_mins(5);
    Arrival { place: "AuthDB at lhcb".to_owned(), server: "MySQL 9.7".to_owned(), read_only: true, config }
}

impl Harness {
    /// Chooses `lhcb`, and gives the number of the connection that is asked for.
    fn choose_lhcb(&mut self) -> ConnectionNumber {
        self.key('C');
        self.press(KeyCode::Down);
        self.press(KeyCode::Enter);
        let asked = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Connect { number, context } if context.name == "lhcb" => Some(*number),
            _ => None,
        });
        asked.expect("a connection was asked for")
    }

    fn arrive(&mut self, number: ConnectionNumber) {
        let arrival = Ok(Box::new(arrival(self)));
        self.answer(Answer::Connected { number, arrival });
    }

    fn switch(&mut self) {
        let number = self.choose_lhcb();
        self.arrive(number);
        assert_eq!(self.app.context_name, "lhcb");
    }

    /// Answers on the connection that the dashboard began with.
    fn answer_late(&mut self, answer: Answer) {
        self.act(Action::Answer { connection: ConnectionNumber::default(), answer: Box::new(answer) });
    }

    /// The first request for the device flows that was made since something happened.
    fn flows_asked_since(&self, from: usize) -> u64 {
        let asked = self.effects[from..].iter().find_map(|effect| match effect {
            Effect::Fetch { generation, query: Query::DeviceFlows(_), .. } => Some(*generation),
            _ => None,
        });
        asked.expect("the device flows were asked for")
    }
}

#[test]
fn the_chooser_says_what_is_what() {
    let mut harness = between_two();
    harness.key('C');
    for (width, height) in [(80, 24), (50, 15)] {
        let screen = harness.screen(width, height);
        assert!(screen.contains("▶● test") && screen.contains("AuthDB at test"), "{screen}");
        assert!(screen.contains("lhcb  PRODUCTION READ-ONLY"), "{screen}");
    }
    harness.press(KeyCode::Enter);
    assert_eq!((harness.notice(), harness.app.dialog.is_none()), ("This is test already.", true));
}

#[test]
fn without_another_context_there_is_nothing_to_choose() {
    let mut harness = Harness::new(false);
    harness.app.contexts = vec![context("default", false, false)];
    harness.key('C');
    assert!(harness.app.dialog.is_none());
    assert!(harness.notice().contains("[contexts.NAME] in config.toml adds one"), "{}", harness.notice());
    harness.app.contexts.clear();
    harness.key('C');
    assert_eq!(harness.notice(), "The demo leads to no other database.");
}

#[test]
fn nothing_of_the_database_that_was_left_stays() {
    let mut harness = between_two();
    harness.type_in("*/bcdf");
    harness.press(KeyCode::Enter);
    harness.app.selection = TokenView::Of(subject("lhcb:alice"));
    harness.app.lost = Some(Lost { since: at(NOW), reason: "gone".to_owned() });
    harness.key('p');
    harness.app.appearance.is_ascii = true;
    harness.switch();
    let app = &harness.app;
    assert_eq!((app.device_flows.rows.len(), app.device_flows.marked(), harness.filter()), (0, 0, ""));
    assert_eq!((&app.selection, app.lost.is_none(), app.paused_at), (&TokenView::Live, true, None));
    assert!(app.dialog.is_none() && app.appearance.is_ascii && app.screen == Screen::DeviceFlows);
    assert!(app.read_only && app.is_production);
    assert_eq!(app.policy.access_token_lifetime, Duration::from_mins(5));
    let screen = harness.screen(100, 24);
    let head = screen.lines().next().expect("the head line");
    assert!(head.contains("PRODUCTION lhcb  AuthDB at lhcb  MySQL 9.7") && head.contains("READ-ONLY"), "{head}");
    assert!(!screen.contains("BCDF-GHJK") && screen.contains("reading"), "{screen}");
    harness.key('d');
    assert_eq!(harness.notice(), "The context lhcb is read-only.");
}

#[test]
fn the_new_connection_is_used_before_anything_is_asked() {
    let mut harness = between_two();
    let number = harness.choose_lhcb();
    let before = harness.effects.len();
    harness.arrive(number);
    assert_eq!(harness.effects[before], Effect::Adopt(number));
    harness.flows_asked_since(before);
}

#[test]
fn an_answer_of_the_database_that_was_left_is_never_shown() {
    let mut harness = between_two();
    let number = harness.choose_lhcb();
    let before = harness.effects.len();
    harness.arrive(number);
    // The most dangerous answer is one whose generation is the one that is awaited.
    let generation = harness.flows_asked_since(before);
    let old = || Rows::DeviceFlows(Ok(page(vec![flow("CCCCCCCC", FlowStatus::Pending, 60)])));
    harness.answer_late(Answer::Rows { generation, rows: old() });
    let lost = || Rows::DeviceFlows(Err(lost()));
    harness.answer_late(Answer::Rows { generation, rows: lost() });
    assert!(harness.app.lost.is_none() && harness.app.device_flows.rows.is_empty());
    harness.answer_late(Answer::Glanced(Vec::new()));
    harness.answer(Answer::Rows { generation, rows: old() });
    assert!(harness.screen(80, 24).contains("CCCC-CCCC"), "on the new connection it counts");
}

#[test]
fn a_plan_of_one_context_never_reaches_another() {
    let mut harness = between_two();
    // Asked for here, withdrawn, and answered when the dashboard is elsewhere and asks for a plan of its own.
    harness.key('d');
    harness.press(KeyCode::Esc);
    let number = harness.choose_lhcb();
    let mut writable = arrival(&harness);
    writable.read_only = false;
    harness.answer(Answer::Connected { number, arrival: Ok(Box::new(writable)) });
    harness.flows(Ok(page(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)])));
    harness.press(KeyCode::Down);
    harness.key('d');
    let asked = harness.effects.iter().rev().find_map(|effect| match effect {
        Effect::Plan { generation, .. } => Some(*generation),
        _ => None,
    });
    let generation = asked.expect("a plan was asked for");
    assert_eq!(generation, 2, "a number that was used is not used again");
    harness.answer_late(Answer::Planned { generation, plan: Ok(denial()) });
    assert!(matches!(&harness.app.dialog, Some(Dialog::Plan(dialog)) if dialog.plan.is_none()), "it still waits");
    harness.answer(Answer::Planned { generation, plan: Ok(denial()) });
    harness.key('y');
    assert!(harness.changes().is_empty(), "in production one key is no yes");
    harness.press(KeyCode::Backspace);
    harness.type_in("lhcb");
    harness.press(KeyCode::Enter);
    let work = harness.effects.iter().find_map(|effect| match effect {
        Effect::Work { connection, .. } => Some(*connection),
        _ => None,
    });
    assert_eq!(work, Some(number), "it says on which connection it was planned");
}

#[test]
fn a_plan_that_is_open_keeps_its_context_whatever_arrives() {
    let mut harness = between_two();
    let number = harness.choose_lhcb();
    harness.press(KeyCode::Esc);
    harness.key('d');
    harness.planned(denial());
    harness.arrive(number);
    assert_eq!(
        (harness.app.context_name.as_str(), harness.effects.last()),
        ("test", Some(&Effect::Disconnect(number)))
    );
    assert!(matches!(harness.app.dialog, Some(Dialog::Plan(_))));
    harness.key('y');
    let work = harness.effects.last();
    assert!(matches!(work, Some(Effect::Work { connection, .. }) if *connection == ConnectionNumber::default()));
}

#[test]
fn of_two_connections_the_one_that_is_awaited_counts() {
    let mut harness = between_two();
    let first = harness.choose_lhcb();
    harness.press(KeyCode::Esc);
    let second = harness.choose_lhcb();
    assert_ne!(first, second);
    harness.arrive(second);
    harness.effects.clear();
    let late = Ok(Box::new(arrival(&harness)));
    harness.answer_late(Answer::Connected { number: first, arrival: late });
    assert_eq!(harness.effects, [Effect::Disconnect(first)]);
}

#[test]
fn a_database_that_cannot_be_reached_leaves_everything_as_it_is() {
    let mut harness = between_two();
    let number = harness.choose_lhcb();
    assert!(harness.says("Connecting to lhcb…"));
    harness.press(KeyCode::Up);
    harness.press(KeyCode::Enter);
    let connects = |harness: &Harness| harness.effects.iter().filter(|it| matches!(it, Effect::Connect { .. })).count();
    assert_eq!(connects(&harness), 1, "one at a time");
    let error = ContextError::from(authdb_shared::Error::from(lost()));
    harness.answer(Answer::Connected { number, arrival: Err(error) });
    assert!(harness.says("You are still in test. ") && harness.says("connection refused"));
    harness.press(KeyCode::Enter);
    assert_eq!(connects(&harness), 2, "it can be tried again");
    harness.press(KeyCode::Esc);
    assert_eq!((harness.app.context_name.as_str(), harness.app.device_flows.rows.len()), ("test", 1));
    assert!(harness.app.device_flows.selected().is_some(), "the cursor has stayed");
}

#[test]
fn work_under_way_is_not_left() {
    let mut harness = between_two();
    harness.key('d');
    harness.planned(denial());
    harness.key('y');
    harness.key('C');
    assert!(harness.app.dialog.is_none());
    assert!(harness.notice().starts_with("A change is still under way here."), "{}", harness.notice());
    harness.end_work(None);
    harness.key('C');
    assert!(harness.app.dialog.is_some());
}

#[test]
fn who_is_watched_is_said_before_and_after() {
    let mut harness = between_two();
    harness.app.watches.add(subject("lhcb:alice"), None, at(NOW), at(NOW + 1_200_000));
    harness.key('C');
    assert!(harness.says("Nobody will look after 1 watched subject of test any more."));
    harness.press(KeyCode::Esc);
    harness.switch();
    assert!(harness.says("Now in lhcb: AuthDB at lhcb. Nobody looks after 1 watched subject of test any more."));
    assert!(harness.app.watches.list().is_empty());
    harness.now = at(NOW + 60_000);
    harness.effects.clear();
    harness.act(Action::Tick);
    assert!(!harness.effects.iter().any(|effect| matches!(effect, Effect::Glance(_))));
}

#[test]
fn an_export_that_ends_after_the_switch_says_of_what_it_was() {
    let mut harness = between_two();
    harness.key('e');
    harness.press(KeyCode::Enter);
    let export = harness.effects.iter().find_map(|effect| match effect {
        Effect::Export(export) => Some(export.clone()),
        _ => None,
    });
    let export = export.expect("a file is written");
    harness.press(KeyCode::Esc);
    harness.switch();
    harness.answer_late(Answer::Exported { export, result: Ok("flows.csv".into()) });
    assert_eq!(harness.notice(), "Of the context before: 1 row exported to flows.csv.");
}
