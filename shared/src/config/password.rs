//! Where a password comes from that does not stand in the URL: a process list and a shell history show URLs, files do not.

use std::path::{Path, PathBuf};

use super::settings::Settings;
use super::{ConfigError, Secret, Sources, kinds};

/// The name that the password has among systemd's credentials (`LoadCredential=authdb-password:…`).
///
/// # Examples
/// ```
/// use authdb_shared::config::{CREDENTIAL, Config, DatabaseUrl, Sources};
///
/// # let folder = tempfile::tempdir()?;
/// // systemd makes the folder and names it to the unit.
/// std::fs::write(folder.path().join(CREDENTIAL), "secret\n")?;
/// let sources = Sources::default()
///     .with_variable("CREDENTIALS_DIRECTORY", &folder.path().display().to_string())
///     .with_variable("AUTHDB_DATABASE_URL", "mysql://diracx@db.example/AuthDB");
/// let DatabaseUrl::MySql(address) = Config::load(&sources)?.database.url else { unreachable!("it is one of MySQL") };
/// assert!(address.password.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub const CREDENTIAL: &str = "authdb-password";

/// `database.password`, the content of `database.password_file`, or systemd's credential, whichever is there first; of a
/// context what it says itself.
pub(super) fn find(settings: &Settings, sources: &Sources) -> Result<Option<Secret>, ConfigError> {
    let password = settings.get("database.password", kinds::text)?;
    if !password.is_empty() {
        return Ok(Some(Secret::new(password)));
    }
    let file = settings.get("database.password_file", kinds::text)?;
    if !file.is_empty() {
        let password = read(Path::new(&file));
        return password.map(Some).map_err(|reason| settings.refuse("database.password_file", reason));
    }
    // It is the password of [database], and of no other.
    if settings.context.is_some() {
        return Ok(None);
    }
    let credential = sources.variable("CREDENTIALS_DIRECTORY").map(|folder| PathBuf::from(folder).join(CREDENTIAL));
    match credential.filter(|path| path.exists()) {
        Some(path) => read(&path).map(Some).map_err(|reason| ConfigError::Credential { path, reason }),
        None => Ok(None),
    }
}

/// The file's content without the line end that editors leave.
fn read(path: &Path) -> Result<Secret, String> {
    let content = std::fs::read_to_string(path).map_err(|error| format!("the file cannot be read: {error}"))?;
    let password = content.strip_suffix('\n').unwrap_or(&content);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.contains(['\n', '\r']) {
        // A file that is something else would be sent to the server as a whole.
        return Err("the file has several lines; write the password alone into it".to_owned());
    }
    if password.is_empty() {
        return Err("the file is empty; write the password into it".to_owned());
    }
    Ok(Secret::new(password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_holds_more_than_a_password_is_refused_without_its_content() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let path = folder.path().join("password");
        let taken = |content: &str| {
            std::fs::write(&path, content).expect("a file is written");
            read(&path).map(|password| password.reveal().to_owned())
        };
        assert_eq!(taken("s3cret\r\n").as_deref(), Ok("s3cret"));
        let refused = taken("root:x:0:0\ndaemon:x:1:1\n").expect_err("that is no password");
        assert!(refused.contains("several lines") && !refused.contains("root"), "{refused}");
    }
}
