//! Lists: the first page of live tokens, and the tokens of one subject.

use std::time::Instant;

use anyhow::{Result, ensure};
use authdb_shared::Policy;
use authdb_shared::db::{AuthDb, Order, PageRequest, TokenFilter};
use authdb_tests::measure::{
    Figure, Report, Samples, Side, TokenTable, calls_per_turn, in_turns, ratio, statements_of,
};

use crate::{LISTED, RETIRED, Tables};

/// Rows of a page.
pub(crate) const PAGE: u32 = 100;

/// Turns, and the calls of one at most; the client runs as many statements in one process.
const TURNS: u32 = 40;
const CALLS: u32 = 25;

/// How much more than on a tenth of the table a page may cost, and how much more than in the server's own client.
const GROWTH: Figure = Figure::Ratio(1.2);
const BESIDE_CLIENT: Figure = Figure::Ratio(2.0);

/// Measures the lists that the dashboard shows.
pub(crate) async fn measure(tables: &mut Tables, report: &mut Report) -> Result<()> {
    let all_of_one = TokenFilter::of(tables.large.crowd(LISTED)?.1);
    let all_of_retired = TokenFilter::of(tables.large.crowd(RETIRED)?.1);
    let live_of_one = TokenFilter { subject: all_of_one.subject.clone(), ..TokenFilter::live() };
    let lists = [
        ("first page of live tokens", TokenFilter::live()),
        ("first page of one subject's live tokens", live_of_one),
        ("first page of one subject's tokens", all_of_one),
        ("first page of a retired subject's tokens", all_of_retired),
    ];
    for (name, filter) in lists {
        tables.catch_up().await?;
        compare(tables, name, &filter, report).await?;
    }
    Ok(())
}

/// Reads a page as the dashboard does.
///
/// # Errors
/// When the database does, or the page is not full.
pub(crate) async fn page(db: &AuthDb, policy: &Policy, filter: &TokenFilter) -> Result<()> {
    let request = PageRequest::first(Order::NewestFirst, PAGE);
    let page = db.refresh_tokens(filter, policy, &request).await?;
    ensure!(page.rows.len() == PAGE as usize, "a page has {} rows, not {PAGE}", page.rows.len());
    Ok(())
}

async fn compare(tables: &Tables, name: &str, filter: &TokenFilter, report: &mut Report) -> Result<()> {
    let Tables { small, large } = tables;
    let policy = &large.policy;
    let statements = statements_of(large, async |db| page(db, policy, filter).await).await?;
    let once = Instant::now();
    page(&large.db, policy, filter).await?;
    let calls = calls_per_turn(once.elapsed(), CALLS);
    let mut on_small = Side::calls(calls, async || page(&small.db, policy, filter).await);
    let mut on_large = Side::calls(calls, async || page(&large.db, policy, filter).await);
    let mut by_client = client(large, &statements, calls);
    in_turns(TURNS, &mut [&mut on_small, &mut on_large, &mut by_client]).await?;
    let growth = ratio(on_large.samples.median(), on_small.samples.median());
    let beside = ratio(on_large.means.median(), by_client.means.median());
    report.timing(format!("{name}, {} tokens", small.population.tokens), on_small.samples);
    report.timing(format!("{name}, {} tokens", large.population.tokens), on_large.samples);
    report.timing(same_by_client(&statements, calls), by_client.samples);
    report.check(format!("{name}: ten times the table"), Figure::Ratio(growth), GROWTH);
    report.check(format!("{name}: to the server's client"), Figure::Ratio(beside), BESIDE_CLIENT);
    Ok(())
}

/// A side whose turn is one process of the server's client, which repeats statements and gives the mean.
pub(crate) fn client<'a>(table: &'a TokenTable, statements: &'a [String], times: u32) -> Side<'a> {
    Side::new(move || {
        Box::pin(async move {
            let mean = tokio::task::block_in_place(|| table.client.repeat(statements, times))?;
            Ok(Samples::from_iter([mean]))
        })
    })
}

/// What stands beside the figures of the client.
pub(crate) fn same_by_client(statements: &[String], times: u32) -> String {
    let what = if statements.len() == 1 { "statement" } else { "statements" };
    format!("  the same {what} by the server's client, means of {times}")
}
