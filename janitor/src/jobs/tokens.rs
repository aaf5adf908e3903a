//! Refresh tokens: months are added ahead of time, then months past the retention are dropped as a whole, or
//! held for a while first. Where there are no partitions, the same months are deleted row by row.

use authdb_shared::db::{DbError, HoldOutcome, Proving, RollOutcome, RollStep, RollTerms, Sweep, Walk};
use authdb_shared::janitor::{Agenda, CANNOT_HOLD_ROWS, Quota, Step};
use authdb_shared::partition::{Layout, Partition};

use super::{Run, TRIES, Walked};
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
    if !run.janitor.settings.hold_dropped.is_zero() {
        if run.janitor.db.backlog(Sweep::PurgeTokens, run.now, &run.janitor.policy).await?.rows > 0 {
            report.refuse(CANNOT_HOLD_ROWS.to_owned());
        }
        return Ok(());
    }
    if run.janitor.db.can_partition() {
        report.notes.push("RefreshTokens has no partitions; old months are deleted row by row".to_owned());
    }
    report.swept.push((Sweep::PurgeTokens, 0));
    let begins = !run.janitor.is_under_way(Walk::RefreshTokens);
    match run.sweep(Walk::RefreshTokens, run.deadline, &mut run.business(), report).await? {
        Walked::Through if begins => run.janitor.metrics.backlog(Sweep::PurgeTokens, 0),
        Walked::Through | Walked::PastSome => {}
        Walked::Stopped => run.leave_unfinished(report),
    }
    Ok(())
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
    let mut quota = Quota::of(run.janitor.settings.roll);
    let is_through = take_all(run, &steps, &mut quota, report).await;
    if quota.is_touched() {
        // Another run on the same day would drop more than a run may, also after one that broke off.
        report.has_done_enough();
    }
    let is_through = is_through?;
    report.notes.extend(quota.note());
    if is_through {
        report.notes.extend(notes);
        let runway = run.janitor.db.partition_layout().await?.runway_months(run.now);
        report.notes.push(format!("months partitioned ahead: {runway}"));
    }
    Ok(())
}

/// Takes the steps, as far as they are possible. False if the run must end before.
async fn take_all(run: &Run<'_>, steps: &[Step], quota: &mut Quota, report: &mut Report) -> Result<bool, DbError> {
    for step in steps.iter().filter(|step| run.janitor.may_take(step)) {
        if !quota.admits(step) {
            continue;
        }
        if run.must_stop() {
            run.leave_unfinished(report);
            // What takes so long is reading the months, and it would take as long again.
            report.wait_for_trigger();
            return Ok(false);
        }
        let fate = take(run, step, report).await?;
        run.janitor.metrics().step(report.job);
        match (fate, step) {
            (Fate::Taken, _) => quota.took(step),
            (Fate::Stopped, _) => return Ok(false),
            // Months are added before any is dropped: while adding is in trouble, nothing else is touched.
            (_, Step::Roll(RollStep::Add(_))) => break,
            // One month that may not be dropped does not keep the others.
            (Fate::Refused, _) | (Fate::Held, Step::Release(_)) => {}
            // They need the same table.
            (Fate::Held, _) => break,
        }
    }
    Ok(true)
}

/// What came of a step.
enum Fate {
    Taken,
    /// It may not be taken.
    Refused,
    /// Somebody holds what it needs.
    Held,
    /// The run must end.
    Stopped,
}

/// Takes one step, trying again while somebody holds the table.
async fn take(run: &Run<'_>, step: &Step, report: &mut Report) -> Result<Fate, DbError> {
    let job = report.job;
    let goes_on = || {
        run.janitor.metrics().step(job);
        !run.must_stop()
    };
    let proving = Proving::while_told(&goes_on);
    for attempt in 1..=TRIES {
        match change(run, step, &proving).await {
            Ok(Ok(done)) => {
                report.changes.push(done);
                return Ok(Fate::Taken);
            }
            Ok(Err(reason)) => {
                report.refuse(reason);
                return Ok(Fate::Refused);
            }
            Err(DbError::Stopped { .. }) => {
                let name = step.partitions().join(", ");
                report.notes.push(format!(
                    "{name} could not be read to its end in this run; if that goes on, raise janitor.time_budget"
                ));
                run.leave_unfinished(report);
                report.wait_for_trigger();
                return Ok(Fate::Stopped);
            }
            Err(error) if error.is_contention() => {
                if attempt == TRIES || run.must_stop() {
                    report.refuse_for_now(format!("{error}. The next run tries again"));
                    return Ok(Fate::Held);
                }
                run.wait_after(attempt).await;
            }
            Err(error) => {
                if matches!(error, DbError::Uncertain { .. }) && !matches!(step, Step::Roll(RollStep::Add(_))) {
                    // The server may have done it before it was lost, and then it counts for this day.
                    report.has_done_enough();
                    let name = step.partitions().join(", ");
                    report.notes.push(format!("whether {name} has gone is not known: look at the partitions"));
                }
                return Err(error);
            }
        }
    }
    unreachable!("the last try returns")
}

/// Tries a step once: what was done, or why not.
async fn change(run: &Run<'_>, step: &Step, proving: &Proving<'_>) -> Result<Result<String, String>, DbError> {
    let (db, janitor) = (&run.janitor.db, run.janitor);
    let copy_limit = janitor.settings.p_future_copy_limit;
    let terms = RollTerms { now: run.now, policy: &janitor.policy, copy_limit, proving: Some(proving) };
    let outcome = match step {
        Step::Roll(step) => db.roll(&run.permit, step, &terms).await?,
        Step::Release(held) => db.release_month(&run.permit, held, &terms).await?,
        Step::Hold(partition) => {
            return Ok(match db.hold_month(&run.permit, partition, &terms).await? {
                HoldOutcome::Held { table, since } => {
                    let until = since.after(janitor.settings.hold_dropped);
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
