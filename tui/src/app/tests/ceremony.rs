//! Choosing the user of an approval: from the registry, from the database, or by hand; and what speaks against one.

use authdb_shared::registry::{Registry, RegistryError};

use super::*;

const REGISTRY: &[u8] = b"
Registry:
  lhcb:
    DefaultGroup: lhcb_user
    Groups: {lhcb_user: {Users: [b824]}}
    Users: {b824: {PreferedUsername: alice}, c3: {PreferedUsername: alan}, z9: {PreferedUsername: zoe}}
";

fn code() -> UserCode {
    UserCode::from_stored("BCDFGHJK".to_owned())
}

fn registry() -> Registry {
    Registry::parse(REGISTRY).expect("a registry")
}

/// An approval whose code has been looked up.
fn asked(source: Option<&str>) -> Harness {
    let mut harness = Harness::with_flows(Vec::new());
    harness.app.screen = Screen::DeviceFlows;
    harness.app.registration = Registration::at(source.map(str::to_owned));
    harness.key('a');
    harness.type_in("BCDFGHJK");
    harness.press(KeyCode::Enter);
    harness
        .answer(Answer::Flow { code: code(), found: Ok((Some(flow("BCDFGHJK", FlowStatus::Pending, 60)), at(NOW))) });
    harness
}

fn with_registry() -> Harness {
    let mut harness = asked(Some("/srv/default.yml"));
    harness.answer(Answer::Registry(Ok(registry())));
    harness
}

fn approved(harness: &Harness) -> Option<(&str, Option<&str>)> {
    match harness.changes()[..] {
        [PlanStep::Approve(_, claims)] => Some((claims.sub.as_str(), claims.preferred_username.as_deref())),
        _ => None,
    }
}

#[test]
fn typing_narrows_the_users_of_the_registry_and_an_arrow_takes_one_with_its_name() {
    let mut harness = with_registry();
    assert!(harness.effects.contains(&Effect::ReadRegistry));
    assert!(!harness.effects.contains(&Effect::LookForSubjects("lhcb".to_owned())), "the registry knows better");
    harness.type_in("al");
    let screen = harness.screen(80, 24);
    assert!(screen.contains("alice") && screen.contains("alan") && !screen.contains("zoe"), "{screen}");
    harness.press(KeyCode::Down);
    harness.press(KeyCode::Enter);
    harness.press(KeyCode::Enter);
    let screen = harness.screen(80, 24);
    assert!(screen.contains("logged in as lhcb:b824") && screen.contains("Held against the registry"), "{screen}");
    harness.key('y');
    assert_eq!(approved(&harness), Some(("b824", Some("alice"))));
}

/// The registry of an approval before: read again, slowly, while somebody is chosen from what is known of it.
fn chosen_while_the_registry_is_read(again: &[u8]) -> Harness {
    let mut harness = with_registry();
    (0..2).for_each(|_| harness.press(KeyCode::Esc));
    harness.key('a');
    harness.type_in("BCDFGHJK");
    harness.press(KeyCode::Enter);
    harness
        .answer(Answer::Flow { code: code(), found: Ok((Some(flow("BCDFGHJK", FlowStatus::Pending, 60)), at(NOW))) });
    harness.type_in("al");
    (0..2).for_each(|_| harness.press(KeyCode::Down));
    assert!(harness.screen(80, 24).contains("› c3"), "{}", harness.screen(80, 24));
    harness.answer(Answer::Registry(Ok(Registry::parse(again).expect("a registry"))));
    harness
}

#[test]
fn whoever_is_chosen_stays_chosen_when_others_come_into_the_list() {
    let again =
        String::from_utf8_lossy(REGISTRY).replace("Users: {b824: {P", "Users: {a1: {PreferedUsername: alba}, b824: {P");
    let mut harness = chosen_while_the_registry_is_read(again.as_bytes());
    let screen = harness.screen(80, 24);
    assert!(screen.contains("alba") && screen.contains("› c3"), "{screen}");
    harness.press(KeyCode::Up);
    assert!(harness.screen(80, 24).contains("› b824"), "the arrow goes on from him");
    harness.press(KeyCode::Down);
    harness.press(KeyCode::Enter);
    assert!(harness.screen(80, 24).contains("without the VO: c3"), "{}", harness.screen(80, 24));
}

#[test]
fn whoever_was_chosen_and_is_gone_is_said_and_nobody_is_taken_for_him() {
    let again = String::from_utf8_lossy(REGISTRY).replace("c3: {PreferedUsername: alan}, ", "");
    let mut harness = chosen_while_the_registry_is_read(again.as_bytes());
    harness.press(KeyCode::Enter);
    assert!(harness.says("c3 is no longer among those who match, and nobody was taken. Choose again."));
    let screen = harness.screen(80, 24);
    assert!(screen.contains("without the VO: al") && !screen.contains("User name"), "{screen}");
}

#[test]
fn without_an_arrow_what_was_typed_counts() {
    let mut harness = with_registry();
    harness.type_in("b824");
    harness.press(KeyCode::Down);
    harness.press(KeyCode::Up);
    harness.press(KeyCode::Enter);
    harness.press(KeyCode::Enter);
    harness.key('y');
    assert_eq!(approved(&harness), Some(("b824", Some("alice"))));
}

/// Goes back to the subject, and names another.
fn rename(harness: &mut Harness, sub: &str) {
    harness.press(KeyCode::Esc);
    (0..10).for_each(|_| harness.press(KeyCode::Backspace));
    harness.type_in(sub);
    harness.press(KeyCode::Enter);
}

fn claims(harness: &Harness) -> (String, Option<String>) {
    let Some(Dialog::Approve(approve)) = &harness.app.dialog else { panic!("the approval is open") };
    let claims = approve.claims();
    (claims.sub, claims.preferred_username)
}

#[test]
fn the_name_of_one_user_never_goes_with_the_subject_of_another() {
    let name = |name: &str| Some(name.to_owned());
    let mut harness = with_registry();
    harness.type_in("b824");
    harness.press(KeyCode::Enter);
    assert_eq!(claims(&harness), ("b824".to_owned(), name("alice")));
    rename(&mut harness, "eve");
    assert_eq!(claims(&harness), ("eve".to_owned(), None), "the registry does not know her");
    harness.type_in("Eve");
    rename(&mut harness, "z9");
    assert_eq!(claims(&harness), ("z9".to_owned(), name("zoe")));
    harness.type_in(" S");
    rename(&mut harness, "z9");
    assert_eq!(claims(&harness), ("z9".to_owned(), name("zoe S")), "what was written for the same one stays");
    (0..5).for_each(|_| harness.press(KeyCode::Backspace));
    rename(&mut harness, "eve");
    assert_eq!(claims(&harness), ("eve".to_owned(), None), "nor does what was written by hand");
}

#[test]
fn the_name_of_a_user_of_one_vo_never_goes_with_the_same_subject_of_another() {
    let mut harness = with_registry();
    harness.type_in("b824");
    harness.press(KeyCode::Enter);
    (0..2).for_each(|_| harness.press(KeyCode::Esc));
    harness.press(KeyCode::Enter);
    let of_belle = Scope::from_stored("vo:belle".to_owned());
    let flow = DeviceFlow { scope: of_belle, ..flow("BCDFGHJK", FlowStatus::Pending, 60) };
    harness.answer(Answer::Flow { code: code(), found: Ok((Some(flow), at(NOW))) });
    harness.press(KeyCode::Enter);
    assert_eq!(claims(&harness), ("b824".to_owned(), None));
}

#[test]
fn whom_diracx_would_refuse_is_said_and_must_be_typed_once_more() {
    for (typed, reason) in
        [("c3", "c3 is not a member of the group lhcb_user"), ("eve", "eve is not a registered user")]
    {
        let mut harness = with_registry();
        harness.type_in(typed);
        harness.press(KeyCode::Enter);
        harness.press(KeyCode::Enter);
        let screen = harness.screen(80, 24);
        assert!(screen.contains(reason) && !screen.contains("approve it"), "{screen}");
        harness.key('y');
        harness.press(KeyCode::Enter);
        assert!(harness.screen(80, 24).contains("so nothing was done"));
        assert_eq!(approved(&harness), None);
        harness.press(KeyCode::Backspace);
        harness.type_in(&format!("lhcb:{typed}"));
        harness.press(KeyCode::Enter);
        assert!(harness.screen(80, 30).contains(reason), "it stays in sight");
        harness.key('y');
        assert_eq!(approved(&harness).map(|(sub, _)| sub), Some(typed));
    }
}

#[test]
fn what_is_typed_ahead_insists_on_nobody() {
    let mut harness = Harness::with_flows(Vec::new());
    harness.app.registration = Registration::at(Some("/srv/default.yml".to_owned()));
    harness.key('a');
    harness.answer(Answer::Registry(Ok(registry())));
    harness.type_in("BCDFGHJK");
    harness.press(KeyCode::Enter);
    harness.type_in("eve");
    (0..2).for_each(|_| harness.press(KeyCode::Enter));
    harness.type_in("lhcb:eve");
    harness.press(KeyCode::Enter);
    harness
        .answer(Answer::Flow { code: code(), found: Ok((Some(flow("BCDFGHJK", FlowStatus::Pending, 60)), at(NOW))) });
    let screen = harness.screen(80, 24);
    assert!(screen.contains("Type lhcb:eve to insist: ") && !screen.contains("approve it"), "{screen}");
    harness.type_in("lhcb:eve");
    harness.press(KeyCode::Enter);
    assert!(harness.screen(80, 24).contains("approve it"), "it stood in no field");
}

#[test]
fn where_the_registry_has_changed_its_mind_there_is_nothing_to_insist_on() {
    let mut harness = with_registry();
    harness.type_in("eve");
    (0..2).for_each(|_| harness.press(KeyCode::Enter));
    harness.type_in("lhcb:e");
    assert!(harness.says("eve is not a registered user"));
    let again = String::from_utf8_lossy(REGISTRY)
        .replace("Users: [b824]", "Users: [b824, eve]")
        .replace("z9: {", "eve: {PreferedUsername: eve}, z9: {");
    harness.answer(Answer::Registry(Ok(Registry::parse(again.as_bytes()).expect("a registry"))));
    harness.type_in("v");
    assert!(harness.says("speaks against it no longer. Enter goes on."));
    assert!(harness.says("Type lhcb:eve to insist: lhcb:ev"), "the keys go where they went");
    harness.press(KeyCode::Enter);
    harness.key('y');
    assert_eq!(approved(&harness).map(|(sub, _)| sub), Some("eve"));
}

#[test]
fn a_registry_that_cannot_be_read_is_said_and_the_database_stands_in() {
    let mut harness = asked(Some("/srv/default.yml"));
    assert!(harness.screen(80, 24).contains("reading the registry"));
    let (place, reason) = ("/srv/default.yml".to_owned(), "permission denied".to_owned());
    harness.answer(Answer::Registry(Err(RegistryError::Unreadable { place, reason })));
    assert_eq!(harness.effects.last(), Some(&Effect::LookForSubjects("lhcb".to_owned())));
    harness
        .answer(Answer::Subjects { vo: "lhcb".to_owned(), found: Ok(vec![subject("lhcb:bob"), subject("lhcb:al")]) });
    let screen = harness.screen(80, 24);
    assert!(screen.contains("permission denied") && screen.contains("with live tokens"), "{screen}");
    harness.type_in("bo");
    harness.press(KeyCode::Down);
    harness.press(KeyCode::Enter);
    harness.press(KeyCode::Enter);
    assert!(harness.screen(80, 24).contains("NOT held against the registry"));
    harness.key('y');
    assert_eq!(approved(&harness), Some(("bob", None)));
}

#[test]
fn a_registry_that_fails_later_is_still_used_as_it_was() {
    let mut harness = with_registry();
    harness.press(KeyCode::Esc);
    harness.press(KeyCode::Esc);
    harness.now = at(NOW + 5_000);
    harness.key('a');
    harness.answer(Answer::Registry(Err(RegistryError::TooLarge)));
    harness.type_in("BCDFGHJK");
    harness.press(KeyCode::Enter);
    harness
        .answer(Answer::Flow { code: code(), found: Ok((Some(flow("BCDFGHJK", FlowStatus::Pending, 60)), at(NOW))) });
    let screen = harness.screen(80, 24);
    assert!(screen.contains("larger than") && screen.contains("read 5s ago") && screen.contains("zoe"), "{screen}");
}

#[test]
fn a_plan_says_of_which_reading_of_the_registry_it_is() {
    let mut harness = with_registry();
    (0..2).for_each(|_| harness.press(KeyCode::Esc));
    harness.now = at(NOW + 40_000);
    harness.key('a');
    harness.type_in("BCDFGHJK");
    harness.press(KeyCode::Enter);
    harness
        .answer(Answer::Flow { code: code(), found: Ok((Some(flow("BCDFGHJK", FlowStatus::Pending, 60)), at(NOW))) });
    harness.type_in("b824");
    (0..2).for_each(|_| harness.press(KeyCode::Enter));
    assert!(harness.says("Held against the registry as it was 40s ago."));
    harness.now = at(NOW + 45_000);
    harness.answer(Answer::Registry(Ok(Registry::parse(b"Registry: {lhcb: {}}").expect("a registry"))));
    assert!(harness.says("Held against the registry as it was 45s ago."), "what was read since was not asked");
}

#[test]
fn nobody_is_approved_while_the_registry_is_still_being_read() {
    let mut harness = asked(Some("/srv/default.yml"));
    harness.type_in("b824");
    harness.press(KeyCode::Enter);
    harness.press(KeyCode::Enter);
    assert!(harness.screen(80, 24).contains("still being read"));
    harness.answer(Answer::Registry(Ok(registry())));
    harness.press(KeyCode::Enter);
    assert!(harness.screen(80, 24).contains("approve it"));
}

#[test]
fn without_a_registry_the_subjects_of_the_vo_are_offered() {
    let mut harness = asked(None);
    assert_eq!(harness.effects.last(), Some(&Effect::LookForSubjects("lhcb".to_owned())));
    harness.answer(Answer::Subjects { vo: "lhcb".to_owned(), found: Err(lost()) });
    assert!(harness.screen(80, 24).contains("subjects are not known"));
    harness.type_in("alice");
    harness.press(KeyCode::Enter);
    harness.press(KeyCode::Enter);
    harness.key('y');
    assert_eq!(approved(&harness), Some(("alice", None)));
}

/// Two approvals, one after the other, whose users are asked for and answered slowly.
#[test]
fn subjects_of_one_vo_are_never_offered_or_told_as_those_of_another() {
    for is_late in [false, true] {
        let mut harness = asked(None);
        let of_lhcb = || Answer::Subjects { vo: "lhcb".to_owned(), found: Ok(vec![subject("lhcb:al")]) };
        let of_belle = || Answer::Subjects { vo: "belle".to_owned(), found: Ok(vec![subject("belle:bob")]) };
        if !is_late {
            harness.answer(of_lhcb());
        }
        (0..2).for_each(|_| harness.press(KeyCode::Esc));
        harness.key('a');
        harness.type_in("BCDFGHJK");
        harness.press(KeyCode::Enter);
        let scope = Scope::from_stored("vo:belle".to_owned());
        let flow = DeviceFlow { scope, ..flow("BCDFGHJK", FlowStatus::Pending, 60) };
        harness.answer(Answer::Flow { code: code(), found: Ok((Some(flow), at(NOW))) });
        let screen = harness.screen(80, 24);
        assert!(screen.contains("looking for subjects…") && !screen.contains("with live tokens"), "{screen}");
        harness.answer(of_belle());
        if is_late {
            harness.answer(of_lhcb());
        }
        let screen = harness.screen(80, 24);
        assert!(screen.contains("subjects of belle with live tokens") && screen.contains("bob"), "{screen}");
        assert!(!screen.contains(" al "), "{screen}");
    }
}

#[test]
fn subjects_that_come_while_the_plan_is_read_are_there_behind_it() {
    let mut harness = asked(None);
    harness.type_in("alice");
    (0..2).for_each(|_| harness.press(KeyCode::Enter));
    harness.answer(Answer::Subjects { vo: "lhcb".to_owned(), found: Ok(vec![subject("lhcb:alice")]) });
    (0..2).for_each(|_| harness.press(KeyCode::Esc));
    assert!(harness.screen(80, 24).contains("subjects of lhcb with live tokens"));
}
