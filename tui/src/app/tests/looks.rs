//! The screens that are no lists: what they say, what they keep when reading fails, and what they say at any size.

use std::collections::BTreeMap;

use authdb_shared::db::{
    Activity, ActivityBucket, AdminAction, Backlog, ChainFault, ClientCodes, EndedSubject, FlowStateFilter,
    JournalCheck, LivenessFilter, Outcome, Run, RunOutcome, StateCounts, Sweep,
};
use authdb_shared::health::Finding;
use authdb_shared::janitor::{JanitorStatus, Job, JobStatus, LeaseStatus, Plan, PlannedJob, PlannedStep, SweepBacklog};
use authdb_shared::partition::{Layout, Month, Partition, PartitionBound};

use super::*;
use crate::look::{Flows, Look, Months, Seen};

impl Harness {
    /// Answers the newest question of a look.
    pub(super) fn see(&mut self, look: Look, seen: Seen) {
        let effect = self.app.look(look);
        let Effect::Look { generation, .. } = effect else { panic!("{effect:?} is no look") };
        self.answer(Answer::Seen { generation, seen });
    }

    /// Sees everything that is counted on the overview.
    pub(super) fn see_counts(&mut self, pending: u64) {
        let top = SubjectSummary { subject: subject("lhcb:alice"), live: 7, revoked: 0, first: None, last: None };
        self.see(Look::Flows, Seen::Flows(Ok(flows(pending))));
        self.see(Look::Tokens, Seen::Tokens(Ok(counts(&[(LivenessFilter::Live, 150)]))));
        self.see(Look::Top, Seen::Top(Ok(page(vec![top]))));
        self.see(Look::Ended, Seen::Ended(Ok(page(Vec::new()))));
    }

    pub(super) fn looks_asked(&self) -> Vec<Look> {
        let look = |effect: &Effect| if let Effect::Look { look, .. } = effect { Some(*look) } else { None };
        self.effects.iter().filter_map(look).collect()
    }
}

pub(crate) fn counts<S: Ord + Copy>(rows: &[(S, u64)]) -> StateCounts<S> {
    StateCounts { rows: rows.iter().copied().collect::<BTreeMap<S, u64>>(), is_cut_short: false }
}

pub(crate) fn flows(pending: u64) -> Flows {
    Flows {
        device_flows: counts(&[(FlowStateFilter::Pending, pending), (FlowStateFilter::Error, 2)]),
        authorization_flows: counts(&[(FlowStateFilter::Done, 4)]),
        clients: vec![ClientCodes { client: "scanner\u{1b}[2J".to_owned(), pending, completed: 0 }],
    }
}

pub(crate) fn status(findings: Vec<Finding>) -> JanitorStatus {
    let run = run(RunOutcome::Done);
    JanitorStatus {
        at: at(NOW),
        lease: Some(LeaseStatus {
            holder: "bastion (process 7)".to_owned(),
            number: 3,
            until: Some(at(NOW + 40_000)),
            is_held: true,
        }),
        jobs: vec![JobStatus {
            job: Job::Flows,
            last_done: run.start,
            last: Some(run),
            next_due: Some(at(NOW + 300_000)),
        }],
        backlog: vec![SweepBacklog {
            sweep: Sweep::PurgeDeviceFlows,
            backlog: Backlog { rows: 12, oldest: Some(at(NOW - 7_200_000)), is_cut_short: false },
        }],
        runway_months: Some(1),
        p_future_rows: Some(0),
        findings,
    }
}

pub(crate) fn run(outcome: RunOutcome) -> Run {
    Run {
        id: 1,
        job: "flows".to_owned(),
        host: "bastion".to_owned(),
        start: Some(at(NOW - 300_000)),
        end: Some(at(NOW - 297_000)),
        outcome,
        counts: serde_json::json!({ "rows": { "device flows deleted": 31 }, "changes": [] }),
        error: None,
    }
}

#[test]
fn alarms_stand_first_and_the_worst_of_them_on_top() {
    let mut harness = Harness::new(false);
    harness.key('1');
    let findings = vec![Finding::warning("flows", "never ran here"), Finding::critical("clocks", "an hour apart")];
    harness.see(Look::Status, Seen::Status(Ok(status(findings))));
    harness.see_counts(40);
    for (width, height) in [(50, 15), (80, 24), (120, 40), (200, 60)] {
        let screen = harness.screen(width, height);
        let place = |text: &str| screen.find(text).unwrap_or_else(|| panic!("{text} is missing: {screen}"));
        assert!(place("!! clocks: an hour apart") < place("!  janitor, flows: never ran here"), "{screen}");
        assert!(place("scanner") < place(" Now"), "a flood of codes is an alarm: {screen}");
        assert!(!screen.contains('\u{1b}'), "{screen}");
    }
    assert!(harness.screen(80, 24).contains("150 live"));
}

pub(crate) fn activity() -> Activity {
    let bucket = |minutes: i64| ActivityBucket {
        start: at(NOW - minutes * 60_000),
        tokens: 5,
        authorization_flows: 2,
        device_flows: 1,
        completed: 2,
        is_capped: false,
    };
    Activity { buckets: (0..60).map(bucket).collect(), is_cut_short: false }
}

#[test]
fn the_overview_shows_what_matters_without_scrolling_and_uses_the_room_of_a_wide_terminal() {
    let mut harness = Harness::new(false);
    harness.key('1');
    harness.see(Look::Status, Seen::Status(Ok(status(Vec::new()))));
    harness.see_counts(3);
    harness.see(Look::Minutes, Seen::Minutes(Ok(activity())));
    harness.see(Look::Days, Seen::Days(Ok(activity())));
    let sections =
        ["Alarms", "Now", "logins begun", "180, peak 3", "rotations ~", "Tokens issued per day", "lhcb:alice"];
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let screen = harness.screen(width, height);
        for said in sections {
            assert!(screen.contains(said), "{said} is not in view at {width}×{height}: {screen}");
        }
        let row = screen.lines().find(|row| row.contains(" Now")).expect("it is in view");
        assert_eq!(row.contains("Last hour"), width >= 120, "columns stand beside each other: {screen}");
    }
    let screen = harness.screen(50, 15);
    assert!(screen.contains("3 pending") && screen.contains("150 live") && screen.contains("rotations ~"), "{screen}");
}

#[test]
fn subjects_who_lost_all_sessions_are_an_alarm_unless_somebody_here_revoked_them() {
    let mut harness = Harness::new(false);
    harness.key('1');
    let ended = |name: &str, by: Option<&str>| EndedSubject {
        subject: subject(name),
        tokens: 4,
        newest: Some(at(NOW - 60_000)),
        revoked_by: by.map(str::to_owned),
    };
    let rows = vec![ended("lhcb:revoked", Some("carol\u{1b}[2J")), ended("lhcb:robbed", None)];
    harness.see(Look::Status, Seen::Status(Ok(status(Vec::new()))));
    harness.see(Look::Ended, Seen::Ended(Ok(page(rows))));
    let screen = harness.screen(120, 40);
    let place = |text: &str| screen.find(text).unwrap_or_else(|| panic!("{text} is missing: {screen}"));
    assert!(place("!  sessions: all 4 tokens of lhcb:robbed are revoked") < place("-  sessions: lhcb:revoked"));
    assert!(screen.contains("revoked here by carol") && !screen.contains('\u{1b}'), "{screen}");
}

#[test]
fn a_look_that_fails_keeps_what_was_seen_with_its_age_and_the_cause() {
    let mut harness = Harness::new(false);
    harness.key('1');
    harness.see_counts(3);
    harness.now = at(NOW + 9_000);
    harness.see(Look::Flows, Seen::Flows(Err(lost())));
    let screen = harness.screen(120, 40);
    assert!(screen.contains("from 9s ago") && screen.contains("connection refused"), "{screen}");
    assert!(screen.contains("3 pending") && screen.contains("lhcb:alice"), "{screen}");
}

/// A sum of all tokens may take long, or too long; what waits to be approved is known in a moment.
#[test]
fn a_sum_that_takes_long_keeps_nothing_else_from_the_screen() {
    let mut harness = Harness::new(false);
    harness.key('1');
    harness.see(Look::Status, Seen::Status(Ok(status(Vec::new()))));
    harness.see(Look::Flows, Seen::Flows(Ok(flows(3))));
    let screen = harness.screen(120, 40);
    assert!(screen.contains("3 pending") && screen.contains("Now  reading…"), "{screen}");
    assert!(screen.contains("Alarms  reading…") && !screen.contains("none"), "not known to be none yet: {screen}");
    harness.see(Look::Ended, Seen::Ended(Err(lost())));
    let screen = harness.screen(120, 40);
    assert!(screen.contains("Alarms  not read: ") && !screen.contains("none"), "{screen}");
    harness.see(Look::Ended, Seen::Ended(Ok(page(Vec::new()))));
    assert!(!harness.screen(120, 40).contains("none"), "whether the journal is sound is not known yet");
    harness.see(Look::Chain, Seen::Chain(Ok(None)));
    assert!(harness.screen(120, 40).contains("none"));
}

/// What is slow is only old; what fails may be all that would have raised an alarm.
#[test]
fn the_failure_of_one_part_is_hidden_by_no_milder_remark_about_another() {
    let mut harness = Harness::new(false);
    harness.key('1');
    harness.see(Look::Status, Seen::Status(Ok(status(Vec::new()))));
    harness.see(Look::Flows, Seen::Flows(Ok(flows(3))));
    harness.see(Look::Ended, Seen::Ended(Ok(page(Vec::new()))));
    harness.see(Look::Chain, Seen::Chain(Ok(None)));
    assert!(harness.screen(120, 40).contains("none"));
    harness.now = at(NOW + 60_000);
    assert!(harness.screen(120, 40).contains("Alarms  from 1m"), "the first of them is old");
    harness.see(Look::Ended, Seen::Ended(Err(lost())));
    let screen = harness.screen(120, 40);
    assert!(screen.contains("Alarms  from 1m") && screen.contains("connection refused"), "{screen}");
    assert!(!screen.contains("none"), "whether there is an alarm is not known: {screen}");
}

#[test]
fn only_what_the_screen_in_view_shows_is_looked_at() {
    let mut harness = Harness::new(false);
    harness.key('2');
    harness.act(Action::Tick);
    assert_eq!(harness.looks_asked(), []);
    harness.key('6');
    harness.act(Action::Tick);
    assert_eq!(
        harness.looks_asked(),
        [Look::Months, Look::Plan, Look::Runs],
        "and nothing twice while an answer is awaited"
    );
}

#[test]
fn an_answer_to_an_older_look_is_dropped() {
    let mut harness = Harness::new(false);
    let old = harness.app.look(Look::Flows);
    let Effect::Look { generation, .. } = old else { panic!("{old:?} is no look") };
    harness.see(Look::Flows, Seen::Flows(Ok(flows(3))));
    harness.answer(Answer::Seen { generation, seen: Seen::Flows(Ok(flows(99))) });
    harness.key('1');
    assert!(harness.screen(80, 24).contains("3 pending"));
}

pub(crate) fn plan() -> Plan {
    let step = PlannedStep {
        change: "drop a month".to_owned(),
        partitions: vec!["p_2026_4".to_owned()],
        rows: 1_200,
        active: 2,
        bytes: 3 << 20,
        ..PlannedStep::default()
    };
    let job = PlannedJob {
        job: "tokens".to_owned(),
        sweeps: Vec::new(),
        steps: vec![step],
        refused: Vec::new(),
        notes: Vec::new(),
    };
    Plan {
        version: 1,
        database: String::new(),
        server: String::new(),
        made_at: String::new(),
        made_at_millis: NOW,
        settings: Vec::new(),
        layout: String::new(),
        clocks: Vec::new(),
        jobs: vec![job],
    }
}

#[test]
fn the_partitions_say_how_far_they_reach_and_what_the_next_roll_takes_with_it() {
    let month = Month::of(at(NOW));
    let partition = |name: String, bound, rows| Partition { name, bound, rows, bytes: rows * 100 };
    let bounded = |month: Month| PartitionBound::Below(month.upper_bound());
    let layout = Layout {
        partitions: vec![
            partition(month.partition_name(), bounded(month), 40_000),
            partition(month.plus(1).partition_name(), bounded(month.plus(1)), 0),
            partition("p_future".to_owned(), PartitionBound::Unbounded, 0),
        ],
    };
    let mut harness = Harness::new(false);
    harness.key('6');
    harness.see(Look::Months, Seen::Months(Ok(Months { now: at(NOW), layout, counted: None })));
    harness.see(Look::Plan, Seen::Plan(Ok(plan())));
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let screen = harness.screen(width, height);
        assert!(screen.contains("1 month partitioned ahead") && screen.contains("2026-12-01"), "{screen}");
        assert!(screen.contains("40,000") && screen.contains("3 MiB"), "{screen}");
        let flowing = screen.replace(['\n', '"'], " ");
        assert!(flowing.contains("drop a month p_2026_4: 1,200 tokens"), "{screen}");
        assert!(flowing.contains("2 of them"), "{screen}");
    }
}

#[test]
fn the_janitor_says_who_works_what_waits_and_what_was_done() {
    let mut harness = Harness::new(false);
    harness.key('7');
    harness.see(Look::Status, Seen::Status(Ok(status(Vec::new()))));
    harness.see(Look::Runs, Seen::Runs(Ok(Some(page(vec![run(RunOutcome::Done)])))));
    let screen = harness.screen(80, 24);
    assert!(screen.contains("bastion (process 7) holds the lease for 40s"), "{screen}");
    assert!(screen.contains("waits: purge-device-flows 12 rows, the oldest from 2h ago"), "{screen}");
    assert!(screen.contains("5m ago") && screen.contains("31 device flows deleted"), "{screen}");
}

#[test]
fn a_screen_that_is_higher_than_the_terminal_scrolls_to_its_end() {
    let mut harness = Harness::new(false);
    harness.key('7');
    let runs = (0..100)
        .map(|_| run(RunOutcome::Done))
        .chain([Run { error: Some("the first".to_owned()), ..run(RunOutcome::Failed) }]);
    harness.see(Look::Runs, Seen::Runs(Ok(Some(page(runs.collect())))));
    assert!(!harness.screen(80, 24).contains("the first"));
    harness.press(KeyCode::End);
    assert!(harness.screen(80, 24).contains("the first"));
    harness.press(KeyCode::Home);
    assert!(!harness.screen(80, 24).contains("the first"));
}

#[test]
fn the_journal_says_who_did_what_and_where_its_chain_breaks() {
    let action = AdminAction {
        id: 12,
        time: Some(at(NOW - 60_000)),
        actor: "alice".to_owned(),
        account: "operator@%".to_owned(),
        host: "bastion".to_owned(),
        action: "revoke".to_owned(),
        target: "lhcb:bob".to_owned(),
        reason: "a stolen laptop".to_owned(),
        outcome: Outcome::Done,
        details: serde_json::Value::Null,
    };
    let mut harness = Harness::new(false);
    harness.key('8');
    let generation = harness.last_generation();
    harness.answer(Answer::Rows { generation, rows: Rows::Journal(Ok(page(vec![action]))) });
    harness.see(Look::Chain, Seen::Chain(Ok(Some(check(None)))));
    let screen = harness.screen(80, 24);
    assert!(screen.contains("alice") && screen.contains("lhcb:bob") && screen.contains("a stolen lap"), "{screen}");
    assert!(screen.contains("chain of 11 actions verified"), "{screen}");
    harness.see(Look::Chain, Seen::Chain(Ok(Some(check(Some(ChainFault::Changed(12)))))));
    assert!(harness.screen(120, 40).contains("CHAIN BROKEN after 11: action 12 was changed"));
    assert!(harness.screen(50, 15).contains("CHAIN BROKEN after 11"), "{}", harness.screen(50, 15));
}

/// What verifying the journal finds.
fn check(fault: Option<ChainFault>) -> JournalCheck {
    JournalCheck { sound: 11, head: String::new(), fault }
}

/// On the journal, which was read and verified just now.
fn verified(fault: Option<ChainFault>) -> Harness {
    let mut harness = Harness::new(false);
    harness.key('8');
    let generation = harness.last_generation();
    harness.answer(Answer::Rows { generation, rows: Rows::Journal(Ok(page(Vec::new()))) });
    harness.see(Look::Chain, Seen::Chain(Ok(Some(check(fault)))));
    harness
}

#[test]
fn a_journal_that_can_no_longer_be_verified_says_since_when_and_why() {
    let mut harness = verified(None);
    harness.now = at(NOW + 180_000);
    let screen = harness.screen(50, 15);
    assert!(screen.contains("chain of 11 actions verified 3m ago"), "{screen}");
    harness.see(Look::Chain, Seen::Chain(Err(DbError::TimeLimit { attempt: "verifying the journal" })));
    let screen = harness.screen(120, 40);
    assert!(screen.contains("chain NOT VERIFIED for 3m: verifying the journal"), "{screen}");
    assert!(harness.screen(50, 15).contains("chain NOT VERIFIED for 3m"), "{}", harness.screen(50, 15));
    let mut harness = verified(Some(ChainFault::Changed(12)));
    harness.now = at(NOW + 180_000);
    harness.see(Look::Chain, Seen::Chain(Err(lost())));
    let screen = harness.screen(120, 40);
    assert!(screen.contains("CHAIN BROKEN after 11: action 12 was changed") && screen.contains("(seen 3m ago)"));
}

#[test]
fn a_broken_journal_looks_like_an_alarm_and_is_one_on_the_overview() {
    let style_of = |harness: &mut Harness, size, text: &str| {
        let buffer = super::screens::drawn(harness, size);
        let row = |y| (0..size.0).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        let (y, row) = (0..size.1).map(|y| (y, row(y))).find(|(_, row)| row.contains(text)).expect("it is in view");
        let x = row[..row.find(text).expect("it is in the row")].chars().count();
        buffer[(u16::try_from(x).expect("it is on the screen"), y)].style()
    };
    for size in [(50, 15), (80, 24), (120, 40), (200, 60)] {
        let sound = style_of(&mut verified(None), size, "chain of 11");
        let mut broken = verified(Some(ChainFault::Changed(12)));
        let fault = style_of(&mut broken, size, "CHAIN BROKEN");
        assert_ne!((sound.fg, sound.add_modifier), (fault.fg, fault.add_modifier), "{size:?}");
        broken.key('1');
        assert_eq!(style_of(&mut broken, size, "!! journal: its chain is BROKEN after 11").fg, fault.fg);
    }
}

#[test]
fn the_journal_is_verified_on_the_overview_too_though_seldom() {
    let mut harness = verified(None);
    let is_asked_after = |harness: &mut Harness, screen: char, seconds: i64| {
        harness.key(screen);
        harness.effects.clear();
        harness.now = at(NOW + seconds * 1000);
        harness.act(Action::Tick);
        harness.looks_asked().contains(&Look::Chain)
    };
    assert!(!is_asked_after(&mut harness, '1', 300));
    assert!(is_asked_after(&mut harness, '1', 601));
    let mut harness = verified(None);
    assert!(is_asked_after(&mut harness, '8', 61));
}

#[test]
fn what_a_run_would_do_has_its_age_and_is_planned_anew_when_a_run_has_ended() {
    for (screen, title) in [('7', "What a run would do now"), ('6', "Next roll")] {
        let mut harness = Harness::new(false);
        harness.key(screen);
        harness.see(Look::Plan, Seen::Plan(Ok(plan())));
        harness.see(Look::Runs, Seen::Runs(Ok(Some(page(vec![run(RunOutcome::Done)])))));
        harness.now = at(NOW + 20_000);
        harness.effects.clear();
        harness.act(Action::Tick);
        assert!(!harness.looks_asked().contains(&Look::Plan), "nothing has run since");
        assert!(harness.screen(80, 24).contains(&format!("{title}  from 20s ago")), "{}", harness.screen(80, 24));
        let ended = Run { id: 2, end: Some(at(NOW + 19_000)), ..run(RunOutcome::Done) };
        harness.see(Look::Runs, Seen::Runs(Ok(Some(page(vec![ended])))));
        harness.act(Action::Tick);
        assert!(harness.looks_asked().contains(&Look::Plan), "{screen}: {:?}", harness.effects);
        harness.effects.clear();
        harness.see(Look::Plan, Seen::Plan(Ok(Plan { made_at_millis: NOW + 20_000, ..plan() })));
        harness.now = at(NOW + 60_000);
        harness.act(Action::Tick);
        assert!(!harness.looks_asked().contains(&Look::Plan), "once is enough");

        // A plan that fails, or that is dated by a clock that was set back, is not made again for the same run.
        let asked = |harness: &mut Harness, seconds: i64| {
            harness.effects.clear();
            harness.now = at(NOW + seconds * 1000);
            harness.act(Action::Tick);
            harness.looks_asked().contains(&Look::Plan)
        };
        let ended = Run { id: 3, end: Some(at(NOW + 90_000)), ..run(RunOutcome::Done) };
        harness.see(Look::Runs, Seen::Runs(Ok(Some(page(vec![ended])))));
        assert!(asked(&mut harness, 100), "another run has ended");
        harness.see(Look::Plan, Seen::Plan(Err(DbError::TimeLimit { attempt: "planning" })));
        assert!(!asked(&mut harness, 400), "it would fail again");
    }
}

#[test]
fn every_screen_can_be_told_by_its_tab_at_any_width() {
    for (width, height) in [(50, 15), (80, 24), (120, 40), (200, 60)] {
        for screen in Screen::ALL {
            let mut harness = Harness::new(false);
            harness.key(screen.digit());
            let shown = harness.screen(width, height);
            let tabs = shown.lines().nth(1).expect("the line of the tabs");
            for other in Screen::ALL {
                assert!(tabs.contains(other.digit()), "{tabs}");
            }
        }
    }
}

#[test]
fn every_count_is_whole_in_each_column_that_the_overview_has() {
    let mut harness = Harness::new(false);
    harness.key('1');
    let states = [FlowStateFilter::Pending, FlowStateFilter::Ready, FlowStateFilter::Stale, FlowStateFilter::Done];
    let rows: Vec<(FlowStateFilter, u64)> =
        states.into_iter().map(|state| (state, 12)).chain([(FlowStateFilter::Error, 7)]).collect();
    let seen = Flows { device_flows: counts(&rows), ..flows(1) };
    harness.see(Look::Flows, Seen::Flows(Ok(seen)));
    for (width, names) in [(80, "device flows "), (120, "device "), (160, "device flows ")] {
        let screen = harness.screen(width, 40);
        assert!(screen.contains("7 error") && screen.contains(&format!("   {names}")), "at {width}:\n{screen}");
    }
}
