//! The rows of the three tables as people and programs need them: typed where DiracX types them, and tolerant where a
//! real database is not.
//!
//! Rows are built by [`crate::db`]. Columns that only DiracX's web service needs (hashes of codes, PKCE challenges) are
//! not read at all: what was never fetched cannot leak.

mod flow;
mod scope;
mod status;
mod token;

pub use flow::{AuthorizationFlow, DeviceFlow, IdTokenClaims};
pub use scope::Scope;
pub use status::{FlowStatus, TokenStatus};
pub use token::{RefreshToken, SubjectSummary};
