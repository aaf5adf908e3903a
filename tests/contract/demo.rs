//! The demo: a believable installation that moves, and behaves as DiracX does where an administrator acts.

use std::collections::BTreeSet;
use std::time::Duration;

use authdb_shared::Timestamp;
use authdb_shared::clock::host_now;
use authdb_shared::config::{Config, Sources};
use authdb_shared::db::{AuthDb, FlowFilter, Order, PageRequest, TokenFilter, WritePermit};
use authdb_shared::demo::Demo;
use authdb_shared::ids::Subject;
use authdb_shared::janitor::JanitorStatus;
use authdb_shared::liveness::FlowState;
use authdb_shared::model::{FlowStatus, IdTokenClaims, RefreshToken};
use authdb_tests::world::actor;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use sqlx::{AssertSqlSafe, SqlitePool};
use tempfile::TempDir;

/// A demo, and what a dashboard beside it sees.
struct Stage {
    demo: Demo,
    config: Config,
    db: AuthDb,
    permit: WritePermit,
    pool: SqlitePool,
    now: Timestamp,
    random: StdRng,
    _folder: TempDir,
}

impl Stage {
    async fn set() -> Self {
        let folder = tempfile::tempdir().expect("a folder is made");
        let path = folder.path().join("demo.sqlite3");
        let config = Demo::configuration(Sources::default().with_config_file(Some(empty_file(&folder))), &path);
        let config = config.expect("the defaults can be used");
        let mut random = StdRng::seed_from_u64(42);
        let now = host_now();
        let demo = Demo::create(&path, &config, now, &mut random).await.expect("the demo is made");
        let db = AuthDb::connect(&config.database).await.expect("it is an AuthDB");
        let permit = db.write_permit(&actor()).expect("the demo may be changed");
        let pool = SqlitePool::connect(&format!("sqlite://{}", path.display())).await.expect("it is a SQLite file");
        Self { demo, config, db, permit, pool, now, random, _folder: folder }
    }

    /// Lets beats pass, so many of the demo's seconds after one another.
    async fn live(&mut self, beats: u32, seconds: u64) {
        for _ in 0..beats {
            self.now = self.now.after(Duration::from_secs(seconds));
            self.demo.live(self.now, &mut self.random).await.expect("the demo lives");
        }
    }

    async fn column(&self, query: &str) -> Vec<String> {
        sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_all(&self.pool).await.expect("the query is right")
    }

    async fn count(&self, query: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_one(&self.pool).await.expect("the query is right")
    }

    async fn live_tokens(&self) -> Vec<RefreshToken> {
        let first = PageRequest::first(Order::NewestFirst, 5000);
        let page = self.db.refresh_tokens(&TokenFilter::live(), &self.config.policy, &first).await;
        page.expect("the list can be read").rows
    }

    async fn created_tokens_of(&self, subject: &Subject) -> usize {
        let page = self
            .db
            .refresh_tokens(
                &TokenFilter::of(subject.clone()),
                &self.config.policy,
                &PageRequest::first(Order::NewestFirst, 5000),
            )
            .await
            .expect("the list can be read");
        let before = |token: &&RefreshToken| token.jti.issued_at().is_none_or(|issued| issued <= self.now);
        page.rows.iter().filter(before).filter(|token| token.status.as_str() == "CREATED").count()
    }
}

fn empty_file(folder: &TempDir) -> std::path::PathBuf {
    let path = folder.path().join("empty.toml");
    std::fs::write(&path, "").expect("a file is written");
    path
}

#[tokio::test]
async fn it_begins_as_a_busy_site() {
    let stage = Stage::set().await;
    assert_eq!(stage.count("SELECT COUNT(*) FROM RefreshTokens").await, 2000);
    let live = stage.live_tokens().await.len();
    assert!((140..=155).contains(&live), "{live} live tokens");
    let subjects = stage.column("SELECT DISTINCT Sub FROM RefreshTokens").await;
    assert!((290..=300).contains(&subjects.len()), "{} subjects", subjects.len());
    let vos: BTreeSet<&str> = subjects.iter().filter_map(|subject| subject.split(':').next()).collect();
    assert_eq!(vos.len(), 3, "{vos:?}");
    for table in ["DeviceFlows", "AuthorizationFlows"] {
        let statuses = stage.column(&format!("SELECT DISTINCT Status FROM {table} ORDER BY 1")).await;
        assert_eq!(statuses, ["DONE", "ERROR", "PENDING", "READY"], "{table}");
    }
    let flows = stage
        .db
        .device_flows(&FlowFilter::default(), &stage.config.policy, &PageRequest::first(Order::TimeLeft, 100))
        .await
        .expect("a list");
    let states: BTreeSet<String> =
        flows.rows.iter().map(|flow| flow.state(flows.now, &stage.config.policy).to_string()).collect();
    assert!(states.contains("stale") && states.contains("pending"), "every age, too: {states:?}");
    let chart = stage.db.tokens_by_month(&stage.config.policy).await.expect("they can be counted");
    // On the first day of a month, that month may have none yet.
    assert!(chart.months.iter().filter(|month| month.rows > 10).count() >= 5, "{:?}", chart.months);
}

#[tokio::test]
async fn its_janitor_gives_nobody_cause_for_alarm_and_works_on_its_schedule() {
    let mut stage = Stage::set().await;
    stage.live(1, 1).await;
    let runs = "SELECT COUNT(*) FROM JanitorRuns";
    let before = stage.count(runs).await;
    let status = JanitorStatus::look(&stage.db, &stage.config, host_now).await.expect("the demo can be asked");
    assert_eq!(status.findings, [], "whoever tries the demo should see how a sound installation looks");
    assert!(status.lease.is_some_and(|lease| lease.is_held));
    assert!(status.jobs.iter().all(|job| job.last_done.is_some()), "{:?}", status.jobs);
    stage.live(40, 30).await;
    assert!(stage.count(runs).await >= before + 4, "the flows are due every five minutes");
}

#[tokio::test]
async fn it_moves() {
    let mut stage = Stage::set().await;
    let flows = "SELECT COUNT(*) FROM (SELECT UserCode FROM DeviceFlows UNION ALL SELECT UUID FROM AuthorizationFlows)";
    let (tokens, before) = ("SELECT COUNT(*) FROM RefreshTokens", stage.count(flows).await);
    stage.live(60, 1).await;
    let (flows, tokens) = (stage.count(flows).await, stage.count(tokens).await);
    assert!(flows > before, "{flows} flows after a minute, {before} before");
    assert!(tokens > 2000, "{tokens} tokens after a minute: nobody refreshes");
    // At one moment nobody may wait, by chance.
    let mut pending = Vec::new();
    for _ in 0..20 {
        stage.live(30, 10).await;
        pending.push(stage.count("SELECT COUNT(*) FROM DeviceFlows WHERE Status = 'PENDING'").await);
    }
    let most = pending.iter().max();
    assert!((Some(&1)..=Some(&300)).contains(&most), "{pending:?} pending flows within an hour and a half");
}

#[tokio::test]
async fn an_approved_code_is_exchanged_for_a_token_of_its_subject() {
    let mut stage = Stage::set().await;
    let policy = stage.config.policy.clone();
    let page = stage
        .db
        .device_flows(&FlowFilter::default(), &policy, &PageRequest::first(Order::TimeLeft, 100))
        .await
        .expect("a list");
    let young = |state: FlowState| state.rank() == 0 && state.left() > Some(Duration::from_mins(2));
    let flow = page.rows.into_iter().find(|flow| young(flow.state(page.now, &policy))).expect("somebody waits");
    let claims = IdTokenClaims { sub: "new.comer".to_owned(), preferred_username: None };
    let approved = stage.db.approve_device_flow(&stage.permit, &flow.user_code, &claims, &policy).await;
    approved.expect("the database can do it").expect("it was pending");
    stage.live(6, 1).await;
    let (flow, _) = stage.db.device_flow(&flow.user_code).await.expect("the database can be asked");
    let flow = flow.expect("it is there");
    assert_eq!(flow.status, FlowStatus::Done);
    let subject = format!("{}:new.comer", flow.scope.vo().expect("the scope names a VO"));
    assert_eq!(stage.created_tokens_of(&Subject::new(subject).expect("a subject")).await, 1);
}

#[tokio::test]
async fn a_revoked_token_that_comes_back_ends_every_session_of_its_subject() {
    let mut stage = Stage::set().await;
    // The newest tokens belong to clients that run; the others of the same subjects are left alone.
    let mut subjects = Vec::new();
    for token in stage.live_tokens().await.into_iter().take(30) {
        let subject = token.subject.expect("the demo's tokens have subjects");
        if subjects.contains(&subject) || stage.created_tokens_of(&subject).await < 2 {
            continue;
        }
        let revoked = stage.db.revoke_token(&stage.permit, &token.jti).await.expect("the database can do it");
        revoked.expect("it was CREATED");
        subjects.push(subject);
    }
    assert!(subjects.len() > 3, "{subjects:?}");
    let revoked_at = stage.now;
    stage.live(130, 10).await;
    stage.now = revoked_at;
    let mut ended = 0;
    for subject in &subjects {
        ended += usize::from(stage.created_tokens_of(subject).await == 0);
    }
    // Many clients go home before they would have refreshed, and then nothing follows.
    assert!(ended > 1, "{ended} of {} lost their sessions", subjects.len());
}

#[tokio::test]
async fn it_refuses_a_file_that_exists() {
    let folder = tempfile::tempdir().expect("a folder is made");
    let path = folder.path().join("precious.sqlite3");
    std::fs::write(&path, "precious").expect("a file is written");
    let config = Demo::configuration(Sources::default().with_config_file(Some(empty_file(&folder))), &path);
    let config = config.expect("the defaults can be used");
    let refusal = Demo::create(&path, &config, host_now(), &mut StdRng::seed_from_u64(1)).await;
    assert!(refusal.is_err());
    assert_eq!(std::fs::read_to_string(&path).expect("it is still there"), "precious");
}
