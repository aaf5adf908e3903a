//! Each rule of the language by an example, and each way to write it wrong.

use authdb_shared::clock;
use authdb_shared::db::{AdminAction, FlowStateFilter, LivenessFilter, TokenFilter};
use authdb_shared::ids::{Jti, Subject};
use authdb_shared::model::{DeviceFlow, RefreshToken, Scope, SubjectSummary, TokenStatus};
use authdb_shared::{Policy, Timestamp};

use super::*;
use crate::table::Viewpoint;
use crate::telling::Telling;

const NOW: i64 = 1_795_000_000_000;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(millis).expect("within the calendar")
}

fn viewpoint() -> Viewpoint {
    Viewpoint { now: at(NOW), policy: Policy::default(), telling: Telling::default(), veil: std::sync::Arc::default() }
}

/// A live token of `lhcb:alice`, five minutes old.
fn token() -> RefreshToken {
    RefreshToken {
        jti: Jti::issue(at(NOW - 300_000), &mut clock::randomness()),
        status: TokenStatus::Created,
        scope: Scope::from_stored("vo:lhcb group:lhcb_user property:Normal User".to_owned()),
        subject: Some(Subject::new("lhcb:alice").expect("not empty")),
    }
}

fn shows(text: &str) -> bool {
    let filter = Filter::of::<RefreshToken>(text);
    assert_eq!(filter.complaint(), None, "{text}");
    filter.admits(&token(), &viewpoint())
}

#[test]
fn all_terms_must_hold() {
    assert!(shows("") && shows("alice") && shows("ALICE lhcb_u") && !shows("alice bob"));
    assert!(shows("\"normal user\"") && !shows("\"user normal\"") && shows("  alice  "));
}

#[test]
fn a_field_contains_a_text_or_is_exactly_that() {
    assert!(shows("subject:ALI") && !shows("subject:user") && shows("SUBJECT:ali"));
    assert!(shows("vo=lhcb") && !shows("vo=lhc") && !shows("vo=LHCB"), "subjects may differ in nothing but case");
    assert!(shows("state=LIVE") && shows("state:live") && shows("scope:\"normal u\"") && !shows("status=created"));
    assert!(shows("subject:\"lhcb:alice\"") && shows("subject:lhcb:alice"));
}

#[test]
fn a_key_is_found_with_its_dashes_and_without() {
    let row = token();
    let key = row.jti.to_string();
    for text in [key.clone(), key.replace('-', ""), key.to_uppercase(), format!("token={}", key.replace('-', ""))] {
        assert!(Filter::of::<RefreshToken>(&text).admits(&row, &viewpoint()), "{text}");
    }
}

#[test]
fn spans_times_and_numbers_are_compared() {
    for (text, is_shown) in [
        ("age<5m", false),
        ("age<=5m", true),
        ("age>=5m", true),
        ("age>5m", false),
        ("age>4m59s", true),
        ("age<1h30m", true),
        ("issued>=2026", true),
        ("issued<2026-11-18T11:00", false),
        ("issued=2026-11-18", true),
        ("issued:2026-11-1", true),
    ] {
        assert_eq!(shows(text), is_shown, "{text}; issued {}", at(NOW - 300_000));
    }
    let summary = |live| SubjectSummary {
        subject: Subject::new("lhcb:alice").expect("not empty"),
        live,
        revoked: 0,
        first: None,
        last: Some(at(NOW)),
    };
    let many = Filter::of::<SubjectSummary>("live>3 last>=2026-01");
    assert!(many.admits(&summary(4), &viewpoint()) && !many.admits(&summary(3), &viewpoint()));
    let undated = Filter::of::<SubjectSummary>("oldest>0s");
    assert!(!undated.admits(&summary(4), &viewpoint()), "what is not known compares with nothing");
}

#[test]
fn any_term_can_be_negated() {
    assert!(
        shows("!bob") && !shows("!alice") && shows("!subject:bob !age<1m") && !shows("!vo=lhcb") && shows("!\"a b\"")
    );
}

#[test]
fn a_word_is_not_looked_for_in_what_changes_with_every_second() {
    assert!(!shows("5m00s"));
    assert!(!Filter::of::<SubjectSummary>("12").narrowing().is_partial);
}

#[test]
fn what_is_shown_in_place_of_nothing_is_found() {
    let orphan = RefreshToken { subject: None, ..token() };
    for text in ["nobody", "subject=(nobody)", "!subject:alice"] {
        let filter = Filter::of::<RefreshToken>(text);
        assert!(filter.admits(&orphan, &viewpoint()) && filter.narrowing().is_partial, "{text}");
    }
}

#[test]
fn bad_syntax_is_explained_and_selects_nothing() {
    for (text, sentence) in [
        (" ", "only blanks"),
        ("!", "needs a term"),
        ("alice ! bob", "needs a term"),
        ("!!alice", "needs a term"),
        ("\"\"", "nothing between the quotes"),
        ("\"alice", "not closed"),
        ("subject:\"alice bob", "not closed"),
        ("\"alice\"bob", "a blank is missing"),
        ("al\"ice\"", "within a word"),
        (":alice", "A field is missing"),
        ("<5m", "A field is missing"),
        ("lhcb:alice", "no field lhcb here but age, state, anomaly, left, subject, group, token"),
        ("subject:", "write subject:part or subject=whole"),
        ("subject=\"\"", "a value is missing"),
        ("age<", "write age<5m"),
        ("age<5", "5 has no unit: write 5s, 5m, 5h or 5d, for example age<5m"),
        ("age<soon", "soon is no span of time"),
        ("age=5m", "changes with every second: write age<5m"),
        ("age:5m", "changes with every second"),
        ("subject>5", "write subject:5 for what contains it"),
        ("issued>yesterday", "yesterday is no date or time: write issued>=2026-11-25"),
        ("issued>2026-1", "no date or time"),
    ] {
        let filter = Filter::of::<RefreshToken>(text);
        let complaint = filter.complaint().unwrap_or_else(|| panic!("{text:?} is read"));
        assert!(complaint.contains(sentence), "{text:?}: {complaint}");
        assert!(!filter.admits(&token(), &viewpoint()), "{text:?}");
        assert_eq!(filter.narrowing(), &Narrowing::default());
    }
    for (text, sentence) in [("live>many", "many is no number, and live is one"), ("live:3", "a number: write live>3")]
    {
        let complaint = Filter::of::<SubjectSummary>(text).complaint().map(str::to_owned).unwrap_or_default();
        assert!(complaint.contains(sentence), "{text:?}: {complaint}");
    }
}

#[test]
fn what_is_certain_to_lose_no_row_is_asked_of_the_database() {
    for text in [
        "alice",
        "subject=lhcb:alice",
        "vo=lhcb",
        "group=lhcb_user scope:prop alice",
        "age<5m age>1m",
        "state=LIVE",
        "state:expi",
        "!state:revoked state:undated",
        "state:nonsense",
        "status=HELD",
    ] {
        assert!(!Filter::of::<RefreshToken>(text).narrowing().is_partial, "{text}");
    }
    for text in ["state:stale", "state=error status=READY", "state:r", "state=done state=ready", "!state:done"] {
        assert!(!Filter::of::<DeviceFlow>(text).narrowing().is_partial, "{text}");
    }
    for text in ["state:e", "!state:live", "!state:un", "revoked"] {
        assert!(Filter::of::<RefreshToken>(text).narrowing().is_partial, "{text}");
    }
    let partial = ["left<60s", "stale", "pend", "!client:x", "!state:done left<60s"];
    for text in partial.into_iter().chain(["one two", "age<=5m", "code:BC"]) {
        assert!(Filter::of::<DeviceFlow>(text).narrowing().is_partial, "{text}");
    }
    assert!(Filter::of::<AdminAction>("alice").narrowing().is_partial, "the journal is read by its end only");
    assert_ne!(Filter::of::<DeviceFlow>("code:BC").narrowing().containing(), Narrowing::default().containing());
}

#[test]
fn whichever_states_of_flows_are_meant_are_asked_for() {
    use FlowStateFilter::{Done, Error, Pending, Ready, Stale, Unrecognised};
    let asked = |text: &str| Filter::of::<DeviceFlow>(text).narrowing().flows().states;
    for (text, states) in [
        ("state:r", vec![Ready, Error]),
        ("!state:done !state=error", vec![Pending, Ready, Stale, Unrecognised]),
        ("state:d !state:done", vec![Pending, Ready]),
        ("state=done state=ready", vec![]),
        ("state=nonsense", vec![]),
        ("!state=nonsense", vec![Pending, Ready, Stale, Done, Error, Unrecognised]),
    ] {
        assert_eq!(asked(text), Some(states.into_iter().collect()), "{text}");
    }
    assert_eq!(asked("alice"), None);
}

#[test]
fn a_state_narrows_what_the_horizon_shows_anyway() {
    let asked = |text: &str, wanted: TokenFilter| Filter::of::<RefreshToken>(text).narrowing().tokens(wanted).liveness;
    let not_revoked = || TokenFilter { liveness: Some(LivenessFilter::NotRevoked), ..TokenFilter::default() };
    assert_eq!(asked("state:expired", TokenFilter::default()), Some(LivenessFilter::Expired));
    assert_eq!(asked("state:expired", not_revoked()), Some(LivenessFilter::Expired));
    assert_eq!(asked("state:revoked", not_revoked()), Some(LivenessFilter::Nothing));
    assert_eq!(asked("!state:revoked", TokenFilter::live()), Some(LivenessFilter::Active));
    assert_eq!(asked("state:live state:expired", TokenFilter::default()), Some(LivenessFilter::Nothing));
    assert_eq!(asked("alice", TokenFilter::live()), Some(LivenessFilter::Active));
}
