//! Authorization flows: cancelling one.

use serde_json::json;
use sqlx::FromRow;

use super::backend::{WriteSession, on_backend};
use super::{AuthDb, DbError, NewAction, WritePermit, statements};
use crate::clock::{StoredTime, Timestamp};
use crate::ids::FlowId;
use crate::model::{AuthorizationFlow, FlowStatus, Scope};

#[derive(FromRow)]
pub(super) struct AuthorizationFlowRow {
    id: Option<String>,
    status: Option<String>,
    created: StoredTime,
    client_id: Option<String>,
    scope: Option<String>,
    redirect_uri: Option<String>,
    sub: Option<String>,
}

impl AuthorizationFlowRow {
    /// The key as stored.
    pub(super) fn key(&self) -> String {
        self.id.clone().unwrap_or_default()
    }
}

impl From<AuthorizationFlowRow> for AuthorizationFlow {
    fn from(row: AuthorizationFlowRow) -> Self {
        Self {
            id: FlowId::from_stored(row.id.unwrap_or_default()),
            status: FlowStatus::from_stored(row.status),
            created: row.created.0,
            client_id: row.client_id.unwrap_or_default(),
            scope: Scope::from_stored(row.scope.unwrap_or_default()),
            redirect_uri: row.redirect_uri.unwrap_or_default(),
            sub: row.sub,
        }
    }
}

/// Why a flow was not cancelled. Nothing was changed.
///
/// # Examples
/// ```
/// use authdb_shared::db::CancelRefusal;
/// use authdb_shared::ids::FlowId;
///
/// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
/// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
/// # let permit = db.write_permit(&Actor::of_this_process())?;
/// let nobody = FlowId::read("01a22ee6-b000-7abc-8000-00000000000f")?;
/// let outcome = db.cancel_authorization_flow(&permit, &nobody).await?;
/// assert_eq!(outcome, Err(CancelRefusal::Unknown(nobody)));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CancelRefusal {
    /// No such flow.
    #[error("there is no authorization flow {0}")]
    Unknown(FlowId),
    /// DONE or ERROR.
    #[error("the authorization flow {id} is already {status}")]
    Ended {
        /// The flow.
        id: FlowId,
        /// Its status.
        status: FlowStatus,
    },
}

impl AuthDb {
    /// One authorization flow, with the database's time.
    ///
    /// # Errors
    /// If the database cannot be asked.
    ///
    /// # Examples
    /// ```
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// let nobody = authdb_shared::ids::FlowId::read("01a22ee6-b000-7abc-8000-00000000000f")?;
    /// let (flow, _now) = db.authorization_flow(&nobody).await?;
    /// assert_eq!(flow, None);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn authorization_flow(&self, id: &FlowId) -> Result<(Option<AuthorizationFlow>, Timestamp), DbError> {
        self.limited("reading the authorization flow", async {
            let mut session = self.reading().await?;
            let now = session.now().await?;
            let row: Option<AuthorizationFlowRow> = on_backend!(&mut session, |connection, text| {
                sqlx::query_as(text(statements::AUTHORIZATION_FLOW)).bind(id.stored()).fetch_optional(connection).await
            })?;
            Ok((row.map(AuthorizationFlow::from), now))
        })
        .await
    }

    /// Cancels an authorization flow: PENDING or READY becomes ERROR, and the browser's login ends in an error.
    ///
    /// # Errors
    /// If the database cannot do it.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::FlowStateFilter;
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// # let scope = authdb_shared::model::Scope::from_stored("vo:lhcb group:lhcb_user".to_owned());
    /// # let (code_challenge, code_challenge_method) = ("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "S256");
    /// # let (client_id, redirect_uri) = ("dirac-web", "https://dirac.example/");
    /// # let new = authdb_shared::db::NewAuthorizationFlow {
    /// #     client_id, scope: &scope, code_challenge, code_challenge_method, redirect_uri,
    /// # };
    /// # let mut work = db.begin(&permit).await?;
    /// # let id = work.insert_authorization_flow(&new, &mut clock::randomness()).await?;
    /// # work.commit().await?;
    /// db.cancel_authorization_flow(&permit.because("from an unknown client"), &id).await??;
    /// let counts = db.authorization_flow_counts(&config.policy).await?;
    /// assert_eq!((counts.of(FlowStateFilter::Pending), counts.of(FlowStateFilter::Error)), (0, 1));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn cancel_authorization_flow(
        &self,
        permit: &WritePermit,
        id: &FlowId,
    ) -> Result<Result<(), CancelRefusal>, DbError> {
        self.repeated("cancelling the authorization flow", || async {
            let mut session = self.writing(permit).await?;
            let now = session.now().await?;
            let result = cancel(&mut session, id).await?;
            let action = NewAction::of("cancel", id.to_string(), &result, json!({}));
            self.journal(&mut session, permit, now, action).await?;
            permit.commit(session).await?;
            Ok(result)
        })
        .await
    }
}

async fn cancel(session: &mut WriteSession, id: &FlowId) -> Result<Result<(), CancelRefusal>, sqlx::Error> {
    if session.change_row(statements::CANCEL_AUTHORIZATION_FLOW, id.stored()).await? == 1 {
        return Ok(Ok(()));
    }
    let status: Option<Option<String>> = on_backend!(session, |connection, text| {
        sqlx::query_scalar(text(statements::AUTHORIZATION_FLOW_STATUS))
            .bind(id.stored())
            .fetch_optional(connection)
            .await
    })?;
    Ok(Err(match status {
        None => CancelRefusal::Unknown(id.clone()),
        Some(status) => CancelRefusal::Ended { id: id.clone(), status: FlowStatus::from_stored(status) },
    }))
}
