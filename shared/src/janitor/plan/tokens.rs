//! What the job of the tokens would do. Whatever a run would find out before a change, a plan finds out too: how many rows
//! splitting `p_future` copies, and what is in each month that would go.

use super::super::{Agenda, CANNOT_HOLD_ROWS, Job, Quota, Step};
use super::{PlannedJob, PlannedStep, planned_sweep};
use crate::clock::Timestamp;
use crate::config::Config;
use crate::db::{AuthDb, DbError, HeldMonth, RollStep, Sweep};
use crate::ids::Jti;
use crate::partition::{Layout, NewPartition, Partition, PartitionProof};

/// A step as it would be taken, and what speaks against it.
type Weighed = (PlannedStep, Option<String>);

pub(super) async fn planned(
    db: &AuthDb,
    config: &Config,
    layout: &Layout,
    now: Timestamp,
) -> Result<PlannedJob, DbError> {
    let mut job = PlannedJob::of(Job::Tokens);
    if !layout.is_partitioned() {
        let sweep = planned_sweep(db, config, Sweep::PurgeTokens, now).await?;
        if !config.janitor.hold_dropped.is_zero() {
            if sweep.rows > 0 {
                job.refused.push(CANNOT_HOLD_ROWS.to_owned());
            }
            return Ok(job);
        }
        if db.can_partition() {
            job.notes.push("RefreshTokens has no partitions; old months are deleted row by row".to_owned());
        }
        job.sweeps.push(sweep);
        return Ok(job);
    }
    let agenda = Agenda::make(layout, &db.held_months().await?, now, &config.policy, &config.janitor);
    job.refused = agenda.refusals;
    let mut quota = Quota::of(config.janitor.roll);
    for step in agenda.steps {
        if !quota.admits(&step) {
            continue;
        }
        let (planned, objection) = weigh(db, config, layout, &step, now).await?;
        job.steps.push(PlannedStep { is_refused: objection.is_some(), ..planned });
        let Some(objection) = objection else {
            quota.took(&step);
            continue;
        };
        job.refused.push(objection);
        // As in a run: months are added before any is dropped.
        if matches!(step, Step::Roll(RollStep::Add(_))) {
            break;
        }
    }
    if !job.steps.is_empty() {
        job.notes.extend(db.hidden_holders().await?.map(|why| why.to_string()));
    }
    job.notes.extend(quota.note());
    job.notes.extend(agenda.notes);
    job.notes.push(format!("months partitioned ahead now: {}", layout.runway_months(now)));
    Ok(job)
}

async fn weigh(db: &AuthDb, config: &Config, layout: &Layout, step: &Step, now: Timestamp) -> Result<Weighed, DbError> {
    let planned = PlannedStep { partitions: step.partitions(), ..PlannedStep::default() };
    match step {
        Step::Roll(roll) => {
            let planned = PlannedStep { statement: db.roll_statement(layout, roll).await?, ..planned };
            match roll {
                RollStep::Add(months) => adding(db, config, layout, months, now, planned).await,
                RollStep::Drop(partition) => {
                    let proof = db.prove_partition(partition, now, &config.policy).await?;
                    let change = "drop a month".to_owned();
                    Ok(going(PlannedStep { change, bytes: partition.bytes, ..planned }, &proof))
                }
            }
        }
        Step::Hold(partition) => {
            let proof = db.prove_partition(partition, now, &config.policy).await?;
            let change = "hold a month, or drop it if empty:".to_owned();
            let statement = AuthDb::hold_statement(partition);
            let (planned, objection) =
                going(PlannedStep { change, statement, bytes: partition.bytes, ..planned }, &proof);
            // An empty month is dropped, and needs no table.
            if objection.is_none() && proof.rows > 0 {
                return Ok((planned, db.objection_to_holding(partition).await?));
            }
            Ok((planned, objection))
        }
        Step::Release(held) => releasing(db, config, held, now, planned).await,
    }
}

async fn adding(
    db: &AuthDb,
    config: &Config,
    layout: &Layout,
    months: &[NewPartition],
    now: Timestamp,
    planned: PlannedStep,
) -> Result<Weighed, DbError> {
    let (rows, objection) = db.weigh_adding(layout, months, config.janitor.p_future_copy_limit).await?;
    let bytes = layout.future().map_or(0, |future: &Partition| future.bytes);
    let planned = PlannedStep { change: "add months".to_owned(), rows, bytes, ..planned };
    let Some(future) = layout.future().filter(|_| rows > 0 && objection.is_none()) else {
        return Ok((planned, objection));
    };
    // They are few enough to be copied, and so to be read.
    let proof = db.prove_partition(future, now, &config.policy).await?;
    Ok((PlannedStep { rows, active: 0, ..going(planned, &proof).0 }, None))
}

async fn releasing(
    db: &AuthDb,
    config: &Config,
    held: &HeldMonth,
    now: Timestamp,
    planned: PlannedStep,
) -> Result<Weighed, DbError> {
    let planned = PlannedStep {
        change: format!("drop a month that is held since {}:", held.since),
        bytes: held.bytes,
        statement: held.release_statement(),
        ..planned
    };
    if held.is_empty {
        return Ok((planned, None));
    }
    Ok(going(planned, &db.prove_held_month(held, now, &config.policy).await?))
}

/// A step by which the rows go that were read.
fn going(planned: PlannedStep, proof: &PartitionProof) -> Weighed {
    let issued = |jti: &Option<Jti>| jti.as_ref().and_then(Jti::issued_at).map(|time| time.to_string());
    let key = |jti: &Option<Jti>| jti.as_ref().map(Jti::to_string);
    let planned = PlannedStep {
        rows: proof.rows,
        active: proof.undated_created,
        oldest: issued(&proof.oldest),
        newest: issued(&proof.newest),
        oldest_key: key(&proof.oldest),
        newest_key: key(&proof.newest),
        undated: proof.undated,
        ..planned
    };
    (planned, proof.objection())
}
