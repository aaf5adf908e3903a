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
    for (typed, subject) in [("%", SUBJECTS[0]), ("_s", SUBJECTS[1]), ("!", SUBJECTS[2]), ("PLAIN", SUBJECTS[3])] {
        terminal.type_and_wait("/", "Enter keeps, Esc clears");
        terminal.type_keys(typed);
        let view = terminal.wait_until("one row is left", |view| {
            view.contains(&format!("Live tokens 1  containing \"{typed}\"")) && view.contains(subject)
        });
        let others = SUBJECTS.iter().filter(|other| view.contains(other)).count();
        assert_eq!(others, 1, "{view}");
        terminal.type_keys(ENTER);
        terminal.wait_until("the filter is kept", |view| view.contains("q quit") && view.contains("containing"));
        terminal.type_keys(ESC);
        terminal
            .wait_until("the filter is cleared", |view| view.contains("Live tokens 4") && !view.contains("containing"));
    }
}

#[tokio::test]
async fn a_filter_without_a_match_says_so_and_escape_clears_it() {
    let (_world, terminal) = seeded().await;
    terminal.type_and_wait("/", "Enter keeps, Esc clears");
    terminal.type_keys("nobody");
    terminal.wait_until("it is said that nothing matches", |view| {
        view.contains("nothing contains this text; Esc clears the filter") && view.contains("Live tokens 0")
    });
    // While the filter is typed, and after it was kept.
    terminal.type_keys(ESC);
    terminal.wait_until("everything is back", |view| view.contains("Live tokens 4") && view.contains("q quit"));
    terminal.type_keys(&format!("/nobody{ENTER}"));
    terminal.wait_until("it is kept", |view| view.contains("nothing contains this text") && view.contains("q quit"));
    terminal.type_keys(ESC);
    terminal.wait_until("everything is back", |view| view.contains("Live tokens 4"));
    terminal.type_keys("q");
    terminal.exit().leaves_whole(0);
}

#[tokio::test]
async fn every_screen_keeps_its_own_filter() {
    let (_world, terminal) = seeded().await;
    terminal.type_keys(&format!("/plain{ENTER}"));
    terminal.wait_for("Live tokens 1  containing \"plain\"");
    terminal.type_keys("4");
    terminal.wait_until("the subjects are not filtered", |view| view.contains("Subjects with live tokens 4"));
    terminal.type_keys("5");
    terminal.wait_for("Live tokens 1  containing \"plain\"");
}
