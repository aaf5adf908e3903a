//! `cargo bench -p authdb-tests --bench data_access`: what lists, summaries and revocations cost on tables of millions.
//!
//! Two tables stand on one server, one with ten times the tokens of the other but the same last hour and the same
//! subjects with many tokens. What depends only on what is shown must cost the same on both. It ends with 0 also when a
//! target is missed, unless `--check` is given.

mod diracx;
mod lists;
mod logins;
mod revocations;
mod summary;

use std::process::ExitCode;
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result};
use authdb_shared::clock;
use authdb_tests::measure::{
    Arguments, Crowd, Interruption, Population, Report, TokenTable, conditions, start_roomy, subject,
};
use authdb_tests::{Flavour, Server};

/// Tokens in the larger table unless the command line says otherwise.
const TOKENS: u64 = 10_000_000;

/// How many times the tokens of the smaller table the larger one has.
const TIMES: u64 = 10;

/// Live tokens, whatever the size of the table.
const LIVE: u64 = 20_000;

/// Subjects with an ordinary number of tokens.
const SUBJECTS: usize = 4000;

/// The tokens of a subject with many.
const TOKENS_OF_CROWD: u64 = 10_000;

/// Such subjects, by their numbers: one who is listed, one who is listed and retired long ago, and those who are revoked.
const LISTED: u64 = 0;
const RETIRED: u64 = 1;
const REVOKED: u64 = 2;
const CROWDS: u64 = REVOKED + revocations::NEEDED;

/// The live ones among their tokens.
const LIVE_OF_LISTED: u64 = 500;
const LIVE_OF_REVOKED: u64 = 100;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("data_access: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Both tables of a server.
pub(crate) struct Tables {
    /// A tenth of the tokens.
    pub(crate) small: TokenTable,
    /// All of them.
    pub(crate) large: TokenTable,
}

impl Tables {
    /// Brings both to the present, so that they have as many live tokens as in the beginning.
    ///
    /// # Errors
    /// When the server refuses something.
    pub(crate) async fn catch_up(&mut self) -> Result<()> {
        self.small.catch_up().await?;
        self.large.catch_up().await
    }
}

fn run() -> Result<ExitCode> {
    let arguments = Arguments::read()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start a runtime")?;
    let mut interruption = Interruption::listen(&runtime)?;
    let flavours = arguments.flavours()?;
    let mut missed = 0;
    for flavour in &flavours {
        let server = start_roomy(*flavour)?;
        let report = interruption.end(&runtime, measure(&server, arguments.tokens.unwrap_or(TOKENS)))?;
        missed += report.missed();
        println!("{report}");
    }
    if arguments.engine.is_none() && !flavours.contains(&Flavour::MySql) {
        println!("MySQL was not measured: there is no server of it, see tests/README.md.");
    }
    println!("{missed} targets missed");
    Ok(if arguments.check && missed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn measure(server: &Server, tokens: u64) -> Result<Report> {
    let begin = Instant::now();
    let progress = |step: &str| eprintln!("{:>6.1} s  {}: {step}", begin.elapsed().as_secs_f64(), server.flavour());
    let mut tables = fill(server, tokens, progress).await?;
    describe(server, &tables)?;
    let mut report = Report::default();
    progress("lists");
    lists::measure(&mut tables, &mut report).await?;
    progress("summary per subject");
    summary::measure(&mut tables, &mut report).await?;
    progress("DiracX's list");
    diracx::measure(&mut tables, &mut report).await?;
    progress("revocations");
    revocations::measure(&mut tables, &mut report).await?;
    progress("done");
    Ok(report)
}

async fn fill(server: &Server, tokens: u64, progress: impl Fn(&str)) -> Result<Tables> {
    let [few, many] = populations(tokens);
    progress(&format!("loading {} tokens", few.tokens));
    let mut small = TokenTable::fill(server, &few).await?;
    progress(&format!("loading {} tokens", many.tokens));
    let mut large = TokenTable::fill(server, &many).await?;
    progress("loading the last hour of both");
    small.add_last_hour().await?;
    large.add_last_hour().await?;
    Ok(Tables { small, large })
}

/// The smaller and the larger population, of the same subjects.
fn populations(tokens: u64) -> [Population; 2] {
    let mut random = clock::randomness();
    let few = tokens / TIMES;
    let ordinary: Vec<String> = (0..SUBJECTS).map(|_| subject(&mut random)).collect();
    // A quick look at small tables must leave room for others than these.
    let of_crowd = TOKENS_OF_CROWD.min(few / 2 / CROWDS);
    let crowds: Vec<Crowd> = (0..CROWDS)
        .map(|index| {
            let is_retired = index == RETIRED;
            let live = match index {
                LISTED => LIVE_OF_LISTED,
                _ if is_retired => 0,
                _ => LIVE_OF_REVOKED,
            };
            Crowd { subject: subject(&mut random), tokens: of_crowd, live: live.min(of_crowd / 4), is_retired }
        })
        .collect();
    [few, tokens].map(|tokens| Population {
        tokens,
        live: LIVE.min(few / 4),
        ordinary: ordinary.clone(),
        crowds: crowds.clone(),
    })
}

fn describe(server: &Server, tables: &Tables) -> Result<()> {
    let Population { live, ordinary, crowds, .. } = &tables.large.population;
    let crowd = crowds.first().context("some subjects have many tokens")?;
    println!("{} {}: {}", server.flavour(), server.version(), conditions(server.flavour()));
    println!(
        "{} and {} tokens over the retention of 6 months in 24 months and p_future, about {live} of them live, of {} \
         subjects, and {} more subjects with {} each",
        tables.small.population.tokens,
        tables.large.population.tokens,
        ordinary.len(),
        crowds.len(),
        crowd.tokens
    );
    println!(
        "{} processors; the server's client is {}\n",
        thread::available_parallelism()?,
        tables.large.client.version()?
    );
    Ok(())
}
