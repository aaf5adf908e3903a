//! Clocks that are set wrong, of the janitor's host and of the database's, by minutes, weeks and years.
//!
//! In each case work is due that a janitor which believed the wrong clock would do, or would do too much of. It must change
//! no row, and say which clocks disagree.

use std::time::Duration;

use authdb_shared::clock;
use authdb_tests::fake_time::{Offset, environment};
use authdb_tests::world::{TokenRow, key_at, on_engines, on_every_engine, servers};
use authdb_tests::{Engine, Server, World};
use tokio::task::spawn_blocking;

use crate::once::{add_work, state};
use crate::outages::{server, world_on};
use crate::program::{Janitor, Outcome};

const MINUTE: Duration = Duration::from_mins(1);

const OFFSETS: [Offset; 6] = [
    Offset::Ahead(Duration::from_mins(10)),
    Offset::Behind(Duration::from_mins(10)),
    Offset::Ahead(Duration::from_hours(24 * 40)),
    Offset::Behind(Duration::from_hours(24 * 40)),
    Offset::Ahead(Duration::from_hours(24 * 3650)),
    Offset::Behind(Duration::from_hours(24 * 3650)),
];

fn janitor(world: &World) -> Janitor {
    Janitor::on(world.database.url())
}

/// A run that saw the clocks agree, which later ones look back to, and then work that is due.
async fn add_run_and_work(world: &World) {
    janitor(world).run(&["once", "flows"]).await.assert_code(0);
    add_work(world).await;
}

/// The same work is still due, and now it is done.
async fn assert_that_there_was_work(world: &World) {
    let before = state(world).await;
    let outcome = janitor(world).run(&["once"]).await;
    outcome.assert_code(0);
    assert_ne!(state(world).await, before, "there was nothing to destroy: {outcome:?}");
}

/// Neither job ran, and each says why.
#[track_caller]
fn assert_refused(outcome: &Outcome, parts: &[&str], offset: Offset) {
    outcome.assert_code(1);
    for part in ["clocks disagree"].iter().chain(parts) {
        assert_eq!(outcome.output.matches(part).count(), 2, "{part:?} with a clock {offset:?}: {outcome:?}");
    }
}

/// The day that a wrong clock shows.
fn day_at(offset: Offset) -> String {
    let now = clock::host_now();
    let shown = match offset {
        Offset::Ahead(by) => now.after(by),
        Offset::Behind(by) => now.before(by),
    };
    shown.sql_text()[..10].to_owned()
}

fn against_the_database(offset: Offset) -> &'static str {
    match offset {
        Offset::Ahead(_) => " ahead of the database's (",
        Offset::Behind(_) => " behind the database's (",
    }
}

fn against_the_host(offset: Offset) -> &'static str {
    match offset {
        Offset::Ahead(_) => " behind the database's (",
        Offset::Behind(_) => " ahead of the database's (",
    }
}

#[tokio::test]
async fn a_host_whose_clock_is_wrong_destroys_nothing_and_says_so() {
    on_engines(servers(), |engine| async move {
        let world = World::create(engine).await;
        add_run_and_work(&world).await;
        let before = state(&world).await;
        for offset in OFFSETS {
            let day = day_at(offset);
            let outcome = with_clock(janitor(&world), offset).run(&["once"]).await;
            // A run at midnight may show the next day.
            let shown = if outcome.output.contains(&day) { day } else { day_at(offset) };
            let host = format!("({shown}");
            assert_refused(&outcome, &["the host's clock is ", against_the_database(offset), &host], offset);
            assert_eq!(state(&world).await, before, "with the host's clock {offset:?} on {engine}");
        }
        assert_that_there_was_work(&world).await;
    })
    .await;
}

#[tokio::test]
async fn a_database_whose_clock_is_wrong_destroys_nothing_and_is_said_to_be() {
    on_engines(servers(), |engine| async move {
        let mut server = server(engine.flavour().expect("it is a server")).await;
        let world = world_on(&server).await;
        add_run_and_work(&world).await;
        let before = state(&world).await;
        for offset in OFFSETS {
            server = with_clock_of_server(server, Some(offset)).await;
            let (now, host) = (world.now().await, clock::host_now());
            let (Offset::Ahead(by) | Offset::Behind(by)) = offset;
            let shown = now.distance(host);
            assert!(shown + MINUTE > by && shown < by + MINUTE, "the server's clock is {now}, not {offset:?}");
            let outcome = janitor(&world).run(&["once"]).await;
            assert_refused(&outcome, &["the host's clock is ", against_the_host(offset)], offset);
            assert_eq!(state(&world).await, before, "with the clock of {engine} {offset:?}");
        }
        let server = with_clock_of_server(server, None).await;
        assert_that_there_was_work(&world).await;
        drop(world);
        drop(server);
    })
    .await;
}

/// On SQLite the host's clock is the database's as well, as it is where both are on one machine. What it can be held against
/// then are the keys and the last run. Ten minutes ahead is what ten minutes later would look like.
#[tokio::test]
async fn where_host_and_database_share_a_wrong_clock_keys_and_runs_contradict_it() {
    let world = World::create(Engine::Sqlite).await;
    add_run_and_work(&world).await;
    let before = state(&world).await;
    for offset in OFFSETS.into_iter().filter(|offset| *offset != Offset::Ahead(10 * MINUTE)) {
        let outcome = with_clock(janitor(&world), offset).run(&["once"]).await;
        let said: &[&str] = match offset {
            Offset::Ahead(_) => &["perhaps the clock has jumped ahead"],
            Offset::Behind(_) => &["the refresh token ", "the clock has been set back"],
        };
        assert_refused(&outcome, said, offset);
        assert_eq!(state(&world).await, before, "with the clock {offset:?}");
    }
    // However these runs are dated, it is critical until one has seen the clocks agree, and no longer.
    janitor(&world).run(&["status"]).await.assert_code(2);
    assert_that_there_was_work(&world).await;
    janitor(&world).run(&["status"]).await.assert_code(0);
}

/// What is done by hand need not have looked at the clocks, so that it was done proves nothing of them.
#[tokio::test]
async fn a_month_given_back_under_a_wrong_clock_does_not_make_it_right() {
    let world = World::create(Engine::Sqlite).await;
    add_run_and_work(&world).await;
    let offset = Offset::Ahead(Duration::from_hours(24 * 40));
    let then = clock::host_now().after(Duration::from_hours(24 * 40)).sql_text();
    world
        .execute(&format!(
            "INSERT INTO JanitorRuns (Job, Host, StartTime, EndTime, Outcome, Counts) \
             VALUES ('restore', 'one.example', '{then}', '{then}', 'done', '{{}}')"
        ))
        .await;
    let before = state(&world).await;
    let outcome = with_clock(janitor(&world), offset).run(&["once"]).await;
    assert_refused(&outcome, &["perhaps the clock has jumped ahead"], offset);
    assert_eq!(state(&world).await, before);
    assert_that_there_was_work(&world).await;
}

/// Somebody logs in as soon as the clock has jumped, and it dates the new token as well.
#[tokio::test]
async fn a_login_does_not_vouch_for_the_clock_that_dated_it() {
    let world = World::create(Engine::Sqlite).await;
    add_run_and_work(&world).await;
    for offset in OFFSETS.into_iter().filter(|offset| *offset != Offset::Ahead(10 * MINUTE)) {
        let Offset::Ahead(by) = offset else { continue };
        let login = key_at(world.start.after(by));
        world.add_tokens(&[TokenRow::created(login.as_str(), "lhcb:amara")]).await;
        let before = state(&world).await;
        let outcome = with_clock(janitor(&world), offset).run(&["once"]).await;
        assert_refused(&outcome, &["nothing has happened for more than 31 days"], offset);
        assert_eq!(state(&world).await, before, "with the clock {offset:?}");
        world.execute(&format!("DELETE FROM RefreshTokens WHERE JTI = '{login}'")).await;
    }
    assert_that_there_was_work(&world).await;
}

/// Before the first run, the newest token is the only one to contradict a clock that host and database share.
#[tokio::test]
async fn at_the_first_run_of_all_the_newest_token_contradicts_a_clock_that_is_ahead() {
    let world = World::create(Engine::Sqlite).await;
    add_work(&world).await;
    let before = state(&world).await;
    for offset in OFFSETS.into_iter().filter(|offset| *offset != Offset::Ahead(10 * MINUTE)) {
        let outcome = with_clock(janitor(&world), offset).run(&["once"]).await;
        let said: &[&str] = match offset {
            Offset::Ahead(_) => &["since the newest token was issued at", "perhaps the clock has jumped ahead"],
            Offset::Behind(_) => &["the refresh token "],
        };
        assert_refused(&outcome, said, offset);
        assert_eq!(state(&world).await, before, "with the clock {offset:?}");
    }
    assert_that_there_was_work(&world).await;
}

/// Where nobody has logged in for long, a first run cannot know that the clock is right; who does know says so.
#[tokio::test]
async fn an_installation_that_nobody_uses_goes_on_once_somebody_says_that_its_clock_is_right() {
    on_every_engine(|world| async move {
        world.add_token("CREATED", "lhcb:amara", Duration::from_hours(24 * 365)).await;
        let refused = janitor(&world).run(&["once"]).await;
        refused.assert_code(1);
        assert!(refused.output.contains("run once with a policy.max_clock_skew"), "{refused:?}");
        assert_eq!(world.number("SELECT COUNT(*) FROM RefreshTokens").await, 1, "on {}", world.engine());
        janitor(&world).with("AUTHDB_POLICY_MAX_CLOCK_SKEW", "400days").run(&["once"]).await.assert_code(0);
        janitor(&world).run(&["once"]).await.assert_code(0);
    })
    .await;
}

/// A janitor that was killed while the database's clock was ahead, or before it was set back, leaves a lease that seems to
/// last for years.
#[tokio::test]
async fn a_lease_that_a_wrong_clock_has_made_endless_keeps_nobody_from_working() {
    on_every_engine(|world| async move {
        add_run_and_work(&world).await;
        let expiry = clock::host_now().after(Duration::from_hours(24 * 3650)).sql_text();
        let lease = format!("UPDATE JanitorLease SET Holder = 'dead', Expiry = '{expiry}' WHERE Name = 'janitor'");
        world.execute(&lease).await;
        assert_that_there_was_work(&world).await;
    })
    .await;
}

fn with_clock(janitor: Janitor, offset: Offset) -> Janitor {
    let variables = environment(offset).expect("the library is installed");
    variables.iter().fold(janitor, |janitor, (name, value)| janitor.with(name, value))
}

/// The server, started anew on the same data with a wrong clock or the right one.
async fn with_clock_of_server(mut server: Server, offset: Option<Offset>) -> Server {
    let variables = offset.map(|offset| environment(offset).expect("the library is installed"));
    let variables = variables.into_iter().flatten().map(|(name, value)| (name.into(), value.into()));
    let variables: Vec<_> = variables.collect();
    let restarted = spawn_blocking(move || server.restart_with(variables).map(|()| server)).await;
    restarted.expect("no panic").expect("the server starts with another clock")
}
