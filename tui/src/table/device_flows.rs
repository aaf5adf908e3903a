//! The fields of a device flow.

use authdb_shared::ids::UserCode;
use authdb_shared::model::DeviceFlow;

use super::{Column, Record, Role, Row, Value, Viewpoint, Width, flows, record_of};
use crate::filter::Reach;
use crate::verbs::device::FIELDS;

impl Row for DeviceFlow {
    type Key = UserCode;

    const COLUMNS: &'static [Column<Self>] = &[
        Column::<Self>::new("code", "CODE", Width::Cells(9), |flow, _| Value::Key(flow.user_code.to_string()))
            .alias("code")
            .looks(|_, _| Role::Strong),
        flows::state(),
        flows::anomaly(),
        flows::left(),
        flows::age(),
        flows::client(),
        flows::vo(),
        flows::group(),
        flows::subject(),
        flows::scope(),
        flows::started(),
        flows::status(),
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
