//! Several janitors on one database: one works, the others take over when it dies, and one that slept through its lease
//! changes nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use authdb_shared::db::{JANITOR_LEASE, Lease, LeaseRow};
use authdb_tests::long::sized;
use authdb_tests::world::{native_form, on_every_engine, on_every_server};
use authdb_tests::{Cluster, Engine, Pool, TestDatabase, World};
use tokio::task::spawn_blocking;

use crate::daemon::ALWAYS;
use crate::once::state;
use crate::program::{Daemon, Janitor, await_that};
use crate::traffic::{Record, TO_EXPIRE, Traffic, commit, device_flows, janitor, new_code};

/// How many janitors there are, and how often the one in charge is killed. A change of hands takes four seconds or so.
const JANITORS: (usize, usize) = (3, 5);
const KILLS: (u32, u32) = (3, 75);

/// How long a lease lasts; longer where the nodes of a cluster first have to agree that one is lost.
const LEASE: Duration = Duration::from_secs(2);
const LEASE_ON_CLUSTER: Duration = Duration::from_secs(8);

/// How long the server waits for a word from a session whose lease is longer than that.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);

/// A long time for a lease that the test itself takes.
const LONG: Duration = Duration::from_mins(10);

fn one_of_several(url: &str) -> Janitor {
    with_lease(url, LEASE)
}

fn with_lease(url: &str, duration: Duration) -> Janitor {
    janitor(url)
        .with("AUTHDB_JANITOR_FLOWS_SCHEDULE", ALWAYS)
        .with("AUTHDB_JANITOR_TOKENS_SCHEDULE", ALWAYS)
        .with("AUTHDB_JANITOR_LEASE_DURATION", &format!("{}s", duration.as_secs()))
}

async fn lease(world: &World) -> LeaseRow {
    world.db.lease(JANITOR_LEASE).await.expect("it can be read").0.expect("the first start has made it")
}

/// How many runs have ended well.
async fn runs_done(world: &World) -> i64 {
    world.number("SELECT COUNT(*) FROM JanitorRuns WHERE Outcome = 'done'").await
}

/// Awaits more work.
async fn await_work(world: &World) {
    let before = runs_done(world).await;
    await_that("a run", || async { runs_done(world).await > before + 1 }).await;
}

/// Awaits that a janitor other than the last one is in charge.
async fn await_change_of_hands(world: &World, last: &LeaseRow, duration: Duration) {
    let now = world.now().await;
    let left = last.expiry.map_or(Duration::ZERO, |expiry| expiry.since(now));
    assert!(left <= duration, "whoever dies leaves the lease for longer than it lasts: {left:?}");
    await_that("a change of hands", || async { lease(world).await.fencing_number > last.fencing_number }).await;
    assert_ne!(lease(world).await.holder, last.holder, "the dead cannot be in charge");
}

/// No two runs of a job have met.
async fn assert_one_at_a_time(world: &World) {
    let mut runs = Vec::new();
    let mut before = None;
    loop {
        let page = world.db.runs(before, 500).await.expect("the ledger can be read");
        before = page.rows.last().map(|run| run.id);
        runs.extend(page.rows);
        if !page.has_more {
            break;
        }
    }
    runs.reverse();
    let mut ends = BTreeMap::new();
    for run in &runs {
        if let Some((id, end)) = ends.get(&run.job) {
            assert!(
                run.start >= *end,
                "on {}: run {} began before run {id} had ended: {run:?}",
                world.engine(),
                run.id
            );
        }
        // One that was killed has no end.
        if run.end.is_some() {
            ends.insert(run.job.clone(), (run.id, run.end));
        }
    }
    assert_eq!(ends.len(), 2, "both jobs have been run");
}

#[track_caller]
fn assert_no_errors(said: &[String]) {
    let errors: Vec<&String> = said.iter().filter(|line| line.contains("ERROR") || line.contains("failed")).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// The last work is done, and nothing else has been.
async fn assert_all_is_well(world: &World, record: &Record) {
    let outcome = one_of_several(world.database.url()).run(&["once"]).await;
    outcome.assert_code(0);
    assert!(record.logins > 0 && record.failures.is_empty(), "{:?}", record.failures);
    record.assert_kept(world).await;
    record.assert_swept(world).await;
}

#[tokio::test]
async fn of_several_janitors_one_works_and_another_takes_over_when_it_dies() {
    on_every_engine(|world| async move {
        let url = world.database.url();
        one_of_several(url).run(&["once"]).await.assert_code(0);
        let traffic = Traffic::begin(world.database.pool(), Record::default());
        let mut daemons: Vec<Daemon> =
            (0..sized(JANITORS.0, JANITORS.1)).map(|_| one_of_several(url).start()).collect();
        for _ in 0..sized(KILLS.0, KILLS.1) {
            await_work(&world).await;
            let last = lease(&world).await;
            let process = |daemon: &Daemon| last.holder.contains(&format!("(process {})", daemon.id()));
            let in_charge = daemons.iter().position(process).expect("it is one of them that is in charge");
            assert_no_errors(&daemons.remove(in_charge).kill().await);
            await_change_of_hands(&world, &last, LEASE).await;
            daemons.push(one_of_several(url).start());
        }
        await_work(&world).await;
        let record = traffic.end().await;
        for daemon in daemons {
            let (status, said) = daemon.stop().await;
            assert_eq!(status.code(), Some(0), "{said:?}");
            assert_no_errors(&said);
        }
        assert_all_is_well(&world, &record).await;
        assert_one_at_a_time(&world).await;
    })
    .await;
}

#[tokio::test]
async fn on_a_cluster_a_janitor_of_another_node_takes_over_when_a_node_dies() {
    let cluster = spawn_blocking(Cluster::start).await.expect("no panic").expect("a cluster starts");
    let database = TestDatabase::create_on(cluster.node(0)).await.expect("a database is made");
    let (_, name) = database.url().rsplit_once('/').expect("the URL ends with the database");
    let urls = [0, 1, 2].map(|node| cluster.node(node).url(name));
    let world = World::create_in(database, native_form(Engine::MariaDb)).await;
    one_of_several(&urls[0]).run(&["once"]).await.assert_code(0);
    let traffic = Traffic::begin(world.database.pool(), Record::default());
    // The one on the last node is there first, and so in charge.
    let begin = |url: &String| with_lease(url, LEASE_ON_CLUSTER).with("AUTHDB_DATABASE_CONNECT_TIMEOUT", "2s").start();
    let mut doomed = begin(&urls[2]);
    doomed.line("in charge").await;
    let mut others = [begin(&urls[0]), begin(&urls[1])];
    for other in &mut others {
        other.line("waiting").await;
    }
    await_work(&world).await;
    let last = lease(&world).await;
    let cluster = with_cluster(cluster, |cluster| cluster.kill(&[2])).await;
    await_change_of_hands(&world, &last, LEASE_ON_CLUSTER).await;
    await_work(&world).await;
    let cluster = with_cluster(cluster, |cluster| cluster.restart(&[2])).await;
    // It has found its node again, and who is in charge by now.
    doomed.line("in charge").await;
    await_work(&world).await;
    let record = traffic.end().await;
    for daemon in others {
        let (status, said) = daemon.stop().await;
        assert_eq!(status.code(), Some(0), "{said:?}");
        assert_no_errors(&said);
    }
    let (status, said) = doomed.stop().await;
    assert_eq!(status.code(), Some(0), "{said:?}");
    assert_all_is_well(&world, &record).await;
    assert_one_at_a_time(&world).await;
    drop(world);
    drop(cluster);
}

async fn with_cluster(
    mut cluster: Cluster,
    act: impl FnOnce(&mut Cluster) -> anyhow::Result<()> + Send + 'static,
) -> Cluster {
    let acted = spawn_blocking(move || act(&mut cluster).map(|()| cluster)).await;
    acted.expect("no panic").expect("the nodes do as they are told")
}

/// Takes the lease as soon as it ends.
async fn take_over(world: &World) -> Lease {
    let taken = async || {
        let taken = world.db.take_lease(&world.permit, JANITOR_LEASE, "the test", LONG).await;
        taken.expect("one that stands still keeps nobody from taking the lease")
    };
    await_that("the end of the lease", || async { lease(world).await.expiry < Some(world.now().await) }).await;
    taken().await.expect("it has ended")
}

/// Lets a janitor that stands still run on, which must find that it is no longer in charge and change nothing; then, once
/// the lease is given back, it does what is due.
async fn assert_powerless(world: &World, mut sleeper: Daemon, lease: &Lease) {
    let before = state(world).await;
    sleeper.resume();
    sleeper.line("another janitor has taken over").await;
    let running = "SELECT COUNT(*) FROM JanitorRuns WHERE Outcome = 'running'";
    await_that("the end of its runs", || async { world.number(running).await == 0 }).await;
    assert_eq!(state(world).await, before, "it has changed something on {}", world.engine());
    world.db.release_lease(&world.permit, lease).await.expect("it is given back");
    let stale = "SELECT COUNT(*) FROM DeviceFlows WHERE Status = 'PENDING'";
    await_that("the work", || async { world.number(stale).await == 0 }).await;
    let (status, said) = sleeper.stop().await;
    assert_eq!(status.code(), Some(0), "{said:?}");
}

#[tokio::test]
async fn a_janitor_that_sleeps_in_the_middle_of_a_batch_commits_nothing_after_its_lease() {
    on_every_server(|world| async move {
        one_of_several(world.database.url()).run(&["once"]).await.assert_code(0);
        add_stale_device_flows(&world, 10).await;
        let Pool::MySql(pool) = world.database.pool() else { panic!("it is a server") };
        let mut holder = pool.begin().await.expect("a transaction begins");
        let lock = "SELECT UserCode FROM DeviceFlows ORDER BY UserCode DESC LIMIT 1 FOR UPDATE";
        sqlx::query(lock).execute(&mut *holder).await.expect("the row is locked");
        let mut sleeper = one_of_several(world.database.url()).with("AUTHDB_DATABASE_LOCK_TIMEOUT", "30s").start();
        // Looked at more often than ten times a second, MySQL's list of transactions stays as it was.
        let waiting = "SELECT SLEEP(0.2) + (SELECT COUNT(*) FROM information_schema.INNODB_TRX \
                       JOIN performance_schema.threads ON PROCESSLIST_ID = trx_mysql_thread_id \
                       WHERE PROCESSLIST_DB = DATABASE() AND trx_state = 'LOCK WAIT')";
        await_that("a batch", || async { world.number(waiting).await > 0 }).await;
        sleeper.suspend();
        let lease = take_over(&world).await;
        holder.rollback().await.expect("the row is free");
        // The server has done what it was asked to do, and waits for the word that makes it last.
        await_that("the batch", || async { world.number(waiting).await == 0 }).await;
        assert_powerless(&world, sleeper, &lease).await;
    })
    .await;
}

#[tokio::test]
async fn a_janitor_that_sleeps_between_renewing_its_lease_and_the_commit_keeps_nobody_from_it() {
    on_every_server(|world| async move {
        one_of_several(world.database.url()).run(&["once"]).await.assert_code(0);
        let Pool::MySql(pool) = world.database.pool() else { panic!("it is a server") };
        let mut holder = pool.begin().await.expect("a transaction begins");
        add_stale_device_flows(&world, 10).await;
        let lock = "SELECT Name FROM JanitorLease WHERE Name = 'janitor' FOR UPDATE";
        let mut sleeper = one_of_several(world.database.url()).with("AUTHDB_DATABASE_LOCK_TIMEOUT", "30s").start();
        sleeper.line("in charge").await;
        // Whether a batch or the keeper of the lease comes first: each has renewed the lease before it stands still, and
        // has yet to commit.
        let waiting = "SELECT SLEEP(0.2) + (SELECT COUNT(*) FROM information_schema.INNODB_TRX \
                       JOIN performance_schema.threads ON PROCESSLIST_ID = trx_mysql_thread_id \
                       WHERE PROCESSLIST_DB = DATABASE() AND trx_state = 'LOCK WAIT')";
        sqlx::query(lock).execute(&mut *holder).await.expect("the row is locked");
        await_that("a renewal", || async { world.number(waiting).await > 0 }).await;
        sleeper.suspend();
        holder.rollback().await.expect("the row is free");
        let (began, mut taken) = (world.now().await, None);
        while taken.is_none() {
            // It waits for the row, and gives up, as a janitor does before it tries again.
            let attempt = world.db.take_lease(&world.permit, JANITOR_LEASE, "the test", LONG).await;
            taken = attempt.unwrap_or_else(|error| if error.is_contention() { None } else { panic!("{error}") });
        }
        let took = world.now().await.since(began);
        assert!(took < LONGEST_SILENCE, "on {}: nobody could take over for {took:?}", world.engine());
        assert_powerless(&world, sleeper, &taken.expect("it was taken")).await;
    })
    .await;
}

#[tokio::test]
async fn a_janitor_that_sleeps_between_two_batches_changes_nothing_after_its_lease() {
    on_every_engine(|world| async move {
        one_of_several(world.database.url()).run(&["once"]).await.assert_code(0);
        add_stale_device_flows(&world, 2_000).await;
        let mut sleeper = one_of_several(world.database.url()).with("AUTHDB_JANITOR_BATCH_SIZE", "1").start();
        let done = "SELECT COUNT(*) FROM DeviceFlows WHERE Status = 'ERROR'";
        await_that("the first batch", || async { world.number(done).await > 0 }).await;
        sleeper.suspend();
        // One that sleeps in the middle of a commit keeps the lease until its connection is ended, and on SQLite keeps
        // everybody from writing, whatever anybody does.
        let free = match world.engine() {
            Engine::Sqlite => "",
            _ => "SELECT Name FROM JanitorLease WHERE Name = 'janitor' FOR UPDATE NOWAIT",
        };
        while commit(world.database.pool(), free).await.is_err() {
            sleeper.resume();
            tokio::task::yield_now().await;
            sleeper.suspend();
        }
        let lease = take_over(&world).await;
        assert_powerless(&world, sleeper, &lease).await;
    })
    .await;
}

async fn add_stale_device_flows(world: &World, count: usize) {
    let created = world.start.before(TO_EXPIRE);
    let codes: Vec<String> = (0..count).map(|_| new_code()).collect();
    for codes in codes.chunks(500) {
        let statements = device_flows(codes, Some(created));
        commit(world.database.pool(), &statements).await.expect("the rows are written");
    }
}
