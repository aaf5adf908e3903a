//! Subjects all of whose sessions have ended at once, told from those who rotate, log out, or were revoked by somebody here.

use std::time::Duration;

use authdb_shared::ids::Subject;
use authdb_tests::World;
use authdb_tests::world::{key_at, on_every_engine};

const MINUTE: Duration = Duration::from_mins(1);
const USER: &str = "vo:lhcb group:lhcb_user";
const MANAGER: &str = "vo:lhcb group:lhcb_prmgr";

/// Tokens of a subject, each with its status, scope and age in minutes.
async fn add(world: &World, subject: &str, tokens: &[(&str, &str, u32)]) {
    for (status, scope, age) in tokens {
        let key = key_at(world.start.before(MINUTE * *age));
        let row = format!("('{key}', '{status}', '{scope}', '{subject}')");
        world.execute(&format!("INSERT INTO RefreshTokens (JTI, Status, Scope, Sub) VALUES {row}")).await;
    }
}

/// Who is found, with how many tokens and by whom they were revoked.
async fn found(world: &World) -> Vec<(String, u64, Option<String>)> {
    let page = world.db.ended_subjects(&world.policy, 10).await.expect("they can be looked for");
    page.rows.into_iter().map(|row| (row.subject.as_str().to_owned(), row.tokens, row.revoked_by)).collect()
}

#[tokio::test]
async fn a_subject_with_two_sessions_and_none_left_is_found_and_nobody_else() {
    on_every_engine(|world| async move {
        let (revoked, created) = ("REVOKED", "CREATED");
        // Two groups at once, and both chains end revoked.
        add(&world, "lhcb:robbed", &[(revoked, USER, 30), (revoked, USER, 10), (revoked, MANAGER, 5)]).await;
        // More tokens than one client gets in an hour.
        let many: Vec<_> = (1..=6).map(|minutes| (revoked, USER, minutes)).collect();
        add(&world, "lhcb:busy", &many).await;
        // The same in other letters is somebody else, who has a token left.
        add(&world, "lhcb:Robbed", &[(revoked, MANAGER, 30), (created, USER, 10)]).await;
        add(&world, "lhcb:rotating", &[(revoked, USER, 50), (revoked, USER, 30), (created, USER, 10)]).await;
        add(&world, "lhcb:logged-out", &[(revoked, USER, 50), (revoked, USER, 30), (revoked, USER, 10)]).await;
        add(&world, "lhcb:long-ago", &[(revoked, USER, 90), (revoked, MANAGER, 80)]).await;
        add(&world, "lhcb:one-left", &[(revoked, USER, 40), (revoked, USER, 20), (created, MANAGER, 20)]).await;
        let expected = [("lhcb:busy".to_owned(), 6, None), ("lhcb:robbed".to_owned(), 3, None)];
        assert_eq!(found(&world).await, expected, "on {}", world.engine());
        let newest = world.db.ended_subjects(&world.policy, 10).await.expect("again").rows[1].newest;
        assert_eq!(newest, Some(world.start.before(5 * MINUTE)), "on {}", world.engine());
        let first = world.db.ended_subjects(&world.policy, 1).await.expect("again");
        assert_eq!((first.rows.len(), first.has_more), (1, true), "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn what_was_revoked_here_is_put_down_to_whoever_did_it() {
    on_every_engine(|world| async move {
        world.db.create_ledger(&world.permit).await.expect("the journal is made");
        add(&world, "lhcb:revoked", &[("CREATED", USER, 30), ("CREATED", MANAGER, 10)]).await;
        let subject = Subject::new("lhcb:revoked").expect("a subject");
        let done = world.db.revoke_subject(&world.permit, &subject).await;
        assert_eq!(done.revoked, 2, "on {}", world.engine());
        let by = Some(authdb_tests::world::actor().name);
        assert_eq!(found(&world).await, [("lhcb:revoked".to_owned(), 2, by)], "on {}", world.engine());
    })
    .await;
}
