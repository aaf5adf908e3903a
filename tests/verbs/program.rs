//! A program under test, in an environment that says what the test says and nothing else.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;

/// Long enough for what takes seconds on a machine that does nothing else.
const LIMIT: Duration = Duration::from_mins(1);

/// A program with its surroundings: an empty folder to run in, and the variables that a test sets.
pub(crate) struct Program {
    name: &'static str,
    folder: TempDir,
    variables: Vec<(String, String)>,
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) output: String,
    pub(crate) errors: String,
}

/// The binary beside which cargo has put this test.
pub(crate) fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the test knows its own file");
    let folder = test.parent().and_then(std::path::Path::parent).expect("cargo puts tests into a folder of their own");
    let program = folder.join(name);
    assert!(program.exists(), "{} is missing: run the tests by tests/run, which builds it first", program.display());
    program
}

impl Program {
    pub(crate) fn authdb() -> Self {
        Self::named("authdb")
    }

    pub(crate) fn janitor() -> Self {
        Self::named("authdb-janitor")
    }

    fn named(name: &'static str) -> Self {
        let folder = tempfile::tempdir().expect("a folder is made");
        let path = std::env::var("PATH").expect("the tests have a PATH");
        let home = folder.path().display().to_string();
        Self { name, folder, variables: vec![("PATH".to_owned(), path), ("HOME".to_owned(), home)] }
    }

    /// Pointed at a database.
    pub(crate) fn on(self, url: &str) -> Self {
        self.with("AUTHDB_DATABASE_URL", url)
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

    /// Runs it with nothing on its standard input.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Outcome {
        self.run_with_input(arguments, "").await
    }

    /// Runs it with a text on its standard input.
    pub(crate) async fn run_with_input(&self, arguments: &[&str], input: &str) -> Outcome {
        let mut child = self.command(arguments).spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("its standard input is a pipe");
        let whole = input.to_owned();
        // A program that ends before it has read everything closes the pipe.
        let writing = tokio::spawn(async move {
            let _ = stdin.write_all(whole.as_bytes()).await;
        });
        let ended = tokio::time::timeout(LIMIT, child.wait_with_output()).await;
        let output = ended.expect("it ends").expect("its output is read");
        writing.await.expect("the input is written");
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("it writes UTF-8");
        Outcome { code: output.status.code(), output: text(&output.stdout), errors: text(&output.stderr) }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(binary(self.name));
        command.args(arguments).current_dir(self.folder.path()).env_clear().envs(self.variables.clone());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// The variables and the folder, for who starts it otherwise.
    pub(crate) fn surroundings(&self) -> (&[(String, String)], &std::path::Path) {
        (&self.variables, self.folder.path())
    }

    /// What it prints as one JSON value, when it ends well.
    pub(crate) async fn json(&self, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--output", "json"]].concat();
        self.run(&arguments).await.succeeds().value()
    }
}

impl Outcome {
    /// It ended with this code.
    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// It did all that was asked.
    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        self.ends_with(0)
    }

    /// It says this to people.
    #[track_caller]
    pub(crate) fn says(self, part: &str) -> Self {
        assert!(self.errors.contains(part), "{part:?} is not said: {self:#?}");
        self
    }

    /// Its output as JSON.
    #[track_caller]
    pub(crate) fn value(&self) -> Value {
        serde_json::from_str(&self.output).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// Its output as lines of JSON.
    #[track_caller]
    pub(crate) fn values(&self) -> Vec<Value> {
        let value = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {self:#?}"));
        self.output.lines().map(value).collect()
    }
}
