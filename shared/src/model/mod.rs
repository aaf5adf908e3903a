//! The rows of the three tables as people and programs need them: typed where DiracX types them, and tolerant where a
//! real database is not.
//!
//! Rows are built by [`crate::db`]. Columns that only DiracX's web service needs (hashes of codes, PKCE challenges) are
//! not read at all: what was never fetched cannot leak.
//!
//! | table | row | its status | what it means now |
//! | --- | --- | --- | --- |
//! | `DeviceFlows` | [`DeviceFlow`] | [`FlowStatus`] | [`DeviceFlow::state`] |
//! | `AuthorizationFlows` | [`AuthorizationFlow`] | [`FlowStatus`] | [`AuthorizationFlow::state`] |
//! | `RefreshTokens` | [`RefreshToken`] | [`TokenStatus`] | [`RefreshToken::liveness`] |
//!
//! [`SubjectSummary`] adds tokens up per person, [`IdTokenClaims`] is what an administrator vouches for when approving
//! a code, and a [`Scope`] says what was asked for. What DiracX's token endpoint needs beyond these stands in
//! [`DeviceFlowRecord`](crate::db::DeviceFlowRecord) and
//! [`AuthorizationFlowRecord`](crate::db::AuthorizationFlowRecord).

mod flow;
mod scope;
mod status;
mod token;

pub use flow::{AuthorizationFlow, DeviceFlow, IdTokenClaims};
pub use scope::Scope;
pub use status::{FlowStatus, TokenStatus};
pub use token::{RefreshToken, SubjectSummary};
