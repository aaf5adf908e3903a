//! Flows: logins under way.

use crate::clock::Timestamp;
use crate::ids::{FlowId, UserCode};
use crate::liveness::FlowState;
use crate::model::{FlowStatus, Scope};
use crate::policy::Policy;

/// What an ID token says of the user, as far as DiracX uses it (`exchange_token` reads these two claims).
///
/// # Examples
/// ```
/// use authdb_shared::model::IdTokenClaims;
///
/// let alice = IdTokenClaims { sub: "alice".to_owned(), preferred_username: None };
/// assert!(!alice.sub.contains(':'), "DiracX adds the VO of the scope by itself");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdTokenClaims {
    /// The subject within its VO, without the VO's prefix (`sub`, section 2 of `OpenID` Connect Core).
    pub sub: String,
    /// A name for people; DiracX takes the registry's where the user is registered.
    pub preferred_username: Option<String>,
}

/// A row of `DeviceFlows`: a login by user code (RFC 8628).
///
/// # Examples
/// ```
/// use authdb_shared::ids::UserCode;
/// use authdb_shared::model::{DeviceFlow, FlowStatus, Scope};
///
/// let flow = DeviceFlow {
///     user_code: UserCode::from_stored("BCDFGHJK".to_owned()),
///     status: FlowStatus::Pending,
///     created: None,
///     client_id: "dirac-cli".to_owned(),
///     scope: Scope::from_stored("vo:lhcb group:lhcb_user".to_owned()),
///     sub: None,
/// };
/// let line = format!("{} {} for {}", flow.user_code, flow.status, flow.scope.vo().unwrap_or("no VO"));
/// assert_eq!(line, "BCDF-GHJK PENDING for lhcb");
/// ```
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
    /// Where the flow stands at `now`, the database's time (DiracX's `get_device_flow` in `diracx.logic.auth.token` decides
    /// by the same two columns).
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use authdb_shared::ids::UserCode;
    /// use authdb_shared::liveness::FlowState;
    /// use authdb_shared::model::{DeviceFlow, FlowStatus, Scope};
    /// use authdb_shared::{Policy, Timestamp};
    ///
    /// let begun = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let flow = DeviceFlow {
    ///     user_code: UserCode::from_stored("BCDFGHJK".to_owned()),
    ///     status: FlowStatus::Pending,
    ///     created: Some(begun),
    ///     client_id: "dirac-cli".to_owned(),
    ///     scope: Scope::from_stored("vo:lhcb".to_owned()),
    ///     sub: None,
    /// };
    /// let now = begun.after(Duration::from_mins(9));
    /// assert_eq!(flow.state(now, &Policy::default()), FlowState::Pending { left: Duration::from_mins(1) });
    /// ```
    #[must_use]
    pub fn state(&self, now: Timestamp, policy: &Policy) -> FlowState {
        FlowState::of(&self.status, self.created, now, policy.device_flow_expiration)
    }
}

/// A row of `AuthorizationFlows`: a login by browser (RFC 6749 section 4.1 with PKCE, RFC 7636).
///
/// # Examples
/// ```
/// use authdb_shared::ids::FlowId;
/// use authdb_shared::model::{AuthorizationFlow, FlowStatus, Scope};
/// use authdb_shared::text::harmless;
///
/// let flow = AuthorizationFlow {
///     id: FlowId::from_stored("01a22ee6b0007abc800000000000000f".to_owned()),
///     status: FlowStatus::Ready,
///     created: None,
///     client_id: "dirac-web".to_owned(),
///     scope: Scope::from_stored("vo:lhcb".to_owned()),
///     redirect_uri: "https://dirac.example/#auth".to_owned(),
///     sub: Some("alice".to_owned()),
/// };
/// let line = format!("{} goes back to {}", flow.id, harmless(&flow.redirect_uri));
/// assert_eq!(line, "01a22ee6-b000-7abc-8000-00000000000f goes back to https://dirac.example/#auth");
/// ```
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
    /// Where the flow stands at `now`, the database's time. Nobody can complete it once it is older than
    /// [`Policy::authorization_flow_expiration`].
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use authdb_shared::ids::FlowId;
    /// use authdb_shared::liveness::FlowState;
    /// use authdb_shared::model::{AuthorizationFlow, FlowStatus, Scope};
    /// use authdb_shared::{Policy, Timestamp};
    ///
    /// let begun = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
    /// let flow = AuthorizationFlow {
    ///     id: FlowId::from_stored("01a22ee6b0007abc800000000000000f".to_owned()),
    ///     status: FlowStatus::Pending,
    ///     created: Some(begun),
    ///     client_id: "dirac-web".to_owned(),
    ///     scope: Scope::from_stored("vo:lhcb".to_owned()),
    ///     redirect_uri: "https://dirac.example/#auth".to_owned(),
    ///     sub: None,
    /// };
    /// let now = begun.after(Duration::from_mins(9));
    /// assert_eq!(flow.state(now, &Policy::default()), FlowState::Stale { ago: Duration::from_mins(4) });
    /// ```
    #[must_use]
    pub fn state(&self, now: Timestamp, policy: &Policy) -> FlowState {
        FlowState::of(&self.status, self.created, now, policy.authorization_flow_expiration)
    }
}
