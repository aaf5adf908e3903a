//! DiracX's functions on device flows.

use std::time::Duration;

use rand::Rng;
use serde_json::Value;
use sqlx::FromRow;

use super::{AuthError, Transaction, hash, token_urlsafe};
use crate::clock::{StoredTime, Timestamp};
use crate::db::backend::on_backend;
use crate::db::statements;
use crate::ids::UserCode;
use crate::model::{FlowStatus, Scope};

/// How many codes are drawn before it is given up (DiracX's `MAX_RETRY`).
///
/// # Examples
/// ```
/// use authdb_shared::db::{AuthError, MAX_RETRY};
///
/// let refusal = AuthError::NoFreeUserCode.to_string();
/// assert!(refusal.contains(&format!("{MAX_RETRY} tries")), "{refusal}");
/// ```
pub const MAX_RETRY: u32 = 5;

/// A whole row of `DeviceFlows`, as DiracX's token endpoint reads it.
///
/// # Examples
/// ```
/// use authdb_shared::db::hash;
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
/// let mut work = db.begin(&permit).await?;
/// let flow = work.get_device_flow(&device_code).await?;
/// assert_eq!(flow.device_code_hash, hash(&device_code), "the code itself is nowhere");
/// assert_eq!((flow.user_code, flow.id_token), (code, None));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceFlowRecord {
    /// The code that the user types.
    pub user_code: UserCode,
    /// The status word.
    pub status: FlowStatus,
    /// When the client started it; `None` if the row holds no readable time.
    pub created: Option<Timestamp>,
    /// The OAuth client that started it.
    pub client_id: String,
    /// What it asks for.
    pub scope: Scope,
    /// SHA-256 of the device code.
    pub device_code_hash: String,
    /// The claims of the user who was approved; `None` before that, and where the row holds no JSON.
    pub id_token: Option<Value>,
}

#[derive(FromRow)]
struct RecordRow {
    user_code: Option<String>,
    status: Option<String>,
    created: StoredTime,
    client_id: Option<String>,
    scope: Option<String>,
    device_code: Option<String>,
    id_token: Option<String>,
}

impl From<RecordRow> for DeviceFlowRecord {
    fn from(row: RecordRow) -> Self {
        Self {
            user_code: UserCode::from_stored(row.user_code.unwrap_or_default()),
            status: FlowStatus::from_stored(row.status),
            created: row.created.0,
            client_id: row.client_id.unwrap_or_default(),
            scope: Scope::from_stored(row.scope.unwrap_or_default()),
            device_code_hash: row.device_code.unwrap_or_default(),
            id_token: row.id_token.and_then(|text| serde_json::from_str(&text).ok()),
        }
    }
}

impl Transaction<'_> {
    /// The scope of a pending flow younger than `max_validity` (`AuthDB.device_flow_validate_user_code`): the user has
    /// typed the code, and is sent on to the identity provider (RFC 8628 section 3.3).
    ///
    /// # Errors
    /// [`AuthError::NoResultFound`] if there is none.
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
    /// # let scope = authdb_shared::model::Scope::from_stored("vo:lhcb group:lhcb_user".to_owned());
    /// # let mut work = db.begin(&permit).await?;
    /// # let (code, device_code) = work.insert_device_flow("dirac-cli", &scope, &mut clock::randomness()).await?;
    /// # work.commit().await?;
    /// let mut work = db.begin(&permit).await?;
    /// let scope = work.device_flow_validate_user_code(&code, config.policy.device_flow_expiration).await?;
    /// assert_eq!(scope.vo(), Some("lhcb"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn device_flow_validate_user_code(
        &mut self,
        user_code: &UserCode,
        max_validity: Duration,
    ) -> Result<Scope, AuthError> {
        let attempt = "validating the user code";
        let cutoff = self.now.before(max_validity);
        let session = &mut self.session;
        let scope: Option<String> = self
            .db
            .limited(attempt, async {
                on_backend!(session, |connection, text| {
                    sqlx::query_scalar(text(statements::VALIDATE_USER_CODE))
                        .bind(user_code.stored())
                        .bind(cutoff)
                        .fetch_optional(connection)
                        .await
                })
            })
            .await?;
        scope.map(Scope::from_stored).ok_or(AuthError::NoResultFound(attempt))
    }

    /// The flow of a device code, locked until the transaction ends, so that one code is exchanged once under any number
    /// of callers (`AuthDB.get_device_flow`). Its age and status are the caller's to check.
    ///
    /// # Errors
    /// [`AuthError::NoResultFound`] if no flow has that code.
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
    /// let mut poll = db.begin(&permit).await?;
    /// let flow = poll.get_device_flow(&device_code).await?;
    /// let answer = if flow.status == FlowStatus::Pending { "authorization_pending" } else { "look further" };
    /// assert_eq!(answer, "authorization_pending");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_device_flow(&mut self, device_code: &str) -> Result<DeviceFlowRecord, AuthError> {
        let attempt = "reading the device flow";
        let hash = hash(device_code);
        let session = &mut self.session;
        let row: Option<RecordRow> = self
            .db
            .limited(attempt, async {
                on_backend!(session, |connection, text| {
                    sqlx::query_as(text(statements::LOCK_DEVICE_FLOW)).bind(&hash).fetch_optional(connection).await
                })
            })
            .await?;
        row.map(DeviceFlowRecord::from).ok_or(AuthError::NoResultFound(attempt))
    }

    /// Sets the status of the flow of a device code, whatever it was (`AuthDB.update_device_flow_status`). A code that
    /// no flow has changes nothing, as in DiracX.
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
    /// let mut poll = db.begin(&permit).await?;
    /// poll.update_device_flow_status(&device_code, &FlowStatus::Done).await?;
    /// poll.update_device_flow_status("a code that nobody was given", &FlowStatus::Done).await?;
    /// assert_eq!(poll.get_device_flow(&device_code).await?.status, FlowStatus::Done);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_device_flow_status(&mut self, device_code: &str, status: &FlowStatus) -> Result<(), AuthError> {
        let hash = hash(device_code);
        let session = &mut self.session;
        self.db
            .limited("updating the device flow", async {
                on_backend!(session, |connection, text| {
                    sqlx::query(text(statements::UPDATE_DEVICE_FLOW_STATUS))
                        .bind(status.as_str())
                        .bind(&hash)
                        .execute(connection)
                        .await
                        .map(drop)
                })
            })
            .await?;
        Ok(())
    }

    /// Stores the claims of the user who has authenticated and makes a pending flow younger than `max_validity` READY
    /// (`AuthDB.device_flow_insert_id_token`).
    ///
    /// # Errors
    /// [`AuthError::Authorization`] unless that is exactly one flow.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::AuthError;
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
    /// let (claims, expiration) = (serde_json::json!({ "sub": "alice" }), config.policy.device_flow_expiration);
    /// let mut work = db.begin(&permit).await?;
    /// work.device_flow_insert_id_token(&code, &claims, expiration).await?;
    /// assert_eq!(work.get_device_flow(&device_code).await?.id_token, Some(claims.clone()));
    ///
    /// let again = work.device_flow_insert_id_token(&code, &claims, expiration).await;
    /// assert!(matches!(again, Err(AuthError::Authorization { rows: 0, .. })));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn device_flow_insert_id_token(
        &mut self,
        user_code: &UserCode,
        id_token: &Value,
        max_validity: Duration,
    ) -> Result<(), AuthError> {
        let attempt = "storing the ID token of the device flow";
        let cutoff = self.now.before(max_validity);
        let id_token = id_token.to_string();
        let session = &mut self.session;
        let rows = self
            .db
            .limited(attempt, async {
                on_backend!(session, |connection, text| {
                    sqlx::query(text(statements::APPROVE_DEVICE_FLOW))
                        .bind(&id_token)
                        .bind(user_code.stored())
                        .bind(cutoff)
                        .execute(connection)
                        .await
                        .map(|done| done.rows_affected())
                })
            })
            .await?;
        if rows == 1 { Ok(()) } else { Err(AuthError::Authorization { attempt, rows }) }
    }

    /// Starts a device flow, and returns its user code and its device code (RFC 8628 section 3.2). Only the SHA-256 of
    /// the latter is stored (`AuthDB.insert_device_flow`).
    ///
    /// # Errors
    /// [`AuthError::NoFreeUserCode`] if [`MAX_RETRY`] codes in a row are taken.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::model::Scope;
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// let scope = Scope::from_stored("vo:lhcb group:lhcb_user".to_owned());
    /// let mut work = db.begin(&permit).await?;
    /// let (user_code, device_code) = work.insert_device_flow("dirac-cli", &scope, &mut clock::randomness()).await?;
    /// work.commit().await?;
    /// println!("Type {user_code} into the page; the client polls with its own code meanwhile.");
    /// assert_eq!(device_code.len(), 43, "32 random bytes in base64");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn insert_device_flow(
        &mut self,
        client_id: &str,
        scope: &Scope,
        random: &mut impl Rng,
    ) -> Result<(UserCode, String), AuthError> {
        for _ in 0..MAX_RETRY {
            let user_code = UserCode::draw(random);
            let device_code = token_urlsafe(random);
            let hash = hash(&device_code);
            let session = &mut self.session;
            let is_free = self
                .db
                .limited("inserting a device flow", async {
                    let inserted = on_backend!(session, |connection, text| {
                        sqlx::query(text(statements::INSERT_DEVICE_FLOW))
                            .bind(user_code.stored())
                            .bind(client_id)
                            .bind(scope.as_str())
                            .bind(&hash)
                            .execute(connection)
                            .await
                            .map(drop)
                    });
                    match inserted {
                        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(false),
                        other => other.map(|()| true),
                    }
                })
                .await?;
            if is_free {
                return Ok((user_code, device_code));
            }
        }
        Err(AuthError::NoFreeUserCode)
    }
}
