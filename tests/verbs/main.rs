//! The verbs of `authdb` end to end: the real program, run by scripts as an operator writes them.

mod broken;
mod consent;
mod diagnosis;
mod exit_codes;
mod grants;
mod input;
mod output;
mod pages;
mod program;
mod refusals;
mod registrations;
mod work;

use authdb_shared::db::AuthDb;
use authdb_tests::World;

use crate::program::Program;

/// The program on a world.
fn authdb(world: &World) -> Program {
    Program::authdb().on(world.database.url())
}

/// The same, once the world has a ledger.
async fn with_ledger(world: &World) -> Program {
    let db: &AuthDb = &world.db;
    db.create_ledger(&world.permit).await.expect("the ledger's tables are made");
    authdb(world)
}
