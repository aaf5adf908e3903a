//! A server that can hold millions of rows.
//!
//! The servers of the tests are small, so that many fit onto a machine. The options that make this one larger are printed
//! with its figures.

use anyhow::Result;

use crate::flavour::Flavour;
use crate::server::Server;

/// Starts a server with room for millions of rows, which takes them from a client and times its transactions.
///
/// # Errors
/// As for [`Server::start`].
pub fn start_roomy(flavour: Flavour) -> Result<Server> {
    let more = [
        // The client loads rows from its standard input.
        "--local-infile=ON",
        // What a function sends is read from the general log, which is off until then.
        "--log-output=TABLE",
        "--performance-schema-instrument=transaction=ON",
        "--performance-schema-consumer-events-transactions-current=ON",
    ];
    Server::start_with(flavour, production(flavour).iter().copied().chain(more).map(Into::into))
}

/// What is said of the server beside its figures.
#[must_use]
pub fn conditions(flavour: Flavour) -> String {
    let production =
        production(flavour).iter().map(|option| option.trim_start_matches("--")).collect::<Vec<_>>().join(", ");
    format!("{production}, innodb-flush-log-at-trx-commit=2, innodb-flush-method=nosync, no binary log")
}

/// How the server is set up in production: with memory for all of its rows. `MySQL` decides by the number of processors who
/// writes its redo log: with few it is each session itself, whose commit may then wait 100 ms for nothing beside any other
/// writer (`doctor` warns of it).
fn production(flavour: Flavour) -> &'static [&'static str] {
    match flavour {
        Flavour::MariaDb => &["--innodb-buffer-pool-size=8G", "--innodb-log-file-size=4G"],
        Flavour::MySql => {
            &["--innodb-buffer-pool-size=8G", "--innodb-redo-log-capacity=4G", "--innodb-log-writer-threads=ON"]
        }
    }
}
