//! The SQL that a function really sends, with its values, as the server received it.
//!
//! A benchmark that wrote the statement down a second time would go on measuring the old one when the code changes.

use anyhow::{Context as _, Result, ensure};
use authdb_shared::db::AuthDb;

use crate::measure::tokens::{TokenTable, config_of_slow};

/// The statements on `RefreshTokens` that `call` sends, taken from the server's general log. Nobody else may talk to the
/// server meanwhile.
///
/// # Errors
/// When the server does not let its log be read, or the call fails or sends none.
pub async fn statements_of<T>(table: &TokenTable, call: impl AsyncFn(&AuthDb) -> Result<T>) -> Result<Vec<String>> {
    let database = &table.database;
    database.execute("TRUNCATE TABLE mysql.general_log; SET GLOBAL general_log = ON").await?;
    // A statement that was prepared before the log was on appears in it without its values. New connections have none.
    let db = Box::pin(AuthDb::connect(&config_of_slow(database))).await.context("cannot connect once more")?;
    let called = call(&db).await;
    database.execute("SET GLOBAL general_log = OFF").await?;
    db.close().await;
    called?;
    let rows = database
        .rows(
            "SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log \
             WHERE command_type IN ('Execute', 'Query') AND argument LIKE '%FROM RefreshTokens%' ORDER BY event_time",
        )
        .await
        .context("cannot read the server's general log")?;
    let statements: Vec<String> = rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect();
    ensure!(!statements.is_empty(), "the call sends no statement on RefreshTokens");
    Ok(statements)
}
