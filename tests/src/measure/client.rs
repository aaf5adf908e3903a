//! The server's own command-line client, as the measure of what the same SQL costs without us.
//!
//! It runs in one process that repeats the statements many times, and its start is not part of the time: the first statement
//! of its file notes the server's clock and the last one asks how long ago that was. What it receives it formats and writes
//! to a file, as it always does.
//!
//! Debian's package of MySQL has the server only, and then MariaDB's client speaks to it.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::{ChildStdin, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::flavour::Flavour;
use crate::leash::{self, Process};
use crate::server::Server;

/// How long one process of the client may take.
const LIMIT: Duration = Duration::from_mins(30);

/// How the client has to be called for one database of a server.
#[derive(Debug, Clone)]
pub struct Client {
    program: PathBuf,
    user: String,
    password: String,
    host: String,
    port: String,
    database: String,
    folder: PathBuf,
}

impl Client {
    /// The client of a server, for the database that `url` names.
    ///
    /// # Errors
    /// When the URL is not one of the harness.
    pub fn new(server: &Server, url: &str) -> Result<Self> {
        let parts = || {
            let (account, place) = url.strip_prefix("mysql://")?.split_once('@')?;
            let (user, password) = account.split_once(':')?;
            let (address, database) = place.split_once('/')?;
            let (host, port) = address.split_once(':')?;
            Some([user, password, host, port, database].map(str::to_owned))
        };
        let [user, password, host, port, database] = parts().context("the harness names a database by another URL")?;
        let program = program(server.flavour())?;
        Ok(Self { program, user, password, host, port, database, folder: server.folder().to_owned() })
    }

    /// What the client says it is.
    ///
    /// # Errors
    /// When it cannot be run.
    pub fn version(&self) -> Result<String> {
        let output = Command::new(&self.program).arg("--version").output();
        let output = output.with_context(|| format!("cannot run the server's client {}", self.program.display()))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let version = text.split_once("  Ver ").map_or(&*text, |(_, version)| version).trim();
        Ok(format!("{} {version}", self.program.file_name().unwrap_or_default().display()))
    }

    /// How long executing some statements once takes, on average over so many times in one process.
    ///
    /// # Errors
    /// When the client cannot be run, or the server refuses a statement.
    pub fn repeat(&self, statements: &[String], times: u32) -> Result<Duration> {
        let (input, output) = (self.folder.join("statements"), self.folder.join("answers"));
        let mut script = String::from("SET @begin = SYSDATE(6);\n");
        for _ in 0..times {
            for statement in statements {
                script.push_str(statement);
                script.push_str(";\n");
            }
        }
        script.push_str("SELECT TIMESTAMPDIFF(MICROSECOND, @begin, SYSDATE(6));\n");
        fs::write(&input, script).with_context(|| format!("cannot write {}", input.display()))?;
        let mut command = self.command();
        command
            .stdin(File::open(&input).with_context(|| format!("cannot read {}", input.display()))?)
            .stdout(File::create(&output).with_context(|| format!("cannot write {}", output.display()))?);
        finish(Process::spawn(command)?)?;
        let answers = fs::read(&output).with_context(|| format!("cannot read {}", output.display()))?;
        let answers = String::from_utf8_lossy(&answers);
        let last = answers.lines().last().unwrap_or_default();
        let microseconds = last.parse().with_context(|| format!("{last:?} is no number of microseconds"))?;
        Ok(Duration::from_micros(microseconds) / times)
    }

    /// Fills a table with what `write` writes: a line per row, tabs between the values of `columns`.
    ///
    /// # Errors
    /// When the client cannot be run, or the server refuses the rows.
    pub fn load(&self, columns: &str, write: impl FnOnce(&mut BufWriter<ChildStdin>) -> Result<()>) -> Result<()> {
        let mut command = self.command();
        command
            .args([
                "--local-infile=1",
                "--execute",
                &format!("LOAD DATA LOCAL INFILE '/dev/stdin' INTO TABLE {columns}"),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::null());
        let mut process = Process::spawn(command)?;
        let mut rows = BufWriter::with_capacity(1 << 20, process.take_stdin().context("the client has no input")?);
        write(&mut rows)?;
        rows.flush().context("the client does not take the rows")?;
        drop(rows);
        finish(process)
    }

    fn command(&self) -> Command {
        let mut command = leash::command(&self.program);
        command
            .args(["--no-defaults", "--protocol=tcp", "--batch", "--silent"])
            .args(["--host", &self.host, "--port", &self.port, "--user", &self.user, "--database", &self.database])
            // Process lists show options.
            .env("MYSQL_PWD", &self.password);
        command
    }
}

/// The client in the folder of the server's program, or else MariaDB's.
fn program(flavour: Flavour) -> Result<PathBuf> {
    let own = match flavour {
        Flavour::MariaDb => "mariadb",
        Flavour::MySql => "mysql",
    };
    let beside = flavour.program()?.with_file_name(own);
    Ok(if beside.is_file() { beside } else { PathBuf::from("mariadb") })
}

fn finish(mut process: Process) -> Result<()> {
    let status = process.wait(LIMIT)?.with_context(|| format!("the client took longer than {LIMIT:?}"))?;
    ensure!(status.success(), "the server's client failed ({status})");
    Ok(())
}
