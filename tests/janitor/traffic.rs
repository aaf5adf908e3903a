//! People who log in, refresh their tokens and give up, all the time, and a list of what the database has acknowledged.
//!
//! The list is kept in this process, so neither the janitor nor a server that is killed can touch it. What stands in it was
//! committed and must be found again. What failed does not stand in it: a commit whose answer is lost with its server may
//! have been one or not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use authdb_shared::Timestamp;
use authdb_shared::clock;
use authdb_tests::world::{SCOPE, key_at};
use authdb_tests::{Pool, World};
use sqlx::AssertSqlSafe;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::program::Janitor;

/// Somebody logs in this often.
const LOGIN_EVERY: Duration = Duration::from_millis(20);
/// So many of either kind of flow turn out to have been given up, this often.
const STALE_EVERY: Duration = Duration::from_millis(200);
const STALE: usize = 20;

/// Lifetimes that outlast the longest test, so that no fresh flow grows stale in it: that of a flow, that of its row, and
/// ages beyond one and beyond both.
const EXPIRATION: &str = "60m";
const RETENTION: &str = "4h";
pub(crate) const TO_EXPIRE: Duration = Duration::from_mins(90);
pub(crate) const TO_PURGE: Duration = Duration::from_hours(5);

const SUBJECT: &str = "lhcb:amara";

/// What the database has acknowledged.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) device_flows: BTreeSet<String>,
    pub(crate) authorization_flows: BTreeSet<String>,
    pub(crate) live_tokens: BTreeSet<String>,
    pub(crate) revoked_tokens: BTreeSet<String>,
    /// Tokens whose rotation was asked for and not acknowledged: they are there, with either status.
    uncertain_tokens: BTreeSet<String>,
    /// Flows that the janitor has to mark, and flows that it has to delete.
    to_expire: BTreeSet<String>,
    to_purge: BTreeSet<String>,
    /// What the database refused.
    pub(crate) failures: Vec<String>,
    pub(crate) logins: u64,
}

/// People who come until they are told to stop.
pub(crate) struct Traffic {
    stop: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
    record: Arc<Mutex<Record>>,
}

/// A janitor on a world, with the lifetimes of the traffic.
pub(crate) fn janitor(url: &str) -> Janitor {
    Janitor::on(url)
        .with("AUTHDB_POLICY_DEVICE_FLOW_EXPIRATION", EXPIRATION)
        .with("AUTHDB_POLICY_AUTHORIZATION_FLOW_EXPIRATION", EXPIRATION)
        .with("AUTHDB_POLICY_COMPLETED_FLOW_RETENTION", RETENTION)
}

impl Traffic {
    /// Begins. `record` is what is there already.
    pub(crate) fn begin(pool: &Pool, record: Record) -> Self {
        let mut traffic = Self::logins_only(pool, record);
        let (stop, record) = (Arc::clone(&traffic.stop), Arc::clone(&traffic.record));
        traffic.tasks.push(tokio::spawn(give_up(pool.clone(), stop, record)));
        traffic
    }

    /// The same without those who give up.
    pub(crate) fn logins_only(pool: &Pool, record: Record) -> Self {
        let (stop, record) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(record)));
        let people = tokio::spawn(log_in(pool.clone(), Arc::clone(&stop), Arc::clone(&record)));
        Self { stop, tasks: vec![people], record }
    }

    /// What the database has refused so far.
    pub(crate) fn failures(&self) -> usize {
        lock(&self.record).failures.len()
    }

    /// Ends, and gives the list.
    pub(crate) async fn end(self) -> Record {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.expect("what fails is written down");
        }
        std::mem::take(&mut *lock(&self.record))
    }
}

fn lock(record: &Mutex<Record>) -> MutexGuard<'_, Record> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A login writes a flow of either kind in one transaction, as DiracX does, and then a token. Every other one is followed by
/// the rotation of the token of the login before.
async fn log_in(pool: Pool, stop: Arc<AtomicBool>, record: Arc<Mutex<Record>>) {
    let mut ticks = tokio::time::interval(LOGIN_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut rotating: Option<String> = None;
    while !stop.load(Ordering::Relaxed) {
        ticks.tick().await;
        let (code, flow, token) = (new_code(), key_at(clock::host_now()), key_at(clock::host_now()));
        match commit(&pool, &(device_flows(&[&code], None) + &authorization_flows(&[&flow], None))).await {
            Ok(()) => {
                let mut record = lock(&record);
                record.device_flows.insert(code);
                record.authorization_flows.insert(flow);
                record.logins += 1;
            }
            Err(error) => lock(&record).failures.push(format!("a login: {error}")),
        }
        match commit(&pool, &refresh_token(&token)).await {
            Ok(()) => drop(lock(&record).live_tokens.insert(token.clone())),
            Err(error) => {
                lock(&record).failures.push(format!("a token: {error}"));
                continue;
            }
        }
        match rotating.take() {
            Some(old) => rotate(&pool, &record, &old).await,
            None => rotating = Some(token),
        }
    }
}

async fn rotate(pool: &Pool, record: &Mutex<Record>, old: &str) {
    let new = key_at(clock::host_now());
    let revoke = format!("UPDATE RefreshTokens SET Status = 'REVOKED' WHERE JTI = '{old}' AND Status = 'CREATED'; ");
    let rotated = commit(pool, &(revoke + &refresh_token(&new))).await;
    let mut record = lock(record);
    record.live_tokens.remove(old);
    match rotated {
        Ok(()) => {
            record.revoked_tokens.insert(old.to_owned());
            record.live_tokens.insert(new);
        }
        Err(error) => {
            record.uncertain_tokens.insert(old.to_owned());
            record.failures.push(format!("a rotation: {error}"));
        }
    }
}

async fn give_up(pool: Pool, stop: Arc<AtomicBool>, record: Arc<Mutex<Record>>) {
    let mut ticks = tokio::time::interval(STALE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !stop.load(Ordering::Relaxed) {
        ticks.tick().await;
        add_stale(&pool, &record, STALE).await;
    }
}

/// So many stale flows of either kind in one transaction, half of them to be marked and half to be deleted.
async fn add_stale(pool: &Pool, record: &Mutex<Record>, count: usize) {
    for age in [TO_EXPIRE, TO_PURGE] {
        let created = clock::host_now().before(age);
        let codes: Vec<String> = (0..count / 2).map(|_| new_code()).collect();
        let flows: Vec<String> = (0..count / 2).map(|_| key_at(created)).collect();
        let statements = device_flows(&codes, Some(created)) + &authorization_flows(&flows, Some(created));
        match commit(pool, &statements).await {
            Ok(()) => {
                let mut record = lock(record);
                let due = if age == TO_EXPIRE { &mut record.to_expire } else { &mut record.to_purge };
                due.extend(codes.into_iter().chain(flows));
            }
            Err(error) => lock(record).failures.push(format!("stale flows: {error}")),
        }
    }
}

impl Record {
    /// Everything alive that was acknowledged is there, as it was left.
    pub(crate) async fn assert_kept(&self, world: &World) {
        let device = statuses(world, "SELECT UserCode, Status FROM DeviceFlows").await;
        let authorization = statuses(world, "SELECT UUID, Status FROM AuthorizationFlows").await;
        let tokens = statuses(world, "SELECT JTI, Status FROM RefreshTokens").await;
        for (what, keys, found, status) in [
            ("fresh device flows", &self.device_flows, &device, Some("PENDING")),
            ("fresh authorization flows", &self.authorization_flows, &authorization, Some("PENDING")),
            ("live tokens", &self.live_tokens, &tokens, Some("CREATED")),
            ("revoked tokens", &self.revoked_tokens, &tokens, Some("REVOKED")),
            ("tokens of unknown status", &self.uncertain_tokens, &tokens, None),
        ] {
            let is_lost = |key: &&String| match (found.get(*key), status) {
                (None, _) => true,
                (Some(found), Some(status)) => found != status,
                (Some(_), None) => false,
            };
            let lost: Vec<&String> = keys.iter().filter(is_lost).collect();
            assert!(
                lost.is_empty(),
                "{} of {} {what} are missing or changed on {}: {:?}",
                lost.len(),
                keys.len(),
                world.engine(),
                &lost[..lost.len().min(5)]
            );
        }
    }

    /// Everything stale has been marked or deleted.
    pub(crate) async fn assert_swept(&self, world: &World) {
        let mut found = statuses(world, "SELECT UserCode, Status FROM DeviceFlows").await;
        found.extend(statuses(world, "SELECT UUID, Status FROM AuthorizationFlows").await);
        let unmarked = self.to_expire.iter().filter(|key| found.get(*key).is_none_or(|status| status != "ERROR"));
        let undeleted = self.to_purge.iter().filter(|key| found.contains_key(*key));
        let (unmarked, undeleted) = (unmarked.count(), undeleted.count());
        assert_eq!((unmarked, undeleted), (0, 0), "stale flows are left on {}", world.engine());
        assert!(!self.to_expire.is_empty() && !self.to_purge.is_empty(), "there was nothing to do");
    }
}

async fn statuses(world: &World, query: &str) -> BTreeMap<String, String> {
    let pairs = world.rows(query).await.into_iter().filter_map(|row| {
        let mut row = row.into_iter().flatten();
        Some((row.next()?.replace('-', ""), row.next()?))
    });
    pairs.collect()
}

/// Runs statements in one transaction.
pub(crate) async fn commit(pool: &Pool, statements: &str) -> Result<(), sqlx::Error> {
    let sql = sqlx::raw_sql(AssertSqlSafe(statements.to_owned()));
    match pool {
        Pool::MySql(pool) => {
            let mut transaction = pool.begin().await?;
            sql.execute(&mut *transaction).await?;
            transaction.commit().await
        }
        Pool::Sqlite(pool) => {
            let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
            sql.execute(&mut *transaction).await?;
            transaction.commit().await
        }
    }
}

/// A user code that this process gives once.
pub(crate) fn new_code() -> String {
    const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
    const CODES: u64 = 20_u64.pow(8);
    // Without a common divisor with their number, its multiples go round all codes before one comes again, and those that
    // follow each other stand far apart.
    const STRIDE: u64 = 699_999_953;
    static GIVEN: AtomicU64 = AtomicU64::new(1);
    let mut number = GIVEN.fetch_add(1, Ordering::Relaxed) % CODES * STRIDE % CODES;
    let mut letter = || {
        let (letter, rest) = (number % 20, number / 20);
        number = rest;
        char::from(ALPHABET[usize::try_from(letter).expect("it is below 20")])
    };
    (0..8).map(|_| letter()).collect()
}

/// The statement that writes device flows: of now by the database's clock, or of a time.
pub(crate) fn device_flows(codes: &[impl AsRef<str>], created: Option<Timestamp>) -> String {
    let (column, value) = created_column(created);
    let row = |code: &str| format!("('{code}', 'myDIRACClientID', '{SCOPE}', 'digest of {code}'{value})");
    let rows: Vec<String> = codes.iter().map(|code| row(code.as_ref())).collect();
    format!("INSERT INTO DeviceFlows (UserCode, ClientID, Scope, DeviceCode{column}) VALUES {}; ", rows.join(", "))
}

/// The same for authorization flows.
pub(crate) fn authorization_flows(keys: &[impl AsRef<str>], created: Option<Timestamp>) -> String {
    let (column, value) = created_column(created);
    let row = |key: &str| {
        format!("('{key}', 'myDIRACClientID', '{SCOPE}', 'challenge', 'S256', 'https://diracx.example.org/'{value})")
    };
    let rows: Vec<String> = keys.iter().map(|key| row(key.as_ref())).collect();
    format!(
        "INSERT INTO AuthorizationFlows (UUID, ClientID, Scope, CodeChallenge, CodeChallengeMethod, RedirectURI{column}) \
         VALUES {}; ",
        rows.join(", ")
    )
}

fn created_column(created: Option<Timestamp>) -> (&'static str, String) {
    created.map_or_else(Default::default, |time| (", CreationTime", format!(", '{}'", time.sql_text())))
}

fn refresh_token(key: &str) -> String {
    format!("INSERT INTO RefreshTokens (JTI, Scope, Sub) VALUES ('{key}', '{SCOPE}', '{SUBJECT}'); ")
}
