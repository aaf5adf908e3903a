//! The fields of what was changed by hand.

use authdb_shared::db::{AdminAction, Outcome};

use super::{Column, Kind, MEDIUM, Record, Role, Row, Value, Viewpoint, WIDE, Width, record_of};
use crate::verbs::journal::FIELDS;

impl Row for AdminAction {
    type Key = i64;

    const COLUMNS: &'static [Column<Self>] = &[
        Column::<Self>::new("age", "AGE", Width::Cells(7), |row, at| {
            Value::span(row.time.map(|time| at.now.since(time)))
        })
        .of(Kind::Span)
        .right()
        .absent("?")
        .since("WHEN", |row| row.time),
        Column::<Self>::new("actor", "WHO", Width::Rest(2), |row, _| Value::Text(row.actor.clone())).alias("person"),
        Column::<Self>::new("action", "DID", Width::Cells(14), |row, _| Value::Text(row.action.clone()))
            .open()
            .looks(|_, _| Role::Strong),
        Column::<Self>::new("target", "TO", Width::Rest(4), |row, _| Value::Text(row.target.clone()))
            .alias_behind_vo("target"),
        Column::<Self>::new("outcome", "OUTCOME", Width::Cells(8), |row, _| Value::Text(row.outcome.to_string()))
            .open()
            .looks(|row, _| match row.outcome {
                Outcome::Done => Role::Good,
                Outcome::Refused => Role::Waiting,
                Outcome::Other(_) => Role::Odd,
            }),
        Column::<Self>::new("reason", "WHY", Width::Rest(4), |row, _| Value::Text(row.reason.clone())).from(MEDIUM),
        Column::<Self>::new("host", "FROM", Width::Rest(2), |row, _| Value::Text(row.host.clone()))
            .alias("host")
            .from(WIDE),
        Column::<Self>::new("account", "ACCOUNT", Width::Unlisted, |row, _| Value::Text(row.account.clone()))
            .alias("account"),
        Column::<Self>::new("time", "TIME", Width::Unlisted, |row, _| Value::time(row.time))
            .of(Kind::Time)
            .absent("at an unknown time"),
        Column::<Self>::new("id", "NUMBER", Width::Unlisted, |row, _| Value::Count(row.id.unsigned_abs()))
            .of(Kind::Count),
        Column::<Self>::new("details", "DETAILS", Width::Unlisted, |row, _| Value::Text(row.details.to_string())),
    ];

    fn key(&self) -> i64 {
        self.id
    }

    fn key_text(key: &i64) -> String {
        key.to_string()
    }

    fn record(&self, at: &Viewpoint) -> Record {
        record_of(FIELDS, self, at)
    }
}
