//! Flows: logins under way.

use crate::clock::Timestamp;
use crate::ids::{FlowId, UserCode};
use crate::liveness::FlowState;
use crate::model::{FlowStatus, Scope};
use crate::policy::Policy;

/// What an ID token says of the user, as far as DiracX uses it (`exchange_token` reads these two claims).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdTokenClaims {
    /// The subject within its VO, without the VO's prefix (`sub`, section 2 of `OpenID` Connect Core).
    pub sub: String,
    /// A name for people; DiracX takes the registry's where the user is registered.
    pub preferred_username: Option<String>,
}

/// A row of `DeviceFlows`: a login by user code (RFC 8628).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceFlow {
    /// The code that the user types or reads out.
    pub user_code: UserCode,
    /// The status word of the row.
    pub status: FlowStatus,
    /// When the client started it; `None` if the row holds no readable time.
    pub created: Option<Timestamp>,
    /// The OAuth client that started it.
    pub client_id: String,
    /// What it asks for.
    pub scope: Scope,
    /// Who was approved, once somebody was.
    pub sub: Option<String>,
}

impl DeviceFlow {
    /// Where the flow stands at `now`.
    #[must_use]
    pub fn state(&self, now: Timestamp, policy: &Policy) -> FlowState {
        FlowState::of(&self.status, self.created, now, policy.device_flow_expiration)
    }
}

/// A row of `AuthorizationFlows`: a login by browser (RFC 6749 section 4.1 with PKCE, RFC 7636).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationFlow {
    /// The flow's key.
    pub id: FlowId,
    /// The status word of the row.
    pub status: FlowStatus,
    /// When the client started it; `None` if the row holds no readable time.
    pub created: Option<Timestamp>,
    /// The OAuth client that started it.
    pub client_id: String,
    /// What it asks for.
    pub scope: Scope,
    /// Where the browser is sent back to.
    pub redirect_uri: String,
    /// Who has logged in, once somebody has.
    pub sub: Option<String>,
}

impl AuthorizationFlow {
    /// Where the flow stands at `now`.
    #[must_use]
    pub fn state(&self, now: Timestamp, policy: &Policy) -> FlowState {
        FlowState::of(&self.status, self.created, now, policy.authorization_flow_expiration)
    }
}
