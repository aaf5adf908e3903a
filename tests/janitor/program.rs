//! The program under test, in an environment that says what the test says and nothing else.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use authdb_tests::leash::{self, Process};
use rustix::process::Signal;
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Long enough for what takes seconds on a machine that does nothing else.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);

/// How often the effect of another process is looked for in the database.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The program with its surroundings: an empty folder to run in, and the variables that a test sets.
pub(crate) struct Janitor {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

/// What came of a run to the end.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) output: String,
    pub(crate) errors: String,
}

/// The running daemon, killed on drop.
pub(crate) struct Daemon {
    // Dropped in this order: the program must be gone before its folder is removed.
    process: Process,
    janitor: Janitor,
    lines: UnboundedReceiver<String>,
    seen: Vec<String>,
}

/// The binary beside which cargo has put this test.
pub(crate) fn program() -> PathBuf {
    let test = std::env::current_exe().expect("the test knows its own file");
    let folder = test.parent().and_then(Path::parent).expect("cargo puts tests into a folder of their own");
    let program = folder.join("authdb-janitor");
    assert!(program.exists(), "{} is missing: run the tests by tests/run, which builds it first", program.display());
    program
}

impl Janitor {
    /// Without any configuration.
    pub(crate) fn bare() -> Self {
        let folder = tempfile::tempdir().expect("a folder is made");
        let path = std::env::var("PATH").expect("the tests have a PATH");
        let home = folder.path().display().to_string();
        let variables = vec![("PATH".to_owned(), path), ("HOME".to_owned(), home)];
        Self { folder, variables }
    }

    /// Pointed at a database.
    pub(crate) fn on(url: &str) -> Self {
        Self::bare().with("AUTHDB_DATABASE_URL", url)
    }

    pub(crate) fn with(mut self, variable: &str, value: &str) -> Self {
        self.variables.push((variable.to_owned(), value.to_owned()));
        self
    }

    /// With a file in its folder.
    pub(crate) fn with_file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.folder.path().join(name), text).expect("a file is written");
        self
    }

    /// Runs it to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Outcome {
        let mut command = tokio::process::Command::new(program());
        command.args(arguments).current_dir(self.folder.path()).env_clear().envs(self.variables.clone());
        let command = command.kill_on_drop(true).stdin(Stdio::null()).output();
        let output = tokio::time::timeout(LIMIT, command).await.expect("it ends").expect("the program starts");
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("it writes UTF-8");
        let outcome =
            Outcome { code: output.status.code(), output: text(&output.stdout), errors: text(&output.stderr) };
        self.assert_no_password_in(&outcome.output);
        self.assert_no_password_in(&outcome.errors);
        outcome
    }

    /// The folder that it runs in.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts the daemon.
    pub(crate) fn start(self) -> Daemon {
        self.start_as("run")
    }

    /// Starts one of its commands.
    pub(crate) fn start_as(self, name: &str) -> Daemon {
        let mut command = leash::command(program());
        command.arg(name).current_dir(self.folder.path()).env_clear().envs(self.variables.clone());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = Process::spawn(command).expect("the program starts");
        let errors = BufReader::new(process.take_stderr().expect("its standard error is a pipe"));
        let (sender, lines) = unbounded_channel();
        thread::spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                // Nobody may listen any more; the pipe is emptied all the same, so that the daemon can go on.
                let _ = sender.send(line);
            }
        });
        Daemon { process, janitor: self, lines, seen: Vec::new() }
    }

    /// Passwords have no place in what is printed or logged, whatever went wrong.
    fn assert_no_password_in(&self, text: &str) {
        let urls = self.variables.iter().map(|(_, value)| value).filter(|value| value.contains("://"));
        for password in urls.filter_map(|url| url.rsplit_once('@')?.0.rsplit_once(':')).map(|(_, password)| password) {
            assert!(!text.contains(password), "it prints the password: {text}");
        }
    }
}

impl Outcome {
    /// The number that the report gives for `what`.
    #[track_caller]
    pub(crate) fn count(&self, what: &str) -> u64 {
        let line = self.output.lines().find(|line| line.trim_start().starts_with(what));
        let line = line.unwrap_or_else(|| panic!("it says nothing about {what}: {self:?}"));
        line.split_whitespace().next_back().and_then(|word| word.parse().ok()).expect("the line ends with a number")
    }

    #[track_caller]
    pub(crate) fn assert_code(&self, code: i32) {
        assert_eq!(self.code, Some(code), "{self:?}");
    }

    /// Every one of these is said on standard error.
    #[track_caller]
    pub(crate) fn assert_errors(&self, parts: &[&str]) {
        for part in parts {
            assert!(self.errors.contains(part), "{part:?} is not said: {self:?}");
        }
    }
}

impl Daemon {
    /// Its process id, which the lease names.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Kills it (SIGKILL), as a crash would, and gives what it said and nobody awaited.
    pub(crate) async fn kill(mut self) -> Vec<String> {
        self.process.kill().expect("the kernel kills it");
        let (_, said) = self.end().await;
        said
    }

    /// Stops it where it is (SIGSTOP), as a machine that hangs would.
    pub(crate) fn suspend(&mut self) {
        self.process.suspend().expect("it runs");
    }

    /// Lets it run on (SIGCONT).
    pub(crate) fn resume(&mut self) {
        self.process.resume().expect("it stands still");
    }

    /// Awaits a line of the log that contains `part`.
    pub(crate) async fn line(&mut self, part: &str) -> String {
        while let Some(line) = self.next_line().await {
            if line.contains(part) {
                return line;
            }
            self.seen.push(line);
        }
        panic!("it ended without {part:?}: {:#?}", self.seen)
    }

    /// Awaits one line for each of `parts`, in whatever order they come.
    pub(crate) async fn lines(&mut self, parts: &[&str]) {
        let mut missing = parts.to_vec();
        while !missing.is_empty() {
            let Some(line) = self.next_line().await else { panic!("it ended without {missing:?}: {:#?}", self.seen) };
            missing.retain(|part| !line.contains(part));
        }
    }

    async fn next_line(&mut self) -> Option<String> {
        let next = tokio::time::timeout(LIMIT, self.lines.recv()).await;
        let line = next.unwrap_or_else(|_| panic!("it says nothing more: {:#?}", self.seen))?;
        self.janitor.assert_no_password_in(&line);
        Some(line)
    }

    /// Writes a file into its folder, in place of one that may be there.
    pub(crate) fn write_file(&self, name: &str, text: &str) {
        let path = self.janitor.folder().join(name);
        std::fs::write(&path, text).expect("a file is written");
    }

    /// Takes a file out of its folder.
    pub(crate) fn remove_file(&self, name: &str) {
        std::fs::remove_file(self.janitor.folder().join(name)).expect("it is there");
    }

    pub(crate) fn signal(&mut self, signal: Signal) {
        self.process.signal(signal).expect("it runs");
    }

    /// Sends SIGTERM and awaits the end.
    pub(crate) async fn stop(mut self) -> (ExitStatus, Vec<String>) {
        self.process.signal(Signal::TERM).expect("it runs");
        self.end().await
    }

    /// Awaits the end, and gives what it said and nobody awaited.
    pub(crate) async fn end(mut self) -> (ExitStatus, Vec<String>) {
        while let Some(line) = self.next_line().await {
            self.seen.push(line);
        }
        let status = self.process.wait(LIMIT).expect("the kernel tells").expect("its standard error is closed");
        (status, self.seen)
    }
}

/// Awaits an effect of another process.
pub(crate) async fn await_that<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    let awaited = tokio::time::timeout(LIMIT, async {
        while !holds().await {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    });
    awaited.await.unwrap_or_else(|_| panic!("{what} did not come about within {LIMIT:?}"));
}
