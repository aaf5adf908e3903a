//! Device flows: looking at one, and approving or denying it by hand.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::FromRow;

use super::backend::{WriteSession, on_backend};
use super::error::nothing_if_unstorable;
use super::{AuthDb, DbError, NewAction, WritePermit, statements};
use crate::clock::{StoredTime, Timestamp};
use crate::ids::UserCode;
use crate::liveness::FlowState;
use crate::model::{DeviceFlow, FlowStatus, IdTokenClaims, Scope};
use crate::policy::Policy;
use crate::text;

#[derive(FromRow)]
pub(super) struct DeviceFlowRow {
    user_code: Option<String>,
    status: Option<String>,
    created: StoredTime,
    client_id: Option<String>,
    scope: Option<String>,
    sub: Option<String>,
}

impl DeviceFlowRow {
    /// The code as stored.
    pub(super) fn code(&self) -> String {
        self.user_code.clone().unwrap_or_default()
    }
}

impl From<DeviceFlowRow> for DeviceFlow {
    fn from(row: DeviceFlowRow) -> Self {
        Self {
            user_code: UserCode::from_stored(row.user_code.unwrap_or_default()),
            status: FlowStatus::from_stored(row.status),
            created: row.created.0,
            client_id: row.client_id.unwrap_or_default(),
            scope: Scope::from_stored(row.scope.unwrap_or_default()),
            sub: row.sub,
        }
    }
}

/// Why a code was not approved. Nothing was changed.
///
/// # Examples
/// ```
/// use authdb_shared::db::ApproveRefusal;
/// use authdb_shared::ids::UserCode;
/// use authdb_shared::model::IdTokenClaims;
///
/// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
/// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
/// # let permit = db.write_permit(&Actor::of_this_process())?;
/// let misheard = UserCode::read("BCDF-GHJK")?;
/// let alice = IdTokenClaims { sub: "alice".to_owned(), preferred_username: None };
/// let outcome = db.approve_device_flow(&permit, &misheard, &alice, &config.policy).await?;
/// assert_eq!(outcome, Err(ApproveRefusal::Unknown(misheard)));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApproveRefusal {
    /// No such code.
    #[error("there is no device flow with the code {0}. Ask the user to read it out again")]
    Unknown(UserCode),
    /// Somebody was approved before.
    #[error("the code {code} is already {status}: somebody has been approved with it{}", whom(sub.as_deref()))]
    AlreadyApproved {
        /// The code.
        code: UserCode,
        /// READY or DONE.
        status: FlowStatus,
        /// Who was approved.
        sub: Option<String>,
    },
    /// Denied, failed, or in a state DiracX does not know.
    #[error("the code {code} is in state {status} and can no longer be approved. Ask the user to log in again")]
    NotPending {
        /// The code.
        code: UserCode,
        /// Its status.
        status: FlowStatus,
    },
    /// Too old.
    #[error("the code {code} expired {} ago. Ask the user to log in again", span(*ago))]
    Expired {
        /// The code.
        code: UserCode,
        /// How long ago.
        ago: Duration,
    },
    /// No subject was given.
    #[error("name the subject that is approved")]
    NoSubject,
    /// The subject was given with the VO that DiracX puts before it by itself.
    #[error("give the subject without `{0}:`; DiracX adds the VO of the scope by itself")]
    SubjectWithVo(String),
}

impl ApproveRefusal {
    /// What speaks against approving this flow at `now`, whoever it is approved for; `None` if nothing does.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::ApproveRefusal;
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
    /// let (flow, now) = db.device_flow(&code).await?;
    /// let flow = flow.expect("it was begun a moment ago");
    /// assert_eq!(ApproveRefusal::of_flow(&flow, now, &config.policy), None);
    /// let later = now.after(config.policy.device_flow_expiration);
    /// assert!(matches!(ApproveRefusal::of_flow(&flow, later, &config.policy), Some(ApproveRefusal::Expired { .. })));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn of_flow(flow: &DeviceFlow, now: Timestamp, policy: &Policy) -> Option<Self> {
        let code = flow.user_code.clone();
        let status = flow.status.clone();
        match flow.state(now, policy) {
            FlowState::Pending { .. } => None,
            FlowState::Stale { ago } => Some(Self::Expired { code, ago }),
            FlowState::Ready { .. } | FlowState::Done => {
                Some(Self::AlreadyApproved { code, status, sub: flow.sub.clone() })
            }
            FlowState::Error | FlowState::Unrecognised => Some(Self::NotPending { code, status }),
        }
    }

    /// What speaks against approving this flow for `sub`; `None` if nothing does.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::ApproveRefusal;
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
    /// let (flow, _) = db.device_flow(&code).await?;
    /// let flow = flow.expect("it was begun a moment ago");
    /// assert_eq!(ApproveRefusal::of_subject(&flow, "alice"), None);
    /// let doubled = ApproveRefusal::of_subject(&flow, "lhcb:alice");
    /// assert_eq!(doubled, Some(ApproveRefusal::SubjectWithVo("lhcb".to_owned())));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn of_subject(flow: &DeviceFlow, sub: &str) -> Option<Self> {
        let sub = sub.trim();
        if sub.is_empty() {
            return Some(Self::NoSubject);
        }
        let vo = flow.scope.vo()?;
        let has_vo = sub.strip_prefix(vo).is_some_and(|rest| rest.starts_with(':'));
        has_vo.then(|| Self::SubjectWithVo(text::harmless(vo)))
    }
}

fn whom(sub: Option<&str>) -> String {
    sub.map(|sub| format!(" ({})", text::harmless(sub))).unwrap_or_default()
}

/// Whole seconds: nobody needs the nanoseconds of an expiry.
fn span(span: Duration) -> humantime::FormattedDuration {
    humantime::format_duration(Duration::from_secs(span.as_secs()))
}

/// Why a code was not denied. Nothing was changed.
///
/// # Examples
/// ```
/// use authdb_shared::db::DenyRefusal;
/// use authdb_shared::model::FlowStatus;
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
/// db.deny_device_flow(&permit, &code).await??;
/// let again = db.deny_device_flow(&permit, &code).await?;
/// assert_eq!(again, Err(DenyRefusal::Ended { code, status: FlowStatus::Error }));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DenyRefusal {
    /// No such code.
    #[error("there is no device flow with the code {0}")]
    Unknown(UserCode),
    /// DONE or ERROR.
    #[error("the code {code} is already {status}{}", done_hint(status))]
    Ended {
        /// The code.
        code: UserCode,
        /// Its status.
        status: FlowStatus,
    },
}

fn done_hint(status: &FlowStatus) -> &'static str {
    if *status == FlowStatus::Done { ": its tokens have been issued. Revoke them instead" } else { "" }
}

impl AuthDb {
    /// One device flow, with the database's time when it was read.
    ///
    /// # Errors
    /// If the database cannot be asked.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::liveness::FlowState;
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
    /// let (flow, now) = db.device_flow(&code).await?;
    /// let flow = flow.expect("it was begun a moment ago");
    /// assert!(matches!(flow.state(now, &config.policy), FlowState::Pending { .. }));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn device_flow(&self, code: &UserCode) -> Result<(Option<DeviceFlow>, Timestamp), DbError> {
        self.limited("reading the device flow", async {
            let mut session = self.reading().await?;
            let now = session.now().await?;
            let row: Option<DeviceFlowRow> = nothing_if_unstorable(on_backend!(&mut session, |connection, text| {
                sqlx::query_as(text(statements::DEVICE_FLOW)).bind(code.stored()).fetch_optional(connection).await
            }))?;
            Ok((row.map(DeviceFlow::from), now))
        })
        .await
    }

    /// Approves a pending device flow by hand: stores the ID token's claims and makes the flow READY, so that the
    /// client's next poll (RFC 8628 section 3.4) mints a token for that subject (DiracX's
    /// `device_flow_insert_id_token`). Gives the flow as it was before.
    ///
    /// Succeeds for exactly one row that is PENDING and unexpired by the database's clock. Beside `sub` and
    /// `preferred_username`, which are all that DiracX reads, the ID token carries `authdb_approval`: the actor, account,
    /// host and reason as the journal has them, so that the row itself says that no identity provider vouched for it.
    ///
    /// # Errors
    /// If the database cannot do it.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::ApproveRefusal;
    /// use authdb_shared::model::IdTokenClaims;
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
    /// let alice = IdTokenClaims { sub: "alice".to_owned(), preferred_username: None };
    /// let permit = permit.because("read the code out over the phone");
    /// db.approve_device_flow(&permit, &code, &alice, &config.policy).await??;
    ///
    /// let again = db.approve_device_flow(&permit, &code, &alice, &config.policy).await?;
    /// assert!(matches!(again, Err(ApproveRefusal::AlreadyApproved { .. })));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn approve_device_flow(
        &self,
        permit: &WritePermit,
        code: &UserCode,
        claims: &IdTokenClaims,
        policy: &Policy,
    ) -> Result<Result<DeviceFlow, ApproveRefusal>, DbError> {
        let vouching = self.vouching(permit);
        self.repeated("approving the device flow", || async {
            let mut session = self.writing(permit).await?;
            let now = session.now().await?;
            let result = approve(&mut session, code, (claims, &vouching), policy, now).await?;
            let flow = result.as_ref().ok();
            let details = json!({
                "sub": claims.sub.trim(),
                "client": flow.map(|flow| &flow.client_id),
                "scope": flow.map(|flow| flow.scope.as_str()),
            });
            let action = NewAction::of("approve", code.to_string(), &result, details);
            self.journal(&mut session, permit, now, action).await?;
            permit.commit(session).await?;
            Ok(result)
        })
        .await
    }

    /// Denies a device flow: PENDING or READY becomes ERROR, and the client's next poll is told so ("Bad state in
    /// device flow" in DiracX, where RFC 8628 section 3.5 has `access_denied`).
    ///
    /// # Errors
    /// If the database cannot do it.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::model::FlowStatus;
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
    /// db.deny_device_flow(&permit.because("nobody here asked for it"), &code).await??;
    /// let mut poll = db.begin(&db.write_permit(&Actor::of_this_process())?).await?;
    /// assert_eq!(poll.get_device_flow(&device_code).await?.status, FlowStatus::Error);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn deny_device_flow(
        &self,
        permit: &WritePermit,
        code: &UserCode,
    ) -> Result<Result<(), DenyRefusal>, DbError> {
        self.repeated("denying the device flow", || async {
            let mut session = self.writing(permit).await?;
            let now = session.now().await?;
            let result = deny(&mut session, code).await?;
            let action = NewAction::of("deny", code.to_string(), &result, json!({}));
            self.journal(&mut session, permit, now, action).await?;
            permit.commit(session).await?;
            Ok(result)
        })
        .await
    }
}

async fn approve(
    session: &mut WriteSession,
    code: &UserCode,
    (claims, vouching): (&IdTokenClaims, &Value),
    policy: &Policy,
    now: Timestamp,
) -> Result<Result<DeviceFlow, ApproveRefusal>, sqlx::Error> {
    let Some(flow) = find(session, code).await? else {
        return Ok(Err(ApproveRefusal::Unknown(code.clone())));
    };
    let refusal = ApproveRefusal::of_flow(&flow, now, policy);
    if let Some(refusal) = refusal.or_else(|| ApproveRefusal::of_subject(&flow, &claims.sub)) {
        return Ok(Err(refusal));
    }
    let id_token = id_token(claims, vouching);
    let cutoff = now.before(policy.device_flow_expiration);
    let changed = on_backend!(session, |connection, text| {
        sqlx::query(text(statements::APPROVE_DEVICE_FLOW))
            .bind(&id_token)
            .bind(code.stored())
            .bind(cutoff)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    if changed == 1 {
        return Ok(Ok(flow));
    }
    // Somebody was faster between the look and the write, which therefore changed nothing.
    Ok(Err(match find(session, code).await? {
        None => ApproveRefusal::Unknown(code.clone()),
        Some(flow) => ApproveRefusal::of_flow(&flow, now, policy)
            .unwrap_or(ApproveRefusal::Expired { code: code.clone(), ago: Duration::ZERO }),
    }))
}

async fn deny(session: &mut WriteSession, code: &UserCode) -> Result<Result<(), DenyRefusal>, sqlx::Error> {
    let changed = nothing_if_unstorable(session.change_row(statements::DENY_DEVICE_FLOW, code.stored()).await)?;
    if changed == 1 {
        return Ok(Ok(()));
    }
    Ok(Err(match find(session, code).await? {
        None => DenyRefusal::Unknown(code.clone()),
        Some(flow) => DenyRefusal::Ended { code: code.clone(), status: flow.status },
    }))
}

async fn find(session: &mut WriteSession, code: &UserCode) -> Result<Option<DeviceFlow>, sqlx::Error> {
    let row: Option<DeviceFlowRow> = nothing_if_unstorable(on_backend!(session, |connection, text| {
        sqlx::query_as(text(statements::DEVICE_FLOW)).bind(code.stored()).fetch_optional(connection).await
    }))?;
    Ok(row.map(DeviceFlow::from))
}

/// The claims as the identity provider's would be stored, and that it was a person who vouched for them.
fn id_token(claims: &IdTokenClaims, vouching: &Value) -> String {
    let mut id_token = json!({ "sub": claims.sub.trim(), "authdb_approval": vouching });
    let name = claims.preferred_username.as_deref().map(str::trim).filter(|name| !name.is_empty());
    if let Some(name) = name {
        id_token["preferred_username"] = name.into();
    }
    id_token.to_string()
}
