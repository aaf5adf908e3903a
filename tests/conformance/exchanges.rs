//! One code is exchanged once, however many ask for it at the same time on either side.
//!
//! On SQLite DiracX is left out: its `SELECT` takes no lock there and begins no transaction, so that two of its own
//! callers can both find a code unused. Ours begin with the right to write.

use std::sync::Arc;

use authdb_shared::db::AuthError;
use authdb_shared::ids::Jti;
use authdb_shared::model::{FlowStatus, TokenStatus};
use authdb_tests::{Engine, World};
use serde_json::{Value, json};

use crate::authorization_flows::{complete, start as start_authorization_flow};
use crate::device_flows::{claims, start as start_device_flow};
use crate::pair::{Pair, Side, on_every_engine};

/// Callers of ours at a time.
const OURS: usize = 20;

/// Processes of DiracX, and callers in each.
const PEERS: usize = 2;
const CALLERS_PER_PEER: usize = 5;

/// How often everybody races.
const ROUNDS: usize = 5;

/// What the token endpoint does with a code: look, refuse what is used up, use it up. Says whether it was usable.
async fn exchange(world: &World, kind: &str, code: &str) -> Result<bool, AuthError> {
    let mut transaction = world.db.begin(&world.permit).await?;
    let is_usable = match kind {
        "device" => transaction.get_device_flow(code).await?.status == FlowStatus::Ready,
        "authorization" => {
            let flow = transaction.get_authorization_flow(code, world.policy.authorization_flow_expiration).await?;
            flow.status == FlowStatus::Ready
        }
        _ => transaction.get_refresh_token(&jti(code)).await?.status == TokenStatus::Created,
    };
    if !is_usable {
        return Ok(false);
    }
    match kind {
        "device" => transaction.update_device_flow_status(code, &FlowStatus::Done).await?,
        "authorization" => transaction.update_authorization_flow_status(code, &FlowStatus::Done).await?,
        _ => transaction.revoke_refresh_token(&jti(code)).await?,
    }
    transaction.commit().await?;
    Ok(true)
}

fn jti(key: &str) -> Jti {
    Jti::read(key).expect("the test gives a key")
}

/// Lets everybody exchange one code at once, and gives how many could.
async fn race(pair: &Arc<Pair>, kind: &'static str, code: &str) -> usize {
    let mut peers = Vec::new();
    if pair.engine() != Engine::Sqlite {
        for _ in 0..PEERS {
            peers.push(pair.another_peer().await);
        }
    }
    let calls = vec![json!({ "call": "exchange", "arguments": { "kind": kind, "code": code } }); CALLERS_PER_PEER];
    for peer in &mut peers {
        peer.send("together", &json!({ "calls": calls }));
    }
    let ours: Vec<_> = (0..OURS)
        .map(|_| {
            let (pair, code) = (Arc::clone(pair), code.to_owned());
            tokio::spawn(async move { exchange(&pair.world, kind, &code).await })
        })
        .collect();
    let mut winners = 0;
    for caller in ours {
        let won = caller.await.expect("no caller panics").expect("no caller of ours fails");
        winners += usize::from(won);
    }
    for peer in &mut peers {
        let results = peer.receive().await.expect("no caller of DiracX's fails");
        winners += results.as_array().expect("a list").iter().filter(|won| **won == Value::Bool(true)).count();
    }
    winners
}

#[tokio::test]
async fn a_device_code_is_exchanged_once() {
    on_every_engine(|pair| async move {
        for round in 0..ROUNDS {
            let (user_code, device_code) = start_device_flow(&pair, Side::Ours).await;
            let approval = json!({ "user_code": user_code, "id_token": claims(), "max_validity": 600 });
            pair.done(Side::Ours, "device_flow_insert_id_token", approval).await;
            assert_eq!(race(&pair, "device", &device_code).await, 1, "round {round} on {}", pair.engine());
        }
    })
    .await;
}

#[tokio::test]
async fn an_authorization_code_is_exchanged_once() {
    on_every_engine(|pair| async move {
        for round in 0..ROUNDS {
            let code = complete(&pair, Side::Ours, &start_authorization_flow(&pair, Side::Ours).await).await;
            assert_eq!(race(&pair, "authorization", &code).await, 1, "round {round} on {}", pair.engine());
        }
    })
    .await;
}

#[tokio::test]
async fn a_refresh_token_is_refreshed_once() {
    on_every_engine(|pair| async move {
        for round in 0..ROUNDS {
            let key = crate::refresh_tokens::issue(&pair, Side::Ours, "lhcb:a").await;
            assert_eq!(race(&pair, "token", &key).await, 1, "round {round} on {}", pair.engine());
        }
    })
    .await;
}
