//! Standard output, which may be closed by whoever reads it: `authdb token list | head` is no failure.

use std::io::{self, ErrorKind, Write};

/// Where output goes. Once nobody reads it any more, what is written is dropped.
pub(crate) struct Sink {
    out: Box<dyn Write>,
    is_closed: bool,
}

impl Sink {
    /// Standard output.
    pub(crate) fn standard() -> Self {
        Self::to(io::BufWriter::new(io::stdout()))
    }

    pub(crate) fn to(out: impl Write + 'static) -> Self {
        Self { out: Box::new(out), is_closed: false }
    }

    /// Whether nobody reads any more, so that a list need not be read to its end.
    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Writes a line.
    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        self.attempt(|out| writeln!(out, "{text}"))
    }

    /// Writes what stands in the buffer.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.attempt(|out| out.flush())
    }

    pub(super) fn attempt(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        if self.is_closed {
            return Ok(());
        }
        match write(&mut *self.out) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.is_closed = true;
                Ok(())
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pipe of which the other end is gone.
    struct Broken;

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn a_reader_that_has_seen_enough_is_no_error() {
        let mut sink = Sink::to(Broken);
        assert!(sink.line("one").is_ok() && sink.is_closed());
        assert!(sink.line("two").is_ok() && sink.finish().is_ok());
    }
}
