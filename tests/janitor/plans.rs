//! `plan` and `apply`: what would be done is said first, and then that is done and nothing else.

use std::time::Duration;

use authdb_shared::db::JANITOR_LEASE;
use authdb_shared::partition::Month;
use authdb_tests::World;
use authdb_tests::world::{DeviceFlowRow, TokenRow, key_at, on_every_engine, on_every_server};
use serde_json::Value;

use crate::program::{Janitor, Outcome};

const SUBJECT: &str = "lhcb:amara";
const DAY: Duration = Duration::from_hours(24);

fn device(code: &str, seconds: u64) -> DeviceFlowRow<'_> {
    DeviceFlowRow { code, age: Duration::from_secs(seconds), ..DeviceFlowRow::default() }
}

fn janitor(world: &World) -> Janitor {
    Janitor::on(world.database.url())
}

async fn plan(janitor: &Janitor, jobs: &[&str]) -> (Outcome, Value) {
    let outcome = janitor.run(&[&["plan", "--json", "--file", "plan.json"], jobs].concat()).await;
    let plan = serde_json::from_str(&outcome.output).expect("it prints JSON");
    (outcome, plan)
}

async fn apply(janitor: &Janitor) -> Outcome {
    janitor.run(&["apply", "--plan", "plan.json"]).await
}

/// Old months, of which two are due and four more wait, and the twelfth month ahead missing.
async fn partition(world: &World) {
    let first = world.start.calendar().checked_sub_months(chrono::Months::new(12)).expect("a date of this era");
    world.partition(Month::of(first.into()), 20).await;
    let old = [12, 11, 2, 0].map(|months| TokenRow::created(key_at(world.start.before(DAY * 30 * months)), SUBJECT));
    world.add_tokens(&old).await;
}

async fn names(world: &World) -> Vec<String> {
    let layout = world.db.partition_layout().await.expect("the layout can be read");
    layout.partitions.into_iter().map(|partition| partition.name).collect()
}

#[tokio::test]
async fn a_plan_says_what_is_due_and_changes_nothing() {
    on_every_engine(|world| async move {
        for (code, seconds) in [("FRESH", 10), ("STALE", 700), ("OLD", 4000), ("OLDER", 5000)] {
            world.add_device_flow(device(code, seconds)).await;
        }
        let (outcome, plan) = plan(&janitor(&world), &["flows"]).await;
        outcome.assert_code(0);
        let sweeps = plan["jobs"][0]["sweeps"].as_array().expect("a list");
        let rows: Vec<(&str, u64)> = sweeps
            .iter()
            .map(|sweep| (sweep["sweep"].as_str().expect("a name"), sweep["rows"].as_u64().expect("a number")))
            .collect();
        let due = [
            ("expire-device-flows", 1),
            ("expire-authorization-flows", 0),
            ("purge-device-flows", 2),
            ("purge-authorization-flows", 0),
        ];
        assert_eq!(rows, due, "on {}", world.engine());
        assert!(sweeps[2]["statement"].as_str().is_some_and(|text| text.starts_with("DELETE FROM DeviceFlows")));
        assert_eq!(world.number("SELECT COUNT(*) FROM DeviceFlows WHERE Status = 'PENDING'").await, 4);
        let ledger = world.db.ledger_state().await.expect("it can be asked");
        assert_eq!(ledger, authdb_shared::db::LedgerState::Absent, "a plan makes no tables");

        let text = janitor(&world).run(&["plan"]).await;
        text.assert_code(0);
        for part in ["device flows deleted: 2 rows older than", "flows:", "tokens:"] {
            assert!(text.output.contains(part), "{part}: {text:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_plan_is_applied_as_of_its_moment() {
    on_every_engine(|world| async move {
        world.add_device_flow(device("OLD", 4000)).await;
        // Due in a moment: after the plan, and before it is applied.
        world.add_device_flow(device("SOON", 3598)).await;
        let janitor = janitor(&world);
        plan(&janitor, &["flows"]).await.0.assert_code(0);
        let due = "SELECT COUNT(*) FROM DeviceFlows WHERE UserCode = 'SOON'";
        crate::program::await_that("the other flow is due", || async {
            world.now().await > world.start.after(Duration::from_secs(4))
        })
        .await;
        let outcome = apply(&janitor).await;
        outcome.assert_code(0);
        assert_eq!(outcome.count("device flows deleted"), 1, "on {}", world.engine());
        assert!(!outcome.output.contains("tokens:"), "the other job was not planned: {outcome:?}");
        assert_eq!(world.number(due).await, 1, "what came due after the plan is not of it");
    })
    .await;
}

#[tokio::test]
async fn months_are_rolled_as_planned_and_a_plan_that_is_past_is_refused() {
    on_every_server(|world| async move {
        partition(&world).await;
        let janitor = janitor(&world);
        let (outcome, plan) = plan(&janitor, &["tokens"]).await;
        outcome.assert_code(0);
        let steps = plan["jobs"][0]["steps"].as_array().expect("a list");
        let (adding, dropping): (Vec<&Value>, Vec<&Value>) =
            steps.iter().partition(|step| step["change"] == "add months");
        let adds_few = |step: &&Value| step["partitions"].as_array().is_some_and(|months| months.len() <= 3);
        assert!(!adding.is_empty() && adding.iter().all(adds_few) && dropping.len() == 2, "{plan:#}");
        let before = names(&world).await;
        apply(&janitor).await.assert_code(0);
        let after = names(&world).await;
        assert_eq!(after[0], before[2], "two are gone on {}", world.engine());
        assert!(after.len() > before.len() - 2, "months were added");

        let again = apply(&janitor).await;
        again.assert_code(1);
        again.assert_errors(&["nothing was changed", "the partitions have changed since", "authdb-janitor plan"]);
        assert_eq!(names(&world).await, after);
    })
    .await;
}

#[tokio::test]
async fn a_plan_that_was_edited_or_made_elsewhere_or_otherwise_is_refused() {
    on_every_server(|world| async move {
        partition(&world).await;
        let (_, plan) = plan(&janitor(&world), &["tokens"]).await;
        let before = names(&world).await;
        let refused = async |plan: &Value, reason: &str| {
            let janitor = janitor(&world).with_file("plan.json", &plan.to_string());
            let outcome = apply(&janitor).await;
            outcome.assert_code(1);
            outcome.assert_errors(&["nothing was changed", reason]);
            assert_eq!(names(&world).await, before, "on {}", world.engine());
        };
        let mut edited = plan.clone();
        edited["jobs"][0]["steps"].as_array_mut().expect("a list").truncate(1);
        refused(&edited, "was edited").await;
        let mut elsewhere = plan.clone();
        elsewhere["database"] = "production at db.example:3306".into();
        refused(&elsewhere, "was made for production").await;
        let mut yesterday = plan.clone();
        let millis = plan["made_at_millis"].as_i64().expect("a number");
        yesterday["made_at_millis"] = (millis - 25 * 3_600_000).into();
        refused(&yesterday, "more than a day old").await;
        let mut tomorrow = plan.clone();
        tomorrow["made_at_millis"] = (millis + 3_600_000).into();
        refused(&tomorrow, "in the future").await;

        let other = janitor(&world).with("AUTHDB_JANITOR_MAX_DROPS_PER_RUN", "9");
        let outcome = apply(&other.with_file("plan.json", &plan.to_string())).await;
        outcome.assert_code(1);
        outcome.assert_errors(&["the configuration has changed", "janitor.max_drops_per_run"]);
        assert_eq!(names(&world).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_file_that_is_no_plan_is_said_to_be_none() {
    let janitor = Janitor::on("sqlite:missing.sqlite3").with_file("plan.json", "{\"version\": 1");
    let outcome = apply(&janitor).await;
    outcome.assert_code(1);
    outcome.assert_errors(&["plan.json is no plan", "authdb-janitor plan --file"]);
    let outcome = janitor.run(&["apply", "--plan", "nowhere.json"]).await;
    outcome.assert_code(1);
    outcome.assert_errors(&["reading the plan nowhere.json"]);
}

#[tokio::test]
async fn while_another_janitor_is_at_work_nothing_is_done_by_hand() {
    on_every_engine(|world| async move {
        world.add_device_flow(device("OLD", 4000)).await;
        world.db.create_ledger(&world.permit).await.expect("it is made");
        let lease = Duration::from_secs(2);
        let other = world.db.take_lease(&world.permit, JANITOR_LEASE, "other.example (process 7)", lease).await;
        let other = other.expect("it can be asked").expect("nobody holds it");
        let janitor = janitor(&world).with("AUTHDB_JANITOR_LEASE_DURATION", "2s");
        let run = janitor.run(&["once"]);
        let renew = async {
            loop {
                world.db.renew_lease(&world.permit, &other, lease).await.expect("it can be asked");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        let outcome = tokio::select! {
            outcome = run => outcome,
            () = renew => unreachable!("it renews for ever"),
        };
        outcome.assert_code(1);
        outcome.assert_errors(&["nothing was changed", "other.example (process 7) is in charge"]);
        assert_eq!(world.number("SELECT COUNT(*) FROM DeviceFlows").await, 1, "on {}", world.engine());

        // It renews no more: it has died, and its lease ends.
        let outcome = janitor.run(&["once"]).await;
        outcome.assert_code(0);
        assert_eq!(outcome.count("device flows deleted"), 1, "on {}", world.engine());
    })
    .await;
}
