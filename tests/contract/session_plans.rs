//! Plans of sessions: what they count, what they leave out, and what becomes of each of their steps.

use std::time::Duration;

use authdb_shared::ids::{Subject, UserCode};
use authdb_shared::session_plan::{Consequence, PlanStep, StepFate};
use authdb_tests::world::{
    AuthorizationFlowRow, DeviceFlowRow, TokenRow, jti, key_at, on_every_key_column, version_4_key,
};

const MINUTE: Duration = Duration::from_mins(1);
const ALICE: &str = "lhcb:alice";

fn alice() -> Subject {
    Subject::new(ALICE).expect("a subject")
}

#[tokio::test]
async fn what_a_subject_holds_is_counted_for_that_subject_alone() {
    on_every_key_column(|world| async move {
        world.add_token("CREATED", ALICE, MINUTE).await;
        world.add_token("CREATED", ALICE, 90 * MINUTE).await;
        world.add_token("REVOKED", ALICE, MINUTE).await;
        for other in ["lhcb:ALICE", "lhcb:alicé", "lhcb:alice2"] {
            world.add_token("CREATED", other, MINUTE).await;
        }
        let undated = jti(&version_4_key());
        world.add_tokens(&[TokenRow::created(undated.to_string().replace('-', ""), ALICE)]).await;
        let held = world.db.held_tokens(&alice(), &world.policy).await.expect("they can be counted");
        assert_eq!((held.created, held.live), (3, 1), "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn a_revocation_names_what_it_cannot_do_and_warns_of_what_follows() {
    on_every_key_column(|world| async move {
        let live = world.add_token("CREATED", ALICE, MINUTE).await;
        world.add_token("CREATED", ALICE, 2 * MINUTE).await;
        let revoked = world.add_token("REVOKED", ALICE, MINUTE).await;
        let unknown = jti(&key_at(world.now().await));
        let keys = [live.clone(), revoked.clone(), unknown.clone()];
        let plan = world.db.plan_revocation(&keys, &world.policy).await.expect("it can be planned");
        assert_eq!(plan.steps(), [PlanStep::Revoke(live)], "on {}", world.engine());
        let left_out: Vec<&str> = plan.unfit.iter().map(|unfit| unfit.key.as_str()).collect();
        assert_eq!(left_out, [revoked.to_string(), unknown.to_string()]);
        let Consequence::AllOfSubjectFollow { subject, held: Some(held) } = &plan.consequences[0] else {
            panic!("{:?}", plan.consequences)
        };
        assert_eq!((subject, held.created, held.live), (&alice(), 2, 2));
    })
    .await;
}

#[tokio::test]
async fn a_step_whose_row_has_changed_since_is_refused_and_the_next_is_done() {
    on_every_key_column(|world| async move {
        let taken = world.add_token("CREATED", ALICE, MINUTE).await;
        let mine = world.add_token("CREATED", ALICE, 2 * MINUTE).await;
        let plan = world.db.plan_revocation(&[taken.clone(), mine.clone()], &world.policy).await.expect("a plan");
        let somebody_else = world.db.revoke_token(&world.permit, &taken).await.expect("the database can do it");
        somebody_else.expect("it is CREATED");
        let mut fates = Vec::new();
        for step in plan.steps() {
            fates.push(world.db.take_step(&world.permit, &step, &world.policy).await);
        }
        let [StepFate::Refused(reason), StepFate::Done(1)] = &fates[..] else {
            panic!("on {}: {fates:?}", world.engine())
        };
        assert!(reason.contains("already revoked"), "{reason}");
        assert_eq!(world.token_status(&mine).await.as_deref(), Some("REVOKED"));
    })
    .await;
}

#[tokio::test]
async fn revoking_all_of_a_subject_who_holds_nothing_is_a_refusal() {
    on_every_key_column(|world| async move {
        let plan = world.db.plan_subject_revocation(&alice(), &world.policy).await.expect("a plan");
        assert!(plan.is_empty());
        let fate = world.db.take_step(&world.permit, &PlanStep::RevokeSubject(alice()), &world.policy).await;
        assert!(matches!(fate, StepFate::Refused(_)), "on {}: {fate:?}", world.engine());
        let token = world.add_token("CREATED", ALICE, MINUTE).await;
        let fate = world.db.take_step(&world.permit, &PlanStep::RevokeSubject(alice()), &world.policy).await;
        assert_eq!(fate, StepFate::Done(1), "on {}", world.engine());
        assert_eq!(world.token_status(&token).await.as_deref(), Some("REVOKED"));
    })
    .await;
}

/// A client that refreshes at the moment of the revocation may write a token whose key is older than that.
#[tokio::test]
async fn after_all_of_a_subject_is_revoked_any_live_token_is_a_new_one() {
    on_every_key_column(|world| async move {
        let newest = async |since| {
            let found = world.db.newest_live_token(&alice(), since, &world.policy).await;
            found.expect("the database can be asked").0
        };
        world.add_token("CREATED", ALICE, MINUTE).await;
        assert!(newest(None).await.is_some(), "on {}", world.engine());
        world.db.revoke_subject(&world.permit, &alice()).await;
        let revoked_at = world.now().await;
        for (status, subject, age) in [
            ("REVOKED", ALICE, Duration::ZERO),
            ("CREATED", "lhcb:ALICE", Duration::ZERO),
            ("CREATED", "lhcb:alicé", Duration::ZERO),
            ("CREATED", ALICE, 90 * MINUTE),
        ] {
            world.add_token(status, subject, age).await;
        }
        assert_eq!(newest(None).await, None, "neither others' nor what cannot be refreshed, on {}", world.engine());
        let under_way = world.add_token("CREATED", ALICE, MINUTE).await;
        assert_eq!(newest(None).await, Some(under_way), "on {}", world.engine());
        assert_eq!(newest(Some(revoked_at)).await, None, "it was issued before");
        let ahead = jti(&key_at(revoked_at.after(5 * MINUTE)));
        world.add_tokens(&[TokenRow::created(ahead.to_string().replace('-', ""), ALICE)]).await;
        let found = newest(Some(revoked_at)).await.map(|jti| jti.to_string());
        assert_eq!(found, Some(ahead.to_string()), "a service whose clock is ahead hides nothing");
    })
    .await;
}

#[tokio::test]
async fn plans_for_flows_are_made_from_their_present_rows() {
    on_every_key_column(|world| async move {
        for (code, status) in [("CCCCCCCC", "PENDING"), ("DDDDDDDD", "DONE")] {
            world.add_device_flow(DeviceFlowRow { code, status, ..DeviceFlowRow::default() }).await;
        }
        let codes = ["CCCCCCCC", "DDDDDDDD", "FFFFFFFF"].map(|code| UserCode::from_stored(code.to_owned()));
        let plan = world.db.plan_denial(&codes, &world.policy).await.expect("it can be planned");
        assert_eq!(plan.steps(), [PlanStep::Deny(codes[0].clone())], "on {}", world.engine());
        let left_out: Vec<&str> = plan.unfit.iter().map(|unfit| unfit.key.as_str()).collect();
        assert_eq!(left_out, ["DDDD-DDDD", "FFFF-FFFF"]);

        let pending = world.add_authorization_flow(AuthorizationFlowRow::default()).await;
        let done = AuthorizationFlowRow { status: "DONE", age: MINUTE, ..AuthorizationFlowRow::default() };
        let done = world.add_authorization_flow(done).await;
        let plan = world.db.plan_cancellation(&[done.clone(), pending.clone()], &world.policy).await.expect("a plan");
        assert_eq!(plan.steps(), [PlanStep::Cancel(pending)], "on {}", world.engine());
        assert_eq!(plan.unfit[0].key, done.to_string());
    })
    .await;
}
