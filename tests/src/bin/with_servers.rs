//! `with-servers [--] COMMAND ARGUMENTS…` runs a command while the servers shared by a run of the tests are up.
//!
//! `cargo test` starts one process after another, and none of them could own a server that all of them use. This program
//! does: it starts the servers, names them to the command by environment variables, and ends with the command's status.
//! The servers end with it, also when it is killed.
//!
//! It gives the command a folder for temporary files, too. Tests that are killed cannot remove theirs, which hold whole
//! servers; this program can. Only its own death by SIGKILL leaves folders behind.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, IsTerminal as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitCode, ExitStatus};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use authdb_tests::environment::{MYSQL_URL, url_variable};
use authdb_tests::{Flavour, Server, leash};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::signal::unix::{self, SignalKind};
use tokio::time::{Instant, sleep, timeout};

/// The status when this program itself fails, for want of a server mostly; those of `cargo test` are 0, 1 and 101.
const FAILURE: u8 = 2;

/// What shells add to a signal's number when a command ends by it.
const BY_SIGNAL: i32 = 128;

/// How long the command may take to end once it has been asked to, and then its children.
const GRACE: Duration = Duration::from_secs(10);

/// The pause between two attempts to remove files that are still written to.
const REMOVE_EVERY: Duration = Duration::from_millis(50);

/// What failed when the kernel does not tell of the command's end.
const UNAWAITED: &str = "cannot await the end of the command";

fn main() -> ExitCode {
    let mut words: Vec<OsString> = env::args_os().skip(1).collect();
    if words.first().is_some_and(|word| word == "--") {
        words.remove(0);
    }
    let Some((program, arguments)) = words.split_first() else {
        eprintln!("usage: with-servers [--] COMMAND ARGUMENTS…");
        return ExitCode::from(FAILURE);
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("with-servers: cannot start an async runtime: {error}");
            return ExitCode::from(FAILURE);
        }
    };
    let mut command = Command::from(leash::command(program));
    command.args(arguments);
    ExitCode::from(runtime.block_on(run(command)).unwrap_or_else(|error| {
        eprintln!("with-servers: {error:#}");
        FAILURE
    }))
}

/// Starts the servers, runs the command, and gives the status to end with.
async fn run(mut command: Command) -> Result<u8> {
    let mut requests = StopRequests::listen()?;
    let mut starting = tokio::task::spawn_blocking(start_servers);
    let started = tokio::select! {
        started = &mut starting => started,
        signal = requests.next() => {
            // Half-started servers are awaited, so that their folders are removed, too.
            drop(starting.await);
            return Ok(status_of_signal(signal.as_raw()));
        }
    };
    let servers = started.context("the task that starts the servers failed")??;
    for server in &servers {
        eprintln!(
            "with-servers: {} {}, process {}, port {}",
            server.flavour(),
            server.version(),
            server.pid(),
            server.port()
        );
    }
    // A variable from outside may name a server that is none of ours.
    command.env_remove(MYSQL_URL);
    command.envs(servers.iter().map(|server| (url_variable(server.flavour()), server.admin_url())));
    let folder = tempfile::Builder::new()
        .prefix("authdb-run-")
        .tempdir()
        .context("cannot make a folder for the command's temporary files: see to TMPDIR")?;
    command.env("TMPDIR", folder.path());
    let status = supervise(command, &mut requests).await;
    drop(servers);
    remove(folder).await;
    let status = status?;
    Ok(status.code().map_or_else(|| status_of_signal(status.signal().unwrap_or(0)), low_byte))
}

/// Starts all servers that this machine has, at the same time. If one fails, the others are dropped, and so end.
fn start_servers() -> Result<Vec<Server>> {
    let flavours = Flavour::available()?;
    thread::scope(|scope| {
        let starts: Vec<_> = flavours.into_iter().map(|flavour| scope.spawn(move || Server::start(flavour))).collect();
        starts.into_iter().map(|start| start.join().expect("starting a server gives errors, not panics")).collect()
    })
}

/// Removes the command's temporary files. Processes that end because the command did may still write for a moment.
async fn remove(folder: TempDir) {
    let path = folder.keep();
    let deadline = Instant::now() + GRACE;
    while let Err(error) = fs::remove_dir_all(&path) {
        if Instant::now() > deadline {
            eprintln!("with-servers: cannot remove {}: {error}", path.display());
            return;
        }
        sleep(REMOVE_EVERY).await;
    }
}

/// Runs the command to its end. A request to stop is passed on to it, and enforced if it is not followed.
async fn supervise(mut command: Command, requests: &mut StopRequests) -> Result<ExitStatus> {
    // A command may have children, as cargo has, and they must stop, too: hence a group of its own, to signal as a
    // whole. At a terminal it stays in ours: it could not read from the terminal otherwise, and Ctrl-C reaches all anyway.
    let own_group = !io::stdin().is_terminal();
    if own_group {
        command.process_group(0);
    }
    let mut child = command.spawn().context("cannot start setpriv, which ties the command's life to this program")?;
    let request = tokio::select! {
        status = child.wait() => return status.context(UNAWAITED),
        request = requests.next() => request,
    };
    pass_on(&child, own_group, request);
    tokio::select! {
        ended = timeout(GRACE, child.wait()) => if let Ok(status) = ended {
            return status.context(UNAWAITED);
        },
        _ = requests.next() => {}
    }
    eprintln!("with-servers: the command does not stop and is killed");
    pass_on(&child, own_group, Signal::KILL);
    child.wait().await.context(UNAWAITED)
}

/// Sends a signal to the command, or to all of its group if it has one. That it ends at that very moment is no error.
fn pass_on(child: &Child, own_group: bool, signal: Signal) {
    let Some(pid) = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) else { return };
    let sent = if own_group { kill_process_group(pid, signal) } else { kill_process(pid, signal) };
    if let Err(error) = sent {
        eprintln!("with-servers: cannot pass {signal:?} on to process {pid}: {error}");
    }
}

fn status_of_signal(signal: i32) -> u8 {
    low_byte(BY_SIGNAL + signal)
}

/// What the kernel keeps of a status.
fn low_byte(status: i32) -> u8 {
    u8::try_from(status & 0xff).expect("a masked byte is a byte")
}

/// The signals by which a run is stopped: Ctrl-C, the end of a CI job, a closed terminal.
struct StopRequests {
    interrupt: unix::Signal,
    terminate: unix::Signal,
    hangup: unix::Signal,
}

impl StopRequests {
    fn listen() -> Result<Self> {
        let listen = |kind| unix::signal(kind).context("cannot listen for signals");
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: listen(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::INT,
            _ = self.terminate.recv() => Signal::TERM,
            _ = self.hangup.recv() => Signal::HUP,
        }
    }
}
