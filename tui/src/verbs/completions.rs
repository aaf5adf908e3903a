//! `completions`: the words of the command line for shells, from its own definition.

use authdb_shared::error::EXIT_DONE;
use clap::CommandFactory;

use super::Run;
use crate::arguments::Arguments;

/// The shells that are known.
pub(crate) use clap_complete::Shell;

pub(super) fn run(run: &mut Run, shell: Shell) -> anyhow::Result<u8> {
    let mut words = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "authdb", &mut words);
    run.sink.line(String::from_utf8_lossy(&words).trim_end())?;
    run.sink.finish()?;
    Ok(EXIT_DONE)
}
