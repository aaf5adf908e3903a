//! A private MariaDB or MySQL server, for a test that may do with it what it likes.
//!
//! Starting one takes seconds, so tests that only need a database of their own take one in a shared server instead
//! ([`crate::database::TestDatabase`]). A private server is for killing, suspending and restarting.
//!
//! All methods block; inside of an async test they are short enough for that, save [`Server::start`] and
//! [`Server::restart`], which belong before the test's own tasks or into `spawn_blocking`.

use std::ffi::OsString;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rustix::process::Signal;

use crate::flavour::Flavour;
use crate::installation::{ADDRESS, Installation, Serving, Setup, USER};

/// How often a start is tried anew because another process took the port between its choice and its use.
pub(crate) const PORT_ATTEMPTS: u32 = 5;

/// How long an orderly stop may take.
const STOP_LIMIT: Duration = Duration::from_mins(1);

/// A server of one's own on a free port of the loopback address, killed and removed on drop.
#[derive(Debug)]
pub struct Server {
    // Dropped in this order: the process must be gone before its folder is removed.
    serving: Serving,
    installation: Installation,
}

impl Server {
    /// Makes a data folder, starts a server on it and waits until it serves.
    ///
    /// # Errors
    /// When the server's programs are missing, or when it does not start; the end of its log is in the error.
    pub fn start(flavour: Flavour) -> Result<Self> {
        Self::start_with(flavour, [])
    }

    /// The same with options of the test's own, now and at every restart. They stand behind the harness's, and so prevail.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn start_with(flavour: Flavour, options: impl IntoIterator<Item = OsString>) -> Result<Self> {
        let setup = Setup { options: options.into_iter().collect(), ..Setup::default() };
        let installation = Installation::create(flavour, setup)?;
        let serving = serve(&installation, free_port)?;
        Ok(Self { serving, installation })
    }

    /// Starts a server on an installation, with more options for this time only; `None` when another process has taken one
    /// of its ports.
    pub(crate) fn try_start_on(installation: Installation, more: &[&str]) -> Result<Option<Self>> {
        let serving = installation.serve(free_port()?, more)?;
        Ok(serving.map(|serving| Self { serving, installation }))
    }

    /// Starts the server again, after [`kill`](Self::kill) or [`stop`](Self::stop), on the same data and the same port.
    /// A server that still runs is killed first.
    ///
    /// # Errors
    /// When it does not start; the end of its log is in the error.
    pub fn restart(&mut self) -> Result<()> {
        self.kill()?;
        let port = self.serving.port;
        self.serving = serve(&self.installation, || Ok(port))?;
        Ok(())
    }

    /// The same with other variables in its environment, in which it stays at later restarts.
    ///
    /// # Errors
    /// When it does not start; the end of its log is in the error.
    pub fn restart_with(&mut self, environment: impl IntoIterator<Item = (OsString, OsString)>) -> Result<()> {
        self.installation.set_environment(environment.into_iter().collect());
        self.restart()
    }

    /// Kills the server (SIGKILL), as a crash would, and waits until it is gone. What it had acknowledged survives.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn kill(&mut self) -> Result<()> {
        self.serving.process.kill().map(drop)
    }

    /// Asks the server to stop in good order (SIGTERM) and waits until it is gone.
    ///
    /// # Errors
    /// When it does not run, or has not stopped within a minute; a suspended server cannot stop.
    pub fn stop(&mut self) -> Result<ExitStatus> {
        self.serving.process.signal(Signal::TERM)?;
        self.serving
            .process
            .wait(STOP_LIMIT)?
            .with_context(|| format!("{} (process {}) did not stop within {STOP_LIMIT:?}", self.flavour(), self.pid()))
    }

    /// Suspends the server (SIGSTOP): it accepts connections, since the kernel does, but answers nothing.
    ///
    /// # Errors
    /// When it does not run.
    pub fn suspend(&mut self) -> Result<()> {
        self.serving.process.suspend()
    }

    /// Lets a suspended server run on (SIGCONT).
    ///
    /// # Errors
    /// When it does not run.
    pub fn resume(&mut self) -> Result<()> {
        self.serving.process.resume()
    }

    /// The URL of one of the server's databases, for the tests' user, with the password.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("{}/{database}", self.admin_url())
    }

    /// The URL of the server itself, without a database: for statements that make or drop one. The user is the same,
    /// who may do everything.
    #[must_use]
    pub fn admin_url(&self) -> String {
        format!("mysql://{USER}:{}@{ADDRESS}:{}", self.installation.password(), self.port())
    }

    /// The TCP port, the same for the whole life of the server.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.serving.port
    }

    /// Whether the server's process runs. A suspended one does.
    ///
    /// # Errors
    /// When the kernel refuses to tell.
    pub fn is_running(&mut self) -> Result<bool> {
        Ok(self.serving.process.ended()?.is_none())
    }

    /// The id of the server's process, or of the last one when none runs.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.serving.process.id()
    }

    /// What the server says its version is.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.serving.version
    }

    /// Which of the two this is.
    #[must_use]
    pub fn flavour(&self) -> Flavour {
        self.installation.flavour()
    }

    /// The folder with the server's data, socket and log, removed on drop.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.installation.folder()
    }
}

/// Serves on the port that `choose` gives, and asks it again while another process is faster to take it.
fn serve(installation: &Installation, choose: impl Fn() -> Result<u16>) -> Result<Serving> {
    let mut port = 0;
    for _ in 0..PORT_ATTEMPTS {
        port = choose()?;
        if let Some(serving) = installation.serve(port, &[])? {
            return Ok(serving);
        }
    }
    bail!(
        "cannot start {} on port {port}: other processes held the port {PORT_ATTEMPTS} times in a row",
        installation.flavour()
    )
}

/// A port that was free a moment ago. The servers cannot be told to choose one themselves.
pub(crate) fn free_port() -> Result<u16> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .context("cannot find a free port on the loopback address")
}
