//! Our functions behind DiracX's names and argument names, with values and errors as Python has them.

use std::time::Duration;

use authdb_shared::clock;
use authdb_shared::db::{
    AuthError, AuthorizationFlowRecord, DbError, DeviceFlowRecord, NewAuthorizationFlow, Transaction,
};
use authdb_shared::ids::{FlowId, Jti, Subject, UserCode};
use authdb_shared::model::{FlowStatus, RefreshToken, Scope};
use authdb_tests::World;
use futures_util::TryStreamExt as _;
use serde_json::{Value, json};

use crate::peer::{Fault, Outcome};

/// Performs a function in a transaction of its own, which is committed unless the function fails.
pub(crate) async fn call(world: &World, function: &str, arguments: &Value) -> Outcome {
    let result = match function {
        "get_user_refresh_tokens" => list_tokens(world, arguments).await.map_err(AuthError::from),
        "revoke_user_refresh_tokens" => {
            let subject = subject(arguments).expect("DiracX revokes the tokens of one subject");
            let revoked = world.db.revoke_user_refresh_tokens(&world.permit, &subject).await;
            revoked.map(|_| Value::Null).map_err(AuthError::from)
        }
        _ => in_transaction(world, function, arguments).await,
    };
    result.map_err(|error| fault(&error))
}

async fn in_transaction(world: &World, function: &str, arguments: &Value) -> Result<Value, AuthError> {
    let mut transaction = world.db.begin(&world.permit).await?;
    let value = perform(&mut transaction, function, arguments).await?;
    transaction.commit().await?;
    Ok(value)
}

/// Performs a function inside a transaction that goes on.
pub(crate) async fn perform(
    transaction: &mut Transaction<'_>,
    function: &str,
    arguments: &Value,
) -> Result<Value, AuthError> {
    let text = |name: &str| arguments[name].as_str().unwrap_or_else(|| panic!("{function} needs a text {name}"));
    let user_code = || UserCode::from_stored(text("user_code").to_owned());
    let flow_id = || FlowId::read(text("uuid")).expect("the test gives a key");
    let jti = || Jti::read(text("jti")).expect("the test gives a key");
    let scope = || Scope::from_stored(text("scope").to_owned());
    let status = || FlowStatus::from_stored(Some(text("status").to_owned()));
    let max_validity = || Duration::from_secs(arguments["max_validity"].as_u64().expect("a number of seconds"));
    let mut random = clock::randomness();
    Ok(match function {
        "insert_device_flow" => {
            let (user, device) = transaction.insert_device_flow(text("client_id"), &scope(), &mut random).await?;
            json!([stored(&user), device])
        }
        "device_flow_validate_user_code" => {
            transaction.device_flow_validate_user_code(&user_code(), max_validity()).await?.as_str().into()
        }
        "get_device_flow" => device_flow(&transaction.get_device_flow(text("device_code")).await?),
        "update_device_flow_status" => {
            transaction.update_device_flow_status(text("device_code"), &status()).await?.into()
        }
        "device_flow_insert_id_token" => {
            let claims = &arguments["id_token"];
            transaction.device_flow_insert_id_token(&user_code(), claims, max_validity()).await?.into()
        }
        "insert_authorization_flow" => {
            let flow = NewAuthorizationFlow {
                client_id: text("client_id"),
                scope: &scope(),
                code_challenge: text("code_challenge"),
                code_challenge_method: text("code_challenge_method"),
                redirect_uri: text("redirect_uri"),
            };
            transaction.insert_authorization_flow(&flow, &mut random).await?.to_string().into()
        }
        "authorization_flow_insert_id_token" => {
            let claims = &arguments["id_token"];
            let (id, validity) = (flow_id(), max_validity());
            json!(transaction.authorization_flow_insert_id_token(&id, claims, validity, &mut random).await?)
        }
        "get_authorization_flow" => {
            authorization_flow(&transaction.get_authorization_flow(text("code"), max_validity()).await?)
        }
        "update_authorization_flow_status" => {
            transaction.update_authorization_flow_status(text("code"), &status()).await?.into()
        }
        "insert_refresh_token" => {
            let subject = subject(arguments).expect("a token has a subject");
            transaction.insert_refresh_token(&jti(), &subject, &scope()).await?.into()
        }
        "get_refresh_token" => token(&transaction.get_refresh_token(&jti()).await?),
        "revoke_refresh_token" => transaction.revoke_refresh_token(&jti()).await?.into(),
        _ => panic!("our side has no function {function}"),
    })
}

async fn list_tokens(world: &World, arguments: &Value) -> Result<Value, DbError> {
    let subject = subject(arguments);
    let tokens: Vec<RefreshToken> = world.db.get_user_refresh_tokens(subject.as_ref()).try_collect().await?;
    Ok(tokens.iter().map(token).collect())
}

fn subject(arguments: &Value) -> Option<Subject> {
    arguments["subject"].as_str().map(|text| Subject::new(text).expect("the test gives a subject"))
}

/// A code without the dash that people see.
pub(crate) fn stored(code: &UserCode) -> String {
    code.to_string().replace('-', "")
}

fn device_flow(flow: &DeviceFlowRecord) -> Value {
    json!({
        "UserCode": stored(&flow.user_code),
        "Status": flow.status.as_str(),
        "CreationTime": flow.created.map(clock::Timestamp::sql_text),
        "ClientID": flow.client_id,
        "Scope": flow.scope.as_str(),
        "DeviceCode": flow.device_code_hash,
        "IDToken": flow.id_token,
    })
}

fn authorization_flow(flow: &AuthorizationFlowRecord) -> Value {
    json!({
        "UUID": flow.id.to_string(),
        "Status": flow.status.as_str(),
        "ClientID": flow.client_id,
        "CreationTime": flow.created.map(clock::Timestamp::sql_text),
        "Scope": flow.scope.as_str(),
        "CodeChallenge": flow.code_challenge,
        "CodeChallengeMethod": flow.code_challenge_method,
        "RedirectURI": flow.redirect_uri,
        "Code": flow.code_hash,
        "IDToken": flow.id_token,
    })
}

fn token(token: &RefreshToken) -> Value {
    json!({
        "JTI": token.jti.to_string(),
        "Status": token.status.as_str(),
        "Scope": token.scope.as_str(),
        "Sub": token.subject.as_ref().map(Subject::as_str),
    })
}

/// The exception that DiracX raises in the same case.
fn fault(error: &AuthError) -> Fault {
    let class = match error {
        AuthError::NoResultFound(_) => "NoResultFound",
        AuthError::Authorization { .. } => "AuthorizationError",
        AuthError::TokenNotFound(_) => "TokenNotFoundError",
        AuthError::NoFreeUserCode => "NotImplementedError",
        AuthError::Db(_) => "DbError",
    };
    Fault { class: class.to_owned(), message: error.to_string() }
}
