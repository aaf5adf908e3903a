//! The program `authdb`.

use std::process::ExitCode;

fn main() -> ExitCode {
    authdb_tui::main()
}
