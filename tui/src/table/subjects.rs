//! The fields of a subject with live tokens.

use authdb_shared::Timestamp;
use authdb_shared::ids::Subject;
use authdb_shared::model::SubjectSummary;

use super::{Column, Kind, MEDIUM, Record, Role, Row, Value, Viewpoint, WIDE, Width, record_of, sentences};
use crate::filter::Reach;
use crate::verbs::subject::FIELDS;

impl Row for SubjectSummary {
    type Key = Subject;

    const COLUMNS: &'static [Column<Self>] = &[
        Column::<Self>::new("subject", "SUBJECT", Width::Rest(1), |row, _| {
            Value::Text(row.subject.as_str().to_owned())
        })
        .alias_behind_vo("subject")
        .looks(|_, _| Role::Strong),
        Column::<Self>::anomaly(|row, at| sentences(&row.anomalies(&at.policy))),
        Column::<Self>::new("vo", "VO", Width::Cells(10), |row, _| Value::text(row.subject.vo()))
            .open()
            .from(WIDE)
            .absent("-"),
        Column::<Self>::new("live", "LIVE", Width::Cells(6), |row, _| Value::Count(row.live))
            .of(Kind::Count)
            .right()
            .looks(|_, _| Role::Good),
        Column::<Self>::new("revoked", "NO LONGER LIVE", Width::Cells(14), |row, _| Value::Count(row.revoked))
            .of(Kind::Count)
            .right()
            .from(MEDIUM)
            .looks(|_, _| Role::Faint),
        Column::<Self>::new("rotations", "ROTATED/H", Width::Cells(9), |row, at| Value::Count(per_hour(row, at)))
            .of(Kind::Count)
            .right()
            .from(WIDE),
        Column::<Self>::new("oldest", "OLDEST", Width::Cells(8), |row, at| age(row.first, at))
            .of(Kind::Span)
            .right()
            .from(MEDIUM)
            .absent("?")
            .since("OLDEST", |row| row.first),
        Column::<Self>::new("newest", "NEWEST", Width::Cells(8), |row, at| age(row.last, at))
            .of(Kind::Span)
            .right()
            .absent("?")
            .since("NEWEST", |row| row.last),
        Column::<Self>::new("first", "FIRST TOKEN ISSUED", Width::Unlisted, |row, _| Value::time(row.first))
            .of(Kind::Time)
            .absent("at an unknown time"),
        Column::<Self>::new("last", "LAST TOKEN ISSUED", Width::Unlisted, |row, _| Value::time(row.last))
            .of(Kind::Time)
            .absent("at an unknown time"),
    ];

    const REACH: Reach = Reach { text: true, ..Reach::NOTHING };

    fn key(&self) -> Subject {
        self.subject.clone()
    }

    fn key_text(key: &Subject) -> String {
        key.as_str().to_owned()
    }

    fn record(&self, at: &Viewpoint) -> Record {
        record_of(FIELDS, self, at)
    }
}

fn age(time: Option<Timestamp>, at: &Viewpoint) -> Value {
    Value::span(time.map(|time| at.now.since(time)))
}

/// Rotations per hour in whole ones; what happens less than once is told from what never does.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is not negative, and is small")]
fn per_hour(row: &SubjectSummary, at: &Viewpoint) -> u64 {
    (row.rotations_per_hour(&at.policy).round() as u64).max(u64::from(row.revoked > 0))
}
