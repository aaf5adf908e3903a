//! How a program is started: with an environment, a home and a working folder that hold nothing but what a test puts there.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use portable_pty::CommandBuilder;
use tempfile::TempDir;

use crate::terminal::Terminal;

/// A program to be started.
pub(crate) struct Program {
    path: PathBuf,
    arguments: Vec<OsString>,
    variables: Vec<(&'static str, OsString)>,
    size: (u16, u16),
    is_silent: bool,
    folders: Folders,
}

/// The world as the program sees it, removed on drop.
pub(crate) struct Folders {
    root: TempDir,
}

impl Folders {
    fn create() -> Self {
        let folders = Self { root: tempfile::tempdir().expect("a temporary folder is made") };
        for folder in [folders.home(), folders.work(), folders.temporary()] {
            fs::create_dir(folder).expect("a folder is made in the temporary folder");
        }
        folders
    }

    fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// The folder that the program is started in.
    pub(crate) fn work(&self) -> PathBuf {
        self.root.path().join("work")
    }

    fn temporary(&self) -> PathBuf {
        self.root.path().join("tmp")
    }

    /// The files that stand in the program's folder for temporary files.
    pub(crate) fn temporary_files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.temporary()).expect("the folder is there");
        entries.map(|entry| entry.expect("the folder can be read").path()).collect()
    }
}

impl Program {
    /// `authdb` without a database of its own.
    pub(crate) fn authdb() -> Self {
        Self::named("authdb")
    }

    /// `authdb` on a database.
    pub(crate) fn on(url: &str) -> Self {
        // Often enough for a test, and slow enough to be told from no refresh at all.
        Self::authdb().with("AUTHDB_DATABASE_URL", url).with("AUTHDB_DASHBOARD_REFRESH_INTERVAL", "200ms")
    }

    /// A program of the workspace, as cargo has built it beside the tests.
    pub(crate) fn named(name: &str) -> Self {
        let tests = env::current_exe().expect("this program knows its own path");
        let profile = tests.parent().and_then(Path::parent).expect("tests stand two folders deep in the target folder");
        let path = profile.join(name);
        assert!(path.is_file(), "{} has not been built: run the tests by tests/run", path.display());
        let mut program = Self {
            path,
            arguments: Vec::new(),
            variables: Vec::new(),
            size: (80, 24),
            is_silent: false,
            folders: Folders::create(),
        };
        program.variables = vec![
            ("PATH", env::var_os("PATH").unwrap_or_default()),
            ("HOME", program.folders.home().into()),
            ("TMPDIR", program.folders.temporary().into()),
            ("TERM", "xterm-256color".into()),
        ];
        program
    }

    pub(crate) fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(OsString::from));
        self
    }

    pub(crate) fn with(mut self, variable: &'static str, value: impl Into<OsString>) -> Self {
        self.variables.push((variable, value.into()));
        self
    }

    /// The columns and rows of its terminal.
    pub(crate) fn size(mut self, columns: u16, rows: u16) -> Self {
        self.size = (columns, rows);
        self
    }

    /// Starts it in a terminal that answers no questions, as a slow line's answers come too late.
    pub(crate) fn in_silent_terminal(mut self) -> Self {
        self.is_silent = true;
        self
    }

    /// Puts a file into the folder that it is started in.
    pub(crate) fn file(self, name: &str, content: &str) -> Self {
        fs::write(self.folders.work().join(name), content).expect("a file is written");
        self
    }

    /// The folder that it is started in.
    pub(crate) fn work(&self) -> PathBuf {
        self.folders.work()
    }

    /// Starts it in a terminal.
    pub(crate) fn start(self) -> Terminal {
        let mut command = CommandBuilder::new(&self.path);
        command.args(&self.arguments);
        command.env_clear();
        for (variable, value) in &self.variables {
            command.env(variable, value);
        }
        command.cwd(self.folders.work());
        Terminal::start(command, self.size, self.folders, self.is_silent)
    }

    /// Starts the dashboard in a terminal, and leaves its first screen for the device flows.
    pub(crate) fn start_on_device_flows(self) -> Terminal {
        let terminal = self.start();
        terminal.wait_for("Overview");
        terminal.type_keys("2");
        terminal
    }

    /// Starts a shell with job control in a terminal, and the program in it.
    pub(crate) fn start_in_shell(self) -> Terminal {
        let path = self.path.display().to_string();
        let mut shell = Self { path: "/bin/bash".into(), ..self };
        shell.arguments = ["--norc", "--noprofile", "-i"].map(OsString::from).to_vec();
        let terminal = shell.with("PS1", "shell> ").start();
        terminal.wait_for_line("shell>");
        terminal.type_keys(&format!("{path}\r"));
        terminal
    }

    /// Runs it to its end without a terminal: its input is empty, its outputs are pipes.
    pub(crate) fn pipe(&self) -> Output {
        let mut command = Command::new(&self.path);
        command.args(&self.arguments).env_clear().envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.folders.work()).stdin(Stdio::null());
        command.output().expect("the program can be started")
    }
}
