//! SIGHUP: a good configuration takes the place of the old one between runs, a bad one does not.

use authdb_tests::world::on_every_server;
use authdb_tests::{Engine, World};
use rustix::process::Signal;

use crate::daemon::{ALWAYS, add_stale_flow, await_expiry};
use crate::notify_socket::NotifySocket;
use crate::program::{Daemon, Janitor};
use crate::row_lock::{RowLock, await_hanging_batches, patient};

const RELOADED: &str = "the configuration is reloaded";
const REFUSED: &str = "the configuration is not reloaded, the old one stays in force";

fn flows_at(schedule: &str) -> String {
    format!("[janitor]\nflows_schedule = \"{schedule}\"\n")
}

fn database_at(world: &World) -> String {
    format!("[database]\nurl = \"{}\"\n", world.database.url())
}

async fn reload(daemon: &mut Daemon, file: &str, said: &str) -> String {
    daemon.write_file("config.toml", file);
    daemon.signal(Signal::HUP);
    daemon.line(said).await
}

async fn stop(daemon: Daemon) -> Vec<String> {
    let (status, said) = daemon.stop().await;
    assert_eq!(status.code(), Some(0), "{said:?}");
    said
}

#[tokio::test]
async fn another_schedule_is_kept_from_then_on() {
    let world = World::create(Engine::Sqlite).await;
    let janitor = Janitor::on(world.database.url()).with_file("config.toml", &flows_at("0 0 0 1 1 *"));
    let mut daemon = janitor.start();
    daemon.line("flows: done").await;
    reload(&mut daemon, &flows_at(ALWAYS), RELOADED).await;
    for code in ["LATER", "LATEST"] {
        add_stale_flow(&world, code).await;
        await_expiry(&world, code).await;
    }
    stop(daemon).await;
}

#[tokio::test]
async fn another_policy_counts_from_the_next_run_on() {
    let world = World::create(Engine::Sqlite).await;
    add_stale_flow(&world, "OLD").await;
    let policy = |expiration: &str| {
        format!(
            "[policy]\ndevice_flow_expiration = \"{expiration}\"\ncompleted_flow_retention = \"2h\"\n{}",
            flows_at(ALWAYS)
        )
    };
    let mut daemon = Janitor::on(world.database.url()).with_file("config.toml", &policy("1h")).start();
    daemon.line("flows: done").await;
    assert_eq!(world.column("SELECT Status FROM DeviceFlows").await, ["PENDING"]);
    reload(&mut daemon, &policy("10m"), RELOADED).await;
    await_expiry(&world, "OLD").await;
    stop(daemon).await;
}

#[tokio::test]
async fn a_bad_file_changes_nothing_and_is_named_once_in_log_and_status() {
    let world = World::create(Engine::Sqlite).await;
    let mut socket = NotifySocket::bind();
    let mut daemon = Janitor::on(world.database.url())
        .with("NOTIFY_SOCKET", &socket.path())
        .with_file("config.toml", &flows_at(ALWAYS))
        .start();
    daemon.line("flows: done").await;
    let misspelt = "[policy]\nmax_clock_skev = \"10s\"\n";
    let line = reload(&mut daemon, misspelt, REFUSED).await;
    for part in ["config.toml, line 2", "Did you mean `policy.max_clock_skew`?"] {
        assert!(line.contains(part), "{part}: {line}");
    }
    let status = socket.message("STATUS=the configuration was not reloaded").await;
    assert!(status.contains("config.toml, line 2"), "{status}");
    add_stale_flow(&world, "LATER").await;
    await_expiry(&world, "LATER").await;
    reload(&mut daemon, &flows_at(ALWAYS), RELOADED).await;
    let mut status = socket.message("STATUS=").await;
    while status.contains("not reloaded") {
        status = socket.message("STATUS=").await;
    }
    let said = stop(daemon).await;
    assert!(!said.iter().any(|line| line.contains(REFUSED)), "it is said once: {said:?}");
}

/// The defaults may keep tokens for less long than the file that somebody has taken away.
#[tokio::test]
async fn a_file_that_is_gone_is_no_wish_for_the_defaults() {
    let world = World::create(Engine::Sqlite).await;
    let policy = "[policy]\ndevice_flow_expiration = \"1h\"\ncompleted_flow_retention = \"2h\"\n";
    let file = format!("{policy}{}", flows_at(ALWAYS));
    let mut daemon = Janitor::on(world.database.url()).with_file("config.toml", &file).start();
    daemon.line("flows: done").await;
    daemon.remove_file("config.toml");
    daemon.signal(Signal::HUP);
    let line = daemon.line(REFUSED).await;
    assert!(line.contains("config.toml is gone"), "{line}");
    add_stale_flow(&world, "OLD").await;
    daemon.line("flows: done").await;
    daemon.line("flows: done").await;
    assert_eq!(world.column("SELECT Status FROM DeviceFlows").await, ["PENDING"]);
    stop(daemon).await;
}

#[tokio::test]
async fn another_database_is_worked_on_and_the_old_one_left() {
    let (old, new) = (World::create(Engine::Sqlite).await, World::create(Engine::Sqlite).await);
    let file = |world: &World| format!("{}{}", database_at(world), flows_at(ALWAYS));
    let mut daemon = Janitor::bare().with_file("config.toml", &file(&old)).start();
    add_stale_flow(&old, "FIRST").await;
    await_expiry(&old, "FIRST").await;
    reload(&mut daemon, &file(&new), RELOADED).await;
    daemon.line(new.db.place()).await;
    daemon.line("flows: done").await;
    add_stale_flow(&old, "SECOND").await;
    for code in ["THIRD", "FOURTH"] {
        add_stale_flow(&new, code).await;
        await_expiry(&new, code).await;
    }
    stop(daemon).await;
    assert_eq!(old.column("SELECT Status FROM DeviceFlows WHERE UserCode = 'SECOND'").await, ["PENDING"]);
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_not_taken() {
    let world = World::create(Engine::Sqlite).await;
    let good = format!("{}{}", database_at(&world), flows_at(ALWAYS));
    let mut daemon = Janitor::bare().with_file("config.toml", &good).start();
    daemon.line("flows: done").await;
    let line = reload(&mut daemon, "[database]\nurl = \"sqlite:nowhere.sqlite3\"\n", REFUSED).await;
    assert!(line.contains("there is no file"), "{line}");
    add_stale_flow(&world, "LATER").await;
    await_expiry(&world, "LATER").await;
    stop(daemon).await;
}

#[tokio::test]
async fn a_wrong_database_can_be_put_right_while_it_is_waited_for() {
    let world = World::create(Engine::Sqlite).await;
    add_stale_flow(&world, "MISSED").await;
    let wrong = "[database]\nurl = \"sqlite:nowhere.sqlite3\"\n";
    let mut daemon = Janitor::bare().with_file("config.toml", wrong).start();
    daemon.line("trying again").await;
    reload(&mut daemon, "[database]\nurl = 12\n[nonsense]\n", REFUSED).await;
    reload(&mut daemon, &database_at(&world), RELOADED).await;
    await_expiry(&world, "MISSED").await;
    stop(daemon).await;
}

#[tokio::test]
async fn a_run_under_way_is_not_interrupted() {
    on_every_server(|world| async move {
        let lock = RowLock::on_stale_flow(&world, "HELD").await;
        let mut daemon = patient(&world).start();
        await_hanging_batches(&world, 1).await;
        reload(&mut daemon, "[policy]\nmax_clock_skew = \"40s\"\n", RELOADED).await;
        await_hanging_batches(&world, 1).await;
        lock.release().await;
        let line = daemon.line("flows: done").await;
        assert!(line.contains("1 device flows expired"), "{line}");
        stop(daemon).await;
    })
    .await;
}

#[tokio::test]
async fn a_run_under_way_ends_on_the_database_on_which_it_began() {
    on_every_server(|old| async move {
        let new = World::create(Engine::Sqlite).await;
        let lock = RowLock::on_stale_flow(&old, "HELD").await;
        let timeouts = "lock_timeout = \"10m\"\n";
        let janitor = Janitor::bare().with_file("config.toml", &(database_at(&old) + timeouts));
        let mut daemon = janitor.start();
        await_hanging_batches(&old, 1).await;
        reload(&mut daemon, &(database_at(&new) + timeouts), RELOADED).await;
        lock.release().await;
        let line = daemon.line("flows: done").await;
        assert!(line.contains("1 device flows expired"), "{line}");
        let said = stop(daemon).await;
        assert_eq!(old.column("SELECT Status FROM DeviceFlows").await, ["ERROR"], "{said:?}");
    })
    .await;
}
