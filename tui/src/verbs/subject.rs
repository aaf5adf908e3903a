//! `subject`: people with live tokens.

use authdb_shared::config::Config;
use authdb_shared::db::{AuthDb, Containing, DbError, Order, PageRequest, TokenFilter};
use authdb_shared::error::EXIT_DONE;
use authdb_shared::ids::Subject;
use authdb_shared::model::SubjectSummary;
use authdb_shared::{Error, Timestamp};
use clap::Subcommand;
use clap::builder::NonEmptyStringValueParser;

use super::output::{Cell, Field, List, Moment, names, time};
use super::token::subject;
use super::{ListOptions, Run, or_null};

/// What can be done with subjects.
#[derive(Debug, Subcommand)]
pub(crate) enum SubjectVerb {
    /// List who has live tokens, and how many; who has most first
    #[command(after_help = format!("Fields: {}\n\nExamples:\n  authdb subject list\n  authdb subject list --containing lhcb: \
                                    --limit 10", names(FIELDS)))]
    List {
        /// Only those with this text in their names
        #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
        containing: Option<String>,
        #[command(flatten)]
        options: ListOptions,
    },
    /// Show one subject
    #[command(after_help = format!("Fields: {}\n\nExample:\n  authdb subject show lhcb:alice", names(ONE)))]
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
];

/// One subject, over all of its tokens.
struct OneSubject {
    subject: Subject,
    /// Its tokens that work now.
    live: u64,
    /// Its tokens that are CREATED, expired ones included: what revoking all of it would change.
    revocable: u64,
    oldest: Option<Timestamp>,
    newest: Option<Timestamp>,
}

const ONE: &[Field<OneSubject>] = &[
    Field::new("sub", Cell::Plain, |row, _| row.subject.as_str().into()),
    Field::new("vo", Cell::Plain, |row, _| or_null(row.subject.vo())),
    Field::new("live", Cell::Plain, |row, _| row.live.into()),
    Field::new("revocable", Cell::Plain, |row, _| row.revocable.into()),
    Field::new("first_issued", Cell::Time, |row, _| time(row.oldest)),
    Field::new("last_issued", Cell::Time, |row, _| time(row.newest)),
];

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
            let (one, now) = look(&db, &config, sub).await.map_err(Error::from)?;
            let moment = Moment { now, policy: &config.policy };
            run.show(ONE, one.as_ref(), &moment, &format!("there is no token of {sub}"))?;
            Ok(if one.is_some() { EXIT_DONE } else { authdb_shared::error::EXIT_REFUSED })
        }
    }
}

/// The subject, if it has any token at all.
async fn look(db: &AuthDb, config: &Config, sub: &Subject) -> Result<(Option<OneSubject>, Timestamp), DbError> {
    let all = TokenFilter::of(sub.clone());
    let end = |order| {
        let (db, all) = (db, &all);
        async move { db.refresh_tokens(all, &config.policy, &PageRequest::first(order, 1)).await }
    };
    let newest = end(Order::NewestFirst).await?;
    let Some(token) = newest.rows.first() else { return Ok((None, newest.now)) };
    let oldest = end(Order::OldestFirst).await?;
    let one = OneSubject {
        subject: sub.clone(),
        live: live(db, config, sub).await?,
        revocable: db.revocable_tokens(sub).await?,
        oldest: oldest.rows.first().and_then(|token| token.jti.issued_at()),
        newest: token.jti.issued_at(),
    };
    Ok((Some(one), newest.now))
}

/// How many of its tokens work now, read a page at a time.
async fn live(db: &AuthDb, config: &Config, sub: &Subject) -> Result<u64, DbError> {
    let filter = TokenFilter { subject: TokenFilter::of(sub.clone()).subject, ..TokenFilter::live() };
    let (mut count, mut next) = (0, Some(PageRequest::first(Order::NewestFirst, 1000)));
    while let Some(request) = next {
        let page = db.refresh_tokens(&filter, &config.policy, &request).await?;
        count += page.rows.len() as u64;
        next = request.after(&page);
    }
    Ok(count)
}
