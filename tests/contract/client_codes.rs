//! Device codes by client: what is pending and what is completed, of codes that still count.

use std::time::Duration;

use authdb_shared::db::ClientCodes;
use authdb_tests::world::{DeviceFlowRow, on_every_engine};

const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn codes_are_counted_by_client_and_only_while_they_count() {
    on_every_engine(|world| async move {
        let flows = [
            ("AAAAAAAA", "PENDING", "flooder", MINUTE),
            ("BBBBBBBB", "PENDING", "flooder", 9 * MINUTE),
            ("CCCCCCCC", "PENDING", "flooder", 11 * MINUTE),
            ("DDDDDDDD", "READY", "flooder", MINUTE),
            ("EEEEEEEE", "PENDING", "Flooder", MINUTE),
            ("FFFFFFFF", "DONE", "diracx-cli", MINUTE),
            ("GGGGGGGG", "ERROR", "diracx-cli", MINUTE),
            ("HHHHHHHH", "ERROR", "only-errors", MINUTE),
        ];
        for (code, status, client, age) in flows {
            world.add_device_flow(DeviceFlowRow { code, status, client, age, ..DeviceFlowRow::default() }).await;
        }
        let mut codes = world.db.codes_by_client(&world.policy).await.expect("they can be counted");
        assert_eq!(codes[0].client, "flooder", "the most pending first, on {}", world.engine());
        codes.sort_by(|one, other| one.client.cmp(&other.client));
        let of = |client: &str, pending, completed| ClientCodes { client: client.to_owned(), pending, completed };
        let expected = [of("Flooder", 1, 0), of("diracx-cli", 0, 1), of("flooder", 2, 1), of("only-errors", 0, 0)];
        assert_eq!(codes, expected, "on {}", world.engine());
    })
    .await;
}

#[tokio::test]
async fn many_codes_that_nobody_completes_are_a_flood() {
    on_every_engine(|world| async move {
        let codes: Vec<String> = (0..30).map(|number| format!("CODE{number:04}")).collect();
        for code in &codes {
            world.add_device_flow(DeviceFlowRow { code, client: "scanner", ..DeviceFlowRow::default() }).await;
        }
        let clients = world.db.codes_by_client(&world.policy).await.expect("they can be counted");
        assert!(matches!(&clients[..], [client] if client.is_flood()), "{clients:?} on {}", world.engine());
    })
    .await;
}
