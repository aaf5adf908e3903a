//! DiracX's functions on authorization flows.

use std::time::Duration;

use rand::Rng;
use serde_json::Value;
use sqlx::FromRow;

use super::{AuthError, Transaction, hash, token_urlsafe};
use crate::clock::{StoredTime, Timestamp};
use crate::db::backend::{WriteSession, on_backend};
use crate::db::statements;
use crate::db::sweep::LOWEST_KEY;
use crate::ids::{FlowId, KeyBound};
use crate::model::{FlowStatus, Scope};

/// What a client asks for when it starts an authorization flow (RFC 7636 section 4.3).
///
/// # Examples
/// ```
/// use authdb_shared::db::NewAuthorizationFlow;
/// use authdb_shared::model::Scope;
///
/// // The challenge is that of RFC 7636, appendix B.
/// let new = NewAuthorizationFlow {
///     client_id: "dirac-web",
///     scope: &Scope::from_stored("vo:lhcb".to_owned()),
///     code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
///     code_challenge_method: "S256",
///     redirect_uri: "https://dirac.example/",
/// };
/// assert_eq!(new.scope.vo(), Some("lhcb"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAuthorizationFlow<'a> {
    /// The OAuth client.
    pub client_id: &'a str,
    /// What it asks for.
    pub scope: &'a Scope,
    /// The PKCE challenge.
    pub code_challenge: &'a str,
    /// How the challenge is derived from its verifier; DiracX accepts `S256`.
    pub code_challenge_method: &'a str,
    /// Where the browser is to be sent back to.
    pub redirect_uri: &'a str,
}

/// A whole row of `AuthorizationFlows`, as DiracX's token endpoint reads it.
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
/// # let (code_challenge, code_challenge_method) = ("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "S256");
/// # let (client_id, redirect_uri) = ("dirac-web", "https://dirac.example/");
/// # let new = authdb_shared::db::NewAuthorizationFlow {
/// #     client_id, scope: &scope, code_challenge, code_challenge_method, redirect_uri,
/// # };
/// # let mut work = db.begin(&permit).await?;
/// # let id = work.insert_authorization_flow(&new, &mut clock::randomness()).await?;
/// let validity = config.policy.authorization_flow_expiration;
/// let claims = serde_json::json!({ "sub": "alice" });
/// let (code, _) = work.authorization_flow_insert_id_token(&id, &claims, validity, &mut clock::randomness()).await?;
/// let flow = work.get_authorization_flow(&code, validity).await?;
/// assert_eq!((flow.id_token, flow.code_hash), (Some(claims), Some(hash(&code))));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct AuthorizationFlowRecord {
    /// The flow's key.
    pub id: FlowId,
    /// The status word.
    pub status: FlowStatus,
    /// The OAuth client that started it.
    pub client_id: String,
    /// When it was started; `None` if the row holds no readable time.
    pub created: Option<Timestamp>,
    /// What it asks for.
    pub scope: Scope,
    /// The PKCE challenge that the verifier must match.
    pub code_challenge: String,
    /// How the challenge is derived.
    pub code_challenge_method: String,
    /// Where the browser was sent back to.
    pub redirect_uri: String,
    /// SHA-256 of the authorization code; `None` until somebody has logged in.
    pub code_hash: Option<String>,
    /// The claims of the user who has logged in; `None` before that, and where the row holds no JSON.
    pub id_token: Option<Value>,
}

#[derive(FromRow)]
struct RecordRow {
    id: Option<String>,
    status: Option<String>,
    client_id: Option<String>,
    created: StoredTime,
    scope: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
    redirect_uri: Option<String>,
    code: Option<String>,
    id_token: Option<String>,
}

impl From<RecordRow> for AuthorizationFlowRecord {
    fn from(row: RecordRow) -> Self {
        Self {
            id: FlowId::from_stored(row.id.unwrap_or_default()),
            status: FlowStatus::from_stored(row.status),
            client_id: row.client_id.unwrap_or_default(),
            created: row.created.0,
            scope: Scope::from_stored(row.scope.unwrap_or_default()),
            code_challenge: row.code_challenge.unwrap_or_default(),
            code_challenge_method: row.code_challenge_method.unwrap_or_default(),
            redirect_uri: row.redirect_uri.unwrap_or_default(),
            code_hash: row.code,
            id_token: row.id_token.and_then(|text| serde_json::from_str(&text).ok()),
        }
    }
}

impl Transaction<'_> {
    /// Starts an authorization flow (RFC 6749 section 4.1.1) and returns its key, a `UUIDv7`
    /// (`AuthDB.insert_authorization_flow`).
    ///
    /// # Errors
    /// If the database cannot do it.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::NewAuthorizationFlow;
    /// use authdb_shared::model::Scope;
    ///
    /// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
    /// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
    /// # let permit = db.write_permit(&Actor::of_this_process())?;
    /// let new = NewAuthorizationFlow {
    ///     client_id: "dirac-web",
    ///     scope: &Scope::from_stored("vo:lhcb".to_owned()),
    ///     code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    ///     code_challenge_method: "S256",
    ///     redirect_uri: "https://dirac.example/",
    /// };
    /// let mut work = db.begin(&permit).await?;
    /// let id = work.insert_authorization_flow(&new, &mut clock::randomness()).await?;
    /// assert_eq!(id.issued_at(), Some(work.now()));
    /// work.commit().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn insert_authorization_flow(
        &mut self,
        flow: &NewAuthorizationFlow<'_>,
        random: &mut impl Rng,
    ) -> Result<FlowId, AuthError> {
        let id = FlowId::issue(self.now, random);
        let session = &mut self.session;
        self.db
            .limited("inserting an authorization flow", async {
                on_backend!(session, |connection, text| {
                    sqlx::query(text(statements::INSERT_AUTHORIZATION_FLOW))
                        .bind(id.stored())
                        .bind(flow.client_id)
                        .bind(flow.scope.as_str())
                        .bind(flow.code_challenge)
                        .bind(flow.code_challenge_method)
                        .bind(flow.redirect_uri)
                        .execute(connection)
                        .await
                        .map(drop)
                })
            })
            .await?;
        Ok(id)
    }

    /// Stores the claims of the user who has logged in, makes a pending flow younger than `max_validity` READY, and
    /// returns the authorization code and the redirect URI (RFC 6749 section 4.1.2). Only the SHA-256 of the code is
    /// stored (`AuthDB.authorization_flow_insert_id_token`).
    ///
    /// # Errors
    /// [`AuthError::Authorization`] unless that is exactly one flow.
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
    /// # let (code_challenge, code_challenge_method) = ("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "S256");
    /// # let (client_id, redirect_uri) = ("dirac-web", "https://dirac.example/");
    /// # let new = authdb_shared::db::NewAuthorizationFlow {
    /// #     client_id, scope: &scope, code_challenge, code_challenge_method, redirect_uri,
    /// # };
    /// # let mut work = db.begin(&permit).await?;
    /// # let id = work.insert_authorization_flow(&new, &mut clock::randomness()).await?;
    /// let validity = config.policy.authorization_flow_expiration;
    /// let (claims, random) = (serde_json::json!({ "sub": "alice" }), &mut clock::randomness());
    /// let (code, redirect_uri) = work.authorization_flow_insert_id_token(&id, &claims, validity, random).await?;
    /// let send_to = format!("{redirect_uri}?code={code}");
    /// assert!(send_to.starts_with("https://dirac.example/?code="));
    ///
    /// let again = work.authorization_flow_insert_id_token(&id, &claims, validity, random).await;
    /// assert!(again.is_err(), "one login, one code");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn authorization_flow_insert_id_token(
        &mut self,
        id: &FlowId,
        id_token: &Value,
        max_validity: Duration,
        random: &mut impl Rng,
    ) -> Result<(String, String), AuthError> {
        let attempt = "storing the ID token of the authorization flow";
        let cutoff = self.now.before(max_validity);
        let code = token_urlsafe(random);
        let (hash, id_token) = (hash(&code), id_token.to_string());
        let session = &mut self.session;
        let (rows, redirect_uri) = self
            .db
            .limited(attempt, async {
                let rows = on_backend!(session, |connection, text| {
                    sqlx::query(text(statements::COMPLETE_AUTHORIZATION_FLOW))
                        .bind(&id_token)
                        .bind(&hash)
                        .bind(id.stored())
                        .bind(cutoff)
                        .execute(connection)
                        .await
                        .map(|done| done.rows_affected())
                })?;
                let redirect_uri: Option<String> = on_backend!(session, |connection, text| {
                    sqlx::query_scalar(text(statements::REDIRECT_URI))
                        .bind(id.stored())
                        .fetch_optional(connection)
                        .await
                })?;
                Ok((rows, redirect_uri))
            })
            .await?;
        match redirect_uri {
            Some(redirect_uri) if rows == 1 => Ok((code, redirect_uri)),
            _ => Err(AuthError::Authorization { attempt, rows }),
        }
    }

    /// The flow of an authorization code younger than `max_validity`, locked until the transaction ends, so that one
    /// code is exchanged once under any number of callers (`AuthDB.get_authorization_flow`).
    ///
    /// `Code` has no index, and a locking read that looks for it locks every flow there is. So the flow is found without
    /// a lock among the keys that are young enough, and then locked by its key and looked at again.
    ///
    /// # Errors
    /// [`AuthError::NoResultFound`] if no such flow has that code.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
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
    /// # let (code_challenge, code_challenge_method) = ("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "S256");
    /// # let (client_id, redirect_uri) = ("dirac-web", "https://dirac.example/");
    /// # let new = authdb_shared::db::NewAuthorizationFlow {
    /// #     client_id, scope: &scope, code_challenge, code_challenge_method, redirect_uri,
    /// # };
    /// # let mut work = db.begin(&permit).await?;
    /// # let id = work.insert_authorization_flow(&new, &mut clock::randomness()).await?;
    /// # let (validity, random) = (config.policy.authorization_flow_expiration, &mut clock::randomness());
    /// # let claims = serde_json::json!({ "sub": "alice" });
    /// # let (code, _) = work.authorization_flow_insert_id_token(&id, &claims, validity, random).await?;
    /// let flow = work.get_authorization_flow(&code, config.policy.authorization_flow_expiration).await?;
    /// assert_eq!((flow.id, flow.redirect_uri.as_str()), (id, "https://dirac.example/"));
    ///
    /// let too_late = work.get_authorization_flow(&code, Duration::ZERO).await;
    /// assert!(matches!(too_late, Err(AuthError::NoResultFound(_))));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_authorization_flow(
        &mut self,
        code: &str,
        max_validity: Duration,
    ) -> Result<AuthorizationFlowRecord, AuthError> {
        let attempt = "reading the authorization flow";
        let hash = hash(code);
        let cutoff = self.now.before(max_validity);
        let session = &mut self.session;
        let row: Option<RecordRow> = self
            .db
            .limited(attempt, async {
                let Some(id) = find(session, &hash, cutoff).await? else { return Ok(None) };
                on_backend!(session, |connection, text| {
                    sqlx::query_as(text(statements::LOCK_AUTHORIZATION_FLOW))
                        .bind(&id)
                        .bind(&hash)
                        .bind(cutoff)
                        .fetch_optional(connection)
                        .await
                })
            })
            .await?;
        row.map(AuthorizationFlowRecord::from).ok_or(AuthError::NoResultFound(attempt))
    }

    /// Sets the status of the flow of an authorization code, whatever it was
    /// (`AuthDB.update_authorization_flow_status`). A code that no flow has changes nothing, as in DiracX.
    ///
    /// The flow is found without a lock first, for the reason given at [`Transaction::get_authorization_flow`].
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
    /// # let (code_challenge, code_challenge_method) = ("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "S256");
    /// # let (client_id, redirect_uri) = ("dirac-web", "https://dirac.example/");
    /// # let new = authdb_shared::db::NewAuthorizationFlow {
    /// #     client_id, scope: &scope, code_challenge, code_challenge_method, redirect_uri,
    /// # };
    /// # let mut work = db.begin(&permit).await?;
    /// # let id = work.insert_authorization_flow(&new, &mut clock::randomness()).await?;
    /// # let (validity, random) = (config.policy.authorization_flow_expiration, &mut clock::randomness());
    /// # let claims = serde_json::json!({ "sub": "alice" });
    /// # let (code, _) = work.authorization_flow_insert_id_token(&id, &claims, validity, random).await?;
    /// work.update_authorization_flow_status(&code, &FlowStatus::Done).await?;
    /// let flow = work.get_authorization_flow(&code, config.policy.authorization_flow_expiration).await?;
    /// assert_eq!(flow.status, FlowStatus::Done, "nobody else exchanges the code again");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_authorization_flow_status(&mut self, code: &str, status: &FlowStatus) -> Result<(), AuthError> {
        let hash = hash(code);
        let since = self.now.before(YOUNG);
        let session = &mut self.session;
        self.db
            .limited("updating the authorization flow", async {
                let Some(id) = find(session, &hash, since).await? else { return Ok(()) };
                on_backend!(session, |connection, text| {
                    sqlx::query(text(statements::UPDATE_AUTHORIZATION_FLOW_STATUS))
                        .bind(status.as_str())
                        .bind(&id)
                        .bind(&hash)
                        .execute(connection)
                        .await
                        .map(drop)
                })
            })
            .await?;
        Ok(())
    }
}

/// The key of the flow with a code: looked for among those started since `since`, and only then among all.
async fn find(session: &mut WriteSession, hash: &str, since: Timestamp) -> Result<Option<String>, sqlx::Error> {
    // The service's host dates the key and the database the row; their clocks may differ by a little.
    let young = KeyBound::at(since.before(KEY_TOLERANCE)).hex();
    for lowest in [young.as_str(), LOWEST_KEY] {
        let id: Option<String> = on_backend!(session, |connection, text| {
            sqlx::query_scalar(text(statements::FIND_AUTHORIZATION_CODE))
                .bind(lowest)
                .bind(hash)
                .fetch_optional(connection)
                .await
        })?;
        if id.is_some() {
            return Ok(id);
        }
    }
    Ok(None)
}

/// Flows that are still exchanged are younger than this.
const YOUNG: Duration = Duration::from_hours(1);
/// How far the clock that dates keys may run behind the one that dates rows.
const KEY_TOLERANCE: Duration = Duration::from_mins(10);
