//! The fields of a refresh token.

use std::time::Duration;

use authdb_shared::ids::{Jti, Subject};
use authdb_shared::liveness::Liveness;
use authdb_shared::model::RefreshToken;

use super::{Column, Kind, MEDIUM, Record, Role, Row, Value, Viewpoint, Width, record_of, sentences};
use crate::filter::{Reach, States};
use crate::verbs::token::FIELDS;

impl Row for RefreshToken {
    type Key = Jti;

    const COLUMNS: &'static [Column<Self>] = &[
        Column::<Self>::new("age", "AGE", Width::Cells(7), |token, at| {
            Value::span(token.jti.issued_at().map(|issued| at.now.since(issued)))
        })
        .of(Kind::Span)
        .right()
        .absent("?")
        .since("ISSUED", |token| token.jti.issued_at()),
        Column::<Self>::new("state", "STATE", Width::Cells(8), |token, at| {
            let liveness = liveness(token, at);
            Value::State(liveness.to_string(), rank(liveness))
        })
        .of(Kind::State)
        .looks(|token, at| Role::of_token(liveness(token, at))),
        Column::<Self>::anomaly(|token, at| sentences(&token.anomalies(at.now, &at.policy))),
        Column::<Self>::new("left", "LEFT", Width::Cells(7), |token, at| Value::span(left(token, at)))
            .of(Kind::Span)
            .right()
            .looks(|token, at| Role::of_left(left(token, at))),
        Column::<Self>::new("subject", "SUBJECT", Width::Rest(3), |token, _| {
            Value::text(token.subject.as_ref().map(Subject::as_str))
        })
        .alias_behind_vo("subject")
        .absent("(nobody)")
        .looks(|_, _| Role::Strong),
        Column::<Self>::new("group", "GROUP", Width::Rest(2), |token, _| Value::text(token.scope.group()))
            .open()
            .from(MEDIUM)
            .absent("(default)"),
        Column::<Self>::new("token", "TOKEN", Width::CellsOrWide(13, 36), |token, _| Value::Key(token.jti.to_string()))
            .open()
            .from(MEDIUM)
            .looks(|_, _| Role::Faint),
        Column::<Self>::new("vo", "VO", Width::Unlisted, |token, _| Value::text(token.scope.vo())).open().absent("-"),
        Column::<Self>::new("scope", "SCOPE", Width::Unlisted, |token, _| Value::Text(token.scope.as_str().to_owned()))
            .open(),
        Column::<Self>::new("issued", "ISSUED", Width::Unlisted, |token, _| Value::time(token.jti.issued_at()))
            .of(Kind::Time)
            .absent("at an unknown time"),
        Column::<Self>::new("status", "STATUS", Width::Unlisted, |token, _| {
            Value::Text(token.status.as_str().to_owned())
        })
        .open(),
    ];

    const REACH: Reach = Reach { subject: true, client: false, states: States::OfTokens, ..Reach::FLOW };

    fn key(&self) -> Jti {
        self.jti.clone()
    }

    fn key_text(key: &Jti) -> String {
        key.to_string()
    }

    fn record(&self, at: &Viewpoint) -> Record {
        record_of(FIELDS, self, at)
    }
}

fn liveness(token: &RefreshToken, at: &Viewpoint) -> Liveness {
    token.liveness(at.now, &at.policy)
}

fn left(token: &RefreshToken, at: &Viewpoint) -> Option<Duration> {
    match liveness(token, at) {
        Liveness::Live { left } => Some(left),
        _ => None,
    }
}

/// What may work before what should not be before what is over.
fn rank(liveness: Liveness) -> u8 {
    match liveness {
        Liveness::Live { .. } => 0,
        Liveness::Undated => 1,
        Liveness::FromTheFuture { .. } => 2,
        Liveness::Unrecognised => 3,
        Liveness::Expired { .. } => 4,
        Liveness::Revoked => 5,
    }
}
