//! Authorization flows: what one side starts the other completes, row for row.

use authdb_shared::db::hash;
use authdb_shared::ids::FlowId;
use authdb_tests::world::version_4_key;
use serde_json::{Value, json};

use crate::device_flows::claims;
use crate::pair::{DIRECTIONS, Pair, SIDES, Side, Table, dashed, is_created_between, on_every_engine, text};

const SCOPE: &str = "vo:lhcb group:lhcb_user";
const REDIRECT_URI: &str = "https://diracx.example.org/api/docs/oauth2-redirect?name=Zoë&x=%20";

/// Has a side start a flow, and gives its key.
pub(crate) async fn start(pair: &Pair, side: Side) -> String {
    let flow = json!({
        "client_id": "myDIRACClientID",
        "scope": SCOPE,
        "code_challenge": "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
        "code_challenge_method": "S256",
        "redirect_uri": REDIRECT_URI,
    });
    text(&pair.done(side, "insert_authorization_flow", flow).await)
}

/// Has a side complete a flow, and gives the code.
pub(crate) async fn complete(pair: &Pair, side: Side, key: &str) -> String {
    let login = json!({ "uuid": key, "id_token": claims(), "max_validity": 300 });
    let answer = pair.done(side, "authorization_flow_insert_id_token", login).await;
    assert_eq!(answer[1], REDIRECT_URI, "{side:?} on {}", pair.engine());
    text(&answer[0])
}

async fn read(pair: &Pair, code: &str) -> Value {
    let question = json!({ "code": code, "max_validity": 300 });
    pair.read_by_both(Table::AuthorizationFlows, "get_authorization_flow", question).await
}

#[tokio::test]
async fn what_one_side_starts_the_other_completes() {
    on_every_engine(|pair| async move {
        for (one, other) in DIRECTIONS {
            pair.world.execute("DELETE FROM AuthorizationFlows").await;
            let earliest = pair.world.now().await;
            let key = start(&pair, one).await;
            let latest = pair.world.now().await;
            let [started] = pair.table(Table::AuthorizationFlows).await.try_into().expect("one flow is stored");
            assert!(is_created_between(&started, earliest, latest), "{started}");
            let mut expected = json!({
                "UUID": key,
                "Status": "PENDING",
                "ClientID": "myDIRACClientID",
                "CreationTime": started["CreationTime"],
                "Scope": SCOPE,
                "CodeChallenge": "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
                "CodeChallengeMethod": "S256",
                "RedirectURI": REDIRECT_URI,
                "Code": null,
                "IDToken": null,
            });
            assert_eq!(started, expected, "{one:?} on {}", pair.engine());
            let issued = FlowId::from_stored(key.clone()).issued_at().expect("the key is a UUIDv7");
            let names = (earliest, issued, latest);
            assert!(earliest <= issued && issued <= latest, "{one:?} on {}: {names:?}", pair.engine());

            let code = complete(&pair, other, &key).await;
            expected["Status"] = "READY".into();
            expected["Code"] = hash(&code).into();
            expected["IDToken"] = claims();
            assert_eq!(read(&pair, &code).await, expected, "{other:?} on {}", pair.engine());

            let end = json!({ "code": code, "status": "DONE" });
            assert_eq!(pair.done(one, "update_authorization_flow_status", end).await, Value::Null);
            expected["Status"] = "DONE".into();
            assert_eq!(read(&pair, &code).await, expected);
        }
    })
    .await;
}

#[tokio::test]
async fn a_status_is_set_whatever_it_was_and_in_one_row() {
    on_every_engine(|pair| async move {
        for side in SIDES {
            let mut codes = Vec::new();
            for _ in 0..2 {
                codes.push(complete(&pair, side, &start(&pair, side).await).await);
            }
            let before = read(&pair, &codes[1]).await;
            for status in ["DONE", "PENDING", "ERROR", "READY", "READY"] {
                let change = json!({ "code": codes[0], "status": status });
                pair.done(side, "update_authorization_flow_status", change).await;
                assert_eq!(read(&pair, &codes[0]).await["Status"], status, "{side:?} on {}", pair.engine());
            }
            assert_eq!(read(&pair, &codes[1]).await, before);
        }
    })
    .await;
}

#[tokio::test]
async fn a_flow_whose_key_is_not_dated_is_found_by_its_code() {
    on_every_engine(|pair| async move {
        for (one, other) in DIRECTIONS {
            let key = start(&pair, one).await;
            let (dated, undated) = (key.replace('-', ""), version_4_key());
            let rename = format!("UPDATE AuthorizationFlows SET UUID = '{undated}' WHERE UUID = '{dated}'");
            pair.world.execute(&rename).await;
            let code = complete(&pair, other, &dashed(&undated)).await;
            assert_eq!(read(&pair, &code).await["UUID"], dashed(&undated));
            pair.done(one, "update_authorization_flow_status", json!({ "code": code, "status": "DONE" })).await;
            assert_eq!(read(&pair, &code).await["Status"], "DONE", "{one:?} on {}", pair.engine());
        }
    })
    .await;
}
