//! The fields of a device flow.

use authdb_shared::ids::UserCode;
use authdb_shared::liveness::FlowState;
use authdb_shared::model::DeviceFlow;

use super::{
    Column, Kind, LEFT, LEFT_WITH_BAR, MEDIUM, Record, Role, Row, Value, Viewpoint, Width, record_of, sentences,
};
use crate::filter::Reach;
use crate::verbs::device::FIELDS;

impl Row for DeviceFlow {
    type Key = UserCode;

    const COLUMNS: &'static [Column<Self>] = &[
        Column::<Self>::new("code", "CODE", Width::Cells(9), |flow, _| Value::Key(flow.user_code.to_string()))
            .alias("code")
            .looks(|_, _| Role::Strong),
        Column::<Self>::new("state", "STATE", Width::Cells(8), |flow, at| of_state(state(flow, at)))
            .of(Kind::State)
            .looks(|flow, at| Role::of_flow(state(flow, at))),
        Column::<Self>::anomaly(|flow, at| sentences(&flow.anomalies(at.now, &at.policy))),
        Column::<Self>::new("left", "LEFT", Width::CellsOrWide(LEFT, LEFT_WITH_BAR), |flow, at| {
            Value::span(state(flow, at).left())
        })
        .of(Kind::Span)
        .right()
        .looks(|flow, at| Role::of_left(state(flow, at).left()))
        .gauge(|flow, at| Some((state(flow, at).left()?, at.policy.device_flow_expiration))),
        Column::<Self>::new("age", "AGE", Width::Cells(6), |flow, at| {
            Value::span(flow.created.map(|created| at.now.since(created)))
        })
        .of(Kind::Span)
        .right()
        .from(MEDIUM)
        .absent("?")
        .since("STARTED", |flow| flow.created),
        Column::<Self>::new("client", "CLIENT", Width::Rest(3), |flow, _| Value::Text(flow.client_id.clone()))
            .open()
            .from(MEDIUM),
        Column::<Self>::new("vo", "VO", Width::Cells(6), |flow, _| Value::text(flow.scope.vo())).open().absent("-"),
        Column::<Self>::new("group", "GROUP", Width::Rest(3), |flow, _| Value::text(flow.scope.group()))
            .open()
            .absent("(default)"),
        Column::<Self>::new("subject", "SUBJECT", Width::Rest(3), |flow, _| Value::text(flow.sub.as_deref()))
            .alias("subject")
            .from(MEDIUM),
        Column::<Self>::new("scope", "SCOPE", Width::Unlisted, |flow, _| Value::Text(flow.scope.as_str().to_owned()))
            .open(),
        Column::<Self>::new("started", "STARTED", Width::Unlisted, |flow, _| Value::time(flow.created))
            .of(Kind::Time)
            .absent("at an unknown time"),
        Column::<Self>::new("status", "STATUS", Width::Unlisted, |flow, _| {
            Value::Text(flow.status.as_str().to_owned())
        })
        .open(),
    ];

    const REACH: Reach = Reach::FLOW;

    fn key(&self) -> UserCode {
        self.user_code.clone()
    }

    fn key_text(key: &UserCode) -> String {
        key.to_string()
    }

    fn record(&self, at: &Viewpoint) -> Record {
        record_of(FIELDS, self, at)
    }
}

fn state(flow: &DeviceFlow, at: &Viewpoint) -> FlowState {
    flow.state(at.now, &at.policy)
}

/// Pending before ready before what is over.
pub(super) fn of_state(state: FlowState) -> Value {
    Value::State(state.to_string(), state.rank())
}
