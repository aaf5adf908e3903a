//! `subject`: people with live tokens.

use authdb_shared::Error;
use authdb_shared::db::{Containing, OneSubject};
use authdb_shared::ids::Subject;
use authdb_shared::model::SubjectSummary;
use clap::Subcommand;
use serde_json::Value;

use super::output::{Cell, Field, List, Moment, names_with_anomalies, sentences, time};
use super::token::subject;
use super::{ListOptions, Run, or_null};

/// What can be done with subjects.
#[derive(Debug, Subcommand)]
pub(crate) enum SubjectVerb {
    /// List who has live tokens, and how many; who has most first
    #[command(after_help = format!("Fields: {}\n\nExamples:\n  authdb subject list\n  authdb subject list --containing lhcb: \
                                    --limit 10\n  authdb subject list --output jsonl | jq 'select(.rotations_per_hour > \
                                    20)'", names_with_anomalies(FIELDS)))]
    List {
        /// Only those with this text in their names
        #[arg(long, value_name = "TEXT", value_parser = super::listing::wanted_text)]
        containing: Option<String>,
        #[command(flatten)]
        options: ListOptions,
    },
    /// Show one subject
    #[command(after_help = format!("Fields: {}\n\nExample:\n  authdb subject show lhcb:alice", names_with_anomalies(ONE)))]
    Show {
        /// The subject with its VO before it, exactly as it is written
        #[arg(value_name = "VO:SUB", value_parser = subject)]
        sub: Subject,
    },
}

pub(crate) const FIELDS: &[Field<SubjectSummary>] = &[
    Field::new("sub", Cell::Plain, |row, _| row.subject.as_str().into()),
    Field::new("vo", Cell::Hidden, |row, _| or_null(row.subject.vo())),
    Field::new("live", Cell::Plain, |row, _| row.live.into()),
    Field::new("revoked", Cell::Plain, |row, _| row.revoked.into()),
    Field::new("first_issued", Cell::Time, |row, _| time(row.first)),
    Field::new("last_issued", Cell::Time, |row, _| time(row.last)),
    Field::new("rotations_per_hour", Cell::Plain, rotations),
    Field::new("anomalies", Cell::Hidden, |row, at| sentences(&row.anomalies(at.policy))),
];

const ONE: &[Field<OneSubject>] = &[
    Field::new("sub", Cell::Plain, |row, _| row.lately.subject.as_str().into()),
    Field::new("vo", Cell::Plain, |row, _| or_null(row.lately.subject.vo())),
    Field::new("live", Cell::Plain, |row, _| row.lately.live.into()),
    Field::new("revocable", Cell::Plain, |row, _| row.revocable.into()),
    Field::new("first_issued", Cell::Time, |row, _| time(row.first_seen)),
    Field::new("last_issued", Cell::Time, |row, _| time(row.last_seen)),
    Field::new("revoked", Cell::Plain, |row, _| row.lately.revoked.into()),
    Field::new("rotations_per_hour", Cell::Plain, |row, at| rotations(&row.lately, at)),
    Field::new("anomalies", Cell::Plain, |row, at| sentences(&row.lately.anomalies(at.policy))),
    Field::new("revocable_is_complete", Cell::Plain, |row, _| (!row.has_more_revocable).into()),
];

/// Rotations per hour of the last lifetime, to two digits behind the point.
fn rotations(row: &SubjectSummary, at: &Moment<'_>) -> Value {
    ((row.rotations_per_hour(at.policy) * 100.0).round() / 100.0).into()
}

pub(super) async fn run(run: &mut Run, verb: &SubjectVerb) -> anyhow::Result<u8> {
    let (db, config) = run.reading().await?;
    match verb {
        SubjectVerb::List { containing, options } => {
            let containing = Containing::new(containing.as_deref().unwrap_or_default());
            let page = db.subjects(&containing, &config.policy, options.limit).await.map_err(Error::from)?;
            let moment = Moment { now: page.now, policy: &config.policy };
            let mut list = List::begin(&mut run.sink, run.format, FIELDS)?;
            for row in &page.rows {
                list.add(row, &moment)?;
            }
            let rows = list.end()?;
            Ok(run.conclude(rows, page.has_more, !page.is_cut_short, *options))
        }
        SubjectVerb::Show { sub } => {
            let one = db.one_subject(sub, &config.policy).await.map_err(Error::from)?;
            let now = match &one {
                Some(one) => one.now,
                None => db.now().await.map_err(Error::from)?,
            };
            run.show(ONE, one.as_ref(), &Moment { now, policy: &config.policy }, &format!("there is no token of {sub}"))
        }
    }
}
