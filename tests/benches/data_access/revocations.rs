//! Revoking all tokens of a subject while others log in.
//!
//! How long a lock is held is measured where it is held: the server itself times every transaction
//! (`performance_schema`), and no lock outlasts its transaction. Looking from outside would miss the longest ones:
//! `innodb_trx` counts whole seconds, and a connection that waits for one row sees only the transaction that has it.
//!
//! Whether others waited, the server counts as well (`Innodb_row_lock_waits`). How long their logins took stands beside it,
//! with all the noise of the machine in it.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use authdb_shared::ids::Subject;
use authdb_tests::Pool;
use authdb_tests::measure::{Crowd, Figure, Report, Samples, TokenTable, ratio, row_lock_waits};

use crate::logins::{Durations, Logins};
use crate::{REVOKED, Tables};

/// How often each way of revoking is measured; each time it takes a subject of its own.
const TURNS: u64 = 5;

/// Subjects that are revoked in all.
pub(crate) const NEEDED: u64 = 2 * TURNS;

/// How long people log in with nothing beside them, each time.
const IDLE: Duration = Duration::from_secs(4);

/// How long a revocation may hold a lock.
const LONGEST_LOCK: Figure = Figure::Time(Duration::from_millis(100));

/// DiracX's `AuthDB.revoke_user_refresh_tokens`, in a transaction of its own as DiracX's requests are.
const ALL_AT_ONCE: &str = "UPDATE RefreshTokens SET Status = 'REVOKED' WHERE Sub = ?";

const FORGET_TRANSACTIONS: &str =
    "TRUNCATE TABLE performance_schema.events_transactions_summary_by_thread_by_event_name";

/// What was seen of one way of revoking.
#[derive(Debug, Default)]
struct Seen {
    /// From the beginning to the end, transactions and pauses.
    revocations: Samples,
    /// The longest transaction of each.
    transactions: Samples,
    /// Those who logged in beside it.
    beside: Durations,
    /// How often one of them waited for a lock.
    waits: u64,
}

/// Measures our revocation and DiracX's in turns, on the larger table.
pub(crate) async fn measure(tables: &mut Tables, report: &mut Report) -> Result<()> {
    tables.catch_up().await?;
    let table = &tables.large;
    let (mut idle, mut ours, mut theirs) = (Durations::default(), Seen::default(), Seen::default());
    for turn in 0..TURNS {
        let first = REVOKED + 2 * turn;
        let logins = Logins::begin(table, &[&table.population.ordinary[0]]).await?;
        tokio::time::sleep(IDLE).await;
        idle.append(logins.end().await?);
        let (crowd, subject) = table.crowd(first)?;
        watch(table, &crowd, &mut ours, in_batches(table, &subject)).await?;
        let (crowd, subject) = table.crowd(first + 1)?;
        watch(table, &crowd, &mut theirs, all_at_once(table, &subject)).await?;
    }
    let tokens = table.crowd(0)?.0.tokens;
    tell(report, tokens, idle, [("in batches", ours, true), ("in one UPDATE", theirs, false)]);
    Ok(())
}

/// Puts what was seen into the report.
fn tell(report: &mut Report, tokens: u64, idle: Durations, ways: [(&str, Seen, bool); 2]) {
    let usual = idle.logins.p99();
    report.timing("login with nothing beside it", idle.logins);
    report.timing("  refresh with nothing beside it", idle.refreshes);
    for (way, Seen { revocations, transactions, beside, waits }, is_ours) in ways {
        let name = format!("revoking {tokens} tokens {way}");
        let (lock, login) = (transactions.max(), beside.logins.max());
        report.timing(name.clone(), revocations);
        report.timing("  its longest transaction", transactions);
        report.timing("  login beside it", beside.logins);
        report.timing("  refresh beside it", beside.refreshes);
        let (lock, waits) = (Figure::Time(lock), Figure::Count(waits));
        let (held, waited) = (format!("{name}: longest lock"), format!("{name}: logins that waited for a lock"));
        if is_ours {
            report.check(held, lock, LONGEST_LOCK);
            report.check(waited, waits, Figure::Count(0));
        } else {
            report.compare(held, lock);
            report.compare(waited, waits);
        }
        let times = Figure::Ratio(ratio(login, usual));
        report.compare(format!("{name}: longest login to the idle 99th percentile"), times);
    }
}

/// Revokes while others log in, and looks at what happens.
async fn watch(
    table: &TokenTable,
    crowd: &Crowd,
    seen: &mut Seen,
    revocation: impl Future<Output = Result<u64>>,
) -> Result<()> {
    let logins = Logins::begin(table, &table.population.neighbours(&crowd.subject)).await?;
    table.database.execute(FORGET_TRANSACTIONS).await?;
    let waits = row_lock_waits(&table.database).await?;
    let start = Instant::now();
    let revoked = revocation.await?;
    seen.revocations.push(start.elapsed());
    seen.waits += row_lock_waits(&table.database).await? - waits;
    seen.transactions.push(longest_transaction(table, logins.connection).await?);
    seen.beside.append(logins.end().await?);
    ensure!(revoked == crowd.tokens, "{revoked} tokens were revoked, not {}", crowd.tokens);
    Ok(())
}

async fn in_batches(table: &TokenTable, subject: &Subject) -> Result<u64> {
    let outcome = Box::pin(table.db.revoke_subject(&table.permit, subject)).await;
    outcome.stopped_by.map_or(Ok(outcome.revoked), |error| Err(error.into()))
}

async fn all_at_once(table: &TokenTable, subject: &Subject) -> Result<u64> {
    let Pool::MySql(pool) = table.database.pool() else { bail!("only servers are measured") };
    let mut transaction = pool.begin().await.context("cannot begin a transaction")?;
    let update = sqlx::query(ALL_AT_ONCE).bind(subject.as_str()).execute(&mut *transaction).await;
    let revoked = update.context("cannot revoke as DiracX does")?.rows_affected();
    transaction.commit().await.context("cannot revoke as DiracX does")?;
    Ok(revoked)
}

/// The longest transaction on this database since they were forgotten, of anybody but the logins. The server counts in
/// picoseconds.
async fn longest_transaction(table: &TokenTable, logins: u64) -> Result<Duration> {
    let microseconds = table
        .database
        .number(&format!(
            "SELECT CAST(COALESCE(MAX(MAX_TIMER_WAIT), 0) DIV 1000000 AS SIGNED) \
             FROM performance_schema.events_transactions_summary_by_thread_by_event_name \
             JOIN performance_schema.threads USING (THREAD_ID) \
             WHERE PROCESSLIST_DB = DATABASE() AND PROCESSLIST_ID <> {logins}"
        ))
        .await?;
    ensure!(microseconds > 0, "the server has timed no transaction");
    Ok(Duration::from_micros(microseconds.unsigned_abs()))
}
