//! The programs that are measured, as they are installed: in their release builds.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};

/// The program of a package that stands where cargo has put this benchmark.
///
/// # Errors
/// When it has not been built.
pub fn release_build(program: &str, package: &str) -> Result<PathBuf> {
    let benchmark = std::env::current_exe().context("cannot tell where this benchmark is")?;
    let folder = benchmark.ancestors().nth(2).context("cargo puts benchmarks into a folder of their own")?;
    let path = folder.join(program);
    ensure!(path.exists(), "{} is missing: run `cargo build --release -p {package}` first", path.display());
    Ok(path)
}
