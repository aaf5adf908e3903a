//! Device flows: listing them, and approving or denying one by hand.

use std::time::Duration;

use serde_json::json;
use sqlx::FromRow;

use super::backend::{WriteSession, on_backend};
use super::error::nothing_if_unstorable;
use super::{AuthDb, Containing, DbError, Page, WritePermit, statements};
use crate::clock::{StoredTime, Timestamp};
use crate::ids::UserCode;
use crate::liveness::FlowState;
use crate::model::{DeviceFlow, FlowStatus, IdTokenClaims, Scope};
use crate::policy::Policy;
use crate::text;

#[derive(FromRow)]
struct DeviceFlowRow {
    user_code: Option<String>,
    status: Option<String>,
    created: StoredTime,
    client_id: Option<String>,
    scope: Option<String>,
    sub: Option<String>,
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
    /// Device flows containing a text in code, client or scope: pending first, the most urgent at the top, then ready,
    /// then the rest, newest first.
    ///
    /// # Errors
    /// If the database cannot be asked, or takes too long.
    pub async fn device_flows(
        &self,
        containing: &Containing,
        policy: &Policy,
        limit: u32,
    ) -> Result<Page<DeviceFlow>, DbError> {
        self.limited("listing the device flows", async {
            let mut session = self.reading().await?;
            let now = session.now().await?;
            let cutoff = now.before(policy.device_flow_expiration);
            let (code, other) = (containing.key_pattern(), containing.pattern());
            let rows: Vec<DeviceFlowRow> = on_backend!(&mut session, |connection, text| {
                sqlx::query_as(text(statements::DEVICE_FLOWS))
                    .bind(&code)
                    .bind(&other)
                    .bind(cutoff)
                    .bind(cutoff)
                    .bind(cutoff)
                    .bind(i64::from(limit) + 1)
                    .fetch_all(connection)
                    .await
            })?;
            Ok(Page::cut(rows.into_iter().map(DeviceFlow::from).collect(), limit, now))
        })
        .await
    }

    /// One device flow, with the database's time when it was read.
    ///
    /// # Errors
    /// If the database cannot be asked.
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
    /// client's next poll mints a token for that subject (DiracX's `device_flow_insert_id_token`).
    ///
    /// Succeeds for exactly one row that is PENDING and unexpired by the database's clock.
    ///
    /// # Errors
    /// If the database cannot do it.
    pub async fn approve_device_flow(
        &self,
        permit: &WritePermit,
        code: &UserCode,
        claims: &IdTokenClaims,
        policy: &Policy,
    ) -> Result<Result<DeviceFlow, ApproveRefusal>, DbError> {
        self.repeated("approving the device flow", || async {
            let mut session = self.writing(permit).await?;
            let now = session.now().await?;
            let Some(flow) = find(&mut session, code).await? else {
                return Ok(Err(ApproveRefusal::Unknown(code.clone())));
            };
            let refusal = ApproveRefusal::of_flow(&flow, now, policy);
            if let Some(refusal) = refusal.or_else(|| ApproveRefusal::of_subject(&flow, &claims.sub)) {
                return Ok(Err(refusal));
            }
            let id_token = id_token(claims);
            let cutoff = now.before(policy.device_flow_expiration);
            let changed = on_backend!(&mut session, |connection, text| {
                sqlx::query(text(statements::APPROVE_DEVICE_FLOW))
                    .bind(&id_token)
                    .bind(code.stored())
                    .bind(cutoff)
                    .execute(connection)
                    .await
                    .map(|done| done.rows_affected())
            })?;
            if changed == 1 {
                session.commit().await?;
                return Ok(Ok(flow));
            }
            // Somebody was faster between the look and the write. Dropping the transaction undoes whatever it did.
            let refusal = match find(&mut session, code).await? {
                None => ApproveRefusal::Unknown(code.clone()),
                Some(flow) => ApproveRefusal::of_flow(&flow, now, policy)
                    .unwrap_or(ApproveRefusal::Expired { code: code.clone(), ago: Duration::ZERO }),
            };
            Ok(Err(refusal))
        })
        .await
    }

    /// Denies a device flow: PENDING or READY becomes ERROR, and the client's next poll is told so.
    ///
    /// # Errors
    /// If the database cannot do it.
    pub async fn deny_device_flow(
        &self,
        permit: &WritePermit,
        code: &UserCode,
    ) -> Result<Result<(), DenyRefusal>, DbError> {
        self.repeated("denying the device flow", || async {
            let mut session = self.writing(permit).await?;
            let changed = nothing_if_unstorable(session.change_row(statements::DENY_DEVICE_FLOW, code.stored()).await)?;
            if changed == 1 {
                session.commit().await?;
                return Ok(Ok(()));
            }
            Ok(Err(match find(&mut session, code).await? {
                None => DenyRefusal::Unknown(code.clone()),
                Some(flow) => DenyRefusal::Ended { code: code.clone(), status: flow.status },
            }))
        })
        .await
    }
}

async fn find(session: &mut WriteSession, code: &UserCode) -> Result<Option<DeviceFlow>, sqlx::Error> {
    let row: Option<DeviceFlowRow> = nothing_if_unstorable(on_backend!(session, |connection, text| {
        sqlx::query_as(text(statements::DEVICE_FLOW)).bind(code.stored()).fetch_optional(connection).await
    }))?;
    Ok(row.map(DeviceFlow::from))
}

/// The claims as the identity provider's would be stored.
fn id_token(claims: &IdTokenClaims) -> String {
    let name = claims.preferred_username.as_deref().map(str::trim).filter(|name| !name.is_empty());
    match name {
        Some(name) => json!({ "sub": claims.sub.trim(), "preferred_username": name }),
        None => json!({ "sub": claims.sub.trim() }),
    }
    .to_string()
}
