//! The chart of tokens per month: how old it is, and why it is no newer.

use authdb_shared::partition::Month;

use super::*;

fn ask(harness: &mut Harness) -> Vec<u64> {
    harness.act(Action::Tick);
    let asked = |it: Effect| if let Effect::FetchMonths { generation } = it { Some(generation) } else { None };
    std::mem::take(&mut harness.effects).into_iter().filter_map(asked).collect()
}

fn answer(harness: &mut Harness, generation: u64, months: Result<TokensByMonth, DbError>) {
    harness.answer(Answer::Months { generation, months });
}

fn months(rows: u64) -> TokensByMonth {
    let month = authdb_shared::db::MonthRows { month: Month::of(at(NOW)), rows };
    TokensByMonth { months: vec![month], is_estimate: false }
}

#[test]
fn the_chart_of_months_says_how_old_it_is_and_why_it_is_no_newer() {
    let mut harness = Harness::new(false);
    harness.key('5');
    let asked = ask(&mut harness);
    answer(&mut harness, asked[0], Ok(months(40_000)));
    let screen = harness.screen(120, 40);
    assert!(screen.contains(" Tokens per month ") && screen.contains("40,000"), "{screen}");
    harness.now = at(NOW + 60_000);
    let asked = ask(&mut harness);
    answer(&mut harness, asked[0], Err(DbError::TimeLimit { attempt: "counting tokens" }));
    let screen = harness.screen(120, 40);
    assert!(screen.contains("Tokens per month  from 1m ago: counting tokens"), "{screen}");
    assert!(screen.contains("40,000"), "what was read stays: {screen}");
    harness.now = at(NOW + 200_000);
    let asked = ask(&mut harness);
    answer(&mut harness, asked[0] - 1, Ok(months(1)));
    assert!(harness.screen(120, 40).contains("40,000"), "an answer to an older question is dropped");
    answer(&mut harness, asked[0], Ok(months(50_000)));
    let screen = harness.screen(120, 40);
    assert!(screen.contains("50,000") && !screen.contains("counting tokens"), "{screen}");
}

#[test]
fn a_chart_that_was_never_read_says_why_instead_of_missing() {
    let mut harness = Harness::new(false);
    harness.key('5');
    let asked = ask(&mut harness);
    answer(&mut harness, asked[0], Err(DbError::TimeLimit { attempt: "counting tokens" }));
    let screen = harness.screen(120, 40);
    assert!(screen.contains("Tokens per month  not read: counting tokens"), "{screen}");
}

#[test]
fn everything_anew_is_the_chart_as_well_where_it_is_in_view() {
    for (screen, is_asked) in [('5', true), ('2', false)] {
        let mut harness = Harness::new(false);
        harness.key(screen);
        let asked = ask(&mut harness);
        answer(&mut harness, asked[0], Ok(months(40_000)));
        harness.press(KeyCode::F(5));
        assert_eq!(harness.effects.iter().any(|it| matches!(it, Effect::FetchMonths { .. })), is_asked, "{screen}");
    }
}
