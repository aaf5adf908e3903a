//! The rows that the demo writes, with times of its choosing: DiracX's own statements cannot write into the past.

use rand::Rng;
use serde_json::{Value, json};
use sqlx::SqliteConnection;

use crate::clock::Timestamp;
use crate::db::{hash, token_urlsafe};
use crate::ids::{FlowId, Jti, UserCode};
use crate::model::{FlowStatus, TokenStatus};

/// A flow to be written.
pub(super) struct NewFlow {
    pub(super) status: FlowStatus,
    pub(super) created: Timestamp,
    pub(super) client_id: &'static str,
    pub(super) scope: String,
    /// Who has authenticated, if anybody.
    pub(super) sub: Option<String>,
}

impl NewFlow {
    fn id_token(&self) -> Option<String> {
        self.sub.as_ref().map(|sub| json!({ "sub": sub, "preferred_username": sub }).to_string())
    }
}

/// What DiracX stores of a code that it has drawn.
fn hashed_code(random: &mut impl Rng) -> String {
    hash(&token_urlsafe(random))
}

pub(super) async fn insert_device_flow(
    connection: &mut SqliteConnection,
    flow: &NewFlow,
    random: &mut impl Rng,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO DeviceFlows (UserCode, Status, CreationTime, ClientID, Scope, DeviceCode, IDToken) \
         VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(UserCode::draw(random).stored())
    .bind(flow.status.as_str())
    .bind(flow.created)
    .bind(flow.client_id)
    .bind(&flow.scope)
    .bind(hashed_code(random))
    .bind(flow.id_token())
    .execute(connection)
    .await
    .map(drop)
}

pub(super) async fn insert_authorization_flow(
    connection: &mut SqliteConnection,
    flow: &NewFlow,
    random: &mut impl Rng,
) -> Result<(), sqlx::Error> {
    let has_code = matches!(flow.status, FlowStatus::Ready | FlowStatus::Done);
    sqlx::query(
        "INSERT INTO AuthorizationFlows (UUID, Status, ClientID, CreationTime, Scope, CodeChallenge, \
         CodeChallengeMethod, RedirectURI, Code, IDToken) VALUES (?, ?, ?, ?, ?, ?, 'S256', ?, ?, ?)",
    )
    .bind(FlowId::issue(flow.created, random).stored())
    .bind(flow.status.as_str())
    .bind(flow.client_id)
    .bind(flow.created)
    .bind(&flow.scope)
    .bind(hashed_code(random))
    .bind("https://diracx.example.org/#authentication-callback")
    .bind(has_code.then(|| hashed_code(random)))
    .bind(flow.id_token())
    .execute(connection)
    .await
    .map(drop)
}

pub(super) async fn insert_token(
    connection: &mut SqliteConnection,
    jti: &Jti,
    status: &TokenStatus,
    scope: &str,
    subject: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO RefreshTokens (JTI, Status, Scope, Sub) VALUES (?, ?, ?, ?)")
        .bind(jti.stored())
        .bind(status.as_str())
        .bind(scope)
        .bind(subject)
        .execute(connection)
        .await
        .map(drop)
}

/// A run of the janitor that ended well, from its start to its end.
pub(super) async fn insert_run(
    connection: &mut SqliteConnection,
    job: &str,
    host: &str,
    (start, end): (Timestamp, Timestamp),
    counts: &Value,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO JanitorRuns (Job, Host, StartTime, EndTime, Outcome, Counts) VALUES (?, ?, ?, ?, 'done', ?)",
    )
    .bind(job)
    .bind(host)
    .bind(start.sql_text_with_millis())
    .bind(end.sql_text_with_millis())
    .bind(counts.to_string())
    .execute(connection)
    .await
    .map(drop)
}
