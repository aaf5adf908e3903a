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

#[test]
fn a_key_that_is_held_down_asks_for_each_sum_once() {
    let mut harness = on_the_overview();
    harness.effects.clear();
    (0..60).for_each(|_| harness.press(KeyCode::F(5)));
    let asked = harness.looks_asked();
    let times = asked.iter().filter(|look| **look == Look::Minutes).count();
    assert_eq!(times, 1, "{asked:?}");
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

/// A list in view whose answer takes a second, asked for as soon as the tokens' screen or the subjects' is shown.
fn in_view_and_slow(key: char, rows: fn() -> Rows) -> Harness {
    let mut harness = Harness::new(false);
    harness.key(key);
    let Some(Effect::Fetch { generation, .. }) = harness.app.fetch(harness.app.screen) else { panic!("it is a list") };
    harness.now = at(NOW + 1_000);
    harness.answer(Answer::Rows { generation, rows: rows() });
    harness
}

/// Whether the list in view is asked for when that much has passed since the start.
fn is_asked_after(harness: &mut Harness, millis: i64, wanted: fn(&Query) -> bool) -> bool {
    harness.effects.clear();
    harness.now = at(NOW + millis);
    harness.act(Action::Tick);
    harness.effects.iter().any(|effect| matches!(effect, Effect::Fetch { query, .. } if wanted(query)))
}

#[test]
fn subjects_in_view_are_added_up_every_few_seconds_only_for_somebody_who_is_there() {
    let wanted: fn(&Query) -> bool = |query| matches!(query, Query::Subjects(_));
    let slow = || in_view_and_slow('4', || Rows::Subjects(Ok(page(Vec::new()))));
    assert!(is_asked_after(&mut slow(), 14_900, wanted), "a key was pressed a moment ago");
    let mut left_alone = slow();
    assert!(!is_asked_after(&mut left_alone, 15_000, wanted), "it took a second, and nobody is there");
    assert!(!is_asked_after(&mut left_alone, 119_900, wanted));
    left_alone.key('j');
    assert!(is_asked_after(&mut left_alone, 119_900, wanted), "somebody came");
    assert!(is_asked_after(&mut slow(), 120_000, wanted), "it is read for nobody, too");
}

#[test]
fn a_list_that_was_lost_is_read_again_at_once_whatever_its_sum_took() {
    let wanted: fn(&Query) -> bool = |query| matches!(query, Query::Subjects(_));
    let mut harness = in_view_and_slow('4', || Rows::Subjects(Ok(page(Vec::new()))));
    assert!(is_asked_after(&mut harness, 130_000, wanted));
    let Some(Effect::Fetch { generation, .. }) = harness.app.fetch(Screen::Subjects) else { panic!("it is a list") };
    harness.answer(Answer::Rows { generation, rows: Rows::Subjects(Err(lost())) });
    assert!(is_asked_after(&mut harness, 133_000, wanted), "the database is back for whoever looks");
}

#[test]
fn a_search_in_view_rests_while_nobody_is_there_and_the_newest_tokens_do_not() {
    let wanted: fn(&Query) -> bool = |query| matches!(query, Query::Tokens(_));
    let slow = || in_view_and_slow('5', || Rows::Tokens(Ok(page(Vec::new()))));
    assert!(is_asked_after(&mut slow(), 20_000, wanted), "whoever looks at new tokens need not press a key");
    let mut searching = slow();
    searching.key('/');
    searching.type_in("alice");
    searching.press(KeyCode::Enter);
    let generation = searching.effects.iter().rev().find_map(|effect| match effect {
        Effect::Fetch { generation, query: Query::Tokens(_), .. } => Some(*generation),
        _ => None,
    });
    searching.now = at(NOW + 2_000);
    let generation = generation.expect("the filter is asked of the database");
    searching.answer(Answer::Rows { generation, rows: Rows::Tokens(Ok(page(Vec::new()))) });
    assert!(!is_asked_after(&mut searching, 21_000, wanted));
    assert!(is_asked_after(&mut searching, 121_000, wanted));
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
