//! `pages [FOLDER]` writes the manual pages and the completions of both programs; without a folder, to where they stand in
//! the repository.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use authdb_tests::pages;

fn main() -> anyhow::Result<()> {
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(pages::FOLDER);
    let folder = env::args_os().nth(1).map_or(usual, PathBuf::from);
    pages::write(&folder).with_context(|| format!("cannot write the pages into {}", folder.display()))
}
