//! One server's data folder, and how a server process is started on it.
//!
//! An installation outlives the processes that serve it: that is what lets a killed server be started again on the same
//! data.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::geteuid;
use tempfile::TempDir;

use crate::flavour::{Flavour, common_options, with_path};
use crate::greeting;
use crate::leash::{self, Process};

/// The user that the tests log in as.
pub(crate) const USER: &str = "authdb";

/// The only address that the servers listen on.
pub(crate) const ADDRESS: &str = "127.0.0.1";

/// How long a server or an initialiser may take. It is done in seconds; the rest is for machines under load.
const START_LIMIT: Duration = Duration::from_mins(2);

/// How long to wait for a greeting before looking whether the process still lives.
const GREETING_PATIENCE: Duration = Duration::from_secs(1);

/// The pause between two attempts to connect to a server that does not listen yet.
const CONNECT_EVERY: Duration = Duration::from_millis(20);

/// The longest path of a Unix socket on Linux: 108 bytes with the NUL at its end.
const LONGEST_SOCKET_PATH: usize = 107;

/// How many of the log's last lines go into an error: those in which MariaDB's initialiser gives advice, and the cause.
const LOG_LINES: usize = 50;

/// In the logs of both servers, what the kernel says of a port that another process listens on.
const PORT_TAKEN: &str = "Address already in use";

/// In what a server differs from the others of its flavour.
#[derive(Debug)]
pub(crate) struct Setup {
    /// Options of every start, behind those that all servers have.
    pub(crate) options: Vec<OsString>,
    /// The user whom the data belong to and the processes run as; whoever runs the tests, if none.
    pub(crate) user: Option<&'static str>,
    /// The password of the tests' user.
    pub(crate) password: String,
    /// Whether the data folder stays empty, for the other nodes of a cluster to fill it.
    pub(crate) is_filled_by_others: bool,
    /// Variables of the environment, for the processes that serve.
    pub(crate) environment: Vec<(OsString, OsString)>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            options: Vec::new(),
            user: None,
            password: new_password(),
            is_filled_by_others: false,
            environment: Vec::new(),
        }
    }
}

/// Any user of the machine can reach the ports, and the servers run with the rights of whoever runs the tests: the password
/// must not be known.
pub(crate) fn new_password() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// A data folder, ready to be served.
#[derive(Debug)]
pub(crate) struct Installation {
    flavour: Flavour,
    program: PathBuf,
    setup: Setup,
    folder: TempDir,
}

/// A process that serves an installation and has greeted.
#[derive(Debug)]
pub(crate) struct Serving {
    pub(crate) process: Process,
    pub(crate) version: String,
    pub(crate) port: u16,
}

impl Installation {
    /// Makes and fills a new data folder.
    pub(crate) fn create(flavour: Flavour, setup: Setup) -> Result<Self> {
        let installation = Self {
            flavour,
            program: flavour.program()?,
            setup,
            folder: tempfile::Builder::new()
                .prefix("authdb-")
                .tempdir()
                .context("cannot make a temporary folder for a database server: see to TMPDIR")?,
        };
        let socket = installation.socket();
        ensure!(
            socket.as_os_str().len() <= LONGEST_SOCKET_PATH,
            "the path {} is too long for a Unix socket, which has room for {LONGEST_SOCKET_PATH} bytes: set TMPDIR to \
             a shorter path",
            socket.display()
        );
        installation.furnish()?;
        if !installation.setup.is_filled_by_others {
            installation.fill()?;
        }
        Ok(installation)
    }

    pub(crate) fn flavour(&self) -> Flavour {
        self.flavour
    }

    /// Sets the variables of the environment of the processes that will serve.
    pub(crate) fn set_environment(&mut self, environment: Vec<(OsString, OsString)>) {
        self.setup.environment = environment;
    }

    pub(crate) fn password(&self) -> &str {
        &self.setup.password
    }

    /// The folder that holds the data, the socket and the log.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts a server, with more options for this time only, and waits until it serves; `None` when another process has
    /// taken the port.
    pub(crate) fn serve(&self, port: u16, more: &[&str]) -> Result<Option<Serving>> {
        let socket = self.socket();
        // What a killed server left: MySQL compares the process id in its lock file with those now in use.
        for leftover in [socket.clone(), self.folder().join("socket.lock")] {
            remove_if_present(&leftover)?;
        }
        let log_start = self.log_length();
        let mut process = self.run(&self.program, self.options(port, more), &self.setup.environment)?;
        let deadline = Instant::now() + START_LIMIT;
        loop {
            if let Some(status) = process.ended()? {
                let log = self.log_since(log_start);
                if log.contains(PORT_TAKEN) {
                    return Ok(None);
                }
                bail!("{} ended while starting ({status}). Its log ends:\n{}", self.flavour, last_lines(&log));
            }
            // The socket is in our own folder, so it is our own server that greets, which a port would not prove.
            // Both servers take their port before they open the socket.
            if let Some(version) = greeting::read_version(&socket, GREETING_PATIENCE) {
                return Ok(Some(Serving { process, version, port }));
            }
            if Instant::now() > deadline {
                let log = self.log_since(log_start);
                bail!(
                    "{} did not serve within {START_LIMIT:?}. Is the machine overloaded? Its log ends:\n{}",
                    self.flavour,
                    last_lines(&log)
                );
            }
            thread::sleep(CONNECT_EVERY);
        }
    }

    /// Puts into the folder what the server's programs need to find there.
    fn furnish(&self) -> Result<()> {
        fs::write(
            self.init_file(),
            // TCP logins come from the address, since names are not resolved; logins by the socket come from localhost.
            [ADDRESS, "localhost"].map(|host| create_user(host, self.password())).concat(),
        )
        .with_context(|| format!("cannot write {}", self.init_file().display()))?;
        fs::create_dir(self.temporary()).with_context(|| format!("cannot make {}", self.temporary().display()))?;
        if self.setup.is_filled_by_others {
            fs::create_dir(self.data()).with_context(|| format!("cannot make {}", self.data().display()))?;
        }
        self.setup.user.map_or(Ok(()), |user| give_to(user, self.folder()))
    }

    fn fill(&self) -> Result<()> {
        let (program, options) = self.flavour.initialiser(&self.program, self.common_options())?;
        let status = self
            .run(&program, options, &[])?
            .wait(START_LIMIT)?
            .with_context(|| format!("{} took longer than {START_LIMIT:?} and was killed", program.display()))?;
        ensure!(
            status.success(),
            "{} could not make a data folder ({status}). Its log ends:\n{}",
            program.display(),
            last_lines(&self.log_since(0))
        );
        Ok(())
    }

    fn common_options(&self) -> Vec<OsString> {
        let runs_as_root = self.setup.user.is_none() && geteuid().is_root();
        common_options(&self.data(), &self.temporary(), runs_as_root)
    }

    fn options(&self, port: u16, more: &[&str]) -> Vec<OsString> {
        let mut options = self.common_options();
        options.extend(
            [
                &format!("--bind-address={ADDRESS}"),
                &format!("--port={port}"),
                "--skip-name-resolve",
                "--performance-schema=ON",
                "--innodb-buffer-pool-size=64M",
                // A commit reaches the kernel but not the disk. With 0 it would stay in the process for up to a second,
                // and a killed server would forget what it had acknowledged.
                "--innodb-flush-log-at-trx-commit=2",
            ]
            .map(OsString::from),
        );
        options.extend([
            with_path("--socket=", &self.socket()),
            with_path("--pid-file=", &self.folder().join("pid")),
            with_path("--init-file=", &self.init_file()),
        ]);
        let mut options = self.flavour.server_options(options);
        options.extend(self.setup.options.iter().cloned());
        options.extend(more.iter().map(OsString::from));
        options
    }

    /// Runs a program of the server, both of its outputs appended to the log: without `--log-error` both servers log
    /// there, and so does the loader when a library is missing.
    fn run(&self, program: &Path, options: Vec<OsString>, environment: &[(OsString, OsString)]) -> Result<Process> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log())
            .with_context(|| format!("cannot open {}", self.log().display()))?;
        let mut command = match self.setup.user {
            Some(user) => leash::command_as(user, program),
            None => leash::command(program),
        };
        command.args(options).envs(environment.iter().cloned()).stdin(Stdio::null());
        command.stderr(log.try_clone().context("cannot share the server's log")?).stdout(log);
        Process::spawn(command).with_context(|| format!("cannot run {}", program.display()))
    }

    fn data(&self) -> PathBuf {
        self.folder().join("data")
    }

    fn temporary(&self) -> PathBuf {
        self.folder().join("tmp")
    }

    fn socket(&self) -> PathBuf {
        self.folder().join("socket")
    }

    fn init_file(&self) -> PathBuf {
        self.folder().join("init.sql")
    }

    fn log(&self) -> PathBuf {
        self.folder().join("log")
    }

    fn log_length(&self) -> u64 {
        self.log().metadata().map_or(0, |data| data.len())
    }

    /// The log from a position on. It goes into errors only, and so a log that cannot be read is no error of its own.
    fn log_since(&self, start: u64) -> String {
        let mut bytes = Vec::new();
        let read = File::open(self.log()).and_then(|mut log| {
            log.seek(SeekFrom::Start(start))?;
            log.read_to_end(&mut bytes)
        });
        match read {
            Ok(_) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => format!("(the log {} cannot be read: {error})", self.log().display()),
        }
    }
}

/// Executed at every start; the second time it changes nothing.
fn create_user(host: &str, password: &str) -> String {
    format!(
        "CREATE USER IF NOT EXISTS '{USER}'@'{host}' IDENTIFIED BY '{password}';\n\
         GRANT ALL PRIVILEGES ON *.* TO '{USER}'@'{host}' WITH GRANT OPTION;\n"
    )
}

/// Gives a folder and all that is in it to another user of the machine.
fn give_to(user: &str, folder: &Path) -> Result<()> {
    let output = Command::new("chown")
        .args(["--recursive", &format!("{user}:")])
        .arg(folder)
        .output()
        .context("cannot run chown (Debian package coreutils)")?;
    ensure!(
        output.status.success(),
        "cannot give {} to the user {user}, as whom its server runs: {}",
        folder.display(),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}

fn remove_if_present(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}, which an earlier server left", path.display()))
        }
        _ => Ok(()),
    }
}

fn last_lines(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
}
