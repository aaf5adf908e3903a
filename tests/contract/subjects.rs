//! Subjects: exactly one person is meant, whatever the collation and the character set of the column.

use std::time::Duration;

use authdb_shared::db::{Containing, Order, PageRequest, TokenFilter};
use authdb_shared::ids::Subject;
use authdb_shared::model::SubjectSummary;
use authdb_tests::world::{TokenRow, key_at, on_engines, on_every_engine, on_every_key_column, servers, version_4_key};
use authdb_tests::{Engine, World};

const MINUTE: Duration = Duration::from_mins(1);

/// Names that one collation or another takes for the same.
const LOOKALIKES: [&str; 6] =
    ["lhcb:amelie", "lhcb:Amelie", "LHCB:AMELIE", "lhcb:amélie", "lhcb:amelie ", "lhcb:ameliè"];

fn subject(text: &str) -> Subject {
    Subject::new(text).expect("it is not empty")
}

async fn tokens_of(world: &World, text: &str) -> usize {
    let page = world
        .db
        .refresh_tokens(&TokenFilter::of(subject(text)), &world.policy, &PageRequest::first(Order::NewestFirst, 100))
        .await;
    let rows = page.expect("the list can be read").rows;
    assert!(rows.iter().all(|token| token.subject == Some(subject(text))), "{rows:?}");
    rows.len()
}

async fn summaries(world: &World, filter: &str, limit: u32) -> (Vec<SubjectSummary>, bool) {
    let page = world.db.subjects(&Containing::new(filter), &world.policy, limit).await.expect("the list can be read");
    (page.rows, page.has_more)
}

/// Subjects with their live tokens.
async fn counts(world: &World, filter: &str) -> Vec<(String, u64, u64)> {
    let (rows, _) = summaries(world, filter, 100).await;
    rows.into_iter().map(|row| (row.subject.as_str().to_owned(), row.live, row.revoked)).collect()
}

/// Lookalikes with a different number of tokens each: one for the first, two for the second, and so on.
async fn add_lookalikes(world: &World) {
    let now = world.now().await;
    let rows: Vec<TokenRow> = LOOKALIKES
        .iter()
        .enumerate()
        .flat_map(|(index, name)| (0..=index).map(move |_| TokenRow::created(key_at(now.before(MINUTE)), name)))
        .collect();
    world.add_tokens(&rows).await;
}

async fn assert_kept_apart(world: &World) {
    add_lookalikes(world).await;
    for (index, name) in LOOKALIKES.iter().enumerate() {
        let own = index + 1;
        assert_eq!(tokens_of(world, name).await, own, "{name:?} on {}", world.engine());
        let revocable = world.db.revocable_tokens(&subject(name)).await.expect("they can be counted");
        assert_eq!(revocable, own as u64, "{name:?} on {}", world.engine());
    }
    let mut expected: Vec<(String, u64, u64)> =
        LOOKALIKES.iter().zip(1..).map(|(name, live)| ((*name).to_owned(), live, 0)).collect();
    expected.reverse();
    assert_eq!(counts(world, "").await, expected, "on {}", world.engine());
}

#[tokio::test]
async fn lookalikes_are_different_people() {
    on_every_key_column(|world| async move { assert_kept_apart(&world).await }).await;
}

#[tokio::test]
async fn lookalikes_are_different_people_in_either_character_set() {
    for charset in ["latin1", "utf8mb4"] {
        on_engines(servers(), |engine| async move {
            assert_kept_apart(&World::create_with_charset(engine, charset).await).await;
        })
        .await;
    }
}

#[tokio::test]
async fn a_subject_that_the_column_cannot_hold_has_no_tokens() {
    on_engines(servers(), |engine| async move {
        let world = World::create_with_charset(engine, "latin1").await;
        // What latin1 makes of letters that it lacks.
        world.add_token("CREATED", "lhcb:??", MINUTE).await;
        world.add_token("CREATED", "lhcb:", MINUTE).await;
        for foreign in ["lhcb:東京", "lhcb:🦀", "lhcb:?東"] {
            assert_eq!(tokens_of(&world, foreign).await, 0, "{foreign} on {engine}");
            assert_eq!(world.db.revocable_tokens(&subject(foreign)).await.expect("they can be counted"), 0);
            let outcome = world.db.revoke_subject(&world.permit, &subject(foreign)).await;
            assert!(outcome.stopped_by.is_none(), "{foreign} on {engine}: {:?}", outcome.stopped_by);
            assert_eq!(outcome.revoked, 0);
            assert!(counts(&world, foreign).await.is_empty());
        }
        assert_eq!(tokens_of(&world, "lhcb:??").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_summary_counts_the_tokens_of_the_last_lifetime() {
    on_every_key_column(|world| async move {
        let (amara, bjorn) = ("lhcb:amara", "belle:bjorn");
        let first = world.add_token("CREATED", amara, 50 * MINUTE).await;
        let last = world.add_token("CREATED", amara, 5 * MINUTE).await;
        world.add_token("REVOKED", amara, 10 * MINUTE).await;
        world.add_token("REVOKED", amara, 70 * MINUTE).await;
        world.add_token("CREATED", amara, 61 * MINUTE).await;
        world.add_token("CREATED", bjorn, MINUTE).await;
        world.add_token("REVOKED", "ctao:chiara", MINUTE).await;
        let now = world.now().await;
        world
            .add_tokens(&[
                TokenRow::created(version_4_key(), amara),
                TokenRow::created(key_at(now.after(10 * MINUTE)), amara),
                TokenRow::created(key_at(now.before(MINUTE)), ""),
            ])
            .await;
        let expected = [(amara.to_owned(), 2, 1), (bjorn.to_owned(), 1, 0)];
        assert_eq!(counts(&world, "").await, expected, "on {}", world.engine());
        assert_eq!(counts(&world, "BELLE").await, [(bjorn.to_owned(), 1, 0)]);
        assert_eq!(counts(&world, "%").await, []);

        let (rows, has_more) = summaries(&world, "", 1).await;
        assert_eq!((rows.len(), has_more), (1, true));
        assert_eq!((rows[0].first, rows[0].last), (first.issued_at(), last.issued_at()));
        assert!(!summaries(&world, "", 100).await.1);
    })
    .await;
}

#[tokio::test]
async fn a_key_of_version_4_within_the_lifetime_is_not_counted_as_live() {
    on_every_key_column(|world| async move {
        world.add_token("CREATED", "lhcb:amara", MINUTE).await;
        let mut key = key_at(world.now().await.before(MINUTE));
        key.replace_range(12..13, "4");
        world.add_tokens(&[TokenRow::created(key, "lhcb:amara")]).await;
        assert_eq!(counts(&world, "").await, [("lhcb:amara".to_owned(), 1, 0)], "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn a_hostile_subject_is_listed_and_can_be_acted_on() {
    on_every_engine(|world| async move {
        let hostile = "lhcb:\u{1b}[2J%'; --\\";
        world.add_token("CREATED", hostile, MINUTE).await;
        world.add_token("CREATED", "lhcb:amara", MINUTE).await;
        let (rows, _) = summaries(&world, "\u{1b}[2J%';", 10).await;
        assert_eq!(rows.len(), 1, "on {}", world.engine());
        assert_eq!(rows[0].subject.as_str(), hostile);
        assert!(!rows[0].subject.to_string().contains('\u{1b}'));
        let outcome = world.db.revoke_subject(&world.permit, &rows[0].subject).await;
        assert!(outcome.stopped_by.is_none() && outcome.revoked == 1, "{outcome:?}");
        assert_eq!(tokens_of(&world, "lhcb:amara").await, 1);
        assert_eq!(counts(&world, "").await, [("lhcb:amara".to_owned(), 1, 0)]);
    })
    .await;
}

#[tokio::test]
async fn mysql_and_mariadb_would_take_lookalikes_for_the_same() {
    // If this fails, the tests above no longer test what they say.
    on_engines(servers(), |engine| async move {
        let world = World::create(engine).await;
        add_lookalikes(&world).await;
        let taken_for_the_same = world.number("SELECT COUNT(*) FROM RefreshTokens WHERE Sub = 'lhcb:amelie'").await;
        let expected = if engine == Engine::MySql { 1 + 2 + 3 + 4 + 6 } else { 1 + 2 + 3 + 5 };
        assert!(taken_for_the_same >= expected, "{engine} takes {taken_for_the_same} for the same");
    })
    .await;
}
