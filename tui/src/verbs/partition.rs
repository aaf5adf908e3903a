//! `partition`: the monthly partitions of the refresh tokens.

use authdb_shared::Error;
use authdb_shared::error::{EXIT_DONE, EXIT_REFUSED};
use authdb_shared::ids::KeyBound;
use authdb_shared::partition::{Partition, PartitionBound};
use clap::Subcommand;
use serde_json::Value;

use super::output::{Cell, Field, List, Moment, names, time};
use super::{Run, say};

/// What can be done with partitions. Rolling them is the janitor's.
#[derive(Debug, Subcommand)]
pub(crate) enum PartitionVerb {
    /// List the partitions in the order of their bounds
    #[command(after_help = format!("Fields: {}\nRows and bytes are the server's estimates.\n\nExample:\n  authdb partition list",
                                   names(FIELDS)))]
    List,
}

const FIELDS: &[Field<Partition>] = &[
    Field::new("name", Cell::Plain, |row, _| row.name.as_str().into()),
    Field::new("below", Cell::Time, |row, _| time(row.bound.time())),
    Field::new("bound", Cell::Plain, |row, _| bound(&row.bound)),
    Field::new("rows", Cell::Plain, |row, _| row.rows.into()),
    Field::new("bytes", Cell::Plain, |row, _| row.bytes.into()),
    Field::new("is_due", Cell::Plain, |row, at| {
        row.bound.time().is_some_and(|bound| bound <= at.policy.token_horizon(at.now)).into()
    }),
];

fn bound(bound: &PartitionBound) -> Value {
    match bound {
        PartitionBound::Below(key) => KeyBound::dashed(*key).into(),
        PartitionBound::Unbounded => "MAXVALUE".into(),
        PartitionBound::Unreadable(text) => text.as_str().into(),
    }
}

pub(super) async fn run(run: &mut Run) -> anyhow::Result<u8> {
    let (db, config) = run.reading().await?;
    let now = db.now().await.map_err(Error::from)?;
    let layout = db.partition_layout().await.map_err(Error::from)?;
    let moment = Moment { now, policy: &config.policy };
    let mut list = List::begin(&mut run.sink, run.format, FIELDS)?;
    for partition in &layout.partitions {
        list.add(partition, &moment)?;
    }
    let rows = list.end()?;
    if rows == 0 {
        say("RefreshTokens has no partitions; the janitor deletes old months row by row");
        return Ok(EXIT_REFUSED);
    }
    Ok(EXIT_DONE)
}
