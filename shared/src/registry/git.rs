//! One file of a Git repository, by the `git` program: it knows the proxies, certificates and credentials of the machine,
//! as DiracX's own reading does, and a library that could do the same weighs more than both programs.
//!
//! No shell is between, no argument can be taken for an option, nothing is ever asked on the terminal, and no command that
//! a repository's own configuration could name is run. An account of the URL goes by the environment, which other users
//! cannot see as they see arguments, and is cut out of whatever git says.

use std::path::Path;
use std::process::Stdio;

use tokio::io::AsyncReadExt;
use tokio::process::Command;

use super::MAX_BYTES;

/// What git says when it fails, at most, in bytes.
const SAID: u64 = 4096;

/// A file as it is in a revision of a repository on this machine.
pub(super) async fn blob(folder: &Path, revision: &str, file: &str) -> Result<Vec<u8>, String> {
    let mut git = git(folder);
    // Unlike `show`, this runs no filter.
    git.args(["cat-file", "blob", &format!("{revision}:{file}")]);
    output(git, None).await
}

/// The same of a repository elsewhere: its newest commit is fetched into a folder that is gone afterwards, so that no two
/// programs meet there, and nothing is ever stale.
pub(super) async fn fetched_blob(
    account: Option<&str>,
    location: &str,
    revision: &str,
    file: &str,
) -> Result<Vec<u8>, String> {
    let folder = tempfile::Builder::new().prefix("authdb-registry-").tempdir().map_err(|error| error.to_string())?;
    let mut init = git(folder.path());
    init.args(["init", "--quiet", "--bare", "."]);
    output(init, None).await?;
    let mut fetch = git(folder.path());
    let account_part = account.map(|account| format!("{account}@")).unwrap_or_default();
    fetch
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "remote.registry.url")
        .env("GIT_CONFIG_VALUE_0", format!("https://{account_part}{location}"))
        .env("GIT_ALLOW_PROTOCOL", "https")
        .args(["fetch", "--quiet", "--depth=1", "--no-tags", "registry", revision]);
    output(fetch, account).await?;
    blob(folder.path(), "FETCH_HEAD", file).await
}

fn git(folder: &Path) -> Command {
    let mut git = Command::new("git");
    for variable in
        ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_TRACE", "GIT_TRACE_CURL"]
    {
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
        .kill_on_drop(true);
    git
}

/// What git prints, or what it complains of, without the account.
async fn output(mut git: Command, account: Option<&str>) -> Result<Vec<u8>, String> {
    let mut child = git.spawn().map_err(|error| format!("git cannot be run here: {error}"))?;
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
    if status.success() { Ok(printed) } else { Err(complaint(&String::from_utf8_lossy(&said), account)) }
}

/// The first line in which git says what is wrong.
fn complaint(said: &str, account: Option<&str>) -> String {
    let mut lines = said.lines().filter(|line| !line.trim().is_empty());
    let first = lines.clone().next();
    let line = lines.find(|line| line.starts_with("fatal: ")).or(first).unwrap_or("git failed and did not say why");
    let line = match account {
        Some(account) => {
            let parts = [account, account.split_once(':').map_or("", |(_, password)| password)];
            parts.iter().filter(|part| !part.is_empty()).fold(line.to_owned(), |line, part| line.replace(part, "***"))
        }
        None => line.to_owned(),
    };
    line.trim_start_matches("fatal: ").chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_account_is_in_what_git_is_quoted_with() {
        let said = "warning: x\nfatal: unable to access 'https://bot:s3cret@host/cs.git/': no route, s3cret\n";
        let complaint = complaint(said, Some("bot:s3cret"));
        assert_eq!(complaint, "unable to access 'https://***@host/cs.git/': no route, ***");
    }
}
