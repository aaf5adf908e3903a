//! `once`: the jobs now, one after another.

use std::io::Write as _;

use authdb_shared::config::Config;
use authdb_shared::db::AuthDb;
use authdb_shared::error::{EXIT_DONE, EXIT_REFUSED, EXIT_UNREACHABLE};
use authdb_shared::janitor::Job;
use authdb_shared::{Error, text};
use tokio_util::sync::CancellationToken;

use super::output::{complain, tell};
use crate::bar::Bar;
use crate::jobs::Janitor;
use crate::report::{Outcome, Report};
use crate::tenure::NotTaken;

/// Runs the jobs, prints what came of each, and says by the exit code whether all is well.
///
/// # Errors
/// If the database cannot be reached.
pub(crate) async fn run(config: &Config, jobs: &[Job], stop: CancellationToken) -> anyhow::Result<u8> {
    let db = AuthDb::connect(&config.database).await.map_err(Error::from)?;
    tell!("{} on {}", db.place(), db.server());
    let janitor = Janitor::open(db, config, stop.clone()).await.map_err(Error::from)?.showing(Bar::begin());
    let code = match take_charge(&janitor, &stop).await {
        Ok(()) => work(&janitor, Job::or_all(jobs)).await,
        Err(code) => code,
    };
    janitor.close().await;
    Ok(code)
}

/// Runs the jobs of a janitor that is in charge.
pub(crate) async fn work(janitor: &Janitor, jobs: &[Job]) -> u8 {
    let mut reports: Vec<Report> = Vec::new();
    for job in jobs {
        let report = janitor.run(*job).await;
        janitor.bar().clear();
        // The next job is due, whether anybody reads of this one or not.
        let _ = write!(std::io::stdout(), "{report}");
        reports.push(report);
    }
    let is_unreachable = |report: &Report| matches!(report.outcome, Outcome::Failed { is_connection_loss: true, .. });
    if reports.iter().all(|report| report.outcome == Outcome::Done) {
        EXIT_DONE
    } else if reports.iter().any(is_unreachable) {
        EXIT_UNREACHABLE
    } else {
        EXIT_REFUSED
    }
}

/// Waits for the lease. The exit code, with the reason on standard error, if another janitor works, the lease cannot be
/// had, or a signal came first.
pub(crate) async fn take_charge(janitor: &Janitor, stop: &CancellationToken) -> Result<(), u8> {
    if let Some(obstacle) = janitor.ledger_obstacle() {
        complain(format_args!("runs are not written down, and several janitors are not kept apart: {obstacle}"));
    }
    let say = |reason: &str| complain(format_args!("waiting: {}", text::harmless(reason)));
    let taken = tokio::select! {
        taken = janitor.tenure().take(say) => taken,
        () = stop.cancelled() => {
            complain("stopped while it waited for the lease; nothing was changed");
            return Err(EXIT_REFUSED);
        }
    };
    taken.map_err(|reason| match reason {
        NotTaken::AtWork(holder) => {
            complain(format_args!(
                "nothing was changed, because the janitor {} is in charge and at work. What is due is done \
                 by its next run; to do it by hand, stop that janitor first",
                text::harmless(&holder)
            ));
            EXIT_REFUSED
        }
        NotTaken::Hindered(obstacle) => {
            let reason = text::harmless(&obstacle.reason);
            complain(format_args!("nothing was changed, because the lease cannot be had: {reason}"));
            if obstacle.is_connection_loss { EXIT_UNREACHABLE } else { EXIT_REFUSED }
        }
    })
}
