//! The program `with-servers`: what it passes through, and that its servers end when it does.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ChildStderr, Command, Stdio};

use authdb_tests::Flavour;
use authdb_tests::environment::{MARIADB_URL, MYSQL_URL, MYSQLD};
use authdb_tests::leash::{self, Process};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::{LIMIT, await_that, runs};

const PROGRAM: &str = env!("CARGO_BIN_EXE_with-servers");

/// Runs a shell script under the program that must end with a status, and gives what it wrote.
#[track_caller]
fn under_servers(script: &str, status: i32) -> String {
    let output = Command::new(PROGRAM).args(["--", "sh", "-c", script]).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(status), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The program with a command that ends by a signal only.
struct Endless {
    // Dropped in this order: killed, the program cannot remove its servers' folders itself.
    process: Process,
    servers: Vec<u32>,
    command: u32,
    folders: TempDir,
    /// Held open, since the command ends if it writes to a closed pipe.
    _output: BufReader<ChildStderr>,
}

impl Endless {
    /// Starts it, and waits until its command runs.
    fn start() -> Self {
        let folders = tempfile::tempdir().expect("a folder is made");
        // The command leaves a file, says its id after the servers' and on the same stream, and goes on under that id.
        let mut command = leash::command(PROGRAM);
        command.args(["sh", "-c", "mktemp >/dev/null; echo command $$ >&2; exec sleep 1000"]);
        command.env("TMPDIR", folders.path()).stdin(Stdio::null()).stderr(Stdio::piped());
        let mut process = Process::spawn(command).expect("the program runs");
        let mut output = BufReader::new(process.take_stderr().expect("its standard error is a pipe"));
        let mut servers = Vec::new();
        loop {
            let mut line = String::new();
            assert_ne!(output.read_line(&mut line).expect("the output is text"), 0, "the program ended too early");
            if let Some(id) = line.trim().strip_prefix("command ") {
                let command = id.parse().expect("a process id");
                return Self { process, servers, command, folders, _output: output };
            }
            let id = line.split("process ").nth(1).and_then(|rest| rest.split(',').next());
            servers.extend(id.map(|id| id.parse::<u32>().expect("a process id")));
        }
    }

    fn servers_run(&self) -> impl Iterator<Item = bool> {
        self.servers.iter().map(|&id| runs(id))
    }
}

#[test]
fn the_commands_status_and_output_come_through() {
    assert_eq!(under_servers("echo out; exit 7", 7), "out\n");
}

#[test]
fn a_command_ended_by_a_signal_has_a_shells_status() {
    under_servers("kill -9 $$", 128 + 9);
}

#[test]
fn a_command_that_cannot_run_is_named() {
    let output = Command::new(PROGRAM).arg("no-such-command-anywhere").output().expect("the program runs");
    assert_eq!(output.status.code(), Some(127));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no-such-command-anywhere"));
}

#[test]
fn a_machine_without_mariadb_is_told_what_to_install() {
    let empty = tempfile::tempdir().expect("a folder is made");
    let output = Command::new(PROGRAM).arg("true").env("PATH", empty.path()).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("mariadbd") && message.contains("tests/run"), "{message}");
}

#[test]
fn mysql_is_left_out_where_it_is_not_and_a_stray_variable_does_not_pass() {
    let output = Command::new(PROGRAM)
        .args(["sh", "-c", "echo ${AUTHDB_TEST_MARIADB_URL:+mariadb} ${AUTHDB_TEST_MYSQL_URL:+mysql}"])
        .env_remove(MYSQLD)
        .env(MARIADB_URL, "mysql://elsewhere")
        .env(MYSQL_URL, "mysql://elsewhere")
        .output()
        .expect("the program runs");
    let on_path = String::from_utf8_lossy(&output.stderr).contains("MySQL ");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim_end(), if on_path { "mariadb mysql" } else { "mariadb" });
}

#[test]
fn a_named_mysqld_that_cannot_run_is_an_error() {
    let output = Command::new(PROGRAM).arg("true").env(MYSQLD, "no/such/mysqld").output().expect("the program runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains(MYSQLD));
}

#[test]
fn killed_it_takes_the_servers_and_the_command_along() {
    let mut program = Endless::start();
    let flavours = Flavour::available().expect("the environment names servers that can be run");
    assert_eq!(program.servers.len(), flavours.len());
    assert!(program.servers_run().all(|runs| runs) && runs(program.command));
    program.process.kill().expect("it can be killed");
    await_that("the end of all servers", || !program.servers_run().any(|runs| runs));
    await_that("the end of the command", || !runs(program.command));
}

#[test]
fn asked_to_stop_it_ends_the_command_and_the_servers_and_leaves_nothing() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut program = Endless::start();
        program.process.signal(signal).expect("it can be signalled");
        let status = program.process.wait(LIMIT).expect("it can be awaited").expect("it ends in time");
        assert_eq!((status.code(), status.signal()), (Some(128 + signal.as_raw()), None));
        assert!(!runs(program.command), "the command outlived {signal:?}");
        assert!(!program.servers_run().any(|runs| runs), "servers outlived {signal:?}");
        let left = program.folders.path().read_dir().expect("the folder is there").count();
        assert_eq!(left, 0, "{signal:?} left files behind");
    }
}
