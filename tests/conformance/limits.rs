//! What is refused: the same cases on both sides, with the same error, to the second.

use std::time::Duration;

use authdb_tests::Engine;
use serde_json::{Value, json};

use crate::authorization_flows::{complete, start as start_authorization_flow};
use crate::device_flows::start as start_device_flow;
use crate::pair::{Pair, SIDES, Side, Table, on_every_engine};

/// The validity in these tests.
const VALIDITY: Duration = Duration::from_mins(5);

/// Enough to get through a call within a second of the clock, also on a busy machine.
const TRIES: usize = 100;

/// What a side makes of a row that is `age` old: true if the call is done, false if it fails with `error`.
///
/// The row is put back first. The clock may tick between that and the call; then it is done again.
async fn is_accepted(pair: &Pair, side: Side, age: Duration, (reset, call, error): (&str, &Value, &str)) -> bool {
    let function = call["call"].as_str().expect("a call has a name");
    for _ in 0..TRIES {
        let now = pair.world.now().await;
        pair.world.execute(&reset.replace("{created}", &now.before(age).sql_text())).await;
        let outcome = pair.call(side, function, call["arguments"].clone()).await;
        if pair.world.now().await.sql_text() == now.sql_text() {
            if let Err(fault) = &outcome {
                assert_eq!(fault.class, error, "{side:?} on {}: {fault:?}", pair.engine());
            }
            return outcome.is_ok();
        }
    }
    panic!("{function} never took less than a second in {TRIES} tries on {}", pair.engine())
}

/// A row is accepted until it is exactly as old as the limit, and not then any more.
async fn holds_to_the_second(pair: &Pair, reset: &str, function: &str, arguments: Value, error: &str) {
    let call = json!({ "call": function, "arguments": arguments });
    for side in SIDES {
        let what = (reset, &call, error);
        for (age, expected) in [(299, true), (300, false), (301, false), (0, true), (86_400, false)] {
            let accepted = is_accepted(pair, side, Duration::from_secs(age), what).await;
            assert_eq!(accepted, expected, "{side:?} on {}: {function} at {age} s", pair.engine());
        }
    }
}

#[tokio::test]
async fn a_device_flow_ends_in_the_same_second() {
    on_every_engine(|pair| async move {
        let (user_code, _) = start_device_flow(&pair, Side::DiracX).await;
        let reset = "UPDATE DeviceFlows SET Status = 'PENDING', IDToken = NULL, CreationTime = '{created}'";
        let mut arguments = json!({ "user_code": user_code, "max_validity": VALIDITY.as_secs() });
        let function = "device_flow_validate_user_code";
        holds_to_the_second(&pair, reset, function, arguments.clone(), "NoResultFound").await;
        arguments["id_token"] = json!({ "sub": "amara" });
        let function = "device_flow_insert_id_token";
        holds_to_the_second(&pair, reset, function, arguments, "AuthorizationError").await;
    })
    .await;
}

#[tokio::test]
async fn an_authorization_flow_ends_in_the_same_second() {
    on_every_engine(|pair| async move {
        let key = start_authorization_flow(&pair, Side::DiracX).await;
        let reset = "UPDATE AuthorizationFlows SET Status = 'PENDING', IDToken = NULL, Code = NULL, \
                     CreationTime = '{created}'";
        let validity = VALIDITY.as_secs();
        let login = json!({ "uuid": key, "id_token": { "sub": "amara" }, "max_validity": validity });
        let function = "authorization_flow_insert_id_token";
        holds_to_the_second(&pair, reset, function, login, "AuthorizationError").await;

        pair.world.execute(&reset.replace("{created}", &pair.world.now().await.sql_text())).await;
        let code = complete(&pair, Side::DiracX, &key).await;
        let reset = "UPDATE AuthorizationFlows SET CreationTime = '{created}'";
        let question = json!({ "code": code, "max_validity": validity });
        holds_to_the_second(&pair, reset, "get_authorization_flow", question, "NoResultFound").await;
    })
    .await;
}

#[tokio::test]
async fn only_pending_flows_are_completed() {
    on_every_engine(|pair| async move {
        let (user_code, device_code) = start_device_flow(&pair, Side::Ours).await;
        let key = start_authorization_flow(&pair, Side::Ours).await;
        let code = complete(&pair, Side::DiracX, &key).await;
        for status in ["READY", "DONE", "ERROR"] {
            for side in SIDES {
                pair.done(side, "update_device_flow_status", json!({ "device_code": device_code, "status": status }))
                    .await;
                let mut arguments = json!({ "user_code": user_code, "max_validity": 600 });
                let refusal = pair.refusal(side, "device_flow_validate_user_code", arguments.clone()).await;
                assert_eq!(refusal, "NoResultFound", "{side:?} on {}", pair.engine());
                arguments["id_token"] = json!({ "sub": "amara" });
                let refusal = pair.refusal(side, "device_flow_insert_id_token", arguments).await;
                assert_eq!(refusal, "AuthorizationError", "{side:?} on {}", pair.engine());

                pair.done(side, "update_authorization_flow_status", json!({ "code": code, "status": status })).await;
                let login = json!({ "uuid": key, "id_token": { "sub": "amara" }, "max_validity": 300 });
                let refusal = pair.refusal(side, "authorization_flow_insert_id_token", login).await;
                assert_eq!(refusal, "AuthorizationError", "{side:?} on {}", pair.engine());
            }
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_unknown_is_refused_alike() {
    on_every_engine(|pair| async move {
        start_device_flow(&pair, Side::Ours).await;
        complete(&pair, Side::Ours, &start_authorization_flow(&pair, Side::Ours).await).await;
        let key = pair.new_key().await;
        let claims = json!({ "sub": "amara" });
        for (function, arguments, error) in [
            (
                "device_flow_validate_user_code",
                json!({ "user_code": "QQQQQQQQ", "max_validity": 600 }),
                "NoResultFound",
            ),
            ("device_flow_validate_user_code", json!({ "user_code": "", "max_validity": 600 }), "NoResultFound"),
            ("get_device_flow", json!({ "device_code": "unknown" }), "NoResultFound"),
            ("get_device_flow", json!({ "device_code": "unknown, and no code at all: 東京" }), "NoResultFound"),
            (
                "device_flow_insert_id_token",
                json!({ "user_code": "QQQQQQQQ", "id_token": claims, "max_validity": 600 }),
                "AuthorizationError",
            ),
            (
                "authorization_flow_insert_id_token",
                json!({ "uuid": key, "id_token": claims, "max_validity": 300 }),
                "AuthorizationError",
            ),
            ("get_authorization_flow", json!({ "code": "unknown", "max_validity": 300 }), "NoResultFound"),
            ("get_refresh_token", json!({ "jti": key }), "TokenNotFoundError"),
        ] {
            for side in SIDES {
                let refusal = pair.refusal(side, function, arguments.clone()).await;
                assert_eq!(refusal, error, "{side:?} on {}: {function}({arguments})", pair.engine());
            }
        }
    })
    .await;
}

#[tokio::test]
async fn setting_the_status_of_what_is_unknown_changes_nothing() {
    on_every_engine(|pair| async move {
        start_device_flow(&pair, Side::Ours).await;
        complete(&pair, Side::Ours, &start_authorization_flow(&pair, Side::Ours).await).await;
        crate::refresh_tokens::issue(&pair, Side::Ours, "lhcb:a").await;
        let before = pair.tables().await;
        for (function, arguments) in [
            ("update_device_flow_status", json!({ "device_code": "unknown", "status": "DONE" })),
            ("update_authorization_flow_status", json!({ "code": "unknown", "status": "DONE" })),
            ("revoke_refresh_token", json!({ "jti": pair.new_key().await })),
        ] {
            for side in SIDES {
                assert_eq!(pair.done(side, function, arguments.clone()).await, Value::Null);
                assert_eq!(pair.tables().await, before, "{side:?} on {}: {function}", pair.engine());
            }
        }
        assert_eq!(pair.table(Table::DeviceFlows).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_user_code_that_nobody_draws_is_refused_alike() {
    on_every_engine(|pair| async move {
        start_device_flow(&pair, Side::Ours).await;
        for user_code in ["longer than eight letters", "' OR '' = '", "%", "________"] {
            for (function, arguments, error) in with_user_code(user_code) {
                for side in SIDES {
                    let refusal = pair.refusal(side, function, arguments.clone()).await;
                    assert_eq!(refusal, error, "{side:?} on {}: {function}({user_code})", pair.engine());
                }
            }
        }
    })
    .await;
}

/// By default MariaDB's columns are latin1, and it refuses to compare them with letters that latin1 lacks.
#[tokio::test]
async fn a_text_that_no_column_holds_is_an_error_on_both_sides_or_on_none() {
    on_every_engine(|pair| async move {
        start_device_flow(&pair, Side::Ours).await;
        let is_latin1 = pair.engine() == Engine::MariaDb;
        for side in SIDES {
            let of_the_database = if side == Side::Ours { "DbError" } else { "OperationalError" };
            for (function, arguments, error) in with_user_code("東京") {
                let refusal = pair.refusal(side, function, arguments).await;
                let expected = if is_latin1 { of_the_database } else { error };
                assert_eq!(refusal, expected, "{side:?} on {}: {function}", pair.engine());
            }
            let outcome = pair.call(side, "get_user_refresh_tokens", json!({ "subject": "lhcb:東京" })).await;
            let expected = if is_latin1 { Err(of_the_database.to_owned()) } else { Ok(json!([])) };
            assert_eq!(outcome.map_err(|fault| fault.class), expected, "{side:?} on {}", pair.engine());
        }
    })
    .await;
}

/// The functions that take a user code, and their errors where no flow has it.
fn with_user_code(user_code: &str) -> [(&'static str, Value, &'static str); 2] {
    let question = json!({ "user_code": user_code, "max_validity": 600 });
    let approval = json!({ "user_code": user_code, "max_validity": 600, "id_token": { "sub": "amara" } });
    [
        ("device_flow_validate_user_code", question, "NoResultFound"),
        ("device_flow_insert_id_token", approval, "AuthorizationError"),
    ]
}
