//! Watches: whom a revocation puts under watch, what is an alarm, and when it is over.

use std::time::Duration;

use super::*;

const LIFETIME: i64 = 20 * 60_000;

/// All tokens of alice, revoked a moment ago.
fn revoked() -> Harness {
    let mut harness = Harness::with_tokens(vec![token(TokenStatus::Created, "lhcb:alice")]);
    harness.press(KeyCode::Down);
    harness.key('R');
    let held = HeldTokens { subject: subject("lhcb:alice"), created: 3, live: 1, has_more: false };
    harness.planned(SessionPlan::revoke_subject(held, at(NOW), &Policy::default()));
    harness.type_in("lhcb:alice");
    harness.press(KeyCode::Enter);
    harness.step(&PlanStep::RevokeSubject(subject("lhcb:alice")), StepFate::Done(3));
    harness.end_work(None);
    harness
}

impl Harness {
    /// Lets so much time pass, and says what is asked about the watched subjects.
    fn glances(&mut self, millis: i64) -> Vec<Glance> {
        self.now = at(NOW + millis);
        let before = self.effects.len();
        self.act(Action::Tick);
        let glances = |effect: &Effect| if let Effect::Glance(glances) = effect { Some(glances.clone()) } else { None };
        self.effects[before..].iter().find_map(glances).unwrap_or_default()
    }

    fn glanced(&mut self, glance: &Glance, found: Option<Jti>) {
        let now = self.now;
        self.answer(Answer::Glanced(vec![(glance.number, Ok((found, now)))]));
    }
}

#[test]
fn after_a_revocation_the_clock_counts_down_on_every_screen() {
    let mut harness = revoked();
    assert!(harness.notice().starts_with("3 tokens of lhcb:alice revoked."), "{}", harness.notice());
    for screen in '1'..='8' {
        harness.key(screen);
        harness.now = at(NOW + 60_000);
        harness.act(Action::Tick);
        let shown = harness.screen(120, 30);
        assert!(shown.contains("Watching lhcb:alice: no new token; access tokens work 19m more"), "{screen}: {shown}");
    }
}

#[test]
fn a_new_token_is_an_alarm_that_stays_until_it_is_dismissed() {
    let mut harness = revoked();
    let glances = harness.glances(4_000);
    assert_eq!((&glances[0].subject, glances[0].since), (&subject("lhcb:alice"), None), "any live token is a new one");
    assert!(harness.glances(4_100).is_empty(), "one question at a time");
    harness.glanced(&glances[0], None);
    let glances = harness.glances(8_000);
    let new = Jti::issue(at(NOW + 7_000), &mut clock::randomness());
    harness.glanced(&glances[0], Some(new.clone()));
    harness.now = at(NOW + 2 * LIFETIME);
    harness.press(KeyCode::Esc);
    let screen = harness.screen(120, 30);
    assert!(screen.contains("ALARM lhcb:alice has a new live token, issued 11:06:47 UTC"), "{screen}");
    harness.key('w');
    assert!(harness.screen(120, 30).contains(&new.to_string()));
    harness.key('x');
    assert!(harness.app.dialog.is_none() && !harness.screen(120, 30).contains("ALARM"));
    harness.key('w');
    assert!(harness.notice().contains("Nobody is watched"), "{}", harness.notice());
}

#[test]
fn nothing_is_said_to_be_over_before_a_last_look_after_the_time() {
    let mut harness = revoked();
    let glances = harness.glances(LIFETIME - 1_000);
    harness.now = at(NOW + LIFETIME - 1_000);
    harness.glanced(&glances[0], None);
    let glances = harness.glances(LIFETIME + 5_000);
    harness.answer(Answer::Glanced(vec![(glances[0].number, Err(lost()))]));
    let screen = harness.screen(120, 30);
    assert!(screen.contains("waiting for a last look"), "a database that is lost has not been looked at: {screen}");
    let glances = harness.glances(LIFETIME + 10_000);
    harness.glanced(&glances[0], None);
    let screen = harness.screen(120, 30);
    assert!(screen.contains("lhcb:alice has no new token, and its access tokens have expired"), "{screen}");
    assert!(harness.glances(LIFETIME + 20_000).is_empty(), "what is over is not asked for any more");
}

/// An alarm that cannot ring must not look like one that has nothing to say.
#[test]
fn a_watch_that_cannot_look_says_so_instead_of_no_new_token() {
    let mut harness = revoked();
    for seconds in [1, 5, 9] {
        let glances = harness.glances(seconds * 1_000);
        harness.answer(Answer::Glanced(vec![(glances[0].number, Err(lost()))]));
    }
    assert!(harness.screen(120, 30).contains("no new token"), "one look or two may fail");
    harness.glances(13_000);
    let screen = harness.screen(120, 30);
    let said = "NOT LOOKED at lhcb:alice for 12s; access tokens work 19m";
    assert!(screen.contains(said) && !screen.contains("no new token"), "{screen}");
    assert!(harness.screen(160, 30).contains(": connection refused"));
    harness.key('w');
    assert!(harness.says("NOT LOOKED at lhcb:alice for 12s"));
    harness.press(KeyCode::Esc);
    harness.app.watches.add(subject("lhcb:bjorn"), None, at(NOW + 13_000), at(NOW).after(Duration::from_mins(20)));
    assert!(harness.screen(120, 30).contains("NOT LOOKED at 1 of 2 subjects for 12s"));
    // Nor is there an answer while the database is silent; then one comes.
    harness.now = at(NOW + 40_000);
    assert!(harness.screen(120, 30).contains("NOT LOOKED at 1 of 2 subjects for 39s"));
    let alice = harness.app.watches.list()[0].clone();
    assert_eq!(alice.subject, subject("lhcb:alice"));
    let glances =
        harness.effects.iter().rev().find_map(|it| if let Effect::Glance(all) = it { Some(all) } else { None });
    let glance = glances.expect("alice was asked about")[0].clone();
    harness.glanced(&glance, None);
    assert!(harness.screen(120, 30).contains("Watching 2 subjects: no new tokens"));
}

#[test]
fn a_watch_that_waits_for_its_first_look_does_not_say_that_it_sees_nothing() {
    let mut harness = revoked();
    harness.glances(4_000);
    harness.app.watches.add(subject("lhcb:eve"), None, at(NOW + 4_000), at(NOW).after(Duration::from_mins(20)));
    for seconds in [5, 30] {
        harness.now = at(NOW + seconds * 1_000);
        harness.act(Action::Tick);
    }
    assert!(harness.screen(120, 30).contains("NOT LOOKED at 2 of 2 subjects"), "{}", harness.screen(120, 30));
}

#[test]
fn an_answer_to_an_older_watch_of_the_same_subject_is_dropped() {
    let mut harness = revoked();
    let old = harness.glances(4_000);
    let until = at(NOW).after(Duration::from_mins(20));
    harness.app.watches.add(subject("lhcb:alice"), None, at(NOW + 5_000), until);
    let survivor = Jti::issue(at(NOW + 4_500), &mut clock::randomness());
    harness.glanced(&old[0], Some(survivor));
    assert_eq!(harness.app.watches.alarms().count(), 0, "that token was revoked by the second revocation");
    assert_eq!(harness.app.watches.list().len(), 1);
}

#[test]
fn of_single_tokens_a_new_one_is_one_issued_since() {
    let tokens = vec![token(TokenStatus::Created, "lhcb:alice"), token(TokenStatus::Created, "lhcb:bjorn")];
    let mut harness = Harness::with_tokens(tokens.clone());
    harness.key('*');
    harness.key('r');
    harness.planned(SessionPlan::revoke(tokens.clone(), &[], at(NOW - 9_000), &Policy::default()));
    harness.type_in("2");
    harness.press(KeyCode::Enter);
    harness.step(&PlanStep::Revoke(tokens[0].jti.clone()), StepFate::Done(1));
    // Its client has exchanged it while the plan was read.
    harness.step(&PlanStep::Revoke(tokens[1].jti.clone()), StepFate::Refused("already revoked".to_owned()));
    harness.end_work(None);
    let since: Vec<Option<Timestamp>> = harness.glances(4_000).iter().map(|glance| glance.since).collect();
    assert_eq!(since, [Some(at(NOW)), Some(at(NOW - 9_000))]);
    harness.press(KeyCode::Esc);
    assert!(harness.screen(120, 30).contains("Watching 2 subjects: no new tokens"));
}

#[test]
fn flows_put_nobody_under_watch() {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    harness.press(KeyCode::Down);
    harness.key('d');
    let flows = vec![flow("BCDFGHJK", FlowStatus::Pending, 60)];
    harness.planned(SessionPlan::deny(flows, at(NOW), &Policy::default()));
    harness.key('y');
    harness.step(&PlanStep::Deny(UserCode::from_stored("BCDFGHJK".to_owned())), StepFate::Done(1));
    harness.end_work(None);
    assert!(harness.app.watches.list().is_empty());
}
