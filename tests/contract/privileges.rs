//! Accounts with few privileges: what they may do works, and what they may not is refused as that, not as a lost
//! database.

use authdb_shared::db::{
    AuthDb, DbError, FlowFilter, HOLDING_PRIVILEGES, Order, PageRequest, RollStep, SweepCursor, Walk,
};
use authdb_shared::partition::{RollSettings, plan_roll};
use authdb_tests::World;
use authdb_tests::world::{DeviceFlowRow, config_of, on_every_server};

use crate::partitions::terms;

/// The name of the world's account with few privileges, for every host.
pub(crate) fn account(world: &World) -> String {
    let url = world.database.url();
    format!("few_{}", &url[url.len() - 12..])
}

/// Connects with an account of its own that has these privileges on the world's database. It goes with the server.
pub(crate) async fn connect(world: &World, privileges: &str) -> AuthDb {
    let (rest, database) = world.database.url().rsplit_once('/').expect("the URL ends with the database");
    let (_, host) = rest.rsplit_once('@').expect("the URL names a host");
    let account = account(world);
    world
        .execute(&format!(
            "CREATE USER '{account}'@'%' IDENTIFIED BY 'few'; GRANT {privileges} ON {database}.* TO '{account}'@'%'"
        ))
        .await;
    let config = config_of(&format!("mysql://{account}:few@{host}/{database}"));
    AuthDb::connect(&config).await.expect("the account is let in")
}

fn is_refused(error: &DbError, privilege: &str) {
    assert!(matches!(error, DbError::Forbidden { .. }), "{error:?}");
    assert!(!error.is_connection_loss() && !error.is_contention(), "{error:?}");
    assert!(error.to_string().contains(privilege), "{error}");
}

#[tokio::test]
async fn who_may_only_read_sees_everything_and_changes_nothing() {
    on_every_server(|world| async move {
        world.add_device_flow(DeviceFlowRow::default()).await;
        let db = connect(&world, "SELECT").await;
        let flows = db
            .device_flows(&FlowFilter::default(), &world.policy, &PageRequest::first(Order::TimeLeft, 10))
            .await
            .expect("reading is allowed");
        let error = db.deny_device_flow(&world.permit, &flows.rows[0].user_code).await.expect_err("writing is not");
        is_refused(&error, "UPDATE");
        assert_eq!(world.column("SELECT Status FROM DeviceFlows").await, ["PENDING"]);
    })
    .await;
}

#[tokio::test]
async fn what_is_granted_to_hold_months_is_granted_on_no_database_of_a_similar_name() {
    on_every_server(|world| async move {
        let (rest, database) = world.database.url().rsplit_once('/').expect("the URL ends with the database");
        let (_, host) = rest.rsplit_once('@').expect("the URL names a host");
        assert!(database.contains('_'), "{database}");
        let similar = database.replace('_', "x");
        let account = account(&world);
        let to = format!("'{account}'@'%'");
        let grant = world.db.holding_grant_statement(database, &to).await.expect("the server says how it reads names");
        let grant = grant.expect("it holds months");
        let create = format!("CREATE DATABASE {similar}; CREATE USER {to} IDENTIFIED BY 'few'; {grant}");
        world.execute(&create).await;
        let connect =
            async |name: &str| AuthDb::connect(&config_of(&format!("mysql://{account}:few@{host}/{name}"))).await;

        let there = connect(database).await.expect("the account is let in");
        let found = there.missing_privileges(HOLDING_PRIVILEGES).await.expect("it may read its own grants");
        assert_eq!(found.missing, [], "its grant is read as it was written");
        let error = connect(&similar).await.expect_err("it has nothing to do there");
        world.execute(&format!("DROP DATABASE {similar}")).await;
        assert!(matches!(error, DbError::Denied { .. }), "{error:?}");
    })
    .await;
}

#[tokio::test]
async fn who_may_not_alter_the_table_still_sweeps_flows() {
    on_every_server(|world| async move {
        let db = connect(&world, "SELECT, UPDATE, DELETE").await;
        let now = world.now().await;
        let mut cursor = SweepCursor::start(Walk::DeviceFlows, now, &world.policy);
        db.sweep(&world.permit, &mut cursor, 10).await.expect("deleting is allowed");
        let layout = db.partition_layout().await.expect("reading is allowed");
        let plan = plan_roll(&layout, now, &world.policy, RollSettings { months_ahead: 12, max_drops_per_run: 1 });
        let error = db
            .roll(&world.permit, &RollStep::Add(plan.add), &terms(&world, 10).await)
            .await
            .expect_err("altering is not");
        is_refused(&error, "ALTER");
        assert_eq!(db.partition_layout().await.expect("reading is allowed").partitions.len(), layout.partitions.len());
    })
    .await;
}
