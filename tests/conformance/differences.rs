//! Where our functions differ from DiracX's on purpose.

use authdb_tests::Engine;
use authdb_tests::world::{TokenRow, key_at};
use serde_json::{Value, json};

use crate::pair::{Pair, Side, Table, on_every_engine};

/// Tokens of subjects that differ in case alone, which are different people.
async fn namesakes(pair: &Pair) {
    pair.world.execute("DELETE FROM RefreshTokens").await;
    let row = |subject| TokenRow::created(key_at(pair.world.start), subject);
    pair.world.add_tokens(&[row("lhcb:alice"), row("lhcb:Alice"), row("lhcb:ALICE")]).await;
}

async fn statuses(pair: &Pair) -> Vec<(Value, Value)> {
    let tokens = pair.table(Table::RefreshTokens).await;
    let mut statuses: Vec<_> = tokens.into_iter().map(|row| (row["Sub"].clone(), row["Status"].clone())).collect();
    statuses.sort_by_key(|(subject, _)| subject.to_string());
    statuses
}

/// DiracX compares subjects as the column does, and so lists and revokes the tokens of somebody else on MariaDB and
/// MySQL. Ours compare them exactly on every engine (design, rule 6).
#[tokio::test]
async fn subjects_that_differ_in_case_are_different_people_to_us() {
    on_every_engine(|pair| async move {
        let in_either_case = if pair.engine() == Engine::Sqlite { 1 } else { 3 };
        for (side, expected) in [(Side::Ours, 1), (Side::DiracX, in_either_case)] {
            namesakes(&pair).await;
            let subject = json!({ "subject": "lhcb:Alice" });
            let listed = pair.done(side, "get_user_refresh_tokens", subject.clone()).await;
            assert_eq!(listed.as_array().map(Vec::len), Some(expected), "{side:?} on {}", pair.engine());
            pair.done(side, "revoke_user_refresh_tokens", subject).await;
            let statuses = statuses(&pair).await;
            let revoked = statuses.iter().filter(|(_, status)| status == "REVOKED").count();
            assert_eq!(revoked, expected, "{side:?} on {}: {statuses:?}", pair.engine());
        }
    })
    .await;
}

/// DiracX revokes whatever is there; ours revoke what is CREATED, and leave a word that neither knows to whoever wrote
/// it. DiracX cannot even list a row with such a word; ours show it.
#[tokio::test]
async fn a_status_that_neither_side_knows_is_shown_and_left_by_us() {
    on_every_engine(|pair| async move {
        namesakes(&pair).await;
        pair.world.execute("UPDATE RefreshTokens SET Status = 'HELD' WHERE Sub = 'lhcb:alice'").await;
        let before = pair.tables().await;
        let everybody = json!({ "subject": null });
        let refusal = pair.refusal(Side::DiracX, "get_user_refresh_tokens", everybody.clone()).await;
        assert_eq!(refusal, "LookupError", "on {}", pair.engine());
        let listed = pair.done(Side::Ours, "get_user_refresh_tokens", everybody).await;
        let held = |list: &Value| list.to_string().matches("HELD").count();
        assert!(held(&listed) > 0, "on {}: {listed}", pair.engine());
        pair.done(Side::Ours, "revoke_user_refresh_tokens", json!({ "subject": "lhcb:alice" })).await;
        assert_eq!(pair.tables().await, before, "on {}", pair.engine());
    })
    .await;
}

/// Where MariaDB's columns are latin1, DiracX fails on a subject that they cannot hold; to us nobody has it.
#[tokio::test]
async fn a_subject_that_no_column_holds_has_no_tokens_to_revoke() {
    on_every_engine(|pair| async move {
        namesakes(&pair).await;
        let (before, subject) = (pair.tables().await, json!({ "subject": "lhcb:東京" }));
        pair.done(Side::Ours, "revoke_user_refresh_tokens", subject.clone()).await;
        assert_eq!(pair.tables().await, before, "on {}", pair.engine());
        let theirs = pair.call(Side::DiracX, "revoke_user_refresh_tokens", subject).await;
        assert_eq!(theirs.is_err(), pair.engine() == Engine::MariaDb, "on {}: {theirs:?}", pair.engine());
    })
    .await;
}
