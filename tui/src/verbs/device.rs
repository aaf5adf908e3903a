//! `device`: logins by a code that a user reads out.

use std::io::stdin;

use authdb_shared::Error;
use authdb_shared::db::{FlowFilter, FlowStateFilter, Order, ScopeFilter};
use authdb_shared::ids::UserCode;
use authdb_shared::model::{DeviceFlow, IdTokenClaims};
use authdb_shared::session_plan::PlanStep;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand, ValueEnum};

use super::output::{Cell, Field, Moment, names_with_anomalies, seconds, sentences, time};
use super::writing::WriteOptions;
use super::{ListOptions, Run, keys, or_null, writing};

/// What can be done with device flows.
#[derive(Debug, Subcommand)]
pub(crate) enum DeviceVerb {
    /// List device flows, those that wait for somebody first
    #[command(after_help = format!("Fields: {}\n\nExamples:\n  authdb device list\n  authdb device list --state pending --vo \
                                    lhcb --output json\n  authdb device list --output jsonl | jq 'select(.anomalies != \
                                    [])'", names_with_anomalies(FIELDS)))]
    List {
        #[command(flatten)]
        filter: FlowOptions,
        #[command(flatten)]
        options: ListOptions,
    },
    /// Show one device flow
    #[command(after_help = format!("Fields: {}\n\nExample:\n  authdb device show BCDF-GHJK", names_with_anomalies(FIELDS)))]
    Show {
        /// The user code, with or without its dash, in either case
        #[arg(value_parser = UserCode::read)]
        code: UserCode,
    },
    /// Approve a device flow: whoever holds its code is logged in as the subject
    #[command(after_help = writing::help("Type the code that the user reads out. A code that was found in the list proves \
                                          only that somebody has begun to log in (RFC 8628 section 5.4).\n\nExamples:\n  \
                                          authdb device approve BCDF-GHJK --sub alice --dry-run\n  authdb device \
                                          approve BCDF-GHJK --sub alice --name 'Alice A.' --reason 'ticket 4711' --yes"))]
    Approve {
        /// The user code that the user reads out
        #[arg(value_parser = UserCode::read)]
        code: UserCode,
        /// Who it is, without the VO, which DiracX adds by itself
        #[arg(long, value_name = "SUB", value_parser = NonEmptyStringValueParser::new())]
        sub: String,
        /// The user name that goes into the token; the registry's, where approval.registry is configured
        #[arg(long, value_parser = NonEmptyStringValueParser::new())]
        name: Option<String>,
        /// Approve although the registry speaks against it, or cannot be read; DiracX will probably mint no token
        #[arg(long)]
        despite_registry: bool,
        #[command(flatten)]
        options: WriteOptions,
    },
    /// Deny device flows: pending and ready ones end in an error
    #[command(after_help = writing::help("Examples:\n  authdb device deny BCDF-GHJK\n  authdb device list --client bad \
                                          --limit none --output jsonl | jq -r .code | authdb device deny - --yes"))]
    Deny {
        /// User codes, or - for one per line of standard input
        #[arg(required = true, value_name = "CODE")]
        codes: Vec<String>,
        #[command(flatten)]
        options: WriteOptions,
    },
}

/// Which flows are listed.
#[derive(Debug, Args)]
pub(crate) struct FlowOptions {
    /// Only those in this state
    #[arg(long, value_enum)]
    state: Option<StateName>,
    /// Only those of this client
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    client: Option<String>,
    /// Only those whose scope asks for this VO
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    vo: Option<String>,
    /// Only those whose scope asks for this group
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    group: Option<String>,
    /// Only those with this text in a key, client, scope, subject or redirect URI
    #[arg(long, value_name = "TEXT", value_parser = super::listing::wanted_text)]
    containing: Option<String>,
}

/// What a flow means now; see liveness in the handbook of the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StateName {
    /// Nobody has logged in yet
    Pending,
    /// Somebody has logged in, and the token may be issued
    Ready,
    /// Pending or ready, and too old to be completed
    Stale,
    /// The token has been issued
    Done,
    /// Denied, cancelled or failed
    Error,
    /// A status or time that this program does not know
    Unknown,
}

impl From<StateName> for FlowStateFilter {
    fn from(name: StateName) -> Self {
        match name {
            StateName::Pending => Self::Pending,
            StateName::Ready => Self::Ready,
            StateName::Stale => Self::Stale,
            StateName::Done => Self::Done,
            StateName::Error => Self::Error,
            StateName::Unknown => Self::Unrecognised,
        }
    }
}

impl FlowOptions {
    /// The same for the database.
    pub(super) fn filter(&self) -> FlowFilter {
        FlowFilter {
            states: self.state.map(|state| [state.into()].into()),
            client: self.client.clone(),
            scope: ScopeFilter { vo: self.vo.clone(), group: self.group.clone(), containing: None },
            ..FlowFilter::containing(self.containing.as_deref().unwrap_or_default())
        }
    }
}

pub(crate) const FIELDS: &[Field<DeviceFlow>] = &[
    Field::new("code", Cell::Plain, |flow, _| flow.user_code.to_string().into()),
    Field::new("state", Cell::Plain, |flow, at| flow.state(at.now, at.policy).to_string().into()),
    Field::new("status", Cell::Hidden, |flow, _| flow.status.as_str().into()),
    Field::new("left_seconds", Cell::Span, |flow, at| seconds(flow.state(at.now, at.policy).left())),
    Field::new("created", Cell::Time, |flow, _| time(flow.created)),
    Field::new("client", Cell::Plain, |flow, _| flow.client_id.as_str().into()),
    Field::new("vo", Cell::Plain, |flow, _| or_null(flow.scope.vo())),
    Field::new("group", Cell::Plain, |flow, _| or_null(flow.scope.group())),
    Field::new("scope", Cell::Hidden, |flow, _| flow.scope.as_str().into()),
    Field::new("sub", Cell::Plain, |flow, _| or_null(flow.sub.as_deref())),
    Field::new("anomalies", Cell::Hidden, |flow, at| sentences(&flow.anomalies(at.now, at.policy))),
];

pub(super) async fn run(run: &mut Run, verb: &DeviceVerb) -> anyhow::Result<u8> {
    match verb {
        DeviceVerb::List { filter, options } => {
            let (db, config) = run.reading().await?;
            let (filter, policy) = (&filter.filter(), &config.policy);
            let (flows, db) = (FIELDS, &db);
            run.list(flows, Order::TimeLeft, *options, policy, |request| async move {
                db.device_flows(filter, policy, &request).await
            })
            .await
        }
        DeviceVerb::Show { code } => {
            let (db, config) = run.reading().await?;
            let (flow, now) = db.device_flow(code).await.map_err(Error::from)?;
            let moment = Moment { now, policy: &config.policy };
            run.show(FIELDS, flow.as_ref(), &moment, &format!("there is no device flow with the code {code}"))
        }
        DeviceVerb::Approve { code, sub, name, despite_registry, options } => {
            let mut claims = IdTokenClaims { sub: sub.clone(), preferred_username: name.clone() };
            let remark = run.registered(code, &mut claims, *despite_registry).await?;
            run.write_remarked(&[PlanStep::Approve(code.clone(), claims)], options, false, &remark).await
        }
        DeviceVerb::Deny { codes, options } => {
            let steps: Vec<PlanStep> =
                keys::read(codes, stdin().lock(), UserCode::read)?.into_iter().map(PlanStep::Deny).collect();
            run.write(&steps, options, keys::are_piped(codes)).await
        }
    }
}
