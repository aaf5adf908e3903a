//! The census: the same as each of its sums asked for by itself, from reading every token once.

use std::time::Duration;

use authdb_shared::db::Containing;
use authdb_shared::ids::Subject;
use authdb_tests::Engine;
use authdb_tests::world::{TokenRow, key_at, on_every_engine, version_4_key};

const MINUTE: Duration = Duration::from_mins(1);

/// Names that JSON, SQL or a terminal could take for something else.
const NAMES: [&str; 8] = [
    "lhcb:alice",
    "lhcb:Alice",
    "lhcb:zoë 👩‍🚀",
    "lhcb:\"quoted\\\"",
    "lhcb:'); DROP TABLE RefreshTokens; --",
    "lhcb:line\nfeed\ttab",
    "lhcb:\u{1b}[2J",
    "[\"lhcb:array\"]",
];

#[tokio::test]
async fn the_census_of_sqlite_says_what_each_sum_says_by_itself() {
    on_every_engine(|world| async move {
        let taken = world.db.census(&world.policy, 5, 3).await.expect("it can be taken");
        if world.engine() != Engine::Sqlite {
            return assert!(taken.is_none(), "a server adds up by itself");
        }
        let at = |age: Duration| key_at(world.start.before(age));
        let mut rows = Vec::new();
        for (index, name) in NAMES.iter().enumerate() {
            for token in 0..=index {
                let age = MINUTE * u32::try_from(5 * token + index).expect("a small number");
                rows.push(TokenRow::created(at(age), name));
                rows.push(TokenRow { status: "REVOKED".to_owned(), ..TokenRow::created(at(age + MINUTE), name) });
            }
            // What somebody else wrote, and what has run out.
            rows.push(TokenRow { status: "created".to_owned(), ..TokenRow::created(at(MINUTE), name) });
            rows.push(TokenRow::created(at(90 * MINUTE), name));
        }
        for name in ["lhcb:robbed", "lhcb:Robbed", "lhcb:rob\"bed", "lhcb:robbed too"] {
            let revoked = |age| TokenRow { status: "REVOKED".to_owned(), ..TokenRow::created(at(MINUTE * age), name) };
            rows.extend((1..=5).map(revoked));
        }
        // A key of another kind, among the others and beyond them.
        let mut undated = at(MINUTE);
        undated.replace_range(12..13, "4");
        rows.push(TokenRow::created(undated, "lhcb:undated"));
        rows.push(TokenRow::created(version_4_key(), "lhcb:undated"));
        rows.push(TokenRow::created(key_at(world.start.after(90 * MINUTE)), "lhcb:early"));
        world.add_tokens(&rows).await;
        // One whose sessions differ by their scopes alone, and one of a single session.
        for (name, scopes) in
            [("lhcb:two-groups", ["vo:lhcb group:a", "vo:lhcb group:b"]), ("lhcb:out", ["vo:lhcb"; 2])]
        {
            for (scope, age) in scopes.iter().zip([20, 10]) {
                let row = format!("('{}', 'REVOKED', '{scope}', '{name}')", at(MINUTE * age));
                world.execute(&format!("INSERT INTO RefreshTokens (JTI, Status, Scope, Sub) VALUES {row}")).await;
            }
        }
        for limit in [3, 100] {
            let census = world.db.census(&world.policy, limit, limit).await.expect("it can be taken");
            let census = census.expect("the subjects are few");
            let lifetime = world.policy.refresh_token_lifetime;
            let counts = world.db.token_counts(lifetime, &world.policy).await.expect("they can be counted");
            let subjects = world.db.subjects(&Containing::default(), &world.policy, limit).await.expect("a list");
            let ended = world.db.ended_subjects(&world.policy, limit).await.expect("they can be looked for");
            assert_eq!(census.counts, counts);
            assert_eq!((&census.subjects.rows, census.subjects.has_more), (&subjects.rows, subjects.has_more));
            assert_eq!((&census.ended.rows, census.ended.has_more), (&ended.rows, ended.has_more));
            assert_eq!(census.ended.has_more, limit == 3, "five have lost all their sessions");
        }
        let alice = Subject::new("lhcb:alice").expect("a subject");
        let census = world.db.census(&world.policy, 100, 1).await.expect("again").expect("the subjects are few");
        let row = census.subjects.rows.iter().find(|row| row.subject == alice).expect("she has a token");
        assert_eq!((row.live, row.first), (1, Some(world.start)), "what has run out is no live token");
    })
    .await;
}

#[tokio::test]
async fn the_census_of_more_tokens_than_a_window_holds_counts_each_once() {
    on_every_engine(|world| async move {
        if world.engine() != Engine::Sqlite {
            return;
        }
        let age = |number: u32| Duration::from_millis(u64::from(number) * 500);
        // The last key of a window and the first of the next are of one millisecond, too.
        let keys: Vec<String> = (0..4_001).map(|number| key_at(world.start.before(age(number / 2)))).collect();
        let rows: Vec<TokenRow> = keys.into_iter().map(|key| TokenRow::created(key, "lhcb:alice")).collect();
        world.add_tokens(&rows).await;
        let census = world.db.census(&world.policy, 10, 10).await.expect("it can be taken").expect("one subject");
        assert_eq!(census.subjects.rows[0].live, 4_001);
        assert_eq!(
            census.counts,
            world.db.token_counts(MINUTE * 60, &world.policy).await.expect("they can be counted")
        );
    })
    .await;
}
