//! The palette: what it finds, what Enter does, and what it refuses.

use ratatui::style::Modifier;

use super::*;

#[test]
fn a_few_letters_find_a_command_and_enter_gives_it() {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    harness.press(KeyCode::Down);
    harness.key(':');
    harness.type_in("dny");
    assert!(harness.screen(80, 24).contains("deny the device flow, or all marked ones"));
    harness.press(KeyCode::Enter);
    assert!(harness.screen(80, 24).contains("Deny BCDF-GHJK"), "the command asks as its key does");
    assert!(harness.changes().is_empty());
}

#[test]
fn the_name_of_a_screen_shows_it() {
    for (typed, screen) in [("partitions", Screen::Partitions), ("auth", Screen::AuthorizationFlows)] {
        let mut harness = Harness::new(false);
        harness.key(':');
        harness.type_in(typed);
        harness.press(KeyCode::Enter);
        assert_eq!((harness.app.screen, harness.app.dialog.is_none()), (screen, true), "{typed}");
    }
}

#[test]
fn what_is_not_available_says_why_and_is_not_given() {
    let mut harness = Harness::new(true);
    harness.key(':');
    harness.type_in("approve");
    assert!(harness.screen(80, 24).contains("Not now: This session is read-only"));
    harness.press(KeyCode::Enter);
    assert!(matches!(harness.app.dialog, Some(Dialog::Palette(_))), "it stays open");
    assert!(harness.notice().contains("read-only"), "{}", harness.notice());
}

#[test]
fn a_command_of_another_screen_leads_there_and_does_nothing_yet() {
    let mut harness = Harness::new(false);
    harness.key(':');
    harness.type_in("revoke the token");
    assert!(harness.screen(80, 24).contains("Enter shows Tokens"));
    harness.press(KeyCode::Enter);
    assert_eq!(harness.app.screen, Screen::Tokens);
    assert!(harness.app.dialog.is_none() && harness.notice().contains("This is where r means: revoke the token"));
}

#[test]
fn what_belongs_to_the_screen_comes_first_and_everything_is_offered_once() {
    let harness = Harness::new(false);
    let found = harness.app.found("");
    let elsewhere = found.iter().position(|it| matches!(it.way, Way::Elsewhere(_))).expect("some are elsewhere");
    assert!(found[elsewhere..].iter().all(|it| matches!(it.way, Way::Elsewhere(_))));
    assert_eq!(found.len(), crate::command::COMMANDS.len() - 1, "all but the palette itself");
}

/// Many a sentence holds the letters; the name is what somebody types who knows what they want.
#[test]
fn what_is_called_so_comes_before_what_only_mentions_it() {
    let mut harness = Harness::new(false);
    let names = |harness: &Harness, typed: &str| {
        harness.app.found(typed).iter().map(|it| it.entry.name).take(3).collect::<Vec<_>>()
    };
    assert_eq!(names(&harness, "revoke")[..2], ["revoke", "revoke_subject"], "although both are on other screens");
    assert_eq!(names(&harness, "revoke su")[0], "revoke_subject");
    harness.key('2');
    assert_eq!(names(&harness, "rev"), ["reverse_sort", "revoke", "revoke_subject"], "the screen in view first");
}

#[test]
fn the_letters_found_are_underlined() {
    let mut harness = Harness::new(false);
    harness.key(':');
    harness.type_in("subjects");
    harness.act(Action::Resized { width: 80, height: 24 });
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).expect("a terminal in memory");
    terminal.draw(|frame| draw::draw(&harness.app, frame)).expect("drawing in memory");
    let cells = terminal.backend().buffer().content();
    let underlined: String = cells
        .iter()
        .filter(|cell| cell.modifier.contains(Modifier::UNDERLINED))
        .map(ratatui::buffer::Cell::symbol)
        .collect();
    assert!(underlined.starts_with("subjects"), "{underlined}");
}

#[test]
fn arrows_choose_within_what_was_found_and_escape_closes() {
    let mut harness = Harness::new(false);
    harness.key(':');
    harness.type_in("zzzz");
    harness.press(KeyCode::Enter);
    assert!(harness.screen(80, 24).contains("No command is called so."));
    (0..4).for_each(|_| harness.press(KeyCode::Backspace));
    (0..100).for_each(|_| harness.press(KeyCode::Down));
    for (width, height) in [(1, 1), (20, 5), (50, 15), (80, 24), (200, 60)] {
        harness.screen(width, height);
    }
    let Some(Dialog::Palette(palette)) = &harness.app.dialog else { panic!("it is open") };
    assert_eq!(palette.selected, harness.app.found("").len() - 1);
    harness.press(KeyCode::Esc);
    assert!(harness.app.dialog.is_none());
}
