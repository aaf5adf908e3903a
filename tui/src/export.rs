//! Files that rows are exported to.
//!
//! An export never overwrites anything and never leaves half a file: the rows are written to a temporary file beside the one
//! that is asked for, which then takes that name only if nobody has it. Who is logged in is nobody else's business, so the file
//! is its owner's alone.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use tempfile::Builder;

use crate::table::Record;
use crate::verbs::output::{self, Format};

/// The form of a file, as its name says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// RFC 4180, with a line of names.
    Csv,
    /// One array of objects.
    Json,
    /// One object per line.
    JsonLines,
}

impl Form {
    /// The form that the end of a file's name asks for.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let extension = Path::new(name).extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            "jsonl" => Some(Self::JsonLines),
            _ => None,
        }
    }

    fn format(self) -> Format {
        match self {
            Self::Csv => Format::Csv,
            Self::Json => Format::Json,
            Self::JsonLines => Format::Jsonl,
        }
    }
}

/// Rows on their way to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// The name of the file as it was typed.
    pub name: String,
    /// Its form.
    pub form: Form,
    /// The rows.
    pub rows: Vec<Record>,
    /// Why they may not be all that there are.
    pub lacks: Option<&'static str>,
}

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A file, folder or link has the name already.
    #[error("{} exists already, and nothing is ever overwritten. Choose another name.", .0.display())]
    Exists(PathBuf),
    /// There is no such folder.
    #[error("The folder {} does not exist.", .0.display())]
    NoFolder(PathBuf),
    /// The folder may not be written to.
    #[error("You may not write to the folder {}.", .0.display())]
    Forbidden(PathBuf),
    /// Something else went wrong.
    #[error("{} cannot be written: {reason}.", .file.display())]
    Failed {
        /// The file.
        file: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
}

impl Export {
    /// Writes the file, and says where it is. Blocks.
    ///
    /// # Errors
    /// If there is a file of that name, or the folder takes none. Nothing is left behind then.
    pub fn write(&self) -> Result<PathBuf, ExportError> {
        let file = self.file();
        let folder = file.parent().unwrap_or(Path::new("/"));
        let text = output::document(self.form.format(), &self.rows).map_err(failed(&file))?;
        // The first writer is told at once; whoever comes between this and the end is told there.
        if fs::symlink_metadata(&file).is_ok() {
            return Err(ExportError::Exists(file));
        }
        let mut temporary =
            Builder::new().prefix(".authdb-export-").tempfile_in(folder).map_err(|error| match error.kind() {
                ErrorKind::NotFound | ErrorKind::NotADirectory => ExportError::NoFolder(folder.to_owned()),
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                    ExportError::Forbidden(folder.to_owned())
                }
                _ => failed(&file)(error),
            })?;
        temporary.write_all(text.as_bytes()).map_err(failed(&file))?;
        temporary.as_file().sync_all().map_err(failed(&file))?;
        temporary.persist_noclobber(&file).map_err(|refused| match refused.error.kind() {
            ErrorKind::AlreadyExists => ExportError::Exists(file.clone()),
            _ => failed(&file)(refused.error),
        })?;
        Ok(file)
    }

    /// The whole path, with `~` for the home folder as shells have it.
    fn file(&self) -> PathBuf {
        let typed = Path::new(&self.name);
        let path = match (typed.strip_prefix("~"), env::home_dir()) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => typed.to_owned(),
        };
        std::path::absolute(&path).unwrap_or(path)
    }
}

fn failed(file: &Path) -> impl Fn(io::Error) -> ExportError + use<> {
    let file = file.to_owned();
    move |reason| ExportError::Failed { file: file.clone(), reason }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn export(file: &Path, form: Form) -> Export {
        let row = |code: &str| vec![("code", code.into()), ("left_seconds", 61.into())];
        Export { name: file.display().to_string(), form, rows: vec![row("BCDF-GHJK"), row("=1+1")], lacks: None }
    }

    fn names(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).expect("the folder is there");
        entries.map(|entry| entry.expect("the folder can be read").path()).collect()
    }

    #[test]
    fn every_form_is_that_of_the_verbs_and_its_owners_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let written = |name: &str| {
            let file = folder.path().join(name);
            let export = export(&file, Form::of(name).expect("a form"));
            assert_eq!(export.write().expect("it is written"), file);
            assert_eq!(fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o600);
            fs::read_to_string(&file).expect("it can be read")
        };
        assert_eq!(written("a.csv"), "code,left_seconds\nBCDF-GHJK,61\n'=1+1,61\n");
        let lines = ["{\"code\":\"BCDF-GHJK\",\"left_seconds\":61}", "{\"code\":\"=1+1\",\"left_seconds\":61}"];
        assert_eq!(written("a.JSONL"), format!("{}\n{}\n", lines[0], lines[1]));
        assert_eq!(written("a.json"), format!("[\n  {},\n  {}\n]\n", lines[0], lines[1]));
        assert_eq!(names(folder.path()).len(), 3, "no temporary file is left");
    }

    #[test]
    fn nothing_is_ever_overwritten_and_nothing_left_behind() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link) = (folder.path().join("a.csv"), folder.path().join("b.csv"));
        fs::write(&file, "precious").expect("a file");
        symlink(folder.path().join("nowhere"), &link).expect("a link to nothing");
        for taken in [&file, &link] {
            assert!(matches!(export(taken, Form::Csv).write(), Err(ExportError::Exists(path)) if path == *taken));
        }
        assert_eq!(fs::read_to_string(&file).expect("it is there"), "precious");
        assert_eq!(names(folder.path()).len(), 2);
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("file"), "").expect("a file");
        for missing in [folder.path().join("missing"), folder.path().join("file")] {
            let error = export(&missing.join("a.csv"), Form::Csv).write().expect_err("there is no such folder");
            assert_eq!(error.to_string(), format!("The folder {} does not exist.", missing.display()));
        }
    }

    #[test]
    fn a_name_says_its_form_or_none() {
        let forms = ["a.csv", "x/b.Json", "~/c.jsonl", "d.txt", "e", ".csv", ""].map(Form::of);
        assert_eq!(forms, [Some(Form::Csv), Some(Form::Json), Some(Form::JsonLines), None, None, None, None]);
    }
}
