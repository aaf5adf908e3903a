//! `token`: refresh tokens.

use std::io::stdin;
use std::time::Duration;

use authdb_shared::Error;
use authdb_shared::db::{AgeFilter, Containing, Order, ScopeFilter, SubjectFilter, TokenFilter};
use authdb_shared::ids::{Jti, Subject};
use authdb_shared::liveness::Liveness;
use authdb_shared::model::RefreshToken;
use authdb_shared::session_plan::PlanStep;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};

use super::output::{Cell, Field, Moment, names_with_anomalies, seconds, sentences, time};
use super::writing::WriteOptions;
use super::{ListOptions, Run, keys, or_null, writing};

/// What can be done with refresh tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenVerb {
    /// List refresh tokens, the newest first
    #[command(after_help = format!("Fields: {}\n\nExamples:\n  authdb token list\n  authdb token list --sub lhcb:alice --all\n  \
                                    authdb token list --since 1h --output jsonl | jq -r .jti\n  authdb token list --all \
                                    --output jsonl | jq 'select(.anomalies != [])'", names_with_anomalies(FIELDS)))]
    List {
        #[command(flatten)]
        filter: TokenOptions,
        #[command(flatten)]
        options: ListOptions,
    },
    /// Show one refresh token
    #[command(after_help = format!("Fields: {}\n\nExample:\n  authdb token show 01a22ee6-b000-7abc-8000-00000000000f",
                                   names_with_anomalies(FIELDS)))]
    Show {
        /// The token's JTI, with or without dashes
        #[arg(value_parser = Jti::read)]
        jti: Jti,
    },
    /// Revoke refresh tokens, or all of a subject
    #[command(after_help = writing::help("A client that still runs will present its revoked token, and DiracX then revokes \
                                          every token of that subject. Access tokens work until they \
                                          expire.\n\nExamples:\n  authdb token revoke \
                                          01a22ee6-b000-7abc-8000-00000000000f --dry-run\n  authdb token revoke --sub \
                                          lhcb:alice --reason 'laptop stolen'\n  authdb token list --vo lhcb --limit none \
                                          --output jsonl | jq -r .jti | authdb token revoke - --yes"))]
    Revoke {
        /// JTIs of tokens, or - for one per line of standard input
        #[arg(required_unless_present = "sub", conflicts_with = "sub", value_name = "JTI")]
        jtis: Vec<String>,
        /// All tokens of this subject, with its VO before it, exactly as it is written
        #[arg(long, value_name = "VO:SUB", value_parser = subject)]
        sub: Option<Subject>,
        #[command(flatten)]
        options: WriteOptions,
    },
}

/// Which tokens are listed.
#[derive(Debug, Args)]
pub(crate) struct TokenOptions {
    /// Only those of this subject, with its VO before it, exactly as it is written
    #[arg(long, value_name = "VO:SUB", value_parser = subject)]
    sub: Option<Subject>,
    /// Only what works now; this is so unless --all is given
    #[arg(long, conflicts_with = "all")]
    live: bool,
    /// Whatever became of it: expired and revoked ones too
    #[arg(long)]
    all: bool,
    /// Only what was issued so long ago at most, such as 1h or 2days
    #[arg(long, value_name = "SPAN", value_parser = humantime::parse_duration)]
    since: Option<Duration>,
    /// Only those whose scope asks for this VO
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    vo: Option<String>,
    /// Only those whose scope asks for this group
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    group: Option<String>,
    /// Only those with this text in a key, status, subject or scope
    #[arg(long, value_name = "TEXT", value_parser = super::listing::wanted_text)]
    containing: Option<String>,
}

/// A subject as it is typed.
pub(super) fn subject(typed: &str) -> Result<Subject, String> {
    Subject::new(typed).map_err(|error| error.to_string())
}

impl TokenOptions {
    fn filter(&self) -> TokenFilter {
        let horizon = if self.all { TokenFilter::default() } else { TokenFilter::live() };
        TokenFilter {
            containing: Containing::new(self.containing.as_deref().unwrap_or_default()),
            scope: ScopeFilter { vo: self.vo.clone(), group: self.group.clone(), containing: None },
            subject: self.sub.clone().map(SubjectFilter::Exactly),
            age: AgeFilter { younger_than: self.since, older_than: None },
            ..horizon
        }
    }
}

pub(crate) const FIELDS: &[Field<RefreshToken>] = &[
    Field::new("jti", Cell::Plain, |token, _| token.jti.to_string().into()),
    Field::new("liveness", Cell::Plain, |token, at| token.liveness(at.now, at.policy).to_string().into()),
    Field::new("status", Cell::Hidden, |token, _| token.status.as_str().into()),
    Field::new("left_seconds", Cell::Span, |token, at| match token.liveness(at.now, at.policy) {
        Liveness::Live { left } => seconds(Some(left)),
        _ => seconds(None),
    }),
    Field::new("issued", Cell::Time, |token, _| time(token.jti.issued_at())),
    Field::new("expires", Cell::Hidden, |token, at| time(token.expiry(at.policy))),
    Field::new("sub", Cell::Plain, |token, _| or_null(token.subject.as_ref().map(Subject::as_str))),
    Field::new("vo", Cell::Hidden, |token, _| or_null(token.scope.vo())),
    Field::new("group", Cell::Plain, |token, _| or_null(token.scope.group())),
    Field::new("scope", Cell::Hidden, |token, _| token.scope.as_str().into()),
    Field::new("anomalies", Cell::Hidden, |token, at| sentences(&token.anomalies(at.now, at.policy))),
];

pub(super) async fn run(run: &mut Run, verb: &TokenVerb) -> anyhow::Result<u8> {
    match verb {
        TokenVerb::List { filter, options } => {
            let (db, config) = run.reading().await?;
            let (filter, policy, db) = (&filter.filter(), &config.policy, &db);
            run.list(FIELDS, Order::NewestFirst, *options, policy, |request| async move {
                db.refresh_tokens(filter, policy, &request).await
            })
            .await
        }
        TokenVerb::Show { jti } => {
            let (db, config) = run.reading().await?;
            let (token, now) = db.refresh_token(jti).await.map_err(Error::from)?;
            let moment = Moment { now, policy: &config.policy };
            run.show(FIELDS, token.as_ref(), &moment, &format!("there is no refresh token {jti}"))
        }
        TokenVerb::Revoke { sub: Some(subject), options, .. } => {
            run.write(&[PlanStep::RevokeSubject(subject.clone())], options, false).await
        }
        TokenVerb::Revoke { jtis, sub: None, options } => {
            let steps: Vec<PlanStep> =
                keys::read(jtis, stdin().lock(), Jti::read)?.into_iter().map(PlanStep::Revoke).collect();
            run.write(&steps, options, keys::are_piped(jtis)).await
        }
    }
}
