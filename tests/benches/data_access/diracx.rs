//! DiracX's own list of refresh tokens: every row, locked, without a limit.

use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use authdb_shared::db::TokenFilter;
use authdb_tests::Pool;
use authdb_tests::measure::{Figure, Report, Samples, Side, TokenTable, in_turns, ratio};
use futures_util::TryStreamExt as _;

use crate::Tables;
use crate::lists::page;

/// `AuthDB.get_user_refresh_tokens` without a subject, as SQLAlchemy writes it.
const LIST: &str = "SELECT `RefreshTokens`.`JTI`, `RefreshTokens`.`Status`, `RefreshTokens`.`Scope`, \
                    `RefreshTokens`.`Sub` FROM `RefreshTokens` FOR UPDATE";

const TURNS: u32 = 5;
const PAGES: u32 = 50;

/// Measures DiracX's list on the smaller table, in turns with our first page of it.
pub(crate) async fn measure(tables: &mut Tables, report: &mut Report) -> Result<()> {
    tables.catch_up().await?;
    let table = &tables.small;
    let live = TokenFilter::live();
    let mut ours = Side::calls(PAGES, async || page(&table.db, &table.policy, &live).await);
    let mut theirs = Side::new(|| Box::pin(async move { list_everything(table).await }));
    in_turns(TURNS, &mut [&mut ours, &mut theirs]).await?;
    let times = ratio(theirs.samples.median(), ours.samples.median());
    report.timing(format!("DiracX's list of all {} tokens, rows dropped", table.population.tokens), theirs.samples);
    report.timing("  our first page of live tokens, in turns with it", ours.samples);
    report.compare("DiracX's list to our first page", Figure::Ratio(times));
    Ok(())
}

/// Reads every row as it arrives and drops it: DiracX turns each into a `dict` on top of that.
async fn list_everything(table: &TokenTable) -> Result<Samples> {
    let Pool::MySql(pool) = table.database.pool() else { bail!("only servers are measured") };
    let mut transaction = pool.begin().await.context("cannot begin a transaction")?;
    let start = Instant::now();
    let mut rows = 0_u64;
    {
        let mut stream = sqlx::raw_sql(LIST).fetch(&mut *transaction);
        while stream.try_next().await.context("cannot list the tokens as DiracX does")?.is_some() {
            rows += 1;
        }
    }
    let elapsed = start.elapsed();
    transaction.rollback().await.context("cannot end the transaction")?;
    if rows < table.population.tokens {
        bail!("DiracX's list has {rows} rows of {}", table.population.tokens);
    }
    Ok(Samples::from_iter([elapsed]))
}
