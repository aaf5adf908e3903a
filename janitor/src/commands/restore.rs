//! `restore`: gives a month back that was dropped and is still held.
//!
//! It asks no clocks. Nothing that it does depends on the time, and a wrong clock may be why the month has to come back. So
//! its run is no witness of the clocks, either.

use authdb_shared::actor::Actor;
use authdb_shared::config::Config;
use authdb_shared::db::{AuthDb, DbError, HeldMonth, RollOutcome};
use authdb_shared::error::{EXIT_DONE, EXIT_REFUSED};
use authdb_shared::{Error, text};
use tokio_util::sync::CancellationToken;

use super::once;
use super::output::{complain, tell};
use super::partition::{patiently, refuse};
use crate::jobs::Janitor;

/// Gives the month back that somebody names.
///
/// # Errors
/// If the database cannot be asked, or cannot do it.
pub(crate) async fn run(config: &Config, month: &str, stop: CancellationToken) -> anyhow::Result<u8> {
    let db = AuthDb::connect(&config.database).await.map_err(Error::from)?;
    tell!("{} on {}", db.place(), db.server());
    let held = db.held_months().await.map_err(Error::from)?;
    let held = match held.find(month) {
        Ok(held) => held.clone(),
        Err(reason) => {
            db.close().await;
            return Ok(refuse(&[vec![reason], held.doubtful].concat().join("; ")));
        }
    };
    let (rows, month, table) = (held.rows, held.month(), &held.table);
    tell!("{month} is held in {table}, about {rows} rows. They are checked while nobody can log in");
    let janitor = Janitor::open(db.clone(), config, stop.clone()).await.map_err(Error::from)?;
    let outcome = match once::take_charge(&janitor, &stop).await {
        Ok(()) => restore(&db, &janitor, config, &held).await,
        Err(code) => {
            janitor.close().await;
            return Ok(code);
        }
    };
    janitor.close().await;
    match outcome.map_err(Error::from)? {
        RollOutcome::Done => {
            tell!("{}", done(&held, config));
            Ok(EXIT_DONE)
        }
        RollOutcome::Refused(reason) => {
            let reason = text::harmless(&reason);
            complain(format_args!(
                "{} was not given back: {reason}. Its rows are still in {}",
                held.month(),
                held.table
            ));
            Ok(EXIT_REFUSED)
        }
    }
}

/// That it is back, and what becomes of it if nobody does anything.
fn done(held: &HeldMonth, config: &Config) -> String {
    let again = if config.janitor.hold_dropped.is_zero() {
        "the next run DROPS it for good, because janitor.hold_dropped is off"
    } else {
        "the next run holds it again"
    };
    format!(
        "{} is back in RefreshTokens. It is as old as before, so {again}: raise\n\
         policy.refresh_token_retention_months, or stop the janitor, until it is no longer needed",
        held.month()
    )
}

async fn restore(db: &AuthDb, janitor: &Janitor, config: &Config, held: &HeldMonth) -> Result<RollOutcome, DbError> {
    let permit = match janitor.tenure().permit(db.write_permit(&Actor::of_this_process())?) {
        Ok(permit) => permit,
        Err(reason) => return Ok(RollOutcome::Refused(reason)),
    };
    let change = format!("{} restored", held.month());
    let work = Box::pin(patiently(|| db.restore_month(&permit, held, config.janitor.p_future_copy_limit)));
    janitor.ledger().recorded("restore", &change, work).await
}
