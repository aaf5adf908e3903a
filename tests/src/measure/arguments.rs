//! The command line of a benchmark.

use std::env;

use anyhow::{Context as _, Result, bail, ensure};

use crate::environment::Engine;
use crate::flavour::Flavour;

/// With fewer, nothing is left to measure.
const FEWEST: u64 = 200_000;

/// Stale flows of either kind unless the command line says otherwise.
const FLOWS: u64 = 500_000;

/// With fewer, a purge is over before people have logged in beside it.
const FEWEST_FLOWS: u64 = 20_000;

const USAGE: &str =
    "cargo bench -p authdb-tests -- [--tokens COUNT] [--flows COUNT] [--engine mariadb|mysql|sqlite] [--check]";

/// What to measure, and whether a missed target is a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arguments {
    /// Tokens, in the larger table where there are two; `None` for as many as the benchmark is meant for.
    pub tokens: Option<u64>,
    /// Stale flows of either kind; where growth is measured, ten times as many.
    pub flows: u64,
    /// The engines, one after another; `None` for every one that this machine can run.
    pub engine: Option<Engine>,
    /// Whether the program ends with 1 when a target is missed.
    pub check: bool,
}

impl Arguments {
    /// Reads the command line of this process.
    ///
    /// # Errors
    /// When it is not understood, with what may be written.
    pub fn read() -> Result<Self> {
        Self::parse(env::args().skip(1))
    }

    /// The servers to measure, where only servers are.
    ///
    /// # Errors
    /// When the environment names a MySQL server that cannot be run, or no server was asked for.
    pub fn flavours(&self) -> Result<Vec<Flavour>> {
        match self.engine {
            None => Flavour::available(),
            Some(engine) => Ok(vec![engine.flavour().context("only servers are measured here, and SQLite is none")?]),
        }
    }

    /// The engines to measure.
    ///
    /// # Errors
    /// When the environment names a MySQL server that cannot be run.
    pub fn engines(&self) -> Result<Vec<Engine>> {
        match self.engine {
            None => {
                Ok([Engine::Sqlite].into_iter().chain(Flavour::available()?.into_iter().map(Engine::from)).collect())
            }
            Some(engine) => Ok(vec![engine]),
        }
    }

    fn parse(words: impl IntoIterator<Item = String>) -> Result<Self> {
        let mut arguments = Self { tokens: None, flows: FLOWS, engine: None, check: false };
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().with_context(|| format!("{word} lacks its value; usage: {USAGE}"));
            match word.as_str() {
                "--tokens" => arguments.tokens = Some(count(&value()?, FEWEST, "tokens")?),
                "--flows" => arguments.flows = count(&value()?, FEWEST_FLOWS, "flows")?,
                "--engine" => arguments.engine = Some(engine(&value()?)?),
                "--check" => arguments.check = true,
                // Cargo says so to every benchmark.
                "--bench" => {}
                _ => bail!("{word} is not understood; usage: {USAGE}"),
            }
        }
        Ok(arguments)
    }
}

fn count(text: &str, fewest: u64, what: &str) -> Result<u64> {
    let count = text.replace(['_', ','], "").parse().with_context(|| format!("{text} is no number of {what}"))?;
    ensure!(count >= fewest, "{count} {what} are too few to measure anything: give {fewest} or more");
    Ok(count)
}

fn engine(text: &str) -> Result<Engine> {
    match text.to_ascii_lowercase().as_str() {
        "mariadb" => Ok(Engine::MariaDb),
        "mysql" => Ok(Engine::MySql),
        "sqlite" => Ok(Engine::Sqlite),
        _ => bail!("there is no engine {text}; usage: {USAGE}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Arguments, FLOWS};
    use crate::environment::Engine;
    use crate::flavour::Flavour;

    fn parse(line: &str) -> anyhow::Result<Arguments> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn everything_is_measured_unless_the_command_line_says_less() {
        let all = parse("--bench").expect("what cargo passes is understood");
        assert_eq!(all, Arguments { tokens: None, flows: FLOWS, engine: None, check: false });
        let little =
            parse("--tokens 1_000_000 --flows 50_000 --engine mysql --check --bench").expect("all of these exist");
        let engine = Some(Engine::MySql);
        assert_eq!(little, Arguments { tokens: Some(1_000_000), flows: 50_000, engine, check: true });
    }

    #[test]
    fn a_file_is_no_server() {
        let little = parse("--engine sqlite").expect("it exists");
        assert_eq!(little.engines().ok(), Some(vec![Engine::Sqlite]));
        assert!(little.flavours().is_err_and(|error| error.to_string().contains("SQLite is none")));
        assert_eq!(parse("--engine mariadb").and_then(|it| it.flavours()).ok(), Some(vec![Flavour::MariaDb]));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for line in ["--tokens", "--tokens many", "--tokens 5", "--flows 5", "--engine oracle", "first_page"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
