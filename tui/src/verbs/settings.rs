//! `config`: what is in force, and where it came from. It asks no database.

use authdb_shared::config::{Config, ShownSetting};
use authdb_shared::error::EXIT_DONE;
use authdb_shared::{Error, Policy, clock};

use super::Run;
use super::output::{Cell, Field, List, Moment, names};

const FIELDS: &[Field<ShownSetting>] = &[
    Field::new("key", Cell::Plain, |row, _| row.key.as_str().into()),
    Field::new("value", Cell::Plain, |row, _| row.value.as_str().into()),
    Field::new("origin", Cell::Plain, |row, _| row.origin.to_string().into()),
];

/// The end of the help.
pub(super) fn help() -> String {
    let commands = crate::command::COMMANDS.iter().map(|entry| entry.name).collect::<Vec<_>>().join(" ");
    let lists = crate::app::column_names().join("\n");
    format!(
        "{}\n\nCommands that [keys] can name: {commands}\n\nLists and fields that [columns] can name:\n{lists}\n\nExamples:\n  authdb config\n  authdb config --output json | jq '.[] | select(.origin != \"default\")'",
        names(FIELDS)
    )
}

pub(super) fn run(run: &mut Run) -> anyhow::Result<u8> {
    let settings = Config::settings(&run.sources).map_err(Error::from)?;
    let moment = Moment { now: clock::host_now(), policy: &Policy::default() };
    let mut list = List::begin(&mut run.sink, run.format, FIELDS)?;
    for setting in &settings {
        list.add(setting, &moment)?;
    }
    list.end()?;
    Ok(EXIT_DONE)
}
