//! `cargo bench -p authdb-tests --bench janitor`: what people who log in notice of a purge of hundreds of thousands of
//! flows, and how long it takes.
//!
//! Two ways are measured on one server: DiracX's own clean-up, one DELETE per table, and this janitor as it is installed, the
//! real program in its release build. It ends with 0 also when a target is missed, unless `--check` is given.

mod clean_up;
mod computing;
mod flows;
mod logins;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use authdb_tests::measure::{
    Arguments, Figure, Interruption, JanitorProgram, Report, Samples, conditions, ratio, row_lock_waits, start_roomy,
};
use authdb_tests::{Flavour, Server};

use crate::clean_up::CleanUp;
use crate::computing::{Computing, processors};
use crate::flows::FlowTables;
use crate::logins::Logins;

/// How long people log in with nothing beside them, each time.
const IDLE: Duration = Duration::from_secs(10);

/// How long a login may take beside the janitor, and how long to the idle 99th percentile.
const LONGEST_LOGIN: Figure = Figure::Time(Duration::from_millis(50));
const LONGEST_TO_IDLE: Figure = Figure::Ratio(5.0);

/// How long the janitor may take to what the bulk DELETE takes: at least half its speed.
const SLOWNESS: Figure = Figure::Ratio(2.0);

/// How many times the rows are purged to see how the cost grows, and how much more a row may cost then.
const TIMES: u32 = 10;
const GROWTH: Figure = Figure::Ratio(1.3);

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("janitor: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<ExitCode> {
    let arguments = Arguments::read()?;
    let program = JanitorProgram::find()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start a runtime")?;
    let mut interruption = Interruption::listen(&runtime)?;
    let flavours = arguments.flavours()?;
    let mut missed = 0;
    for flavour in &flavours {
        let server = start_roomy(*flavour)?;
        println!("{} {}: {}", server.flavour(), server.version(), conditions(server.flavour()));
        println!("{} stale flows in each of the two tables; {}\n", arguments.flows, logins::describe());
        let report = interruption.end(&runtime, measure(&server, &program, arguments.flows))?;
        missed += report.missed();
        println!("{report}");
    }
    if arguments.engine.is_none() && !flavours.contains(&Flavour::MySql) {
        println!("MySQL was not measured: there is no server of it, see tests/README.md.");
    }
    println!("{missed} targets missed");
    Ok(if arguments.check && missed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn measure(server: &Server, program: &JanitorProgram, flows: u64) -> Result<Report> {
    let begin = Instant::now();
    let millis = |span: Duration| span.as_secs_f64() * 1000.0;
    let progress = |step: &str| eprintln!("{:>6.1} s  {}: {step}", begin.elapsed().as_secs_f64(), server.flavour());
    let mut report = Report::default();
    let janitor = CleanUp::Janitor(program);
    progress("loading flows");
    let tables = FlowTables::create(server).await?;
    progress("logins beside processors that only compute");
    let computing = Computing::begin();
    let logins = Logins::begin(&tables).await?;
    tokio::time::sleep(IDLE).await;
    let beside_computing = logins.end().await?;
    drop(computing);
    progress(&format!("longest login {:.1} ms", millis(beside_computing.max())));
    let mut seen = Vec::new();
    for way in [CleanUp::BulkDelete, janitor] {
        tables.fill(flows).await?;
        progress("logins with nothing beside them");
        let idle = Logins::begin(&tables).await?;
        tokio::time::sleep(IDLE).await;
        let idle = idle.end().await?;
        progress(&format!("logins beside {way}"));
        let logins = Logins::begin(&tables).await?;
        let waits = row_lock_waits(&tables.database).await?;
        let took = way.run(&tables).await;
        let waits = row_lock_waits(&tables.database).await? - waits;
        let beside = logins.end().await?;
        let took = took?;
        let (took_seconds, longest, p99) = (took.as_secs_f64(), millis(beside.max()), millis(beside.p99()));
        let usual = millis(idle.p99());
        progress(&format!(
            "{way} took {took_seconds:.1} s; longest login {longest:.1} ms, p99 {p99:.2} ms, {usual:.2} ms when idle"
        ));
        ensure!(tables.stale().await? == 0, "{way} has left stale flows");
        seen.push((way, idle, beside, took, waits));
    }
    let mut idle = Samples::default();
    for (way, beside_nothing, beside, took, waits) in &seen {
        idle.append(beside_nothing.clone());
        report.timing(format!("logins with nothing beside them, before {way}"), beside_nothing.clone());
        report.timing(format!("logins beside {way}"), beside.clone());
        report.compare(format!("{way}: waits for a row's lock"), Figure::Count(*waits));
        report.compare(format!("{way}: rows per second"), Figure::Count(per_second(2 * flows, *took)));
    }
    let [(_, _, beside_bulk, bulk, _), (_, _, beside, ours, _)] = &seen[..] else { unreachable!("there are two ways") };
    let compared = |samples: &Samples| Figure::Ratio(ratio(samples.max(), idle.p99()));
    let busy = format!("{} processors that only compute", processors());
    report.timing(format!("logins beside {busy}"), beside_computing.clone());
    report.compare(format!("{busy}: longest login to the idle 99th percentile"), compared(&beside_computing));
    report.compare("bulk DELETE: longest login", Figure::Time(beside_bulk.max()));
    report.compare("bulk DELETE: longest login to the idle 99th percentile", compared(beside_bulk));
    report.check("janitor: longest login", Figure::Time(beside.max()), LONGEST_LOGIN);
    report.check("janitor: longest login to the idle 99th percentile", compared(beside), LONGEST_TO_IDLE);
    report.check("janitor: its time to that of the bulk DELETE", Figure::Ratio(ratio(*ours, *bulk)), SLOWNESS);

    alone(&tables, janitor, flows, &mut report, &progress).await?;
    progress("done");
    Ok(report)
}

/// Measures both ways with nobody beside them, how their cost grows, and what the server still has to do after each.
async fn alone(
    tables: &FlowTables,
    janitor: CleanUp<'_>,
    flows: u64,
    report: &mut Report,
    progress: &impl Fn(&str),
) -> Result<()> {
    let mut seen = [CleanUp::BulkDelete, janitor].map(|way| (way, Vec::new()));
    for rows in [flows, u64::from(TIMES) * flows] {
        for (way, times) in &mut seen {
            progress(&format!("loading {rows} flows per table"));
            tables.fill(rows).await?;
            let start = Instant::now();
            let took = way.run(tables).await?;
            tables.await_tidiness().await?;
            let until_tidy = start.elapsed();
            ensure!(tables.stale().await? == 0, "{way} has left stale flows");
            let name = format!("{way} alone, {rows} flows per table: rows per second");
            report.compare(name.clone(), Figure::Count(per_second(2 * rows, took)));
            report
                .compare(format!("{name}, with the server's tidying"), Figure::Count(per_second(2 * rows, until_tidy)));
            let [seconds, until_seconds] = [took, until_tidy].map(|span| span.as_secs_f64());
            progress(&format!("{way} took {seconds:.1} s, with the server's tidying {until_seconds:.1} s"));
            times.push((took, until_tidy));
        }
    }
    let [bulk, ours] = seen.map(|(_, times)| times);
    let growth = |times: &[(Duration, Duration)]| ratio(times[1].0, times[0].0) / f64::from(TIMES);
    let tidied = ratio(ours[0].1, bulk[0].1);
    report.compare("janitor: its time to that of the bulk DELETE, with the server's tidying", Figure::Ratio(tidied));
    report.compare("bulk DELETE: time per row of ten times the rows", Figure::Ratio(growth(&bulk)));
    report.compare("janitor: its growth to that of the bulk DELETE", Figure::Ratio(growth(&ours) / growth(&bulk)));
    report.compare("janitor: time per row of ten times the rows", Figure::Ratio(growth(&ours)));
    // What the server has still to tidy away after a short run, it does during a long one.
    let until_tidy = ratio(ours[1].1, ours[0].1) / f64::from(TIMES);
    let name = "janitor: time per row of ten times the rows, with the server's tidying";
    report.check(name, Figure::Ratio(until_tidy), GROWTH);
    Ok(())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "it is printed"
)]
fn per_second(rows: u64, took: Duration) -> u64 {
    (rows as f64 / took.as_secs_f64()) as u64
}
