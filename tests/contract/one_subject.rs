//! One subject: what its tokens add up to, its flows, and what the journal says about it.

use std::time::Duration;

use authdb_shared::db::{AdminAction, Containing, FlowFilter, Order, PageRequest, SubjectFilter};
use authdb_shared::ids::{Subject, UserCode};
use authdb_shared::model::IdTokenClaims;
use authdb_tests::world::{
    AuthorizationFlowRow, DeviceFlowRow, TokenRow, on_every_engine, on_every_key_column, version_4_key,
};

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

fn subject(text: &str) -> Subject {
    Subject::new(text).expect("it is not empty")
}

#[tokio::test]
async fn one_subject_is_added_up_over_all_of_its_tokens() {
    on_every_key_column(|world| async move {
        let first = world.add_token("REVOKED", "lhcb:amara", 40 * DAY).await;
        world.add_token("CREATED", "lhcb:amara", 3 * DAY).await;
        world.add_token("REVOKED", "lhcb:amara", 30 * MINUTE).await;
        let last = world.add_token("CREATED", "lhcb:amara", 10 * MINUTE).await;
        world.add_token("CREATED", "lhcb:Amara", MINUTE).await;
        let one = world.db.one_subject(&subject("lhcb:amara"), &world.policy).await;
        let one = one.expect("it can be read").expect("it has tokens");
        assert_eq!((one.lately.live, one.lately.revoked, one.revocable), (1, 1, 2), "on {}", world.engine());
        assert_eq!((one.first_seen, one.last_seen), (first.issued_at(), last.issued_at()), "on {}", world.engine());
        assert_eq!(one.lately.last, last.issued_at(), "on {}", world.engine());

        // Long gone, or never dated: nothing of it is of the last lifetime.
        world.add_token("REVOKED", "lhcb:gone", 2 * DAY).await;
        let gone = world.db.one_subject(&subject("lhcb:gone"), &world.policy).await.expect("it can be read");
        let gone = gone.expect("it has a token");
        assert_eq!((gone.lately.live, gone.lately.revoked, gone.revocable), (0, 0, 0), "on {}", world.engine());
        world.add_tokens(&[TokenRow::created(version_4_key(), "lhcb:undated")]).await;
        let undated = world.db.one_subject(&subject("lhcb:undated"), &world.policy).await.expect("it can be read");
        let undated = undated.expect("it has a token");
        assert_eq!((undated.revocable, undated.last_seen), (1, None), "on {}", world.engine());
        for nobody in ["lhcb:nobody", "lhcb:東京"] {
            let found = world.db.one_subject(&subject(nobody), &world.policy).await;
            assert_eq!(found.expect("it can be read"), None, "{nobody} on {}", world.engine());
        }
    })
    .await;
}

#[tokio::test]
async fn flows_of_one_subject_are_those_whose_id_token_names_it() {
    on_every_engine(|world| async move {
        let named = |sub: &str| Some(serde_json::json!({ "sub": sub, "name": "amara" }).to_string());
        let (amara, other) = (named("amara"), named("amara2"));
        for (code, id_token, scope) in [
            ("BBBBBBBB", &amara, "vo:lhcb group:lhcb_user"),
            ("CCCCCCCC", &amara, "vo:belle"),
            ("DDDDDDDD", &other, "vo:lhcb"),
            ("FFFFFFFF", &None, "vo:lhcb property:amara"),
        ] {
            let row = DeviceFlowRow {
                code,
                status: "READY",
                id_token: id_token.as_deref(),
                scope,
                ..DeviceFlowRow::default()
            };
            world.add_device_flow(row).await;
        }
        let id = world
            .add_authorization_flow(AuthorizationFlowRow {
                status: "DONE",
                id_token: amara.as_deref(),
                ..AuthorizationFlowRow::default()
            })
            .await;
        let wanted = subject("lhcb:amara");
        let filter = FlowFilter {
            containing: Containing::new(wanted.within_vo()),
            subject: Some(SubjectFilter::Exactly(wanted)),
            ..FlowFilter::default()
        };
        let request = PageRequest::first(Order::NewestFirst, 10);
        let device = world.db.device_flows(&filter, &world.policy, &request).await.expect("they are read");
        let codes: Vec<String> = device.rows.iter().map(|flow| flow.user_code.to_string()).collect();
        assert_eq!(codes, ["BBBB-BBBB"], "on {}", world.engine());
        let browser = world.db.authorization_flows(&filter, &world.policy, &request).await.expect("they are read");
        assert_eq!(browser.rows.iter().map(|flow| &flow.id).collect::<Vec<_>>(), [&id], "on {}", world.engine());
    })
    .await;
}

/// What was done, in the order of the journal.
fn deeds(actions: &[AdminAction]) -> Vec<(&str, &str)> {
    actions.iter().map(|action| (action.action.as_str(), action.reason.as_str())).collect()
}

#[tokio::test]
async fn the_journal_is_searched_for_what_was_done_to_a_subject() {
    on_every_engine(|world| async move {
        world.db.create_ledger(&world.permit).await.expect("the journal is made");
        // Letters that JSON, LIKE and terminals take for something else.
        let hostile = "lhcb:a\"m%_!\u{1b}é";
        let code = UserCode::from_stored("BBBBBBBB".to_owned());
        world.add_device_flow(DeviceFlowRow { code: "BBBBBBBB", ..DeviceFlowRow::default() }).await;
        let because = |reason: &str| world.permit.clone().because(reason);
        for name in [hostile, "lhcb:a\"mx_!\u{1b}é", "lhcb:amara"] {
            let jti = world.add_token("CREATED", name, MINUTE).await;
            let revoked = world.db.revoke_token(&because("one"), &jti).await;
            revoked.expect("it works").expect("it is CREATED");
            world.add_token("CREATED", name, 2 * MINUTE).await;
            assert_eq!(world.db.revoke_subject(&because("all"), &subject(name)).await.revoked, 1);
        }
        let claims = IdTokenClaims { sub: "amara".to_owned(), preferred_username: None };
        let approved = world.db.approve_device_flow(&because("by phone"), &code, &claims, &world.policy).await;
        approved.expect("it works").expect("it is pending");

        let about = async |name: &str, limit| world.db.admin_actions_about(&subject(name), limit).await;
        let found = about(hostile, 10).await.expect("it can be read");
        assert_eq!(deeds(&found.rows), [("revoke-subject", "all"), ("revoke", "one")], "on {}", world.engine());
        assert!(!found.is_cut_short && !found.has_more);
        let found = about("lhcb:amara", 10).await.expect("it can be read").rows;
        let expected = [("approve", "by phone"), ("revoke-subject", "all"), ("revoke", "one")];
        assert_eq!(deeds(&found), expected, "on {}", world.engine());
        let first = about("lhcb:amara", 1).await.expect("it can be read");
        assert_eq!((deeds(&first.rows).len(), first.has_more), (1, true), "on {}", world.engine());
        for alike in ["lhcb:Amara", "belle:amara", "amara", "BBBB-BBBB"] {
            assert_eq!(
                deeds(&about(alike, 10).await.expect("it can be read").rows),
                [],
                "{alike} on {}",
                world.engine()
            );
        }
    })
    .await;
}
