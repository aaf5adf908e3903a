//! The fields of an authorization flow.

use authdb_shared::ids::FlowId;
use authdb_shared::model::AuthorizationFlow;

use super::{Column, Record, Role, Row, Value, Viewpoint, Width, flows, record_of};
use crate::filter::Reach;
use crate::verbs::flow::FIELDS;

impl Row for AuthorizationFlow {
    type Key = FlowId;

    const COLUMNS: &'static [Column<Self>] = &[
        Column::<Self>::new("flow", "FLOW", Width::CellsOrWide(13, 36), |flow, _| Value::Key(flow.id.to_string()))
            .open()
            .looks(|_, _| Role::Strong),
        flows::state(),
        flows::anomaly(),
        flows::left(),
        flows::age(),
        flows::client(),
        flows::vo(),
        flows::group(),
        flows::subject(),
        // Where a login returns to is what tells a forged one.
        Column::<Self>::new("returns_to", "RETURNS TO", Width::Unlisted, |flow, _| {
            Value::Text(flow.redirect_uri.clone())
        })
        .open(),
        flows::scope(),
        flows::started(),
        flows::status(),
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
