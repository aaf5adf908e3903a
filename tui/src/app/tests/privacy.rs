//! Privacy: nobody is named anywhere while it is on.

use std::collections::BTreeMap;

use authdb_shared::db::{ClientCodes, EndedSubject, JournalCheck, Outcome, StateCounts};
use authdb_shared::ids::FlowId;
use authdb_shared::model::IdTokenClaims;
use authdb_shared::registry::Registry;

use super::*;
use crate::look::{Flows, Look, Seen, SeenOfSubject, SubjectFlows, SubjectLook};

/// No word of the dashboard holds these letters, so that any two of them on the screen are somebody's.
const MARK: &str = "QZ";
const SIZES: [(u16, u16); 7] = [(1, 1), (20, 5), (50, 15), (80, 24), (100, 30), (120, 40), (200, 60)];
/// What the fields of people hold: every letter is one of a mark, whatever is cut off.
const SUB: &str = "QZQZ";
const HOSTILE: &str = "QZ\u{1b}[2JQZ\u{202e}QZ 王QZ QZQZQZQZQZQZQZQZQZQZQZQZQZQZQZQZQZQZQZQZQZQZQZQZQZQZQZQZQZQZQZQZ";

fn subjects() -> [Subject; 2] {
    [subject(&format!("lhcb:{SUB}")), subject(&format!("lhcb:{HOSTILE}"))]
}

fn device_flows() -> Vec<DeviceFlow> {
    let ready = DeviceFlow { sub: Some(HOSTILE.to_owned()), ..flow("QZQZQZQX", FlowStatus::Ready, 70) };
    vec![flow("QZQZQZQZ", FlowStatus::Pending, 60), ready, flow("QZQZQZXX", FlowStatus::Done, 60)]
}

fn authorization_flow() -> AuthorizationFlow {
    AuthorizationFlow {
        id: FlowId::from_stored("01937f3c0f2a7d5e9c1b2a3948576a1b".to_owned()),
        status: FlowStatus::Ready,
        created: Some(at(NOW - 60_000)),
        client_id: "web".to_owned(),
        scope: Scope::from_stored("vo:lhcb".to_owned()),
        redirect_uri: "https://diracx.example/callback".to_owned(),
        sub: Some(SUB.to_owned()),
    }
}

fn tokens() -> Vec<RefreshToken> {
    subjects().into_iter().map(|it| RefreshToken { subject: Some(it), ..token(TokenStatus::Created, "x") }).collect()
}

fn summaries() -> Vec<SubjectSummary> {
    let summary = |subject| SubjectSummary { subject, live: 3, revoked: 1, first: None, last: Some(at(NOW)) };
    subjects().into_iter().map(summary).collect()
}

fn journal() -> AdminAction {
    AdminAction {
        id: 12,
        time: Some(at(NOW - 60_000)),
        actor: format!("{SUB}root"),
        account: format!("{SUB}@%"),
        host: format!("{SUB}-laptop"),
        action: "revoke".to_owned(),
        target: format!("lhcb:{HOSTILE}"),
        reason: format!("the laptop of {HOSTILE} was stolen"),
        outcome: Outcome::Done,
        details: serde_json::json!({ "sub": HOSTILE, "preferred_username": SUB }),
    }
}

fn flows() -> Flows {
    let none = || StateCounts { rows: BTreeMap::new(), is_cut_short: false };
    let clients = vec![ClientCodes { client: "scanner".to_owned(), pending: 90, completed: 0 }];
    Flows { device_flows: none(), authorization_flows: none(), clients }
}

fn ended() -> Page<EndedSubject> {
    let [ours, theirs] = subjects();
    let ended = |subject, revoked_by| EndedSubject { subject, tokens: 4, newest: Some(at(NOW)), revoked_by };
    page(vec![ended(ours, Some(HOSTILE.to_owned())), ended(theirs, None)])
}

/// A dashboard that is full of people, with privacy on from the beginning or switched on when all is there.
fn peopled(is_on_at_first: bool) -> Harness {
    let mut harness = Harness::new(false);
    if is_on_at_first {
        harness.key('P');
    }
    let rows = [
        Rows::DeviceFlows(Ok(page(device_flows()))),
        Rows::AuthorizationFlows(Ok(page(vec![authorization_flow()]))),
        Rows::Subjects(Ok(page(summaries()))),
        Rows::Tokens(Ok(page(tokens()))),
        Rows::Journal(Ok(page(vec![journal()]))),
    ];
    let screens = [Screen::DeviceFlows, Screen::AuthorizationFlows, Screen::Subjects, Screen::Tokens, Screen::Journal];
    for (screen, rows) in screens.into_iter().zip(rows) {
        let Some(Effect::Fetch { generation, .. }) = harness.app.fetch(screen) else { panic!("{screen:?} is a list") };
        harness.answer(Answer::Rows { generation, rows });
    }
    let check = JournalCheck { sound: 1, head: String::new(), fault: None };
    harness.see(Look::Flows, Seen::Flows(Ok(flows())));
    harness.see(Look::Top, Seen::Top(Ok(page(summaries()))));
    harness.see(Look::Ended, Seen::Ended(Ok(ended())));
    harness.see(Look::Chain, Seen::Chain(Ok(Some(check))));
    harness.see(Look::Deeds, Seen::Deeds(Ok(Some(page(vec![journal()])))));
    if !is_on_at_first {
        harness.key('P');
    }
    harness
}

impl Harness {
    /// Answers what was asked about the subject in view.
    fn subject_seen(&mut self) {
        let flows = SubjectFlows { device: page(device_flows()), browser: page(vec![authorization_flow()]) };
        let flows = SeenOfSubject::Flows(Ok(flows));
        let journal = SeenOfSubject::Journal(Ok(Some(page(vec![journal()]))));
        for (look, seen) in [(SubjectLook::Flows, flows), (SubjectLook::Journal, journal)] {
            let asked = self.effects.iter().rev().find_map(|effect| match effect {
                Effect::LookAtSubject { generation, look: asked, .. } if *asked == look => Some(*generation),
                _ => None,
            });
            self.answer(Answer::SeenOfSubject { generation: asked.expect("it was asked for"), seen });
        }
    }

    /// Asserts that nobody is named on the screen at any size, in colour or ASCII, by whatever way times are told.
    #[track_caller]
    fn names_nobody(&mut self, where_: &str) {
        for (width, height) in SIZES {
            let screen = self.screen(width, height);
            assert!(!screen.contains(MARK), "{where_} at {width}x{height}:\n{screen}");
        }
    }

    /// The same for each part of a dialog that is higher than the terminal.
    #[track_caller]
    fn names_nobody_further_down(&mut self, where_: &str) {
        for _ in 0..6 {
            self.names_nobody(where_);
            self.press(KeyCode::PageDown);
        }
        self.press(KeyCode::Home);
    }
}

#[test]
fn whoever_has_been_approved_before_is_not_named_when_the_code_is_refused() {
    let mut harness = Harness::with_flows(Vec::new());
    harness.key('P');
    harness.key('a');
    harness.type_in("QZQZQZQX");
    harness.press(KeyCode::Enter);
    let found = DeviceFlow { sub: Some(SUB.to_owned()), ..flow("QZQZQZQX", FlowStatus::Ready, 70) };
    harness
        .answer(Answer::Flow { code: UserCode::from_stored("QZQZQZQX".to_owned()), found: Ok((Some(found), at(NOW))) });
    assert!(harness.says("already READY"), "{}", harness.screen(80, 24));
    harness.names_nobody("a refused code");
}

#[test]
fn no_screen_and_no_row_names_anybody() {
    for is_on_at_first in [true, false] {
        let mut harness = peopled(is_on_at_first);
        for screen in Screen::ALL {
            harness.key(screen.digit());
            harness.names_nobody("the screen");
            for _ in 0..3 {
                harness.press(KeyCode::Down);
                harness.names_nobody("a row");
                if !matches!(screen, Screen::Subjects | Screen::Overview | Screen::Partitions | Screen::Janitor) {
                    harness.press(KeyCode::Enter);
                    harness.names_nobody_further_down("the details");
                    harness.press(KeyCode::Esc);
                }
            }
            harness.key(':');
            harness.names_nobody("the palette");
            harness.press(KeyCode::Esc);
            harness.key('s');
            harness.names_nobody("what is sorted");
        }
        harness.key('4');
        harness.press(KeyCode::Home);
        harness.key('o');
        harness.subject_seen();
        harness.names_nobody("one subject");
        harness.key('P');
        assert!(harness.screen(80, 24).matches(MARK).count() > 4, "it is full of names without the veil");
    }
}

#[test]
fn no_plan_and_no_report_names_anybody() {
    let mut harness = peopled(false);
    let policy = harness.app.policy.clone();
    let held = |subject: &Subject| HeldTokens { subject: subject.clone(), created: 3, live: 1, has_more: false };
    let [ours, theirs] = subjects();
    let mut flows = device_flows();
    flows.truncate(2);
    for (screen, key, plan) in [
        ('2', 'd', SessionPlan::deny(device_flows(), at(NOW), &policy)),
        ('3', 'c', SessionPlan::cancel(vec![authorization_flow()], at(NOW), &policy)),
        ('4', 'R', SessionPlan::revoke_subject(held(&theirs), at(NOW), &policy)),
        ('4', 'R', SessionPlan::revoke_subjects(vec![held(&ours), held(&theirs)], at(NOW), &policy)),
        ('5', 'r', SessionPlan::revoke(tokens(), &[held(&ours), held(&theirs)], at(NOW), &policy)),
    ] {
        harness.key(screen);
        harness.press(KeyCode::Down);
        harness.key(key);
        harness.names_nobody("what is asked for");
        harness.planned(plan.clone());
        harness.names_nobody_further_down("the plan");
        harness.press(KeyCode::Tab);
        harness.type_in("of QZ, 王QZ");
        assert!(harness.says("Why, such as a ticket: ••••••••••"), "{}", harness.screen(80, 24));
        harness.names_nobody("why it is done");
        harness.press(KeyCode::Enter);
        harness.type_in(SUB);
        harness.press(KeyCode::Enter);
        harness.names_nobody("what is typed in its place");
        let Some(Dialog::Plan(dialog)) = &mut harness.app.dialog else { panic!("the plan is open") };
        dialog.answer = Input::default();
        let answer = match dialog.plan.as_ref().map(|(_, confirmation)| confirmation.clone()) {
            Some(authdb_shared::session_plan::Confirmation::Words(words)) => words[0].clone(),
            Some(authdb_shared::session_plan::Confirmation::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        if answer.is_empty() {
            harness.key('y');
        } else {
            harness.type_in(&answer);
            harness.names_nobody("the answer");
            harness.press(KeyCode::Enter);
        }
        harness.names_nobody("the work");
        let steps = plan.steps();
        assert_eq!(harness.changes().len(), steps.len(), "it was confirmed");
        harness.step(&steps[0], StepFate::Done(2));
        for step in &steps[1..] {
            harness.step(step, StepFate::Refused(format!("it is of lhcb:{HOSTILE}")));
        }
        harness.end_work(None);
        harness.names_nobody_further_down("the report");
        harness.press(KeyCode::Esc);
        harness.names_nobody("the notice and the watches");
        harness.effects.clear();
    }
    harness.key('w');
    harness.names_nobody_further_down("the watches");
    harness.app.is_leaving = true;
    assert!(harness.app.last_words().iter().all(|line| !line.contains(MARK)), "{:?}", harness.app.last_words());
}

#[test]
fn no_step_of_an_approval_names_anybody() {
    let yaml = format!(
        "Registry: {{lhcb: {{DefaultGroup: lhcb_user, Groups: {{lhcb_user: {{Users: []}}}}, \
         Users: {{{SUB}: {{PreferedUsername: {SUB}name}}}}}}}}"
    );
    let mut harness = peopled(true);
    harness.app.registration = Registration::at(Some("/srv/default.yml".to_owned()));
    harness.key('2');
    harness.key('a');
    harness.answer(Answer::Registry(Ok(Registry::parse(yaml.as_bytes()).expect("a registry"))));
    harness.type_in("QZQZQZQZ");
    harness.names_nobody("the code");
    harness.press(KeyCode::Enter);
    let code = UserCode::from_stored("QZQZQZQZ".to_owned());
    harness.answer(Answer::Flow { code: code.clone(), found: Ok((None, at(NOW))) });
    harness.names_nobody("a code that is unknown");
    harness.press(KeyCode::Enter);
    harness.answer(Answer::Flow { code, found: Ok((Some(device_flows().remove(0)), at(NOW))) });
    harness.names_nobody("who can be approved");
    harness.press(KeyCode::Down);
    harness.press(KeyCode::Enter);
    harness.names_nobody("the name");
    harness.press(KeyCode::Enter);
    assert!(matches!(&harness.app.dialog, Some(Dialog::Approve(approve)) if approve.step == Step::Insist));
    harness.names_nobody("what speaks against it");
    harness.type_in(MARK);
    harness.press(KeyCode::Enter);
    harness.names_nobody("what was typed in place of the subject");
    (0..2).for_each(|_| harness.press(KeyCode::Backspace));
    let name = harness.app.veil.alias(&format!("lhcb:{SUB}"));
    harness.type_in(&name);
    harness.press(KeyCode::Enter);
    harness.names_nobody_further_down("the plan");
    harness.key('y');
    let claims = IdTokenClaims { sub: SUB.to_owned(), preferred_username: Some(format!("{SUB}name")) };
    let step = PlanStep::Approve(UserCode::from_stored("QZQZQZQZ".to_owned()), claims);
    assert_eq!(harness.changes(), [&step], "the name in place of the subject is as good as the subject");
    harness.step(&step, StepFate::Done(1));
    harness.end_work(None);
    harness.names_nobody("what became of it");
    assert!(harness.notice().contains(MARK), "it is hidden where it is shown, and not where it is known");
}

#[test]
fn a_filter_is_not_read_over_the_shoulder() {
    let mut harness = peopled(true);
    harness.key('4');
    harness.key('/');
    harness.type_in("QZnofield:QZ");
    harness.names_nobody("a filter that cannot be read");
    assert!(harness.says("while privacy is on, what is wrong with it is hidden"));
    harness.press(KeyCode::Esc);
    harness.key('/');
    harness.type_in(SUB);
    harness.names_nobody("the filter");
    harness.press(KeyCode::Enter);
    harness.names_nobody("the filter in the title");
    assert_eq!(harness.app.subjects.shown().len(), 2, "it still finds whom it names");
    harness.key('R');
    harness.names_nobody("a refusal");
}

#[test]
fn names_tell_rows_apart_and_stay() {
    let mut harness = peopled(true);
    harness.key('4');
    let before = harness.screen(80, 24);
    assert!(before.contains("lhcb:subject-") && before.contains("PRIVATE"), "{before}");
    let names: Vec<String> = subjects().iter().map(|it| harness.app.veil.alias(it.as_str())).collect();
    assert_ne!(names[0], names[1]);
    harness.key('P');
    assert!(harness.screen(80, 24).contains(MARK));
    harness.key('P');
    assert!(names.iter().all(|name| harness.says(name)));
    harness.key('5');
    assert!(names.iter().all(|name| harness.says(name)), "the same on another screen");
}

#[test]
fn all_of_a_subject_is_confirmed_by_the_name_that_is_shown() {
    let mut harness = peopled(true);
    let [ours, _] = subjects();
    let held = HeldTokens { subject: ours.clone(), created: 3, live: 1, has_more: false };
    let plan = SessionPlan::revoke_subject(held, at(NOW), &harness.app.policy);
    let name = harness.app.veil.alias(ours.as_str());
    harness.key('4');
    harness.press(KeyCode::Down);
    harness.key('R');
    harness.planned(plan);
    assert!(harness.says(&format!("Type {name} to go on")), "{}", harness.screen(80, 24));
    harness.type_in("lhcb:subject-999");
    harness.press(KeyCode::Enter);
    assert!(harness.changes().is_empty(), "another name is no yes");
    (0..20).for_each(|_| harness.press(KeyCode::Backspace));
    harness.type_in(&name);
    harness.press(KeyCode::Enter);
    assert_eq!(harness.changes(), [&PlanStep::RevokeSubject(ours)]);
}

#[test]
fn what_the_screen_asks_for_is_the_yes_even_where_somebody_is_called_as_the_vo_is() {
    let mut harness = peopled(true);
    Arc::make_mut(&mut harness.app.veil).learn("subject", "lhcb");
    let [ours, _] = subjects();
    let held = HeldTokens { subject: ours.clone(), created: 3, live: 1, has_more: false };
    let plan = SessionPlan::revoke_subject(held, at(NOW), &harness.app.policy);
    harness.key('4');
    harness.press(KeyCode::Down);
    harness.key('R');
    harness.planned(plan);
    let screen = harness.screen(120, 40);
    let asked =
        screen.split("Type ").nth(1).and_then(|rest| rest.split(" to go on").next()).expect("it asks for a word");
    assert!(!asked.contains("lhcb"), "{asked}");
    harness.type_in(asked);
    harness.press(KeyCode::Enter);
    assert_eq!(harness.changes(), [&PlanStep::RevokeSubject(ours)]);
}

#[test]
fn nothing_leaves_the_screen_while_privacy_is_on() {
    let mut harness = peopled(true);
    harness.key('5');
    harness.press(KeyCode::Down);
    for key in ['y', 'Y', 'e'] {
        harness.key(key);
        assert!(harness.notice().contains("Privacy is on") && harness.notice().contains("P ends it"), "{key}");
        assert!(harness.app.dialog.is_none());
    }
    harness.key(':');
    harness.type_in("copy_key");
    harness.press(KeyCode::Enter);
    assert!(!harness.effects.iter().any(|it| matches!(it, Effect::Copy(_) | Effect::Export(_))));
    harness.press(KeyCode::Esc);
    harness.key('P');
    harness.key('y');
    assert!(matches!(harness.effects.last(), Some(Effect::Copy(_))));
}

/// Accounts are of people too, and are quoted by servers that refuse them.
#[test]
fn no_error_names_the_account_that_was_refused() {
    let denied = || DbError::Denied {
        attempt: "listing",
        place: "AuthDB at db".to_owned(),
        reason: "Access denied for user 'QZQZ'@'QZ-laptop' (using password: YES)".to_owned(),
    };
    let mut harness = peopled(true);
    harness.flows(Err(denied()));
    harness.key('2');
    assert!(harness.says("Access denied for user hidden"), "{}", harness.screen(80, 24));
    for look in Look::ALL {
        harness.see(look, refused(look, denied()));
    }
    for screen in Screen::ALL {
        harness.key(screen.digit());
        harness.names_nobody("a screen that cannot be read");
    }
    harness.key('4');
    harness.press(KeyCode::Home);
    harness.key('o');
    for look in SubjectLook::ALL {
        let seen = match look {
            SubjectLook::Sessions => SeenOfSubject::Sessions(Err(denied())),
            SubjectLook::Flows => SeenOfSubject::Flows(Err(denied())),
            SubjectLook::Journal => SeenOfSubject::Journal(Err(denied())),
        };
        let asked = harness.effects.iter().rev().find_map(|effect| match effect {
            Effect::LookAtSubject { generation, look: asked, .. } if *asked == look => Some(*generation),
            _ => None,
        });
        harness.answer(Answer::SeenOfSubject { generation: asked.expect("it was asked for"), seen });
    }
    harness.names_nobody("one subject that cannot be read");
}

fn refused(look: Look, error: DbError) -> Seen {
    match look {
        Look::Flows => Seen::Flows(Err(error)),
        Look::Tokens => Seen::Tokens(Err(error)),
        Look::Top => Seen::Top(Err(error)),
        Look::Ended => Seen::Ended(Err(error)),
        Look::Minutes => Seen::Minutes(Err(error)),
        Look::Days => Seen::Days(Err(error)),
        Look::Status => Seen::Status(Err(error)),
        Look::Months => Seen::Months(Err(error)),
        Look::Plan => Seen::Plan(Err(error)),
        Look::Runs => Seen::Runs(Err(error)),
        Look::Chain => Seen::Chain(Err(error)),
        Look::Deeds => Seen::Deeds(Err(error)),
    }
}

#[test]
fn privacy_may_be_on_from_the_start() {
    let sources = Sources::default().with_variable("AUTHDB_DASHBOARD_PRIVACY", "true");
    let config = Config::load(&sources).expect("a configuration");
    let app = App::unconnected("AuthDB at db", "MariaDB 10.11.19", false, &config, (80, 24), at(NOW));
    assert!(app.veil.is_drawn());
}
