//! Codes as they are drawn: their form, what is stored of them, and what happens when one is taken.

use authdb_shared::clock;
use authdb_shared::db::{AuthError, MAX_RETRY, hash};
use authdb_shared::ids::{USER_CODE_ALPHABET, UserCode};
use authdb_shared::model::Scope;
use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use serde_json::json;

use crate::authorization_flows::{complete, start as start_authorization_flow};
use crate::device_flows::start as start_device_flow;
use crate::ours::stored;
use crate::pair::{Pair, SIDES, Side, Table, on_every_engine};

const SCOPE: &str = "vo:lhcb";

/// What `insert_device_flow` draws from a source, in turn.
fn drawn(mut source: StdRng, count: u32) -> Vec<String> {
    let draw = |_| {
        let code = UserCode::draw(&mut source);
        source.fill_bytes(&mut [0; 32]);
        stored(&code)
    };
    (0..count).map(draw).collect()
}

/// Writes device flows under the given codes.
async fn take(pair: &Pair, codes: &[String]) {
    for code in codes {
        let statement = format!(
            "INSERT INTO DeviceFlows (UserCode, ClientID, Scope, DeviceCode) VALUES ('{code}', 'c', 's', 'of {code}')"
        );
        pair.world.execute(&statement).await;
    }
}

/// Has our side insert a flow with codes from a source that is known, and gives its user code.
async fn insert_from(pair: &Pair, mut source: StdRng) -> Result<String, AuthError> {
    let mut transaction = pair.world.db.begin(&pair.world.permit).await?;
    let scope = Scope::from_stored(SCOPE.to_owned());
    let (user_code, _) = transaction.insert_device_flow("c", &scope, &mut source).await?;
    transaction.commit().await?;
    Ok(stored(&user_code))
}

/// The same with DiracX, which is made to draw the given codes.
async fn insert_as_drawn(pair: &Pair, codes: &[String]) -> Result<String, String> {
    let arguments = json!({ "client_id": "c", "scope": SCOPE, "drawn": codes });
    let outcome = pair.call(Side::DiracX, "insert_device_flow", arguments).await;
    outcome.map(|codes| crate::pair::text(&codes[0])).map_err(|fault| fault.class)
}

#[tokio::test]
async fn both_sides_draw_codes_of_one_form_and_store_hashes_alone() {
    on_every_engine(|pair| async move {
        for side in SIDES {
            let (user_code, device_code) = start_device_flow(&pair, side).await;
            assert!(user_code.len() == 8 && user_code.chars().all(|c| USER_CODE_ALPHABET.contains(c)), "{user_code}");
            let code = complete(&pair, side, &start_authorization_flow(&pair, side).await).await;
            for secret in [&device_code, &code] {
                let is_url_safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
                assert!(secret.len() == 43 && secret.bytes().all(is_url_safe), "{side:?}: {secret}");
                let stored = format!("{:?}", pair.tables().await);
                assert!(stored.contains(&hash(secret)) && !stored.contains(secret.as_str()), "{side:?}: {stored}");
            }
        }
        let flows = pair.table(Table::DeviceFlows).await;
        assert_ne!(flows[0]["DeviceCode"], flows[1]["DeviceCode"]);
    })
    .await;
}

#[tokio::test]
async fn four_taken_codes_are_drawn_again_and_five_are_given_up() {
    on_every_engine(|pair| async move {
        let seed: u64 = clock::randomness().random();
        let source = || StdRng::seed_from_u64(seed);
        let codes = drawn(source(), MAX_RETRY + 1);
        for taken in 0..MAX_RETRY as usize {
            pair.world.execute("DELETE FROM DeviceFlows").await;
            take(&pair, &codes[..taken]).await;
            let inserted = insert_from(&pair, source()).await;
            assert_eq!(inserted.ok().as_ref(), Some(&codes[taken]), "on {} from {seed}", pair.engine());
            pair.world.execute(&format!("DELETE FROM DeviceFlows WHERE UserCode = '{}'", codes[taken])).await;
            assert_eq!(insert_as_drawn(&pair, &codes).await.as_ref(), Ok(&codes[taken]), "on {}", pair.engine());
        }
        // The code that was drawn last is in the table now, so that only the sixth is free.
        let before = pair.tables().await;
        let refusal = insert_from(&pair, source()).await.expect_err("all of its codes are taken");
        assert!(matches!(refusal, AuthError::NoFreeUserCode), "{refusal:?} on {}", pair.engine());
        assert!(refusal.to_string().contains("purge"), "it says what to do: {refusal}");
        let theirs = insert_as_drawn(&pair, &codes).await;
        assert_eq!(theirs, Err("NotImplementedError".to_owned()), "on {}", pair.engine());
        assert_eq!(pair.tables().await, before);
    })
    .await;
}

#[tokio::test]
async fn what_came_before_a_taken_code_in_a_transaction_is_kept() {
    on_every_engine(|pair| async move {
        let seed: u64 = clock::randomness().random();
        let codes = drawn(StdRng::seed_from_u64(seed), 2);
        take(&pair, &codes[..1]).await;
        let mut transaction = pair.world.db.begin(&pair.world.permit).await.expect("a transaction begins");
        let scope = Scope::from_stored(SCOPE.to_owned());
        let mut first = clock::randomness();
        let (before, _) = transaction.insert_device_flow("c", &scope, &mut first).await.expect("the code is free");
        let mut source = StdRng::seed_from_u64(seed);
        transaction.insert_device_flow("c", &scope, &mut source).await.expect("the second code is free");
        transaction.commit().await.expect("it is committed");
        let mut expected = vec![codes[0].clone(), codes[1].clone(), stored(&before)];
        expected.sort();
        assert_eq!(pair.world.column("SELECT UserCode FROM DeviceFlows ORDER BY UserCode").await, expected);
    })
    .await;
}
