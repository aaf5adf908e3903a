//! The dashboard end to end: the real program `authdb` in a pseudo-terminal, seen as an admin sees it.
//!
//! What is asserted is what an admin would miss: what stands on the screen, what became of the database, and that the
//! terminal is whole afterwards.

mod approvals;
mod bell;
mod confirmations;
mod contexts;
mod copying;
mod cursor;
mod demo;
mod endings;
mod exports;
mod filters;
mod flows;
mod hostile_text;
mod looks;
mod lost_database;
mod mouse;
mod panics;
mod plans;
mod privacy;
mod program;
mod read_only;
mod registrations;
mod sizes;
mod startup;
mod subjects;
mod terminal;
mod view;

use std::time::Duration;

use authdb_tests::world::DeviceFlowRow;
use authdb_tests::{Engine, Pool, World};
use sqlx::MySql;
use sqlx::pool::PoolConnection;

use crate::program::Program;
use crate::terminal::Terminal;

/// A code as it is stored, and as it is shown.
const CODE: &str = "BCDFGHJK";
const SHOWN: &str = "BCDF-GHJK";

/// A database with DiracX's tables and nothing in them. The dashboard knows no engine, so one serves for most tests.
async fn world() -> World {
    World::create(Engine::Sqlite).await
}

/// A pending device flow of this age.
async fn add_pending(world: &World, code: &str, age: Duration) {
    world.add_device_flow(DeviceFlowRow { code, age, ..DeviceFlowRow::default() }).await;
}

/// The dashboard on a world, once it shows rows.
fn dashboard(world: &World) -> Terminal {
    showing_rows(Program::on(world.database.url()))
}

/// The same for a test that holds a lock: what waits for it does not give up before the test does.
fn dashboard_that_waits(world: &World) -> Terminal {
    let program = Program::on(world.database.url());
    showing_rows(program.with("AUTHDB_DATABASE_LOCK_TIMEOUT", "1m").with("AUTHDB_DATABASE_STATEMENT_TIMEOUT", "1m"))
}

fn showing_rows(program: Program) -> Terminal {
    let terminal = program.start_on_device_flows();
    terminal.wait_until("the first rows are read", |view| view.contains("Device flows") && !view.contains("reading…"));
    terminal
}

/// The status of the device flow with a code.
async fn status(world: &World, code: &str) -> Option<String> {
    world.column(&format!("SELECT Status FROM DeviceFlows WHERE UserCode = '{code}'")).await.pop()
}

/// A lock on the device flows of a world on a server: until it is released, nobody can read or change them.
struct TableLock(PoolConnection<MySql>);

impl TableLock {
    async fn take(world: &World) -> Self {
        let Pool::MySql(pool) = world.database.pool() else { panic!("a file has no locks of this kind") };
        let mut holder = pool.acquire().await.expect("the server takes one more connection");
        sqlx::raw_sql("LOCK TABLES DeviceFlows WRITE").execute(&mut *holder).await.expect("the table can be locked");
        Self(holder)
    }

    async fn release(mut self) {
        sqlx::raw_sql("UNLOCK TABLES").execute(&mut *self.0).await.expect("the table can be unlocked");
    }
}
