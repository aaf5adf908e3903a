//! Authorization flows: listing them, and cancelling one.

use sqlx::FromRow;

use super::backend::on_backend;
use super::{AuthDb, Containing, DbError, Page, WritePermit, statements};
use crate::clock::StoredTime;
use crate::ids::{FlowId, KeyBound};
use crate::model::{AuthorizationFlow, FlowStatus, Scope};
use crate::policy::Policy;

#[derive(FromRow)]
struct AuthorizationFlowRow {
    id: Option<String>,
    status: Option<String>,
    created: StoredTime,
    client_id: Option<String>,
    scope: Option<String>,
    redirect_uri: Option<String>,
    sub: Option<String>,
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

/// Rows shown of those whose key carries no credible time: there are hardly ever any.
const FOREIGN_KEYS: u32 = 100;

impl AuthDb {
    /// Authorization flows containing a text in key, client, scope or redirect URI: pending first, the most urgent at
    /// the top, then ready, then the rest, newest first.
    ///
    /// Read newest first by key, so that however many old flows wait to be purged, only the page is read.
    ///
    /// # Errors
    /// If the database cannot be asked, or takes too long.
    pub async fn authorization_flows(
        &self,
        containing: &Containing,
        policy: &Policy,
        limit: u32,
    ) -> Result<Page<AuthorizationFlow>, DbError> {
        self.limited("listing the authorization flows", async {
            let mut session = self.reading().await?;
            let now = session.now().await?;
            let end = KeyBound::at(policy.latest_credible(now)).hex();
            let (key, other) = (containing.key_pattern(), containing.pattern());
            let rows: Vec<AuthorizationFlowRow> = on_backend!(&mut session, |connection, text| {
                sqlx::query_as(text(statements::AUTHORIZATION_FLOWS))
                    .bind(&key)
                    .bind(&other)
                    .bind(&end)
                    .bind(i64::from(limit) + 1)
                    .fetch_all(connection)
                    .await
            })?;
            let mut page = Page::cut(rows.into_iter().map(AuthorizationFlow::from).collect(), limit, now);
            let beyond: Vec<AuthorizationFlowRow> = on_backend!(&mut session, |connection, text| {
                sqlx::query_as(text(statements::AUTHORIZATION_FLOWS_BEYOND))
                    .bind(&key)
                    .bind(&other)
                    .bind(&end)
                    .bind(FOREIGN_KEYS + 1)
                    .fetch_all(connection)
                    .await
            })?;
            page.append(Page::cut(beyond.into_iter().map(AuthorizationFlow::from).collect(), FOREIGN_KEYS, now));
            // The sort is stable, so within a rank the order by key stays; only what is urgent is reordered.
            page.rows.sort_by_key(|flow| {
                let state = flow.state(now, policy);
                (state.rank(), state.left().filter(|_| state.rank() == 0))
            });
            Ok(page)
        })
        .await
    }

    /// Cancels an authorization flow: PENDING or READY becomes ERROR, and the browser's login ends in an error.
    ///
    /// # Errors
    /// If the database cannot do it.
    pub async fn cancel_authorization_flow(
        &self,
        permit: &WritePermit,
        id: &FlowId,
    ) -> Result<Result<(), CancelRefusal>, DbError> {
        self.repeated("cancelling the authorization flow", || async {
            let mut session = self.writing(permit).await?;
            let changed = session.change_row(statements::CANCEL_AUTHORIZATION_FLOW, id.stored()).await?;
            if changed == 1 {
                session.commit().await?;
                return Ok(Ok(()));
            }
            let status: Option<Option<String>> = on_backend!(&mut session, |connection, text| {
                sqlx::query_scalar(text(statements::AUTHORIZATION_FLOW_STATUS))
                    .bind(id.stored())
                    .fetch_optional(connection)
                    .await
            })?;
            Ok(Err(match status {
                None => CancelRefusal::Unknown(id.clone()),
                Some(status) => CancelRefusal::Ended { id: id.clone(), status: FlowStatus::from_stored(status) },
            }))
        })
        .await
    }
}
