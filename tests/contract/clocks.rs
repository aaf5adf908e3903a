//! Clocks: the witnesses that are heard before anything is deleted.

use std::time::Duration;

use authdb_shared::Timestamp;
use authdb_shared::clock::host_now;
use authdb_shared::db::{ClockWitnesses, RunOutcome};
use authdb_tests::World;
use authdb_tests::world::{TokenRow, jti, key_at, on_every_key_column, version_4_key};

const SUBJECT: &str = "lhcb:amara";
const MINUTE: Duration = Duration::from_mins(1);

fn an_hour_ahead() -> Timestamp {
    host_now().after(60 * MINUTE)
}

fn an_hour_behind() -> Timestamp {
    host_now().before(60 * MINUTE)
}

async fn witnesses(world: &World) -> ClockWitnesses {
    world.db.clock_witnesses(&world.policy, host_now).await.expect("the database can be asked")
}

/// What is said against the database's clock.
fn against(world: &World, witnesses: &ClockWitnesses) -> Vec<String> {
    witnesses.disagreements(world.policy.max_clock_skew)
}

#[tokio::test]
async fn on_one_machine_all_agree() {
    on_every_key_column(|world| async move {
        let empty = witnesses(&world).await;
        assert_eq!(against(&world, &empty), Vec::<String>::new());
        assert_eq!((empty.newest_token, empty.future_token), (None, None), "there are no tokens to ask");

        let newest = world.add_token("CREATED", SUBJECT, MINUTE).await;
        world.add_token("REVOKED", SUBJECT, 10 * MINUTE).await;
        let heard = witnesses(&world).await;
        assert_eq!(against(&world, &heard), Vec::<String>::new());
        assert_eq!(heard.newest_token, newest.issued_at(), "on {}", world.engine());
        assert!(heard.database >= world.start);
    })
    .await;
}

#[tokio::test]
async fn a_token_from_the_future_is_named() {
    on_every_key_column(|world| async move {
        let key = key_at(world.start.after(60 * MINUTE));
        // Revoked or not, it was issued by somebody with another idea of the time.
        let row = TokenRow { status: "REVOKED".to_owned(), ..TokenRow::created(key.as_str(), SUBJECT) };
        world.add_tokens(&[row]).await;
        let heard = witnesses(&world).await;
        assert_eq!(heard.future_token, Some(jti(&key)), "on {}", world.engine());
        assert_eq!(heard.newest_token, None, "it is no credible witness");
        let said = against(&world, &heard);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(
            said[0].contains(&jti(&key).to_string()) && said[0].contains("after the database's present"),
            "{said:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn keys_that_carry_no_time_are_no_witnesses() {
    on_every_key_column(|world| async move {
        let rows: Vec<TokenRow> = (0..200).map(|_| TokenRow::created(version_4_key(), SUBJECT)).collect();
        world.add_tokens(&rows).await;
        let heard = witnesses(&world).await;
        assert_eq!((heard.newest_token, &heard.future_token), (None, &None), "on {}", world.engine());
        assert_eq!(against(&world, &heard), Vec::<String>::new());
        // One among them that does carry a time is found.
        let key = key_at(world.start.after(60 * MINUTE));
        world.add_tokens(&[TokenRow::created(key.as_str(), SUBJECT)]).await;
        assert_eq!(witnesses(&world).await.future_token, Some(jti(&key)), "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn a_little_ahead_is_tolerated() {
    on_every_key_column(|world| async move {
        world.add_tokens(&[TokenRow::created(key_at(world.start.after(MINUTE / 3)), SUBJECT)]).await;
        assert_eq!(against(&world, &witnesses(&world).await), Vec::<String>::new(), "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn a_host_that_is_an_hour_off_is_reported() {
    on_every_key_column(|world| async move {
        for (host, expected) in [(an_hour_ahead as fn() -> Timestamp, "ahead of"), (an_hour_behind, "behind")] {
            let heard = world.db.clock_witnesses(&world.policy, host).await.expect("the database can be asked");
            let said = against(&world, &heard);
            assert_eq!(said.len(), 1, "{said:?}");
            assert!(said[0].starts_with("the host's clock is") && said[0].contains(expected), "{said:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_databases_time_is_utc_whatever_its_time_zone() {
    // Where the server's own zone is not UTC, its local time would be hours off.
    on_every_key_column(|world| async move {
        let distance = world.now().await.distance(host_now());
        assert!(distance < MINUTE, "{distance:?} on {}", world.engine());
    })
    .await;
}

/// A janitor that was off for long believes a login only where the time in between is full of others.
#[tokio::test]
async fn a_month_without_anything_since_the_last_run_is_a_hole() {
    on_every_key_column(|world| async move {
        const DAY: Duration = Duration::from_hours(24);
        world.db.create_ledger(&world.permit).await.expect("it can be made");
        let id = world.db.begin_run(&world.permit, "flows", "one.example").await.expect("it is written down");
        let counts = serde_json::json!({});
        world.db.finish_run(&world.permit, id, &RunOutcome::Done, &counts, None).await.expect("it is written down");
        let last_run = world.start.before(100 * DAY);
        world.execute(&format!("UPDATE JanitorRuns SET StartTime = '{}'", last_run.sql_text())).await;
        world.add_token("CREATED", SUBJECT, MINUTE).await;
        assert_eq!(witnesses(&world).await.last_before_hole, None, "older ones may have been dropped");
        world.add_token("REVOKED", SUBJECT, 120 * DAY).await;
        for (age, is_filled) in [(95, false), (66, false), (35, false), (30, true)] {
            let hole = witnesses(&world).await.last_before_hole;
            assert!(hole.is_some(), "before a token of {age} days ago on {}", world.engine());
            let token = world.add_token("REVOKED", SUBJECT, age * DAY).await;
            let heard = witnesses(&world).await;
            let sign = if is_filled { None } else { token.issued_at() };
            assert_eq!(heard.last_before_hole, sign, "with one of {age} days ago on {}", world.engine());
            assert_eq!(against(&world, &heard).len(), usize::from(!is_filled), "{heard:?}");
        }
    })
    .await;
}
