//! Time limits: a reading statement that takes too long is stopped where it runs, and its session works on.

use std::time::Duration;

use authdb_shared::config::DatabaseConfig;
use authdb_shared::db::{AuthDb, Containing, DbError, FlowFilter, Order, PageRequest};
use authdb_tests::World;
use authdb_tests::world::{DeviceFlowRow, on_every_engine};

/// Plenty for every statement but an endless one.
const LIMIT: Duration = Duration::from_secs(1);

async fn connect(world: &World) -> AuthDb {
    let config = DatabaseConfig { statement_timeout: LIMIT, ..world.config.clone() };
    AuthDb::connect(&config).await.expect("connecting is quick")
}

/// Puts billions of rows where the device flows were.
async fn make_endless(world: &World) {
    let codes: Vec<String> = ('B'..='Z').map(|letter| letter.to_string().repeat(8)).collect();
    for code in &codes {
        world.add_device_flow(DeviceFlowRow { code, ..DeviceFlowRow::default() }).await;
    }
    world.execute("ALTER TABLE DeviceFlows RENAME TO Flows").await;
    let times: Vec<String> = (0..8).map(|number| format!("Flows AS f{number}")).collect();
    world.execute(&format!("CREATE VIEW DeviceFlows AS SELECT f0.* FROM {}", times.join(" CROSS JOIN "))).await;
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_stopped() {
    on_every_engine(|world| async move {
        let db = connect(&world).await;
        make_endless(&world).await;
        let error = db
            .device_flows(&FlowFilter::default(), &world.policy, &PageRequest::first(Order::TimeLeft, 10))
            .await
            .expect_err("it never ends");
        assert!(matches!(error, DbError::TimeLimit { .. }), "{error:?} on {}", world.engine());
        assert!(error.to_string().contains("database.statement_timeout"), "{error}");
        assert!(!error.is_connection_loss() && !error.is_contention());
        // The next statement has its own time.
        db.now().await.expect("the session works on");
        db.subjects(&Containing::default(), &world.policy, 10).await.expect("the session works on");
    })
    .await;
}

#[tokio::test]
async fn the_limit_is_for_one_unit_of_work_not_for_the_connection() {
    on_every_engine(|world| async move {
        let db = connect(&world).await;
        let end = tokio::time::Instant::now() + LIMIT * 3 / 2;
        while tokio::time::Instant::now() < end {
            db.device_flows(&FlowFilter::default(), &world.policy, &PageRequest::first(Order::TimeLeft, 10))
                .await
                .expect("each of them is quick");
        }
    })
    .await;
}
