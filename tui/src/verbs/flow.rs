//! `flow`: logins by a browser.

use std::io::stdin;

use authdb_shared::Error;
use authdb_shared::db::Order;
use authdb_shared::ids::FlowId;
use authdb_shared::model::AuthorizationFlow;
use authdb_shared::session_plan::PlanStep;
use clap::Subcommand;

use super::device::FlowOptions;
use super::output::{Cell, Field, Moment, names_with_anomalies, seconds, sentences, time};
use super::writing::WriteOptions;
use super::{ListOptions, Run, keys, or_null, writing};

/// What can be done with authorization flows.
#[derive(Debug, Subcommand)]
pub(crate) enum FlowVerb {
    /// List authorization flows, those that wait for somebody first
    #[command(after_help = format!("Fields: {}\n\nExamples:\n  authdb flow list\n  authdb flow list --state ready --output csv\n  \
                                    authdb flow list --output jsonl | jq 'select(.anomalies != [])'",
                                   names_with_anomalies(FIELDS)))]
    List {
        #[command(flatten)]
        filter: FlowOptions,
        #[command(flatten)]
        options: ListOptions,
    },
    /// Show one authorization flow
    #[command(after_help = format!("Fields: {}\n\nExample:\n  authdb flow show 01a22ee6-b000-7abc-8000-00000000000f",
                                   names_with_anomalies(FIELDS)))]
    Show {
        /// The flow's UUID, with or without dashes
        #[arg(value_parser = FlowId::read)]
        id: FlowId,
    },
    /// Cancel authorization flows: pending and ready ones end in an error
    #[command(after_help = writing::help("Examples:\n  authdb flow cancel 01a22ee6-b000-7abc-8000-00000000000f\n  authdb \
                                          flow list --state pending --limit none --output jsonl | jq -r .id | authdb flow \
                                          cancel - --yes"))]
    Cancel {
        /// UUIDs of flows, or - for one per line of standard input
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        #[command(flatten)]
        options: WriteOptions,
    },
}

pub(crate) const FIELDS: &[Field<AuthorizationFlow>] = &[
    Field::new("id", Cell::Plain, |flow, _| flow.id.to_string().into()),
    Field::new("state", Cell::Plain, |flow, at| flow.state(at.now, at.policy).to_string().into()),
    Field::new("status", Cell::Hidden, |flow, _| flow.status.as_str().into()),
    Field::new("left_seconds", Cell::Span, |flow, at| seconds(flow.state(at.now, at.policy).left())),
    Field::new("created", Cell::Time, |flow, _| time(flow.created)),
    Field::new("client", Cell::Plain, |flow, _| flow.client_id.as_str().into()),
    Field::new("vo", Cell::Plain, |flow, _| or_null(flow.scope.vo())),
    Field::new("group", Cell::Plain, |flow, _| or_null(flow.scope.group())),
    Field::new("scope", Cell::Hidden, |flow, _| flow.scope.as_str().into()),
    Field::new("redirect_uri", Cell::Hidden, |flow, _| flow.redirect_uri.as_str().into()),
    Field::new("sub", Cell::Plain, |flow, _| or_null(flow.sub.as_deref())),
    Field::new("anomalies", Cell::Hidden, |flow, at| sentences(&flow.anomalies(at.now, at.policy))),
];

pub(super) async fn run(run: &mut Run, verb: &FlowVerb) -> anyhow::Result<u8> {
    match verb {
        FlowVerb::List { filter, options } => {
            let (db, config) = run.reading().await?;
            let (filter, policy, db) = (&filter.filter(), &config.policy, &db);
            run.list(FIELDS, Order::TimeLeft, *options, policy, |request| async move {
                db.authorization_flows(filter, policy, &request).await
            })
            .await
        }
        FlowVerb::Show { id } => {
            let (db, config) = run.reading().await?;
            let (flow, now) = db.authorization_flow(id).await.map_err(Error::from)?;
            let moment = Moment { now, policy: &config.policy };
            run.show(FIELDS, flow.as_ref(), &moment, &format!("there is no authorization flow {id}"))
        }
        FlowVerb::Cancel { ids, options } => {
            let steps: Vec<PlanStep> =
                keys::read(ids, stdin().lock(), FlowId::read)?.into_iter().map(PlanStep::Cancel).collect();
            run.write(&steps, options, keys::are_piped(ids)).await
        }
    }
}
