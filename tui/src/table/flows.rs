//! The fields that device flows and authorization flows share, so that both lists show, sort and hide them alike.

use std::time::Duration;

use authdb_shared::anomaly::Anomaly;
use authdb_shared::liveness::FlowState;
use authdb_shared::model::{AuthorizationFlow, DeviceFlow, Scope};
use authdb_shared::{Policy, Timestamp};

use super::{Column, Kind, LEFT, LEFT_WITH_BAR, MEDIUM, Role, Value, Viewpoint, Width, sentences};

/// A flow of either kind.
pub(super) trait Flow: 'static {
    fn state_at(&self, at: &Viewpoint) -> FlowState;
    fn anomalies_at(&self, at: &Viewpoint) -> Vec<Anomaly>;
    fn created(&self) -> Option<Timestamp>;
    fn client(&self) -> &str;
    fn scope(&self) -> &Scope;
    fn sub(&self) -> Option<&str>;
    fn status(&self) -> &str;
    fn expiration(policy: &Policy) -> Duration;
}

/// Pending before ready before what is over.
pub(super) const fn state<F: Flow>() -> Column<F> {
    Column::<F>::new("state", "STATE", Width::Cells(8), |flow, at| {
        let state = flow.state_at(at);
        Value::State(state.to_string(), state.rank())
    })
    .of(Kind::State)
    .looks(|flow, at| Role::of_flow(flow.state_at(at)))
}

pub(super) const fn anomaly<F: Flow>() -> Column<F> {
    Column::<F>::anomaly(|flow, at| sentences(&flow.anomalies_at(at)))
}

pub(super) const fn left<F: Flow>() -> Column<F> {
    Column::<F>::new("left", "LEFT", Width::CellsOrWide(LEFT, LEFT_WITH_BAR), |flow, at| {
        Value::span(flow.state_at(at).left())
    })
    .of(Kind::Span)
    .right()
    .looks(|flow, at| Role::of_left(flow.state_at(at).left()))
    .gauge(|flow, at| Some((flow.state_at(at).left()?, F::expiration(&at.policy))))
}

pub(super) const fn age<F: Flow>() -> Column<F> {
    Column::<F>::new("age", "AGE", Width::Cells(6), |flow, at| {
        Value::span(flow.created().map(|created| at.now.since(created)))
    })
    .of(Kind::Span)
    .right()
    .from(MEDIUM)
    .absent("?")
    .since("STARTED", Flow::created)
}

pub(super) const fn client<F: Flow>() -> Column<F> {
    Column::<F>::new("client", "CLIENT", Width::Rest(3), |flow, _| Value::Text(flow.client().to_owned()))
        .open()
        .from(MEDIUM)
}

pub(super) const fn vo<F: Flow>() -> Column<F> {
    Column::<F>::new("vo", "VO", Width::Cells(6), |flow, _| Value::text(flow.scope().vo())).open().absent("-")
}

pub(super) const fn group<F: Flow>() -> Column<F> {
    Column::<F>::new("group", "GROUP", Width::Rest(3), |flow, _| Value::text(flow.scope().group()))
        .open()
        .absent("(default)")
}

pub(super) const fn subject<F: Flow>() -> Column<F> {
    Column::<F>::new("subject", "SUBJECT", Width::Rest(3), |flow, _| Value::text(flow.sub()))
        .alias("subject")
        .from(MEDIUM)
}

pub(super) const fn scope<F: Flow>() -> Column<F> {
    Column::<F>::new("scope", "SCOPE", Width::Unlisted, |flow, _| Value::Text(flow.scope().as_str().to_owned())).open()
}

pub(super) const fn started<F: Flow>() -> Column<F> {
    Column::<F>::new("started", "STARTED", Width::Unlisted, |flow, _| Value::time(flow.created()))
        .of(Kind::Time)
        .absent("at an unknown time")
}

pub(super) const fn status<F: Flow>() -> Column<F> {
    Column::<F>::new("status", "STATUS", Width::Unlisted, |flow, _| Value::Text(flow.status().to_owned())).open()
}

/// The fields of the model have the same names in both kinds.
macro_rules! flow {
    ($kind:ty, $expiration:ident) => {
        impl Flow for $kind {
            fn state_at(&self, at: &Viewpoint) -> FlowState {
                self.state(at.now, &at.policy)
            }

            fn anomalies_at(&self, at: &Viewpoint) -> Vec<Anomaly> {
                self.anomalies(at.now, &at.policy)
            }

            fn created(&self) -> Option<Timestamp> {
                self.created
            }

            fn client(&self) -> &str {
                &self.client_id
            }

            fn scope(&self) -> &Scope {
                &self.scope
            }

            fn sub(&self) -> Option<&str> {
                self.sub.as_deref()
            }

            fn status(&self) -> &str {
                self.status.as_str()
            }

            fn expiration(policy: &Policy) -> Duration {
                policy.$expiration
            }
        }
    };
}

flow!(DeviceFlow, device_flow_expiration);
flow!(AuthorizationFlow, authorization_flow_expiration);
