//! Another time for one process: libfaketime, which is loaded into it before everything else.
//!
//! It answers for the C library whenever a program asks what time it is. The clock of intervals stays as it is, because a
//! clock that is set does not change how long a wait takes.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// The library for programs with several threads, in one of the folders below.
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";

/// Where distributions keep it; Debian has one more folder below the first, named after the processor.
const FOLDERS: [&str; 3] = ["/usr/lib", "/usr/lib64", "/usr/local/lib"];

/// A clock that is set wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offset {
    /// It is ahead by so much.
    Ahead(Duration),
    /// It is behind by so much.
    Behind(Duration),
}

/// The variables that set the clock of a process that begins with them.
///
/// # Errors
/// When the library is not installed, with what to do about it.
pub fn environment(offset: Offset) -> Result<[(&'static str, String); 4]> {
    let library = library().context(
        "there is no libfaketimeMT.so.1: run tests/run, which installs it, or install the Debian package libfaketime",
    )?;
    let seconds = match offset {
        Offset::Ahead(by) => format!("+{}", by.as_secs()),
        Offset::Behind(by) => format!("-{}", by.as_secs()),
    };
    Ok([
        ("LD_PRELOAD", library.display().to_string()),
        ("FAKETIME", seconds),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        // Otherwise waits with a limit end at once where the clock of intervals is the true one, and MySQL spins.
        ("FAKETIME_FORCE_MONOTONIC_FIX", "0".to_owned()),
    ])
}

fn library() -> Option<PathBuf> {
    FOLDERS.iter().find_map(|folder| {
        let direct = PathBuf::from(folder).join(LIBRARY);
        let below = std::fs::read_dir(folder).ok().into_iter().flatten().flatten();
        let mut below = below.map(|entry| entry.path().join(LIBRARY));
        direct.is_file().then_some(direct).or_else(|| below.find(|path| path.is_file()))
    })
}
