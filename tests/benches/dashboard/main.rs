//! `cargo bench -p authdb-tests --bench dashboard`: how live and how light the dashboard is with a million live tokens.
//!
//! The real program in its release build runs in a pseudo-terminal of 200×60, on every engine. People log in and their
//! clients rotate tokens meanwhile; what is typed is typed at the pace of a quick hand. Only frames are drawn in this
//! process. It ends with 0 also when a target is missed, unless `--check` is given.

mod console;
mod frames;
mod installation;
mod keys;
mod rotations;
mod starts;
mod weight;

use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use authdb_tests::measure::{Arguments, Figure, Interruption, Report, conditions, release_build, start_roomy};
use authdb_tests::{Engine, Flavour};

use crate::console::SIZE;
use crate::installation::Installation;
use crate::rotations::Rotations;

/// Live tokens unless the command line says otherwise.
const TOKENS: u64 = 1_000_000;

/// How long until something useful stands on the first screen: without a server, and with one.
const FIRST_SCREEN_OF_FILE: Figure = Figure::Time(Duration::from_millis(150));
const FIRST_SCREEN_OF_SERVER: Figure = Figure::Time(Duration::from_millis(300));

/// How long until a key has changed the screen, of 99 keys in a hundred.
const KEY: Figure = Figure::Time(Duration::from_millis(16));

/// The most memory, after every screen was shown.
const MEMORY: Figure = Figure::Bytes(40 << 20);

/// Of one processor, while nobody types.
const IDLE: Figure = Figure::Share(0.01);

/// How long drawing a frame may take, on the screen on which it takes longest.
const FRAME: Figure = Figure::Time(Duration::from_millis(2));

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("dashboard: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<ExitCode> {
    let arguments = Arguments::read()?;
    let program = release_build("authdb", "authdb-tui")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start a runtime")?;
    let mut interruption = Interruption::listen(&runtime)?;
    let engines = arguments.engines()?;
    let mut missed = 0;
    for engine in &engines {
        let report = interruption.end(&runtime, measure(*engine, &program, arguments.tokens.unwrap_or(TOKENS)))?;
        missed += report.missed();
        println!("{report}");
    }
    if arguments.engine.is_none() && !engines.contains(&Engine::MySql) {
        println!("MySQL was not measured: there is no server of it, see tests/README.md.");
    }
    println!("{missed} targets missed");
    Ok(if arguments.check && missed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn measure(engine: Engine, program: &Path, tokens: u64) -> Result<Report> {
    let begin = Instant::now();
    let progress = |step: &str| eprintln!("{:>6.1} s  {engine}: {step}", begin.elapsed().as_secs_f64());
    let server = engine.flavour().map(start_roomy).transpose()?;
    progress(&format!("loading {tokens} live tokens"));
    let installation = Installation::create(server.as_ref(), tokens).await?;
    let rotations = Rotations::begin(&installation)?;
    let live = installation.live().await?;
    let mut report = Report::default();
    progress("starts");
    tokio::task::block_in_place(|| starts::measure(&installation, program, &mut report))?;
    progress("keys");
    tokio::task::block_in_place(|| keys::measure(&installation, program, &mut report))?;
    progress("idleness");
    tokio::task::block_in_place(|| weight::measure(&installation, program, &mut report))?;
    progress("frames");
    frames::measure(&installation, &mut report).await?;
    let live = [live, installation.live().await?];
    let rotated = rotations.end().await?;
    progress("done");
    describe(&installation, server.as_ref().map(|it| (it.flavour(), it.version())), live)?;
    report.timing("a rotation in the database meanwhile", rotated);
    Ok(report)
}

fn describe(installation: &Installation, server: Option<(Flavour, &str)>, [before, after]: [i64; 2]) -> Result<()> {
    match server {
        Some((flavour, version)) => println!("{flavour} {version}: {}", conditions(flavour)),
        None => println!("{}", installation.world.db.server()),
    }
    let (columns, rows) = SIZE;
    println!("{before} live tokens at the beginning, {after} at the end; {}", installation::describe());
    println!("{}", rotations::describe());
    println!("{} processors; a terminal of {columns}×{rows}\n", thread::available_parallelism()?);
    Ok(())
}
