//! Refresh tokens: months are added ahead of time, then months past the retention are dropped as a whole. Where there
//! are no partitions, the same months are deleted row by row.

use authdb_shared::db::{DbError, RollOutcome, RollStep, Sweep};
use authdb_shared::partition::{Layout, Partition, RollPlan, plan_roll};

use super::{Run, TRIES};
use crate::report::Report;

pub(super) async fn run(run: &Run<'_>, report: &mut Report) -> Result<(), DbError> {
    let layout = run.janitor.db.partition_layout().await?;
    if layout.is_partitioned() {
        return roll(run, &layout, report).await;
    }
    if run.janitor.db.can_partition() {
        report.notes.push("RefreshTokens has no partitions; old months are deleted row by row".to_owned());
    }
    run.sweep(Sweep::PurgeTokens, report).await
}

async fn roll(run: &Run<'_>, layout: &Layout, report: &mut Report) -> Result<(), DbError> {
    let plan = plan_roll(layout, run.now, &run.janitor.policy, run.janitor.settings.roll);
    for refusal in &plan.refusals {
        report.refuse(refusal.clone());
    }
    let postponed = plan.postponed_drops;
    for step in steps(plan) {
        if run.must_stop() {
            run.leave_unfinished(report);
            return Ok(());
        }
        // Months are added before any is dropped: while adding is in trouble, nothing else is touched.
        if !take(run, &step, report).await? {
            break;
        }
    }
    if postponed > 0 {
        report.notes.push(format!("{postponed} more may be dropped and wait for the next run (max_drops_per_run)"));
    }
    let runway = run.janitor.db.partition_layout().await?.runway_months(run.now);
    report.notes.push(format!("months partitioned ahead: {runway}"));
    Ok(())
}

fn steps(plan: RollPlan) -> Vec<RollStep> {
    let add = (!plan.add.is_empty()).then_some(RollStep::Add(plan.add));
    add.into_iter().chain(plan.drop.into_iter().map(RollStep::Drop)).collect()
}

/// Takes one step, trying again while somebody holds the table. False if it could not be taken.
async fn take(run: &Run<'_>, step: &RollStep, report: &mut Report) -> Result<bool, DbError> {
    for attempt in 1..=TRIES {
        let limit = run.janitor.settings.p_future_copy_limit;
        match run.janitor.db.roll(&run.permit, step, limit).await {
            Ok(RollOutcome::Done) => {
                report.changes.push(describe(step));
                return Ok(true);
            }
            Ok(RollOutcome::Refused(reason)) => {
                report.refuse(reason);
                return Ok(false);
            }
            Err(error) if error.is_contention() => {
                if attempt == TRIES || run.must_stop() {
                    report.refuse(format!("{error}. The next run tries again"));
                    return Ok(false);
                }
                run.wait_after(attempt).await;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

fn describe(step: &RollStep) -> String {
    match step {
        RollStep::Add(months) => {
            let names: Vec<&str> = months.iter().map(|month| month.name.as_str()).collect();
            format!("added {}", names.join(", "))
        }
        RollStep::Drop(Partition { name, bound, rows, .. }) => {
            let until = bound.time().map(|time| format!("tokens issued before {time}, ")).unwrap_or_default();
            format!("dropped {name} ({until}about {rows} rows)")
        }
    }
}
