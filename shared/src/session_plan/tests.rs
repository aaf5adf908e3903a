use super::*;
use crate::clock;
use crate::ids::{Jti, UserCode};
use crate::model::{FlowStatus, Scope};

fn now() -> Timestamp {
    Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar")
}

fn token(status: TokenStatus, subject: &str, age_minutes: u64) -> RefreshToken {
    let issued = now().before(std::time::Duration::from_mins(age_minutes));
    RefreshToken {
        jti: Jti::issue(issued, &mut clock::randomness()),
        status,
        scope: Scope::from_stored("vo:lhcb".to_owned()),
        subject: Subject::new(subject).ok(),
    }
}

fn revoke(tokens: Vec<RefreshToken>) -> SessionPlan {
    SessionPlan::revoke(tokens, &[], now(), &Policy::default())
}

#[test]
fn tokens_that_are_revoked_already_are_left_out_and_named() {
    let revoked = token(TokenStatus::Revoked, "lhcb:alice", 1);
    let plan = revoke(vec![token(TokenStatus::Created, "lhcb:alice", 1), revoked.clone()]);
    assert_eq!((plan.work.count(), plan.steps().len()), (1, 1));
    assert_eq!(plan.unfit, [Unfit { key: revoked.jti.to_string(), reason: "it is already revoked".to_owned() }]);
}

#[test]
fn every_subject_is_warned_about_once() {
    let tokens = ["lhcb:alice", "lhcb:bjorn", "lhcb:alice"].map(|subject| token(TokenStatus::Created, subject, 1));
    let plan = revoke(tokens.to_vec());
    let follow = plan.consequences.iter().filter(|it| matches!(it, Consequence::AllOfSubjectFollow { .. }));
    assert_eq!(follow.count(), 2);
}

#[test]
fn an_expired_token_is_said_to_change_nothing() {
    let plan = revoke(vec![token(TokenStatus::Created, "lhcb:alice", 61)]);
    assert!(plan.consequences.contains(&Consequence::ExpiredAnyway { count: 1, of: 1 }), "{plan:?}");
}

/// A service's clock may be ahead of the database's, and whatever it issues works at once.
#[test]
fn a_token_from_the_future_is_not_said_to_have_expired() {
    let mut ahead = token(TokenStatus::Created, "lhcb:alice", 1);
    ahead.jti = Jti::issue(now().after(std::time::Duration::from_mins(2)), &mut clock::randomness());
    let plan = revoke(vec![ahead]);
    let is_dismissed = plan.consequences.iter().any(|it| matches!(it, Consequence::ExpiredAnyway { .. }));
    assert!(!is_dismissed, "{plan:?}");
}

#[test]
fn the_confirmation_grows_with_the_weight() {
    let of = |count: usize| revoke(vec![token(TokenStatus::Created, "lhcb:alice", 1); count]);
    assert_eq!(of(1).confirmation("lhcb", false), Confirmation::Key);
    assert_eq!(of(2).confirmation("lhcb", false), Confirmation::Number(2));
    assert_eq!(of(20).confirmation("lhcb", false), Confirmation::Number(20));
    let name = Confirmation::Words(vec!["lhcb".to_owned()]);
    assert_eq!(of(21).confirmation("lhcb", false), name);
    assert_eq!(of(1).confirmation("lhcb", true), name);
}

#[test]
fn all_of_a_subject_takes_the_subject_even_for_a_single_token() {
    let held = |name: &str| HeldTokens {
        subject: Subject::new(name).expect("not empty"),
        created: 1,
        live: 1,
        has_more: false,
    };
    let plan = |name: &str| SessionPlan::revoke_subject(held(name), now(), &Policy::default());
    let confirmation = |name: &str| plan(name).confirmation("lhcb", false);
    assert_eq!(confirmation("lhcb:alice"), Confirmation::Words(vec!["lhcb:alice".to_owned()]));
    let context = Confirmation::Words(vec!["lhcb".to_owned()]);
    assert_eq!(plan("lhcb:alice").confirmation("lhcb", true), context, "a subject is the same word in test");
    assert_eq!(confirmation("lhcb:\u{202e}alice"), context, "nobody can type what is not shown");
    assert_eq!(confirmation("lhcb:alice "), context);
}

#[test]
fn all_of_several_subjects_takes_the_name_of_the_context() {
    let held = |name: &str, created| HeldTokens {
        subject: Subject::new(name).expect("not empty"),
        created,
        live: 1,
        has_more: false,
    };
    let plan = |second| {
        let held = vec![held("lhcb:alice", 1), held("lhcb:bjorn", second)];
        SessionPlan::revoke_subjects(held, now(), &Policy::default())
    };
    assert_eq!(plan(1).confirmation("test", false), Confirmation::Words(vec!["test".to_owned()]));
    let of_one = plan(0);
    assert_eq!(of_one.confirmation("test", false), Confirmation::Words(vec!["lhcb:alice".to_owned()]));
    assert_eq!(of_one.unfit[0].key, "lhcb:bjorn", "who holds nothing is left out and named");
}

#[test]
fn denying_an_approved_code_says_for_whom_it_was_approved() {
    let flow = DeviceFlow {
        user_code: UserCode::from_stored("BCDFGHJK".to_owned()),
        status: FlowStatus::Ready,
        created: Some(now()),
        client_id: "dirac-cli".to_owned(),
        scope: Scope::from_stored("vo:lhcb".to_owned()),
        sub: Some("bj\u{1b}orn".to_owned()),
    };
    let plan = SessionPlan::deny(vec![flow], now(), &Policy::default());
    let sentence = plan.consequences[1].to_string();
    assert!(sentence.starts_with("BCDF-GHJK has been approved for bj␛orn"), "{sentence}");
}

#[test]
fn a_report_keeps_every_step_in_one_list() {
    let plan = revoke(vec![token(TokenStatus::Created, "lhcb:alice", 1), token(TokenStatus::Created, "lhcb:bjorn", 2)]);
    let steps = plan.steps();
    let mut report = WorkReport::of(steps.clone());
    report.add(&steps[0], StepFate::Unknown(0, "the connection broke".to_owned()));
    assert_eq!((report.tried(), report.untried.as_slice()), (1, &steps[1..]));
    assert!(!report.is_complete());
}
