//! Waits that the server counts itself, beside the times that were measured.

use anyhow::{Context as _, Result};

use crate::TestDatabase;

/// How often anybody has had to wait for a row or a gap, since the server started.
///
/// # Errors
/// When the server does not say.
pub async fn row_lock_waits(database: &TestDatabase) -> Result<u64> {
    let rows = database.rows("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_waits'").await?;
    let count = rows.first().and_then(|row| row.get(1)?.as_deref()).context("the server does not count lock waits")?;
    count.parse().with_context(|| format!("{count} is no number of lock waits"))
}
