//! The list of device flows: its order, its filter and its limit, and that no row of a real database spoils it.

use std::time::Duration;

use authdb_shared::db::{FlowFilter, Order, Page, PageRequest};
use authdb_shared::model::DeviceFlow;
use authdb_tests::world::{DeviceFlowRow, on_engines, on_every_engine};
use authdb_tests::{Engine, World, engines};

async fn list(world: &World, filter: &str, limit: u32) -> Page<DeviceFlow> {
    world
        .db
        .device_flows(&FlowFilter::containing(filter), &world.policy, &PageRequest::first(Order::TimeLeft, limit))
        .await
        .expect("the list can be read")
}

/// The codes listed, without the dash.
async fn codes(world: &World, filter: &str) -> Vec<String> {
    list(world, filter, 100).await.rows.iter().map(|flow| flow.user_code.to_string().replace('-', "")).collect()
}

fn row<'a>(code: &'a str, status: &'a str, seconds: u64) -> DeviceFlowRow<'a> {
    DeviceFlowRow { code, status, age: Duration::from_secs(seconds), ..DeviceFlowRow::default() }
}

#[tokio::test]
async fn what_is_urgent_stands_first() {
    on_every_engine(|world| async move {
        for flow in [
            row("DONENEW", "DONE", 5),
            row("STALE", "PENDING", 700),
            row("PEND100", "PENDING", 100),
            row("READY20", "READY", 20),
            row("PEND500", "PENDING", 500),
            row("ERROR50", "ERROR", 50),
            row("READY10", "READY", 10),
            row("STALER", "READY", 3000),
            row("PEND1", "PENDING", 1),
            row("HELD60", "HELD", 60),
        ] {
            world.add_device_flow(flow).await;
        }
        let expected =
            ["PEND500", "PEND100", "PEND1", "READY10", "READY20", "DONENEW", "ERROR50", "HELD60", "STALE", "STALER"];
        assert_eq!(codes(&world, "").await, expected, "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn the_filter_is_taken_literally() {
    on_every_engine(|world| async move {
        let client = |code, client| DeviceFlowRow { code, client, scope: "vo:lhcb", ..DeviceFlowRow::default() };
        world.add_device_flow(client("BCDFGHJK", "plain")).await;
        world.add_device_flow(client("PERCENT", "a%b")).await;
        world.add_device_flow(client("UNDERLIN", "a_b")).await;
        world.add_device_flow(client("EXCLAIM", "a!b")).await;
        world.add_device_flow(client("BACK", r"a\b")).await;
        world.add_device_flow(client("QUOTE", "a'b\"c")).await;
        for (filter, expected) in [
            ("%", "PERCENT"),
            ("a%b", "PERCENT"),
            ("_", "UNDERLIN"),
            ("!", "EXCLAIM"),
            ("\\", "BACK"),
            ("'b\"", "QUOTE"),
            ("bcdf-ghjk", "BCDFGHJK"),
            ("PLAIN", "BCDFGHJK"),
        ] {
            let listed: Vec<String> = codes(&world, filter).await;
            assert_eq!(listed, [expected], "{filter} on {}", world.engine());
        }
        assert_eq!(codes(&world, "VO:lhcb").await.len(), 6, "the scope is searched, too");
        assert_eq!(codes(&world, "nothing of the kind").await, Vec::<String>::new());
        assert_eq!(codes(&world, "  ").await.len(), 6, "blanks are no filter");
    })
    .await;
}

#[tokio::test]
async fn a_list_that_is_cut_off_says_so() {
    on_every_engine(|world| async move {
        for code in ["BBBBBBBB", "CCCCCCCC", "DDDDDDDD"] {
            world.add_device_flow(row(code, "PENDING", 10)).await;
        }
        let cut = list(&world, "", 2).await;
        assert_eq!((cut.rows.len(), cut.has_more), (2, true));
        let whole = list(&world, "", 3).await;
        assert_eq!((whole.rows.len(), whole.has_more), (3, false));
        let now = world.now().await;
        assert!(now.since(whole.now) < Duration::from_mins(1), "the page is dated by the database");
    })
    .await;
}

#[tokio::test]
async fn odd_rows_are_listed_as_they_are() {
    on_every_engine(|world| async move {
        let with = |code, id_token| DeviceFlowRow { code, id_token, ..row(code, "READY", 5) };
        world.add_device_flow(with("NULL", None)).await;
        world.add_device_flow(with("OBJECT", Some(r#"{"sub": "amara"}"#))).await;
        world.add_device_flow(with("NOSUB", Some(r#"{"name": "amara"}"#))).await;
        world.add_device_flow(with("NULLSUB", Some(r#"{"sub": null}"#))).await;
        world.add_device_flow(with("NUMBER", Some(r#"{"sub": 42}"#))).await;
        world.add_device_flow(with("NESTED", Some(r#"{"sub": {"sub": "x"}}"#))).await;
        world.add_device_flow(with("ARRAY", Some(r#"["sub"]"#))).await;
        world.add_device_flow(with("STRING", Some(r#""sub""#))).await;
        world.add_device_flow(DeviceFlowRow { scope: "", client: "", ..row("BLANK", "", 5) }).await;
        let mut expected = 9;
        if world.engine() == Engine::Sqlite {
            // The servers check; SQLite takes anything, times included.
            world.add_device_flow(with("INVALID", Some("{\"sub\": "))).await;
            world.execute("UPDATE DeviceFlows SET CreationTime = 'yesterday' WHERE UserCode = 'ARRAY'").await;
            world.execute("UPDATE DeviceFlows SET IDToken = x'ff00fe' WHERE UserCode = 'STRING'").await;
            expected += 1;
        }
        let page = list(&world, "", 100).await;
        assert_eq!(page.rows.len(), expected, "on {}", world.engine());
        let sub = |code: &str| {
            page.rows.iter().find(|flow| flow.user_code.to_string() == code).and_then(|flow| flow.sub.clone())
        };
        assert_eq!(sub("OBJECT").as_deref(), Some("amara"));
        for code in ["NULL", "NOSUB", "NULLSUB", "ARRAY", "STRING", "INVALID"] {
            assert_eq!(sub(code), None, "{code} on {}", world.engine());
        }
    })
    .await;
}

#[tokio::test]
async fn hostile_text_is_listed_and_shown_harmlessly() {
    on_every_engine(|world| async move {
        let hostile = "\u{1b}[2J\r\n\u{7}'; DROP TABLE DeviceFlows; --";
        world
            .add_device_flow(DeviceFlowRow {
                client: hostile,
                scope: "vo:\u{1b}]0;x\u{7} group:\t",
                status: "\u{1b}[31mREADY",
                id_token: Some("{\"sub\": \"\\u001b[2J\"}"),
                ..row("\u{1b}[2J", "", 5)
            })
            .await;
        let page = list(&world, "drop table", 10).await;
        let flow = page.rows.first().expect("it is listed");
        assert_eq!((flow.client_id.as_str(), flow.sub.as_deref()), (hostile, Some("\u{1b}[2J")));
        let shown = format!("{} {} {}", flow.user_code, flow.scope, flow.status);
        assert!(!shown.contains(['\u{1b}', '\u{7}']), "{shown:?}");
    })
    .await;
}

#[tokio::test]
async fn text_of_any_script_is_found_where_the_columns_can_hold_it() {
    on_engines(engines(), |engine| async move {
        let world = match engine {
            Engine::Sqlite => World::create(engine).await,
            Engine::MariaDb | Engine::MySql => World::create_with_charset(engine, "utf8mb4").await,
        };
        world.add_device_flow(DeviceFlowRow { client: "東京 🦀", ..row("BCDFGHJK", "PENDING", 5) }).await;
        assert_eq!(codes(&world, "京 🦀").await, ["BCDFGHJK"], "on {engine}");
    })
    .await;
}

#[tokio::test]
async fn a_filter_that_latin1_columns_cannot_hold_matches_nothing() {
    on_every_engine(|world| async move {
        world.add_device_flow(DeviceFlowRow { client: "café", ..row("BCDFGHJK", "PENDING", 5) }).await;
        assert_eq!(codes(&world, "東京").await, Vec::<String>::new(), "on {}", world.engine());
        assert_eq!(codes(&world, "café").await, ["BCDFGHJK"], "on {}", world.engine());
    })
    .await;
}
