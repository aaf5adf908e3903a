//! What decides is in sight, on the smallest terminal too: the candidate that Enter takes, the field with its cursor, what
//! is wrong and what speaks against an approval, and the watch that is dismissed.

use authdb_shared::registry::Registry;
use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::*;

const SIZES: [(u16, u16); 3] = [(50, 15), (80, 24), (120, 40)];
/// A subject as identity providers make them.
const SUB: &str = "0c3f1b5e-7d1a-4c90-9b1f-2f7a3f1f00";

/// Eight users with subjects and names that are long, wide or both.
fn registry() -> Registry {
    let names = ["a.name.that.is.longer.than.any.column", "山田太郎山田太郎山田太郎山田太郎山田太郎", "zoe"];
    let users: Vec<String> =
        (0..8).map(|it| format!("{SUB}{it:02}: {{PreferedUsername: {}}}", names[it % 3])).collect();
    let text = format!(
        "Registry: {{lhcb: {{DefaultGroup: lhcb_user, Groups: {{lhcb_user: {{Users: []}}}}, Users: {{{}}}}}}}",
        users.join(", ")
    );
    Registry::parse(text.as_bytes()).expect("a registry")
}

/// An approval whose code belongs to a flow with a long scope.
fn looked_up() -> Harness {
    let mut harness = Harness::with_flows(Vec::new());
    harness.app.registration = Registration::at(Some("/srv/default.yml".to_owned()));
    harness.key('a');
    harness.answer(Answer::Registry(Ok(registry())));
    harness.type_in("BCDFGHJK");
    harness.press(KeyCode::Enter);
    let scope =
        "vo:lhcb group:lhcb_user property:NormalUser property:ProductionManagement property:ServiceAdministrator";
    let flow = DeviceFlow { scope: Scope::from_stored(scope.to_owned()), ..flow("BCDFGHJK", FlowStatus::Pending, 60) };
    let code = UserCode::from_stored("BCDFGHJK".to_owned());
    harness.answer(Answer::Flow { code, found: Ok((Some(flow), at(NOW))) });
    harness
}

/// What is painted on a terminal of this size, and where the cursor stands.
fn painted(harness: &mut Harness, (width, height): (u16, u16)) -> (Buffer, Position) {
    harness.act(Action::Resized { width, height });
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal in memory");
    terminal.draw(|frame| draw::draw(&harness.app, frame)).expect("drawing in memory");
    let cursor = terminal.get_cursor_position().expect("a cursor in memory");
    (terminal.backend().buffer().clone(), cursor)
}

fn lines(harness: &mut Harness, size: (u16, u16)) -> Vec<String> {
    let (buffer, _) = painted(harness, size);
    (0..size.1).map(|y| (0..size.0).map(|x| buffer[(x, y)].symbol()).collect()).collect()
}

/// The letters on the screen, however the words are wrapped inside of a box.
fn letters(harness: &mut Harness, size: (u16, u16)) -> String {
    lines(harness, size).concat().chars().filter(|it| !it.is_whitespace() && *it != '│').collect()
}

fn choice(harness: &Harness) -> Option<String> {
    match &harness.app.dialog {
        Some(Dialog::Approve(approve)) => approve.choice.clone(),
        _ => None,
    }
}

#[test]
fn the_candidate_that_enter_takes_is_always_on_the_screen() {
    for size in SIZES {
        let mut harness = looked_up();
        for key in [[KeyCode::Down; 9], [KeyCode::Up; 9]].concat() {
            harness.press(key);
            let shown = lines(&mut harness, size);
            let chosen: Vec<&String> = shown.iter().filter(|line| line.contains('›')).collect();
            let Some(choice) = choice(&harness) else {
                assert!(chosen.is_empty(), "{size:?}: {shown:#?}");
                continue;
            };
            let [line] = chosen[..] else { panic!("{size:?}: {choice} is not to be seen: {shown:#?}") };
            assert!(line.contains(&choice[..20]), "{size:?}: {choice}: {line}");
            assert!(shown.iter().any(|line| line.contains("without the VO:")), "{size:?}: {shown:#?}");
        }
    }
}

/// On the smallest terminal there is no room for all of them.
#[test]
fn candidates_beyond_the_edge_are_told() {
    let mut harness = looked_up();
    let marks = |harness: &mut Harness| {
        let shown = lines(harness, (50, 15)).concat();
        (shown.contains("│  ↑"), shown.contains("│  ↓"))
    };
    assert_eq!(marks(&mut harness), (false, true));
    (0..4).for_each(|_| harness.press(KeyCode::Down));
    assert_eq!(marks(&mut harness), (true, true));
    (0..4).for_each(|_| harness.press(KeyCode::Down));
    assert_eq!(marks(&mut harness), (true, false));
}

#[test]
fn what_a_code_belongs_to_is_a_page_away_where_candidates_take_its_place() {
    let mut harness = looked_up();
    harness.type_in("lhcb:eve");
    harness.press(KeyCode::Enter);
    let before = letters(&mut harness, (50, 15));
    assert!(before.contains("withoutthe`lhcb:`") || before.contains("without`lhcb:`"), "{before}");
    assert!(before.contains("PgDnmore"), "{before}");
    harness.press(KeyCode::PageDown);
    let after = letters(&mut harness, (50, 15));
    assert!(after.contains("started1mago") && after.contains("without`lhcb:`"), "what is wrong stays: {after}");
    (0..8).for_each(|_| harness.press(KeyCode::Backspace));
    harness.type_in("eve");
    harness.press(KeyCode::Enter);
    assert!(
        letters(&mut harness, (50, 15)).contains("Codethattheuserreadsout"),
        "the next step is read from its beginning"
    );
}

/// Whoever DiracX would refuse.
fn insisting() -> Harness {
    let mut harness = looked_up();
    harness.type_in(&format!("{SUB}07"));
    (0..2).for_each(|_| harness.press(KeyCode::Enter));
    harness
}

#[test]
fn the_warning_the_field_and_the_error_of_an_insistence_are_in_sight_together() {
    for size in SIZES {
        let mut harness = insisting();
        harness.type_in("lhcb:no");
        harness.press(KeyCode::Enter);
        let said = letters(&mut harness, size);
        for part in
            ["Warning:", "isnotamember", "toinsist:", "lhcb:no", &format!("Thatisnotlhcb:{SUB}07,sonothingwasdone.")]
        {
            assert!(said.contains(part), "{size:?}: {part}: {:#?}", lines(&mut harness, size));
        }
        (0..3).for_each(|_| harness.press(KeyCode::PageDown));
        let said = letters(&mut harness, size);
        assert!(said.contains("toinsist:") && said.contains("left"), "{size:?}: {said}");
    }
}

#[test]
fn the_cursor_stands_behind_what_was_typed_last() {
    let at_name = || {
        let mut harness = looked_up();
        harness.type_in(&format!("{SUB}07"));
        harness.press(KeyCode::Enter);
        harness
    };
    let at_code = || {
        let mut harness = Harness::with_flows(Vec::new());
        harness.key('a');
        harness
    };
    let steps: [&dyn Fn() -> Harness; 4] = [&at_code, &looked_up, &at_name, &insisting];
    for step in steps {
        for size in SIZES.into_iter().chain([(200, 60)]) {
            for typed in ["q", &format!("lhcb:{SUB}q"), "山q", &"a long answer ".repeat(9).replace("r ", "q")] {
                let mut harness = step();
                harness.type_in(typed);
                let (buffer, cursor) = painted(&mut harness, size);
                let before = buffer[(cursor.x - 1, cursor.y)].symbol();
                let rest: String = (cursor.x..size.0).map(|x| buffer[(x, cursor.y)].symbol()).collect();
                let picture = lines(&mut harness, size);
                assert_eq!(before, "q", "{size:?} {typed}: {picture:#?}");
                assert!(rest.trim_start().starts_with('│'), "{size:?} {typed}: {picture:#?}");
            }
        }
    }
}

#[test]
fn no_key_is_parted_from_what_it_does() {
    let mut harness = looked_up();
    harness.type_in("eve");
    (0..2).for_each(|_| harness.press(KeyCode::Enter));
    harness.type_in("lhcb:eve");
    harness.press(KeyCode::Enter);
    let shown = lines(&mut harness, (50, 15));
    for hint in ["y approve it", "Tab why", "Esc leave everything as it is"] {
        assert!(shown.iter().any(|line| line.contains(hint)), "{hint}: {shown:#?}");
    }
}

/// Thirty subjects after revocations, of which the last one is back.
fn watched() -> Harness {
    let mut harness = Harness::with_flows(Vec::new());
    let until = at(NOW).after(Duration::from_mins(20));
    for number in 1..=30 {
        let name = format!("lhcb:{number:02}.{SUB}");
        harness.app.watches.add(subject(&name), None, at(NOW), until);
    }
    harness.now = at(NOW + 4_000);
    harness.act(Action::Tick);
    let glances = |effect: &Effect| if let Effect::Glance(glances) = effect { Some(glances.clone()) } else { None };
    let glance = harness.effects.iter().find_map(glances).expect("they are looked at").pop().expect("the last one");
    let new = Jti::issue(at(NOW + 3_000), &mut clock::randomness());
    harness.answer(Answer::Glanced(vec![(glance.number, Ok((Some(new), at(NOW + 4_000))))]));
    harness
}

#[test]
fn the_watch_that_is_dismissed_is_always_on_the_screen_and_an_alarm_comes_first() {
    for size in SIZES {
        let mut harness = watched();
        harness.key('w');
        assert!(letters(&mut harness, size).contains("›ALARMlhcb:30."), "{size:?}");
        let mut seen = Vec::new();
        for key in [&[KeyCode::Down; 31][..], &[KeyCode::PageUp], &[KeyCode::End], &[KeyCode::Up; 3], &[KeyCode::Home]]
            .concat()
        {
            harness.press(key);
            let shown = letters(&mut harness, size);
            let (_, chosen) = shown.split_once('›').unwrap_or_else(|| panic!("{size:?}: {shown}"));
            let (_, name) = chosen.split_once("lhcb:").expect("a subject");
            assert!(!chosen.contains('›'), "{size:?}: {shown}");
            let number = name[..2].to_owned();
            seen.push(number);
        }
        assert_eq!((seen[0].as_str(), seen[28].as_str(), seen[30].as_str()), ("01", "29", "29"), "{size:?}");
        assert_eq!(seen[31..], ["24", "29", "28", "27", "26", "30"], "{size:?}");
    }
}

#[test]
fn an_alarm_that_goes_to_the_top_takes_no_ones_place_under_the_cursor() {
    let mut harness = watched();
    harness.key('w');
    (0..2).for_each(|_| harness.press(KeyCode::Down));
    harness.now = at(NOW + 8_000);
    harness.answer(Answer::Glanced(Vec::new()));
    harness.act(Action::Tick);
    let glances = |effect: &Effect| if let Effect::Glance(glances) = effect { Some(glances.clone()) } else { None };
    let glances = harness.effects.iter().rev().find_map(glances).expect("they are looked at");
    let glance = glances.iter().find(|glance| glance.subject.as_str().starts_with("lhcb:20.")).expect("one of them");
    let new = Jti::issue(at(NOW + 7_000), &mut clock::randomness());
    harness.answer(Answer::Glanced(vec![(glance.number, Ok((Some(new), at(NOW + 8_000))))]));
    assert!(lines(&mut harness, (80, 24)).iter().any(|line| line.contains("› Watching lhcb:02.")));
    harness.key('x');
    assert_eq!((harness.app.watches.list().len(), harness.app.watches.alarms().count()), (29, 2), "no alarm is gone");
    assert!(lines(&mut harness, (80, 24)).iter().any(|line| line.contains("› Watching lhcb:03.")));
}
