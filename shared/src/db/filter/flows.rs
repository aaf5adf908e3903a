//! Which flows are wanted.

use std::collections::BTreeSet;

use super::texts::{any, is_or_any, literal};
use super::{AgeFilter, Containing, ScopeFilter, SubjectFilter};
use crate::clock::Timestamp;
use crate::liveness::FlowState;
use crate::model::{AuthorizationFlow, DeviceFlow, FlowStatus, Scope};
use crate::policy::Policy;

/// Where a flow must stand to be wanted: [`FlowState`] without its times.
///
/// # Examples
/// ```
/// use authdb_shared::db::{FlowFilter, FlowStateFilter, Order, PageRequest};
///
/// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
/// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
/// # let permit = db.write_permit(&Actor::of_this_process())?;
/// # let scope = authdb_shared::model::Scope::from_stored("vo:lhcb group:lhcb_user".to_owned());
/// # let mut work = db.begin(&permit).await?;
/// # let (code, device_code) = work.insert_device_flow("dirac-cli", &scope, &mut clock::randomness()).await?;
/// # work.commit().await?;
/// let request = PageRequest::first(Order::NewestFirst, 100);
/// let ended = [FlowStateFilter::Stale, FlowStateFilter::Error].into();
/// let ended = FlowFilter { states: Some(ended), ..FlowFilter::default() };
/// assert!(db.device_flows(&ended, &config.policy, &request).await?.rows.is_empty(), "{code} is young");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the state of the same name")]
pub enum FlowStateFilter {
    Pending,
    Ready,
    Stale,
    Done,
    Error,
    Unrecognised,
}

impl FlowStateFilter {
    /// The state, without its times.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use authdb_shared::db::FlowStateFilter;
    /// use authdb_shared::liveness::FlowState;
    ///
    /// let state = FlowState::Ready { left: Duration::from_secs(7) };
    /// assert_eq!(FlowStateFilter::of(state), FlowStateFilter::Ready);
    /// ```
    #[must_use]
    pub fn of(state: FlowState) -> Self {
        match state {
            FlowState::Pending { .. } => Self::Pending,
            FlowState::Ready { .. } => Self::Ready,
            FlowState::Stale { .. } => Self::Stale,
            FlowState::Done => Self::Done,
            FlowState::Error => Self::Error,
            FlowState::Unrecognised => Self::Unrecognised,
        }
    }

    /// The status word that such flows have, where it is one.
    fn status(self) -> Option<&'static str> {
        match self {
            Self::Pending => Some("PENDING"),
            Self::Ready => Some("READY"),
            Self::Done => Some("DONE"),
            Self::Error => Some("ERROR"),
            Self::Stale | Self::Unrecognised => None,
        }
    }
}

/// Which flows are wanted; the default is all.
///
/// # Examples
/// ```
/// use authdb_shared::db::{FlowFilter, FlowStateFilter};
///
/// let pending = FlowFilter { states: Some([FlowStateFilter::Pending].into()), ..FlowFilter::default() };
/// assert_ne!(pending, FlowFilter::default());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowFilter {
    /// Containing this text in key, status, client, scope, subject or redirect URI.
    pub containing: Containing,
    /// With this status word.
    pub status: Option<FlowStatus>,
    /// In one of these states; if there are none, no flow at all.
    pub states: Option<BTreeSet<FlowStateFilter>>,
    /// Begun by this client.
    pub client: Option<String>,
    /// Asking for this.
    pub scope: ScopeFilter,
    /// Of this user: the `sub` of the ID token, with or without the VO of the scope before it.
    pub subject: Option<SubjectFilter>,
    /// Of this age.
    pub age: AgeFilter,
}

impl FlowFilter {
    /// Flows containing a text.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::{FlowFilter, Order, PageRequest};
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// # let scope = authdb_shared::model::Scope::from_stored("vo:lhcb group:lhcb_user".to_owned());
    /// # let mut work = db.begin(&permit).await?;
    /// # let (code, device_code) = work.insert_device_flow("dirac-cli", &scope, &mut clock::randomness()).await?;
    /// # work.commit().await?;
    /// let request = PageRequest::first(Order::NewestFirst, 100);
    /// let page = db.device_flows(&FlowFilter::containing("LHCB_USER"), &config.policy, &request).await?;
    /// assert_eq!(page.rows[0].user_code, code, "its scope asks for group:lhcb_user");
    /// let page = db.device_flows(&FlowFilter::containing("lhcb%"), &config.policy, &request).await?;
    /// assert!(page.rows.is_empty(), "a percent sign is a percent sign");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn containing(text: &str) -> Self {
        Self { containing: Containing::new(text), ..Self::default() }
    }

    /// Whether a device flow that was read is wanted. A list compares every row so, after its statement, for `now` on the
    /// database's clock.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::FlowFilter;
    /// use authdb_shared::ids::UserCode;
    /// use authdb_shared::model::{DeviceFlow, FlowStatus, Scope};
    /// use authdb_shared::{Policy, clock};
    ///
    /// let flow = DeviceFlow {
    ///     user_code: UserCode::from_stored("BCDFGHJK".to_owned()),
    ///     status: FlowStatus::Pending,
    ///     created: None,
    ///     client_id: "dirac-cli".to_owned(),
    ///     scope: Scope::from_stored("vo:lhcb".to_owned()),
    ///     sub: None,
    /// };
    /// let (now, policy) = (clock::host_now(), Policy::default());
    /// assert!(FlowFilter::containing("DIRAC").admits_device_flow(&flow, now, &policy));
    /// assert!(!FlowFilter::containing("gridpp").admits_device_flow(&flow, now, &policy));
    /// ```
    #[must_use]
    pub fn admits_device_flow(&self, flow: &DeviceFlow, now: Timestamp, policy: &Policy) -> bool {
        let DeviceFlow { user_code, status, created, client_id, scope, sub } = flow;
        let texts = [status.as_str(), client_id, scope.as_str(), sub.as_deref().unwrap_or_default()];
        self.admits(status, flow.state(now, policy), client_id, scope, sub.as_deref())
            && self.age.admits(*created, now)
            && self.containing.is_in(user_code.stored(), &texts)
    }

    /// The same for an authorization flow.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::FlowFilter;
    /// use authdb_shared::ids::FlowId;
    /// use authdb_shared::model::{AuthorizationFlow, FlowStatus, Scope};
    /// use authdb_shared::{Policy, clock};
    ///
    /// let flow = AuthorizationFlow {
    ///     id: FlowId::from_stored("01a2f3".to_owned()),
    ///     status: FlowStatus::Done,
    ///     created: None,
    ///     client_id: "web".to_owned(),
    ///     scope: Scope::from_stored("vo:lhcb".to_owned()),
    ///     redirect_uri: "https://diracx.example/callback".to_owned(),
    ///     sub: None,
    /// };
    /// let (now, policy) = (clock::host_now(), Policy::default());
    /// assert!(FlowFilter::containing("/callback").admits_authorization_flow(&flow, now, &policy));
    /// ```
    #[must_use]
    pub fn admits_authorization_flow(&self, flow: &AuthorizationFlow, now: Timestamp, policy: &Policy) -> bool {
        let AuthorizationFlow { id, status, created, client_id, scope, redirect_uri, sub } = flow;
        let texts = [status.as_str(), client_id, scope.as_str(), redirect_uri, sub.as_deref().unwrap_or_default()];
        self.admits(status, flow.state(now, policy), client_id, scope, sub.as_deref())
            && self.age.admits(*created, now)
            && self.containing.is_in(id.stored(), &texts)
    }

    fn admits(&self, status: &FlowStatus, state: FlowState, client: &str, scope: &Scope, sub: Option<&str>) -> bool {
        let is_of = |wanted: &SubjectFilter| {
            let Some(sub) = sub else { return false };
            wanted.admits(sub) || scope.vo().is_some_and(|vo| wanted.admits(&format!("{vo}:{sub}")))
        };
        self.status.as_ref().is_none_or(|wanted| wanted.as_str() == status.as_str())
            && self.states.as_ref().is_none_or(|wanted| wanted.contains(&FlowStateFilter::of(state)))
            && is_or_any(self.client.as_deref(), Some(client))
            && self.scope.admits(scope)
            && self.subject.as_ref().is_none_or(is_of)
    }

    /// The patterns of the statements, in their order: status, client, three of the scope.
    pub(in crate::db) fn patterns(&self) -> [String; 5] {
        let word = self.status.as_ref().map(FlowStatus::as_str);
        // Of several states the statement gives all rows, and the rows that come back are compared.
        let only = self.states.as_ref().filter(|states| states.len() == 1).and_then(BTreeSet::first);
        let word = word.or_else(|| only.and_then(|state| state.status()));
        let client = self.client.as_deref().map_or_else(any, literal);
        let [vo, group, text] = self.scope.patterns();
        [word.map_or_else(any, literal), client, vo, group, text]
    }

    /// Whether no flow can be wanted.
    pub(in crate::db) fn wants_nothing(&self) -> bool {
        self.states.as_ref().is_some_and(BTreeSet::is_empty)
    }

    /// Whether most rows are wanted.
    pub(in crate::db) fn is_dense(&self) -> bool {
        *self == Self::default()
    }
}
