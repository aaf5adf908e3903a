//! Where the registry is: a file, a folder, or a Git repository as DiracX's `DIRACX_CONFIG_BACKEND_URL` names it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::{MAX_BYTES, Registry, RegistryError, git};
use crate::config::Secret;
use crate::text;

/// The file in the folder or repository (`DEFAULT_CONFIG_FILE`).
const FILE: &str = "default.yml";
/// The branch that DiracX takes where none is named (`DEFAULT_GIT_BRANCH`).
const BRANCH: &str = "master";
/// How long reading may take: fetching from a host across the world included.
const LIMIT: Duration = Duration::from_secs(20);

/// A place that cannot hold a registry. No message repeats the URL: it may hold a password.
///
/// # Examples
/// ```
/// use authdb_shared::registry::{RegistrySource, SourceError};
///
/// assert_eq!(RegistrySource::parse("git+ssh://git@host/x"), Err(SourceError::Scheme));
/// assert_eq!(RegistrySource::parse("git+file:///srv/cs?revision=--upload-pack=x"), Err(SourceError::Revision));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// Another scheme.
    #[error(
        "write a path, or a Git repository as git+file:///PATH or git+https://HOST/PATH, with ?revision=BRANCH or without"
    )]
    Scheme,
    /// A revision that git could take for an option or a range.
    #[error("its revision is no name of a branch, a tag or a commit")]
    Revision,
    /// A parameter that would be ignored.
    #[error("its only parameter is ?revision=BRANCH")]
    Parameter,
    /// Nothing behind the scheme.
    #[error("it names no repository")]
    NoPath,
}

/// Where a registry is.
///
/// # Examples
/// ```
/// use authdb_shared::registry::RegistrySource;
///
/// assert_eq!(RegistrySource::parse("")?, None, "not configured");
/// let remote = RegistrySource::parse("git+https://token:s3cret@gitlab.example/cs.git?revision=main")?;
/// assert_eq!(remote.expect("a repository").to_string(), "git+https://***@gitlab.example/cs.git?revision=main");
/// # Ok::<(), authdb_shared::registry::SourceError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub enum RegistrySource {
    /// A file, or a folder with a `default.yml`, read as it lies there.
    Path(PathBuf),
    /// A repository on this machine.
    LocalGit {
        /// Its folder.
        folder: PathBuf,
        /// Branch, tag or commit.
        revision: String,
    },
    /// A repository elsewhere.
    RemoteGit {
        /// `user:password` of the URL, still encoded.
        account: Option<Secret>,
        /// Host and path.
        location: String,
        /// Branch, tag or commit.
        revision: String,
    },
}

impl RegistrySource {
    /// Reads where the registry is; `None` if nothing is written.
    ///
    /// # Errors
    /// If it is of another kind, or has a parameter that would be ignored.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::registry::RegistrySource;
    ///
    /// let diracx = RegistrySource::parse("git+file:///srv/cs_store/initialRepo")?.expect("a repository");
    /// assert_eq!(diracx.to_string(), "git+file:///srv/cs_store/initialRepo?revision=master");
    /// assert_eq!(RegistrySource::parse("/srv/default.yml")?.expect("a file").to_string(), "/srv/default.yml");
    /// # Ok::<(), authdb_shared::registry::SourceError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Option<Self>, SourceError> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let Some((scheme, rest)) = text.split_once("://") else { return Ok(Some(Self::Path(PathBuf::from(text)))) };
        let (location, revision) = with_revision(rest)?;
        if location.trim_matches('/').is_empty() {
            return Err(SourceError::NoPath);
        }
        match scheme {
            "git+file" => {
                let path = percent_decode_str(location).decode_utf8().map_err(|_| SourceError::NoPath)?;
                Ok(Some(Self::LocalGit { folder: PathBuf::from(path.as_ref()), revision }))
            }
            "git+https" => {
                let host = location.split_once('/').map_or(location, |(host, _)| host);
                let account = host.rsplit_once('@').map(|(account, _)| account);
                let location = account.map_or(location, |account| &location[account.len() + 1..]).to_owned();
                Ok(Some(Self::RemoteGit {
                    account: account.map(|account| Secret::new(account.to_owned())),
                    location,
                    revision,
                }))
            }
            _ => Err(SourceError::Scheme),
        }
    }

    /// Reads the registry, within 20 seconds and [`MAX_BYTES`].
    ///
    /// # Errors
    /// If it cannot be read in time, or is malformed.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::registry::RegistrySource;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let folder = tempfile::tempdir()?;
    /// std::fs::write(folder.path().join("default.yml"), "Registry: {lhcb: {}}")?;
    /// let source = RegistrySource::parse(&folder.path().display().to_string())?.expect("a path");
    /// assert!(source.read().await?.vo("lhcb").is_some());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read(&self) -> Result<Registry, RegistryError> {
        let limited = tokio::time::timeout(LIMIT, async {
            let yaml = self.bytes().await?;
            // Large files take a while, which must not hold up anything else on this thread.
            let parsed = tokio::task::spawn_blocking(move || Registry::parse(&yaml)).await;
            parsed.unwrap_or_else(|broken| Err(self.unreadable(&broken.to_string())))
        });
        let too_slow = || RegistryError::TimeLimit { place: self.to_string(), seconds: LIMIT.as_secs() };
        limited.await.unwrap_or_else(|_| Err(too_slow()))
    }

    async fn bytes(&self) -> Result<Vec<u8>, RegistryError> {
        let read = match self {
            Self::Path(path) => {
                let path = path.clone();
                let read = tokio::task::spawn_blocking(move || read_file(&path)).await;
                read.unwrap_or_else(|broken| Err(broken.to_string()))
            }
            Self::LocalGit { folder, revision } => git::blob(folder, revision, FILE).await,
            Self::RemoteGit { account, location, revision } => {
                let account = account.as_ref().map(Secret::reveal);
                git::fetched_blob(&git::Remote { scheme: "https", account, location }, revision, FILE).await
            }
        };
        let bytes = read.map_err(|reason| self.unreadable(&reason))?;
        if bytes.len() > MAX_BYTES { Err(RegistryError::TooLarge) } else { Ok(bytes) }
    }

    fn unreadable(&self, reason: &str) -> RegistryError {
        RegistryError::Unreadable { place: self.to_string(), reason: text::harmless(reason) }
    }
}

/// The file, or the one in the folder; no more of it than shows that it is too large.
fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    use std::io::Read;
    let path = if path.is_dir() { path.join(FILE) } else { path.to_owned() };
    let metadata = std::fs::metadata(&path).map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(&path).map_err(|error| error.to_string())?;
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

fn with_revision(rest: &str) -> Result<(&str, String), SourceError> {
    let (location, query) = rest.split_once('?').unwrap_or((rest, ""));
    let revision = match query.split_once('=') {
        None if query.is_empty() => BRANCH,
        Some(("revision", revision)) => revision,
        _ => return Err(SourceError::Parameter),
    };
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "._/-".contains(letter);
    let is_name = !revision.is_empty() && !revision.starts_with('-') && !revision.contains("..");
    if is_name && revision.chars().all(is_letter) {
        Ok((location, revision.to_owned()))
    } else {
        Err(SourceError::Revision)
    }
}

/// Without account and password.
impl fmt::Display for RegistrySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = match self {
            Self::Path(path) => path.display().to_string(),
            Self::LocalGit { folder, revision } => format!("git+file://{}?revision={revision}", folder.display()),
            Self::RemoteGit { account, location, revision } => {
                let account = if account.is_some() { "***@" } else { "" };
                format!("git+https://{account}{location}?revision={revision}")
            }
        };
        f.write_str(&text::harmless(&shown))
    }
}

impl fmt::Debug for RegistrySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RegistrySource({self})")
    }
}
