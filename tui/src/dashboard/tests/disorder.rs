//! Answers that come late: after a newer question, and after another database was entered.

use authdb_shared::config::Sources;
use authdb_shared::model::FlowStatus;
use tempfile::TempDir;

use super::*;
use crate::app::tests::flow;

/// A configuration that offers a second database, and the folder that it is in.
fn two_contexts() -> (TempDir, Sources) {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let path = folder.path().join("config.toml");
    let text = "[database]\nurl = \"sqlite:first\"\n[contexts.second]\nurl = \"sqlite:second\"\nproduction = true\n";
    std::fs::write(&path, text).expect("a file for the test");
    (folder, Sources::default().with_config_file(Some(path)).choosing_a_context())
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_a_newer_one_has_overtaken_is_never_shown() {
    let store = FakeStore::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    store.content().moods_of_flows = [Mood::Slow(Duration::from_secs(5)), Mood::Prompt, Mood::Silent].into();
    let mut console = Console::on(&store);
    console.type_in("2");
    console.wait_for_at_once("reading…").await;
    store.content().device_flows = vec![flow("CCCCCCCC", FlowStatus::Pending, 30)];
    console.press(KeyCode::F(5));
    console.wait_for_at_once("CCCC-CCCC").await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    console.wait_for_at_once("CCCC-CCCC").await;
    assert!(!console.has_ever_said("BCDF-GHJK"), "it was answered by then, to a question of before");
}

#[tokio::test(start_paused = true)]
async fn what_a_database_that_was_left_still_answers_is_never_shown() {
    let (_folder, sources) = two_contexts();
    let (first, second) = (FakeStore::new("first"), FakeStore::new("second"));
    first.content().device_flows = vec![flow("BCDFGHJK", FlowStatus::Pending, 60)];
    first.content().moods_of_flows = [Mood::Slow(Duration::from_secs(5))].into();
    first.content().other = Some(second.clone());
    second.content().device_flows = vec![flow("CCCCCCCC", FlowStatus::Pending, 30)];
    second.content().moods_of_flows = [Mood::Prompt, Mood::Silent].into();
    let mut console = Console::with(&first, sources);
    console.type_in("2");
    console.wait_for_at_once("reading…").await;
    console.type_in("C");
    console.wait_for("Contexts").await;
    console.press(KeyCode::Down);
    console.press(KeyCode::Enter);
    let screen = console.wait_for("CCCC-CCCC").await;
    assert!(screen.contains("PRODUCTION second"), "{screen}");
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert!(first.content().is_closed && !second.content().is_closed);
    assert!(!console.has_ever_said("BCDF-GHJK"), "it was answered by then, by the database of before");

    console.press(KeyCode::Down);
    console.type_in("d");
    console.wait_for("Type second to go on").await;
    console.type_in("second");
    console.press(KeyCode::Enter);
    console.wait_for("CCCC-CCCC is denied.").await;
    assert!(first.changes().is_empty());
    assert_eq!(second.changes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_database_that_stays_silent_holds_up_no_list_of_the_next_one() {
    let (_folder, sources) = two_contexts();
    let (first, second) = (FakeStore::new("first"), FakeStore::new("second"));
    first.content().moods_of_flows = [Mood::Silent; 4].into();
    first.content().other = Some(second.clone());
    second.content().device_flows = vec![flow("CCCCCCCC", FlowStatus::Pending, 30)];
    let mut console = Console::with(&first, sources);
    console.type_in("2");
    console.wait_for_at_once("reading…").await;
    console.press(KeyCode::F(5));
    console.press(KeyCode::F(5));
    console.type_in("C");
    console.wait_for_at_once("Contexts").await;
    console.press(KeyCode::Down);
    console.press(KeyCode::Enter);
    console.wait_for_at_once("CCCC-CCCC").await;
}

#[tokio::test(start_paused = true)]
async fn a_context_that_cannot_be_reached_leaves_everything_as_it_is() {
    let (_folder, sources) = two_contexts();
    let store = FakeStore::with_flows(vec![flow("BCDFGHJK", FlowStatus::Pending, 60)]);
    let mut console = Console::with(&store, sources);
    console.type_in("2");
    console.wait_for("BCDF-GHJK").await;
    console.type_in("C");
    console.press(KeyCode::Down);
    console.press(KeyCode::Enter);
    console.wait_for("You are still in default.").await;
    console.press(KeyCode::Esc);
    let screen = console.wait_until("the dialog is closed", |it| !it.contains("You are still in")).await;
    assert!(screen.contains("BCDF-GHJK") && !store.content().is_closed, "{screen}");
}
