//! Times as ages, in UTC and in local time.

use authdb_shared::clock::Zone;
use authdb_shared::health::Finding;

use super::looks::{plan, status};
use super::*;
use crate::look::{Look, Seen};

/// Central European time: summer time ended on 2026-10-25 at 01:00 UTC.
fn geneva() -> Zone {
    Zone::ahead(|time| if time.unix_millis() < 1_792_890_000_000 { 7200 } else { 3600 })
}

fn in_geneva(ages: &[i64]) -> Harness {
    let flows = ages.iter().zip(["BCDFGHJK", "CCCCCCCC", "DDDDDDDD"]);
    let mut harness =
        Harness::with_flows(flows.map(|(age, code)| flow(code, FlowStatus::Pending, *age)).collect::<Vec<_>>());
    harness.app.telling.local = geneva();
    harness
}

#[test]
fn one_key_steps_through_ages_utc_and_local_time_wherever_times_are_shown() {
    let mut harness = in_geneva(&[60]);
    harness.press(KeyCode::Down);
    let screen = harness.screen(100, 24);
    assert!(screen.contains("AGE") && screen.contains("started 1m ago"), "{screen}");
    assert!(screen.contains("ages  11:06:40 UTC"), "the head says how times are told:\n{screen}");
    harness.key('t');
    assert!(harness.notice().contains("times = \"utc\""), "{}", harness.notice());
    let screen = harness.screen(100, 24);
    assert!(screen.contains("STARTED") && screen.contains(" 11:05:40 "), "{screen}");
    assert!(screen.contains("started 11:05:40 UTC") && screen.contains("times in UTC  11:06:40"), "{screen}");
    harness.key('t');
    let screen = harness.screen(100, 24);
    assert!(screen.contains(" 12:05:40 ") && screen.contains("started 12:05:40 +01:00"), "{screen}");
    assert!(screen.contains("local times  12:06:40 +01:00"), "{screen}");
    harness.press(KeyCode::Enter);
    assert!(harness.says("started 2026-11-18 12:05:40 +01:00 (1m ago)"), "{}", harness.screen(80, 24));
    harness.press(KeyCode::Esc);
    harness.key('t');
    assert!(harness.screen(100, 24).contains("started 1m ago"));
}

#[test]
fn an_instant_is_told_by_the_offset_of_its_own_day() {
    let mut harness = in_geneva(&[60, 30 * 86_400]);
    harness.key('t');
    harness.key('t');
    let screen = harness.screen(100, 24);
    assert!(screen.contains("12:05:40") && screen.contains("10-19 13:06"), "one in winter, one in summer:\n{screen}");
}

#[test]
fn a_plan_says_until_when_by_the_same_clocks() {
    let mut harness = Harness::with_tokens(vec![token(TokenStatus::Created, "lhcb:alice")]);
    harness.app.telling.local = geneva();
    harness.press(KeyCode::Down);
    let plan = SessionPlan::revoke(harness.app.tokens.rows.clone(), &[], at(NOW), &harness.app.policy);
    for (until, times) in [("11:26:40 UTC", 0), ("11:26:40 UTC", 1), ("12:26:40 +01:00", 1)] {
        (0..times).for_each(|_| harness.key('t'));
        harness.key('r');
        harness.planned(plan.clone());
        let sentence = format!("go on working until {until} at the latest");
        assert!(harness.says(&sentence), "{}", harness.screen(80, 24));
        harness.press(KeyCode::Esc);
    }
    harness.key('r');
    harness.planned(plan.clone());
    harness.key('y');
    harness.step(&plan.steps()[0], StepFate::Done(1));
    harness.end_work(None);
    assert!(harness.notice().contains("work until 12:26:40 +01:00"), "{}", harness.notice());
    assert!(harness.says("until 12:26:40 +01:00"), "the watch says so too");
}

#[test]
fn a_filter_means_times_as_they_are_told() {
    let mut harness = in_geneva(&[60, 3600]);
    harness.key('/');
    harness.type_in("started>=2026-11-18T12:00");
    harness.press(KeyCode::Enter);
    assert_eq!(harness.app.device_flows.shown().len(), 0, "it is not yet noon in UTC");
    harness.key('t');
    harness.key('t');
    assert_eq!(harness.app.device_flows.shown().len(), 1, "one was started after noon of Geneva");
}

#[test]
fn what_the_janitor_found_and_says_is_told_by_the_same_clocks() {
    let (done, due) = (at(NOW - 90 * 60_000), at(NOW - 80 * 60_000));
    let overdue = Finding::warning("flows", format!("overdue: last good run {done}, next due {due}"));
    let clocks = format!("the host's clock is 4m behind the database's ({} against {})", at(NOW - 240_000), at(NOW));
    let findings = vec![overdue.naming([done, due]), Finding::critical("clocks", clocks.as_str())];
    let mut harness = in_geneva(&[]);
    let mut what_a_run_would_do = plan();
    what_a_run_would_do.clocks = vec![clocks];
    harness.key('7');
    harness.see(Look::Status, Seen::Status(Ok(status(findings))));
    harness.see(Look::Plan, Seen::Plan(Ok(what_a_run_would_do)));
    for screen in ['1', '7'] {
        harness.key(screen);
        let clocks_in_utc = "(2026-11-18 11:02:40 UTC against 2026-11-18 11:06:40 UTC)";
        for (run, clocks) in [
            ("last good run 1h30m ago, next due 1h20m ago", clocks_in_utc),
            ("last good run 09:36:40 UTC, next due 09:46:40 UTC", clocks_in_utc),
            (
                "last good run 10:36:40 +01:00, next due 10:46:40 +01:00",
                "(2026-11-18 12:02:40 +01:00 against 2026-11-18 12:06:40 +01:00)",
            ),
        ] {
            // However it is wrapped.
            let letters = |text: &str| text.replace(['"', '\n', ' '], "");
            let shown = harness.screen(120, 40);
            assert!(letters(&shown).contains(&letters(run)), "{run}:\n{shown}");
            let times = if screen == '7' { 2 } else { 1 };
            let count = letters(&shown).matches(&letters(clocks)).count();
            assert_eq!(count, times, "{clocks}, also where a run would be refused:\n{shown}");
            harness.key('t');
        }
    }
}

#[test]
fn a_slow_list_does_not_turn_the_clock_back_and_a_clock_that_differs_is_followed() {
    let mut harness = Harness::with_flows(Vec::new());
    harness.act(Action::Tick);
    let asked = harness.app.fetch(Screen::DeviceFlows);
    let Some(Effect::Fetch { generation, .. }) = asked else { panic!("it is a list") };
    harness.now = at(NOW + 4000);
    let rows = |now| Rows::DeviceFlows(Ok(Page::whole(Vec::new(), at(now))));
    // The statement began as soon as it was asked for, and took four seconds.
    harness.answer(Answer::Rows { generation, rows: rows(NOW) });
    assert_eq!(harness.app.now(), at(NOW + 4000));
    harness.act(Action::Tick);
    harness.flows(Ok(Page::whole(Vec::new(), at(NOW + 3_600_000))));
    assert_eq!(harness.app.now(), at(NOW + 3_600_000));
}
