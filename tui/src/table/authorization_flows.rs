//! The fields of an authorization flow.

use authdb_shared::ids::FlowId;
use authdb_shared::liveness::FlowState;
use authdb_shared::model::AuthorizationFlow;

use super::device_flows::of_state;
use super::{
    Column, Kind, LEFT, LEFT_WITH_BAR, MEDIUM, Record, Role, Row, Value, Viewpoint, Width, record_of, sentences,
};
use crate::filter::Reach;
use crate::verbs::flow::FIELDS;

impl Row for AuthorizationFlow {
    type Key = FlowId;

    const COLUMNS: &'static [Column<Self>] = &[
        Column::<Self>::new("flow", "FLOW", Width::CellsOrWide(13, 36), |flow, _| Value::Key(flow.id.to_string()))
            .open()
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
        .gauge(|flow, at| Some((state(flow, at).left()?, at.policy.authorization_flow_expiration))),
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
        // Where a login returns to is what tells a forged one.
        Column::<Self>::new("returns_to", "RETURNS TO", Width::Unlisted, |flow, _| {
            Value::Text(flow.redirect_uri.clone())
        })
        .open(),
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

    // A flow whose key is older than itself may be missed by its age.
    const REACH: Reach = Reach { age: false, ..Reach::FLOW };

    fn key(&self) -> FlowId {
        self.id.clone()
    }

    fn key_text(key: &FlowId) -> String {
        key.to_string()
    }

    fn record(&self, at: &Viewpoint) -> Record {
        record_of(FIELDS, self, at)
    }
}

fn state(flow: &AuthorizationFlow, at: &Viewpoint) -> FlowState {
    flow.state(at.now, &at.policy)
}
