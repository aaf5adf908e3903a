//! The program `authdb-janitor`.

use std::process::ExitCode;

fn main() -> ExitCode {
    authdb_janitor::main()
}
