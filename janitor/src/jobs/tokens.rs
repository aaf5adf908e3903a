//! Refresh tokens: months are added ahead of time, then months past the retention are dropped as a whole, or
//! held for a while first. Where there are no partitions, the same months are deleted row by row.

use authdb_shared::db::{DbError, HoldOutcome, RollOutcome, RollStep, RollTerms, Sweep};
use authdb_shared::janitor::{Agenda, Step};
use authdb_shared::partition::{Layout, Partition};

use super::{Run, TRIES};
use crate::report::Report;

pub(super) async fn run(run: &Run<'_>, report: &mut Report) -> Result<(), DbError> {
    let layout = run.janitor.db.partition_layout().await?;
    if run.janitor.is_planned_for_another(&layout) {
        report.refuse("the partitions have changed since the plan was made".to_owned());
        return Ok(());
    }
    if layout.is_partitioned() {
        return roll(run, &layout, report).await;
    }
    if run.janitor.db.can_partition() {
        report.notes.push("RefreshTokens has no partitions; old months are deleted row by row".to_owned());
    }
    run.sweep(Sweep::PurgeTokens, report).await
}

async fn roll(run: &Run<'_>, layout: &Layout, report: &mut Report) -> Result<(), DbError> {
    let held = run.janitor.db.held_months().await?;
    let Agenda { steps, refusals, notes } =
        Agenda::make(layout, &held, run.now, &run.janitor.policy, &run.janitor.settings);
    for refusal in refusals {
        report.refuse(refusal);
    }
    if !steps.is_empty() {
        report.notes.extend(run.janitor.db.hidden_holders().await?.map(|why| why.to_string()));
    }
    for step in steps {
        if run.must_stop() {
            run.leave_unfinished(report);
            return Ok(());
        }
        let is_taken = take(run, &step, report).await?;
        run.janitor.metrics().step(report.job);
        // Months are added before any is dropped: while adding is in trouble, nothing else is touched. One month that may
        // not be dropped does not keep the others.
        if !is_taken && matches!(step, Step::Roll(RollStep::Add(_))) {
            break;
        }
    }
    report.notes.extend(notes);
    let runway = run.janitor.db.partition_layout().await?.runway_months(run.now);
    report.notes.push(format!("months partitioned ahead: {runway}"));
    Ok(())
}

/// Takes one step, trying again while somebody holds the table. False if it could not be taken.
async fn take(run: &Run<'_>, step: &Step, report: &mut Report) -> Result<bool, DbError> {
    for attempt in 1..=TRIES {
        match change(run, step).await {
            Ok(Ok(done)) => {
                report.changes.push(done);
                return Ok(true);
            }
            Ok(Err(reason)) => {
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

/// Tries a step once: what was done, or why not.
async fn change(run: &Run<'_>, step: &Step) -> Result<Result<String, String>, DbError> {
    let (db, janitor) = (&run.janitor.db, run.janitor);
    let copy_limit = janitor.settings.p_future_copy_limit;
    let terms = RollTerms { now: run.now, policy: &janitor.policy, copy_limit, proving: None };
    let outcome = match step {
        Step::Roll(step) => db.roll(&run.permit, step, &terms).await?,
        Step::Release(held) => db.release_month(&run.permit, held, &terms).await?,
        Step::Hold(partition) => {
            return Ok(match db.hold_month(&run.permit, partition, &terms).await? {
                HoldOutcome::Held { table } => {
                    let until = run.now.after(janitor.settings.hold_dropped);
                    Ok(format!("{} is held in {table} until {until}", partition.name))
                }
                HoldOutcome::Dropped => Ok(format!("dropped {} (it was empty)", partition.name)),
                HoldOutcome::Refused(reason) => Err(reason),
            });
        }
    };
    Ok(match outcome {
        RollOutcome::Done => Ok(describe(step)),
        RollOutcome::Refused(reason) => Err(reason),
    })
}

fn describe(step: &Step) -> String {
    match step {
        Step::Roll(RollStep::Add(months)) if months.is_empty() => "added the partition for MAXVALUE".to_owned(),
        Step::Roll(RollStep::Add(months)) => {
            let names: Vec<&str> = months.iter().map(|month| month.name.as_str()).collect();
            format!("added {}", names.join(", "))
        }
        Step::Roll(RollStep::Drop(Partition { name, bound, rows, .. })) => {
            let until = bound.time().map(|time| format!("tokens issued before {time}, ")).unwrap_or_default();
            format!("dropped {name} ({until}about {rows} rows)")
        }
        Step::Release(held) => format!("dropped {}, which was held since {}", held.month(), held.since),
        Step::Hold(partition) => format!("held {}", partition.name),
    }
}
