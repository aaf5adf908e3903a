//! Rows of the tests of lists: any text in any column, on every kind of column that DiracX's tables have had.

use std::future::Future;
use std::sync::Arc;

use authdb_shared::partition::KeyForm;
use authdb_tests::world::{on_engines, on_every_engine, servers};
use authdb_tests::{Engine, TestDatabase, World};

/// Rows per INSERT.
const ROWS_PER_STATEMENT: usize = 200;

/// Runs a test on SQLite, and on each server with text in latin1 and in utf8mb4; on MariaDB the keys are `uuid` in the one
/// and `char(32)` in the other.
pub(crate) async fn on_every_kind_of_column<F>(test: impl Fn(Arc<World>) -> F + Copy + Send + Sync + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    // The servers' own defaults are latin1 on MariaDB and utf8mb4 on MySQL.
    let in_the_other_charset = on_engines(servers(), move |engine| async move {
        let charset = if engine == Engine::MariaDb { "utf8mb4" } else { "latin1" };
        let database = TestDatabase::create_with_charset(engine, charset).await.expect("a database is made");
        test(Arc::new(World::create_in(database, KeyForm::Plain).await)).await;
    });
    tokio::join!(on_every_engine(test), in_the_other_charset);
}

/// A text as an expression of SQL that is the same on every engine, whatever is in it.
pub(crate) fn text(engine: Engine, text: &str) -> String {
    let hex = text.bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    match engine {
        Engine::Sqlite => format!("CAST(x'{hex}' AS TEXT)"),
        Engine::MariaDb | Engine::MySql => format!("_utf8mb4 x'{hex}'"),
    }
}

/// Writes rows as they are.
pub(crate) async fn insert(world: &World, columns: &str, rows: &[Vec<Option<String>>]) {
    let value = |value: &Option<String>| value.as_ref().map_or("NULL".to_owned(), |value| text(world.engine(), value));
    for rows in rows.chunks(ROWS_PER_STATEMENT) {
        let rows: Vec<String> =
            rows.iter().map(|row| format!("({})", row.iter().map(value).collect::<Vec<_>>().join(", "))).collect();
        world.execute(&format!("INSERT INTO {columns} VALUES {}", rows.join(", "))).await;
    }
}

/// The numbers from 0 on, as a table that every engine can make.
pub(crate) fn numbers(count: u32) -> String {
    let digits = "(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL \
                  SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)";
    format!(
        "(SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d AS n FROM {digits} AS a CROSS JOIN {digits} AS b \
         CROSS JOIN {digits} AS c CROSS JOIN {digits} AS e CROSS JOIN {digits} AS f \
         WHERE a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d < {count}) AS numbers"
    )
}

/// A `UUIDv7` as an expression: of this time, and with these numbers in what is random otherwise.
pub(crate) fn key_expression(world: &World, millis: &str, (one, two): (&str, &str)) -> String {
    match world.engine() {
        Engine::Sqlite => format!("printf('%012x7%03x8%015x', {millis}, {one}, {two})"),
        Engine::MariaDb | Engine::MySql => {
            format!(
                "LOWER(CONCAT(LPAD(HEX({millis}), 12, '0'), '7', LPAD(HEX({one}), 3, '0'), '8', LPAD(HEX({two}), 15, '0')))"
            )
        }
    }
}
