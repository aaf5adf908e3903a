//! Filters: text that is taken literally, and a way back to everything.

use std::time::Duration;

use authdb_tests::World;

use crate::terminal::{ENTER, ESC, Terminal};
use crate::{dashboard, world};

const SUBJECTS: [&str; 4] = ["lhcb:per%cent", "lhcb:under_score", "lhcb:exclaim!", "lhcb:plain"];

async fn seeded() -> (World, Terminal) {
    let world = world().await;
    for subject in SUBJECTS {
        world.add_token("CREATED", subject, Duration::from_mins(1)).await;
    }
    let terminal = dashboard(&world);
    terminal.type_and_wait("5", "Live tokens 4");
    (world, terminal)
}

#[tokio::test]
async fn a_filter_is_taken_literally() {
    let (_world, terminal) = seeded().await;
    for (typed, subject) in [("%", SUBJECTS[0]), ("_s", SUBJECTS[1]), ("\"!\"", SUBJECTS[2]), ("PLAIN", SUBJECTS[3])] {
        terminal.type_and_wait("/", "Enter keeps, Esc clears");
        terminal.type_keys(typed);
        let view = terminal.wait_until("one row is left", |view| {
            view.contains(&format!("Live tokens 1  / {typed}")) && view.contains(subject)
        });
        let others = SUBJECTS.iter().filter(|other| view.contains(other)).count();
        assert_eq!(others, 1, "{view}");
        terminal.type_keys(ENTER);
        terminal.wait_until("the filter is kept", |view| view.contains("q quit") && view.contains("Live tokens 1  / "));
        terminal.type_keys(ESC);
        terminal.wait_until("the filter is cleared", |view| {
            view.contains("Live tokens 4") && !view.contains("Live tokens 4  /")
        });
    }
}

#[tokio::test]
async fn a_filter_without_a_match_says_so_and_escape_clears_it() {
    let (_world, terminal) = seeded().await;
    terminal.type_and_wait("/", "Enter keeps, Esc clears");
    terminal.type_keys("nobody");
    terminal.wait_until("it is said that nothing matches", |view| {
        view.contains("no row matches the filter; Esc clears it") && view.contains("Live tokens 0")
    });
    // While the filter is typed, and after it was kept.
    terminal.type_keys(ESC);
    terminal.wait_until("everything is back", |view| view.contains("Live tokens 4") && view.contains("q quit"));
    terminal.type_keys(&format!("/nobody{ENTER}"));
    terminal.wait_until("it is kept", |view| view.contains("no row matches the filter") && view.contains("q quit"));
    terminal.type_keys(ESC);
    terminal.wait_until("everything is back", |view| view.contains("Live tokens 4"));
    terminal.type_keys("q");
    terminal.exit().leaves_whole(0);
}

#[tokio::test]
async fn every_screen_keeps_its_own_filter() {
    let (_world, terminal) = seeded().await;
    terminal.type_keys(&format!("/plain{ENTER}"));
    terminal.wait_for("Live tokens 1  / plain");
    terminal.type_keys("4");
    terminal.wait_until("the subjects are not filtered", |view| view.contains("Subjects with live tokens 4"));
    terminal.type_keys("5");
    terminal.wait_for("Live tokens 1  / plain");
}

#[tokio::test]
async fn fields_and_ages_narrow_and_bad_syntax_is_said_and_shows_nothing() {
    let (world, terminal) = seeded().await;
    world.add_token("CREATED", "lhcb:elder", Duration::from_mins(20)).await;
    terminal.type_keys(&format!("/age>10m vo:lhcb{ENTER}"));
    terminal.wait_until("only the old one is shown", |view| {
        view.contains("Live tokens 1  / age>10m vo:lhcb") && view.contains("lhcb:elder") && !view.contains("lhcb:plain")
    });
    terminal.type_keys(ESC);
    terminal.wait_until("everything is back", |view| view.contains("Live tokens 5") && view.contains("q quit"));
    terminal.type_keys("/age>10");
    terminal.wait_for_sentence("10 has no unit: write 10s, 10m, 10h or 10d, for example age<10m.");
    let view = terminal.wait_until("nothing is shown", |view| view.contains("Live tokens 0  / age>10"));
    assert!(view.contains("the filter cannot be read, so it selects nothing") && !view.contains("lhcb:"), "{view}");
    // Enter does not keep it; what was typed can be mended.
    terminal.type_keys(&format!("{ENTER}m{ENTER}"));
    terminal.wait_until("it is mended", |view| view.contains("Live tokens 1  / age>10m") && view.contains("q quit"));
}
