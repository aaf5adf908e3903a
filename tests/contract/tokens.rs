//! Refresh tokens: which of them a list shows, whatever the key column is.

use std::time::Duration;

use authdb_shared::db::{Containing, LivenessFilter, Order, PageRequest, TokenFilter};
use authdb_shared::ids::Subject;
use authdb_shared::liveness::Liveness;
use authdb_shared::model::{RefreshToken, TokenStatus};
use authdb_tests::World;
use authdb_tests::world::{TokenRow, key_at, on_every_key_column, plain, version_4_key};

const MINUTE: Duration = Duration::from_mins(1);
const SUBJECT: &str = "lhcb:amara";

const DAY: Duration = Duration::from_hours(24);

async fn page(world: &World, selection: &TokenFilter, filter: &str, limit: u32) -> (Vec<RefreshToken>, bool) {
    let wanted = TokenFilter { containing: Containing::new(filter), ..selection.clone() };
    let request = PageRequest::first(Order::NewestFirst, limit);
    let page = world.db.refresh_tokens(&wanted, &world.policy, &request).await;
    let page = page.expect("the list can be read");
    (page.rows, page.has_more)
}

async fn live(world: &World, filter: &str) -> Vec<String> {
    let (tokens, _) = page(world, &TokenFilter::live(), filter, 100).await;
    tokens.iter().map(|token| plain(&token.jti)).collect()
}

async fn last_day(world: &World, filter: &str) -> Vec<RefreshToken> {
    page(world, &TokenFilter::last(DAY), filter, 100).await.0
}

fn token(key: &str, status: &str) -> TokenRow {
    TokenRow { key: key.to_owned(), status: status.to_owned(), subject: SUBJECT.to_owned() }
}

#[tokio::test]
async fn the_live_list_holds_what_still_works_newest_first() {
    on_every_key_column(|world| async move {
        let now = world.now().await;
        let nearly_expired = world.add_token("CREATED", SUBJECT, 59 * MINUTE).await;
        let fresh = world.add_token("CREATED", "belle:bjorn", Duration::ZERO).await;
        let little_ahead = key_at(now.after(Duration::from_secs(20)));
        world
            .add_tokens(&[
                token(&little_ahead, "CREATED"),
                token(&key_at(now.before(61 * MINUTE)), "CREATED"),
                token(&key_at(now.before(MINUTE)), "REVOKED"),
                token(&key_at(now.before(2 * MINUTE)), "SUSPENDED"),
                token(&key_at(now.after(10 * MINUTE)), "CREATED"),
                token(&version_4_key(), "REVOKED"),
            ])
            .await;
        let expected = [little_ahead, plain(&fresh), plain(&nearly_expired)];
        assert_eq!(live(&world, "").await, expected, "on {}", world.engine());
        assert_eq!(live(&world, "BJORN").await, [plain(&fresh)], "the filter is for either case");
        let dashed = nearly_expired.to_string();
        assert_eq!(live(&world, &dashed).await, [plain(&nearly_expired)], "keys are found with dashes");
        assert_eq!(live(&world, "lhcb_user").await.len(), 3, "the scope is searched, too");
        assert_eq!(live(&world, "%").await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn the_last_day_holds_everything_and_what_has_no_credible_date() {
    on_every_key_column(|world| async move {
        let now = world.now().await;
        let rows = [
            ("live", token(&key_at(now.before(5 * MINUTE)), "CREATED")),
            ("revoked", token(&key_at(now.before(6 * MINUTE)), "REVOKED")),
            ("unknown", token(&key_at(now.before(7 * MINUTE)), "SUSPENDED")),
            ("expired", token(&key_at(now.before(23 * 60 * MINUTE)), "CREATED")),
            ("future", token(&key_at(now.after(10 * MINUTE)), "CREATED")),
            ("undated", token("cafe0000b0004abc8000cafe00000001", "CREATED")),
        ];
        let too_old = token(&key_at(now.before(25 * 60 * MINUTE)), "CREATED");
        let written: Vec<TokenRow> = rows.iter().map(|(_, row)| row.clone()).chain([too_old]).collect();
        world.add_tokens(&written).await;
        let listed = last_day(&world, "").await;
        let meaning = |token: &RefreshToken| token.liveness(now, &world.policy).to_string();
        let listed: Vec<(String, String)> = listed.iter().map(|token| (meaning(token), plain(&token.jti))).collect();
        // What the key of the last two cannot date stands behind the dated ones, the future first: it is the alarm.
        let expected: Vec<(String, String)> =
            rows.iter().map(|(meaning, row)| ((*meaning).to_owned(), row.key.clone())).collect();
        assert_eq!(listed, expected, "on {}", world.engine());
        assert_eq!(last_day(&world, "cafe0000-b000").await.len(), 1, "keys are found with dashes");
    })
    .await;
}

#[tokio::test]
async fn keys_that_are_no_uuid_are_listed_where_the_column_takes_them() {
    on_every_key_column(|world| async move {
        if world.has_native_keys().await {
            return; // Such a column refuses them.
        }
        for key in ["zz not a key", "\u{1b}[2J"] {
            world.add_tokens(&[token(key, "CREATED")]).await;
        }
        let of_subject = TokenFilter::of(Subject::new(SUBJECT).expect("a subject"));
        let (listed, _) = page(&world, &of_subject, "", 10).await;
        assert_eq!(listed.len(), 2);
        for token in &listed {
            assert_eq!(token.liveness(world.now().await, &world.policy), Liveness::Undated);
            assert!(!token.jti.to_string().contains('\u{1b}'));
            let revoked = world.db.revoke_token(&world.permit, &token.jti).await.expect("the database can do it");
            revoked.expect("a row is found by what it holds");
        }
    })
    .await;
}

#[tokio::test]
async fn undated_tokens_count_as_active() {
    on_every_key_column(|world| async move {
        let key = version_4_key();
        world.add_tokens(&[token(&key, "CREATED")]).await;
        let of_subject = TokenFilter::of(Subject::new(SUBJECT).expect("a subject"));
        let (listed, _) = page(&world, &of_subject, "", 10).await;
        assert!(listed[0].liveness(world.now().await, &world.policy).is_active());
        assert_eq!(plain(&listed[0].jti), key);
    })
    .await;
}

#[tokio::test]
async fn a_list_that_is_cut_off_says_so() {
    on_every_key_column(|world| async move {
        for seconds in [30, 20, 10] {
            world.add_token("CREATED", SUBJECT, Duration::from_secs(seconds)).await;
        }
        let of_subject = TokenFilter::of(Subject::new(SUBJECT).expect("a subject"));
        for selection in [TokenFilter::live(), of_subject] {
            let (tokens, has_more) = page(&world, &selection, "", 2).await;
            assert_eq!((tokens.len(), has_more), (2, true), "{selection:?}");
            let ages: Vec<_> = tokens.iter().map(|token| token.jti.issued_at()).collect();
            assert!(ages[0] > ages[1], "newest first: {ages:?}");
            assert!(!page(&world, &selection, "", 3).await.1, "{selection:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_list_that_leaves_out_undated_tokens_says_so() {
    on_every_key_column(|world| async move {
        let undated = |number| token(&format!("cafe0000b0004abc8000cafe{number:08x}"), "CREATED");
        let rows: Vec<TokenRow> = (0..500).map(undated).collect();
        world.add_tokens(&rows[..20]).await;
        let last_day = TokenFilter::last(DAY);
        let (listed, has_more) = page(&world, &last_day, "", 1000).await;
        assert_eq!((listed.len(), has_more), (20, false), "on {}", world.engine());
        world.add_tokens(&rows[20..]).await;
        let (listed, has_more) = page(&world, &last_day, "", 1000).await;
        assert_eq!(has_more, listed.len() < 500, "{} are listed on {}", listed.len(), world.engine());
    })
    .await;
}

#[tokio::test]
async fn odd_rows_are_listed_as_they_are() {
    on_every_key_column(|world| async move {
        let now = world.now().await;
        let hostile = "\u{1b}[2J'; DROP TABLE RefreshTokens; --";
        world
            .add_tokens(&[
                TokenRow::created(key_at(now), ""),
                TokenRow::created(key_at(now), "no colon"),
                TokenRow::created(key_at(now), hostile),
                TokenRow { status: String::new(), ..token(&key_at(now), "") },
            ])
            .await;
        let listed = last_day(&world, "").await;
        assert_eq!(listed.len(), 4, "on {}", world.engine());
        assert_eq!(listed.iter().filter(|token| token.subject.is_none()).count(), 1);
        assert!(listed.iter().any(|token| token.status == TokenStatus::Other(String::new())));
        let found = listed.iter().filter_map(|token| token.subject.as_ref()).find(|sub| sub.as_str() == hostile);
        assert!(!found.expect("it is listed").to_string().contains('\u{1b}'));
    })
    .await;
}

#[tokio::test]
async fn what_is_not_revoked_holds_every_word_that_nobody_knows() {
    on_every_key_column(|world| async move {
        let now = world.now().await;
        let key = |minutes: u32| key_at(now.before(minutes * MINUTE));
        // To the collations of the servers, the last two are the word itself.
        let words = ["CREATED", "SUSPENDED", "", "revoked", "Revoked "];
        let wanted: Vec<TokenRow> = (1..).zip(words).map(|(minutes, word)| token(&key(minutes), word)).collect();
        let revoked: Vec<TokenRow> = (100..400).map(|minutes| token(&key(minutes), "REVOKED")).collect();
        let old = token(&key(60 * 24 * 100), "CREATED");
        let undated = token("cafe0000b0004abc8000cafe00000001", "HELD");
        let all = [wanted.clone(), revoked, vec![old.clone(), undated.clone()]].concat();
        world.add_tokens(&all).await;
        let not_revoked = TokenFilter { liveness: Some(LivenessFilter::NotRevoked), ..TokenFilter::default() };
        let keys = |rows: &[RefreshToken]| rows.iter().map(|token| plain(&token.jti)).collect::<Vec<_>>();
        let expected: Vec<String> = wanted.iter().chain([&old, &undated]).map(|row| row.key.clone()).collect();
        let (rows, has_more) = page(&world, &not_revoked, "", 100).await;
        assert_eq!((keys(&rows), has_more), (expected.clone(), false), "on {}", world.engine());
        let of_one = TokenFilter {
            liveness: not_revoked.liveness,
            ..TokenFilter::of(Subject::new(SUBJECT).expect("a subject"))
        };
        assert_eq!(keys(&page(&world, &of_one, "", 100).await.0), expected, "on {}", world.engine());

        // Page by page, over the revoked ones between them.
        let mut found = Vec::new();
        let mut next = Some(PageRequest::first(Order::NewestFirst, 2));
        while let Some(request) = next {
            let page = world.db.refresh_tokens(&not_revoked, &world.policy, &request).await.expect("the list is read");
            found.extend(keys(&page.rows));
            next = request.after(&page);
        }
        assert_eq!(found, expected, "on {}", world.engine());
        let nothing = TokenFilter { liveness: Some(LivenessFilter::Nothing), ..TokenFilter::default() };
        assert_eq!(page(&world, &nothing, "", 100).await, (Vec::new(), false), "on {}", world.engine());
    })
    .await;
}
