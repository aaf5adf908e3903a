//! The janitor's runs: each is there from its beginning, ends once, and says what it did.

use std::sync::Arc;

use authdb_shared::db::{AuthDb, Run, RunOutcome};
use authdb_tests::World;
use authdb_tests::world::on_every_engine;
use serde_json::{Value, json};

use crate::ledger::make;

async fn begin(world: &World, job: &str) -> i64 {
    world.db.begin_run(&world.permit, job, "bastion").await.expect("the database can do it")
}

async fn finish(world: &World, id: i64, outcome: &RunOutcome, counts: &Value, error: Option<&str>) {
    world.db.finish_run(&world.permit, id, outcome, counts, error).await.expect("the database can do it");
}

async fn newest(world: &World) -> Run {
    world.db.runs(None, 1).await.expect("they can be read").rows.remove(0)
}

#[tokio::test]
async fn a_run_is_there_from_its_beginning_and_ends_once() {
    on_every_engine(|world| async move {
        make(&world).await;
        assert!(world.db.runs(None, 10).await.expect("they can be read").rows.is_empty());
        let before = world.now().await;
        let id = begin(&world, "expire").await;
        let running = newest(&world).await;
        let start = running.start.expect("it has begun");
        assert!(before <= start && start <= world.now().await, "on {}", world.engine());
        let expected = Run {
            id,
            job: "expire".to_owned(),
            host: "bastion".to_owned(),
            start: Some(start),
            end: None,
            outcome: RunOutcome::Running,
            counts: json!({}),
            error: None,
        };
        assert_eq!(running, expected, "on {}", world.engine());

        let counts = json!({ "device flows": 3, "authorization flows": 0 });
        finish(&world, id, &RunOutcome::Done, &counts, None).await;
        let ended = newest(&world).await;
        assert!(ended.end.is_some_and(|end| start <= end), "on {}", world.engine());
        let expected = Run { end: ended.end, outcome: RunOutcome::Done, counts, ..expected };
        assert_eq!(ended, expected, "on {}", world.engine());

        finish(&world, id, &RunOutcome::Failed, &json!({ "device flows": 9 }), Some("too late")).await;
        assert_eq!(newest(&world).await, expected, "it had ended, on {}", world.engine());
        finish(&world, id + 1, &RunOutcome::Done, &json!({}), None).await;
        assert_eq!(world.number("SELECT COUNT(*) FROM JanitorRuns").await, 1, "ending begins none");
    })
    .await;
}

#[tokio::test]
async fn every_way_to_end_is_kept() {
    on_every_engine(|world| async move {
        make(&world).await;
        for outcome in [RunOutcome::Done, RunOutcome::Stopped, RunOutcome::Refused, RunOutcome::Failed] {
            let id = begin(&world, "purge").await;
            finish(&world, id, &outcome, &json!({}), Some("because")).await;
            let run = newest(&world).await;
            assert_eq!((run.id, &run.outcome, run.error.as_deref()), (id, &outcome, Some("because")));
        }
        world.execute("UPDATE JanitorRuns SET Outcome = 'postponed', Counts = 'lost'").await;
        let run = newest(&world).await;
        assert_eq!((run.outcome, run.counts), (RunOutcome::Other("postponed".to_owned()), Value::Null));
    })
    .await;
}

#[tokio::test]
async fn they_are_read_page_by_page_newest_first() {
    on_every_engine(|world| async move {
        make(&world).await;
        let mut begun = Vec::new();
        for number in 0..7 {
            begun.push(begin(&world, &format!("job {number}")).await);
        }
        assert!(begun.is_sorted() && begun.windows(2).all(|pair| pair[0] < pair[1]), "{begun:?}");
        let (mut before, mut pages) = (None, Vec::new());
        loop {
            let page = world.db.runs(before, 3).await.expect("they can be read");
            assert!(page.now >= world.start);
            pages.push(page.rows.iter().map(|run| run.job.clone()).collect::<Vec<_>>());
            before = page.rows.last().map(|run| run.id);
            if !page.has_more {
                break;
            }
        }
        let expected = [vec!["job 6", "job 5", "job 4"], vec!["job 3", "job 2", "job 1"], vec!["job 0"]];
        assert_eq!(pages, expected, "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn runs_that_begin_at_the_same_time_have_numbers_of_their_own() {
    on_every_engine(|world| async move {
        make(&world).await;
        let mut beginning = Vec::new();
        for number in 0..10 {
            let db = AuthDb::connect(&world.config).await.expect("connecting works");
            let world = Arc::clone(&world);
            beginning.push(tokio::spawn(async move {
                let id = db.begin_run(&world.permit, &format!("job {number}"), "bastion").await;
                (id.unwrap_or_else(|error| panic!("on {}: {error}", world.engine())), format!("job {number}"))
            }));
        }
        let mut begun = Vec::new();
        for run in beginning {
            begun.push(run.await.expect("it does not panic"));
        }
        begun.sort();
        let mut listed: Vec<_> = world.db.runs(None, 20).await.expect("they can be read").rows;
        listed.reverse();
        let listed: Vec<_> = listed.into_iter().map(|run| (run.id, run.job)).collect();
        assert_eq!(listed, begun, "each was told its own, on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn texts_of_any_length_and_content_are_kept_as_far_as_the_columns_reach() {
    on_every_engine(|world| async move {
        make(&world).await;
        let text: String = "a\0\u{1b}[2J\u{9b}\r\n'\\\u{202e}e\u{301}🦀 ".chars().cycle().take(100_000).collect();
        let start = |width: usize| text.chars().take(width).collect::<String>();
        let id = world.db.begin_run(&world.permit, &text, &text).await.expect("the database can do it");
        finish(&world, id, &RunOutcome::Failed, &json!({ "rows": u64::MAX, "cut": -1.5 }), Some(&text)).await;
        let run = newest(&world).await;
        assert!(run.job == start(64) && run.host == start(255), "on {}", world.engine());
        assert!(run.error.as_deref() == Some(start(4000).as_str()), "on {}", world.engine());
        assert_eq!(run.counts, json!({ "rows": u64::MAX, "cut": -1.5 }), "on {}", world.engine());
    })
    .await;
}
