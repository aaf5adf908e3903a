//! What is told: the metrics by name, the status line, and when the janitor is not healthy.

use authdb_shared::config::{Config, Sources};

use super::*;
use crate::tenure::Obstacle;

fn metrics() -> Metrics {
    let metrics = Metrics::new();
    metrics.configured(&Config::load(&Sources::default()).expect("the defaults").janitor, noon());
    metrics
}

/// Far from the hour at which the tokens are due, whenever the tests run.
fn noon() -> Timestamp {
    Timestamp::from_unix_millis(1_795_435_200_000).expect("a day of November 2026")
}

fn report(job: Job, outcome: Outcome) -> Report {
    Report { outcome, ..Report::new(job) }
}

fn lost() -> Outcome {
    Outcome::Failed { reason: "connecting: refused".to_owned(), is_connection_loss: true }
}

/// What is wrong so long after noon.
fn ailments_after(metrics: &Metrics, span: Duration) -> Vec<String> {
    let now = Instant::now() + span;
    metrics.situation().ailments(now, noon().after(span), (Job::Flows, Duration::ZERO))
}

#[test]
fn what_is_not_known_is_absent_and_what_is_recorded_is_there() {
    let metrics = metrics();
    assert!(!metrics.text().contains("authdb_janitor_runway_months"), "{}", metrics.text());
    metrics.batch(Job::Flows, Sweep::PurgeDeviceFlows, 40, Duration::from_millis(7));
    metrics.batch(Job::Flows, Sweep::PurgeDeviceFlows, 0, Duration::ZERO);
    metrics.backlog(Sweep::PurgeDeviceFlows, 12);
    metrics.partitions(Some((11, Some(3))));
    metrics.oldest_stale_flow("device", Duration::from_secs(90));
    let database = clock::host_now();
    metrics.clocks(database.before(Duration::from_secs(2)), database);
    metrics.run_ended(&report(Job::Flows, Outcome::Done));
    let text = metrics.text();
    for line in [
        "authdb_janitor_rows_total{sweep=\"purge_device_flows\"} 40",
        "authdb_janitor_batch_seconds_count{sweep=\"purge_device_flows\"} 1",
        "authdb_janitor_backlog_rows{sweep=\"purge_device_flows\"} 12",
        "authdb_janitor_runway_months{} 11",
        "authdb_janitor_future_partition_rows{} 3",
        "authdb_janitor_oldest_stale_flow_seconds{kind=\"device\"} 90.0",
        "authdb_janitor_clock_difference_seconds{} -2.0",
        "authdb_janitor_runs_total{job=\"flows\",outcome=\"done\"} 1",
        "authdb_janitor_database_up{} 1",
        "authdb_janitor_configuration_refused{} 0",
    ] {
        assert!(text.lines().any(|other| other == line), "{line} is missing:\n{text}");
    }
    metrics.partitions(None);
    assert!(!metrics.text().contains("authdb_janitor_runway_months"), "without partitions there is no runway");
}

fn theirs() -> Charge {
    Charge::Theirs { holder: "two.example, process 7".to_owned(), is_alive: true }
}

#[test]
fn a_lease_is_a_figure_and_part_of_the_status() {
    let metrics = metrics();
    metrics.charge(&theirs());
    assert!(metrics.text().contains("authdb_janitor_lease_held{} 0\n"));
    assert!(metrics.status().contains("the janitor two.example, process 7 is in charge"), "{}", metrics.status());
    metrics.charge(&Charge::Nobody);
    assert!(!metrics.text().contains("lease_held"), "without a ledger there is none");
    assert!(!metrics.status().contains("in charge"), "{}", metrics.status());
}

#[test]
fn a_lease_that_cannot_be_had_is_said_and_an_ailment_unless_it_may_be_over_in_a_while() {
    let metrics = metrics();
    metrics.database_answered();
    let hindered = |is_passing| {
        let reason = "taking the lease: UPDATE \u{1b}[2J denied".to_owned();
        metrics.charge(&Charge::Unknown { obstacle: Some(Obstacle { reason, is_connection_loss: false, is_passing }) });
        assert!(metrics.status().contains("waiting for the lease: taking the lease: UPDATE"), "{}", metrics.status());
        ailments_after(&metrics, Duration::ZERO)
    };
    assert_eq!(hindered(true), Vec::<String>::new());
    let ailments = hindered(false);
    assert!(ailments.len() == 1 && ailments[0].contains("the lease cannot be had"), "{ailments:?}");
    assert!(!ailments[0].contains('\u{1b}'), "{ailments:?}");
    metrics.charge(&Charge::Unknown { obstacle: None });
    assert_eq!(ailments_after(&metrics, Duration::ZERO), Vec::<String>::new());
}

#[test]
fn whoever_waited_for_another_janitor_has_missed_nothing() {
    let metrics = metrics();
    metrics.database_answered();
    metrics.run_ended(&report(Job::Flows, Outcome::Done));
    let days = Duration::from_hours(72);
    assert!(!ailments_after(&metrics, days).is_empty(), "this one should have worked");
    metrics.charge(&theirs());
    assert_eq!(ailments_after(&metrics, days), Vec::<String>::new());
    assert!(!metrics.text().contains("last_success_timestamp_seconds{"), "the other's successes are later ones");
    metrics.change(|situation| situation.in_charge(None, None, noon().after(days)));
    assert_eq!(ailments_after(&metrics, days), Vec::<String>::new(), "it has only just taken over");
    assert!(!ailments_after(&metrics, days * 2).is_empty(), "and has done nothing since");
}

#[test]
fn clocks_that_disagree_are_an_ailment_until_a_run_sees_them_agree() {
    let metrics = metrics();
    metrics.database_answered();
    let mut refused = report(Job::Flows, Outcome::Done);
    refused.distrust(vec!["the host's clock is 10m ahead".to_owned()]);
    metrics.run_ended(&refused);
    let failed = Outcome::Failed { reason: "no".to_owned(), is_connection_loss: false };
    metrics.run_ended(&report(Job::Flows, failed));
    let ailments = ailments_after(&metrics, Duration::ZERO);
    assert!(ailments.len() == 1 && ailments[0].contains("the host's clock is 10m ahead"), "{ailments:?}");
    assert!(metrics.status().contains("the clocks disagree: the host's clock is 10m ahead"), "{}", metrics.status());
    metrics.run_ended(&report(Job::Flows, Outcome::Refused));
    assert_eq!(ailments_after(&metrics, Duration::ZERO), Vec::<String>::new(), "refused for another reason");
}

#[test]
fn the_status_line_has_what_is_wrong_first_then_outcomes_and_the_runway() {
    let metrics = metrics();
    assert_eq!(metrics.status(), "connecting");
    let mut ended = report(Job::Flows, Outcome::Done);
    ended.swept.push((Sweep::ExpireDeviceFlows, 5));
    metrics.run_ended(&ended);
    metrics.run_ended(&report(Job::Tokens, Outcome::Refused));
    metrics.partitions(Some((11, Some(0))));
    let status = metrics.status();
    assert!(status.starts_with("flows done at ") && status.contains("UTC, 5 rows; tokens refused at "), "{status}");
    assert!(status.ends_with("months partitioned ahead: 11"), "{status}");
    metrics.configuration_refused("config.toml, line 2: \u{1b}[2J no");
    metrics.database_lost("connecting: refused");
    let status = metrics.status();
    assert!(status.starts_with("the configuration was not reloaded: config.toml, line 2"), "{status}");
    assert!(status.contains("waiting for the database for 0s: connecting: refused"), "{status}");
    assert!(!status.contains('\u{1b}'), "{status}");
}

#[test]
fn a_lost_database_is_news_once_per_job_and_outage() {
    let metrics = metrics();
    assert!(metrics.run_ended(&report(Job::Flows, lost())));
    assert!(!metrics.run_ended(&report(Job::Flows, lost())));
    assert!(metrics.run_ended(&report(Job::Tokens, lost())));
    metrics.database_answered();
    assert!(metrics.run_ended(&report(Job::Flows, lost())), "this is another outage");
}

#[test]
fn a_long_outage_is_unhealthy_and_a_short_one_is_not() {
    let metrics = metrics();
    metrics.database_lost("connecting: refused");
    assert_eq!(ailments_after(&metrics, Duration::from_mins(4)), Vec::<String>::new());
    let ailments = ailments_after(&metrics, Duration::from_mins(6));
    assert!(ailments.len() == 1 && ailments[0].contains("connecting: refused"), "{ailments:?}");
    metrics.database_answered();
    assert_eq!(ailments_after(&metrics, Duration::from_mins(6)), Vec::<String>::new());
}

#[test]
fn a_job_that_does_not_succeed_for_too_long_is_overdue() {
    let metrics = metrics();
    metrics.database_answered();
    let failed = Outcome::Failed { reason: "no".to_owned(), is_connection_loss: false };
    metrics.run_begins(Job::Flows);
    metrics.run_ended(&report(Job::Flows, failed));
    assert_eq!(ailments_after(&metrics, Duration::from_mins(11)), Vec::<String>::new(), "it may still be under way");
    let ailments = ailments_after(&metrics, Duration::from_mins(18));
    assert!(ailments.len() == 1 && ailments[0].contains("flows is overdue"), "{ailments:?}");
    let ailments = ailments_after(&metrics, Duration::from_hours(25));
    assert!(ailments.len() == 2 && ailments[1].contains("tokens is overdue"), "{ailments:?}");
    metrics.charge(&theirs());
    assert_eq!(ailments_after(&metrics, Duration::from_hours(25)), Vec::<String>::new(), "another one works");
}

#[test]
fn a_runner_that_is_still_for_long_is_unhealthy() {
    let metrics = metrics();
    metrics.database_answered();
    let still = |span| metrics.situation().ailments(Instant::now(), noon(), (Job::Tokens, span));
    assert_eq!(still(Duration::from_mins(4)), Vec::<String>::new());
    assert_eq!(still(Duration::from_mins(6)), ["tokens makes no progress for 6m"]);
}
