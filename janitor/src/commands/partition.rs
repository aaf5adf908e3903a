//! `partition`: partitions a `RefreshTokens` that has no partitions yet. It says first what that costs, and does it only
//! when it was told `--yes`: every row is copied, and nobody can log in meanwhile.

use std::time::Duration;

use authdb_shared::actor::Actor;
use authdb_shared::config::Config;
use authdb_shared::db::{AuthDb, DbError, Partitioning, RollOutcome};
use authdb_shared::error::{EXIT_DONE, EXIT_REFUSED};
use authdb_shared::{Error, Timestamp, clock, text};
use tokio_util::sync::CancellationToken;

use super::once;
use super::output::{complain, tell};
use crate::jobs::Janitor;
use crate::runner::jittered;

/// Tries before it is reported that somebody holds the table.
const TRIES: u32 = 5;
/// The pause after the first; longer each time.
const PAUSE: Duration = Duration::from_millis(200);

/// Shows the cost, and with `yes` partitions the table.
///
/// # Errors
/// If the database cannot be asked, or cannot do it.
pub(crate) async fn run(config: &Config, yes: bool, stop: CancellationToken) -> anyhow::Result<u8> {
    let connected =
        if yes { AuthDb::connect(&config.database).await } else { AuthDb::connect_read_only(&config.database).await };
    let db = connected.map_err(Error::from)?;
    tell!("{} on {}", db.place(), db.server());
    let planned = plan(&db, config).await;
    let planned = match planned.map_err(Error::from)? {
        Ok(planned) => planned,
        Err(reason) => {
            db.close().await;
            return Ok(refuse(&reason));
        }
    };
    show(&planned, config.janitor.p_future_copy_limit);
    if !yes {
        db.close().await;
        tell!("nothing was changed; in a quiet hour, `authdb-janitor partition --yes` does it");
        return Ok(EXIT_REFUSED);
    }
    let janitor = Janitor::open(db.clone(), config, stop.clone()).await.map_err(Error::from)?;
    let outcome = match once::take_charge(&janitor, &stop).await {
        Ok(()) => partition(&db, &janitor, &planned).await,
        Err(code) => {
            janitor.close().await;
            return Ok(code);
        }
    };
    janitor.close().await;
    match outcome.map_err(Error::from)? {
        RollOutcome::Done => Ok(EXIT_DONE),
        RollOutcome::Refused(reason) => Ok(refuse(&reason)),
    }
}

/// What it would take, or why it cannot be done.
async fn plan(db: &AuthDb, config: &Config) -> Result<Result<Partitioning, String>, DbError> {
    let witnesses = db.clock_witnesses(&config.policy, clock::host_now).await?;
    let clocks = witnesses.disagreements(config.policy.max_clock_skew);
    if !clocks.is_empty() {
        return Ok(Err(format!("the clocks disagree: {}", clocks.join("; "))));
    }
    let planned = db.plan_partitioning(witnesses.database, &config.policy, &config.janitor).await?;
    Ok(planned.map_err(|refusal| refusal.to_string()))
}

async fn partition(db: &AuthDb, janitor: &Janitor, planned: &Partitioning) -> Result<RollOutcome, DbError> {
    let permit = match janitor.tenure().permit(db.write_permit(&Actor::of_this_process())?) {
        Ok(permit) => permit,
        Err(reason) => return Ok(RollOutcome::Refused(reason)),
    };
    let change = format!("RefreshTokens partitioned into {} months and p_future", planned.months.len());
    let work = Box::pin(patiently(|| db.partition_tokens(&permit, planned)));
    let outcome = janitor.ledger().recorded("partition", &change, work).await?;
    if outcome == RollOutcome::Done {
        let partitions = db.partition_layout().await?.partitions.len();
        tell!("RefreshTokens has {partitions} partitions now; from now on `authdb-janitor` rolls them");
    }
    Ok(outcome)
}

/// Tries a change of the table again while somebody holds it, and says so in the end.
pub(super) async fn patiently<W>(change: impl Fn() -> W) -> Result<RollOutcome, DbError>
where
    W: Future<Output = Result<RollOutcome, DbError>>,
{
    for attempt in 1.. {
        match change().await {
            Err(error) if error.is_contention() && attempt < TRIES => {
                tokio::time::sleep(jittered(PAUSE * attempt)).await;
            }
            Err(error) if error.is_contention() => return Ok(RollOutcome::Refused(error.to_string())),
            outcome => return outcome,
        }
    }
    unreachable!("the last try returns")
}

pub(super) fn refuse(reason: &str) -> u8 {
    complain(format_args!("nothing was changed: {}", text::harmless(reason)));
    EXIT_REFUSED
}

fn show(planned: &Partitioning, copy_limit: u32) {
    let about = if planned.is_estimate { "about " } else { "" };
    let date = |time: Option<Timestamp>| time.map_or("none".to_owned(), |time| time.to_string());
    let ends =
        [planned.months.first(), planned.months.last()].map(|month| month.map_or("", |month| month.name.as_str()));
    tell!("RefreshTokens has no partitions; making them copies every row, and nobody can log in meanwhile:");
    tell!("  rows       {about}{}", planned.rows);
    tell!("  tokens     oldest dated {}, newest {}", date(planned.oldest), date(planned.newest));
    tell!("  months     {}, from {} to {}, then p_future", planned.months.len(), ends[0], ends[1]);
    if planned.beyond > 0 {
        show_beyond(planned.beyond, copy_limit);
    }
    tell!(
        "  blocked    about {}, reckoned at {} rows a second",
        humantime::format_duration(planned.blocked_for()),
        Partitioning::ROWS_PER_SECOND
    );
    tell!("  disk       about {} bytes more while it copies, as much as the table has now", planned.bytes);
    tell!("  statement  {}", text::harmless(&planned.statement));
}

/// What follows from rows in `p_future`.
fn show_beyond(rows: u64, copy_limit: u32) {
    if rows <= u64::from(copy_limit) {
        tell!(
            "  p_future   {rows} rows, whose keys are no UUIDv7: nothing drops them, and each month that is added copies them"
        );
        return;
    }
    tell!(
        "  p_future   more than {copy_limit} rows, whose keys are no UUIDv7. Nothing ever drops them, and each month that is"
    );
    tell!("             added would copy them while nobody can log in, so no run adds one while they are more than");
    tell!(
        "             janitor.p_future_copy_limit: it takes a quiet hour for each, or a higher limit. Before you partition,"
    );
    tell!("             revoke those of them that nobody uses, and delete the rows that are revoked");
}
