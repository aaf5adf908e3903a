//! `picture [FILE]` draws the dashboard as it looks on a terminal, from the real program on its make-believe installation;
//! without a file, to where the README shows it. The program has to be built first: `cargo build -p authdb-tui`.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use authdb_tests::picture;

/// As large as the dashboard is on an ordinary screen.
const SIZE: (u16, u16) = (120, 40);

fn main() -> Result<()> {
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("dashboard.svg");
    let file = env::args_os().nth(1).map_or(usual, PathBuf::from);
    let program = env::current_exe().context("cannot tell where this program is")?.with_file_name("authdb");
    let screen = picture::of_demo(&program, SIZE)?;
    std::fs::write(&file, picture::svg(&screen)).with_context(|| format!("cannot write {}", file.display()))
}
