//! Keys as they are written: in the help, in ASCII, and in sentences when they are bound otherwise.

use authdb_shared::config::{NamedEntry, Origin};

use super::*;
use crate::command::{COMMANDS, Group};
use crate::keymap::Keymap;

/// Every line of the help, by scrolling down to its end.
fn whole_help(harness: &mut Harness, width: u16, height: u16) -> String {
    harness.key('?');
    let mut seen = String::new();
    loop {
        let screen = harness.screen(width, height);
        seen.push_str(&screen);
        if !screen.contains("more") {
            break;
        }
        harness.press(KeyCode::Down);
    }
    harness.press(KeyCode::Esc);
    seen
}

#[test]
fn what_is_pasted_asks_for_nothing_and_says_yes_to_nothing_but_goes_into_fields() {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    harness.paste("deny");
    assert!(harness.app.dialog.is_none() && harness.notice().contains("in fields only"), "{}", harness.notice());
    harness.key('*');
    harness.key('d');
    let denied = vec![flow("BCDFGHJK", FlowStatus::Pending, 60)];
    harness.planned(SessionPlan::deny(denied, at(NOW), &Policy::default()));
    harness.paste("yes");
    assert_eq!(harness.changes(), Vec::<&PlanStep>::new());
    harness.press(KeyCode::Esc);
    harness.key('/');
    harness.paste("\n bcdf\u{1b}-ghjk\nq\n");
    assert_eq!(harness.app.filter_input.as_ref().map(|input| input.value().to_owned()).as_deref(), Some("bcdf-ghjk"));
}

#[test]
fn every_command_of_a_screen_is_in_its_help_by_what_it_is_for_and_scrolls_into_view() {
    for screen in Screen::ALL {
        for (width, height) in [(50, 15), (80, 24)] {
            let mut harness = Harness::new(false);
            harness.key(screen.digit());
            let seen: String = whole_help(&mut harness, width, height).split_whitespace().collect();
            for entry in COMMANDS.iter().filter(|entry| entry.is_on(*screen)) {
                // A word that is long enough stands on one line however the others are wrapped.
                let word = entry.help.split([' ', ',', ':']).max_by_key(|word| word.len()).expect("it has words");
                assert!(seen.contains(word), "{word:?} of {:?} on {screen:?} at {width}x{height}", entry.name);
            }
            let titles = Group::ALL.map(|group| group.title().replace(' ', ""));
            assert!(titles[1..].iter().all(|title| seen.contains(title)), "{seen}");
        }
    }
}

#[test]
fn pages_and_ends_of_a_long_help_are_one_key_away() {
    let mut harness = Harness::new(false);
    harness.key('?');
    harness.screen(50, 15);
    harness.press(KeyCode::End);
    let (end, screen) = (harness.app.dialog_scroll, harness.screen(50, 15));
    assert!(end > 7 && screen.contains("leave") && !screen.contains("more"), "{screen}");
    harness.press(KeyCode::PageUp);
    assert_eq!(harness.app.dialog_scroll, end - 7);
    harness.press(KeyCode::Home);
    assert_eq!(harness.app.dialog_scroll, 0);
}

#[test]
fn arrows_are_words_where_there_is_ascii_only() {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    harness.app.appearance.is_ascii = true;
    harness.app.keys = Keymap::default().in_ascii(true);
    assert!(harness.screen(80, 24).contains("Down chooses a row"));
    harness.key('d');
    assert!(harness.notice().contains("with Down"), "{}", harness.notice());
    let help = whole_help(&mut harness, 80, 24);
    assert!(help.contains("Down Up") && help.contains("Down more"), "{help}");
    harness.key(':');
    assert!(harness.screen(80, 24).contains("Down Up choose"));
}

/// Moves every key that a sentence may name away from where it usually is.
fn rebound() -> Keymap {
    let names =
        ["down", "back", "filter", "horizon", "subjects", "tokens", "quit", "copy_key", "copy_row", "revoke_subject"];
    let entries = names.iter().enumerate().map(|(index, name)| NamedEntry {
        table: "keys",
        name: (*name).to_owned(),
        values: vec![format!("f{}", index + 6)],
        origin: Origin::Default,
    });
    Keymap::configured(&entries.collect::<Vec<_>>()).expect("nothing meets")
}

#[test]
fn sentences_name_keys_as_they_are_bound() {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Done, 60)]);
    harness.app.keys = rebound();
    assert!(harness.screen(80, 24).contains("F6 chooses a row"));
    harness.key('d');
    assert!(harness.notice().contains("with F6"), "{}", harness.notice());
    harness.press(KeyCode::F(6));
    harness.key('d');
    assert!(harness.notice().contains("the screen of tokens (F11)"), "{}", harness.notice());
    harness.press(KeyCode::F(11));
    let generation = harness.last_generation();
    harness.answer(Answer::Rows { generation, rows: Rows::Tokens(Ok(page(Vec::new()))) });
    assert!(harness.screen(80, 24).contains("no tokens; F9 reaches further back"));
    let generation = harness.app.tokens.reading.ask(at(NOW));
    let tokens = vec![token(TokenStatus::Created, "lhcb:alice"), token(TokenStatus::Created, "lhcb:bjorn")];
    let rows = Rows::Tokens(Ok(Page { has_more: true, ..page(tokens) }));
    harness.answer(Answer::Rows { generation, rows });
    assert!(harness.screen(80, 24).contains("F8 narrows"));
    harness.key('*');
    harness.press(KeyCode::F(15));
    assert!(
        harness.notice().contains("F7 drops the marks") && harness.notice().contains("(F10)"),
        "{}",
        harness.notice()
    );
    harness.press(KeyCode::F(8));
    harness.type_in("nobody");
    harness.press(KeyCode::Enter);
    assert!(harness.screen(80, 24).contains("F7 clears it"));
}
