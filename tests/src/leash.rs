//! Child processes that never outlive this one, however it ends.
//!
//! `Drop` covers the ends that unwind, panics included. A test program that is killed with SIGKILL (by a time limit,
//! by the kernel when memory is short) runs no code any more, and its servers would stay behind. The kernel can end them instead:
//! `setpriv --pdeathsig KILL` asks for that without unsafe code of our own.
//!
//! Two traps come with it, and both are closed here:
//!
//! - The signal is sent when the *thread* that spawned the child ends, not the process. The thread of a test ends with
//!   its test, and one that merely started a shared server may end at once. So one thread per process spawns all
//!   children, and never ends.
//! - A parent that dies before `setpriv` has asked for the signal is missed. So the child checks, after asking, that
//!   its parent is still the one that spawned it, and otherwise does not start the program at all.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus};
use std::sync::{LazyLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

/// How often a child is looked at while its end is awaited.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Runs between `setpriv` and the program: `$1` is the process that must still be the parent, the rest is the program.
const UNLESS_ORPHANED: &str = r#"[ "$PPID" = "$1" ] || exit 1; shift; exec "$@""#;

/// A command that ends when the thread that spawns it ends, to be completed with arguments. [`Process::spawn`] does so
/// on a thread that lasts as long as this process.
#[must_use]
pub fn command(program: impl AsRef<OsStr>) -> Command {
    begin(None, program.as_ref())
}

/// The same as another user of the machine, which only root can become.
///
/// A program that changes its user by itself loses the signal: the kernel forgets it then. `setpriv` asks for it after the
/// change.
#[must_use]
pub fn command_as(user: &str, program: impl AsRef<OsStr>) -> Command {
    begin(Some(user), program.as_ref())
}

fn begin(user: Option<&str>, program: &OsStr) -> Command {
    let mut command = Command::new("setpriv");
    if let Some(user) = user {
        command.args(["--reuid", user, "--regid", user, "--init-groups"]);
    }
    command
        .args(["--pdeathsig", "KILL", "--", "sh", "-c", UNLESS_ORPHANED, "sh"])
        .arg(std::process::id().to_string())
        .arg(program);
    command
}

/// A running child, killed and reaped on drop.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts a command that [`command`] began, in a process group of its own: Ctrl-C in a terminal goes to all of the
    /// foreground group, and would end the servers before the tests that use them.
    ///
    /// # Errors
    /// When `setpriv` cannot be started. A program that cannot be started says so on its standard error and ends at
    /// once, with status 126 or 127.
    pub fn spawn(mut command: Command) -> Result<Self> {
        command.process_group(0);
        let child = spawn_on_lasting_thread(command)
            .context("cannot start setpriv, which ties a server's life to the tests (Debian package util-linux)")?;
        Ok(Self { child })
    }

    /// The process id. `setpriv` and the shell are replaced by the program, so this is the program's own.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its standard input, if the command has a pipe there and nobody took it yet.
    pub fn take_stdin(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// Its standard output, if the command has a pipe there and nobody took it yet.
    pub fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Its standard error, if the command has a pipe there and nobody took it yet.
    pub fn take_stderr(&mut self) -> Option<ChildStderr> {
        self.child.stderr.take()
    }

    /// How the process ended, or `None` while it runs.
    ///
    /// # Errors
    /// When the kernel refuses to tell.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().with_context(|| format!("cannot tell whether process {} has ended", self.child.id()))
    }

    /// Waits until the process has ended, `limit` at most; `None` means that it still runs.
    ///
    /// # Errors
    /// When the kernel refuses to tell.
    pub fn wait(&mut self, limit: Duration) -> Result<Option<ExitStatus>> {
        let deadline = Instant::now() + limit;
        loop {
            match self.ended()? {
                None if Instant::now() < deadline => thread::sleep(LOOK_EVERY),
                outcome => return Ok(outcome),
            }
        }
    }

    /// Sends a signal to the running process.
    ///
    /// # Errors
    /// When the process has ended, or the kernel refuses.
    pub fn signal(&mut self, signal: Signal) -> Result<()> {
        // An ended child keeps its id until it is reaped, which only `ended` does: the id cannot be another process's.
        if let Some(status) = self.ended()? {
            bail!("cannot signal process {}: it has ended already ({status})", self.id());
        }
        kill_process(self.pid()?, signal).with_context(|| format!("cannot send {signal:?} to process {}", self.id()))
    }

    /// Stops all threads of the process where they are, and returns once they stand.
    ///
    /// # Errors
    /// When the process has ended, or the kernel refuses.
    pub fn suspend(&mut self) -> Result<()> {
        self.signal(Signal::STOP)?;
        let stands = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        loop {
            match waitid(WaitId::Pid(self.pid()?), stands) {
                Err(rustix::io::Errno::INTR) => {}
                outcome => {
                    return outcome
                        .map(drop)
                        .with_context(|| format!("cannot await that process {} stands still", self.id()));
                }
            }
        }
    }

    /// Lets a suspended process run on.
    ///
    /// # Errors
    /// When the process has ended, or the kernel refuses.
    pub fn resume(&mut self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    /// Kills the process, unless it has ended already, and reaps it.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn kill(&mut self) -> Result<ExitStatus> {
        self.child.kill().with_context(|| format!("cannot kill process {}", self.id()))?;
        self.child.wait().with_context(|| format!("cannot await the end of process {}", self.id()))
    }

    fn pid(&self) -> Result<Pid> {
        let id = i32::try_from(self.id()).with_context(|| format!("process id {} is out of range", self.id()))?;
        Pid::from_raw(id).context("no child has the process id 0")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Err(error) = self.kill() {
            eprintln!("a child of the tests may still run: {error:#}");
        }
    }
}

/// What the spawning thread is asked to do, and where it answers.
type Order = (Command, mpsc::SyncSender<io::Result<Child>>);

/// The way to the spawning thread. Being static it is never dropped, so that the thread's loop never ends.
static SPAWNER: LazyLock<mpsc::Sender<Order>> = LazyLock::new(|| {
    let (orders, inbox) = mpsc::channel::<Order>();
    thread::Builder::new()
        .name("spawner".to_owned())
        .spawn(move || {
            for (mut command, answer) in inbox {
                // Whoever asked may be gone, by a panic; the child must not stay without an owner then.
                if let Err(mpsc::SendError(Ok(mut child))) = answer.send(command.spawn()) {
                    let _ = child.kill();
                    let _ = child.wait();
                }
            }
        })
        .expect("a process that starts servers can start one more thread");
    orders
});

fn spawn_on_lasting_thread(command: Command) -> io::Result<Child> {
    let (answer, result) = mpsc::sync_channel(1);
    let gone = || io::Error::other("the thread that starts the servers has ended");
    SPAWNER.send((command, answer)).map_err(|_| gone())?;
    result.recv().map_err(|_| gone())?
}
