//! A unit of work that is not committed leaves nothing behind, wherever it was given up.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use serde_json::{Value, json};

use crate::device_flows::{claims, start};
use crate::ours;
use crate::pair::{Pair, Side, on_every_engine};

/// Every step of the unit of work, in order.
fn steps(user_code: &str, device_code: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("get_device_flow", json!({ "device_code": device_code })),
        ("device_flow_insert_id_token", json!({ "user_code": user_code, "id_token": claims(), "max_validity": 600 })),
        ("update_device_flow_status", json!({ "device_code": device_code, "status": "ERROR" })),
        ("insert_device_flow", json!({ "client_id": "undone", "scope": "vo:lhcb" })),
    ]
}

/// How far a unit of work has come.
#[derive(Default)]
struct Progress {
    begun: AtomicUsize,
    done: AtomicUsize,
}

/// Takes all steps, one after another, and never commits.
async fn never_commit(pair: &Pair, steps: &[(&str, Value)], progress: &Progress) {
    let mut transaction = pair.world.db.begin(&pair.world.permit).await.expect("a transaction begins");
    for (function, arguments) in steps {
        progress.begun.fetch_add(1, Ordering::Relaxed);
        ours::perform(&mut transaction, function, arguments).await.expect("the step is possible");
        progress.done.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
    }
    std::future::pending::<()>().await;
}

/// Drives a future until a counter has reached `count`, and drops it there.
async fn give_up_at(count: usize, counter: &AtomicUsize, work: impl Future<Output = ()>) {
    let mut work = pin!(work);
    poll_fn(|context| {
        assert!(work.as_mut().poll(context).is_pending(), "it never ends by itself");
        if counter.load(Ordering::Relaxed) >= count { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Gives up at each step, counted by one of the counters, more often than there are connections: one that stayed open
/// would be missed.
async fn give_up_at_each_step(pair: &Pair, counter: impl Fn(&Progress) -> &AtomicUsize) {
    let (user_code, device_code) = start(pair, Side::DiracX).await;
    let steps = steps(&user_code, &device_code);
    let before = pair.tables().await;
    for round in 0..3 {
        for step in 1..=steps.len() {
            let progress = Progress::default();
            give_up_at(step, counter(&progress), Box::pin(never_commit(pair, &steps, &progress))).await;
            // The other side needs the very row that was locked, and gets it.
            for status in ["READY", "PENDING"] {
                let change = json!({ "device_code": device_code, "status": status });
                pair.done(Side::DiracX, "update_device_flow_status", change).await;
            }
            assert_eq!(pair.tables().await, before, "step {step} in round {round} on {}", pair.engine());
        }
    }
    pair.done(Side::Ours, "insert_device_flow", json!({ "client_id": "kept", "scope": "vo:lhcb" })).await;
}

#[tokio::test]
async fn what_is_dropped_between_two_statements_is_undone_and_holds_nothing() {
    on_every_engine(|pair| async move { give_up_at_each_step(&pair, |progress| &progress.done).await }).await;
}

#[tokio::test]
async fn what_is_dropped_during_a_statement_is_undone_and_holds_nothing() {
    on_every_engine(|pair| async move { give_up_at_each_step(&pair, |progress| &progress.begun).await }).await;
}

#[tokio::test]
async fn what_is_rolled_back_is_undone_at_once() {
    on_every_engine(|pair| async move {
        let (user_code, device_code) = start(&pair, Side::Ours).await;
        let before = pair.tables().await;
        let mut transaction = pair.world.db.begin(&pair.world.permit).await.expect("a transaction begins");
        for (function, arguments) in steps(&user_code, &device_code) {
            ours::perform(&mut transaction, function, &arguments).await.expect("the step is possible");
        }
        transaction.rollback().await.expect("it is undone");
        assert_eq!(pair.tables().await, before, "on {}", pair.engine());
        let change = json!({ "device_code": device_code, "status": "READY" });
        pair.done(Side::DiracX, "update_device_flow_status", change).await;
    })
    .await;
}

#[tokio::test]
async fn a_function_that_fails_on_either_side_undoes_what_came_before_it() {
    on_every_engine(|pair| async move {
        let (_, device_code) = start(&pair, Side::Ours).await;
        let calls = json!([
            { "call": "update_device_flow_status", "arguments": { "device_code": device_code, "status": "DONE" } },
            { "call": "get_device_flow", "arguments": { "device_code": "unknown" } },
        ]);
        assert_eq!(
            pair.refusal(Side::DiracX, "transaction", json!({ "calls": calls })).await,
            "NoResultFound",
            "on {}",
            pair.engine()
        );
        let before = pair.tables().await;
        {
            let mut transaction = pair.world.db.begin(&pair.world.permit).await.expect("a transaction begins");
            let change = json!({ "device_code": device_code, "status": "DONE" });
            ours::perform(&mut transaction, "update_device_flow_status", &change).await.expect("it is possible");
            let unknown = json!({ "device_code": "unknown" });
            ours::perform(&mut transaction, "get_device_flow", &unknown).await.expect_err("there is none");
        }
        assert_eq!(pair.tables().await, before, "on {}", pair.engine());
    })
    .await;
}
