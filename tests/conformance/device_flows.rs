//! Device flows: what one side starts the other completes, row for row.

use authdb_shared::db::hash;
use serde_json::{Value, json};

use crate::pair::{DIRECTIONS, Pair, SIDES, Side, Table, is_created_between, on_every_engine, text};

const SCOPE: &str = "vo:lhcb group:lhcb_user property:NormalUser";

/// Claims that survive only where JSON is taken seriously.
pub(crate) fn claims() -> Value {
    json!({
        "sub": "amélie",
        "preferred_username": "Amélie \"東京\" \\ 🦀 \u{1}",
        "empty": {},
        "nested": { "Größe": [1, -2.5, true, null, { "deep": [[], ""] }], "large": 9_007_199_254_740_993_i64 },
    })
}

/// Has a side start a flow, and gives its user code and device code.
pub(crate) async fn start(pair: &Pair, side: Side) -> (String, String) {
    let codes = pair.done(side, "insert_device_flow", json!({ "client_id": "Zoë's", "scope": SCOPE })).await;
    (text(&codes[0]), text(&codes[1]))
}

async fn read(pair: &Pair, device_code: &str) -> Value {
    pair.read_by_both(Table::DeviceFlows, "get_device_flow", json!({ "device_code": device_code })).await
}

#[tokio::test]
async fn what_one_side_starts_the_other_completes() {
    on_every_engine(|pair| async move {
        for (one, other) in DIRECTIONS {
            let earliest = pair.world.now().await;
            let (user_code, device_code) = start(&pair, one).await;
            let started = read(&pair, &device_code).await;
            assert!(is_created_between(&started, earliest, pair.world.now().await), "{started}");
            let expected = json!({
                "UserCode": user_code,
                "Status": "PENDING",
                "CreationTime": started["CreationTime"],
                "ClientID": "Zoë's",
                "Scope": SCOPE,
                "DeviceCode": hash(&device_code),
                "IDToken": null,
            });
            assert_eq!(started, expected, "{one:?} on {}", pair.engine());

            let question = json!({ "user_code": user_code, "max_validity": 600 });
            for side in SIDES {
                assert_eq!(pair.done(side, "device_flow_validate_user_code", question.clone()).await, SCOPE);
            }
            let approval = json!({ "user_code": user_code, "id_token": claims(), "max_validity": 600 });
            assert_eq!(pair.done(other, "device_flow_insert_id_token", approval).await, Value::Null);
            let mut expected = started;
            (expected["Status"], expected["IDToken"]) = ("READY".into(), claims());
            assert_eq!(read(&pair, &device_code).await, expected, "{other:?} on {}", pair.engine());

            let end = json!({ "device_code": device_code, "status": "DONE" });
            assert_eq!(pair.done(one, "update_device_flow_status", end).await, Value::Null);
            expected["Status"] = "DONE".into();
            assert_eq!(read(&pair, &device_code).await, expected);
        }
    })
    .await;
}

#[tokio::test]
async fn a_status_is_set_whatever_it_was_and_in_one_row() {
    on_every_engine(|pair| async move {
        for side in SIDES {
            let (_, device_code) = start(&pair, side).await;
            let (_, bystander) = start(&pair, side).await;
            let before = read(&pair, &bystander).await;
            for status in ["DONE", "PENDING", "ERROR", "READY", "READY"] {
                let change = json!({ "device_code": device_code, "status": status });
                pair.done(side, "update_device_flow_status", change).await;
                assert_eq!(read(&pair, &device_code).await["Status"], status, "{side:?} on {}", pair.engine());
            }
            assert_eq!(read(&pair, &bystander).await, before);
        }
    })
    .await;
}

#[tokio::test]
async fn both_sides_keep_each_column_to_its_width() {
    on_every_engine(|pair| async move {
        for side in SIDES {
            let fitting = json!({ "client_id": "c".repeat(255), "scope": "s".repeat(1024) });
            pair.done(side, "insert_device_flow", fitting).await;
        }
        let [first, second] = pair.table(Table::DeviceFlows).await.try_into().expect("two flows are stored");
        assert_eq!((&first["ClientID"], &first["Scope"]), (&second["ClientID"], &second["Scope"]));
        if pair.engine() == authdb_tests::Engine::Sqlite {
            return; // It has no widths.
        }
        for side in SIDES {
            let too_wide = json!({ "client_id": "c".repeat(256), "scope": SCOPE });
            let refusal = pair.refusal(side, "insert_device_flow", too_wide).await;
            assert!(["DbError", "DataError"].contains(&refusal.as_str()), "{refusal}");
        }
    })
    .await;
}
