//! `status`: the installation at a glance, each look under its own time limit.

use std::time::Duration;

use authdb_shared::config::Config;
use authdb_shared::db::{
    AuthDb, DbError, FlowStateFilter, JANITOR_LEASE, LedgerState, LivenessFilter, RunOutcome, StateCounts,
};
use authdb_shared::{Error, Timestamp, clock};
use serde_json::Value;

use super::output::{Cell, Field, Moment, names, time};
use super::{Run, or_null};

/// How far back expired and revoked tokens are counted.
const SPAN: Duration = Duration::from_hours(24);

/// Runs of the janitor that are looked through for the last good one.
const RUNS: u32 = 1000;

/// What there is to say.
struct Status {
    place: String,
    server: String,
    clocks: Vec<String>,
    device_flows: StateCounts<FlowStateFilter>,
    authorization_flows: StateCounts<FlowStateFilter>,
    tokens: StateCounts<LivenessFilter>,
    janitor: Janitor,
    /// What is known of the partitions, or why nothing is.
    partitions: Result<Partitions, String>,
}

/// How far the months reach.
struct Partitions {
    /// Full months partitioned after the present one; none without partitions.
    runway_months: Option<u32>,
    /// Rows in the MAXVALUE partition, counted up to a limit.
    p_future_rows: Option<u64>,
}

/// What the janitor has written down.
#[derive(Default)]
struct Janitor {
    holder: Option<String>,
    last_done: Option<Timestamp>,
    last_outcome: Option<RunOutcome>,
}

const FIELDS: &[Field<Status>] = &[
    Field::new("database", Cell::Plain, |row, _| row.place.as_str().into()),
    Field::new("server", Cell::Plain, |row, _| row.server.as_str().into()),
    Field::new("now", Cell::Time, |_, at| time(Some(at.now))),
    Field::new("clock_disagreements", Cell::Plain, |row, _| row.clocks.clone().into()),
    Field::new("device_flows_pending", Cell::Plain, |row, _| row.device_flows.of(FlowStateFilter::Pending).into()),
    Field::new("device_flows_ready", Cell::Plain, |row, _| row.device_flows.of(FlowStateFilter::Ready).into()),
    Field::new("device_flows_stale", Cell::Plain, |row, _| row.device_flows.of(FlowStateFilter::Stale).into()),
    Field::new("device_flows_done", Cell::Plain, |row, _| row.device_flows.of(FlowStateFilter::Done).into()),
    Field::new("device_flows_error", Cell::Plain, |row, _| row.device_flows.of(FlowStateFilter::Error).into()),
    Field::new("authorization_flows_pending", Cell::Plain, |row, _| flows(row, FlowStateFilter::Pending)),
    Field::new("authorization_flows_ready", Cell::Plain, |row, _| flows(row, FlowStateFilter::Ready)),
    Field::new("authorization_flows_stale", Cell::Plain, |row, _| flows(row, FlowStateFilter::Stale)),
    Field::new("authorization_flows_done", Cell::Plain, |row, _| flows(row, FlowStateFilter::Done)),
    Field::new("authorization_flows_error", Cell::Plain, |row, _| flows(row, FlowStateFilter::Error)),
    Field::new("tokens_live", Cell::Plain, |row, _| row.tokens.of(LivenessFilter::Live).into()),
    Field::new("tokens_expired_last_day", Cell::Plain, |row, _| row.tokens.of(LivenessFilter::Expired).into()),
    Field::new("tokens_revoked_last_day", Cell::Plain, |row, _| row.tokens.of(LivenessFilter::Revoked).into()),
    Field::new("tokens_undated", Cell::Plain, |row, _| row.tokens.of(LivenessFilter::Undated).into()),
    Field::new("tokens_from_the_future", Cell::Plain, |row, _| row.tokens.of(LivenessFilter::FromTheFuture).into()),
    Field::new("counts_are_complete", Cell::Plain, |row, _| {
        let cut_short = [row.device_flows.is_cut_short, row.authorization_flows.is_cut_short, row.tokens.is_cut_short];
        (!cut_short.contains(&true)).into()
    }),
    Field::new("janitor_holder", Cell::Plain, |row, _| or_null(row.janitor.holder.as_deref())),
    Field::new("janitor_last_done", Cell::Time, |row, _| time(row.janitor.last_done)),
    Field::new("janitor_last_outcome", Cell::Plain, |row, _| {
        row.janitor.last_outcome.as_ref().map_or(Value::Null, |outcome| outcome.to_string().into())
    }),
    Field::new("runway_months", Cell::Plain, |row, _| {
        row.partitions.as_ref().ok().and_then(|partitions| partitions.runway_months).into()
    }),
    Field::new("p_future_rows", Cell::Plain, |row, _| {
        row.partitions.as_ref().ok().and_then(|partitions| partitions.p_future_rows).into()
    }),
    Field::new("partitions_error", Cell::Plain, |row, _| or_null(row.partitions.as_ref().err().map(String::as_str))),
];

fn flows(row: &Status, state: FlowStateFilter) -> Value {
    row.authorization_flows.of(state).into()
}

/// The end of the help.
pub(super) fn help() -> String {
    format!("Fields: {}\n\nExamples:\n  authdb status\n  authdb status --output json | jq .tokens_live", names(FIELDS))
}

pub(super) async fn run(run: &mut Run) -> anyhow::Result<u8> {
    let (db, config) = run.reading().await?;
    let (status, now) = look(&db, &config).await.map_err(Error::from)?;
    run.show(FIELDS, Some(&status), &Moment { now, policy: &config.policy }, "")
}

async fn look(db: &AuthDb, config: &Config) -> Result<(Status, Timestamp), DbError> {
    let policy = &config.policy;
    let witnesses = db.clock_witnesses(policy, clock::host_now).await?;
    let now = witnesses.database;
    let partitions = match partitions(db, config, now).await {
        // The rest is worth knowing where the months are not DiracX's, or took too long to be read.
        Err(error) if !error.is_connection_loss() => Err(error.to_string()),
        known => Ok(known?),
    };
    let status = Status {
        place: db.place().to_owned(),
        server: db.server(),
        clocks: witnesses.disagreements(policy.max_clock_skew),
        device_flows: db.device_flow_counts(policy).await?,
        authorization_flows: db.authorization_flow_counts(policy).await?,
        tokens: db.token_counts(SPAN, policy).await?,
        janitor: janitor(db, now).await?,
        partitions,
    };
    Ok((status, now))
}

async fn partitions(db: &AuthDb, config: &Config, now: Timestamp) -> Result<Partitions, DbError> {
    let layout = db.partition_layout().await?;
    if !layout.is_partitioned() {
        return Ok(Partitions { runway_months: None, p_future_rows: None });
    }
    let limit = config.janitor.p_future_copy_limit.saturating_add(1);
    let p_future_rows = db.future_partition_rows(limit).await?;
    Ok(Partitions { runway_months: Some(layout.runway_months(now)), p_future_rows })
}

async fn janitor(db: &AuthDb, now: Timestamp) -> Result<Janitor, DbError> {
    if db.ledger_state().await? == LedgerState::Absent {
        return Ok(Janitor::default());
    }
    let runs = db.runs(None, RUNS).await?.rows;
    let (lease, _) = db.lease(JANITOR_LEASE).await?;
    let is_held = |row: &authdb_shared::db::LeaseRow| row.expiry.is_some_and(|expiry| expiry > now);
    Ok(Janitor {
        holder: lease.filter(is_held).map(|row| row.holder),
        last_done: runs.iter().find(|run| run.outcome == RunOutcome::Done).and_then(|run| run.start),
        last_outcome: runs.into_iter().next().map(|run| run.outcome),
    })
}
