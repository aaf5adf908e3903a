//! One file of a Git repository, by the `git` program: it knows the proxies, certificates and credentials of the machine,
//! as DiracX's own reading does, and a library that could do the same weighs more than both programs.
//!
//! No shell is between, no argument can be taken for an option, nothing is ever asked on the terminal, and no command that
//! a repository's own configuration could name is run.
//!
//! Other users of the machine see the arguments of every process, and git hands the URL of a remote to its helper as one.
//! So the URL goes without the account: a password goes as a header of the requests, and that through the environment,
//! which other users cannot see. It goes to the host that was named and to no other, so redirects are not followed with
//! it. It is cut out of whatever git says.
//!
//! git leaves the transfer to a helper, and that outlives a git that is killed. Both are one process group here, and end
//! together.

use std::borrow::Cow;
use std::path::Path;
use std::process::Stdio;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

use super::MAX_BYTES;

/// What git says when it fails, at most, in bytes.
const SAID: u64 = 4096;
/// After how many seconds without a byte git gives up by itself, when nobody is left to end it.
const SILENCE: &str = "20";

/// A repository elsewhere.
pub(super) struct Remote<'a> {
    /// `https`, in all that can be configured.
    pub(super) scheme: &'a str,
    /// `user:password` or `user`, as it stands in a URL.
    pub(super) account: Option<&'a str>,
    /// Host and path.
    pub(super) location: &'a str,
}

impl Remote<'_> {
    /// What git is configured with for this repository alone.
    fn settings(&self) -> Vec<(String, String)> {
        let Self { scheme, account, location } = self;
        let mut settings = vec![("remote.registry.url".to_owned(), format!("{scheme}://{location}"))];
        let host = location.split_once('/').map_or(*location, |(host, _)| host);
        match account.map(|account| (account, account.split_once(':'))) {
            None => {}
            // The password is what the machine's own credential helpers know for this user.
            Some((user, None)) => {
                let user = percent_decode_str(user).decode_utf8_lossy().into_owned();
                settings.push((format!("credential.{scheme}://{host}.username"), user));
            }
            Some((_, Some((user, password)))) => {
                let header = format!("Authorization: Basic {}", credentials(user, password));
                settings.push((format!("http.{scheme}://{host}/.extraHeader"), header));
                settings.push(("http.followRedirects".to_owned(), "false".to_owned()));
            }
        }
        settings
    }

    /// What git's complaint means, where it is about the password.
    fn advice(&self, complaint: &str) -> Option<&'static str> {
        self.account.filter(|account| account.contains(':'))?;
        if complaint.contains("error: 30") {
            Some("The host sends on to another URL, where the account is not sent: name that URL")
        } else if complaint.contains("could not read Username") {
            // Where it is refused, git asks for another one.
            Some("The host does not accept the account of the URL")
        } else {
            None
        }
    }

    /// What of the account nobody may read, in every form in which git could repeat it.
    fn secrets(&self) -> Vec<Cow<'_, str>> {
        let Some(account) = self.account else { return Vec::new() };
        let mut secrets = vec![Cow::Borrowed(account)];
        if let Some((user, password)) = account.split_once(':') {
            secrets.push(Cow::Owned(credentials(user, password)));
            secrets.push(Cow::Borrowed(password));
            secrets.push(percent_decode_str(password).decode_utf8_lossy());
        }
        secrets.retain(|secret| !secret.is_empty());
        secrets
    }
}

/// As RFC 7617 has them in a header.
fn credentials(user: &str, password: &str) -> String {
    let mut credentials: Vec<u8> = percent_decode_str(user).collect();
    credentials.push(b':');
    credentials.extend(percent_decode_str(password));
    STANDARD.encode(credentials)
}

/// git and the helpers that it starts, killed when this is dropped before git has ended.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            // A group that is gone needs no end.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

/// A file as it is in a revision of a repository on this machine.
pub(super) async fn blob(folder: &Path, revision: &str, file: &str) -> Result<Vec<u8>, String> {
    let mut git = git(folder);
    // Unlike `show`, this runs no filter.
    git.args(["cat-file", "blob", &format!("{revision}:{file}")]);
    output(git, None).await
}

/// The same of a repository elsewhere: its newest commit is fetched into a folder that is gone afterwards, so that no two
/// programs meet there, and nothing is ever stale.
pub(super) async fn fetched_blob(remote: &Remote<'_>, revision: &str, file: &str) -> Result<Vec<u8>, String> {
    let folder = tempfile::Builder::new().prefix("authdb-registry-").tempdir().map_err(|error| error.to_string())?;
    let mut init = git(folder.path());
    init.args(["init", "--quiet", "--bare", "."]);
    output(init, None).await?;
    let mut fetch = git(folder.path());
    let settings = remote.settings();
    fetch.env("GIT_CONFIG_COUNT", settings.len().to_string());
    for (index, (key, value)) in settings.iter().enumerate() {
        fetch.env(format!("GIT_CONFIG_KEY_{index}"), key).env(format!("GIT_CONFIG_VALUE_{index}"), value);
    }
    fetch
        .env("GIT_ALLOW_PROTOCOL", remote.scheme)
        .env("GIT_HTTP_LOW_SPEED_LIMIT", "1")
        .env("GIT_HTTP_LOW_SPEED_TIME", SILENCE)
        .args(["fetch", "--quiet", "--depth=1", "--no-tags", "registry", revision]);
    output(fetch, Some(remote)).await?;
    blob(folder.path(), "FETCH_HEAD", file).await
}

fn git(folder: &Path) -> Command {
    let mut git = Command::new("git");
    for variable in [
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_TRACE",
        "GIT_TRACE_CURL",
        "GIT_TRACE2_CONFIG_PARAMS",
        "GIT_TRACE2_ENV_VARS",
        "GIT_CURL_VERBOSE",
    ] {
        git.env_remove(variable);
    }
    git.current_dir(folder)
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_ASKPASS", "")
        .env("SSH_ASKPASS", "")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    git
}

/// What git prints, or what it complains of, without the account.
async fn output(mut git: Command, remote: Option<&Remote<'_>>) -> Result<Vec<u8>, String> {
    let mut child = git.spawn().map_err(|error| format!("git cannot be run here: {error}"))?;
    // Dropped before the child, whose number is its own for as long.
    let mut group = Group::of(&child);
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err("git cannot be listened to".to_owned());
    };
    let (mut printed, mut said) = (Vec::new(), Vec::new());
    let (mut stdout, mut stderr) = (stdout.take(MAX_BYTES as u64 + 1), stderr.take(SAID));
    let (read, heard) = tokio::join!(stdout.read_to_end(&mut printed), stderr.read_to_end(&mut said));
    read.and(heard).map_err(|error| error.to_string())?;
    if printed.len() > MAX_BYTES {
        return Ok(printed);
    }
    // Whatever is left unread must not make git wait for a reader.
    drop((stdout, stderr));
    let status = child.wait().await.map_err(|error| error.to_string())?;
    group.0 = None;
    if status.success() { Ok(printed) } else { Err(complaint(&String::from_utf8_lossy(&said), remote)) }
}

/// The first line in which git says what is wrong.
fn complaint(said: &str, remote: Option<&Remote<'_>>) -> String {
    let mut lines = said.lines().filter(|line| !line.trim().is_empty());
    let first = lines.clone().next();
    let line = lines.find(|line| line.starts_with("fatal: ")).or(first).unwrap_or("git failed and did not say why");
    let secrets = remote.map(Remote::secrets).unwrap_or_default();
    let line = secrets.iter().fold(line.to_owned(), |line, secret| line.replace(secret.as_ref(), "***"));
    let line: String = line.trim_start_matches("fatal: ").chars().take(200).collect();
    match remote.and_then(|remote| remote.advice(&line)) {
        Some(advice) => format!("{line}. {advice}"),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::AsyncWriteExt;
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    const ACCOUNT: &str = "bot:s3cr%65t%2Fx";
    const PASSWORD: &str = "s3cret/x";

    #[test]
    fn no_account_is_in_what_git_is_quoted_with() {
        let said = "warning: x\nfatal: unable to access 'https://bot:s3cret@host/cs.git/': no route, s3cret\n";
        let remote = Remote { scheme: "https", account: Some("bot:s3cret"), location: "host/cs.git" };
        assert_eq!(complaint(said, Some(&remote)), "unable to access 'https://***@host/cs.git/': no route, ***");
        let decoded = format!("fatal: no {PASSWORD}, no {}", STANDARD.encode(format!("bot:{PASSWORD}")));
        let remote = Remote { account: Some(ACCOUNT), ..remote };
        assert_eq!(complaint(&decoded, Some(&remote)), "no ***, no ***");
    }

    #[test]
    fn a_user_without_a_password_is_left_to_the_credential_helpers() {
        let remote = Remote { scheme: "https", account: Some("b%6ft"), location: "host:8443/cs.git" };
        let settings = remote.settings();
        assert_eq!(settings[0].1, "https://host:8443/cs.git");
        assert_eq!(settings[1..], [("credential.https://host:8443.username".to_owned(), "bot".to_owned())]);
    }

    /// A host on this machine, and the repository that is there.
    async fn host() -> (TcpListener, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let location = format!("{}/cs.git", listener.local_addr().expect("it is bound"));
        (listener, location)
    }

    async fn request(listener: &TcpListener) -> (TcpStream, String) {
        let (mut stream, _) = listener.accept().await.expect("git comes");
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await.expect("a whole request"));
        }
        (stream, String::from_utf8(request).expect("a request is a text"))
    }

    /// The arguments of all processes, as every user of the machine can read them.
    #[cfg(target_os = "linux")]
    fn arguments() -> Vec<String> {
        let processes = std::fs::read_dir("/proc").expect("Linux has it").filter_map(Result::ok);
        let read = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
        read.map(|arguments| String::from_utf8_lossy(&arguments).replace('\0', " ")).collect()
    }

    #[tokio::test]
    #[cfg(target_os = "linux")]
    async fn no_argument_holds_the_password_and_no_helper_outlives_the_limit() {
        let (listener, location) = host().await;
        let remote = Remote { scheme: "http", account: Some(ACCOUNT), location: &location };
        let mut fetch = Box::pin(fetched_blob(&remote, "main", "default.yml"));
        let (mut stream, request) = tokio::select! {
            fetched = &mut fetch => panic!("nothing was answered: {fetched:?}"),
            come = request(&listener) => come,
        };
        let header = format!("\r\nAuthorization: Basic {}\r\n", STANDARD.encode(format!("bot:{PASSWORD}")));
        assert!(request.contains(&header), "{request}");
        let arguments_of = |part: &str| arguments().into_iter().filter(|it| it.contains(part)).collect::<Vec<_>>();
        assert!(!arguments_of(&format!("http://{location}")).is_empty(), "the helper is at work");
        for secret in [ACCOUNT, PASSWORD, header.trim()] {
            let tellers = arguments_of(secret);
            assert!(tellers.is_empty(), "{tellers:?}");
        }
        let limited = tokio::time::timeout(Duration::ZERO, fetch).await;
        assert!(limited.is_err(), "nothing was answered");
        let (mut rest, wait) = (Vec::new(), Duration::from_secs(10));
        let closed = tokio::time::timeout(wait, stream.read_to_end(&mut rest)).await;
        assert!(closed.is_ok(), "the helper still holds the connection: {:?}", arguments_of(&location));
    }

    /// Waits for one request, and gives it this answer.
    async fn answer(listener: &TcpListener, head: &str) -> TcpStream {
        let (mut stream, _) = request(listener).await;
        let answer = format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.expect("git listens");
        stream
    }

    #[tokio::test]
    async fn the_account_goes_to_no_other_host() {
        let ((listener, location), (other, elsewhere)) = (host().await, host().await);
        let remote = Remote { scheme: "http", account: Some(ACCOUNT), location: &location };
        let moved = format!("302 Found\r\nLocation: http://{elsewhere}/info/refs");
        let fetch = fetched_blob(&remote, "main", "default.yml");
        let (fetched, _stream) = tokio::join!(fetch, answer(&listener, &moved));
        let error = fetched.expect_err("it is elsewhere");
        assert!(error.contains("name that URL"), "{error}");
        assert!(tokio::time::timeout(Duration::ZERO, other.accept()).await.is_err(), "git went there");
    }

    #[tokio::test]
    async fn an_account_that_the_host_refuses_is_said_to_be() {
        let (listener, location) = host().await;
        let remote = Remote { scheme: "http", account: Some(ACCOUNT), location: &location };
        let refused = "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"cs\"";
        let fetch = fetched_blob(&remote, "main", "default.yml");
        let (fetched, _stream) = tokio::join!(fetch, answer(&listener, refused));
        let error = fetched.expect_err("it is refused");
        assert!(error.contains("does not accept the account"), "{error}");
    }
}
