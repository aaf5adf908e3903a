//! What systemd hears: ready, status, reloading, stopping, and its watchdog.

use authdb_tests::world::{on_every_engine, on_every_server};
use authdb_tests::{Engine, World};
use rustix::process::Signal;

use crate::notify_socket::NotifySocket;
use crate::program::{Janitor, await_that};
use crate::row_lock::{RowLock, await_hanging_batches, patient};

/// So that a test sees many looks in a second.
const WATCHDOG_MICROSECONDS: &str = "400000";

const HUNGER: &str = "watchdog is not fed";

fn under(socket: &NotifySocket, janitor: Janitor) -> Janitor {
    janitor.with("NOTIFY_SOCKET", &socket.path())
}

#[tokio::test]
async fn it_is_ready_when_the_database_has_answered_and_says_what_it_waits_for() {
    let world = World::create(Engine::Sqlite).await;
    let mut socket = NotifySocket::bind();
    let janitor = Janitor::bare();
    let file = janitor.folder().join("late.sqlite3");
    let url = format!("sqlite:{}", file.display());
    let daemon = under(&socket, janitor.with("AUTHDB_DATABASE_URL", &url)).start();
    let status = socket.message("STATUS=waiting for the database").await;
    assert!(status.contains("late.sqlite3"), "{status}");
    assert!(socket.said().iter().all(|message| !message.contains("READY=1")), "it is not ready yet");
    let ready_made = file.with_extension("ready-made");
    world.execute(&format!("VACUUM INTO '{}'", ready_made.display())).await;
    std::fs::rename(&ready_made, &file).expect("the file is moved into place");
    socket.message("READY=1").await;
    let status = socket.message("STATUS=flows done at ").await;
    assert!(status.contains("UTC"), "{status}");
    let (status, said) = daemon.stop().await;
    assert_eq!(status.code(), Some(0), "{said:?}");
    socket.message("STOPPING=1").await;
}

#[tokio::test]
async fn the_status_has_the_last_outcome_of_each_job_and_the_runway() {
    on_every_engine(|world| async move {
        let mut socket = NotifySocket::bind();
        let daemon = under(&socket, Janitor::on(world.database.url())).start();
        let mut status = String::new();
        let has_runway = world.db.can_partition();
        while !(status.contains("flows done at ")
            && status.contains("tokens done at ")
            && status.contains("months partitioned ahead: 12") == has_runway)
        {
            status = socket.message("STATUS=").await;
        }
        let (code, said) = daemon.stop().await;
        assert_eq!(code.code(), Some(0), "{said:?}");
    })
    .await;
}

#[tokio::test]
async fn a_daemon_that_is_stopped_while_it_waits_says_so() {
    let mut socket = NotifySocket::bind();
    let mut daemon = under(&socket, Janitor::on("sqlite:not-there-yet.sqlite3")).start();
    daemon.line("trying again").await;
    let (status, said) = daemon.stop().await;
    assert_eq!(status.code(), Some(0), "{said:?}");
    socket.message("STOPPING=1").await;
    assert!(socket.said().iter().all(|message| !message.contains("READY=1")), "it never was");
}

#[tokio::test]
async fn a_reload_is_announced_and_ended_whatever_came_of_it() {
    let world = World::create(Engine::Sqlite).await;
    let mut socket = NotifySocket::bind();
    let mut daemon = under(&socket, Janitor::on(world.database.url())).start();
    socket.message("READY=1").await;
    for (file, said) in [("", "the configuration is reloaded"), ("[janitor]\nlease = 1\n", "is not reloaded")] {
        daemon.write_file("config.toml", file);
        daemon.signal(Signal::HUP);
        let reloading = socket.message("RELOADING=1").await;
        let time = reloading.lines().find_map(|line| line.strip_prefix("MONOTONIC_USEC="));
        assert!(time.is_some_and(|time| time.parse::<u64>().is_ok()), "{reloading}");
        daemon.line(said).await;
        socket.message("READY=1").await;
    }
    let (status, said) = daemon.stop().await;
    assert_eq!(status.code(), Some(0), "{said:?}");
}

#[tokio::test]
async fn the_watchdog_is_fed_while_there_is_nothing_to_do() {
    on_every_engine(|world| async move {
        let mut socket = NotifySocket::bind();
        let janitor = Janitor::on(world.database.url())
            .with("WATCHDOG_USEC", WATCHDOG_MICROSECONDS)
            .with("AUTHDB_JANITOR_FLOWS_SCHEDULE", "0 0 0 1 1 *")
            .with("AUTHDB_JANITOR_TOKENS_SCHEDULE", "0 0 0 1 1 *");
        let mut daemon = under(&socket, janitor).start();
        daemon.lines(&["flows: done", "tokens: done"]).await;
        socket.said();
        for _ in 0..5 {
            socket.message("WATCHDOG=1").await;
        }
        let (status, said) = daemon.stop().await;
        assert_eq!(status.code(), Some(0), "{said:?}");
    })
    .await;
}

#[tokio::test]
async fn without_a_watchdog_nobody_is_fed() {
    let world = World::create(Engine::Sqlite).await;
    let mut socket = NotifySocket::bind();
    let mut daemon = under(&socket, Janitor::on(world.database.url())).start();
    daemon.line("flows: done").await;
    let (status, said) = daemon.stop().await;
    assert_eq!(status.code(), Some(0), "{said:?}");
    socket.message("STOPPING=1").await;
    assert!(socket.said().iter().all(|message| !message.contains("WATCHDOG")));
}

#[tokio::test]
async fn a_batch_that_hangs_starves_the_watchdog_and_one_that_ends_feeds_it_again() {
    on_every_server(|world| async move {
        let lock = RowLock::on_stale_flow(&world, "HELD").await;
        let mut socket = NotifySocket::bind();
        let janitor =
            patient(&world).with("WATCHDOG_USEC", WATCHDOG_MICROSECONDS).with("AUTHDB_LOG", "debug,sqlx=warn");
        let mut daemon = under(&socket, janitor).start();
        await_hanging_batches(&world, 1).await;
        // A look that was under way when the batch began may still feed.
        daemon.line(HUNGER).await;
        socket.said();
        for _ in 0..5 {
            let line = daemon.line(HUNGER).await;
            assert!(line.contains("flows shows no progress"), "the other runner is alive: {line}");
        }
        assert!(socket.said().iter().all(|message| !message.contains("WATCHDOG")), "it is fed all the same");
        lock.release().await;
        daemon.line("flows: done").await;
        socket.message("WATCHDOG=1").await;
        let (status, said) = daemon.stop().await;
        assert_eq!(status.code(), Some(0), "{said:?}");
    })
    .await;
}

#[tokio::test]
async fn a_second_signal_breaks_off_at_once_and_the_server_undoes_the_batch() {
    on_every_server(|world| async move {
        let lock = RowLock::on_stale_flow(&world, "HELD").await;
        let mut daemon = patient(&world).start();
        await_hanging_batches(&world, 1).await;
        daemon.signal(Signal::TERM);
        daemon.line("stopping after what is in hand").await;
        daemon.signal(Signal::TERM);
        daemon.line("a second signal: breaking off at once").await;
        let (status, said) = daemon.end().await;
        assert_eq!(status.code(), Some(1), "{said:?}");
        lock.release().await;
        await_hanging_batches(&world, 0).await;
        let statuses = || world.column("SELECT Status FROM DeviceFlows");
        await_that("the end of its transaction", || async { statuses().await == ["PENDING"] }).await;
    })
    .await;
}

#[tokio::test]
async fn one_signal_finishes_the_batch_in_hand() {
    on_every_server(|world| async move {
        let lock = RowLock::on_stale_flow(&world, "HELD").await;
        let mut daemon = patient(&world).start();
        await_hanging_batches(&world, 1).await;
        daemon.signal(Signal::INT);
        daemon.line("stopping after what is in hand").await;
        lock.release().await;
        let (status, said) = daemon.end().await;
        assert_eq!(status.code(), Some(0), "{said:?}");
        assert_eq!(world.column("SELECT Status FROM DeviceFlows").await, ["ERROR"], "{said:?}");
    })
    .await;
}
