//! Galera: what the data access layer promises holds on a cluster of several nodes, each of which takes writes.
//!
//! A node runs a transaction by itself, and only its commit is certified by all. Of two that change the same row on two
//! nodes, the one that is ordered later fails with 1213, at its commit or before. The code under test then does its work
//! again, and finds the row changed.

use std::sync::Arc;
use std::time::Duration;

use authdb_shared::actor::Actor;
use authdb_shared::clock::{host_now, randomness};
use authdb_shared::db::{
    ApproveRefusal, AuthDb, AuthError, DbError, GaleraFacts, RevokeRefusal, RollOutcome, RollStep,
};
use authdb_shared::ids::{Subject, UserCode};
use authdb_shared::model::IdTokenClaims;
use authdb_shared::partition::{RollSettings, plan_roll};
use authdb_tests::cluster::NODES;
use authdb_tests::in_common::InCommon;
use authdb_tests::world::{DeviceFlowRow, TokenRow, config_of, key_at, native_form};
use authdb_tests::{Cluster, Engine, TestDatabase, World};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, MySqlConnection};
use tokio::sync::{OwnedRwLockReadGuard, RwLock};

use crate::partitions::terms;

const SUBJECT: &str = "lhcb:amara";

/// Conflicts are a matter of microseconds. So many attempts are enough to meet one on a machine of any speed.
const ATTEMPTS: usize = 500;

/// How long a node may take to notice that it is alone.
const LONELY_LIMIT: Duration = Duration::from_mins(1);

/// A cluster starts slowly, so all tests that leave it as it is use the same one at the same time.
async fn cluster() -> Arc<RwLock<Cluster>> {
    static CLUSTER: InCommon<RwLock<Cluster>> = InCommon::new();
    let hold = || CLUSTER.hold(|| RwLock::new(Cluster::start().expect("a cluster starts")));
    tokio::task::spawn_blocking(hold).await.expect("starting a cluster does not panic")
}

/// A world on the first node, which is on all of them, and the code under test connected to each.
struct Place {
    nodes: Vec<AuthDb>,
    world: World,
    name: String,
}

impl Place {
    async fn make(cluster: &Cluster) -> Self {
        let database = TestDatabase::create_on(cluster.node(0)).await.expect("a database is made");
        let name = database.url().rsplit_once('/').expect("the URL ends with the name").1.to_owned();
        let world = World::create_in(database, native_form(Engine::MariaDb)).await;
        let mut place = Self { nodes: vec![world.db.clone()], world, name };
        for node in 1..NODES {
            place.catch_up(cluster, node).await;
            let db = AuthDb::connect(&config_of(&cluster.node(node).url(&place.name))).await;
            place.nodes.push(db.expect("the tables are on every node"));
        }
        place
    }

    /// Waits until a node has applied all that was committed on any, and gives a connection to it.
    async fn catch_up(&self, cluster: &Cluster, node: usize) -> MySqlConnection {
        let url = cluster.node(node).url("");
        let mut connection = MySqlConnection::connect(&url).await.expect("the node lets in");
        connection.execute("SET SESSION wsrep_sync_wait = 15").await.expect("the node can be told to wait");
        connection.execute("SELECT COUNT(*) FROM mysql.proc").await.expect("the node has caught up");
        connection
    }

    /// A number from a node that has caught up.
    async fn number(&self, cluster: &Cluster, node: usize, query: &str) -> i64 {
        let mut connection = self.catch_up(cluster, node).await;
        connection.execute(AssertSqlSafe(format!("USE {}", self.name))).await.expect("the database is there");
        sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_one(&mut connection).await.expect("a number")
    }
}

/// Transactions that the cluster has given up on any node since it started.
async fn conflicts(cluster: &Cluster) -> u64 {
    let mut sum = 0;
    for node in 0..NODES {
        let mut connection = MySqlConnection::connect(&cluster.node(node).admin_url()).await.expect("the node lets in");
        let query = "SELECT CAST(SUM(VARIABLE_VALUE) AS UNSIGNED) FROM information_schema.GLOBAL_STATUS \
                     WHERE VARIABLE_NAME IN ('WSREP_LOCAL_CERT_FAILURES', 'WSREP_LOCAL_BF_ABORTS')";
        sum += sqlx::query_scalar::<_, u64>(query).fetch_one(&mut connection).await.expect("counters are numbers");
    }
    sum
}

async fn shared() -> (OwnedRwLockReadGuard<Cluster>, Place) {
    let cluster = cluster().await.read_owned().await;
    let place = Place::make(&cluster).await;
    (cluster, place)
}

fn claims(sub: &str) -> IdTokenClaims {
    IdTokenClaims { sub: sub.to_owned(), preferred_username: None }
}

#[tokio::test]
async fn every_node_tells_how_the_cluster_stands() {
    let (_cluster, place) = shared().await;
    for db in &place.nodes {
        let facts = db.server_facts(host_now).await.expect("the node answers");
        let galera = GaleraFacts {
            is_ready: true,
            cluster_size: u32::try_from(NODES).expect("a few"),
            state: "Synced".to_owned(),
            is_primary: true,
        };
        assert_eq!(facts.galera, Some(galera));
    }
}

#[tokio::test]
async fn what_is_written_on_one_node_is_read_on_the_others() {
    let (cluster, place) = shared().await;
    place.world.add_device_flow(DeviceFlowRow { code: "BCDFGHJK", ..DeviceFlowRow::default() }).await;
    let code = UserCode::read("BCDF-GHJK").expect("a code");
    let (approving, world) = (&place.nodes[1], &place.world);
    place.catch_up(&cluster, 1).await;
    let approved = approving.approve_device_flow(&world.permit, &code, &claims("amara"), &world.policy).await;
    approved.expect("the node can do it").expect("it is pending");
    for (node, db) in place.nodes.iter().enumerate() {
        let query = "SELECT COUNT(*) FROM DeviceFlows WHERE Status = 'READY'";
        assert_eq!(place.number(&cluster, node, query).await, 1, "on node {node}");
        let again = db.approve_device_flow(&world.permit, &code, &claims("amara"), &world.policy).await;
        again.expect("the node can do it").expect_err("it is approved");
    }
}

#[tokio::test]
async fn one_of_two_nodes_that_revoke_the_same_token_at_once_wins() {
    let (cluster, place) = shared().await;
    let (world, before) = (&place.world, conflicts(&cluster).await);
    let mut attempts = 0;
    while conflicts(&cluster).await < before + 5 {
        attempts += 1;
        assert!(attempts < ATTEMPTS, "no two transactions ever met");
        let token = world.add_token("CREATED", SUBJECT, Duration::from_mins(1)).await;
        place.catch_up(&cluster, 1).await;
        let (one, other) = tokio::join!(
            place.nodes[0].revoke_token(&world.permit, &token),
            place.nodes[1].revoke_token(&world.permit, &token)
        );
        let results = [one.expect("the first node can do it"), other.expect("the second node can do it")];
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
        assert!(results.contains(&Err(RevokeRefusal::AlreadyRevoked(token))), "{results:?}");
    }
}

#[tokio::test]
async fn one_of_two_nodes_that_approve_the_same_code_at_once_wins() {
    let (cluster, place) = shared().await;
    let (world, before) = (&place.world, conflicts(&cluster).await);
    let mut attempts = 0;
    while conflicts(&cluster).await < before + 5 {
        attempts += 1;
        assert!(attempts < ATTEMPTS, "no two transactions ever met");
        let code = UserCode::draw(&mut randomness());
        let stored = code.to_string().replace('-', "");
        world.add_device_flow(DeviceFlowRow { code: &stored, ..DeviceFlowRow::default() }).await;
        place.catch_up(&cluster, 1).await;
        let (amara, bela) = (claims("amara"), claims("bela"));
        let (one, other) = tokio::join!(
            place.nodes[0].approve_device_flow(&world.permit, &code, &amara, &world.policy),
            place.nodes[1].approve_device_flow(&world.permit, &code, &bela, &world.policy)
        );
        let results = [one.expect("the first node can do it"), other.expect("the second node can do it")];
        let winner = match &results {
            [Ok(_), Err(ApproveRefusal::AlreadyApproved { sub, .. })] if sub.as_deref() == Some("amara") => "amara",
            [Err(ApproveRefusal::AlreadyApproved { sub, .. }), Ok(_)] if sub.as_deref() == Some("bela") => "bela",
            _ => panic!("{results:?}"),
        };
        let query = format!(
            "SELECT COUNT(*) FROM DeviceFlows WHERE UserCode = '{stored}' AND Status = 'READY' \
             AND JSON_VALUE(IDToken, '$.sub') = '{winner}'"
        );
        for node in 0..NODES {
            assert_eq!(place.number(&cluster, node, &query).await, 1, "{winner} is not approved on node {node}");
        }
    }
}

#[tokio::test]
async fn two_nodes_that_revoke_all_of_a_subject_at_once_revoke_each_token_once() {
    let (cluster, place) = shared().await;
    let (world, before) = (&place.world, conflicts(&cluster).await);
    let subject = Subject::new(SUBJECT).expect("a subject");
    let mut attempts = 0;
    while conflicts(&cluster).await < before + 5 {
        attempts += 1;
        assert!(attempts < ATTEMPTS, "no two transactions ever met");
        let tokens: Vec<TokenRow> = (0..500)
            .map(|seconds| TokenRow::created(key_at(world.start.before(Duration::from_secs(seconds))), SUBJECT))
            .collect();
        world.add_tokens(&tokens).await;
        place.catch_up(&cluster, 1).await;
        let (one, other) = tokio::join!(
            place.nodes[0].revoke_subject(&world.permit, &subject),
            place.nodes[1].revoke_subject(&world.permit, &subject)
        );
        assert!(one.stopped_by.is_none() && other.stopped_by.is_none(), "{one:?} {other:?}");
        assert_eq!(one.revoked + other.revoked, 500, "{one:?} {other:?}");
        for node in 0..NODES {
            let left = "SELECT COUNT(*) FROM RefreshTokens WHERE Status <> 'REVOKED'";
            assert_eq!(place.number(&cluster, node, left).await, 0, "on node {node}");
        }
    }
}

/// A node undoes a transaction of its own when a change of another node comes first, and says so to the next statement.
#[tokio::test]
async fn a_transaction_that_lost_to_another_node_changes_nothing_more() {
    let (cluster, place) = shared().await;
    let world = &place.world;
    for goes_on in [false, true] {
        let mine = world.add_token("CREATED", SUBJECT, Duration::from_mins(1)).await;
        let contested = world.add_token("CREATED", SUBJECT, Duration::from_mins(2)).await;
        place.catch_up(&cluster, 1).await;
        let mut work = place.nodes[0].begin(&world.permit).await.expect("the first node can do it");
        work.revoke_refresh_token(&contested).await.expect("nobody holds it");
        let won = place.nodes[1].revoke_token(&world.permit, &contested).await;
        won.expect("the second node can do it").expect("it is CREATED there");
        place.catch_up(&cluster, 0).await;
        if goes_on {
            let told = work.get_refresh_token(&mine).await.expect_err("the transaction is gone");
            assert!(matches!(&told, AuthError::Db(error) if error.is_contention()), "{told:?}");
            work.revoke_refresh_token(&mine).await.expect("it is tried");
        }
        let error = work.commit().await.expect_err("what was begun is gone");
        assert!(error.is_contention(), "{error:?}");
        let query = format!("SELECT COUNT(*) FROM RefreshTokens WHERE Status = 'CREATED' AND JTI = '{mine}'");
        assert_eq!(place.number(&cluster, 0, &query).await, 1, "half of the transaction was made");
    }
}

/// Where a node undoes a transaction while the next statement is prepared, MariaDB 10.11 says it to nobody. Statements are
/// prepared once on each connection, so the connections are new each time.
#[tokio::test]
async fn one_of_two_new_connections_that_revoke_the_same_token_at_once_wins() {
    let (cluster, place) = shared().await;
    let (world, before) = (&place.world, conflicts(&cluster).await);
    let mut attempts = 0;
    while conflicts(&cluster).await < before + 100 {
        attempts += 1;
        assert!(attempts < ATTEMPTS, "no two transactions ever met");
        let token = world.add_token("CREATED", SUBJECT, Duration::from_mins(1)).await;
        place.catch_up(&cluster, 1).await;
        let revoke = async |node: usize| {
            let config = config_of(&cluster.node(node).url(&place.name));
            let db = AuthDb::connect(&config).await.expect("the node lets in");
            let permit = db.write_permit(&Actor::of_this_process()).expect("it can be written to");
            db.now().await.expect("it answers");
            db.revoke_token(&permit, &token).await.expect("the node can do it")
        };
        let (one, other) = tokio::join!(revoke(0), revoke(1));
        assert!([&one, &other].iter().filter(|result| result.is_ok()).count() == 1, "{one:?} {other:?}");
    }
}

#[tokio::test]
async fn months_added_on_one_node_are_on_all() {
    // Alone on it: the table is not changed beside an open transaction on its node, which might have any table open.
    let cluster = cluster().await.write_owned().await;
    let place = Place::make(&cluster).await;
    let (db, world) = (&place.nodes[0], &place.world);
    let layout = db.partition_layout().await.expect("the node answers");
    let settings = RollSettings { months_ahead: 12, max_drops_per_run: 1 };
    let plan = plan_roll(&layout, world.now().await, &world.policy, settings);
    let months = plan.add.len();
    let outcome =
        db.roll(&world.permit, &RollStep::Add(plan.add), &terms(world, 10).await).await.expect("the node can do it");
    assert!(months > 0 && matches!(outcome, RollOutcome::Done), "{outcome:?}");
    for (node, db) in place.nodes.iter().enumerate() {
        place.catch_up(&cluster, node).await;
        let now = db.partition_layout().await.expect("the node answers");
        assert_eq!(now.partitions.len(), layout.partitions.len() + months, "on node {node}");
    }
}

/// A transaction on a node that has merely read the tokens, and stays open; and its connection, as the node numbers it.
async fn reader(cluster: &Cluster, place: &Place, node: usize) -> (MySqlConnection, i64) {
    let mut connection = place.catch_up(cluster, node).await;
    let begin = format!("USE {}; BEGIN; SELECT COUNT(*) FROM RefreshTokens", place.name);
    connection.execute(AssertSqlSafe(begin)).await.expect("the table is read");
    let number = "SELECT CAST(CONNECTION_ID() AS SIGNED)";
    let number = sqlx::query_scalar(number).fetch_one(&mut connection).await.expect("it has a number");
    (connection, number)
}

/// A change of the table undoes whoever holds it, on every node of a cluster. Those on the node where it is made are seen
/// before, and it is not made.
#[tokio::test]
async fn a_change_spares_who_holds_the_table_on_its_node_and_undoes_who_does_on_another() {
    let (cluster, place) = shared().await;
    let (db, world) = (&place.nodes[0], &place.world);
    let layout = db.partition_layout().await.expect("the node answers");
    let settings = RollSettings { months_ahead: 26, max_drops_per_run: 1 };
    let add = RollStep::Add(plan_roll(&layout, world.now().await, &world.policy, settings).add);
    let (mut here, number) = reader(&cluster, &place, 0).await;
    let (mut there, _) = reader(&cluster, &place, 1).await;
    let is_known = format!("SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE TRX_MYSQL_THREAD_ID = {number}");
    crate::partition_locks::await_session(world, &is_known).await;

    let error = db.roll(&world.permit, &add, &terms(world, 10).await).await.expect_err("somebody reads the table");
    assert!(error.is_contention() && error.to_string().contains(&format!("connection {number} of")), "{error}");
    for reader in [&mut here, &mut there] {
        reader.execute("SELECT COUNT(*) FROM RefreshTokens").await.expect("its transaction goes on");
    }
    here.execute("COMMIT").await.expect("it ends");

    let outcome = roll(db, world, &add).await;
    assert_eq!(outcome, RollOutcome::Done);
    let error = there.execute("SELECT COUNT(*) FROM RefreshTokens").await.expect_err("its transaction is undone");
    let error = error.into_database_error().expect("the node says so");
    assert_eq!(error.code().as_deref(), Some("40001"), "to be done again, as after a deadlock: {error}");
    there.execute("SELECT COUNT(*) FROM RefreshTokens").await.expect("it can be done again");
    let months = db.partition_layout().await.expect("the node answers").partitions.len();
    for (node, db) in place.nodes.iter().enumerate() {
        place.catch_up(&cluster, node).await;
        let now = db.partition_layout().await.expect("the node answers");
        assert_eq!((now.partitions.len(), months > layout.partitions.len()), (months, true), "on node {node}");
        let galera = db.server_facts(host_now).await.expect("the node answers").galera.expect("it is a node");
        assert_eq!((galera.is_ready, usize::try_from(galera.cluster_size)), (true, Ok(NODES)), "node {node}");
    }
}

/// Tries again while somebody holds the table for a moment.
async fn roll(db: &AuthDb, world: &World, step: &RollStep) -> RollOutcome {
    loop {
        match db.roll(&world.permit, step, &terms(world, 10).await).await {
            Err(error) if error.is_contention() => tokio::task::yield_now().await,
            result => return result.expect("the node can do it"),
        }
    }
}

fn is_not_ready(error: &DbError) {
    assert!(matches!(error, DbError::NotReady { .. }), "{error:?}");
    assert!(error.to_string().contains("wait until the node has joined its cluster"), "{error}");
    assert!(error.is_connection_loss() && !error.is_contention(), "{error:?}");
}

#[tokio::test]
async fn a_node_without_the_majority_is_not_ready_until_it_is_back() {
    let cluster = cluster().await;
    let mut cluster = cluster.write_owned().await;
    let place = Place::make(&cluster).await;
    let (db, world) = (&place.nodes[0], &place.world);
    let token = world.add_token("CREATED", SUBJECT, Duration::from_mins(1)).await;
    let subject = Subject::new(SUBJECT).expect("a subject");
    assert_eq!(db.revocable_tokens(&subject).await.expect("three nodes are a cluster"), 1);

    cluster.kill(&[1, 2]).expect("they can be killed");
    let deadline = tokio::time::Instant::now() + LONELY_LIMIT;
    let error = loop {
        assert!(tokio::time::Instant::now() < deadline, "the node does not notice that it is alone");
        if let Err(error) = db.revocable_tokens(&subject).await {
            break error;
        }
        tokio::task::yield_now().await;
    };
    is_not_ready(&error);
    is_not_ready(&db.revoke_token(&world.permit, &token).await.expect_err("a node alone takes no writes"));
    let newcomer = AuthDb::connect(&world.config).await.expect("it lets in");
    is_not_ready(&newcomer.revocable_tokens(&subject).await.expect_err("it reads no tables"));

    let facts = db.server_facts(host_now).await.expect("it answers what it is asked about itself");
    let galera = facts.galera.expect("it is a node");
    assert_eq!((galera.is_ready, galera.is_primary, galera.cluster_size), (false, false, 1), "{galera:?}");

    let restart = tokio::task::spawn_blocking(move || cluster.restart(&[1, 2]));
    restart.await.expect("starting nodes does not panic").expect("they start again");
    assert_eq!(db.revocable_tokens(&subject).await.expect("three nodes are a cluster again"), 1);
    db.revoke_token(&world.permit, &token).await.expect("it takes writes again").expect("it is CREATED");
}
