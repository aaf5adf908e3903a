//! How long what was read is left alone before it is read again.

use super::looks::activity;
use super::*;
use crate::look::{Look, Seen};

/// On the overview, with every sum on it read in no time.
fn on_the_overview() -> Harness {
    let mut harness = Harness::new(false);
    harness.key('1');
    harness.see_counts(3);
    harness.see(Look::Minutes, Seen::Minutes(Ok(activity())));
    harness.see(Look::Days, Seen::Days(Ok(activity())));
    harness
}

#[test]
fn what_takes_the_database_long_is_left_alone_for_longer() {
    let mut harness = on_the_overview();
    let Effect::Look { generation, .. } = harness.app.look(Look::Top) else { panic!("it is looked at") };
    harness.now = at(NOW + 1_000);
    harness.answer(Answer::Seen { generation, seen: Seen::Top(Ok(page(Vec::new()))) });
    let is_asked_after = |harness: &mut Harness, seconds: i64| {
        harness.effects.clear();
        harness.now = at(NOW + seconds * 1000);
        harness.act(Action::Tick);
        harness.looks_asked().contains(&Look::Top)
    };
    assert!(!is_asked_after(&mut harness, 119), "it took a second");
    assert!(is_asked_after(&mut harness, 120));
}

/// A sum that waits for its turn takes as long as those before it, and so the last of them stands for all.
#[test]
fn sums_rest_together_so_that_all_of_them_cost_what_one_may() {
    let mut harness = on_the_overview();
    let top = harness.app.look(Look::Top);
    let ended = harness.app.look(Look::Ended);
    let (Effect::Look { generation: top, .. }, Effect::Look { generation: ended, .. }) = (top, ended) else {
        panic!("they are looked at")
    };
    harness.answer(Answer::Seen { generation: top, seen: Seen::Top(Ok(page(Vec::new()))) });
    harness.now = at(NOW + 100);
    harness.answer(Answer::Seen { generation: ended, seen: Seen::Ended(Ok(page(Vec::new()))) });
    let asked_after = |harness: &mut Harness, millis: i64| {
        harness.effects.clear();
        harness.now = at(NOW + millis);
        harness.act(Action::Tick);
        harness.looks_asked()
    };
    let early = asked_after(&mut harness, 19_900);
    assert!(!early.contains(&Look::Top), "it took no time, but the one beside it did: {early:?}");
    let rested = asked_after(&mut harness, 20_000);
    assert!(rested.contains(&Look::Top) && rested.contains(&Look::Ended), "{rested:?}");
}

#[test]
fn what_waits_for_somebody_is_read_in_the_background_and_sums_that_nobody_sees_rest() {
    let mut harness = Harness::new(false);
    let (flows, subjects) = (harness.app.fetch(Screen::DeviceFlows), harness.app.fetch(Screen::Subjects));
    let generation = |effect| match effect {
        Some(Effect::Fetch { generation, .. }) => generation,
        other => panic!("{other:?} is no question"),
    };
    harness.now = at(NOW + 1_000);
    harness.answer(Answer::Rows { generation: generation(flows), rows: Rows::DeviceFlows(Ok(page(Vec::new()))) });
    harness.answer(Answer::Rows { generation: generation(subjects), rows: Rows::Subjects(Ok(page(Vec::new()))) });
    harness.key('5');
    let lists_asked_after = |harness: &mut Harness, seconds: i64| -> Vec<Query> {
        harness.effects.clear();
        harness.now = at(NOW + seconds * 1000);
        harness.act(Action::Tick);
        let queries = harness.effects.iter().filter_map(|effect| match effect {
            Effect::Fetch { query, .. } => Some(query.clone()),
            _ => None,
        });
        queries.collect()
    };
    let is_of_subjects = |query: &Query| matches!(query, Query::Subjects(_));
    let early = lists_asked_after(&mut harness, 119);
    assert!(early.iter().any(|query| matches!(query, Query::DeviceFlows(_))), "a code may wait: {early:?}");
    assert!(!early.iter().any(is_of_subjects), "it took a second: {early:?}");
    assert!(harness.screen(200, 60).contains("4 Subjects ~0"), "it says that it was a while ago");
    assert!(lists_asked_after(&mut harness, 120).iter().any(is_of_subjects));
}

#[test]
fn who_has_most_tokens_and_the_list_of_subjects_are_added_up_at_once() {
    let mut harness = on_the_overview();
    let Some(Effect::Fetch { generation, .. }) = harness.app.fetch(Screen::Subjects) else { panic!("it is a list") };
    harness.answer(Answer::Rows { generation, rows: Rows::Subjects(Ok(page(Vec::new()))) });
    let Effect::Look { generation, .. } = harness.app.look(Look::Top) else { panic!("it is looked at") };
    harness.now = at(NOW + 100);
    harness.answer(Answer::Seen { generation, seen: Seen::Top(Ok(page(Vec::new()))) });
    let asked_after = |harness: &mut Harness, millis: i64| {
        harness.effects.clear();
        harness.now = at(NOW + millis);
        harness.act(Action::Tick);
        let is_list = |effect: &Effect| matches!(effect, Effect::Fetch { query: Query::Subjects(_), .. });
        (harness.looks_asked().contains(&Look::Top), harness.effects.iter().any(is_list))
    };
    assert_eq!(asked_after(&mut harness, 19_900), (false, false));
    assert_eq!(asked_after(&mut harness, 20_000), (true, true));
}

#[test]
fn what_was_held_up_once_is_read_again_soon() {
    let mut harness = Harness::new(false);
    harness.key('2');
    let Some(Effect::Fetch { generation, .. }) = harness.app.fetch(Screen::DeviceFlows) else { panic!("it is a list") };
    // An hour passes before the answer, as in a terminal that was stopped.
    harness.now = at(NOW + 3_600_000);
    harness.answer(Answer::Rows { generation, rows: Rows::DeviceFlows(Ok(page(Vec::new()))) });
    let Some(Effect::Fetch { generation, .. }) = harness.app.fetch(Screen::DeviceFlows) else { panic!("it is a list") };
    harness.now = at(NOW + 3_605_000);
    harness.answer(Answer::Rows { generation, rows: Rows::DeviceFlows(Ok(page(Vec::new()))) });
    harness.effects.clear();
    harness.now = at(NOW + 3_610_000);
    harness.act(Action::Tick);
    let is_list = |effect: &Effect| matches!(effect, Effect::Fetch { query: Query::DeviceFlows { .. }, .. });
    assert!(harness.effects.iter().any(is_list), "five seconds are the longest: {:?}", harness.effects);
}
