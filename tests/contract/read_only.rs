//! Read-only connections: they give no permit, and the database itself would refuse what a mistake tried to write.

use authdb_shared::db::{AuthDb, Containing, DbError, FlowFilter, Order, PageRequest};
use authdb_shared::policy::Policy;
use authdb_tests::world::{DeviceFlowRow, actor, config_of, fixture, on_every_engine, on_every_server};
use authdb_tests::{Engine, TestDatabase, World};

#[tokio::test]
async fn a_read_only_connection_reads_and_gives_no_permit() {
    on_every_engine(|world| async move {
        world.add_device_flow(DeviceFlowRow::default()).await;
        let db = AuthDb::connect_read_only(&world.config).await.expect("it can be read");
        assert!(db.is_read_only() && !world.db.is_read_only());
        let refusal = db.write_permit(&actor()).expect_err("it gives no permit");
        assert!(matches!(refusal, DbError::ReadOnly), "{refusal}");
        assert!(refusal.to_string().contains("--read-only"), "{refusal}");
        let flows = db
            .device_flows(&FlowFilter::default(), &world.policy, &PageRequest::first(Order::TimeLeft, 10))
            .await
            .expect("it can be read");
        assert_eq!(flows.rows.len(), 1);
    })
    .await;
}

/// Makes every read of the device flows write, as a mistake in a statement might.
async fn make_reading_write(world: &World) {
    world.execute("CREATE TABLE Written (n INT); RENAME TABLE DeviceFlows TO Flows").await;
    world
        .execute(
            "CREATE FUNCTION written() RETURNS INT DETERMINISTIC MODIFIES SQL DATA \
             BEGIN INSERT INTO Written VALUES (1); RETURN 1; END",
        )
        .await;
    world.execute("CREATE VIEW DeviceFlows AS SELECT * FROM Flows WHERE written() = 1").await;
}

#[tokio::test]
async fn the_server_refuses_writes_of_a_reading_session() {
    on_every_server(|world| async move {
        world.add_device_flow(DeviceFlowRow::default()).await;
        let read_only = AuthDb::connect_read_only(&world.config).await.expect("it can be read");
        make_reading_write(&world).await;
        assert_eq!(world.number("SELECT COUNT(*) FROM DeviceFlows").await, 1, "to others the view is readable");
        let written = world.number("SELECT COUNT(*) FROM Written").await;
        assert!(written > 0, "and writes");
        // Also the reading sessions of a connection that may write.
        for db in [&read_only, &world.db] {
            let error = db
                .device_flows(&FlowFilter::default(), &world.policy, &PageRequest::first(Order::TimeLeft, 10))
                .await
                .expect_err("it would write");
            assert!(error.to_string().contains("takes no writes"), "{error}");
        }
        assert_eq!(world.number("SELECT COUNT(*) FROM Written").await, written, "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn a_sqlite_file_is_left_as_it_is() {
    // Without a write-ahead log, as a service may use it.
    let database = TestDatabase::create(Engine::Sqlite).await.expect("a database is made");
    database.execute(&fixture(Engine::Sqlite)).await.expect("DiracX's tables are made");
    let path = database.url().strip_prefix("sqlite://").expect("a SQLite URL");
    let before = std::fs::read(path).expect("the file is read");
    let db = AuthDb::connect_read_only(&config_of(database.url())).await.expect("it can be read");
    let (everything, policy) = (Containing::default(), Policy::default());
    db.device_flows(&FlowFilter::default(), &policy, &PageRequest::first(Order::TimeLeft, 10))
        .await
        .expect("it can be read");
    db.subjects(&everything, &policy, 10).await.expect("it can be read");
    db.close().await;
    assert_eq!(std::fs::read(path).expect("the file is read"), before, "its bytes are others now");
}
