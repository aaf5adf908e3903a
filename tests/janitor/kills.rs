//! Janitors and servers that are killed at any moment while people log in: nothing alive is lost, and the next run
//! completes.

use std::sync::Arc;
use std::time::Duration;

use authdb_shared::clock;
use authdb_shared::partition::Month;
use authdb_tests::long::sized;
use authdb_tests::world::{TokenRow, key_at, on_engines};
use authdb_tests::{Engine, Server, World, engines};
use rand::RngExt as _;

use crate::daemon::ALWAYS;
use crate::outages::{restarted, server, world_on};
use crate::program::{Daemon, Janitor, Outcome, await_that};
use crate::traffic::{Record, Traffic, janitor};

/// How many janitors are killed.
const KILLS: (u32, u32) = (8, 200);
/// In one of so many cases the server is killed, too.
const SERVER_IN: u32 = 4;
/// A daemon begins its first runs one to two seconds after its start; then it may be killed within this.
const WORK: Duration = Duration::from_millis(1500);

/// Months of tokens past the retention, so that there are drops all the time, and those within it.
const OLD_MONTHS: (u32, u32) = (12, 110);
const KEPT_MONTHS: u32 = 7;

const SUBJECT: &str = "lhcb:zoe";
const TOKENS_PER_MONTH: u32 = 20;

fn busy(url: &str) -> Janitor {
    janitor(url)
        .with("AUTHDB_JANITOR_FLOWS_SCHEDULE", ALWAYS)
        .with("AUTHDB_JANITOR_TOKENS_SCHEDULE", ALWAYS)
        .with("AUTHDB_JANITOR_MAX_DROPS_PER_RUN", "1")
        .with("AUTHDB_JANITOR_BATCH_SIZE", "20")
        .with("AUTHDB_JANITOR_LEASE_DURATION", "2s")
}

/// Partitions of many months, with tokens in each. Those that are to be kept are recorded.
async fn add_months(world: &World, old: u32) -> Record {
    let mut record = Record::default();
    let this_month = Month::of(world.start);
    let months = old + KEPT_MONTHS;
    let first = world.start.calendar().checked_sub_months(chrono::Months::new(months)).expect("a date of this era");
    if world.db.can_partition() {
        world.partition(Month::of(first.into()), months + 3).await;
    }
    for back in 1..=months {
        let time = this_month.start().calendar().checked_sub_months(chrono::Months::new(back)).expect("of this era");
        // In the middle of the month, so that none is near a bound.
        let time = authdb_shared::Timestamp::from(time).after(Duration::from_hours(24 * 14));
        let rows: Vec<TokenRow> = (0..TOKENS_PER_MONTH).map(|_| TokenRow::created(key_at(time), SUBJECT)).collect();
        world.add_tokens(&rows).await;
        if back <= world.policy.refresh_token_retention_months {
            record.live_tokens.extend(rows.into_iter().map(|row| row.key));
        }
    }
    // Somebody has just logged in.
    let now = TokenRow::created(key_at(world.start), SUBJECT);
    record.live_tokens.insert(now.key.clone());
    world.add_tokens(&[now]).await;
    record
}

/// What is due on a world whose server may be one of its own.
async fn world(engine: Engine) -> (Option<Server>, Arc<World>) {
    match engine.flavour() {
        None => (None, Arc::new(World::create(engine).await)),
        Some(flavour) => {
            let server = server(flavour).await;
            let world = world_on(&server).await;
            (Some(server), Arc::new(world))
        }
    }
}

#[tokio::test]
async fn whatever_is_killed_nothing_alive_is_lost_and_the_next_run_completes() {
    on_engines(engines(), |engine| async move {
        let (mut server, world) = world(engine).await;
        let record = add_months(&world, sized(OLD_MONTHS.0, OLD_MONTHS.1)).await;
        let url = world.database.url();
        busy(url).run(&["once", "flows"]).await.assert_code(0);
        let traffic = Traffic::begin(world.database.pool(), record);
        for kill in 1..=sized(KILLS.0, KILLS.1) {
            let runs = runs(&world).await;
            let daemon = busy(url).with("AUTHDB_DATABASE_CONNECT_TIMEOUT", "1s").start();
            await_that("the begin of a run", || async { self::runs(&world).await > runs }).await;
            tokio::time::sleep(WORK.mul_f64(clock::randomness().random_range(0.0..1.0))).await;
            match server.take() {
                Some(killed) if kill % SERVER_IN == 0 => server = Some(both_killed(daemon, killed).await),
                kept => {
                    server = kept;
                    daemon.kill().await;
                }
            }
        }
        // A new one works, although the last one that did was killed.
        let mut daemon = busy(url).start();
        daemon.line("flows: done").await;
        assert_good_end(daemon).await;
        let record = traffic.end().await;
        assert_everything_completes(&world).await;
        record.assert_kept(&world).await;
        record.assert_swept(&world).await;
        assert!(record.logins > 0, "nobody logged in: {:?}", record.failures);
        drop(world);
        drop(server);
    })
    .await;
}

/// How many runs have begun.
async fn runs(world: &World) -> i64 {
    world.number("SELECT COUNT(*) FROM JanitorRuns").await
}

/// Kills the server and then the janitor, which may be waiting for it, and starts the server again.
async fn both_killed(daemon: Daemon, mut server: Server) -> Server {
    server.kill().expect("the server is killed");
    daemon.kill().await;
    restarted(server).await
}

async fn assert_good_end(daemon: Daemon) {
    let (status, said) = daemon.stop().await;
    assert_eq!(status.code(), Some(0), "{said:?}");
}

/// Runs complete one after another until nothing is due, and then no token past the retention is left.
async fn assert_everything_completes(world: &World) {
    let once = || async {
        let outcome: Outcome = busy(world.database.url()).run(&["once"]).await;
        outcome.assert_code(0);
        for said in ["flows: done", "tokens: done"] {
            assert!(outcome.output.contains(said), "{said}: {outcome:?}");
        }
        outcome
    };
    while once().await.output.contains("dropped p_") {}
    let horizon = Month::of(world.policy.token_horizon(world.now().await)).start();
    let bound = authdb_tests::world::plain(&authdb_tests::world::jti(&key_at(horizon)));
    let old = world.number(&format!("SELECT COUNT(*) FROM RefreshTokens WHERE JTI < '{bound}'")).await;
    assert_eq!(old, 0, "tokens past the retention are left on {}", world.engine());
    let runs = world.db.runs(None, 2).await.expect("the ledger can be read").rows;
    let ends: Vec<_> = runs.iter().map(|run| (run.job.as_str(), run.outcome.to_string())).collect();
    assert_eq!(ends, [("tokens", "done".to_owned()), ("flows", "done".to_owned())]);
}
