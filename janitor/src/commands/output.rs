//! What commands print. A reader that has seen enough, as in `authdb-janitor plan | head`, is no failure; and whoever changes
//! something goes on whether anybody reads of it or not.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use anyhow::Context as _;

/// Prints the whole answer of a command that only reads.
///
/// # Errors
/// If it cannot be written, unless that is because nobody reads any more.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    to(&mut io::stdout().lock(), text).context("writing to standard output")
}

/// Prints a line of a command that goes on after it.
macro_rules! tell {
    // What is under way matters more than who reads of it.
    ($($line:tt)+) => {{
        let _ = std::io::Write::write_fmt(&mut std::io::stdout(), format_args!("{}\n", format_args!($($line)+)));
    }};
}
pub(crate) use tell;

/// Prints what hinders a command, on standard error.
pub(crate) fn complain(line: impl Display) {
    // There is nowhere left to say that it cannot be said.
    let _ = writeln!(io::stderr(), "authdb-janitor: {line}");
}

fn to(out: &mut impl Write, text: &str) -> io::Result<()> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Failing(ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn only_a_reader_that_has_seen_enough_may_miss_something() {
        assert!(to(&mut Failing(ErrorKind::BrokenPipe), "a plan").is_ok());
        assert!(to(&mut Failing(ErrorKind::StorageFull), "a plan").is_err(), "half a plan is none");
    }
}
