//! Revocations: one token, or all of a subject and nobody else's.

use std::sync::Arc;
use std::time::Duration;

use authdb_shared::db::RevokeRefusal;
use authdb_shared::ids::{Jti, Subject};
use authdb_shared::model::{RefreshToken, TokenStatus};
use authdb_tests::World;
use authdb_tests::world::{TokenRow, jti, key_at, on_every_key_column, on_every_server, version_4_key};

const MINUTE: Duration = Duration::from_mins(1);
const ALICE: &str = "lhcb:alice";

async fn revoke(world: &World, jti: &Jti) -> Result<RefreshToken, RevokeRefusal> {
    world.db.revoke_token(&world.permit, jti).await.expect("the database can do it")
}

async fn revoke_alice(world: &World) -> u64 {
    let alice = Subject::new(ALICE).expect("a subject");
    let outcome = world.db.revoke_subject(&world.permit, &alice).await;
    assert!(outcome.stopped_by.is_none(), "{:?}", outcome.stopped_by);
    outcome.revoked
}

async fn revocable(world: &World) -> u64 {
    world.db.revocable_tokens(&Subject::new(ALICE).expect("a subject")).await.expect("they can be counted")
}

async fn count(world: &World, status: &str) -> i64 {
    world.number(&format!("SELECT COUNT(*) FROM RefreshTokens WHERE Status = '{status}'")).await
}

#[tokio::test]
async fn one_token_is_revoked_whatever_its_age() {
    on_every_key_column(|world| async move {
        let live = world.add_token("CREATED", ALICE, MINUTE).await;
        let expired = world.add_token("CREATED", ALICE, 90 * MINUTE).await;
        let other = world.add_token("CREATED", ALICE, 2 * MINUTE).await;
        let undated = jti(&version_4_key());
        world.add_tokens(&[TokenRow::created(undated.to_string().replace('-', ""), ALICE)]).await;
        for token in [&live, &expired, &undated] {
            let revoked = revoke(&world, token).await.expect("it is CREATED");
            assert_eq!((&revoked.jti, &revoked.status), (token, &TokenStatus::Revoked), "on {}", world.engine());
            assert_eq!(world.token_status(token).await.as_deref(), Some("REVOKED"));
        }
        assert_eq!(world.token_status(&other).await.as_deref(), Some("CREATED"), "only those that were named");
    })
    .await;
}

#[tokio::test]
async fn what_is_not_created_is_not_revoked() {
    on_every_key_column(|world| async move {
        let unknown = jti(&key_at(world.now().await));
        assert_eq!(revoke(&world, &unknown).await, Err(RevokeRefusal::Unknown(unknown)));

        let revoked = world.add_token("REVOKED", ALICE, MINUTE).await;
        assert_eq!(revoke(&world, &revoked).await, Err(RevokeRefusal::AlreadyRevoked(revoked.clone())));

        let odd = world.add_token("SUSPENDED", ALICE, MINUTE).await;
        let status = TokenStatus::Other("SUSPENDED".to_owned());
        assert_eq!(revoke(&world, &odd).await, Err(RevokeRefusal::Unrecognised { jti: odd.clone(), status }));
        assert_eq!(world.token_status(&odd).await.as_deref(), Some("SUSPENDED"));
    })
    .await;
}

#[tokio::test]
async fn one_of_many_who_revoke_at_once_wins() {
    on_every_key_column(|world| async move {
        let token = world.add_token("CREATED", ALICE, MINUTE).await;
        let tries: Vec<_> = (0..8)
            .map(|_| {
                let (world, token) = (Arc::clone(&world), token.clone());
                tokio::spawn(async move { revoke(&world, &token).await.is_ok() })
            })
            .collect();
        let mut winners = 0;
        for attempt in tries {
            winners += u32::from(attempt.await.expect("no attempt fails"));
        }
        assert_eq!(winners, 1, "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn all_of_a_subject_are_revoked_and_nobody_elses() {
    on_every_key_column(|world| async move {
        let now = world.now().await;
        let mut tokens: Vec<TokenRow> =
            (0..1000).map(|minutes| TokenRow::created(key_at(now.before(MINUTE * minutes)), ALICE)).collect();
        tokens.push(TokenRow::created(version_4_key(), ALICE));
        for other in ["LHCB:ALICE", "lhcb:Alice", "lhcb:alice ", "lhcb:àlice", "alice", "lhcb:alice2"] {
            tokens.push(TokenRow::created(key_at(now.before(MINUTE)), other));
        }
        for status in ["REVOKED", "SUSPENDED"] {
            let (key, status) = (key_at(now.before(MINUTE)), status.to_owned());
            tokens.push(TokenRow { key, status, subject: ALICE.to_owned() });
        }
        world.add_tokens(&tokens).await;
        assert_eq!(revocable(&world).await, 1001);
        assert_eq!(revoke_alice(&world).await, 1001, "on {}", world.engine());
        assert_eq!(revocable(&world).await, 0);
        assert_eq!(count(&world, "CREATED").await, 6, "other people's tokens stay on {}", world.engine());
        assert_eq!((count(&world, "REVOKED").await, count(&world, "SUSPENDED").await), (1002, 1));
        assert_eq!(revoke_alice(&world).await, 0, "there is nothing left to revoke");
    })
    .await;
}

#[tokio::test]
async fn what_was_revoked_before_a_failure_is_said() {
    on_every_server(|world| async move {
        let now = world.now().await;
        let tokens: Vec<TokenRow> =
            (0..500).map(|minutes| TokenRow::created(key_at(now.before(MINUTE * minutes)), ALICE)).collect();
        world.add_tokens(&tokens).await;
        // The third batch meets an error of the server.
        world.execute("CREATE TABLE Batches (n INT)").await;
        world
            .execute(
                "CREATE TRIGGER stops BEFORE UPDATE ON RefreshTokens FOR EACH ROW \
                 IF (SELECT COUNT(*) FROM Batches) >= 400 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'enough'; \
                 ELSE INSERT INTO Batches VALUES (1); END IF",
            )
            .await;
        let outcome = world.db.revoke_subject(&world.permit, &Subject::new(ALICE).expect("a subject")).await;
        assert!(outcome.stopped_by.is_some_and(|error| error.to_string().contains("enough")));
        assert_eq!((outcome.revoked, count(&world, "REVOKED").await), (400, 400), "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn all_of_a_subject_can_be_stopped_between_its_batches() {
    on_every_key_column(|world| async move {
        let now = world.now().await;
        let tokens: Vec<TokenRow> =
            (0..500).map(|minutes| TokenRow::created(key_at(now.before(MINUTE * minutes)), ALICE)).collect();
        world.add_tokens(&tokens).await;
        let alice = Subject::new(ALICE).expect("a subject");
        let mut asked = Vec::new();
        let outcome = world
            .db
            .revoke_subject_while(&world.permit, &alice, |revoked| {
                asked.push(revoked);
                revoked < 400
            })
            .await;
        assert_eq!((outcome.revoked, outcome.is_stopped), (400, true), "on {}", world.engine());
        assert_eq!(
            (asked, revocable(&world).await),
            (vec![200, 400], 100),
            "what was revoked stays so, and no more is"
        );
        let rest = world.db.revoke_subject_while(&world.permit, &alice, |_| false).await;
        assert_eq!((rest.revoked, rest.is_stopped), (100, false), "behind the last batch there is nothing to stop");
    })
    .await;
}

#[tokio::test]
async fn work_that_is_stopped_behind_the_last_token_has_left_nothing() {
    on_every_key_column(|world| async move {
        let now = world.now().await;
        let tokens: Vec<TokenRow> =
            (0..200).map(|minutes| TokenRow::created(key_at(now.before(MINUTE * minutes)), ALICE)).collect();
        world.add_tokens(&tokens).await;
        let alice = Subject::new(ALICE).expect("a subject");
        let outcome = world.db.revoke_subject_while(&world.permit, &alice, |_| false).await;
        assert_eq!((outcome.revoked, outcome.is_stopped), (200, false), "on {}", world.engine());
    })
    .await;
}
