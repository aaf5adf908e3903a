//! The process in which DiracX runs, and the calls that it answers.
//!
//! Starting one takes Python two seconds of computing, so a peer whose test is over serves the next test of this
//! program. [`leash`] ends all of them with the program, however that ends; one that a test has left in the middle of
//! a call is killed at once.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{ChildStdin, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use authdb_tests::leash::{self, Process};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::python;

/// Long enough for what takes seconds on a machine that does nothing else.
const LIMIT: Duration = Duration::from_mins(2);

/// Peers without a test.
static IDLE: Mutex<Vec<Running>> = Mutex::new(Vec::new());

/// What became of a call.
pub(crate) type Outcome = Result<Value, Fault>;

/// Why a call failed, in Python's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The class of the exception.
    pub(crate) class: String,
    /// Its text.
    pub(crate) message: String,
}

/// DiracX, connected to one database.
pub(crate) struct Peer {
    running: Option<Running>,
    /// Calls whose answers nobody has read.
    unanswered: usize,
}

struct Running {
    process: Process,
    calls: ChildStdin,
    answers: UnboundedReceiver<String>,
    errors: mpsc::Receiver<String>,
}

impl Peer {
    /// DiracX on a database of which only SQLAlchemy's URL is known.
    pub(crate) async fn open(url: &str) -> Self {
        let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let running = match idle {
            Some(running) => running,
            // It may have to install DiracX first, which must not keep the other engines' connections waiting.
            None => tokio::task::spawn_blocking(Running::start).await.expect("DiracX can be started"),
        };
        let mut peer = Self { running: Some(running), unanswered: 0 };
        peer.call("open", &json!({ "url": url })).await.expect("DiracX takes the URL");
        peer
    }

    /// Has a function performed and awaits the outcome.
    pub(crate) async fn call(&mut self, call: &str, arguments: &Value) -> Outcome {
        self.send(call, arguments);
        self.receive().await
    }

    /// Sends a call whose outcome is [received](Self::receive) later.
    pub(crate) fn send(&mut self, call: &str, arguments: &Value) {
        let mut line = json!({ "call": call, "arguments": arguments }).to_string();
        line.push('\n');
        self.unanswered += 1;
        let running = self.running();
        if running.calls.write_all(line.as_bytes()).and_then(|()| running.calls.flush()).is_err() {
            running.died();
        }
    }

    /// The outcome of the oldest call that was sent and not received.
    pub(crate) async fn receive(&mut self) -> Outcome {
        let running = self.running();
        let answer = tokio::time::timeout(LIMIT, running.answers.recv()).await;
        let Some(line) = answer.unwrap_or_else(|_| panic!("DiracX did not answer within {LIMIT:?}")) else {
            running.died()
        };
        self.unanswered -= 1;
        let mut answer: Value = serde_json::from_str(&line).expect("the peer answers in JSON");
        match answer["error"].as_str() {
            None => Ok(answer["ok"].take()),
            Some(class) => {
                let message = answer["message"].as_str().unwrap_or_default();
                Err(Fault { class: class.to_owned(), message: message.to_owned() })
            }
        }
    }

    fn running(&mut self) -> &mut Running {
        self.running.as_mut().expect("a peer has its process until it is dropped")
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if let Some(running) = self.running.take()
            && self.unanswered == 0
            && !thread::panicking()
        {
            IDLE.lock().unwrap_or_else(PoisonError::into_inner).push(running);
        }
    }
}

impl Running {
    fn start() -> Self {
        let mut command = leash::command(python::with_diracx());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/peer.py");
        command.arg("-I").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Process::spawn(command).expect("Python starts");
        let calls = process.take_stdin().expect("its standard input is a pipe");
        let output = BufReader::new(process.take_stdout().expect("its standard output is a pipe"));
        let mut stderr = process.take_stderr().expect("its standard error is a pipe");
        let (sender, answers) = unbounded_channel();
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let (sender, errors) = mpsc::channel();
        thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.read_to_end(&mut text);
            sender.send(String::from_utf8_lossy(&text).into_owned())
        });
        Self { process, calls, answers, errors }
    }

    /// Fails the test with what Python wrote on its standard error.
    fn died(&mut self) -> ! {
        let status = self.process.kill();
        let errors = self.errors.recv().unwrap_or_default();
        panic!("the process in which DiracX runs has ended ({status:?}). It wrote:\n{errors}")
    }
}
