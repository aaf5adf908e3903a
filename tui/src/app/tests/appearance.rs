//! Colours, characters, keys of one's own, and what tells a production context.

use authdb_shared::config::{Colour, ContextConfig, NamedEntry, Origin, Theme};

use super::*;
use crate::keymap::Keymap;

fn context(name: &str, is_production: bool) -> ContextConfig {
    let colour = is_production.then_some(Colour::Red);
    ContextConfig { name: name.to_owned(), place: String::new(), colour, read_only: false, is_production }
}

#[test]
fn production_is_told_by_words_at_every_width() {
    let mut harness = Harness::new(false);
    assert!(!harness.screen(80, 24).contains("default"), "one database needs no name");
    harness.app.contexts = vec![context("default", false), context("lhcb", true)];
    harness.app.context_name = "lhcb".to_owned();
    harness.app.is_production = true;
    for (width, height) in [(30, 10), (50, 15), (80, 24), (200, 60)] {
        let screen = harness.screen(width, height);
        let head = screen.lines().next().expect("the head line");
        assert!(head.contains("PRODUCTION lhcb"), "{head}");
    }
}

#[test]
fn themes_go_round_and_say_their_names() {
    let mut harness = Harness::new(false);
    for theme in [Theme::Light, Theme::HighContrast, Theme::Sixteen, Theme::Dark] {
        harness.key('T');
        assert_eq!(harness.app.appearance.theme, theme);
        assert!(harness.notice().contains(theme.name()), "{}", harness.notice());
    }
    harness.app.appearance.is_colourless = true;
    harness.key('T');
    assert!(harness.notice().contains("NO_COLOR"), "{}", harness.notice());
}

#[test]
fn an_ascii_screen_has_the_columns_of_any_other_and_nothing_else() {
    let mut wide = flow("BCDFGHJK", FlowStatus::Pending, 60);
    wide.scope = Scope::from_stored("vo:lhcb group:山田".to_owned());
    let mut harness = Harness::with_flows(vec![wide, flow("XXXXXXXX", FlowStatus::Pending, 60)]);
    harness.press(KeyCode::Down);
    harness.app.appearance.is_ascii = true;
    for keys in ["", "?", "1", "6"] {
        harness.type_in(keys);
        let screen = harness.screen(80, 24);
        let rows: Vec<&str> = screen.lines().filter_map(|line| line.split('"').nth(1)).collect();
        assert!(screen.is_ascii() && rows.iter().all(|row| row.len() == 80), "{screen}");
        harness.press(KeyCode::Esc);
    }
}

#[test]
fn keys_of_ones_own_are_the_ones_that_are_shown_and_work() {
    let mut harness = Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    let (name, values, origin) = ("deny".to_owned(), vec!["f9".to_owned()], Origin::Default);
    harness.app.keys = Keymap::configured(&[NamedEntry { table: "keys", name, values, origin }]).expect("it is free");
    harness.press(KeyCode::Down);
    assert!(harness.screen(80, 24).contains("F9 deny"));
    harness.key('d');
    assert!(harness.app.dialog.is_none(), "the usual key gives it no more");
    harness.press(KeyCode::Enter);
    assert!(harness.screen(80, 24).contains("F9 deny"), "the details offer it by its key, too");
    harness.press(KeyCode::F(9));
    assert!(harness.screen(80, 24).contains("Deny BCDF-GHJK"));
    harness.press(KeyCode::Esc);
    harness.key('?');
    assert!(harness.screen(120, 40).contains("F9  deny"));
}

#[test]
fn a_list_shows_the_columns_that_were_chosen_in_their_order_and_sorts_by_them() {
    let mut harness =
        Harness::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60), flow("CDFGHJKL", FlowStatus::Error, 30)]);
    let values = ["scope", "started", "code"].map(str::to_owned).to_vec();
    let entry = NamedEntry { table: "columns", name: "device_flows".to_owned(), values, origin: Origin::Default };
    harness.app.columns = Columns::configured(&[entry]).expect("they are there");
    for width in [40, 80] {
        let screen = harness.screen(width, 24);
        let heads = screen.lines().find(|line| line.contains("SCOPE")).expect("the heads");
        let words: Vec<&str> = heads.trim_matches(['"', ' ']).split_whitespace().collect();
        assert_eq!(words, ["SCOPE", "STARTED", "CODE"], "{screen}");
        assert!(screen.contains("vo:lhcb") && screen.contains("BCDF-GHJK") && !screen.contains("pending"), "{screen}");
    }
    harness.type_in("sss");
    assert!(harness.screen(80, 24).contains("CODE↑"));
    harness.key('s');
    assert!(!harness.screen(80, 24).contains('↑'), "after the last it is as the database gives it");
    harness.key('S');
    assert!(harness.screen(80, 24).contains("SCOPE↓"));
}
