//! A batch that hangs: a transaction of the test holds a row that the janitor has to change.

use authdb_tests::{Pool, World};
use sqlx::{MySql, Transaction};

use crate::daemon::add_stale_flow;
use crate::program::{Janitor, await_that};

/// A row that is held until this is dropped or let go of.
pub(crate) struct RowLock(Transaction<'static, MySql>);

impl RowLock {
    /// Adds a stale device flow to a world on a server and holds its row.
    pub(crate) async fn on_stale_flow(world: &World, code: &str) -> Self {
        add_stale_flow(world, code).await;
        let Pool::MySql(pool) = world.database.pool() else { panic!("rows are locked on servers only") };
        let mut transaction = pool.begin().await.expect("a transaction begins");
        let lock = sqlx::query("SELECT UserCode FROM DeviceFlows WHERE UserCode = ? FOR UPDATE").bind(code.to_owned());
        lock.execute(&mut *transaction).await.expect("the row is free");
        Self(transaction)
    }

    pub(crate) async fn release(self) {
        self.0.rollback().await.expect("the server answers");
    }
}

/// A daemon whose batches wait for a row for as long as a test may take.
pub(crate) fn patient(world: &World) -> Janitor {
    Janitor::on(world.database.url())
        .with("AUTHDB_DATABASE_LOCK_TIMEOUT", "10m")
        .with("AUTHDB_JANITOR_FLOWS_SCHEDULE", "0 0 0 1 1 *")
}

/// Awaits that the janitor's batch hangs on the row, or no longer does.
pub(crate) async fn await_hanging_batches(world: &World, count: i64) {
    let query = "SELECT COUNT(*) FROM information_schema.PROCESSLIST \
                 WHERE DB = DATABASE() AND ID <> CONNECTION_ID() AND INFO LIKE 'UPDATE DeviceFlows%'";
    await_that("the state of the batch", || async { world.number(query).await == count }).await;
}
