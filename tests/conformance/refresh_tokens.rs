//! Refresh tokens: issued, read, listed and revoked by either side.

use authdb_tests::world::{TokenRow, key_at, version_4_key};
use serde_json::{Value, json};

use crate::pair::{DIRECTIONS, Pair, SIDES, Side, Table, dashed, on_every_engine, text};

const SCOPE: &str = "vo:lhcb group:lhcb_user";

/// Has a side insert a token, and gives its key.
pub(crate) async fn issue(pair: &Pair, side: Side, subject: &str) -> String {
    let key = pair.new_key().await;
    let token = json!({ "jti": key, "subject": subject, "scope": SCOPE });
    assert_eq!(pair.done(side, "insert_refresh_token", token).await, Value::Null);
    key
}

async fn read(pair: &Pair, key: &str) -> Value {
    pair.read_by_both(Table::RefreshTokens, "get_refresh_token", json!({ "jti": key })).await
}

/// What a side lists, in the order of the keys: DiracX promises none.
async fn list(pair: &Pair, side: Side, subject: Option<&str>) -> Vec<Value> {
    let list = pair.done(side, "get_user_refresh_tokens", json!({ "subject": subject })).await;
    let mut tokens = list.as_array().expect("it is a list").clone();
    if side == Side::DiracX {
        tokens.sort_by_key(|token| text(&token["JTI"]));
    }
    tokens
}

/// The keys that both sides list alike.
async fn listed(pair: &Pair, subject: Option<&str>) -> Vec<String> {
    let ours = list(pair, Side::Ours, subject).await;
    assert_eq!(ours, list(pair, Side::DiracX, subject).await, "{subject:?} on {}", pair.engine());
    ours.iter().map(|token| text(&token["JTI"])).collect()
}

#[tokio::test]
async fn what_one_side_issues_the_other_reads_and_revokes() {
    on_every_engine(|pair| async move {
        for (one, other) in DIRECTIONS {
            let key = issue(&pair, one, "lhcb:zoë").await;
            let bystander = issue(&pair, one, "lhcb:zoë").await;
            let mut expected = json!({ "JTI": key, "Status": "CREATED", "Scope": SCOPE, "Sub": "lhcb:zoë" });
            assert_eq!(read(&pair, &key).await, expected, "{one:?} on {}", pair.engine());
            expected["Status"] = "REVOKED".into();
            // The second time changes nothing and is no error.
            for side in [other, one] {
                assert_eq!(pair.done(side, "revoke_refresh_token", json!({ "jti": key })).await, Value::Null);
                assert_eq!(read(&pair, &key).await, expected, "{side:?} on {}", pair.engine());
            }
            assert_eq!(read(&pair, &bystander).await["Status"], "CREATED");
        }
    })
    .await;
}

#[tokio::test]
async fn both_sides_list_a_subject_without_what_is_revoked_and_everybody_with_it() {
    on_every_engine(|pair| async move {
        let mut all = Vec::new();
        for (number, (side, subject)) in
            [(Side::Ours, "lhcb:a"), (Side::DiracX, "lhcb:a"), (Side::Ours, "lhcb:b"), (Side::DiracX, "lhcb:a")]
                .into_iter()
                .enumerate()
        {
            all.push(issue(&pair, side, subject).await);
            if number == 1 {
                pair.done(Side::DiracX, "revoke_refresh_token", json!({ "jti": all[1] })).await;
            }
        }
        let mut of_a = vec![all[0].clone(), all[3].clone()];
        all.sort();
        of_a.sort();
        assert_eq!(listed(&pair, None).await, all);
        assert_eq!(listed(&pair, Some("lhcb:a")).await, of_a);
        for nobody in ["lhcb:nobody", "lhcb:", "%", "' OR '' = '"] {
            assert_eq!(listed(&pair, Some(nobody)).await, Vec::<String>::new(), "{nobody} on {}", pair.engine());
        }
    })
    .await;
}

#[tokio::test]
async fn revoking_the_tokens_of_a_user_ends_all_of_them_and_no_others() {
    on_every_engine(|pair| async move {
        for side in SIDES {
            pair.world.execute("DELETE FROM RefreshTokens").await;
            let row = |subject: &str| TokenRow::created(key_at(pair.world.start), subject);
            // More than a batch of ours.
            let mut rows: Vec<TokenRow> = (0..450).map(|_| row("lhcb:a")).collect();
            rows.extend([row("lhcb:b"), row("lhcb:aa"), row("lhcb:")]);
            pair.world.add_tokens(&rows).await;
            pair.done(side, "revoke_user_refresh_tokens", json!({ "subject": "lhcb:a" })).await;
            for token in pair.table(Table::RefreshTokens).await {
                let expected = if token["Sub"] == "lhcb:a" { "REVOKED" } else { "CREATED" };
                assert_eq!(token["Status"], expected, "{side:?} on {}: {token}", pair.engine());
            }
            assert_eq!(listed(&pair, Some("lhcb:a")).await, Vec::<String>::new());
            let before = pair.tables().await;
            pair.done(side, "revoke_user_refresh_tokens", json!({ "subject": "lhcb:nobody" })).await;
            assert_eq!(pair.tables().await, before);
        }
    })
    .await;
}

#[tokio::test]
async fn more_tokens_than_a_page_are_streamed_completely_and_in_order() {
    on_every_engine(|pair| async move {
        let row = |minutes: u32, status: &str, subject: &str| TokenRow {
            key: key_at(pair.world.start.before(std::time::Duration::from_mins(minutes.into()))),
            status: status.to_owned(),
            subject: subject.to_owned(),
        };
        let mut rows: Vec<TokenRow> = (0..2500).map(|number| row(number * 7 % 2500, "CREATED", "lhcb:a")).collect();
        rows.extend((0..300).map(|number| row(number * 11, "REVOKED", "lhcb:a")));
        rows.extend((0..300).map(|number| row(number * 13, "CREATED", "lhcb:b")));
        pair.world.add_tokens(&rows).await;
        let keys = |wanted: &dyn Fn(&TokenRow) -> bool| {
            let mut keys: Vec<String> = rows.iter().filter(|row| wanted(row)).map(|row| dashed(&row.key)).collect();
            keys.sort();
            keys
        };
        assert_eq!(listed(&pair, None).await, keys(&|_| true));
        let of_a = keys(&|row| row.subject == "lhcb:a" && row.status == "CREATED");
        assert_eq!(of_a.len(), 2500);
        assert_eq!(listed(&pair, Some("lhcb:a")).await, of_a);
    })
    .await;
}

#[tokio::test]
async fn keys_from_before_uuidv7_are_streamed_once_each() {
    on_every_engine(|pair| async move {
        let rows: Vec<TokenRow> = (0..1500).map(|_| TokenRow::created(version_4_key(), "lhcb:a")).collect();
        pair.world.add_tokens(&rows).await;
        for subject in [None, Some("lhcb:a")] {
            // MariaDB orders such keys in its own way, and so each list is put in order here.
            let [ours, theirs] = [Side::Ours, Side::DiracX].map(|side| list(&pair, side, subject));
            let mut ours = ours.await;
            ours.sort_by_key(|token| text(&token["JTI"]));
            assert_eq!(ours.len(), rows.len(), "{subject:?} on {}", pair.engine());
            assert_eq!(ours, theirs.await, "{subject:?} on {}", pair.engine());
        }
    })
    .await;
}

#[tokio::test]
async fn a_key_that_is_taken_is_refused_by_both_sides() {
    on_every_engine(|pair| async move {
        let key = issue(&pair, Side::Ours, "lhcb:a").await;
        let again = json!({ "jti": key, "subject": "lhcb:b", "scope": SCOPE });
        assert_eq!(pair.refusal(Side::DiracX, "insert_refresh_token", again.clone()).await, "IntegrityError");
        assert_eq!(pair.refusal(Side::Ours, "insert_refresh_token", again).await, "DbError");
    })
    .await;
}
