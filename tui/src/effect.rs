//! Effects: what the dashboard wants done outside of itself.

use authdb_shared::db::{Containing, TokenSelection};
use authdb_shared::ids::{FlowId, Jti, Subject, UserCode};
use authdb_shared::model::IdTokenClaims;

/// Something for the worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Read a list.
    Fetch {
        /// Comes back with the answer, so that stale ones can be told.
        generation: u64,
        /// Which list.
        query: Query,
    },
    /// Read the tokens per month.
    FetchMonths,
    /// Read one device flow.
    LookUp(UserCode),
    /// Count what revoking all of a subject would change.
    Count(Subject),
    /// Change something.
    Change(Change),
    /// Leave.
    Quit,
}

/// A list and what it is narrowed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// `DeviceFlows`.
    DeviceFlows(Containing),
    /// `AuthorizationFlows`.
    AuthorizationFlows(Containing),
    /// Subjects.
    Subjects(Containing),
    /// `RefreshTokens`.
    Tokens(TokenSelection, Containing),
}

/// A change of the database, with its target frozen when the admin was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Approve a device flow.
    Approve(UserCode, IdTokenClaims),
    /// Deny a device flow.
    Deny(UserCode),
    /// Cancel an authorization flow.
    Cancel(FlowId),
    /// Revoke one token.
    Revoke(Jti),
    /// Revoke all tokens of a subject.
    RevokeSubject(Subject),
}
