//! What every screen looks like, at four sizes, held as files beside this one and read by people when they change:
//! `INSTA_UPDATE=always cargo test -p authdb-tui --lib screens` writes them anew.

use authdb_shared::db::{AdminAction, JournalCheck, Outcome, RunOutcome};
use authdb_shared::health::Finding;
use authdb_shared::ids::FlowId;
use authdb_shared::partition::{Layout, Month, Partition, PartitionBound};
use ratatui::buffer::Buffer;
use ratatui::style::Modifier;
use unicode_width::UnicodeWidthStr;

use super::looks::{activity, plan, run, status};
use super::*;
use crate::look::{Look, Months, Seen};

/// A small terminal, the usual one, half of a large one, and a large one.
pub(super) const SIZES: [(u16, u16); 4] = [(50, 15), (80, 24), (120, 40), (200, 60)];

/// The dashboard with something on every screen, and nothing in it that chance or the machine decides.
fn filled() -> Harness {
    let mut harness = Harness::new(false);
    for screen in Screen::ALL {
        harness.key(screen.digit());
        if let Some(Effect::Fetch { generation, query, .. }) = harness.app.fetch(*screen) {
            harness.answer(Answer::Rows { generation, rows: rows(&query) });
        }
    }
    let findings = vec![Finding::critical("tokens", "overdue: its last good run was 3d ago")];
    harness.see(Look::Status, Seen::Status(Ok(status(findings))));
    harness.see_counts(3);
    harness.see(Look::Minutes, Seen::Minutes(Ok(activity())));
    harness.see(Look::Days, Seen::Days(Ok(activity())));
    harness.see(Look::Months, Seen::Months(Ok(Months { now: at(NOW), layout: layout(), counted: None })));
    harness.see(Look::Plan, Seen::Plan(Ok(plan())));
    harness.see(Look::Runs, Seen::Runs(Ok(Some(page(vec![run(RunOutcome::Done)])))));
    let check = JournalCheck { sound: 2, head: String::new(), fault: None };
    harness.see(Look::Chain, Seen::Chain(Ok(Some(check))));
    harness.see(Look::Deeds, Seen::Deeds(Ok(Some(page(actions())))));
    harness
}

fn rows(query: &Query) -> Rows {
    match query {
        Query::DeviceFlows(_) => Rows::DeviceFlows(Ok(page(device_flows()))),
        Query::AuthorizationFlows(_) => Rows::AuthorizationFlows(Ok(page(authorization_flows()))),
        Query::Subjects(_) => Rows::Subjects(Ok(page(subjects()))),
        Query::Tokens(_) => Rows::Tokens(Ok(page(tokens()))),
        Query::Journal => Rows::Journal(Ok(page(actions()))),
    }
}

/// One in every state, and one with a scope that should not be.
fn device_flows() -> Vec<DeviceFlow> {
    let states =
        [(FlowStatus::Pending, 560), (FlowStatus::Pending, 60), (FlowStatus::Ready, 45), (FlowStatus::Done, 300)];
    let codes = ["BCDFGHJK", "CDFGHJKL", "DFGHJKLM", "FGHJKLMN", "GHJKLMNP", "HJKLMNPQ"];
    let mut flows: Vec<DeviceFlow> = (states.into_iter().chain([(FlowStatus::Error, 400), (FlowStatus::Pending, 900)]))
        .zip(codes)
        .map(|((status, age), code)| flow(code, status, age))
        .collect();
    flows[1].scope = Scope::from_stored("group:without_vo".to_owned());
    flows[2].sub = Some("alice".to_owned());
    flows
}

fn authorization_flows() -> Vec<AuthorizationFlow> {
    let flow = |number: i64, status, redirect_uri: &str| AuthorizationFlow {
        id: FlowId::from_stored(key(number * 40)),
        status,
        created: Some(at(NOW - number * 40_000)),
        client_id: "dirac-web".to_owned(),
        scope: Scope::from_stored("vo:lhcb group:lhcb_user".to_owned()),
        redirect_uri: redirect_uri.to_owned(),
        sub: None,
    };
    vec![
        flow(1, FlowStatus::Pending, "https://dirac.example/auth"),
        flow(2, FlowStatus::Ready, "http://elsewhere.example"),
        flow(3, FlowStatus::Done, "https://dirac.example/auth"),
    ]
}

fn subjects() -> Vec<SubjectSummary> {
    let summary = |name: &str, live, revoked, seconds: i64| SubjectSummary {
        subject: subject(name),
        live,
        revoked,
        first: Some(at(NOW - seconds * 3_000)),
        last: Some(at(NOW - seconds * 1_000)),
    };
    vec![
        summary("lhcb:alice", 7, 21, 30),
        summary("belle:bob.with.a.name.that.is.longer.than.most.columns", 2, 0, 300),
        summary("ctao:山田太郎", 1, 1, 900),
    ]
}

fn tokens() -> Vec<RefreshToken> {
    let token = |seconds: i64, status, name: &str, scope: &str| RefreshToken {
        jti: Jti::from_stored(key(seconds)),
        status,
        scope: Scope::from_stored(scope.to_owned()),
        subject: Some(subject(name)),
    };
    vec![
        token(5, TokenStatus::Created, "lhcb:alice", "vo:lhcb group:lhcb_user"),
        token(65, TokenStatus::Revoked, "lhcb:alice", "vo:lhcb group:lhcb_user"),
        token(3_570, TokenStatus::Created, "belle:bob", "vo:belle"),
        token(7_200, TokenStatus::Created, "ctao:山田太郎", "vo:ctao group:ctao_operator"),
        token(-600, TokenStatus::Created, "lhcb:tomorrow", "vo:lhcb group:lhcb_user"),
    ]
}

fn actions() -> Vec<AdminAction> {
    let action = |id, outcome, reason: &str| AdminAction {
        id,
        time: Some(at(NOW - id * 60_000)),
        actor: "hanna".to_owned(),
        account: "operator@%".to_owned(),
        host: "bastion".to_owned(),
        action: "revoke-subject".to_owned(),
        target: "lhcb:alice".to_owned(),
        reason: reason.to_owned(),
        outcome,
        details: serde_json::json!({ "tokens": 2 }),
    };
    vec![action(2, Outcome::Done, "ticket 4711: a stolen laptop"), action(1, Outcome::Refused, "")]
}

fn layout() -> Layout {
    let month = Month::of(at(NOW));
    let partition = |name: String, bound, rows| Partition { name, bound, rows, bytes: rows * 100 };
    let of_month =
        |month: Month, rows| partition(month.partition_name(), PartitionBound::Below(month.upper_bound()), rows);
    let partitions = vec![
        of_month(month, 40_000),
        of_month(month.plus(1), 0),
        partition("p_future".to_owned(), PartitionBound::Unbounded, 0),
    ];
    Layout { partitions }
}

/// A key of this age, the rest of which is always the same.
pub(super) fn key(seconds: i64) -> String {
    format!("{:012x}7abc8000000000000{:03x}", NOW - seconds * 1000, seconds.unsigned_abs() % 4096)
}

/// What is drawn on a terminal of this size.
pub(super) fn drawn(harness: &mut Harness, (width, height): (u16, u16)) -> Buffer {
    harness.act(Action::Resized { width, height });
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal in memory");
    terminal.draw(|frame| draw::draw(&harness.app, frame)).expect("drawing in memory");
    terminal.backend().buffer().clone()
}

/// A screen at every size, each below its size, without the blanks at the ends of its lines.
pub(super) fn pictures(harness: &mut Harness) -> String {
    let mut pictures = Vec::new();
    for (width, height) in SIZES {
        pictures.push(format!("{width}×{height}"));
        let buffer = drawn(harness, (width, height));
        pictures.extend((0..height).map(|y| line(&buffer, y)));
    }
    pictures.join("\n")
}

/// Compares pictures with those in the file of this name.
pub(super) fn hold(name: &str, pictures: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, pictures));
}

fn line(buffer: &Buffer, y: u16) -> String {
    let (mut line, mut x) = (String::new(), 0);
    while x < buffer.area.width {
        let symbol = buffer[(x, y)].symbol();
        line.push_str(symbol);
        // What a wide character covers is not shown.
        x += u16::try_from(symbol.width()).unwrap_or(1).max(1);
    }
    line.trim_end().to_owned()
}

#[test]
fn every_screen_looks_as_it_did_when_somebody_looked_last() {
    for screen in Screen::ALL {
        let mut harness = filled();
        harness.app.screen = *screen;
        if harness.app.list().is_some() {
            harness.press(KeyCode::Down);
            harness.key(' ');
        }
        hold(&screen.title().to_lowercase().replace(' ', "_"), &pictures(&mut harness));
    }
}

#[test]
fn the_chosen_row_is_seen_without_colour_on_every_list_at_every_size() {
    for screen in Screen::ALL {
        for (width, height) in SIZES {
            let mut harness = filled();
            harness.app.screen = *screen;
            if harness.app.list().is_none() {
                continue;
            }
            harness.app.appearance.is_colourless = true;
            harness.press(KeyCode::Down);
            let buffer = drawn(&mut harness, (width, height));
            let chosen: Vec<u16> = (0..height).filter(|y| buffer[(0, *y)].symbol() == "▶").collect();
            let [y] = chosen.as_slice() else { panic!("{chosen:?} are marked as chosen on {screen:?}") };
            let is_plain = |x: &u16| {
                let cell = &buffer[(*x, *y)];
                cell.symbol() != " " && !cell.modifier.contains(Modifier::REVERSED)
            };
            assert_eq!((0..width).find(is_plain), None, "on {screen:?}: {}", line(&buffer, *y));
        }
    }
}

/// The heads of a list have the arrow.
fn arrow(harness: &mut Harness, size: (u16, u16)) -> Option<char> {
    let buffer = drawn(harness, size);
    let heads = (0..size.1)
        .map(|y| line(&buffer, y))
        .find(|it| it.contains("AGE") || it.contains("LEFT") || it.contains("LIVE"));
    heads.expect("a list").chars().find(|it| "↑↓".contains(*it))
}

#[test]
fn whatever_a_list_is_sorted_by_is_on_the_screen() {
    use Screen::{AuthorizationFlows, DeviceFlows, Journal, Subjects, Tokens};
    for screen in [DeviceFlows, AuthorizationFlows, Subjects, Tokens, Journal] {
        for size in SIZES {
            let mut harness = filled();
            harness.key(screen.digit());
            drawn(&mut harness, size);
            let mut sorts = 0;
            loop {
                harness.key('s');
                if harness.app.list().and_then(Browse::sort).is_none() {
                    break;
                }
                sorts += 1;
                assert_eq!(arrow(&mut harness, size), Some('↑'), "{screen:?} {size:?} {sorts}");
                harness.key('S');
                assert_eq!(arrow(&mut harness, size), Some('↓'), "{screen:?} {size:?} {sorts}");
                // Also where the terminal is made smaller.
                for smaller in SIZES {
                    assert_eq!(arrow(&mut harness, smaller), Some('↓'), "{screen:?} {size:?} {smaller:?} {sorts}");
                }
                drawn(&mut harness, size);
            }
            assert!(sorts >= 3, "{screen:?} {size:?}: {sorts}");
        }
    }
}
