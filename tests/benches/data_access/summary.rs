//! The live tokens of everybody, added up per subject.

use std::time::Duration;

use anyhow::{Result, ensure};
use authdb_shared::Policy;
use authdb_shared::db::{AuthDb, Containing};
use authdb_tests::measure::{Figure, Report, Side, in_turns, ratio, statements_of};

use crate::Tables;
use crate::lists::{client, same_by_client};

/// As many subjects as the dashboard lists.
const SUBJECTS: u32 = 1000;

/// Enough for the sum of all: to count what was added up.
const EVERYBODY: u32 = 1_000_000;

const TURNS: u32 = 30;
const CALLS: u32 = 5;

/// How long the summary of 20,000 live tokens may take.
const LIMIT: Figure = Figure::Time(Duration::from_millis(50));

/// Measures the summary on both tables, and beside the server's client.
pub(crate) async fn measure(tables: &mut Tables, report: &mut Report) -> Result<()> {
    tables.catch_up().await?;
    let Tables { small, large } = &*tables;
    let everybody = large.db.subjects(&Containing::default(), &large.policy, EVERYBODY).await?;
    let live: u64 = everybody.rows.iter().map(|subject| subject.live).sum();
    let policy = &large.policy;
    let statements = statements_of(large, async |db| summary(db, policy).await).await?;
    let mut on_small = Side::calls(CALLS, async || summary(&small.db, policy).await);
    let mut on_large = Side::calls(CALLS, async || summary(&large.db, policy).await);
    let mut by_client = client(large, &statements, CALLS);
    in_turns(TURNS, &mut [&mut on_small, &mut on_large, &mut by_client]).await?;
    let name = format!("summary of {live} live tokens of {} subjects", everybody.rows.len());
    let median = on_large.samples.median();
    let growth = ratio(median, on_small.samples.median());
    let beside = ratio(on_large.means.median(), by_client.means.median());
    report.timing(format!("{name}, {} tokens", small.population.tokens), on_small.samples);
    report.timing(format!("{name}, {} tokens", large.population.tokens), on_large.samples);
    report.timing(same_by_client(&statements, CALLS), by_client.samples);
    report.check(format!("{name}: median"), Figure::Time(median), LIMIT);
    report.compare(format!("{name}: ten times the table"), Figure::Ratio(growth));
    report.compare(format!("{name}: to the server's client"), Figure::Ratio(beside));
    Ok(())
}

async fn summary(db: &AuthDb, policy: &Policy) -> Result<()> {
    let page = db.subjects(&Containing::default(), policy, SUBJECTS).await?;
    ensure!(page.rows.len() == SUBJECTS as usize, "only {} subjects have live tokens", page.rows.len());
    Ok(())
}
