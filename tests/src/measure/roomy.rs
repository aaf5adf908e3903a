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
    format!("{production}, no binary log")
}

/// How the server is set up in production: with memory for all of its rows, and every commit on the disk before it is
/// acknowledged, as both servers do unless they are told otherwise. Only the binary log is left out, which `MariaDB` does not
/// keep unasked: with it both ways of deleting take several times as long. `MySQL` decides by the number of processors who
/// writes its redo log: with few it is each session itself, whose commit may then wait 100 ms for nothing beside any other
/// writer (`doctor` warns of it).
fn production(flavour: Flavour) -> &'static [&'static str] {
    match flavour {
        Flavour::MariaDb => &[
            "--innodb-buffer-pool-size=8G",
            "--innodb-log-file-size=4G",
            "--innodb-flush-log-at-trx-commit=1",
            "--innodb-flush-method=O_DIRECT",
        ],
        Flavour::MySql => &[
            "--innodb-buffer-pool-size=8G",
            "--innodb-redo-log-capacity=4G",
            "--innodb-log-writer-threads=ON",
            "--innodb-flush-log-at-trx-commit=1",
            "--innodb-flush-method=O_DIRECT",
        ],
    }
}
