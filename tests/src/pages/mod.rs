//! The manual pages and the completions that the packages bring, from the definitions that the programs themselves use.
//!
//! They stand in the repository, so that who packages it needs no build for them; a test holds them against what would be
//! made now.

mod program;
mod settings;

use std::io;
use std::path::{Path, PathBuf};

use clap_complete::Shell;

/// Where they stand, seen from the root of the repository.
pub const FOLDER: &str = "packaging/generated";

/// The version, which every page carries.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A file by its name and content.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    /// Its name in [`FOLDER`].
    pub name: String,
    /// Its content.
    pub content: String,
}

/// Every page.
///
/// # Errors
/// If one cannot be written down.
pub fn all() -> io::Result<Vec<Page>> {
    let programs =
        [("authdb", "1", authdb_tui::command_line()), ("authdb-janitor", "8", authdb_janitor::command_line())];
    let mut pages = vec![Page { name: "authdb.toml.5".to_owned(), content: settings::manual()? }];
    for (name, section, command) in programs {
        let content = program::manual(&command, section)?;
        pages.push(Page { name: format!("{name}.{section}"), content });
        for shell in [Shell::Bash, Shell::Fish, Shell::Zsh] {
            pages.push(completions(name, shell, command.clone()));
        }
    }
    Ok(pages)
}

fn completions(name: &str, shell: Shell, mut command: clap::Command) -> Page {
    let mut words = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut words);
    let content = String::from_utf8_lossy(&words).into_owned();
    let name = match shell {
        Shell::Zsh => format!("_{name}"),
        Shell::Fish => format!("{name}.fish"),
        _ => format!("{name}.bash"),
    };
    Page { name, content }
}

/// Writes every page into a folder.
///
/// # Errors
/// If one cannot be written.
pub fn write(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for Page { name, content } in all()? {
        std::fs::write(folder.join(name), content)?;
    }
    Ok(())
}

/// Which files of a folder are not what they would be if they were made now: changed, missing or left over.
///
/// # Errors
/// If the folder cannot be read.
pub fn stale(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let pages = all()?;
    let differs =
        |page: &&Page| std::fs::read_to_string(folder.join(&page.name)).ok().as_deref() != Some(&page.content);
    let mut stale: Vec<PathBuf> = pages.iter().filter(differs).map(|page| folder.join(&page.name)).collect();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        if !pages.iter().any(|page| *page.name == *name) {
            stale.push(folder.join(name));
        }
    }
    Ok(stale)
}
