//! MariaDB and MySQL: where their programs are, and the options in which they differ.
//!
//! One driver and one harness serve both. What differs is kept in this file, so that the rest need not ask.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::environment::MYSQLD;

/// What to do when a program of MariaDB is missing.
const GET_MARIADB: &str = "run tests/run, which installs it, or install the Debian package mariadb-server";

/// A kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flavour {
    /// MariaDB, which every run of the tests has.
    MariaDb,
    /// MySQL, which Debian's stable release does not package: used where the environment offers one.
    MySql,
}

impl Flavour {
    /// The flavours that this machine can run: MariaDB always, and MySQL where there is one.
    ///
    /// # Errors
    /// When the environment names a MySQL server that cannot be run.
    pub fn available() -> Result<Vec<Self>> {
        let mysql = find_mysqld()?.map(|_| Self::MySql);
        Ok([Self::MariaDb].into_iter().chain(mysql).collect())
    }

    /// The server's program.
    ///
    /// # Errors
    /// When there is none, with what to do about it.
    pub(crate) fn program(self) -> Result<PathBuf> {
        match self {
            Self::MariaDb => {
                on_path("mariadbd").with_context(|| format!("there is no mariadbd on the PATH: {GET_MARIADB}"))
            }
            Self::MySql => find_mysqld()?.with_context(|| {
                format!("there is no MySQL server: set {MYSQLD} to the path of a mysqld that is not MariaDB's")
            }),
        }
    }

    /// The program that fills an empty data folder, with its options; the folder itself is among `common`.
    pub(crate) fn initialiser(self, server: &Path, common: Vec<OsString>) -> Result<(PathBuf, Vec<OsString>)> {
        let (program, own): (_, &[&str]) = match self {
            Self::MariaDb => (
                on_path("mariadb-install-db")
                    .with_context(|| format!("there is no mariadb-install-db on the PATH: {GET_MARIADB}"))?,
                &["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"],
            ),
            Self::MySql => (server.to_owned(), &["--initialize-insecure"]),
        };
        Ok((program, join(common, own)))
    }

    /// The options of a running server, `common` first.
    pub(crate) fn server_options(self, common: Vec<OsString>) -> Vec<OsString> {
        join(
            common,
            match self {
                Self::MariaDb => &[],
                // The X plugin would open a second port, the same for all servers of the machine; the binary log,
                // which MariaDB does not write unasked, costs time and space.
                Self::MySql => &["--mysqlx=OFF", "--disable-log-bin"],
            },
        )
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::MariaDb => "MariaDB",
            Self::MySql => "MySQL",
        })
    }
}

/// The options that both servers and both initialisers take. The defaults option counts only in the first place.
pub(crate) fn common_options(data: &Path, temporary: &Path, runs_as_root: bool) -> Vec<OsString> {
    let mut options = vec![
        OsString::from("--no-defaults"),
        with_path("--datadir=", data),
        // A MariaDB server that starts removes all temporary tables from this folder, those of its neighbours, too.
        with_path("--tmpdir=", temporary),
    ];
    // As root both servers refuse to run unless told to; as anybody else both warn about the option.
    if runs_as_root {
        options.push("--user=root".into());
    }
    // Servers of tests survive the loss of their process, not of the machine: what was written need not reach the disk.
    options.push("--innodb-flush-method=nosync".into());
    options
}

/// An option whose value is a path, which need not be text.
pub(crate) fn with_path(option: &str, path: &Path) -> OsString {
    let mut option = OsString::from(option);
    option.push(path);
    option
}

fn join(mut options: Vec<OsString>, more: &[&str]) -> Vec<OsString> {
    options.extend(more.iter().map(OsString::from));
    options
}

/// The MySQL server that the environment names, or else one on the PATH, if any.
fn find_mysqld() -> Result<Option<PathBuf>> {
    if let Some(named) = env::var_os(MYSQLD).filter(|path| !path.is_empty()) {
        let program = PathBuf::from(named);
        ensure!(
            is_executable(&program),
            "{MYSQLD} names {}, which is not an executable file: correct or unset it",
            program.display()
        );
        if is_mariadb(&program)? {
            bail!("{MYSQLD} names {}, which is MariaDB's: name a MySQL server or unset it", program.display());
        }
        return Ok(Some(program));
    }
    match on_path("mysqld") {
        // Debian calls MariaDB's server by this name, too.
        Some(program) if is_mariadb(&program)? => Ok(None),
        found => Ok(found),
    }
}

fn is_mariadb(program: &Path) -> Result<bool> {
    let output = Command::new(program)
        .arg("--version")
        .output()
        .with_context(|| format!("cannot ask {} for its version", program.display()))?;
    ensure!(
        output.status.success(),
        "{} --version failed ({}): {}",
        program.display(),
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(String::from_utf8_lossy(&output.stdout).contains("MariaDB"))
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|candidate| is_executable(candidate))
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}
