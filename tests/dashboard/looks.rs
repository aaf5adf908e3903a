//! Colours, keys of one's own, and a terminal on which nothing of it can be shown.

use std::time::Duration;

use vt100::Color;

use crate::program::Program;
use crate::terminal::{CONTROL_C, DOWN, ESC};
use crate::{CODE, SHOWN, add_pending, world};

/// Black of the part of the palette that no terminal's settings change.
const BLACK: Color = Color::Idx(16);

#[tokio::test]
async fn themes_colour_the_screen_and_are_switched_by_a_key() {
    let world = world().await;
    add_pending(&world, CODE, Duration::from_mins(1)).await;
    let terminal = Program::on(world.database.url()).with("AUTHDB_DASHBOARD_THEME", "light").start_on_device_flows();
    let light = terminal.wait_for(SHOWN).colour_of("pending");
    terminal.type_keys("T");
    let view = terminal.wait_until("the high contrast is there", |view| view.is_all_on(BLACK));
    assert!(view.says("Theme: high-contrast. To keep it: [dashboard] theme = \"high-contrast\""), "{view}");
    let contrast = view.colour_of("pending");
    terminal.type_keys("T");
    let sixteen = terminal.wait_for("Theme: 16.");
    assert!(sixteen.is_all_on(Color::Default), "the background is the terminal's own");
    terminal.type_keys("T");
    let dark = terminal.wait_for("Theme: dark.").colour_of("pending");
    let colours = [light, contrast, sixteen.colour_of("pending"), dark];
    for (index, colour) in colours.iter().enumerate() {
        assert!(colour.is_some_and(|it| it != Color::Default) && !colours[index + 1..].contains(colour), "{colours:?}");
    }
}

#[tokio::test]
async fn no_color_leaves_no_theme_anything_to_colour() {
    let world = world().await;
    let program = Program::on(world.database.url()).with("AUTHDB_DASHBOARD_THEME", "high-contrast");
    let terminal = program.with("NO_COLOR", "1").start_on_device_flows();
    let view = terminal.wait_for("no device flows");
    assert!(view.is_all_on(Color::Default) && view.colour_of("no device flows") == Some(Color::Default), "{view}");
    terminal.type_keys("T");
    let view = terminal.wait_for_sentence("NO_COLOR is set, so that no theme has colours.");
    assert!(view.is_all_on(Color::Default), "{view}");
}

#[tokio::test]
async fn keys_of_ones_own_are_shown_and_work_in_place_of_the_usual_ones() {
    let world = world().await;
    add_pending(&world, CODE, Duration::from_mins(1)).await;
    let config = "[keys]\ndeny = \"f9\"\nquit = [\"ctrl-x\"]\n";
    let terminal = Program::on(world.database.url()).file("config.toml", config).start_on_device_flows();
    let view = terminal.wait_for("F9 deny");
    assert!(view.contains("^x quit"), "{view}");
    terminal.wait_for(SHOWN);
    terminal.type_keys(DOWN);
    terminal.wait_until("the cursor is on the row", |view| view.is_on(SHOWN));
    // Neither of the usual ones, which would ask or leave.
    terminal.type_keys("dq");
    terminal.type_and_wait("\x1b[20~", &format!("Deny {SHOWN}?"));
    terminal.type_keys(ESC);
    terminal.wait_until("the question is withdrawn", |view| !view.asks());
    terminal.type_keys(CONTROL_C);
    terminal.exit().leaves_whole(0);
}

#[tokio::test]
async fn columns_of_ones_own_are_shown_in_their_order() {
    let world = world().await;
    add_pending(&world, CODE, Duration::from_mins(1)).await;
    let config = "[columns]\ndevice_flows = [\"scope\", \"code\"]\n";
    let terminal = Program::on(world.database.url()).file("config.toml", config).start_on_device_flows();
    let view = terminal.wait_for(SHOWN);
    let heads = view.row_with("SCOPE").expect("the heads");
    assert_eq!(heads.split_whitespace().collect::<Vec<_>>(), ["SCOPE", "CODE"], "{view}");
}

#[test]
fn a_dumb_terminal_is_told_what_to_do_and_is_left_alone() {
    for arguments in [&[][..], &["demo"]] {
        let ended = Program::authdb().arguments(arguments).with("TERM", "dumb").start().exit().never_took_over(2);
        assert!(ended.view.says("the dashboard needs a terminal whose cursor can be placed"), "{}", ended.view);
        assert!(ended.view.says("verbs such as `authdb token list` work in any"), "{}", ended.view);
        assert_eq!(ended.folders.work().read_dir().expect("the folder is there").count(), 0, "a database was made");
    }
}
