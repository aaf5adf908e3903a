//! `apply`: does what stands in a plan, as of the moment when it was made, and nothing else; or refuses.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use authdb_shared::config::Config;
use authdb_shared::db::AuthDb;
use authdb_shared::error::EXIT_REFUSED;
use authdb_shared::janitor::{Job, PLAN_VERSION, Plan, fingerprint, settings};
use authdb_shared::partition::plan_roll;
use authdb_shared::{Error, Timestamp, clock};
use tokio_util::sync::CancellationToken;

use super::once;
use super::output::{complain, tell};
use crate::bar::Bar;
use crate::jobs::Janitor;

/// A plan that is older has been forgotten rather than kept for a quiet hour.
const LONGEST_VALIDITY: Duration = Duration::from_hours(24);

/// Applies the plan in `file`.
///
/// # Errors
/// If it cannot be read, or the database cannot be asked.
pub(crate) async fn run(config: &Config, file: &Path, stop: CancellationToken) -> anyhow::Result<u8> {
    let plan = read(file)?;
    let db = AuthDb::connect(&config.database).await.map_err(Error::from)?;
    tell!("{} on {}", db.place(), db.server());
    let made_at = match check(&db, config, &plan).await {
        Ok(made_at) => made_at,
        Err(Refusal::Reason(reason)) => {
            complain(format_args!("nothing was changed: {reason}. Make a new plan with `authdb-janitor plan`"));
            db.close().await;
            return Ok(EXIT_REFUSED);
        }
        Err(Refusal::Error(error)) => return Err(error),
    };
    let jobs = jobs(&plan)?;
    let janitor = Janitor::open(db, config, stop.clone()).await.map_err(Error::from)?;
    let janitor = janitor.showing(Bar::begin()).bound_to(plan, made_at);
    let code = match once::take_charge(&janitor, &stop).await {
        Ok(()) => once::work(&janitor, &jobs).await,
        Err(code) => code,
    };
    janitor.close().await;
    Ok(code)
}

fn read(file: &Path) -> anyhow::Result<Plan> {
    let text = std::fs::read_to_string(file).with_context(|| format!("reading the plan {}", file.display()))?;
    let plan: Plan = serde_json::from_str(&text)
        .with_context(|| format!("{} is no plan; make one with `authdb-janitor plan --file FILE`", file.display()))?;
    if plan.version != PLAN_VERSION {
        bail!(
            "{} has the form {}, and this program knows {PLAN_VERSION}; make a new plan",
            file.display(),
            plan.version
        );
    }
    Ok(plan)
}

fn jobs(plan: &Plan) -> anyhow::Result<Vec<Job>> {
    plan.jobs.iter().map(|job| job.job.parse().map_err(anyhow::Error::msg)).collect()
}

/// Why a plan is not applied.
enum Refusal {
    Reason(String),
    Error(anyhow::Error),
}

/// Whether a run would still do what stands in the plan. Gives the moment as of which it is to be done.
async fn check(db: &AuthDb, config: &Config, plan: &Plan) -> Result<Timestamp, Refusal> {
    let refuse = |reason: String| Err(Refusal::Reason(reason));
    let failed = |error| Refusal::Error(Error::from(error).into());
    if plan.database != db.place() {
        return refuse(format!("the plan was made for {}, and this is {}", plan.database, db.place()));
    }
    let now_settings = settings(config);
    if let Some((then, now)) = plan.settings.iter().zip(&now_settings).find(|(then, now)| then != now) {
        return refuse(format!("the configuration has changed since ({then}; now {now})"));
    }
    if plan.settings.len() != now_settings.len() {
        return refuse("the plan does not name the settings that decide".to_owned());
    }
    let witnesses = db.clock_witnesses(&config.policy, clock::host_now).await.map_err(failed)?;
    let clocks = witnesses.disagreements(config.policy.max_clock_skew);
    if !clocks.is_empty() {
        return refuse(format!("the clocks disagree: {}", clocks.join("; ")));
    }
    let now = witnesses.database;
    let Some(made_at) = Timestamp::from_unix_millis(plan.made_at_millis) else {
        return refuse("the time of the plan is outside of the calendar".to_owned());
    };
    if made_at > now.after(config.policy.max_clock_skew) {
        return refuse(format!("the plan is of {made_at}, which is in the future: it is {now}"));
    }
    if now.since(made_at) > LONGEST_VALIDITY {
        return refuse(format!("the plan is of {made_at}, and so more than a day old"));
    }
    let layout = db.partition_layout().await.map_err(failed)?;
    if fingerprint(&layout) != plan.layout {
        return refuse("the partitions have changed since the plan was made".to_owned());
    }
    let roll = |now| plan_roll(&layout, now, &config.policy, config.janitor.roll);
    if roll(now) != roll(made_at) {
        return refuse(format!("a new month or a new cut-off has come since the plan was made ({made_at})"));
    }
    // What was struck out of the file, or written into it, would otherwise be done, or not be done, without a word.
    let jobs = jobs(plan).map_err(Refusal::Error)?;
    let remade = Plan::make_as_of(db, config, &layout, made_at, &jobs).await.map_err(failed)?;
    let is_same = remade.iter().zip(&plan.jobs).all(|(now, then)| now.does_as(then));
    if !is_same {
        return refuse("the plan was edited, or what is due or refused has changed since it was made".to_owned());
    }
    Ok(made_at)
}
