//! Every statement, so that each can be read, explained and prepared by a test on every engine.
//!
//! Rules that hold for all of them: no list without a LIMIT, no OFFSET, no write without its guard in the WHERE clause.
//! On `MariaDB` and `MySQL` text is compared case- and accent-insensitively by default and may be latin1; where identity
//! matters, bytes of the utf8mb4 form are compared beside the indexed comparison. Lists are narrowed by two LIKE patterns,
//! one for the key and one for the other columns joined by line feeds, which no pattern that was typed contains.

mod authorization_flows;
mod counts;
mod device_flows;
mod flow_lists;
mod ledger;
mod looks;
mod refresh_tokens;
mod server;
mod token_lists;

pub(super) use authorization_flows::*;
pub(super) use counts::*;
pub(super) use device_flows::*;
pub(super) use flow_lists::*;
pub(super) use ledger::*;
pub(super) use looks::*;
pub(super) use refresh_tokens::*;
pub(super) use server::*;
pub(super) use token_lists::*;

/// A statement in both dialects; an empty text means that the engine has no use for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Statement {
    pub(super) sqlite: &'static str,
    pub(super) mysql: &'static str,
}

/// A statement that is the same text in both dialects.
const fn both(text: &'static str) -> Statement {
    Statement { sqlite: text, mysql: text }
}

/// Defines statements, and the list of them for the test that prepares each.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $statement:expr;)+) => {
        $($(#[$doc])* pub(in crate::db) const $name: Statement = $statement;)+

        /// All of this file, by name.
        pub(super) const OF_THIS_FILE: &[(&str, Statement)] = &[$((stringify!($name), $name)),+];
    };
}
use statements;

/// All of them, by name.
pub(super) fn all() -> impl Iterator<Item = (&'static str, Statement)> {
    let files = [
        authorization_flows::OF_THIS_FILE,
        counts::OF_THIS_FILE,
        device_flows::OF_THIS_FILE,
        flow_lists::OF_THIS_FILE,
        ledger::OF_THIS_FILE,
        looks::OF_THIS_FILE,
        refresh_tokens::OF_THIS_FILE,
        server::OF_THIS_FILE,
        token_lists::OF_THIS_FILE,
    ];
    files.into_iter().flatten().copied()
}
