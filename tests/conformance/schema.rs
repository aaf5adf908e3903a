//! The schema: made by either side, used by the other, and the same to the bit.

use authdb_shared::clock;
use authdb_shared::db::{AuthDb, DbError};
use authdb_tests::Engine;
use authdb_tests::world::{config_of, on_engines};
use serde_json::json;

use crate::device_flows::start as start_device_flow;
use crate::pair::{DIRECTIONS, Pair, Side, on_every_engine};

/// Everything that the engine says of the three tables: columns, indexes, and partitions with their bounds.
async fn description(pair: &Pair) -> Vec<Vec<Option<String>>> {
    let queries: &[&str] = match pair.engine() {
        Engine::Sqlite => &[
            "SELECT m.name, c.cid, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk FROM sqlite_schema AS m \
             JOIN pragma_table_info(m.name) AS c ORDER BY 1, 2",
            "SELECT m.name, l.name, l.\"unique\", l.origin, l.partial, i.seqno, i.name FROM sqlite_schema AS m \
             JOIN pragma_index_list(m.name) AS l JOIN pragma_index_info(l.name) AS i ORDER BY 1, 2, 6",
        ],
        Engine::MariaDb | Engine::MySql => &[
            "SHOW TABLES",
            "SHOW CREATE TABLE DeviceFlows",
            "SHOW CREATE TABLE AuthorizationFlows",
            "SHOW CREATE TABLE RefreshTokens",
            "SELECT PARTITION_NAME, PARTITION_DESCRIPTION FROM information_schema.PARTITIONS \
             WHERE TABLE_SCHEMA = DATABASE() AND PARTITION_NAME IS NOT NULL ORDER BY PARTITION_ORDINAL_POSITION",
        ],
    };
    let mut facts = Vec::new();
    for query in queries {
        let rows = pair.world.rows(query).await;
        assert!(!rows.is_empty(), "{} says nothing to {query}", pair.engine());
        facts.extend(rows.into_iter().map(|row| row.into_iter().map(|fact| fact.map(keys_sorted)).collect()));
    }
    facts
}

/// A definition with its secondary keys in order, at the end: SQLAlchemy makes them in another order each time.
fn keys_sorted(definition: String) -> String {
    if !definition.starts_with("CREATE TABLE") {
        return definition;
    }
    let (mut keys, mut lines): (Vec<&str>, Vec<&str>) = definition
        .lines()
        .map(|line| line.trim_end_matches(','))
        .partition(|line| line.trim_start().starts_with("KEY "));
    keys.sort_unstable();
    lines.extend(keys);
    lines.join("\n")
}

#[tokio::test]
async fn both_sides_make_the_same_schema() {
    on_engines(authdb_tests::engines(), |engine| async move {
        let theirs = description(&Pair::create(engine).await).await;
        let ours = description(&Pair::create_by_us(engine).await).await;
        assert_eq!(ours, theirs, "on {engine}");
        if engine != Engine::Sqlite {
            let bounds = theirs.iter().filter(|row| row[0].as_deref().is_some_and(|name| name.starts_with("p_")));
            assert_eq!(bounds.count(), 25, "two years and the future on {engine}");
        }
    })
    .await;
}

#[tokio::test]
async fn diracx_works_on_our_schema_and_making_it_again_changes_nothing() {
    on_engines(authdb_tests::engines(), |engine| async move {
        let pair = Pair::create_by_us(engine).await;
        let before = description(&pair).await;
        pair.done(Side::DiracX, "create", json!({})).await;
        assert_eq!(description(&pair).await, before, "on {engine}");
        for (one, other) in DIRECTIONS {
            let (_, device_code) = start_device_flow(&pair, one).await;
            pair.done(other, "get_device_flow", json!({ "device_code": device_code })).await;
            let key = crate::refresh_tokens::issue(&pair, one, "lhcb:a").await;
            pair.done(other, "get_refresh_token", json!({ "jti": key })).await;
            crate::authorization_flows::start(&pair, one).await;
        }
    })
    .await;
}

#[tokio::test]
async fn our_side_accepts_the_schema_of_diracx_and_leaves_it_alone() {
    on_every_engine(|pair| async move {
        let before = description(&pair).await;
        let config = config_of(pair.world.database.url());
        let refusal = AuthDb::create(&config, clock::host_now()).await.expect_err("the database is not empty");
        assert!(matches!(refusal, DbError::NotEmpty { .. }), "{refusal:?}");
        AuthDb::connect(&config).await.expect("it is accepted").close().await;
        AuthDb::connect_or_create(&config, clock::host_now()).await.expect("it is accepted").close().await;
        AuthDb::connect_read_only(&config).await.expect("it is accepted").close().await;
        assert_eq!(description(&pair).await, before, "on {}", pair.engine());
        // And DiracX itself finds its own schema as it was.
        pair.done(Side::DiracX, "create", json!({})).await;
        assert_eq!(description(&pair).await, before, "on {}", pair.engine());
    })
    .await;
}

/// The same with the ledger's own tables, where it is there.
async fn description_with_ledger(pair: &Pair) -> Vec<Vec<Option<String>>> {
    let mut facts = description(pair).await;
    for table in ["JanitorLease", "JanitorRuns", "AdminActions"] {
        let query = match pair.engine() {
            Engine::Sqlite => format!("SELECT sql FROM sqlite_schema WHERE tbl_name = '{table}'"),
            Engine::MariaDb | Engine::MySql => format!("SHOW CREATE TABLE {table}"),
        };
        facts.extend(pair.world.rows(&query).await);
        facts.extend(pair.world.rows(&format!("SELECT * FROM {table} ORDER BY 1")).await);
    }
    facts
}

#[tokio::test]
async fn diracx_minds_no_ledger_and_leaves_it_as_it_is() {
    on_every_engine(|pair| async move {
        let world = &pair.world;
        world.db.create_ledger(&world.permit).await.expect("it is made beside DiracX's tables");
        world.db.begin_run(&world.permit, "expire", "bastion").await.expect("the ledger can be written");
        let before = description_with_ledger(&pair).await;
        // What an installation does again on every update.
        pair.done(Side::DiracX, "create", json!({})).await;
        assert_eq!(description_with_ledger(&pair).await, before, "on {}", pair.engine());
        if pair.engine() != Engine::Sqlite {
            let settings = json!({ "retention_months": 6, "months_ahead": 12 });
            pair.done(Side::DiracX, "maintain_refresh_token_partitions", settings).await;
        }
        for (one, other) in DIRECTIONS {
            let (_, device_code) = start_device_flow(&pair, one).await;
            pair.done(other, "get_device_flow", json!({ "device_code": device_code })).await;
            crate::authorization_flows::start(&pair, one).await;
            let key = crate::refresh_tokens::issue(&pair, one, "lhcb:a").await;
            pair.done(other, "revoke_refresh_token", json!({ "jti": key })).await;
            crate::refresh_tokens::issue(&pair, one, "lhcb:a").await;
            pair.done(other, "revoke_user_refresh_tokens", json!({ "subject": "lhcb:a" })).await;
        }
        assert_eq!(description_with_ledger(&pair).await, before, "nothing of that is an action by hand");
    })
    .await;
}
