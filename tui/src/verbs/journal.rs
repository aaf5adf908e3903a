//! `journal`: who changed what by hand, and whether the journal is as it was written.

use authdb_shared::Error;
use authdb_shared::db::{AdminAction, JournalCheck, LedgerState};
use authdb_shared::error::{EXIT_DONE, EXIT_REFUSED};
use clap::Subcommand;
use serde_json::Value;

use super::output::{Cell, Field, List, Moment, names, print_one, time};
use super::{ListOptions, Run, say};

/// What can be done with the journal.
#[derive(Debug, Subcommand)]
pub(crate) enum JournalVerb {
    /// List what was changed by hand, and what was refused; the newest first
    #[command(after_help = format!("Fields: {}\n\nExamples:\n  authdb journal list --limit 20\n  authdb journal list --output \
                                    jsonl | jq 'select(.action == \"approve\")'", names(FIELDS)))]
    List {
        #[command(flatten)]
        options: ListOptions,
    },
    /// Verify the chain of hashes from its beginning to its end
    #[command(after_help = format!("Fields: {}\nThe exit code is 1 where the chain is broken.\n\nExample:\n  authdb journal \
                                    verify", names(CHECK)))]
    Verify,
}

pub(crate) const FIELDS: &[Field<AdminAction>] = &[
    Field::new("id", Cell::Plain, |row, _| row.id.into()),
    Field::new("time", Cell::Time, |row, _| time(row.time)),
    Field::new("actor", Cell::Plain, |row, _| row.actor.as_str().into()),
    Field::new("account", Cell::Hidden, |row, _| row.account.as_str().into()),
    Field::new("host", Cell::Hidden, |row, _| row.host.as_str().into()),
    Field::new("action", Cell::Plain, |row, _| row.action.as_str().into()),
    Field::new("target", Cell::Plain, |row, _| row.target.as_str().into()),
    Field::new("outcome", Cell::Plain, |row, _| row.outcome.to_string().into()),
    Field::new("reason", Cell::Plain, |row, _| row.reason.as_str().into()),
    Field::new("details", Cell::Hidden, |row, _| row.details.clone()),
];

const CHECK: &[Field<JournalCheck>] = &[
    Field::new("is_sound", Cell::Plain, |row, _| row.fault.is_none().into()),
    Field::new("sound_actions", Cell::Plain, |row, _| row.sound.into()),
    Field::new("head", Cell::Plain, |row, _| row.head.as_str().into()),
    Field::new("fault", Cell::Plain, |row, _| row.fault.as_ref().map_or(Value::Null, |it| it.to_string().into())),
];

/// Actions per page.
const PAGE: u32 = 1000;

pub(super) async fn run(run: &mut Run, verb: &JournalVerb) -> anyhow::Result<u8> {
    let (db, config) = run.reading().await?;
    if db.ledger_state().await.map_err(Error::from)? == LedgerState::Absent {
        say("this database has no journal. `authdb init` makes one");
        return Ok(EXIT_REFUSED);
    }
    match verb {
        JournalVerb::List { options } => {
            let mut list = List::begin(&mut run.sink, run.format, FIELDS)?;
            let (mut before, mut has_more) = (None, true);
            while has_more && list.rows() < u64::from(options.limit) && list.hand_on()? {
                let left = u64::from(options.limit) - list.rows();
                let limit = u32::try_from(left).unwrap_or(PAGE).min(PAGE);
                let page = db.admin_actions(before, limit).await.map_err(Error::from)?;
                let moment = Moment { now: page.now, policy: &config.policy };
                for action in &page.rows {
                    list.add(action, &moment)?;
                }
                (before, has_more) = (page.rows.last().map(|action| action.id), page.has_more);
            }
            let rows = list.end()?;
            Ok(run.conclude(rows, has_more, true, *options))
        }
        JournalVerb::Verify => {
            let check = db.verify_journal().await.map_err(Error::from)?;
            let now = db.now().await.map_err(Error::from)?;
            print_one(&mut run.sink, run.format, CHECK, &check, &Moment { now, policy: &config.policy })?;
            Ok(if check.fault.is_none() { EXIT_DONE } else { EXIT_REFUSED })
        }
    }
}
